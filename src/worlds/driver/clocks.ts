/**
 * Two clocks. The scenario's own time moves only at its `advance` steps; the real parts have clocks that run on. A policy has times that
 * the real parts measure: a duplicate window, an age, an ack wait, a startup deadline. Where the scenario's time comes to one first, the driver
 * waits for it. Where real time comes first the case is given up, since what the parts did then proves nothing.
 */
import { isCalm, isDurable, type ScenarioStep } from "../../../models/plan/plan.ts";
import { waitMsOf } from "../../../models/policy/deliveries.ts";
import { ageSlackMs } from "../../../models/policy/limits.ts";
import { callsMs, timedOutMs } from "../../../models/policy/publishing.ts";
import { effective } from "../../../models/policy/two-sides.ts";
import { type PublishStep, partsOf, type StepId } from "../../../models/vocabulary/scenario.ts";
import { type Course, giveUpByHarness, type Timer } from "./course.ts";

/** The ids of messages that a client may have kept, to send them once it is connected again. */
export const keptIds = "kept";

/** nats-server, stream.go, purgeMsgIds: a window that has ended is forgotten at a timer that fires at most every 50 ms. */
const clockSlackMs = 100;

/** Waits until that moment, and a little longer for the server's own timers; a moment in the past needs no wait. */
export async function untilReal({ rig: { clock } }: Course, realMs: number): Promise<void> {
  const leftMs = realMs - clock.nowMs();
  if (leftMs > 0) await clock.wait(Math.ceil(leftMs) + clockSlackMs);
}

/** The ends of ack waits and of handlers that are due by then, the earliest first. */
export const dueHandlings = ({ timers }: Course, untilMs: number): readonly Timer[] =>
  timers
    .filter(timer => (timer.what === "ack wait" || timer.what === "handler") && timer.atMs <= untilMs)
    .sort((one, other) => one.atMs - other.atMs);

/** Windows and ages go on while a publish waits for its acknowledgement. */
const goesOnWithinCalls = ({ what }: Timer): boolean => what === "window" || what === "age";
/** The part of a timer's scenario time that passed within calls. */
const withinCallsMs = ({ spentMs }: Course, timer: Timer): number => (goesOnWithinCalls(timer) ? spentMs : 0);
/** The timer is over by that moment of the scenario's own time. */
const isOver = (course: Course, timer: Timer, nowMs: number): boolean =>
  timer.atMs <= nowMs + withinCallsMs(course, timer);

/** Waits for the windows, ages and first passes that end by then. */
export async function awaitWindows(course: Course, untilMs: number): Promise<void> {
  const due = course.timers.filter(
    timer => (goesOnWithinCalls(timer) || timer.what === "first pass") && isOver(course, timer, untilMs),
  );
  await untilReal(course, Math.max(0, ...due.map(timer => timer.realMs)));
}

/** Publishes that timed out have waited for so long. The windows and ages that ended meanwhile are over. */
export async function spend(course: Course, ms: number): Promise<void> {
  if (ms === 0) return;
  course.spentMs += ms;
  await awaitWindows(course, course.nowMs);
  course.timers = course.timers.filter(timer => !goesOnWithinCalls(timer) || !isOver(course, timer, course.nowMs));
}

/**
 * The real clocks may be behind the scenario's time by so much: less, and a busy machine outruns what is next; more, and see `follow`. Messages
 * that are published one after the other grow old and are given again one after the other, so there the real clocks keep closer.
 */
const behindMsMaxOf = ({ what }: Timer): number => (what === "window" ? 2_000 : ackWaitBehindMsMax);
export const ackWaitBehindMsMax = ageSlackMs + 500;

/** The time for which the publishes that are still to come may wait: each beside a fault, or with one within it, may time out in full. */
function mayWaitMs({ one: { plan }, at }: Course): number {
  const steps = plan.steps.filter(one => one.kind === "step");
  return steps.slice(steps.findIndex(({ step }) => step.id === at) + 1).reduce((sum, one) => sum + waitsMsMax(one), 0);
}

function waitsMsMax({ step, skipped, overlapping, before }: ScenarioStep): number {
  const { policy } = before;
  const isAnswered = !overlapping && isCalm(before) && before.client === "connected";
  if (policy === undefined || skipped !== undefined || isAnswered) return 0;
  const publishes = [step, ...partsOf(step)].filter(
    (one): one is PublishStep => one.kind === "publish" && isDurable(before, one),
  );
  return publishes.reduce((sum, one) => sum + callsMs(timedOutMs(policy.publish, one.async), one), 0);
}

/**
 * Lets real time follow the scenario's towards the windows, ages and ack waits that the scenario comes to later. It waits for them then anyway; if
 * it waited only then, one that begins meanwhile would be over by its real clock in the same wait.
 */
export async function follow(course: Course): Promise<void> {
  const { plan } = course.one;
  const waitMs = mayWaitMs(course);
  const before = Math.max(...plan.steps.map(one => (one.kind === "settle" ? 0 : one.after.nowMs)));
  const settled = Math.max(...plan.steps.map(one => one.after.nowMs));
  const isMet = (timer: Timer): boolean =>
    (timer.what === "window" && isOver(course, timer, before + waitMs)) ||
    (timer.what === "age" && isOver(course, timer, settled + waitMs)) ||
    (timer.what === "ack wait" && timer.atMs <= settled);
  const leads = course.timers
    .filter(isMet)
    .map(timer => timer.realMs - (timer.atMs - withinCallsMs(course, timer) - course.nowMs) - behindMsMaxOf(timer));
  await untilReal(course, Math.max(0, ...leads));
}

/** Ack waits whose ends are closer together could not be told apart. Real time is not to follow for more. */
const apartMs = 400;

/** The real moment from which a wait of `waitMs` would end after the earlier ones, as the scenario says. */
export function apartFromMs(ends: readonly Pick<Timer, "atMs" | "realMs">[], nowMs: number, waitMs: number): number {
  const laterByMs = (atMs: number): number => nowMs + waitMs - atMs;
  const earlier = ends.filter(({ atMs }) => laterByMs(atMs) > 0);
  return Math.max(0, ...earlier.map(({ atMs, realMs }) => realMs + Math.min(laterByMs(atMs), apartMs) - waitMs));
}

/** Lets real time follow so far that the ack waits that may begin now end after those that go on. */
export async function keepApart(course: Course): Promise<void> {
  const { service, timers, nowMs, rig } = course;
  if (service === undefined) return;
  const waits = timers.filter(({ what }) => what === "ack wait");
  const leftMs = apartFromMs(waits, nowMs, waitMsOf(effective(service.policy.consume), 1)) - rig.clock.nowMs();
  if (leftMs > 0) await rig.clock.wait(Math.ceil(leftMs));
}

/** Moves the scenario's time. An ack wait is over only once its message was delivered again. */
export function comeTo(course: Course, atMs: number): void {
  course.nowMs = atMs;
  course.timers = course.timers.filter(timer => timer.what === "ack wait" || !isOver(course, timer, atMs));
}

export function dropTimers(course: Course, ...what: readonly Timer["what"][]): void {
  course.timers = course.timers.filter(timer => !what.includes(timer.what));
}

/**
 * A server that starts reads the ids that are within their window, and keeps them for one more (F-312 of docs/facts.md). Those whose window is
 * over for the scenario must be so for the server.
 */
export async function awaitFirstWindows(course: Course): Promise<void> {
  const scenarioMs = course.nowMs + course.spentMs;
  const over = course.timers.flatMap(({ window }) =>
    window !== undefined && window.end.atMs <= scenarioMs ? [window] : [],
  );
  await untilReal(course, Math.max(0, ...over.map(({ end }) => end.realMs)));
}

/**
 * The server has started, with its store or without; `fromMs`: a moment on the rig's clock before that. The case is given up where an id matters
 * whose window was over for the server alone.
 */
export function renewWindows(course: Course, fromMs: number, storeLost: boolean): void {
  const now = course.rig.clock.nowMs();
  const scenarioMs = course.nowMs + course.spentMs;
  course.timers = course.timers.flatMap(timer => {
    const { window } = timer;
    if (window === undefined) return [timer];
    const { ms, storage, end } = window;
    if (storeLost || storage === "memory" || end.atMs < scenarioMs) return [];
    const earliestMs = end.earliestMs <= now ? end.earliestMs : fromMs + ms;
    return [{ ...timer, atMs: scenarioMs + ms, realMs: now + ms, earliestMs }];
  });
}

/** Gives the case up where a real clock came to something before the scenario's time did. `ids`: the window that matters here. */
export function checkClocks(course: Course, step: StepId, ids?: string): void {
  const now = course.rig.clock.nowMs();
  const early = course.timers.find(
    timer =>
      !isOver(course, timer, course.nowMs) &&
      (timer.earliestMs ?? timer.realMs) <= now &&
      (timer.what !== "window" || timer.ids === ids),
  );
  if (early !== undefined) ranAhead(step, early);
}

export function ranAhead(step: StepId, early: Timer): never {
  giveUpByHarness(step, `the scenario to keep pace with a real ${early.what}, which a busy machine cannot do`);
}

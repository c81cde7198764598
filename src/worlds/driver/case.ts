/**
 * One case, step by step, on a rig. The recipe (docs/facts.md, "Barriers") makes what can be exact exact:
 *
 * 1. An observer beside the link is subscribed, and flushed, before the bus starts.
 * 2. A fault is put in force by a call that returns once it is, and whose reply shows it. The rig is asked again before the heal. For a cut
 *    the opening itself asks, since it is refused where there is a link. A fault that is not in force ends the case there: nothing was
 *    shown.
 * 3. The client's own event shows that it has noticed. It is looked for from a mark taken before the fault; there is never a sleep.
 * 4. Before a link opens again the server has let go of the connection before it, so no byte of that one comes late. No dial is under way
 *    then that began before.
 * 5. Settled: the bus's flush, then the observer's. A message that is not there then has not arrived.
 *
 * The driver does what the plan says and emits what it sees; it never judges. A wait that is not met becomes an event. It reads clocks,
 * links, servers and processes through the rig alone, so live and sim run the same lines.
 */
import { type Pass, type ScenarioStep, type SettleStep, settleId, type View } from "../../../models/plan/plan.ts";
import { repeatedIds } from "../../../models/policy/ids.ts";
import type { Emit, Event } from "../../../models/vocabulary/event.ts";
import type { Scenario, Step, StepId } from "../../../models/vocabulary/scenario.ts";
import { BusCrashed, BusEnded, type Crash } from "../../bus-protocol/errors.ts";
import { ServerFailed } from "../../errors.ts";
import type { Case } from "../../world.ts";
import { checkAges, renewAges } from "./ages.ts";
import { beginCall, callAlone, publish, publishAlone, together } from "./calls.ts";
import { awaitWindows, checkClocks, comeTo, dropTimers, follow, keepApart } from "./clocks.ts";
import { awaitClosed, lookForClosed, noteClosed, openBeforeClose } from "./closed.ts";
import { awaitHandled, redeliver, subscribe } from "./consumers.ts";
import { busOf, type Course, GivenUp, type OnMemory, type ServiceCourse } from "./course.ts";
import { checkDials } from "./dials.ts";
import { awaitNoticed, heal, installFault } from "./faults/index.ts";
import { keepPace, newGapClock, noteGap } from "./gaps.ts";
import { lookForLosses } from "./healed.ts";
import { sayEvents } from "./hearing.ts";
import { awaitLanded } from "./landing.ts";
import { openLink } from "./link.ts";
import { operate } from "./operator.ts";
import { awaitSettled, tellProbe } from "./probes.ts";
import { live, releaseAll, signal, start } from "./replicas.ts";
import { LinkTaken, type Rig, type ServerConnection } from "./rig.ts";
import { forgetHeld, noteHeld } from "./seen-held.ts";
import { lookForStrangers } from "./strangers.ts";
import { observedSubjects, tappedSubjects, unobservedSubjects } from "./subjects.ts";
import { checkUnused, followUses } from "./unused.ts";
import { lookForRemovals, observe, sayHeld, sayLogged, sayObserved } from "./voice.ts";
import { awaitConnections, callBoundMs, notAwaited } from "./waits.ts";
import { lookAtWire } from "./wire.ts";
import { countDoubt } from "./witnesses.ts";

/** The step of everything done before the first one. */
const startId: StepId = "start";
const settleFlushTimeoutMs = 10_000;

/** Runs a case; `number` is unique among those of one server. */
export async function runCase(one: Case, number: number, rig: Rig, emit: Emit, onMemory?: OnMemory): Promise<void> {
  let course: Course | undefined;
  try {
    await findInOrder(rig);
    course = await begin(one, number, rig, emit, onMemory);
    await allSteps(course);
  } catch (error) {
    const at = course?.at ?? startId;
    if (course !== undefined) {
      sayLogged(course);
      await lookAtWire(course, false).catch(unlessServerFailed);
      await lookForRemovals(course).catch(unlessServerFailed);
    }
    const crash = crashIn(course, error);
    if (crash !== undefined) emit({ kind: "crashed", step: at, ...crash });
    else {
      const { step, message: what, isByHarness } = whyOver(at, error);
      emit({ kind: "not-awaited", step, what, ...(isByHarness && { byHarness: true }) });
    }
    const why = "the case was given up there";
    if (course === undefined) emit({ kind: "observed", complete: false, why });
    else sayObserved(course, false, why);
  } finally {
    // Where a server fails here, the next case finds it so and puts it in order.
    if (course !== undefined) await leaveAsFound(course).catch(unlessServerFailed);
  }
}

/** The case before may have been left by a server or a proxy that did not do what it was asked. */
async function findInOrder({ link, server }: Rig): Promise<void> {
  if (!server.isRunning) await server.restart();
  if (link.isOpen) await link.cut();
}

function unlessServerFailed(error: unknown): void {
  if (!(error instanceof ServerFailed)) throw error;
}

/**
 * The end of a process that ended by itself. One that a policy lets end has said why, or ends well. SIGKILL comes from outside, as from a
 * machine without memory, and is no doing of the bus.
 */
function crashIn(course: Course | undefined, error: unknown): Crash | undefined {
  const isEnded = error instanceof BusCrashed || error instanceof BusEnded;
  if (course === undefined || !isEnded || error.crash === undefined) return undefined;
  const { crash } = error;
  if (crash.signal === "SIGKILL" || (crash.signal === null && crash.code === null)) return undefined;
  if (error instanceof BusCrashed) return crash;
  const isSaid = busOf(course)
    .eventsSince(0)
    .some(({ event }) => event === "ending");
  return isSaid || crash.code === 0 || course.running.get(0)?.leaving === true ? undefined : crash;
}

async function begin(one: Case, number: number, rig: Rig, emit: Emit, onMemory?: OnMemory): Promise<Course> {
  const { scenario } = one;
  const { policy, options } = scenario;
  const subject = uniqueSubject(number, options.subject.length);
  const subjects = policy === undefined ? [subject] : observedSubjects(one, policy);
  const observer = await rig.observe(subjects);
  const isOwn = endsItsProcess(scenario);
  const first = isOwn ? await rig.processes.spawn() : rig.processes.shared;
  const mark = first.client.mark();
  const told: Event[] = [];
  const recorded = policy === undefined ? emit : recordedIn(told, emit);
  const gaps = newGapClock(policy);
  const course: Course = {
    one,
    number,
    name: `faultline-${number}`,
    subject,
    rig,
    observer,
    emit: gaps === undefined ? recorded : event => sayAndNote(course, recorded, event),
    gaps,
    onMemory,
    service: policy && {
      policy,
      told,
      repeated: repeatedIds(policy, scenario),
      consumed: new Map(),
      members: new Map(),
      handlers: new Map(),
      uses: new Map(),
      beganAtMs: rig.clock.nowMs(),
      unheard: [],
      seenHeld: new Map(),
      lastHeld: new Map(),
      lostHeld: new Map(),
      neverStored: new Set(),
      isDeaf: false,
    },
    at: startId,
    stepBeganMs: rig.clock.nowMs(),
    first,
    running: new Map(),
    ready: policy && first,
    caseMark: mark,
    closeFailed: false,
    openAtClose: undefined,
    overlapped: undefined,
    overlapMark: 0,
    isPublishPending: false,
    said: { events: mark, arrivals: 0, foreign: 0, probe: "", logged: 0 },
    harm: {
      mark: 0,
      atMs: 0,
      handshakeAtMs: 0,
      unproven: [],
      serverDown: false,
      serverChanged: false,
      storeLost: false,
      paused: false,
      pausedCid: undefined,
    },
    wire: [],
    published: {
      next: 0,
      firstOf: new Map(),
      contents: [],
      stored: [],
      sentAtMs: new Map(),
      toldAtMs: new Map(),
      core: [],
    },
    nowMs: 0,
    spentMs: 0,
    landing: { told: 0, onTheirWay: [], seen: [] },
    timers: [],
    doubt: undefined,
    linkSpoilt: false,
  };
  return course;
}

function sayAndNote(course: Course, emit: Emit, event: Event): void {
  emit(event);
  noteGap(course, event);
}

/** Emits the events that it is given, and keeps them. */
const recordedIn =
  (told: Event[], emit: Emit): Emit =>
  event => {
    told.push(event);
    emit(event);
  };

/** A subject of the same length, since sizes are protocol bytes. */
const uniqueSubject = (number: number, length: number): string => `f${number.toString(36).padStart(length - 1, "0")}`;

const endsItsProcess = ({ policy, steps }: Scenario): boolean => policy !== undefined || steps.some(isExit);

const isExit = (step: Step): boolean =>
  step.kind === "exit" || (step.kind === "together" && step.steps.some(one => one.kind === "exit"));

/** The end of a case whose process has ended before its time: its events are unknown. @throws any other error */
function whyOver(at: StepId, error: unknown): GivenUp {
  if (error instanceof GivenUp) return error;
  // The look at a cut before its heal: another link is refused where one is open, no matter who opened it.
  if (error instanceof LinkTaken) return new GivenUp(at, "the link to be closed until it is opened again", true);
  if (error instanceof ServerFailed)
    return new GivenUp(at, `faultline's own servers: ${firstLine(error.message)}`, true);
  if (error instanceof BusEnded || error instanceof BusCrashed)
    return new GivenUp(at, "its process, which has ended, to run");
  throw error;
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";

async function allSteps(course: Course): Promise<void> {
  const { one, emit } = course;
  emit({ kind: "phase", phase: "disturbed" });
  await prepare(course);
  await openLink(course, startId);
  for (const planned of one.plan.steps) {
    course.at = planned.step.id;
    course.stepBeganMs = course.rig.clock.nowMs();
    if (planned.kind === "settle") {
      await settle(course, planned);
      tellMemory(course);
    } else if (planned.skipped === undefined) await oneStep(course, planned);
    else emit({ kind: "skipped", step: planned.step.id, what: planned.step.kind, reason: planned.skipped.reason });
  }
}

async function oneStep(course: Course, planned: ScenarioStep): Promise<void> {
  const { step, overlapping, after } = planned;
  course.emit({ kind: "step", step: step.id, phase: "began" });
  const open = await openBeforeClose(course, planned);
  if (step.kind !== "advance") await keepApart(course);
  await perform(course, planned);
  const { service } = course;
  if (service !== undefined && !overlapping) await awaitLanded(course, service, planned.before, after);
  if (!overlapping) await awaitClosed(course, after);
  await noteClosed(course, open);
  checkDials(course, planned);
  await followUses(course, planned.before, after, step.id);
  if (!overlapping) await lookAround(course, after, step.id);
  if (!overlapping && service !== undefined) await noteHeld(course, service, after, step.kind);
  tellMemory(course);
  sayLogged(course);
  course.emit({ kind: "step", step: step.id, phase: "ended" });
}

async function perform(course: Course, planned: ScenarioStep): Promise<void> {
  const { step, before, after, life } = planned;
  switch (step.kind) {
    case "start":
      return start(course, planned, step);
    case "publish":
      if (!planned.overlapping) return publishAlone(course, step, before, after);
      course.overlapMark = busOf(course).mark();
      course.isPublishPending = true;
      course.overlapped = publish(course, step, before);
      // Awaited only after the next step. Until then its failure must not end the harness.
      course.overlapped.catch(() => {});
      return;
    case "flush":
    case "drain":
    case "close":
      return planned.overlapping ? beginCall(course, step) : callAlone(course, step);
    case "exit":
      return together(course, [step], before);
    case "together":
      return together(course, step.steps, before);
    case "subscribe":
      return subscribe(course, serviceOf(course, step), step);
    case "signal":
      return signal(course, step, {
        publishMeanwhile: async () => {
          for (const part of step.meanwhile ?? []) await publish(course, part, before);
        },
      });
    case "advance":
      return pass(course, { ms: step.ms, life, after }, step.id);
    case "fault":
      forgetHeld(course, step.fault);
      return installFault(course, planned, step.id, step.fault);
    case "await-noticed":
      return awaitNoticed(course, step.id, before);
    case "heal":
      await heal(course, step.id, step, before, () => startFromOutside(course, planned));
      return renewAges(course);
  }
}

/** NATS answers, and so the harness starts the process that was to wait for it. */
async function startFromOutside(
  course: Course,
  { before, after, life, step }: ScenarioStep | SettleStep,
): Promise<void> {
  if (before.isOutside) await live(course, life, step.id, after.door);
}

/** Prepares the server before the bus starts. */
async function prepare(course: Course): Promise<void> {
  const { one, service, rig } = course;
  if (service === undefined) return;
  const tapped = tappedSubjects(one, service.policy);
  if (tapped.length > 0) await rig.observe(tapped);
  await operate(course);
}

function serviceOf({ service }: Course, { kind }: Step): ServiceCourse {
  if (service === undefined) throw new Error(`fault in faultline: ${kind} without a policy`);
  return service;
}

/** Looks at a service after every step. */
async function lookAround(course: Course, view: View, step: StepId): Promise<void> {
  const { service } = course;
  if (service === undefined) return;
  await awaitSettled(course, service, view, step);
  await awaitHandled(course, service, view, step);
  await tellProbe(course, service, view);
  checkClocks(course, step);
}

/** The scenario's time goes on, and waits for the real clocks to reach what is due by then. */
async function pass(course: Course, { life, after }: Pass, step: StepId): Promise<void> {
  const { service, emit } = course;
  const untilMs = after.nowMs;
  if (service !== undefined) await redeliver(course, service, after, untilMs, step);
  await awaitWindows(course, untilMs);
  await live(course, life, step, after.door);
  await keepPace(course, untilMs);
  comeTo(course, untilMs);
  await follow(course);
  emit({ kind: "advanced", step, atMs: untilMs });
}

/** Heals every fault in force, lets everything come to rest, and looks at everything. */
async function settle(course: Course, planned: SettleStep): Promise<void> {
  const view = planned.before;
  const { emit } = course;
  if (!view.started && view.process !== "exited" && !view.isOutside) return sayObserved(course, true);
  if (planned.heals) {
    emit({ kind: "phase", phase: "healed" });
    await heal(course, settleId, { awaits: "connected" }, view, () => startFromOutside(course, planned));
    renewAges(course);
    await followUses(course, view, planned.healed, settleId);
  }
  const healed = busOf(course);
  const mark = healed.mark();
  await settleService(course, planned);
  const hasClient = view.started && view.ended === "no" && course.running.has(0);
  if (hasClient) await flushLast(course);
  const closed = planned.after.ended === "closed" ? await lookForClosed(course, settleId) : "not-said";
  const left = course.running.has(0) && view.ended !== "closed" ? 1 : 0;
  const areAllGone = (open: readonly ServerConnection[]): boolean =>
    open.filter(one => one.name === course.name).length <= left;
  const open = closed === "not-said" ? await awaitConnections(course, settleId, areAllGone) : undefined;
  sayEvents(course);
  // Another process has another client.
  if (healed === busOf(course)) await lookForLosses(course, planned, mark);
  await lookForStrangers(course, open);
  const complete = await observe(course);
  if (complete) course.doubt ??= countDoubt(await course.observer.counts());
  await sayHeld(course);
  checkAges(course, settleId);
  checkUnused(course, settleId);
  await lookAtWire(course, hasClient);
  if (typeof closed === "object") emit(closed);
  sayLogged(course);
  emit({ kind: "phase", phase: "settled" });
  sayObserved(course, complete && isObservedWhole(course));
}

/** Waits for everything that happens by itself once nothing is wrong any more. */
async function settleService(course: Course, { healed, passes }: SettleStep): Promise<void> {
  const { service } = course;
  if (service === undefined) return;
  // Nothing more is published that a window could swallow.
  dropTimers(course, "window");
  await lookAround(course, healed, settleId);
  let before = healed;
  for (const one of passes) {
    await pass(course, one, settleId);
    await followUses(course, before, one.after, settleId);
    before = one.after;
    await lookAround(course, one.after, settleId);
  }
  service.isDeaf = true;
}

async function flushLast(course: Course): Promise<void> {
  const { outcome } = await busOf(course).call({ do: "flush", timeoutMs: settleFlushTimeoutMs }, callBoundMs);
  if (outcome.is !== "ok") notAwaited(course, settleId, `the last flush, which ended in ${outcome.kind}`);
}

/** True where the observer could see everything that there was to see. */
const isObservedWhole = ({ one, service }: Course): boolean =>
  service === undefined || unobservedSubjects(one, service.policy).length === 0;

function tellMemory({ onMemory, first }: Course): void {
  const memory = onMemory === undefined ? undefined : first.memory();
  if (memory !== undefined) onMemory?.(memory);
}

/** Leaves the rig as the next case needs it: no connection, no link, a server that runs. */
async function leaveAsFound(course: Course): Promise<void> {
  const { harm, rig } = course;
  if (harm.paused) await rig.server.resume();
  if (harm.serverDown || harm.serverChanged) await rig.server.restart();
  if (rig.link.isOpen) await rig.link.cut();
  await releaseAll(course);
}

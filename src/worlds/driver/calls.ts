/** The calls of the application: publish, flush, drain, close, exit, and several of them as one command. */
import { viaOf } from "../../../models/durable-path.ts";
import { callsMade, isCalm, isDurable, type View } from "../../../models/plan/plan.ts";
import { idsOf } from "../../../models/policy/ids.ts";
import { dropsErrors, refusedMs, timedOutMs } from "../../../models/policy/publishing.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import { saysVia } from "../../../models/server.ts";
import type { Outcome } from "../../../models/vocabulary/event.ts";
import { frameBytes } from "../../../models/vocabulary/frame.ts";
import type { CallStep, PublishStep } from "../../../models/vocabulary/scenario.ts";
import { BusProtocolError } from "../../bus-protocol/errors.ts";
import type { Call, CallReply, PublishCall, PublishReply } from "../../bus-protocol/protocol.ts";
import { rememberAge } from "./ages.ts";
import { checkClocks, keptIds, spend } from "./clocks.ts";
import { busOf, type Course, type ServiceCourse, type Timer } from "./course.ts";
import { limitReached } from "./faults/limit.ts";
import { acknowledgementLost } from "./faults/lose-ack.ts";
import { sayEvents } from "./hearing.ts";
import { firstExited } from "./replicas.ts";
import { observe, sayCall, sayOutcomes } from "./voice.ts";
import { callBoundMs, hasSaid, notAwaitedByHarness } from "./waits.ts";

type WaitingStep = Exclude<CallStep, PublishStep | { readonly kind: "exit" }>;

const endCallTimeoutMs = 10_000;

/** Makes the calls of the publish step, with the effects of a fault that strikes at a publish. `isTimed`: their time is measured. */
export async function publish(course: Course, step: PublishStep, before: View, isTimed = false): Promise<void> {
  const published = publishOnce(course, step, before, isTimed);
  if (before.hindrance === "lose-ack" && isDurable(before, step)) await acknowledgementLost(course, before.limitStep);
  await published;
}

async function publishOnce(course: Course, step: PublishStep, before: View, isTimed: boolean): Promise<void> {
  const command = publishCall(course, step);
  const { first, count, publishers } = command;
  if (publishers !== undefined) course.emit({ kind: "publishers", step: step.id, publishers, first, count });
  const bus = busOf(course);
  const beganMs = course.rig.clock.nowMs();
  const reply = await bus.call(command, boundMs(course, step));
  const tookMs = course.rig.clock.nowMs() - beganMs;
  sayEvents(course, bus.markAt(reply));
  const eachMs = tookMs / callsInARow(step);
  const waited = isDurable(before, step) ? waitedMs(course, step, reply, eachMs) : waitedMs(course, step, reply);
  const isOne = isTimed && reply.outcomes.length === 1;
  const answers = isOne ? { reply, waitedMs: waited, tookMs: Math.round(eachMs) } : { reply, waitedMs: waited };
  sayPublished(course, step, command.first, answers, before);
  await spend(course, waited);
}

/**
 * The time that these calls have waited, by the times of the policy: for acknowledgements that never came, and before they were made again.
 * `eachMs`: the time that each of them took, which tells it where the code drops their errors.
 */
function waitedMs({ service }: Course, step: PublishStep, { outcomes }: PublishReply, eachMs?: number): number {
  if (service === undefined) return 0;
  const { publish } = service.policy;
  if (eachMs !== undefined && dropsErrors(publish)) {
    const waits = [0, refusedMs(publish, step.async), timedOutMs(publish, step.async)];
    const nearest = waits.toSorted((one, other) => Math.abs(one - eachMs) - Math.abs(other - eachMs))[0] ?? 0;
    return callsInARow(step) * nearest;
  }
  const ended = (is: (outcome: Outcome) => boolean): number =>
    outcomes.reduce((sum, { count, outcome }) => sum + (is(outcome) ? count : 0), 0);
  const timedOut = ended(outcome => outcome.is === "unsettled" && outcome.kind === "timeout");
  const refused = ended(outcome => outcome.is === "rejected");
  const calls = step.async === true ? Math.min(1, timedOut) : timedOut;
  return calls * timedOutMs(publish, step.async) + refused * refusedMs(publish, step.async);
}

/** The longest time that the calls of a bus may take. */
function boundMs({ service }: Course, step: PublishStep): number {
  const isAskedAgain = service !== undefined && refusedMs(service.policy.publish, step.async) > 0;
  return callBoundMs + (isAskedAgain ? step.count * timedOutMs(service.policy.publish) : 0);
}

/** Asynchronous calls wait beside each other, and others one after another. */
const callsInARow = ({ count, async }: PublishStep): number => (async === true ? 1 : count);

/**
 * True where the time of a publish says how long it waited for its acknowledgement. A call under way while the connection ends, or comes back,
 * waits for that as well.
 */
const saysItsWait = (step: PublishStep, before: View, after: View): boolean =>
  isDurable(before, step) &&
  before.link === "up" &&
  before.client === "connected" &&
  after.client === "connected" &&
  before.hindrance !== "lose-ack";

/** A publish that ends before the next step begins. */
export async function publishAlone(course: Course, step: PublishStep, before: View, after: View): Promise<void> {
  await publish(course, step, before, saysItsWait(step, before, after));
  const isSilent = before.hindrance === "blackhole" || before.hindrance === "pause";
  if (isSilent && before.client === "connected" && mayHaveNoticed(course))
    notAwaitedByHarness(course, step.id, "publishes to be made before the client noticed the silence");
  if (before.hindrance === "limit" && after.link === "down" && before.ended === "no")
    await limitReached(course, before.limitStep);
}

/** The silence lasts as long as the client needs to notice it. Its report comes later still, in nats-py from another task. */
function mayHaveNoticed(course: Course): boolean {
  const { pingIntervalMs = Number.POSITIVE_INFINITY, pingsOutMax = 2 } = course.one.scenario.options;
  const isLate = course.rig.clock.nowMs() - course.harm.atMs >= pingIntervalMs * pingsOutMax;
  return isLate || hasSaid(course, "disconnected", course.harm.mark);
}

/** Messages are numbered when the command is sent, as in the model; repeated ones keep the numbers of their earlier step. */
function publishCall(course: Course, step: PublishStep): PublishCall {
  const { published, service } = course;
  const { id, again, count, bytes } = step;
  const first = published.firstOf.get(again ?? "") ?? published.next;
  const subject = service === undefined ? course.subject : (step.subject ?? course.one.scenario.options.subject);
  if (again === undefined) {
    published.next += count;
    published.contents.push({ first, count, subject, bytes });
  }
  published.firstOf.set(id, first);
  if (service === undefined) {
    const { publishers } = step;
    return { do: "publish", subject, first, count, bytes, ...(publishers === undefined ? {} : { publishers }) };
  }
  checkClocks(course, id, idsOf(service.policy, step, subject));
  published.sentAtMs.set(id, course.rig.clock.nowMs());
  published.toldAtMs.set(id, course.nowMs + course.spentMs);
  const { key } = step;
  const about = key === undefined ? {} : { key };
  return { do: "publish", subject, first, count, bytes, ...about, ...(step.async === true ? { async: true } : {}) };
}

interface Answers {
  readonly reply: PublishReply;
  /** The time that the calls have waited, by the times of the policy. */
  readonly waitedMs: number;
  /** The time that each call took, where it was measured. */
  readonly tookMs?: number;
}

function sayPublished(course: Course, step: PublishStep, first: number, answers: Answers, before: View): void {
  const { reply, tookMs, waitedMs: waited } = answers;
  const { service, one, published } = course;
  const { profile, scenario } = one;
  if (service === undefined) {
    const bytes = frameBytes(course.subject, step.bytes, profile);
    sayOutcomes(course, reply, first, { step: step.id, frameBytes: bytes });
    return;
  }
  const subject = step.subject ?? scenario.options.subject;
  const durable = isDurable(before, step);
  if (durable) rememberWindow(course, service, step, answers);
  else published.core.push({ first, count: step.count });
  rememberAge(course, service, step, reply, waited);
  if (reply.outcomes.some(isStoredAnew)) rememberStored(course, step, first, before);
  const { via, frameBytes: bytes } = viaOf(service.policy, profile, step, { subject, durable, first });
  const again = step.again === undefined ? {} : { again: true as const };
  const took = tookMs === undefined ? {} : { tookMs };
  sayOutcomes(course, reply, first, { step: step.id, frameBytes: bytes, ...saysVia(via), ...again, ...took });
}

/** True where a publish that meets no fault has put its messages into their stream, and not found them there. */
export const isStoredAnew = ({ outcome }: { readonly outcome: Outcome }): boolean =>
  outcome.is === "accepted" || (outcome.is === "acked" && outcome.duplicate !== true);

/** Messages that meet no fault are stored at once, and once more where the window has forgotten them. */
function rememberStored({ published, nowMs }: Course, step: PublishStep, first: number, before: View): void {
  const { id, count, overlap } = step;
  const isAtOnce = overlap !== true && isCalm(before) && before.client === "connected";
  if (isAtOnce) published.stored.push({ first, count, atMs: nowMs, realMs: published.sentAtMs.get(id) ?? 0 });
}

/** The stream remembers these ids from now on. */
function rememberWindow(course: Course, service: ServiceCourse, step: PublishStep, answers: Answers): void {
  const { outcomes } = answers.reply;
  const subject = step.subject ?? course.one.scenario.options.subject;
  const stream = streamOf(service.policy, subject);
  if (stream === undefined) return;
  const { duplicateWindowMs: ms, storage } = stream;
  const end = {
    atMs: course.nowMs + course.spentMs + ms,
    // What was stored was so before the first call timed out.
    realMs: course.rig.clock.nowMs() - answers.waitedMs + ms,
    earliestMs: (course.published.sentAtMs.get(step.id) ?? 0) + ms,
  };
  const window: Timer = { what: "window", ...end, window: { ms, storage, end } };
  const ids = idsOf(service.policy, step, subject);
  // The client may still send messages that were sent before and not answered.
  if (outcomes.some(one => one.outcome.is === "unsettled")) course.timers.push({ ...window, ids: keptIds });
  if (!service.repeated.has(ids) || outcomes.every(one => one.outcome.is === "rejected")) return;
  course.timers.push({ ...window, ids });
}

export async function callAlone(course: Course, step: WaitingStep): Promise<void> {
  const timeoutMs = step.kind === "flush" ? step.timeoutMs : endCallTimeoutMs;
  const bus = busOf(course);
  const reply = await bus.call({ do: step.kind, timeoutMs }, timeoutMs + callBoundMs);
  sayEvents(course, bus.markAt(reply));
  await said(course, step, reply);
}

/** Begins a call that is pending while the next step is done. */
export async function beginCall(course: Course, step: WaitingStep): Promise<void> {
  course.overlapped = callAlone(course, step);
  // Awaited only after the next step. Until then its failure must not end the harness.
  course.overlapped.catch(() => {});
  await hasBegun(course);
}

/** A bus begins its commands in the order received, so the pending call has begun once a later one is answered. */
export async function hasBegun(course: Course): Promise<void> {
  await busOf(course).call({ do: "status" }, callBoundMs);
}

async function said(course: Course, step: Exclude<CallStep, PublishStep>, reply: CallReply): Promise<void> {
  const { outcome } = reply;
  // Messages that the server has taken in must reach the observer before anything is done to the server.
  if (step.kind === "flush" && outcome.is === "ok") await observe(course);
  if (step.kind === "close" && outcome.is === "failed") course.closeFailed = true;
  sayCall(course, step.id, step.kind, reply);
}

/** Sends one command: the bus yields to its event loop only where a call itself does. */
export async function together(course: Course, steps: readonly CallStep[], before: View): Promise<void> {
  const calls = callsMade(steps);
  const bus = busOf(course);
  const exits = calls.some(one => one.kind === "exit");
  if (exits) bus.mayEnd();
  const commands = calls.map((one): Call => {
    if (one.kind === "exit") return { do: "exit", ...(one.after === undefined ? {} : { after: one.after }) };
    if (one.kind === "publish") return publishCall(course, one);
    return { do: one.kind, timeoutMs: one.kind === "flush" ? one.timeoutMs : endCallTimeoutMs };
  });
  const all = await bus.call({ do: "together", calls: commands }, callBoundMs * 2);
  sayEvents(course, bus.markAt(all));
  for (const [i, one] of calls.entries()) {
    const reply = all.replies[i] as CallReply | PublishReply;
    const command = commands[i] as Call;
    if (one.kind === "publish" && command.do === "publish" && "outcomes" in reply)
      sayPublished(course, one, command.first, { reply, waitedMs: waitedMs(course, one, reply) }, before);
    else if (one.kind !== "publish" && "outcome" in reply) await said(course, one, reply);
  }
  if (exits) await exited(course);
}

/** The process was told to end from within. */
async function exited(course: Course): Promise<void> {
  const running = course.running.get(0);
  if (running !== undefined) running.leaving = true;
  if (!(await course.rig.clock.isDoneWithin(course.first.exited, callBoundMs)))
    throw new BusProtocolError("The bus was told to exit, has answered, and still runs. See exit in the protocol.");
  if (course.service === undefined) course.running.delete(0);
  else await firstExited(course);
}

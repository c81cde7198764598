/** Every fault that a rig can do, one file each, and the common part of a fault and of its heal. */
import { refusesAll } from "../../../../models/plan/asking-again.ts";
import { healStartsServer, type ScenarioStep, type View } from "../../../../models/plan/plan.ts";
import { attemptAtMs } from "../../../../models/policy/publishing.ts";
import { type Fault, type HealStep, restartsServer, type StepId } from "../../../../models/vocabulary/scenario.ts";
import type { BusEvent } from "../../../bus-protocol/protocol.ts";
import { hasBegun } from "../calls.ts";
import { awaitFirstWindows, checkClocks, keptIds, renewWindows } from "../clocks.ts";
import { busOf, type Course, giveUpByHarness, mustBe } from "../course.ts";
import { hastenAckWaits, hearKept, sayEvents } from "../hearing.ts";
import { cutLink, lay, mustStillShow } from "../link.ts";
import { live } from "../replicas.ts";
import {
  awaitBack,
  awaitConnections,
  connectTimeoutMs,
  hasSaid,
  notAwaited,
  notAwaitedByHarness,
  noticeBoundMs,
  notSaid,
  saysWithin,
} from "../waits.ts";
import { blackhole } from "./blackhole.ts";
import { cut } from "./cut.ts";
import { cutServer } from "./cut-server.ts";
import { hold } from "./hold.ts";
import type { Injector } from "./injector.ts";
import { limit } from "./limit.ts";
import { loseAck } from "./lose-ack.ts";
import { noJetStream } from "./no-jetstream.ts";
import { pauseServer } from "./pause-server.ts";
import { refuseCredentials } from "./refuse-credentials.ts";
import { serverError } from "./server-error.ts";
import { silentHandshake } from "./silent-handshake.ts";
import { stopServer } from "./stop-server.ts";

/** No rig takes a machine's power away. */
type InjectedKind = Exclude<Fault["kind"], "power-loss">;

const injectors: { readonly [Kind in InjectedKind]: Injector<Extract<Fault, { readonly kind: Kind }>> } = {
  cut,
  hold,
  limit,
  blackhole,
  "stop-server": stopServer,
  "pause-server": pauseServer,
  "lose-ack": loseAck,
  "no-jetstream": noJetStream,
  "refuse-credentials": refuseCredentials,
  "silent-handshake": silentHandshake,
  "server-error": serverError,
  "cut-server": cutServer,
};

function injectorOf(kind: Fault["kind"]): Injector {
  if (kind === "power-loss") throw new Error("fault in faultline: no world takes a machine's power away");
  return injectors[kind] as Injector;
}

export async function installFault(course: Course, { before, life }: ScenarioStep, step: StepId, fault: Fault) {
  const { harm, rig, emit, first } = course;
  harm.mark = busOf(course).mark();
  harm.atMs = rig.clock.nowMs();
  if (before.client === "connected" && before.hindrance === "none") first.dialsAreOver();
  const store = fault.kind === "stop-server" && fault.store === "lost" ? { store: fault.store } : {};
  emit({ kind: "fault", step, fault: fault.kind, phase: "installed", ...store });
  if (restartsServer.has(fault.kind)) hastenAckWaits(course);
  await injectorOf(fault.kind).install(course, step, fault, before);
  await joinOverlapped(course);
  // The fault has already waited until the client closed.
  const exits = life.filter(one => one.what === "exited");
  await live(course, exits, step, before.door);
}

/**
 * Ends every fault in force, and waits for the client's event that the step awaits. `startOutside`: starts the process that something outside
 * has kept from starting.
 */
export async function heal(
  course: Course,
  step: StepId,
  { awaits, afterAttempts }: Pick<HealStep, "awaits" | "afterAttempts">,
  before: View,
  startOutside: () => Promise<void>,
): Promise<void> {
  const { rig, harm, emit } = course;
  const beganMs = afterAttempts === undefined ? 0 : await nextAttempt(course, step, afterAttempts + 1);
  // On a busy machine the client could be back before the bus has read the command.
  if (afterAttempts === undefined && course.isPublishPending) await hasBegun(course);
  if (before.link === "handshake") {
    await mustStillShow(course, step, "hold-downstream");
    await rig.link.lift("hold-downstream");
  }
  const { storeLost } = harm;
  if (healStartsServer(before)) await awaitFirstWindows(course);
  const healsFromMs = rig.clock.nowMs();
  for (const one of Object.values(injectors)) if (one.isToHeal(before)) await one.heal(course, step, before, awaits);
  if (healStartsServer(before)) renewWindows(course, healsFromMs, storeLost);
  const isRefused = before.link === "down" && refusesAll(course.one.profile, course.one.scenario.options);
  if (afterAttempts !== undefined && !isRefused) mustBeInTime(course, step, beganMs);
  const hasClient = before.started && before.ended !== "closed";
  if (awaits === "handshake") await awaitConnections(course, step, open => open.some(({ name }) => name === undefined));
  // One that has closed though its attempts were counted and some are left does not come back, and that is its own doing.
  const isGone = before.dialsAwaited > 0 && hasSaid(course, "closed", harm.mark);
  if (awaits === "connected" && hasClient && !isConnectionKept(before) && !isGone)
    await awaitBack(course, step, before);
  // A dial that the server before it had greeted ends with that server, and nats-py takes it for a connection for a moment (F-261).
  if (before.door === "refuses" && hasSaid(course, "disconnected", harm.mark))
    giveUpByHarness(step, "the credentials to be taken between two dials of a client that goes on");
  // The client may have given up the dial, and publishes are then kept or refused as while down.
  if (before.link === "handshake" && rig.clock.nowMs() - harm.handshakeAtMs >= connectTimeoutMs)
    notAwaitedByHarness(course, step, "the handshake to end before its dial is given up");
  await joinOverlapped(course);
  // What a dial resets takes the attempt under way with it, and the next one is acknowledged.
  const isReset = before.link === "down" && course.one.profile.reconnectBuffer.kind === "reset-at-dial";
  if (afterAttempts !== undefined && isRefused) mustHaveAttempts(course, step, before.attempting);
  else if (afterAttempts !== undefined) noMoreAttempts(course, step, afterAttempts + (isReset ? 2 : 1));
  await startOutside();
  sayEvents(course);
  checkClocks(course, step, keptIds);
  hearKept(course);
  if (awaits !== "handshake") emit({ kind: "healed", step });
}

const attemptBoundMs = 30_000;
/** The part of an attempt that a busy machine needs for the acknowledgement. */
const attemptRoomMs = 300;

/** Waits until the overlapped call makes its nth attempt. Returns the earliest moment at which it can have begun. */
async function nextAttempt(course: Course, step: StepId, attempt: number): Promise<number> {
  const isNext = (event: BusEvent): boolean => event.event === "attempt" && event.attempt === attempt;
  const { service, overlapMark, stepBeganMs } = course;
  const publish = service?.policy.publish;
  if (!(await busOf(course).waitFor(isNext, overlapMark, attemptBoundMs)))
    notAwaited(course, step, `attempt ${attempt} of the publish before it`);
  return stepBeganMs - overlapLeadMs + (publish === undefined ? 0 : attemptAtMs(publish, attempt - 1));
}

/** The publish was called at the end of the step before this one. */
const overlapLeadMs = 50;

/** The heal must leave the attempt that is under way the time to be acknowledged. */
function mustBeInTime(course: Course, step: StepId, beganMs: number): void {
  const ackTimeoutMs = course.service?.policy.publish.ackTimeoutMs ?? 0;
  if (course.rig.clock.nowMs() > beganMs + ackTimeoutMs - attemptRoomMs)
    giveUpByHarness(step, "the heal to come within the attempt, which a busy machine may miss");
}

function noMoreAttempts(course: Course, step: StepId, last: number): void {
  const { overlapMark } = course;
  const more = busOf(course)
    .eventsSince(overlapMark)
    .some(event => event.event === "attempt" && event.attempt > last);
  if (more) giveUpByHarness(step, "the acknowledgement to come within the attempt, which a busy machine may miss");
}

/** Calls that are refused while the client is down need one that comes after the reconnect. */
function mustHaveAttempts(course: Course, step: StepId, attempts: number): void {
  const isLast = (event: BusEvent): boolean => event.event === "attempt" && event.attempt === attempts;
  if (busOf(course).eventsSince(course.overlapMark).some(isLast))
    giveUpByHarness(step, "the client to be back before the last attempt, which a busy machine may miss");
}

/** True where the client's connection survives the heal. */
const isConnectionKept = ({ link, client, hindrance, jetStream }: View): boolean =>
  link === "up" && client === "connected" && hindrance !== "blackhole" && jetStream;

/** Waits until the client's own PINGs have shown that the link is silent. After a blackhole the link then refuses dials. */
export async function awaitNoticed(course: Course, step: StepId, before: View): Promise<void> {
  const { pingIntervalMs = 0, pingsOutMax = 2 } = course.one.scenario.options;
  if (before.hindrance === "blackhole") await keepFromGreeting(course, step);
  sayEvents(course);
  // On a slow harness the client has noticed already, and there is nothing to wait for.
  if (!hasSaid(course, "disconnected", course.harm.mark)) course.emit({ kind: "awaits-notice", step });
  const dueMs = 3 * pingIntervalMs * (pingsOutMax + 1);
  const isSaid = await saysWithin(course, "disconnected", course.harm.mark, Math.max(noticeBoundMs, dueMs));
  // A silence that is no more convicts no client.
  if (before.hindrance === "pause") mustBe(step, "the pause", course.rig.server.isHalted);
  if (before.hindrance === "blackhole") await mustStillShow(course, step, "blackhole");
  sayEvents(course);
  if (!isSaid) notSaid(course, step, "disconnected");
  if (before.hindrance === "blackhole") await cutLink(course, false);
}

/**
 * The dial that follows the client's notice must not meet the cut in the midst of its handshake: nats-py 2.16.0 then takes itself for
 * connected until it reads the end (client.py, `_process_connect_init`), and a publish in that moment is accepted. Without the server's INFO
 * it fails. Consumers are given messages beside the silence, so a service is left as it is.
 */
async function keepFromGreeting(course: Course, step: StepId): Promise<void> {
  if (course.service !== undefined) return;
  await lay(course, step, "hold-downstream");
}

async function joinOverlapped(course: Course): Promise<void> {
  const { overlapped } = course;
  course.overlapped = undefined;
  course.isPublishPending = false;
  await overlapped;
}

/**
 * The events of the bus's processes, read in their order and emitted: changes of the connection, deliveries, the end of a process. Called
 * after every call and every wait. The reports of a process about its connection as it ends are ignored.
 */

import { isDown, settleId } from "../../../models/plan/plan.ts";
import { nakWaitMsOf, soonerAfterRestartMs, waitMsOf } from "../../../models/policy/deliveries.ts";
import { acknowledgesAll, acknowledgesNothing, effective } from "../../../models/policy/two-sides.ts";
import type { ConnectionChange, Event, HandledOutcome, Run } from "../../../models/vocabulary/event.ts";
import type { Fault, StepId } from "../../../models/vocabulary/scenario.ts";
import type { BusEvent } from "../../bus-protocol/protocol.ts";
import { ranAhead } from "./clocks.ts";
import {
  busOf,
  type Consumed,
  type Course,
  giveUpByHarness,
  type OpenDelivery,
  type Running,
  type ServiceCourse,
  type Timer,
} from "./course.ts";

/** Emits the client events of replica 0 since the last look. A disconnect proves the faults that were to end the connection. */
export function sayEvents(course: Course, upTo: number = busOf(course).mark()): void {
  const bus = busOf(course);
  const { said, harm, emit } = course;
  const seen = Math.min(upTo, bus.mark());
  for (const event of bus.eventsSince(said.events).slice(0, Math.max(0, seen - said.events))) {
    if (event.event !== "connection") {
      readFirst(course);
      continue;
    }
    if (!isHeard(course, event.change)) continue;
    emit({ kind: "connection", change: event.change });
    if (event.change !== "disconnected") continue;
    for (const { step, fault } of harm.unproven.splice(0)) proven(course, step, fault, "the client's disconnect event");
  }
  said.events = Math.max(said.events, seen);
}

/** The fault has taken effect. */
export function proven({ emit }: Course, step: StepId, fault: Fault["kind"], proof: string): void {
  emit({ kind: "fault", step, fault, phase: "took-effect", proof });
}

/** True where a change of the connection is the client's own, and not part of the end of its process. */
function isHeard(course: Course, change: ConnectionChange): boolean {
  if (course.service === undefined) return true;
  const running = course.running.get(0);
  if (running === undefined || running.leaving) return false;
  // A client's reports at the end of its process count only if they are the cause of that end.
  if (running.ending !== undefined) return change === "closed" && running.ending.because === "client-closed";
  return change !== "disconnected" || busOf(course).eventsSince(0).some(isConnected);
}

const isConnected = (event: BusEvent): boolean => event.event === "connection" && event.change === "connected";

function readFirst(course: Course): void {
  const running = course.running.get(0);
  if (running !== undefined) read(course, running);
}

/** Reads the events of a process under a policy since the last look, except those of its connection. */
export function read(course: Course, running: Running): void {
  const { service } = course;
  if (service === undefined) return;
  const events = running.process.client.eventsSince(running.eventsRead);
  running.eventsRead += events.length;
  for (const event of events) {
    if (event.event === "path") running.path = event.path;
    if (event.event === "ending") running.ending = event;
    if (event.event === "handled" && !service.isDeaf) sayHandled(course, service, running, event);
  }
  running.lookedAtMs = course.rig.clock.nowMs();
}

/** Looks whether a process has reported that the message was given again. It is still to be read. */
export function isGivenAgain({ running, rig: { clock } }: Course, subject: string, message: number): boolean {
  for (const one of running.values()) {
    const events = one.process.client.eventsSince(one.eventsRead);
    if (events.some(event => event.event === "handled" && event.subject === subject && event.message === message))
      return true;
    one.lookedAtMs = clock.nowMs();
  }
  return false;
}

/** The time that a report of the bus may take. */
const reportMs = 300;

/** The earliest moment at which a handler can have got what was given to it again. */
function beganAgainMs(course: Course, { lookedAtMs }: Running, before: OpenDelivery): number {
  const { consume } = (course.service as ServiceCourse).policy;
  const dueMs = before.beganMs + waitMsOf(effective(consume), before.delivery);
  const { soonerMs = 0 } = before;
  return soonerMs === 0 ? dueMs : Math.min(dueMs, Math.max(dueMs - soonerMs, lookedAtMs - reportMs));
}

function sayHandled(
  course: Course,
  service: ServiceCourse,
  running: Running,
  { subject, message, delivery, outcome }: Extract<BusEvent, { event: "handled" }>,
): void {
  const { replica } = running;
  const consumed = consumedOf(service, subject);
  const before = deliveryBefore(consumed, message, delivery, replica);
  const at = { kind: "handled", replica, subject, delivery, outcome, first: message, count: 1 } as const;
  if (before?.work?.replica === replica && before.delivery === delivery) {
    const tookMs = endWork(course, service, subject, before);
    course.emit({ ...at, tookMs });
    return;
  }
  consumed.handled++;
  if (before !== undefined) {
    if (before.timer.atMs > course.nowMs) {
      if (before.soonerMs !== undefined) giveUpByHarness(settleId, endsSooner);
      ranAhead(settleId, before.timer);
    }
    course.timers = course.timers.filter(timer => timer !== before.timer);
    consumed.open.delete(before);
  }
  const beganMs = before === undefined ? course.stepBeganMs : beganAgainMs(course, running, before);
  const firstGivenMs = delivery === 1 ? course.nowMs : before?.firstGivenMs;
  // The server counts from the end of the wait before, however late the report is read.
  const givenMs = Math.min(course.rig.clock.nowMs(), before?.timer.realMs ?? Number.POSITIVE_INFINITY);
  if (isOpen(service, outcome)) openDelivery(course, service, at, { beganMs, firstGivenMs }, givenMs);
  if (acknowledgesAll(effective(service.policy.consume)) && !leavesOpen.has(outcome))
    giveUpBefore(course, consumed, message);
  course.emit(at);
}

/** The delivery that this one follows, or whose work it ends. Another copy of the message has had other deliveries. */
function deliveryBefore(
  { open }: Consumed,
  message: number,
  delivery: number,
  replica: number,
): OpenDelivery | undefined {
  const copies = [...open].filter(one => one.message === message);
  return (
    copies.find(one => one.delivery === delivery && one.work?.replica === replica) ??
    copies.filter(one => one.delivery < delivery).sort((one, other) => other.delivery - one.delivery)[0]
  );
}

/** The reason of F-304 and F-308 of docs/facts.md. */
const endsSooner =
  "an ack wait to end, and a server that has restarted counts it from the whole second in which it stored the message";

/** Outcomes without an acknowledgement, or before it. */
const leavesOpen: ReadonlySet<HandledOutcome> = new Set(["failed", "hung", "nak-sent", "ack-lost", "begun"]);

/** Messages before one that is acknowledged are not given again under ack policy `all`. Where it matters they were published in order. */
export function giveUpBefore(course: Course, { open }: Consumed, message: number): void {
  for (const before of open) {
    if (before.message >= message || before.work !== undefined) continue;
    open.delete(before);
    course.timers = course.timers.filter(one => one !== before.timer);
  }
}

/** True where the message is still to come. Without acknowledgements nothing does, and only work that goes on is waited for. */
const isOpen = ({ policy }: ServiceCourse, outcome: HandledOutcome): boolean =>
  acknowledgesNothing(effective(policy.consume))
    ? outcome === "begun" || outcome === "acked-early"
    : comesAgain.has(outcome);

/** Outcomes after which the message is still to be given again, or is worked on. */
const comesAgain: ReadonlySet<HandledOutcome> = new Set([
  "failed",
  "hung",
  "nak-sent",
  "ack-lost",
  "begun",
  "acked-early",
]);

type HandledEvent = Extract<Event, { readonly kind: "handled" }>;

function openDelivery(
  course: Course,
  service: ServiceCourse,
  event: HandledEvent,
  began: Pick<OpenDelivery, "beganMs" | "firstGivenMs">,
  givenMs: number,
): void {
  const { replica, subject, delivery, outcome, first: message } = event;
  const { open: all } = consumedOf(service, subject);
  const consume = effective(service.policy.consume);
  const { handler, nakDelayMs = 0, takesMs = 0 } = handlerOf(service, replica, subject) ?? {};
  const isWorking = outcome === "begun" || outcome === "acked-early";
  // While it says that it is at work, or has acknowledged, the server gives its message to nobody.
  const isKept = outcome === "acked-early" || (isWorking && handler !== "acks") || acknowledgesNothing(consume);
  const isNak = outcome === "nak-sent";
  const waitMs = isNak ? nakWaitMsOf(consume, delivery, nakDelayMs) : waitMsOf(consume, delivery);
  const timer: Timer = { what: "ack wait", atMs: course.nowMs + waitMs, realMs: givenMs + waitMs };
  if (!isKept) course.timers.push(timer);
  const open: OpenDelivery = {
    message,
    delivery,
    ...began,
    timer: isKept ? { ...timer, atMs: Number.POSITIVE_INFINITY } : timer,
  };
  if (!isWorking) {
    all.add(open);
    return;
  }
  // The scenario's time comes to the end of the work before the handler does, or the case is given up.
  const ends: Timer = { ...timerIn(course, "handler", takesMs), earliestMs: began.beganMs + takesMs };
  course.timers.push(ends);
  all.add({ ...open, work: { replica, ends, isAcked: outcome === "acked-early" || acknowledgesNothing(consume) } });
}

/** A timer that runs out so long from now. */
const timerIn = ({ nowMs, rig: { clock } }: Course, what: Timer["what"], ms: number): Timer => ({
  what,
  atMs: nowMs + ms,
  realMs: clock.nowMs() + ms,
});

/** The handler is through. Returns its time since the earliest moment at which it can have begun. */
function endWork(course: Course, service: ServiceCourse, subject: string, before: OpenDelivery): number {
  const { open } = consumedOf(service, subject);
  const { work, ...unheard } = before;
  const { timer, beganMs } = unheard;
  const isStopping = work !== undefined && course.running.get(work.replica)?.leaving === true;
  if (work !== undefined && !isStopping && work.ends.atMs > course.nowMs) ranAhead(course.at, work.ends);
  const isLost = work?.replica === 0 && !work.isAcked && losesAcks(course);
  const isKept = work?.replica === 0 && !work.isAcked && !isLost && keepsAcks(course);
  course.timers = course.timers.filter(one => one !== work?.ends && (isLost || isKept || one !== timer));
  open.delete(before);
  if (isLost) open.add(unheard);
  // Until it is there the server counts the ack wait.
  if (isKept) service.unheard.push({ subject, open: unheard });
  return Math.round(course.rig.clock.nowMs() - beganMs);
}

/** The client is down, and keeps nothing for its next connection: an acknowledgement that its handler sends comes nowhere. */
function losesAcks({ one: { plan, profile }, at }: Course): boolean {
  if (profile.reconnectBuffer.kind !== "reset-at-dial") return false;
  return plan.steps.some(({ kind, step, before }) => kind === "step" && step.id === at && isDown(before));
}

/** The client is down and keeps them, or a link holds what it sends. */
const keepsAcks = ({ one: { plan }, at }: Course): boolean =>
  plan.steps.some(
    ({ kind, step, before }) => kind === "step" && step.id === at && (isDown(before) || before.hindrance === "hold"),
  );

/**
 * A server that restarts counts an ack wait from the moment at which it stored the message, in whole seconds. Handlers that are at work must be
 * through before that.
 */
export function hastenAckWaits(course: Course): void {
  const { service } = course;
  if (service === undefined) return;
  const sooner = new Map<Timer, Timer>();
  for (const { open } of service.consumed.values())
    for (const one of [...open]) {
      const counted = one.work === undefined ? countedFromStored(course, service, one) : one;
      const { timer, work } = counted;
      const hastened = work === undefined ? timer : { ...timer, earliestMs: timer.realMs - soonerAfterRestartMs };
      sooner.set(one.timer, hastened);
      open.delete(one);
      open.add({ ...counted, timer: hastened, soonerMs: soonerAfterRestartMs });
    }
  if (sooner.size > 0) course.timers = course.timers.map(one => sooner.get(one) ?? one);
}

/** Leaves the ack wait of a message as it is where nothing told when it was stored. */
function countedFromStored(
  { published: { stored } }: Course,
  { policy }: ServiceCourse,
  one: OpenDelivery,
): OpenDelivery {
  const { message, timer, delivery, firstGivenMs = Number.NEGATIVE_INFINITY } = one;
  const isIn = ({ first, count }: Run): boolean => message >= first && message < first + count;
  const at = stored.findLast(run => isIn(run) && run.atMs <= firstGivenMs);
  const waitMs = waitMsOf(effective(policy.consume), delivery);
  if (at === undefined || at.atMs + waitMs >= timer.atMs) return one;
  const realMs = Math.min(timer.realMs, at.realMs + waitMs);
  return { ...one, beganMs: at.realMs, timer: { ...timer, atMs: at.atMs + waitMs, realMs } };
}

/** The acknowledgements that were kept have come to the server. */
export function hearKept(course: Course): void {
  const heard = new Set(course.service?.unheard.splice(0).map(({ open }) => open.timer));
  if (heard.size > 0) course.timers = course.timers.filter(one => !heard.has(one));
}

/** The process is gone, and what its client has kept with it: these messages wait for another delivery. */
export function loseKept({ service }: Course): void {
  for (const { subject, open } of service?.unheard.splice(0) ?? [])
    consumedOf(service as ServiceCourse, subject).open.add(open);
}

export const handlerKey = (replica: number, subject: string): string => `${replica}/${subject}`;

const handlerOf = ({ handlers }: ServiceCourse, replica: number, subject: string) =>
  handlers.get(handlerKey(replica, subject));

/** The deliveries that handlers of the replica are at work on. */
export const workOf = (
  { service }: Course,
  replica: number,
): readonly (OpenDelivery & { readonly takesMs: number })[] =>
  [...(service?.consumed ?? [])].flatMap(([subject, { open }]) =>
    [...open]
      .filter(({ work }) => work?.replica === replica)
      .map(one => ({ ...one, takesMs: (service && handlerOf(service, replica, subject)?.takesMs) ?? 0 })),
  );

/** The process is gone, with its handlers at work. Their messages wait for another delivery, except those acknowledged already. */
export function dropWork(course: Course, replica: number): void {
  const consume = course.service?.policy.consume;
  for (const { open } of course.service?.consumed.values() ?? [])
    for (const one of [...open]) {
      const { work, ...rest } = one;
      if (work?.replica !== replica) continue;
      course.timers = course.timers.filter(timer => timer !== work.ends);
      open.delete(one);
      if (work.isAcked) continue;
      const isKept = rest.timer.atMs === Number.POSITIVE_INFINITY;
      const waitMs = consume === undefined ? 0 : waitMsOf(effective(consume), rest.delivery);
      const timer = isKept ? timerIn(course, "ack wait", waitMs) : rest.timer;
      if (isKept) course.timers.push(timer);
      open.add({ ...rest, timer });
    }
}

export function consumedOf({ consumed }: ServiceCourse, subject: string): Consumed {
  const one = consumed.get(subject) ?? { handled: 0, open: new Set() };
  consumed.set(subject, one);
  return one;
}

/**
 * The events of the bus's processes, read in their order and emitted: changes of the connection, deliveries, the end of a process. Called
 * after every call and every wait. The reports of a process about its connection as it ends are ignored.
 */

import { settleId } from "../../../models/plan/plan.ts";
import type { ConnectionChange } from "../../../models/vocabulary/event.ts";
import type { Fault, StepId } from "../../../models/vocabulary/scenario.ts";
import type { BusEvent } from "../../bus-protocol/protocol.ts";
import { ranAhead } from "./clocks.ts";
import {
  busOf,
  type Consumed,
  type Course,
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
    if (event.event === "handled" && !service.isDeaf) sayHandled(course, service, running.replica, event);
  }
}

function sayHandled(
  course: Course,
  service: ServiceCourse,
  replica: number,
  { subject, message, delivery, outcome }: Extract<BusEvent, { event: "handled" }>,
): void {
  const consumed = consumedOf(service, subject);
  const before = consumed.open.get(message);
  const at = { kind: "handled", replica, subject, delivery, outcome, first: message, count: 1 } as const;
  if (before?.work?.replica === replica && before.delivery === delivery) {
    const tookMs = endWork(course, consumed, message, before);
    course.emit({ ...at, tookMs });
    return;
  }
  consumed.handled++;
  if (before !== undefined) {
    if (before.timer.atMs > course.nowMs) ranAhead(settleId, before.timer);
    course.timers = course.timers.filter(timer => timer !== before.timer);
  }
  consumed.open.delete(message);
  if (outcome === "failed" || outcome === "hung" || outcome === "begun") {
    const { ackWaitMs } = service.policy.consume;
    const now = course.rig.clock.nowMs();
    const timer: Timer = { what: "ack wait", atMs: course.nowMs + ackWaitMs, realMs: now + ackWaitMs };
    course.timers.push(timer);
    const beganMs = before === undefined ? course.stepBeganMs : before.beganMs + ackWaitMs;
    const open: OpenDelivery = { delivery, beganMs, timer };
    consumed.open.set(message, open);
    if (outcome === "begun") beginWork(course, consumed, message, { open, replica, subject });
  }
  course.emit(at);
}

/** A handler that takes time has a message: the scenario's time comes to its end before the handler does, or the case is given up. */
function beginWork(
  course: Course,
  { open: all }: Consumed,
  message: number,
  { open, replica, subject }: { readonly open: OpenDelivery; readonly replica: number; readonly subject: string },
): void {
  const takesMs = course.service?.takesMs.get(slowKey(replica, subject)) ?? 0;
  const ends: Timer = {
    what: "handler",
    atMs: course.nowMs + takesMs,
    realMs: course.rig.clock.nowMs() + takesMs,
    earliestMs: open.beganMs + takesMs,
  };
  course.timers.push(ends);
  all.set(message, { ...open, work: { replica, ends } });
}

/** The handler is through. Returns its time since the earliest moment at which it can have begun. */
function endWork(course: Course, { open }: Consumed, message: number, before: OpenDelivery): number {
  const { work, timer, beganMs } = before;
  const isStopping = work !== undefined && course.running.get(work.replica)?.leaving === true;
  if (work !== undefined && !isStopping && work.ends.atMs > course.nowMs) ranAhead(course.at, work.ends);
  course.timers = course.timers.filter(one => one !== work?.ends && one !== timer);
  open.delete(message);
  return Math.round(course.rig.clock.nowMs() - beganMs);
}

export const slowKey = (replica: number, subject: string): string => `${replica}/${subject}`;

/** The deliveries that handlers of the replica are at work on. */
export const workOf = (
  { service }: Course,
  replica: number,
): readonly (OpenDelivery & { readonly takesMs: number })[] =>
  [...(service?.consumed ?? [])].flatMap(([subject, { open }]) =>
    [...open.values()]
      .filter(({ work }) => work?.replica === replica)
      .map(one => ({ ...one, takesMs: service?.takesMs.get(slowKey(replica, subject)) ?? 0 })),
  );

/** The process is gone, with its handlers at work. Their messages wait for another delivery. */
export function dropWork(course: Course, replica: number): void {
  for (const { open } of course.service?.consumed.values() ?? [])
    for (const [message, { work, ...rest }] of open) {
      if (work?.replica !== replica) continue;
      course.timers = course.timers.filter(one => one !== work.ends);
      open.set(message, rest);
    }
}

export function consumedOf({ consumed }: ServiceCourse, subject: string): Consumed {
  const one = consumed.get(subject) ?? { handled: 0, open: new Map() };
  consumed.set(subject, one);
  return one;
}

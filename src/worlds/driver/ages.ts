/**
 * The ages of the messages in streams that have one. The server measures them from the moment at which it stores a message. Where the
 * scenario's time passes an age the driver waits until the server has surely found the message too old; where real time would pass one
 * first, the case is given up (clocks.ts).
 */
import { ageMsOf, ageSlackMs } from "../../../models/policy/limits.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { PublishStep, StepId } from "../../../models/vocabulary/scenario.ts";
import type { PublishReply } from "../../bus-protocol/protocol.ts";
import { ranAhead } from "./clocks.ts";
import type { Course, ServiceCourse, Timer } from "./course.ts";

/** Messages of the step may have been stored, one after another where they waited: `waitedMs` in all. */
export function rememberAge(
  course: Course,
  { policy }: ServiceCourse,
  step: PublishStep,
  { outcomes }: PublishReply,
  waitedMs: number,
): void {
  const { nowMs, spentMs, published, rig } = course;
  const ageMs = ageAt(policy, step.subject ?? course.one.scenario.options.subject);
  if (ageMs === undefined || outcomes.every(one => one.outcome.is === "rejected")) return;
  const sentAtMs = published.sentAtMs.get(step.id) ?? 0;
  for (let afterMs = 0; afterMs <= waitedMs; afterMs += policy.publish.ackTimeoutMs)
    course.timers.push({
      what: "age",
      atMs: nowMs + spentMs + afterMs + ageMs,
      realMs: rig.clock.nowMs() - waitedMs + afterMs + ageMs + ageSlackMs,
      earliestMs: sentAtMs + afterMs + ageMs,
    });
}

/** A link, a client or a server lets go of what it had kept, and it is stored only now. */
export function renewAges(course: Course): void {
  const { service, nowMs, spentMs, stepBeganMs, rig } = course;
  if (service === undefined) return;
  const { policy, told } = service;
  for (const ageMs of new Set(told.filter(isOpen).map(({ subject = "" }) => ageAt(policy, subject))))
    if (ageMs !== undefined)
      course.timers.push({
        what: "age",
        atMs: nowMs + spentMs + ageMs,
        realMs: rig.clock.nowMs() + ageMs + ageSlackMs,
        earliestMs: stepBeganMs + ageMs,
      });
}

type PublishedEvent = Extract<Event, { readonly kind: "published" }>;

const isOpen = (event: Event): event is PublishedEvent =>
  event.kind === "published" && event.outcome.is !== "acked" && event.outcome.is !== "rejected";

const ageAt = (policy: ServiceCourse["policy"], subject: string): number | undefined => {
  const stream = streamOf(policy, subject);
  return stream && ageMsOf(stream);
};

/** Gives the case up where a message became too old before the streams were read. */
export function checkAges(course: Course, step: StepId): void {
  const now = course.rig.clock.nowMs();
  const isEarly = ({ what, earliestMs = now + 1 }: Timer): boolean => what === "age" && earliestMs <= now;
  const early = course.timers.find(isEarly);
  if (early !== undefined) ranAhead(step, early);
}

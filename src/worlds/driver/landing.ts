/**
 * A publish as core NATS returns before the client has written it. Where a stream has it for a handler, the scenario's time must not go on before
 * the server has it: the handler would be given it later than the model says. While the server runs without JetStream every such publish is
 * waited for, since the heal starts the server anew, and what a healthy link still carries would be lost.
 */
import { messagesOf } from "../../../models/observation.ts";
import { isCalm, type PlannedCase, type View } from "../../../models/plan/plan.ts";
import { covers } from "../../../models/policy/pattern.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import type { Event, Run } from "../../../models/vocabulary/event.ts";
import type { Course, ServiceCourse } from "./course.ts";
import type { Arrived } from "./rig.ts";
import { observedSubjects } from "./subjects.ts";

/** The publishes that are on their way. */
export interface Landing {
  /** The events that were looked at. */
  told: number;
  /** The messages that the client has accepted since everything was last calm. */
  onTheirWay: Run[];
  /** The messages that the observer had seen by then. */
  seen: readonly Run[];
}

/** A message that a calm client has not written by then is lost, or late, and is seen at the end. */
const landingBoundMs = 1_000;
const pollEveryMs = 2;

/** Waits, once a step has left link and server calm, until the observer has seen what is on its way. */
export async function awaitLanded(course: Course, service: ServiceCourse, before: View, after: View): Promise<void> {
  const { observer, rig, landing, one } = course;
  const told = service.told.slice(landing.told).filter(event => isWaitedFor(service, event, before));
  landing.told = service.told.length;
  // What is published into another fault waits in the client, or may be lost.
  if (isThere(before) && (before.hindrance === "none" || before.hindrance === "hold"))
    landing.onTheirWay.push(...observedOf(one, service, told));
  if (!isThere(after)) landing.onTheirWay = [];
  if (landing.onTheirWay.length === 0 || !isCalm({ ...after, jetStream: true })) return;
  for (const until = rig.clock.nowMs() + landingBoundMs; ; ) {
    // One that has gaps is told at the end.
    await observer.flush().catch(() => {});
    if (haveLanded(landing, observer.arrived()) || rig.clock.nowMs() > until) break;
    await rig.clock.wait(pollEveryMs);
  }
  landing.onTheirWay = [];
  landing.seen = [...observer.arrived().runs];
}

const isThere = ({ client, link }: View): boolean => client === "connected" && link === "up";

type PublishedEvent = Extract<Event, { readonly kind: "published" }>;

function isWaitedFor({ policy, members }: ServiceCourse, event: Event, { jetStream }: View): event is PublishedEvent {
  if (event.kind !== "published" || event.outcome.is !== "accepted" || event.durable === true) return false;
  if (!jetStream) return true;
  const { subject = "" } = event;
  return streamOf(policy, subject) !== undefined && [...members.keys()].some(one => covers(one, subject));
}

function observedOf(one: PlannedCase, { policy }: ServiceCourse, told: readonly PublishedEvent[]): readonly Run[] {
  if (told.length === 0) return told;
  const observed = observedSubjects(one, policy);
  return told.filter(({ subject = "" }) => observed.includes(subject));
}

/** A message that was published again has arrived before, so arrivals are counted. */
function haveLanded({ onTheirWay, seen }: Landing, { runs }: Arrived): boolean {
  const messages = new Set(onTheirWay.flatMap(messagesOf));
  const arrivals = (all: readonly Run[]): number =>
    all.reduce((sum, run) => sum + messagesOf(run).filter(message => messages.has(message)).length, 0);
  const expected = onTheirWay.reduce((sum, { count }) => sum + count, 0);
  return arrivals(runs) - arrivals(seen) >= expected;
}

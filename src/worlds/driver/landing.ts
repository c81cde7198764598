/**
 * A publish as core NATS returns before the client has written it. Where a stream has it for a handler, the scenario's time must not go on before
 * the server has it: the handler would be given it later than the model says.
 */
import { isCalm, type View } from "../../../models/plan/plan.ts";
import { covers } from "../../../models/policy/pattern.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Course, ServiceCourse } from "./course.ts";
import { observedSubjects } from "./subjects.ts";

/** What a calm client has not written by then is lost, or late, and is seen at the end. */
const landingBoundMs = 1_000;
const pollEveryMs = 2;

/** Waits until the observer has seen what was published as core NATS for a handler; `from`: the number of events told before. */
export async function awaitLanded(course: Course, service: ServiceCourse, view: View, from: number): Promise<void> {
  if (!isCalm(view) || view.client !== "connected" || service.members.size === 0) return;
  const { observer, rig } = course;
  const observed = observedSubjects(course.one, service.policy);
  const handed = service.told.slice(from).filter(event => isForHandler(service, observed, event));
  if (handed.length === 0) return;
  for (const until = rig.clock.nowMs() + landingBoundMs; ; ) {
    // One that has gaps is told at the end.
    await observer.flush().catch(() => {});
    const { runs } = observer.arrived();
    const isSeen = (message: number): boolean =>
      runs.some(({ first, count }) => message >= first && message < first + count);
    const isLanded = ({ first, count }: Handed): boolean =>
      Array.from({ length: count }, (_, i) => first + i).every(isSeen);
    if (handed.every(isLanded) || rig.clock.nowMs() > until) return;
    await rig.clock.wait(pollEveryMs);
  }
}

type Handed = Extract<Event, { readonly kind: "published" }>;

function isForHandler({ policy, members }: ServiceCourse, observed: readonly string[], event: Event): event is Handed {
  if (event.kind !== "published" || event.outcome.is !== "accepted") return false;
  const { subject = "" } = event;
  if (!observed.includes(subject) || streamOf(policy, subject) === undefined) return false;
  return [...members.keys()].some(one => covers(one, subject));
}

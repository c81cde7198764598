/**
 * Consumers that the server deletes once nobody has used them for long enough. The plan says which are used, and which are gone by then. Where
 * the scenario's time passes that moment the driver waits until the server has deleted them. Where real time may have come to it first, a
 * consumer that is used again may be another one, and the case is given up.
 */

import { messagesOf } from "../../../models/observation.ts";
import type { View } from "../../../models/plan/plan.ts";
import { covers } from "../../../models/policy/pattern.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import { deletedAfterMs, goneAfterMs } from "../../../models/policy/two-sides.ts";
import type { Run } from "../../../models/vocabulary/event.ts";
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { StepId } from "../../../models/vocabulary/scenario.ts";
import { letGoIn } from "./acknowledged.ts";
import { untilReal } from "./clocks.ts";
import { type Course, giveUpByHarness, type ServiceCourse } from "./course.ts";
import { consumedOf } from "./hearing.ts";

/** The use of one consumer by the rig's clock. */
export interface RealUse {
  /** The number of uses that the plan has counted, and the earliest moment at which the last one can have been. */
  readonly times: number;
  readonly lastMs: number;
  /** The moment from which it is gone; undefined while it is used. */
  readonly goneMs: number | undefined;
}

const goneSlackMs = 300;

/** Compares the uses after a step, or a wait, with those before it. */
export async function followUses(course: Course, before: View, after: View, step: StepId): Promise<void> {
  const { service, rig, stepBeganMs } = course;
  if (service === undefined || (before.uses.length === 0 && after.uses.length === 0)) return;
  const { policy, uses } = service;
  for (const use of after.uses) {
    const { subject, times, unusedMs, isGone } = use;
    const wasGone = before.uses.some(one => one.subject === subject && one.isGone);
    const known = uses.get(subject) ?? { times: 0, lastMs: service.beganAtMs, goneMs: undefined };
    if (isGone) {
      if (!wasGone) await awaitDeleted(course, service, subject, { goneMs: known.goneMs ?? rig.clock.nowMs(), step });
      continue;
    }
    const isAgain = unusedMs === undefined && known.goneMs !== undefined && !wasGone;
    if (isAgain) checkStands(course, service, known, step);
    const lastMs = times === known.times ? known.lastMs : stepBeganMs;
    const goneMs =
      unusedMs === undefined
        ? undefined
        : (known.goneMs ?? rig.clock.nowMs() + goneAfterMs(policy.consume) + goneSlackMs);
    uses.set(subject, { times, lastMs, goneMs });
  }
}

/** Gives the case up where the server may have deleted the consumer by its own clock. */
function checkStands({ rig: { clock } }: Course, { policy }: ServiceCourse, { lastMs }: RealUse, step: StepId): void {
  if (clock.nowMs() >= lastMs + deletedAfterMs(policy.consume))
    giveUpByHarness(step, "the scenario to keep pace with a real inactive threshold, which a busy machine cannot do");
}

/** The same where the streams have just been read: an unused consumer keeps messages in some of them, for as long as it is there. */
export function checkUnused(course: Course, step: StepId): void {
  const { service } = course;
  if (service === undefined) return;
  for (const [subject, use] of service.uses) {
    const isKept = streamOf(service.policy, subject)?.retention === "interest";
    if (isKept && use.goneMs !== undefined) checkStands(course, service, use, step);
  }
}

interface Awaited {
  readonly goneMs: number;
  readonly step: StepId;
}

async function awaitDeleted(
  course: Course,
  service: ServiceCourse,
  subject: string,
  { goneMs, step }: Awaited,
): Promise<void> {
  const { rig, emit } = course;
  await untilReal(course, goneMs);
  if ((await rig.streams.consumer(subject)) !== undefined)
    giveUpByHarness(step, `the consumer of ${subject} to be deleted by the server, since nobody used it`);
  const stream = streamOf(service.policy, subject);
  if (stream === undefined) return;
  service.uses.delete(subject);
  const timers = new Set([...consumedOf(service, subject).open].map(one => one.timer));
  course.timers = course.timers.filter(one => !timers.has(one));
  service.consumed.delete(subject);
  emit({ kind: "consumer-deleted", stream: stream.name, subject });
  if (stream.retention !== "interest") return;
  const { runs } = await rig.streams.held(stream.name);
  for (const run of dropped(service, stream, subject, runs))
    emit({ kind: "discarded", stream: stream.name, because: "no-consumer", ...run });
}

/** The messages that its stream had acknowledged and kept, that no handler has acknowledged, and that are not held any more: each alone. */
function dropped(
  { policy, told }: ServiceCourse,
  stream: StreamPolicy,
  subject: string,
  held: readonly Run[],
): readonly Run[] {
  const { done, unkept } = letGoIn(policy, stream, told, held);
  const gone = new Set<number>();
  for (const event of told) {
    if (event.kind !== "published" || !covers(subject, event.subject ?? "")) continue;
    if (event.outcome.is !== "acked" || event.outcome.duplicate === true) continue;
    for (const message of messagesOf(event)) if (!done.has(message)) gone.add(message);
  }
  for (const message of [...unkept, ...held.flatMap(messagesOf)]) gone.delete(message);
  return [...gone].map(first => ({ first, count: 1 }));
}

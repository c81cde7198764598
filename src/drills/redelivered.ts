/**
 * The messages that were delivered more than once, and when each delivery came. The model counts in the policy's own time, a live run by the
 * clock of the harness in shortened times, so each message has a row for either.
 */
import { familyOf } from "../../models/policy/classifier.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { liveWorld, modelWorld, type WorldName } from "../worlds/names.ts";
import type { DrillCase } from "./drill.ts";

export interface RedeliveredRow {
  /** The id of the case. */
  readonly case: string;
  readonly about: string;
  readonly judged: boolean;
  /** The family's pattern; null where no family covers the subject. */
  readonly subjects: string | null;
  readonly subject: string;
  readonly message: number;
  readonly world: WorldName;
  /** Milliseconds from the publish to each delivery, in order. */
  readonly afterMs: readonly number[];
}

interface RunsOfCase {
  readonly own: DrillCase;
  readonly ownModel: readonly Event[];
  readonly live: readonly Event[] | undefined;
  readonly atMs: readonly number[] | undefined;
}

/** The rows of all cases: each message in the model, and beside it live where it was delivered more than once there. */
export const redeliveredRows = (policy: Policy, ran: readonly RunsOfCase[]): readonly RedeliveredRow[] =>
  ran.flatMap(({ own, ownModel, live, atMs }) => [
    ...rowsOf(policy, own, modelWorld.name, deliveredIn(ownModel, scenarioTimes(ownModel))),
    ...(live === undefined || atMs === undefined ? [] : rowsOf(policy, own, liveWorld.name, deliveredIn(live, atMs))),
  ]);

function rowsOf(
  policy: Policy,
  { scenario, about, judged }: DrillCase,
  world: WorldName,
  delivered: ReadonlyMap<number, Delivered>,
): readonly RedeliveredRow[] {
  return [...delivered]
    .filter(([, { afterMs }]) => afterMs.length > 1)
    .toSorted(([one], [other]) => one - other)
    .map(([message, { subject, afterMs }]) => {
      const subjects = familyOf(policy, subject)?.subjects ?? null;
      return { case: scenario.id, about, judged, subjects, subject, message, world, afterMs };
    });
}

/** The scenario's own time at each event. */
function scenarioTimes(events: readonly Event[]): readonly number[] {
  let nowMs = 0;
  return events.map(event => {
    if (event.kind === "advanced") nowMs = Math.max(nowMs, event.atMs);
    return nowMs;
  });
}

interface Delivered {
  readonly subject: string;
  readonly afterMs: number[];
  /** The delivery whose handler is still at work. */
  atWork: string | undefined;
}

/** Every message that a handler was given, in the order of its first delivery. */
function deliveredIn(events: readonly Event[], atMs: readonly number[]): ReadonlyMap<number, Delivered> {
  const publishedAtMs = new Map<number, number>();
  const delivered = new Map<number, Delivered>();
  for (const [i, event] of events.entries()) {
    const nowMs = atMs[i] ?? 0;
    if (event.kind !== "published" && event.kind !== "handled") continue;
    for (let message = event.first; message < event.first + event.count; message++) {
      if (event.kind === "published") {
        if (!publishedAtMs.has(message)) publishedAtMs.set(message, nowMs);
        continue;
      }
      const { subject, replica, delivery, outcome } = event;
      const one = delivered.get(message) ?? { subject, afterMs: [], atWork: undefined };
      delivered.set(message, one);
      const name = `${replica}/${delivery}`;
      // A handler that takes time is told of twice.
      if (one.atWork !== name) one.afterMs.push(Math.max(0, Math.round(nowMs - (publishedAtMs.get(message) ?? nowMs))));
      one.atWork = outcome === "begun" || outcome === "acked-early" ? name : undefined;
    }
  }
  return delivered;
}

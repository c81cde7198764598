/**
 * The gaps of best-effort families that declare how long one may be. The model counts in the policy's own time, with the waits of the client
 * between none and all; a live run has what its clock measured. Each has a row of its own.
 */
import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { familiesWithGap } from "../../models/policy/gaps.ts";
import { type FamilySubject, familySubjects } from "../../models/policy/subjects.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { boundsOf, familyGaps } from "../../properties/service/gaps.ts";
import { startService } from "../../properties/service/record.ts";
import { trackService } from "../../properties/service/track.ts";
import { liveWorld, modelWorld, type WorldName } from "../worlds/names.ts";
import { advance, cut, type Draft, type DrillCase, heal, publish, signal, start } from "./drill.ts";

export interface GapRow {
  /** The id of the case. */
  readonly case: string;
  readonly about: string;
  readonly judged: boolean;
  /** The family's pattern. */
  readonly subjects: string;
  readonly world: WorldName;
  readonly declaredMs: number;
  /** The part of it in which link or server were down, by the scenario's time. */
  readonly outageMs: number;
  /** Null: it could not be measured. */
  readonly leastMs: number | null;
  readonly mostMs: number | null;
}

interface RunsOfCase {
  readonly own: DrillCase;
  readonly scaled: DrillCase;
  readonly ownModel: readonly Event[];
  readonly live: readonly Event[] | undefined;
}

/** The rows of all cases: in the model, and live beside it. */
export const gapRows = (profile: Profile | undefined, ran: readonly RunsOfCase[]): readonly GapRow[] =>
  profile === undefined
    ? []
    : ran.flatMap(({ own, scaled, ownModel, live }) => [
        ...rowsOf(own, own.scenario, profile, modelWorld.name, ownModel),
        ...(live === undefined ? [] : rowsOf(own, scaled.scenario, profile, liveWorld.name, live)),
      ]);

function rowsOf(
  { about, judged }: DrillCase,
  { id, policy, options }: Scenario,
  profile: Profile,
  world: WorldName,
  events: readonly Event[],
): readonly GapRow[] {
  if (policy === undefined || familiesWithGap(policy).length === 0) return [];
  const service = startService({ options, profile, policy });
  for (const event of events) trackService(service, event);
  return familyGaps(service, policy).map(({ subjects, gapMs, gap }) => {
    const { leastMs, mostMs } = boundsOf(gap, options) ?? { leastMs: null, mostMs: null };
    const { outageMs } = gap;
    return { case: id, about, judged, subjects, world, declaredMs: gapMs, outageMs, leastMs, mostMs };
  });
}

// ---- Cases ----

/** One of the subjects of each such family that go out as core NATS. */
export const subjectsWithGap = (policy: Policy): readonly (FamilySubject & { readonly gapMs: number })[] =>
  familySubjects(policy).flatMap(one => {
    const { gapMs } = one.family;
    return gapMs === undefined || isClassifiedDurable(policy, one.subject) ? [] : [{ ...one, gapMs }];
  });

const awayFor = (ms: number): readonly Draft[] => [
  { kind: "fault", fault: { kind: "stop-server", signal: "TERM", awaits: "noticed" } },
  ...(ms > 0 ? [advance(ms)] : []),
];

/** The link is cut for a moment, and the server is away for half of what is declared. */
export const outageSteps = (subject: string, gapMs: number): readonly (readonly Draft[])[] => [
  [start(), publish(subject, 1), cut, publish(subject, 1), heal, publish(subject, 1)],
  [start(), publish(subject, 1), ...awayFor(gapMs / 2), publish(subject, 1), heal, publish(subject, 1)],
];

/** The process is rolled: told to stop, and started again. `atWork`: the steps that give its handlers something to do. */
export const rolledSteps = (subject: string, atWork: readonly Draft[]): readonly Draft[] => [
  start(),
  ...atWork,
  publish(subject, 1),
  signal("TERM"),
  start(),
  publish(subject, 1),
];

/** The process is killed and started again while the server is away for half of what is declared. */
export const startedInOutageSteps = (subject: string, gapMs: number, afterMs: number): readonly Draft[] => [
  start(),
  publish(subject, 1),
  ...awayFor(0),
  signal("KILL"),
  start(),
  advance(gapMs / 2),
  heal,
  advance(afterMs),
  publish(subject, 1),
];

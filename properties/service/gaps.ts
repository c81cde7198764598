/** Gaps of best-effort families: the ones that a run has seen the end of, and their promise. */
import { longestWaitMs } from "../../models/policy/attempts.ts";
import { familyOf } from "../../models/policy/classifier.ts";
import {
  familiesWithGap,
  type Gap,
  type GapTrack,
  gapAgainst,
  newGapTrack,
  trackGaps,
} from "../../models/policy/gaps.ts";
import type { Event, TookMs } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Options } from "../../models/vocabulary/scenario.ts";
import { type Ending, ending } from "../property.ts";
import type { ServiceRecord } from "./record.ts";

/** A gap that is over. `measured`: by the harness's clock, null where it could not measure; absent in a model. */
export interface SeenGap extends Gap {
  readonly measured?: TookMs | null;
}

export interface GapRecord {
  readonly track: GapTrack;
  readonly ended: SeenGap[];
}

/** Undefined where no family declares how long a gap may be: nothing is kept then. */
export const newGapRecord = (policy: Policy | undefined): GapRecord | undefined =>
  policy === undefined || familiesWithGap(policy).length === 0 ? undefined : { track: newGapTrack(), ended: [] };

export function recordGap({ track, ended }: GapRecord, event: Event): void {
  const last = ended.at(-1);
  if (event.kind === "gap" && last !== undefined) ended[ended.length - 1] = { ...last, measured: event.took ?? null };
  const gap = trackGaps(track, event);
  if (gap !== undefined) ended.push(gap);
}

/** The shortest and the longest that it can have been: as measured, or by the scenario's own time with the waits of the client. Null: unknown. */
export function boundsOf({ measured, tookMs, stopMs, dials }: SeenGap, options: Options): TookMs | null {
  if (measured !== undefined) return measured;
  const leastMs = tookMs + stopMs;
  return { leastMs, mostMs: leastMs + (dials ? longestWaitMs(options) : 0) };
}

/** A gap of a family whose subscribers have seen its end. */
export interface FamilyGap {
  readonly subjects: string;
  readonly gapMs: number;
  readonly gap: SeenGap;
}

/** Gaps whose outage is longer by itself than the family declares are left out, since they are not the service's doing. */
export function familyGaps({ gaps, messages }: ServiceRecord, policy: Policy): readonly FamilyGap[] {
  if (gaps === undefined) return [];
  return familiesWithGap(policy).flatMap(({ subjects, gapMs }) =>
    gaps.ended
      .filter(gap => gap.outageMs <= gapMs)
      .filter(gap =>
        messages.some(
          ({ first, count, value }) =>
            value.delivered && first + count > gap.from && isOf(policy, value.subject, subjects),
        ),
      )
      .map(gap => ({ subjects, gapMs, gap })),
  );
}

/** Every such gap is held against what its family declares. */
export function gapsEnding(service: ServiceRecord, policy: Policy): Ending {
  let exercised = 0;
  let broken: string | undefined;
  for (const { subjects, gapMs, gap } of familyGaps(service, policy)) {
    const finding = findingOn(gap, gapMs, service.declared.options);
    if (finding === "unclear") continue;
    exercised++;
    if (finding !== "kept")
      broken ??= `a subscriber of ${subjects} hears nothing for ${finding} ms; at most ${gapMs} ms are declared`;
  }
  return ending(exercised, broken);
}

const isOf = (policy: Policy, subject: string | undefined, pattern: string): boolean =>
  subject !== undefined && familyOf(policy, subject)?.subjects === pattern;

/** `kept`, `unclear`, or the words for how long it is. */
function findingOn(gap: SeenGap, gapMs: number, options: Options): string {
  const took = boundsOf(gap, options);
  if (took === null) return "unclear";
  if (gap.measured !== undefined) {
    const against = gapAgainst(took, gapMs);
    return against === "broken" ? spanText(took) : against;
  }
  if (took.mostMs <= gapMs) return "kept";
  return took.leastMs === took.mostMs ? `${took.mostMs}` : `up to ${took.mostMs}`;
}

const spanText = ({ leastMs, mostMs }: TookMs): string =>
  leastMs === mostMs ? `${mostMs}` : `${leastMs} to ${mostMs}`;

/** The gaps that were measured, as a sentence. */
export function gapsTook({ gaps, declared }: ServiceRecord): string {
  const all = (gaps?.ended ?? []).map(gap => {
    const took = boundsOf(gap, declared.options);
    return took === null ? "one that could not be measured" : `${spanText(took)} ms`;
  });
  return all.length === 0 ? "there was no gap" : `the gaps were ${all.join(", ")}`;
}

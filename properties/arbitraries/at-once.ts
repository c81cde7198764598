/** Publishes that several publishers of a bare client share, put into scenarios that are made already. */
import { frameBytes } from "../../models/vocabulary/frame.ts";
import type { PublishStep, Step } from "../../models/vocabulary/scenario.ts";
import type { ScenarioDraft } from "./draft.ts";

/** The share of scenarios with several publishers at once. */
export const atOnceChance = 1 / 12;
const publishersDrawnMax = 4;

/**
 * Shares some publishes among publishers. It comes last and uses separate draws: everything else about a scenario is what its seed made
 * before. Bursts that a failing write may end are left alone, since no order of calls shows whose call that would be.
 */
export function shareAtOnce({ random, profile, options, steps }: ScenarioDraft): void {
  for (const [i, step] of steps.entries()) {
    if (step.kind !== "publish" || step.count < 2 || !random.chance(0.6)) continue;
    const bytes = step.count * frameBytes(options.subject, step.bytes, profile);
    const mayFail = profile.inlineFlushBytes !== "over-limit" && bytes >= profile.inlineFlushBytes;
    if (mayFail && profile.writeErrorsReturned) continue;
    steps[i] = { ...step, publishers: random.int(2, Math.min(publishersDrawnMax, step.count)) };
  }
}

/** The publish with no more publishers than messages. */
export function withinCount(step: PublishStep): PublishStep {
  const { publishers, ...plain } = step;
  if (publishers === undefined || publishers <= step.count) return step;
  return step.count < 2 ? plain : { ...plain, publishers: step.count };
}

/** The steps, each publish with no more publishers than messages. */
export const allWithinCount = (steps: readonly Step[]): readonly Step[] =>
  steps.some(one => one.kind === "publish" && (one.publishers ?? 1) > one.count)
    ? steps.map(one => (one.kind === "publish" ? withinCount(one) : one))
    : steps;

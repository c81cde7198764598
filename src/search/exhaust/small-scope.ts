/**
 * All short schedules, before the random ones. A failure of a few steps is found at its shortest and needs no shrinking. The bounds are
 * counted, never timed, so that the same search finds the same. Only the search's own budget can end it early.
 */

import { sampled } from "../../../models/choice.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { JudgeOptions } from "../../judge/judge.ts";
import { runAnsweredCase } from "../../judge/run.ts";
import { isSmaller } from "../certify.ts";
import type { ModelFailure } from "../random/model.ts";
import { normalForm } from "../shrink/normal-form.ts";
import { alphabetOf, boundsOf, scopeOf, settingsOf, sizesOf } from "./alphabet.ts";
import { exhaust, type Violation } from "./exhaust.ts";
import { modelSteps } from "./world.ts";

/** The start counts as a step. It takes less than a second for each profile; one more step costs as much again. */
export const smallScopeBounds = { publishes: 2, faults: 1, steps: 5 } as const;

export interface Enumerated {
  readonly schedules: number;
  readonly states: number;
  /** All schedules within the bounds were tried. */
  readonly complete: boolean;
}

export interface SmallScope extends Enumerated {
  readonly failure?: ModelFailure;
}

export interface ToScope {
  readonly profile: Profile;
  readonly judging: JudgeOptions;
  readonly budgetMs: number;
  /** The behaviour of the modelled client where it differs from its declaration: a mutant. */
  readonly behaves?: Profile;
}

/** Draws nothing, since every answer is given. */
const smallScopeSeed = "1";

/** The random search holds far more cases against the oracle. */
const oracleSample = 4;

export async function searchSmallScope(asked: ToScope, isInterrupted: () => boolean): Promise<SmallScope> {
  const { profile, judging, budgetMs, behaves = profile } = asked;
  const { publishes, faults, steps } = smallScopeBounds;
  const { explored, violations } = await exhaust(
    {
      profile,
      letters: alphabetOf(profile, scopeOf(publishes)),
      settings: settingsOf(profile, sizesOf(profile, publishes)),
      bounds: boundsOf(publishes, faults),
      depthMax: steps,
      statesMax: Number.POSITIVE_INFINITY,
      budgetMs,
      judging,
      oracleSample,
      world: modelSteps(behaves),
    },
    isInterrupted,
  );
  const sum = (of: (one: (typeof explored)[number]) => number): number =>
    explored.reduce((all, one) => all + of(one), 0);
  const [first, ...others] = violations;
  const smallest = others.reduce(
    (least, one) => (least && isSmaller(one.scenario, least.scenario) ? one : least),
    first,
  );
  return {
    schedules: sum(one => one.schedules),
    states: sum(one => one.states),
    complete: explored.every(one => one.stopped === undefined),
    ...(smallest === undefined ? {} : failureOf(smallest, asked)),
  };
}

/** Runs the case again from the answers that lead there, in its normal form. */
function failureOf(
  violation: Violation,
  { profile, judging, behaves }: ToScope,
): Required<Pick<SmallScope, "failure">> {
  const { scenario, answers } = normalForm(violation);
  const one = { scenario, profile, answers, otherwise: sampled(smallScopeSeed) };
  const { events, judgement } = runAnsweredCase(one, judging, behaves);
  const { broken } = violation;
  const foundAs = { scenario: scenario.id, broken: [broken] };
  return { failure: { events, judgement, scenario, answers, broken, seed: smallScopeSeed, foundAs } };
}

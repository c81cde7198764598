/**
 * All short schedules, before the random ones: what breaks in a few steps is found at its shortest, and nothing is to be shrunk. Its
 * bounds are counted, never timed, so that the same search finds the same; only the search's own budget can end it early.
 */
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { JudgeOptions } from "../judge.ts";
import { judge } from "../judge.ts";
import { runModelCase } from "../run.ts";
import { isSmaller, seedThatShows } from "./certify.ts";
import { exhaust, type Violation } from "./exhaust.ts";
import { alphabetOf, boundsOf, scopeOf, settingsOf, sizesOf } from "./exhaust-alphabet.ts";
import { modelSteps } from "./exhaust-world.ts";
import type { ModelFailure } from "./model.ts";

/** The start is a step. Below a second for each profile; one step more costs as much again. */
export const smallScopeBounds = { publishes: 2, faults: 1, steps: 5 } as const;

export interface Enumerated {
  readonly schedules: number;
  readonly states: number;
  /** All schedules within the bounds were tried. */
  readonly complete: boolean;
}

export interface SmallScope extends Enumerated {
  readonly failure?: ModelFailure;
  /** Whether a seed was found that draws the failure; without one its seed shows nothing. */
  readonly isDrawn?: boolean;
}

export interface ToScope {
  readonly profile: Profile;
  readonly judging: JudgeOptions;
  readonly budgetMs: number;
  /** What the modelled client does, where that is not what it declares: a mutant. */
  readonly behaves?: Profile;
}

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

/** As a seed draws it; where none does, as it was found. */
function failureOf(
  { scenario, property, events }: Violation,
  { profile, judging, behaves }: ToScope,
): Required<Pick<SmallScope, "failure" | "isDrawn">> {
  const drawn = seedThatShows(seed => runModelCase({ scenario, profile, seed }, judging, behaves), property);
  const run = drawn?.run ?? { events, judgement: judge(scenario, profile, events, judging) };
  return {
    failure: { ...run, scenario, broken: property, seed: drawn?.seed ?? "1" },
    isDrawn: drawn !== undefined,
  };
}

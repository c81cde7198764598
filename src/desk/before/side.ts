/** One side of a comparison before and after: the costs of its cases for each family, live run by live run, and in the model. */
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { type FamilyFigures, familyFigures } from "../../drills/figures.ts";
import { runModelCase } from "../../judge/run.ts";

/** The figures that are compared, the worst first. */
export const costKinds = ["silentLoss", "duplicated", "inDoubt", "refused"] as const;
export type CostKind = (typeof costKinds)[number];

/** Numbers of messages. */
export type FamilyCost = Readonly<Record<CostKind | "published", number>>;

/** The costs of one run of all cases for each family; undefined where it was not observed to its end. */
export type FamilyCosts = ReadonlyMap<string, FamilyCost | undefined>;

export interface Side {
  readonly name: string;
  /** One for each live run. */
  readonly live: readonly FamilyCosts[];
  /** One for each draw of what the model leaves to chance. */
  readonly model: readonly FamilyCosts[];
}

/** The costs by family of one run of the cases. */
export const costsOf = (policy: Policy, runs: readonly (readonly Event[])[]): FamilyCosts =>
  costsOfFamilies(familyFigures(policy, runs));

/** The same of figures that were counted before. */
export const costsOfFamilies = (figures: readonly CountedFamily[]): FamilyCosts =>
  new Map(figures.map(one => [one.subjects, one.published === 0 || one.notObserved > 0 ? undefined : countsOf(one)]));

type CountedFamily = Omit<FamilyFigures, "declared" | "arrived" | "discarded">;

const countsOf = ({ published, silentLoss, duplicated, inDoubt, told }: CountedFamily): FamilyCost => ({
  ...{ published, silentLoss, duplicated, inDoubt },
  refused: told.rejected,
});

const drawsMax = 20;

/** The costs of these cases in the model, draw by draw. */
export const modelCosts = (policy: Policy, scenarios: readonly Scenario[], profile: Profile): readonly FamilyCosts[] =>
  Array.from({ length: drawsMax }, (_, i) =>
    costsOf(
      policy,
      scenarios.map(scenario => runModelCase({ scenario, profile, seed: `before-${i}` }).events),
    ),
  );

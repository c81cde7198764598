/**
 * The cases of all four questions under a random policy that demands everything: what the model breaks in the policy's own times, beside what
 * it breaks in the times of a live run. Where the two differ the case must be marked `retimed`, and is then not run live.
 */
import { isDeepStrictEqual } from "node:util";
import { planCase } from "../../../models/plan/plan.ts";
import { reorderedInLiveTime } from "../../../models/policy/times.ts";
import { profiles } from "../../../models/profiles/index.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { policyOf } from "../../../properties/arbitraries/policies.ts";
import { DrawStream } from "../../../properties/arbitraries/random.ts";
import { catalogue } from "../../../properties/catalogue.ts";
import { questions } from "../../../src/drills/drill.ts";
import { type AskedQuestion, type CasePair, pairsOf } from "../../../src/drills/question/asked.ts";
import { isRetimed, type ModelRuns, modelRuns } from "../../../src/drills/question/run.ts";
import type { Judgement } from "../../../src/judge/judge.ts";

const everyId = catalogue.map(({ id }) => id);
const allProfiles = Object.values(profiles);

/** The `index`th random policy of a seed, with every demand. */
export function randomPolicy(seed: string, index: number): Policy {
  const policy = policyOf(new DrawStream(seed, "scaled").at(index));
  return { ...policy, name: `random-${seed}-${index}`, demands: everyId };
}

export const profileAt = (index: number): Profile => allProfiles[index % allProfiles.length] as Profile;

/** One promise that breaks in one of the two times alone. */
export interface Differing {
  readonly promise: string;
  readonly only: "own time" | "live time";
}

export interface Compared {
  readonly id: string;
  readonly retimed: boolean;
  /** Promises that differ, by one draw of chance or by another. */
  readonly differing: readonly Differing[];
  /** The likeliest reason; undefined where nothing differs. */
  readonly cause: string | undefined;
}

/** Chance of the model is drawn twice, since one draw may break nothing in either time. */
const draws = ["first", "second"] as const;

export const comparedUnder = (policy: Policy, profile: Profile): readonly Compared[] =>
  questions.flatMap(question => {
    const asked = (seed: string): AskedQuestion => ({
      question,
      bus: profile.name,
      policy: { named: policy.name, policy },
      common: { seed } as AskedQuestion["common"],
    });
    return pairsOf(asked(draws[0]), profile).map(pair => {
      const [first, ...others] = draws.map(seed => modelRuns(asked(seed), profile, pair)) as [
        ModelRuns,
        ...ModelRuns[],
      ];
      const retimed = isRetimed(first);
      const differing = differingIn(retimed ? [first] : [first, ...others]);
      const cause = differing.length === 0 ? undefined : causeOf(pair, profile);
      return { id: pair.own.scenario.id, retimed, differing, cause };
    });
  });

function differingIn(runs: readonly ModelRuns[]): readonly Differing[] {
  const own = new Set(runs.flatMap(one => brokenIn(one.own.judgement)));
  const live = new Set(runs.flatMap(one => brokenIn(one.scaled.judgement)));
  return [
    ...[...own].filter(one => !live.has(one)).map((promise): Differing => ({ promise, only: "own time" })),
    ...[...live].filter(one => !own.has(one)).map((promise): Differing => ({ promise, only: "live time" })),
  ];
}

/** Every promise that broke, also in a row beside the policy, which demands nothing. */
const brokenIn = ({ properties, notPromised, conformance }: Judgement): readonly string[] => [
  ...[...properties, ...notPromised].filter(({ verdict }) => verdict === "violated").map(({ property }) => property),
  ...(conformance.answer === "not-permitted" ? ["conformance"] : []),
];

/** The first step that is done in one of the times alone; else the waits that change places. */
function causeOf({ own, scaled }: CasePair, profile: Profile): string {
  const inOwn = skipsOf(own.scenario, profile);
  const inLive = skipsOf(scaled.scenario, profile);
  const at = inOwn.findIndex((reason, i) => !isDeepStrictEqual(reason, inLive[i]));
  if (at >= 0) return inOwn[at] === undefined ? `live time: ${inLive[at]}` : `own time: ${inOwn[at]}`;
  const [pair] = own.scenario.policy === undefined ? [] : reorderedInLiveTime(own.scenario.policy);
  return pair?.replaceAll(/STREAM_\d/g, "a stream") ?? "no wait changes places";
}

const skipsOf = (scenario: Scenario, profile: Profile): readonly (string | undefined)[] =>
  planCase(scenario, profile).plan.steps.map(({ skipped }) => skipped?.reason);

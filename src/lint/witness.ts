/**
 * The case that proves a finding. It is run in the model twice, in the policy's own time and in that of a live run, and it is a witness only where
 * both break the promise: so a replay shows it in the model, and a live replay asks the same question.
 */
import { inLiveTimeOf } from "../../models/policy/times.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { sketched } from "../drills/drill.ts";
import { breaks, promise } from "../findings/broke.ts";
import { type Counterexample, counterexampleOf } from "../findings/counterexample.ts";
import { runModelCase } from "../judge/run.ts";
import { modelWorld } from "../worlds/names.ts";
import type { Hit, LintGround, Rule, WitnessSketch } from "./rule.ts";

/** Draws of what the model leaves to chance, such as how much of a burst was written. */
const seedsMax = 8;

/** Undefined where no draw breaks the promise: the finding is then a warning. */
export function witnessOf(
  { policy, profile }: Pick<LintGround, "policy" | "profile">,
  { id, name }: Pick<Rule, "id" | "name">,
  { message, witness }: Hit,
): Counterexample | undefined {
  if (witness === undefined) return undefined;
  const why = `${id}: ${message}`;
  const inOwn = scenarioUnder(policy, `lint/${name}`, why, witness);
  const inLive = scenarioUnder(inLiveTimeOf(policy, profile), `lint/${name}`, why, witness);
  for (let i = 0; i < seedsMax; i++) {
    const seed = `lint-${i}`;
    const found = broken(inLive, profile, seed, witness.promise);
    if (found !== undefined && broken(inOwn, profile, seed, witness.promise) !== undefined) return found;
  }
  return undefined;
}

/** The policy demands that promise alone, so that a replay names nothing else that the policy breaks. */
function scenarioUnder(policy: Policy, id: string, why: string, { promise: demanded, steps }: WitnessSketch): Scenario {
  return sketched({ id, why, policy: { ...policy, demands: [demanded] }, steps: steps(policy) });
}

function broken(scenario: Scenario, profile: Profile, seed: string, promised: string): Counterexample | undefined {
  const run = runModelCase({ scenario, profile, seed });
  const about = promise(promised);
  if (!breaks(run.judgement, about)) return undefined;
  return counterexampleOf({
    ...run,
    scenario,
    bus: profile.name,
    profile,
    world: modelWorld.name,
    seed,
    broken: about,
  });
}

/** Promises that a policy breaks and does not demand, in the first scenarios of a search in the model. */
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { scenariosUnder } from "../../../properties/arbitraries/runs.ts";
import { catalogue } from "../../../properties/catalogue.ts";
import { promisedIds } from "../../../properties/property.ts";
import { runModelCase } from "../../judge/run.ts";
import type { NotDemanded } from "../../report/not-demanded.ts";
import { modelCapabilities } from "../../worlds/model.ts";
import { promisedBy, runFast } from "./fast-case.ts";

export interface BesideAsked {
  readonly profile: Profile;
  readonly policy: Policy;
  readonly seed: string;
  /** The runs that the search made: no more are looked at. */
  readonly runs: number;
  readonly require: readonly string[];
}

/** Less than a second. */
const runsMax = 2_000;

/** Every promise that broke and is neither promised nor demanded, with the reason of its first case. */
export function brokenBeside(asked: BesideAsked): readonly NotDemanded[] {
  const { profile, policy, seed, runs, require } = asked;
  const held = promisedIds(profile, policy, require);
  const open = new Set(catalogue.map(one => one.id).filter(id => !held.has(id)));
  const scenario = scenariosUnder(seed, { profile, capabilities: modelCapabilities(profile) }, policy);
  const found: NotDemanded[] = [];
  let promised = judgedAlone(profile, open);
  for (let i = 0; i < Math.min(runs, runsMax) && open.size > 0; i++) {
    const one = scenario(i);
    const word = `${seed}/${one.id}`;
    const { broken } = runFast(promised, one, word);
    if (broken.length === 0) continue;
    const { judgement } = runModelCase({ scenario: one, profile, seed: word }, { require: broken, only: broken });
    for (const { property, verdict, reason } of judgement.properties)
      if (verdict === "violated" && open.delete(property)) found.push({ property, reason });
    promised = judgedAlone(profile, open);
  }
  return found;
}

const judgedAlone = (profile: Profile, ids: ReadonlySet<string>) =>
  promisedBy(profile, { require: [...ids], only: [...ids] });

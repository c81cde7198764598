/** Prints each exact expectation of the corpus that the model here does not keep to, one a line. Run in a copy whose model is loosened. */
import { planCase } from "../../models/plan/plan.ts";
import { profiles } from "../../models/profiles/index.ts";
import { loadCorpus } from "../../src/files/corpus.ts";
import { exactnessOf } from "../../src/judge/permitted.ts";

for (const { scenario } of loadCorpus())
  for (const profile of Object.values(profiles)) {
    const { kind } = exactnessOf(planCase(scenario, profile));
    if (kind === "several" || kind === "undecided") console.log(`${scenario.id} of ${profile.name}: ${kind}`);
  }

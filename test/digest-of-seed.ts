/** Prints one digest over many cases of the model world; a program of its own, so that two processes can be compared. Run by determinism.test.ts. */

import { hashText } from "../models/choice.ts";
import { planCase } from "../models/plan/plan.ts";
import { profiles } from "../models/profiles/index.ts";
import type { Event } from "../models/vocabulary/event.ts";
import { scenarioOf } from "../properties/arbitraries/scenario.ts";
import { judge } from "../src/judge/judge.ts";
import { modelCapabilities, runModel } from "../src/worlds/model.ts";

/** Scenarios, events, verdicts, reasons and ledgers of `cases` cases per profile, folded into one number. */
export function digestOfSeed(seed: string, cases: number): string {
  let hash = 0;
  for (const profile of Object.values(profiles)) {
    for (let i = 0; i < cases; i++) {
      const scenario = scenarioOf(`${seed}-${i}`, { profile, capabilities: modelCapabilities(profile) });
      const events: Event[] = [];
      runModel(planCase(scenario, profile), `${seed}/${i}`, event => void events.push(event));
      hash = hashText(JSON.stringify([scenario, judge(planCase(scenario, profile), events)]), hash);
    }
  }
  return hash.toString(16).padStart(8, "0");
}

if (import.meta.main) {
  const [seed = "1", cases = "1"] = process.argv.slice(2);
  console.log(digestOfSeed(seed, Number(cases)));
}

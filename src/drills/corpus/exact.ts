/** Expectations that allow one count only, held against all that the model permits: once for each scenario and profile, since it can take a second. */
import { planCase } from "../../../models/plan/plan.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { CorpusEntry } from "../../files/corpus.ts";
import { replayLine } from "../../findings/again.ts";
import { brokeText, expectation, reasonText } from "../../findings/broke.ts";
import { type Exactness, exactnessOf } from "../../judge/permitted.ts";
import { modelWorld } from "../../worlds/names.ts";
import { type CorpusDrill, judgedAs } from "./found.ts";

/** An exact expectation is broken by the model itself where it permits more, whatever its runs came to. */
export function checkExact(
  { common, found, permitted }: CorpusDrill,
  { scenario, file }: CorpusEntry,
  profile: Profile,
): void {
  const known = found.exactness.get(scenario) ?? new Map<string, Exactness>();
  if (known.has(profile.name)) return;
  const exactness = exactnessOf(planCase(scenario, profile), permitted);
  found.exactness.set(scenario, known.set(profile.name, exactness));
  const place = { scenario: scenario.id, bus: profile.name, world: modelWorld.name } as const;
  if (exactness.kind === "undecided") found.notShown.push({ ...place, missing: [], reason: exactness.reason });
  if (exactness.kind !== "several") return;
  found.violations.push({
    ...place,
    property: brokeText(expectation),
    reason: reasonText({ about: expectation, reason: exactness.reason }),
    reproduced: { k: 1, n: 1 },
    again: replayLine(file, {
      world: modelWorld.name,
      profile: profile.name,
      ...judgedAs(common, scenario),
      seed: common.seed,
    }),
  });
}

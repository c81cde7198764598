/**
 * One body, every world: the corpus and random scenarios, each judged by the oracle, the promises of the profile and the
 * hand-typed expectation. A world is given as the stages it opens; what a stage cannot do is said, never passed.
 */
import { expect, test } from "vitest";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { scenarioOf } from "../../properties/arbitraries/scenario.ts";
import { missingCapabilities } from "../../src/capability.ts";
import { loadCorpus } from "../../src/corpus.ts";
import { runCase } from "../../src/run.ts";
import type { Stage } from "../../src/world.ts";

export interface Arm {
  readonly bus: string;
  readonly profile: Profile;
  readonly stage: Stage;
}

/** Cases that this world runs at the least; fewer, and the test itself has become vacuous. */
export interface Size {
  readonly corpusCasesMin: number;
  readonly randomScenarios: number;
}

export function holdsIn(arms: () => readonly Arm[], size: Size): void {
  test("every scenario of the corpus holds and meets its expectation", async () => {
    const scenarios = loadCorpus();
    let cases = 0;
    const broken: string[] = [];
    for (const { bus, profile, stage } of arms()) {
      for (const { scenario } of scenarios) {
        if (missingCapabilities(scenario, stage.capabilities).length > 0) continue;
        cases++;
        const { judgement } = await runCase(stage, { scenario, bus, profile, seed: "corpus" });
        if (judgement.verdict !== "holds")
          broken.push(`${scenario.id} on ${bus}: ${judgement.verdict}, ${judgement.reason}`);
        if (judgement.expectMet === false) broken.push(`${scenario.id} on ${bus}: expectation not met`);
      }
    }
    expect(broken).toEqual([]);
    expect(cases).toBeGreaterThanOrEqual(size.corpusCasesMin);
  });

  test("random scenarios show nothing that the model does not admit, and break no promise", async () => {
    const broken: string[] = [];
    let disturbed = 0;
    let all = 0;
    for (const { bus, profile, stage } of arms()) {
      for (let i = 0; i < size.randomScenarios; i++) {
        const scenario = scenarioOf(`holds-${i}`, { profile, capabilities: stage.capabilities });
        const { judgement } = await runCase(stage, { scenario, bus, profile, seed: `holds-${i}` });
        all++;
        if (judgement.disturbed) disturbed++;
        if (judgement.verdict === "violated") broken.push(`${scenario.id} on ${bus}: ${judgement.reason}`);
      }
    }
    expect(broken).toEqual([]);
    expect(disturbed / all).toBeGreaterThan(0.7);
  });
}

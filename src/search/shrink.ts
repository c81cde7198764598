/**
 * Shrinks a scenario whose failure may not come every time: greedy over the reductions, largest first. While a failure comes
 * three times of three only reductions that keep it so are taken, and the first run that passes refutes one; a failure that
 * was rare from the beginning is shrunk by what fails at least once of three.
 */
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { reductions } from "../../properties/arbitraries/reductions.ts";

export interface ShrinkBounds {
  readonly runsMax: number;
  readonly budgetMs: number;
}

export interface Shrunk {
  readonly scenario: Scenario;
  readonly runs: number;
  /** Every run of the shrunk scenario failed. */
  readonly steady: boolean;
}

const tries = 3;

export async function shrink(
  failing: Scenario,
  fails: (scenario: Scenario) => Promise<boolean>,
  bounds: ShrinkBounds,
): Promise<Shrunk> {
  const began = performance.now();
  let runs = 0;
  const mayGoOn = (): boolean => runs < bounds.runsMax && performance.now() - began < bounds.budgetMs;
  const failures = async (scenario: Scenario, giveUpAtFirstPass: boolean): Promise<number> => {
    let failed = 0;
    for (let i = 0; i < tries; i++) {
      runs++;
      if (await fails(scenario)) failed++;
      else if (giveUpAtFirstPass) break;
    }
    return failed;
  };

  let scenario = failing;
  let steady = (await failures(scenario, false)) === tries;
  for (;;) {
    const smaller = await firstSmaller();
    if (smaller === undefined) return { scenario, runs, steady };
    scenario = smaller;
  }

  async function firstSmaller(): Promise<Scenario | undefined> {
    for (const candidate of reductions(scenario)) {
      if (!mayGoOn()) return undefined;
      const failed = await failures(candidate, steady);
      if (failed < (steady ? tries : 1)) continue;
      steady = failed === tries;
      return candidate;
    }
    return undefined;
  }
}

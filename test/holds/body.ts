/**
 * One body, every world: the corpus and random scenarios, each judged by the oracle, the promises of the profile and the
 * hand-typed expectation. A world is given as what `holds` takes; what a bus cannot do is said, never passed.
 */
import { expect, test } from "vitest";
import { keepCounterexample } from "../../src/findings/counterexample.ts";
import { boundMs, type HoldsOptions, type HoldsVerdict, readHolds, renderHolds, verdictOn } from "../../src/holds.ts";

/** Cases that this world runs at the least; fewer, and the test itself has become vacuous. */
export interface Size {
  readonly corpusCasesMin: number;
  readonly randomScenarios: number;
}

export function holdsIn(arms: readonly HoldsOptions[], { corpusCasesMin, randomScenarios: runs }: Size): void {
  const timeout = arms.reduce((sum, arm) => sum + boundMs(readHolds("corpus", arm)), 0);

  test("every scenario of the corpus holds and meets its expectation", { timeout }, async () => {
    const held = await onAll(arms, arm => verdictOn("corpus", arm));
    expect(complaints(held)).toEqual([]);
    expect(sum(held.map(one => one.runs))).toBeGreaterThanOrEqual(corpusCasesMin);
    expect(sum(held.map(one => one.inconclusive))).toBe(0);
  });

  test("random scenarios show nothing that the model does not admit, and break no promise", { timeout }, async () => {
    const held = await onAll(arms, arm => verdictOn("conformance", { ...arm, runs, seed: "holds" }));
    expect(complaints(held)).toEqual([]);
    expect(held.map(one => one.runs)).toEqual(arms.map(() => runs));
    expect(sum(held.map(one => one.disturbed)) / (runs * arms.length)).toBeGreaterThan(0.7);
  });
}

/** One after the other: live, they have the processor to themselves. */
async function onAll(
  arms: readonly HoldsOptions[],
  hold: (arm: HoldsOptions) => Promise<HoldsVerdict>,
): Promise<HoldsVerdict[]> {
  const all: HoldsVerdict[] = [];
  for (const arm of arms) all.push(await hold(arm));
  return all;
}

const complaints = (held: readonly HoldsVerdict[]): string[] =>
  held
    .filter(one => one.verdict !== "holds")
    .map(one => renderHolds(one, one.verdict === "violated" ? keepCounterexample(one.counterexample) : ""));

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

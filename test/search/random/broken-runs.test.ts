/** How sure a search is that it has met all that can break: Good and Turing's estimate over the promises that broke. */
import { expect, test } from "vitest";
import { BrokenRuns, nextBroken } from "../../../src/search/random/broken-runs.ts";

const counted = (...runs: readonly (readonly string[])[]): BrokenRuns => {
  const broken = new BrokenRuns();
  runs.forEach((ids, i) => {
    broken.count(i, ids);
  });
  return broken;
};

test("a run counts once, however many promises broke in it alone, and one that broke again counts no more", () => {
  expect(counted(["a", "b"], ["c"], ["c"], []).alone).toBe(1);
  expect(counted(["a", "b"], ["c"], ["c"], []).twice).toBe(1);
  expect(counted(["a"], ["a"], ["a"]).alone).toBe(0);
});

test("the more runs break nothing new, the smaller is the chance that the next one does", () => {
  const few = nextBroken([{ runs: 10, brokenRuns: counted(["a"], ["b"], ["b"]) }]);
  const many = nextBroken([{ runs: 1_000, brokenRuns: counted(["a"], ["b"], ["b"]) }]);
  expect([few.chance, many.chance]).toEqual([0.1, 0.001]);
  expect(many.interval[1]).toBeLessThan(few.interval[1]);
  // A search that met no promise alone leaves open what so many runs leave open.
  expect(nextBroken([{ runs: 1_000, brokenRuns: counted(["a"], ["a"]) }])).toMatchObject({ alone: 0, chance: 0 });
  expect(nextBroken([{ runs: 1_000, brokenRuns: counted(["a"], ["a"]) }]).interval[1]).toBeGreaterThan(0);
});

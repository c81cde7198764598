/** Shrinking ends at what still fails, also where a failure does not come every time. */
import { expect, test } from "vitest";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { scenarioOf } from "../../properties/arbitraries/scenario.ts";
import { shrink } from "../../src/search/shrink.ts";
import { modelCapabilities } from "../../src/worlds/model.ts";

const space = { profile: natsJs3, capabilities: modelCapabilities(natsJs3) };
const cuts = ({ steps }: Scenario): boolean => steps.some(step => step.kind === "fault" && step.fault.kind === "cut");
const publishes = ({ steps }: Scenario): number =>
  steps.reduce((sum, step) => sum + (step.kind === "publish" ? step.count : 0), 0);
const large = ((): Scenario => {
  for (let i = 0; ; i++) {
    const one = scenarioOf(`shrink-${i}`, space);
    if (cuts(one) && publishes(one) > 20 && one.steps.length > 8) return one;
  }
})();

test("a failure that comes every time is shrunk to the least that fails every time", async () => {
  const fails = async (one: Scenario): Promise<boolean> => cuts(one) && publishes(one) >= 2;
  const { scenario, steady } = await shrink(large, fails, { runsMax: 1_000, budgetMs: 10_000 });
  expect(steady).toBe(true);
  expect(scenario.steps.map(step => step.kind).sort()).toEqual(["fault", "publish", "start"]);
  expect(publishes(scenario)).toBe(2);
});

test("a reduction that fails only now and then is not taken while the failure is steady", async () => {
  let runs = 0;
  // Without the cut it still fails every other time.
  const fails = async (one: Scenario): Promise<boolean> => publishes(one) >= 2 && (cuts(one) || ++runs % 2 === 0);
  const { scenario, steady } = await shrink(large, fails, { runsMax: 1_000, budgetMs: 10_000 });
  expect([steady, cuts(scenario)]).toEqual([true, true]);
});

test("a rare failure is shrunk by what fails at least once of three, within the bound", async () => {
  let runs = 0;
  const fails = async (one: Scenario): Promise<boolean> => ++runs % 3 === 0 && publishes(one) >= 1;
  const shrunk = await shrink(large, fails, { runsMax: 300, budgetMs: 10_000 });
  expect(shrunk.steady).toBe(false);
  expect(shrunk.scenario.steps.length).toBeLessThan(large.steps.length);
  expect(shrunk.runs).toBeLessThanOrEqual(302);
});

/**
 * A property of fast-check over the runs of a seed. fast-check hands a property the number of its run, which it hides from arbitraries:
 * run i is the scenario that `search` makes of the same seed at run i, and a path that fast-check reports leads to the same scenario
 * again without the runs before it.
 */
import fc from "fast-check";
import type { Scenario } from "../../models/vocabulary/scenario.ts";

/**
 * Holds `predicate` against each scenario, and shrinks by `shrinksBy` what fails it. `scenarioAt` gives the scenario of a run, from 0;
 * fast-check's own seed decides nothing.
 */
export function propertyOfRuns(
  scenarioAt: (index: number) => Scenario,
  shrinksBy: fc.Arbitrary<Scenario>,
  predicate: (scenario: Scenario) => Promise<boolean> | Promise<void>,
): fc.IAsyncProperty<[Scenario]> {
  const property = fc.asyncProperty(shrinksBy, predicate);
  return Object.assign(property, {
    generate: (_random: fc.Random, runId = 0): fc.Value<[Scenario]> => new fc.Value([scenarioAt(runId)], undefined),
  });
}

/** The known traps of fast-check, closed for our scenarios: sizes that cap in silence, arrays that cannot shrink, replay that walks. */
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { scenarioOf } from "../../properties/arbitraries/scenario.ts";
import { scenarios } from "../../properties/arbitraries/scenarios.ts";
import { ModelCases } from "../../src/search/random/model.ts";
import { modelCapabilities } from "../../src/worlds/model.ts";

const space = { profile: natsGo, capabilities: modelCapabilities(natsGo) };
const arbitrary = scenarios(space);
const cuts = ({ steps }: Scenario): number =>
  steps.filter(step => step.kind === "fault" && step.fault.kind === "cut").length;
const publishes = ({ steps }: Scenario): number => steps.filter(step => step.kind === "publish").length;
/** Fails where a cut and a publish are: three steps with the start. */
const holds = (scenario: Scenario): boolean => cuts(scenario) === 0 || publishes(scenario) === 0;
const isLeast = ({ steps }: Scenario): boolean => steps.length === 3;

describe("a size of fast-check's own", () => {
  afterEach(() => fc.resetConfigureGlobal());

  test("caps no scenario: they are as long under the smallest as under the largest", () => {
    const lengths = (["xsmall", "small", "xlarge"] as const).map(baseSize => {
      fc.configureGlobal({ baseSize });
      return fc.sample(arbitrary, { numRuns: 200, seed: 1 }).map(one => one.steps.length);
    });
    expect(lengths[0]).toEqual(lengths[2]);
    expect(lengths[1]).toEqual(lengths[2]);
    // What an array with a `maxLength` alone would never exceed.
    expect(lengths[0]?.filter(length => length > 11).length).toBeGreaterThan(60);
  });
});

test("a scenario of any length shrinks to the shortest: none has a length of its own", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { counterexample } = fc.check(fc.property(arbitrary, holds), { seed, numRuns: 200 });
    expect(counterexample?.[0]?.steps.length).toBe(3);
  }
});

test("a scenario of one episode has fewer faults than one of any number", () => {
  const faultsOf = (episodesMax?: number): number =>
    fc
      .sample(scenarios({ ...space, ...(episodesMax === undefined ? {} : { episodesMax }) }), { numRuns: 100, seed: 1 })
      .reduce((sum, { steps }) => sum + steps.filter(one => one.kind === "fault").length, 0);
  expect(faultsOf()).toBeGreaterThan(1.3 * faultsOf(1));
});

describe("replay", () => {
  const search = { profile: natsGo, seed: "far", judging: {} } as const;

  test("of a run that no search could walk to costs what the first does", () => {
    const cases = new ModelCases(search);
    const index = 10 ** 12 + 1;
    expect(cases.run(index)).toBeUndefined();
    expect(cases.scenario(index)).toEqual(scenarioOf(`far-${index}`, space));
  });

  test("of run k does not depend on the runs before it", () => {
    const walked = new ModelCases(search);
    for (let i = 0; i < 50; i++) walked.run(i);
    expect(new ModelCases(search).scenario(50)).toEqual(walked.scenario(50));
  });

  test("by fast-check's seed and path takes one run, and so does a stored case", () => {
    let runs = 0;
    const rare = (scenario: Scenario): boolean => {
      runs++;
      return cuts(scenario) < 4;
    };
    const found = fc.check(fc.property(arbitrary, rare), { seed: 5, numRuns: 10_000, endOnFailure: true });
    const { counterexample, counterexamplePath: path } = found;
    if (counterexample === null || path === null) throw new Error("not found");
    expect(found.numRuns).toBeGreaterThan(3);
    runs = 0;
    fc.check(fc.property(arbitrary, rare), { seed: 5, path, endOnFailure: true });
    expect(runs).toBe(1);
    runs = 0;
    fc.check(fc.property(arbitrary, rare), { examples: [counterexample], numRuns: 1, endOnFailure: true });
    expect(runs).toBe(1);
  });
});

describe("a stored scenario", () => {
  const stored = Array.from({ length: 100 }, (_, i) => scenarioOf(`stored-${i}`, space)).find(
    one => !holds(one) && one.steps.length > 10,
  ) as Scenario;

  test("is known as one of ours, and nothing else is", () => {
    expect(arbitrary.canShrinkWithoutContext(stored)).toBe(true);
    for (const other of [undefined, null, 7, "scenario", {}, { steps: [] }, []])
      expect(arbitrary.canShrinkWithoutContext(other)).toBe(false);
  });

  test.each([
    ["alone", fc.tuple(arbitrary), [stored], ([one]: [Scenario]) => one],
    ["in a tuple", fc.tuple(fc.nat(), arbitrary), [9, stored], ([, one]: [number, Scenario]) => one],
    ["in a record", fc.record({ one: arbitrary }), { one: stored }, ({ one }: { one: Scenario }) => one],
    [
      "through a map that can be undone",
      arbitrary.map(
        one => ({ mapped: one }),
        value => (value as { mapped: Scenario }).mapped,
      ),
      { mapped: stored },
      ({ mapped }: { mapped: Scenario }) => mapped,
    ],
  ] as [string, fc.Arbitrary<unknown>, unknown, (value: never) => Scenario][])(
    "shrinks %s",
    (_where, whole, value, scenarioIn) => {
      const property = fc.property(whole, one => holds(scenarioIn(one as never)));
      const { counterexample } = fc.check(property, { examples: [[value]], numRuns: 1 });
      expect(isLeast(scenarioIn(counterexample?.[0] as never))).toBe(true);
    },
  );
});

test("a mapped scenario found at random shrinks as the scenario does", () => {
  const wrapped = fc.record({ scenario: arbitrary.map(scenario => [scenario] as const), other: fc.nat() });
  const property = fc.property(wrapped, ({ scenario: [one] }) => holds(one));
  const { counterexample } = fc.check(property, { seed: 3, numRuns: 200 });
  const [one] = counterexample?.[0].scenario ?? [];
  expect(one !== undefined && isLeast(one)).toBe(true);
});

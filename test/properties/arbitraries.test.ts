/** Generators make valid scenarios, shrinking ends, and what it ends in is short enough to read. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { observe } from "../../models/observation.ts";
import { admits } from "../../models/oracle.ts";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs2 } from "../../models/profiles/nats-js-2.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { type Capability, capabilities, type Scenario } from "../../models/vocabulary/scenario.ts";
import { reductions } from "../../properties/arbitraries/reductions.ts";
import { scenarioOf } from "../../properties/arbitraries/scenario.ts";
import { scenarios } from "../../properties/arbitraries/scenarios.ts";
import { checkScenario } from "../../src/files/scenario-schema.ts";
import { missingCapabilities } from "../../src/judge/capability.ts";
import { modelCapabilities } from "../../src/worlds/model.ts";
import { describeScenario, eventsOf, profilesByName, randomScenario, smallest, times } from "../models/cases.ts";

const steps = (scenario: Scenario, kind: string): number => scenario.steps.filter(one => one.kind === kind).length;

describe.each(profilesByName)("for %s", (_name, profile) => {
  test("a scenario needs no capability beyond those that it was made for", () => {
    for (let i = 0; i < times(600); i++) {
      const without = capabilities[i % capabilities.length] as Capability;
      const has = new Set<Capability>([...modelCapabilities(profile)].filter(one => one !== without));
      const scenario = scenarioOf(`needs-${i}`, { profile, capabilities: has });
      // Every client publishes and flushes; a bus without is none.
      const missing = missingCapabilities(scenario, has).filter(one => one !== "publish" && one !== "flush");
      expect(missing, `without ${without}: ${describeScenario(scenario)}`).toEqual([]);
    }
  });

  test("every reduction of a scenario is one that could be read from a file", () => {
    for (let i = 0; i < times(150); i++) {
      const scenario = { ...randomScenario(`reduce-${i}`, profile), id: "random/word" };
      for (const smaller of reductions(scenario)) expect(checkScenario(smaller, "x.json")).toEqual(smaller);
    }
  });

  test("whatever fails always is reduced to hardly anything", () => {
    for (let i = 0; i < times(60); i++) {
      const small = smallest(randomScenario(`end-${i}`, profile), () => true);
      expect(small.steps.length, describeScenario(small)).toBeLessThanOrEqual(1);
    }
  });
});

describe.each<[string, Profile, Profile]>([
  ["nats-js-3 held against nats-go", natsJs3, natsGo],
  ["nats-js-2 held against nats-go", natsJs2, natsGo],
  ["nats-go held against nats-js-3", natsGo, natsJs3],
])("%s", (_what, did, declared) => {
  const agrees = (scenario: Scenario): boolean =>
    admits(planCase(scenario, declared), observe(eventsOf(scenario, did, "1"))).answer === "permitted";
  const space = { profile: did, capabilities: modelCapabilities(natsJs3) };

  test("is found by fast-check, and shrunk to one publish and one fault or end", () => {
    for (let seed = 1; seed <= times(20); seed++) {
      const found = fc.check(fc.property(scenarios(space), agrees), { numRuns: 300, seed });
      expect(found.failed, `seed ${seed}`).toBe(true);
      const [small] = found.counterexample ?? [];
      if (small === undefined) throw new Error("failed without a counterexample");
      expect(steps(small, "publish"), describeScenario(small)).toBeLessThanOrEqual(1);
      expect(
        steps(small, "fault") + steps(small, "close") + steps(small, "drain") + steps(small, "together"),
        describeScenario(small),
      ).toBe(1);
    }
  });

  test("is shrunk again from a stored case, without the seed that it came from", () => {
    const stored = Array.from({ length: 300 }, (_, i) => randomScenario(`stored-${i}`, did)).find(one => !agrees(one));
    if (stored === undefined) throw new Error("none of 300 scenarios tells the two apart");
    const found = fc.check(fc.property(scenarios(space), agrees), { numRuns: 1, examples: [[stored]] });
    expect(found.counterexample?.[0]?.steps.length).toBeLessThanOrEqual(4);
  });
});

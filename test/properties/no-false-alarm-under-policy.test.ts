/** A bus that does all that its policy demands is accused of nothing, whatever befalls it; and what can apply to it is put to the test. */
import { describe, expect, test } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { policyScenarioOf } from "../../properties/arbitraries/policy-scenario.ts";
import { bundledPolicy } from "../../src/files/policies.ts";
import { promisedBy, runFast } from "../../src/search/random/fast-case.ts";
import { modelCapabilities } from "../../src/worlds/model.ts";
import { describeScenario, profilesByName } from "../models/cases.ts";

const runs = 800;
const hardened = bundledPolicy("cordum-hardened") as Policy;

/** What cannot apply to this policy, or to what the model is asked: each is put to the test by hand in this folder. */
const idle = new Map([
  ["durable-path/no-responders-is-told-as-such", "a stream takes whatever is classified durable"],
  ["durable-path/redelivery-is-bounded", "it bounds no deliveries"],
  ["cold-start/fail-fast-ends-within-its-bound", "it retries with a deadline"],
]);

/** Its connect() dials on where its credentials are refused (F-261), whatever a service does around it. */
const brokenByClient: Readonly<Record<string, string>> = {
  "nats-py": "cold-start/wrong-credentials-never-look-like-waiting",
};

describe.each(profilesByName)("%s under cordum-hardened", (name, profile) => {
  test(`breaks no demand in ${runs} random scenarios`, () => {
    const demands = hardened.demands.filter(id => id !== brokenByClient[name]);
    const policy: Policy = { ...hardened, demands };
    const promised = promisedBy(profile, {}, policy);
    const space = { profile, capabilities: modelCapabilities(profile), policy };
    const exercised = new Map<string, number>(demands.map(id => [id, 0]));
    for (let i = 0; i < runs; i++) {
      const scenario = policyScenarioOf(`alarm-${i}`, space);
      const judged = runFast(promised, scenario, String(i));
      expect(judged.verdict, `seed ${i}, ${describeScenario(scenario)}`).not.toBe("violated");
      promised.properties.forEach(({ id }, at) => {
        if ((judged.exercised[at] ?? 0) > 0) exercised.set(id, (exercised.get(id) ?? 0) + 1);
      });
    }
    const seldom = demands.filter(id => (exercised.get(id) ?? 0) < 10);
    // Only a client whose call to connect returns at once accepts anything before it is connected.
    const early = "cold-start/nothing-is-lost-before-the-first-connection";
    const expected = profile.firstConnect.retry === "background" ? [...idle.keys()] : [...idle.keys(), early];
    expect(seldom.toSorted(), name).toEqual(expected.toSorted());
  });
});

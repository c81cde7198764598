/** Random policies are ones that could be read from a file, that the model can run, and that shrink to the smallest bus. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { subjectsOf } from "../../models/policy/subjects.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { catalogue, policies, scenarios, scenarioWith, schedules } from "../../properties/index.ts";
import { checkPolicy } from "../../src/files/policy-schema.ts";
import { checkScenario } from "../../src/files/scenario-schema.ts";
import { judge } from "../../src/judge/judge.ts";
import { allProfiles, eventsOf, profileNamed, times } from "../models/cases.ts";

const profile = profileNamed("nats-go");
const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number, seed = 1): readonly T[] =>
  fc.sample(arbitrary, { numRuns, seed });

const smallest = (arbitrary: fc.Arbitrary<Policy>, seed: number, fails: (one: Policy) => boolean): Policy => {
  const property = fc.property(arbitrary, one => !fails(one));
  const { counterexample } = fc.check(property, { seed, numRuns: 500 });
  if (counterexample === null) throw new Error(`nothing fails with seed ${seed}`);
  return counterexample[0];
};

test("every random policy is one that could be read from a file, and so is all that it shrinks to", () => {
  for (const one of sample(policies(), times(400))) expect(checkPolicy(one, "x.json")).toEqual(one);
  for (const one of sample(policies({ familiesMax: 6, client: true }), times(60)))
    for (const { value } of policies().shrink(one, undefined)) expect(checkPolicy(value, "x.json")).toEqual(value);
});

test("the same seed of fast-check gives the same policies, and another others", () => {
  expect(sample(policies(), 20)).toEqual(sample(policies(), 20));
  expect(sample(policies(), 20)).not.toEqual(sample(policies(), 20, 2));
});

describe.each(allProfiles.map(one => [one.name, one] as const))("for %s", (_name, client) => {
  test("the model runs what is done under a random policy, and its run proves something two times of three", () => {
    let proven = 0;
    const cases = policies().chain(policy =>
      fc.oneof(
        scenarios({ profile: client, policy }),
        schedules({ profile: client, policy }).map(one => scenarioWith(one, { policy })),
      ),
    );
    const all = sample(cases, times(200));
    for (const scenario of all) {
      expect(checkScenario(scenario, "x.json")).toEqual(scenario);
      const judgement = judge(planCase(scenario, client), eventsOf(scenario, client));
      if (judgement.verdict !== "inconclusive") proven++;
    }
    expect(proven / all.length).toBeGreaterThan(2 / 3);
  });
});

test("a random scenario never has its process started again without end", () => {
  const supervised = policies().map(one => ({ ...one, supervisor: { ...one.supervisor, restartMs: 0 } }));
  const cases = supervised.chain(policy => scenarios({ profile, policy }));
  for (const scenario of sample(cases, times(1_000), 11)) expect(checkScenario(scenario, "x.json")).toEqual(scenario);
});

describe("what is asked for", () => {
  test("is all that comes, and all that it shrinks to", () => {
    const asked = policies({
      familiesMax: 2,
      startup: ["fail-fast", "retry-with-deadline"],
      shutdown: ["close"],
      failures: ["dead-letter"],
      client: false,
      demands: ["durable-path/acked-publish-is-never-lost"],
    });
    const met: Policy[] = [];
    fc.check(
      fc.property(asked, one => met.push(one) === 0),
      { seed: 1, numRuns: 100 },
    );
    for (const one of [...met, ...sample(asked, 100)]) {
      expect(one.families.length).toBeLessThanOrEqual(2);
      expect(one.startup.strategy).not.toBe("retry-forever");
      expect([one.shutdown.strategy, one.consume.failures, one.client]).toEqual(["close", "dead-letter", {}]);
    }
    expect(met.length).toBeGreaterThan(10);
    expect(new Set(sample(asked, 100).map(one => one.demands.length))).toEqual(new Set([0, 1]));
  });

  test("without durable families sends nothing through JetStream", () => {
    for (const one of sample(policies({ durable: false }), 100)) {
      expect(subjectsOf(one).filter(subject => isClassifiedDurable(one, subject))).toEqual([]);
      expect([one.streams, one.startup.jetStreamProbe]).toEqual([[], "none"]);
    }
  });

  test("may be that the client has options of its own", () => {
    for (const one of sample(policies({ client: true }), 50)) expect(Object.keys(one.client)).not.toEqual([]);
  });

  test.each([
    [{ familiesMax: 0 }, /familiesMax must be a whole number from 1 to 6; it is 0/],
    [{ familiesMax: 7 }, /from 1 to 6; it is 7/],
    [{ startup: [] }, /startup must allow something/],
    [{ shutdown: [] }, /shutdown must allow something/],
    [{ failures: [] }, /failures must allow something/],
  ] as const)("is refused at once where it is %j", (asked, why) => {
    expect(() => policies(asked)).toThrow(why);
  });

  test("leaves out no promise of the catalogue", () => {
    const demands = catalogue.map(one => one.id);
    const demanded = new Set(sample(policies({ demands }), 30).flatMap(one => one.demands));
    expect([...demanded].toSorted()).toEqual(demands.toSorted());
  });
});

describe("a planted failure", () => {
  test("of any policy shrinks to one best-effort family and nothing else", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const small = smallest(policies(), seed, () => true);
      expect(small.families.map(one => one.durability)).toEqual(["best-effort"]);
      const { classifier, streams, taps, publish, client, startup, shutdown } = small;
      expect({ classifier, streams, taps, client, ids: publish.messageIds }).toEqual({
        ...{ classifier: [], streams: [], taps: [], client: {}, ids: [] },
      });
      expect([startup.strategy, shutdown.strategy]).toEqual(["retry-forever", "four-steps"]);
    }
  });

  test("of a stop that is not enforced shrinks to that", () => {
    const small = smallest(policies(), 3, ({ shutdown }) => !shutdown.forced && shutdown.strategy === "drain");
    expect(small.shutdown).toEqual({ strategy: "drain", budgetMs: 10_000, forced: false, tellsLoss: true });
    expect(small.families.length).toBe(1);
    expect(small.consume).not.toHaveProperty("deadLetterSubject");
  });

  test("of a policy and a scenario under it shrinks in both", () => {
    const isCut = ({ steps }: { steps: readonly { kind: string }[] }): boolean =>
      ["fault", "publish"].every(kind => steps.some(one => one.kind === kind));
    const under = policies().chain(policy => fc.tuple(fc.constant(policy), scenarios({ profile, policy })));
    const property = fc.property(under, ([policy, one]) => policy.startup.strategy !== "fail-fast" || !isCut(one));
    const { counterexample } = fc.check(property, { seed: 4, numRuns: 500 });
    const [policy, scenario] = counterexample?.[0] ?? [];
    expect(policy?.startup.strategy).toBe("fail-fast");
    expect(scenario?.policy).toEqual(policy);
    expect(scenario?.steps.length).toBe(3);
  });
});

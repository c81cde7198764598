/** What a search folds while the world runs is what the full judging finds in the record; its digest tells the same runs apart. */
import { describe, expect, test } from "vitest";
import { catalogue } from "../../properties/catalogue.ts";
import { digestOf, judge } from "../../src/judge.ts";
import { newCoverage } from "../../src/search/coverage.ts";
import { promisedBy, runFast } from "../../src/search/fast-case.ts";
import { ModelCases, searchModel } from "../../src/search/model.ts";
import { eventsOf, profileNamed, profilesByName, randomScenario } from "../models/cases.ts";

/** Some of what is required here is promised by no client: cases that break something are among these. */
const judging = { require: catalogue.map(({ id }) => id) };
const unbounded = { runsMax: 1_000, budgetMs: 60_000, judging: {} };

describe.each(profilesByName)("%s", (_name, profile) => {
  test("is judged while it runs as it is from its record, whether something breaks or not", () => {
    const verdicts = new Set<string>();
    for (let i = 0; i < 400; i++) {
      const scenario = randomScenario(`fast-${i}`, profile);
      const fast = runFast(promisedBy(profile, judging), scenario, String(i));
      const { verdict, disturbed, properties } = judge(
        scenario,
        profile,
        eventsOf(scenario, profile, String(i)),
        judging,
      );
      expect({ ...fast, digest: 0 }, scenario.id).toEqual({
        verdict,
        disturbed,
        exercised: properties.map(({ exercised }) => exercised),
        broken: properties.filter(one => one.verdict === "violated").map(one => one.property),
        digest: 0,
      });
      verdicts.add(verdict);
    }
    expect(verdicts).toContain("holds");
    if (profile.reconnectBuffer.kind !== "kept") expect(verdicts).toContain("violated");
  });
});

test("a fold that several properties share is run once", () => {
  const { properties, folds } = promisedBy(profileNamed("nats-go"), judging);
  expect(properties).toHaveLength(catalogue.length);
  expect(folds.length).toBeLessThan(properties.length / 2);
});

test("the rolling digest differs exactly where the digest of the record does", () => {
  const profile = profileNamed("nats-go");
  const recorded = new Set<string>();
  const rolling = new Set<number>();
  for (let i = 0; i < 50; i++) {
    const scenario = randomScenario(`apart-${i}`, profile);
    for (let seed = 0; seed < 20; seed++) {
      recorded.add(digestOf(eventsOf(scenario, profile, String(seed))));
      rolling.add(runFast(promisedBy(profile, {}), scenario, String(seed)).digest);
    }
  }
  expect(rolling.size).toBe(recorded.size);
});

test("a search of the correct model asks the oracle now and then, one of a mutant every time", async () => {
  const profile = profileNamed("nats-go");
  const correct = await searchModel({ ...unbounded, profile, seed: "1" }, () => false);
  expect([correct.runs, correct.heldAgainstOracle, correct.failure]).toEqual([1_000, 2, undefined]);
  const same = await searchModel({ ...unbounded, profile, seed: "1" }, () => false);
  expect(same.digest).toBe(correct.digest);
  const behaves = { ...profile, reconnectBuffer: { kind: "reset-at-dial" } } as const;
  const mutant = await searchModel({ ...unbounded, profile, behaves, seed: "1" }, () => false);
  expect(mutant.failure).toBeDefined();
  expect(mutant.heldAgainstOracle).toBe(mutant.runs);
});

test("a case that breaks something is found at the same index by whoever runs it, and is shrunk", async () => {
  const profile = profileNamed("nats-js-3");
  const found = await searchModel({ ...unbounded, profile, judging, seed: "shares" }, () => false);
  const index = found.runs - 1;
  const alone = new ModelCases({ profile, judging, seed: "shares" }).run(index, newCoverage());
  expect(alone?.broken).toBe(found.failure?.broken);
  expect(found.failure?.scenario.steps.length).toBeLessThan(alone?.scenario.steps.length ?? 0);
});

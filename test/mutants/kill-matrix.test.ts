/** Each property kills a mutant, each mutant is killed by what is named for it, and the true bus is accused of nothing. */

import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { reasonText } from "../../src/findings/broke.ts";
import { judge } from "../../src/judge/judge.ts";
import { describeScenario, eventsOf } from "../models/cases.ts";
import { type Mutant, onDeliveries, runMutant, zoo } from "./zoo.ts";

const seeds = ["1", "2", "3", "4", "5", "6", "7", "8"];

/** What finds the mutant in at least one of a few runs. */
function killers(mutant: Mutant): ReadonlySet<string> {
  const found = new Set<string>();
  for (const seed of seeds) {
    const judged = judge(planCase(mutant.where, mutant.declared), runMutant(mutant, seed));
    for (const one of judged.properties) if (one.verdict === "violated") found.add(one.property);
    if (judged.conformance.answer === "not-permitted") found.add("conformance");
  }
  return found;
}

const matrix = zoo.map(mutant => ({ mutant, found: killers(mutant) }));
const rendered = matrix.map(({ mutant, found }) => `${mutant.name}: ${[...found].join(", ") || "nobody"}`).join("\n");

test.each(catalogue.map(({ id }) => id))("%s kills a mutant", id => {
  const killed = matrix.filter(({ found }) => found.has(id));
  expect(killed.length, `the kill matrix:\n${rendered}`).toBeGreaterThan(0);
});

test("every property is promised by a client or demanded by a policy, or it is never judged", () => {
  const judged = new Set(
    zoo.flatMap(({ declared, where }) => [...declared.promises, ...(where.policy?.demands ?? [])]),
  );
  expect(catalogue.map(({ id }) => id).filter(id => !judged.has(id))).toEqual([]);
});

test("every promise of a profile is in the catalogue", () => {
  const known = catalogue.map(one => one.id);
  expect(zoo.flatMap(({ declared }) => declared.promises).filter(id => !known.includes(id))).toEqual([]);
});

describe.each(matrix.map(one => [one.mutant.name, one] as const))("a bus that %s", (_name, { mutant, found }) => {
  test("is found by what is named for it", () => {
    expect([...found], `the kill matrix:\n${rendered}`).toEqual(expect.arrayContaining([...mutant.killedBy]));
  });

  test("makes the verdict violated, with a reason", () => {
    const worst = seeds.map(seed => judge(planCase(mutant.where, mutant.declared), runMutant(mutant, seed)));
    const violated = worst.find(one => one.verdict === "violated");
    expect(violated && reasonText(violated)).toMatch(/^(conformance|[a-z-]+\/[a-z0-9-]+): ./);
  });

  test("is the only one accused: the true bus holds in the same scenario", () => {
    for (const seed of seeds) {
      const judged = judge(planCase(mutant.where, mutant.declared), eventsOf(mutant.where, mutant.declared, seed));
      expect(
        judged.properties.filter(one => one.verdict === "violated"),
        describeScenario(mutant.where),
      ).toEqual([]);
      expect(judged.conformance.answer).toBe("permitted");
    }
  });

  test("is accused of what it changes, not of how the zoo rewrites its deliveries", () => {
    const rewritten = onDeliveries(delivered => delivered)(eventsOf(mutant.where, mutant.declared, "1"));
    const judged = judge(planCase(mutant.where, mutant.declared), rewritten);
    expect(judged.properties.filter(one => one.verdict === "violated")).toEqual([]);
    expect(judged.conformance.answer).toBe("permitted");
  });
});

test("the oracle finds every mutant, those too that show only in the order of what two actors say", () => {
  const missed = matrix.filter(({ found }) => !found.has("conformance")).map(({ mutant }) => mutant.name);
  // The word of a bus on what its drain has left, and the scenario's own time, are judged by their promises and never compared.
  expect(missed.toSorted()).toEqual([
    "asks what its drain has left once the client has thrown it away",
    "is started again later than its supervisor is said to",
  ]);
});

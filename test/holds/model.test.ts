/** The model world: the same body as live, and what only the model can be asked. */

import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { profiles } from "../../models/profiles/index.ts";
import { loadCorpus } from "../../src/files/corpus.ts";
import { whyUnmet } from "../../src/judge/judge.ts";
import { permittedLedgers } from "../../src/judge/permitted.ts";
import { holds } from "../../src/vitest.ts";
import { holdsIn } from "./body.ts";

describe("in the model", () => {
  holdsIn(
    Object.keys(profiles).map(profile => ({ world: "model", profile })),
    { corpusCasesMin: 500, randomScenarios: 2_000 },
  );
});

describe("every promise that a client makes", () => {
  for (const { name, promises } of Object.values(profiles))
    for (const id of promises) holds(id, { world: "model", profile: name, runs: 300 });
});

describe("an expectation typed in from an exact fact", () => {
  const rows = loadCorpus().flatMap(({ scenario }) =>
    Object.entries(scenario.expect).map(([name, expectation]) => ({ scenario, name, expectation })),
  );
  const exact = rows.filter(({ expectation }) =>
    Object.values(expectation.classes).every(count => typeof count === "number"),
  );

  test("leaves the model exactly one ledger, and that one", () => {
    const wrong = exact.flatMap(({ scenario, name, expectation }) => {
      const profile = profiles[name];
      if (profile === undefined) return [`${scenario.id}: there is no profile ${name}`];
      const { ledgers, complete } = permittedLedgers(planCase(scenario, profile));
      const [only] = ledgers;
      if (!complete || ledgers.length !== 1 || only === undefined)
        return [`${scenario.id}, ${name}: ${ledgers.length} ledgers are permitted`];
      const unmet = whyUnmet(only, expectation.classes);
      return unmet === undefined ? [] : [`${scenario.id}, ${name}: ${unmet}`];
    });
    expect(wrong).toEqual([]);
    expect(exact.length).toBeGreaterThan(250);
  });

  test("is told apart from a racy one, for which the model permits more than one ledger", () => {
    const racy = rows.filter(row => !exact.includes(row));
    expect(racy.length).toBeGreaterThan(0);
    for (const { scenario, name } of racy.filter(row => row.scenario.id.endsWith("races-with-a-cut"))) {
      const profile = profiles[name];
      if (profile === undefined) throw new Error(`there is no profile ${name}`);
      expect(permittedLedgers(planCase(scenario, profile), 2_000).ledgers.length).toBeGreaterThan(1);
    }
  });
});

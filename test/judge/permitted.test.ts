/** An exact expectation says that the model permits one outcome. */
import { expect, test } from "vitest";
import { type PlannedCase, planCase } from "../../models/plan/plan.ts";
import { profiles } from "../../models/profiles/index.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import type { Ledger } from "../../models/vocabulary/verdict.ts";
import { ledgerOf, newLedger, recordInLedger } from "../../properties/ledger.ts";
import { loadCorpus } from "../../src/files/corpus.ts";
import { exactnessOf, permittedLedgers } from "../../src/judge/permitted.ts";
import { runModel } from "../../src/worlds/model.ts";

const natsGo = profiles["nats-go"] as Profile;
const of = (id: string): Scenario => {
  const found = loadCorpus().find(({ scenario }) => scenario.id === id);
  if (found === undefined) throw new Error(`the corpus has no ${id}`);
  return found.scenario;
};
const whileDown = of("reconnect-buffer/published-while-down");

test("the model permits one outcome of an exact case", () => {
  expect(exactnessOf(planCase(whileDown, natsGo))).toEqual({ kind: "one" });
});

test("a model that permits a second outcome is named with both", () => {
  const loosened = (planned: PlannedCase) => {
    const { ledgers, complete } = permittedLedgers(planned);
    const [first] = ledgers as [Ledger];
    const classes = { ...first.classes, kept: first.classes.kept - 1, silentLoss: 1 };
    return { ledgers: [first, { ...first, classes }], complete };
  };
  const exactness = exactnessOf(planCase(whileDown, natsGo), loosened);
  expect(exactness).toMatchObject({
    kind: "several",
    reason: expect.stringMatching(/\d+ kept or \d+ kept and 1 silentLoss$/),
  });
});

test("an expansion that met its bound decides nothing", () => {
  const cut = (planned: PlannedCase) => permittedLedgers(planned, 1);
  expect(exactnessOf(planCase(whileDown, natsGo), cut)).toMatchObject({ kind: "undecided" });
});

test("a range says nothing of how many outcomes there are", () => {
  const racing = of("core-path/a-burst-that-races-with-a-cut");
  const neverAsked = (): never => {
    throw new Error("the model was asked what it permits");
  };
  expect(exactnessOf(planCase(racing, natsGo), neverAsked)).toEqual({ kind: "not-exact" });
});

const evaluationsMax = 200;

// Nodes that differ in what decides a class must not be merged, or an outcome is lost with them.
test.each(Object.values(profiles))("each run of the corpus by $name ends in a ledger that is permitted", profile => {
  let compared = 0;
  for (const { scenario } of loadCorpus()) {
    const planned = planCase(scenario, profile);
    const { ledgers, complete } = permittedLedgers(planned, evaluationsMax);
    if (!complete) continue;
    const classes = ledgers.map(ledger => JSON.stringify(ledger.classes));
    for (const seed of ["a", "b", "c", "d"]) {
      const ledger = newLedger();
      runModel(planned, seed, event => recordInLedger(ledger, event));
      expect(classes, scenario.id).toContain(JSON.stringify(ledgerOf(ledger).classes));
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(500);
});

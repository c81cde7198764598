/** Each slow mutant is broken in its shortest known case, is found by its command, and is none that random search meets at once. */
import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { allBrokenBy, brokeText } from "../../src/findings/broke.ts";
import { judge } from "../../src/judge/judge.ts";
import { describeScenario, eventsOf } from "../models/cases.ts";
import { hunt } from "./hunt.ts";
import { type SlowMutant, slowMutants } from "./slow.ts";
import {
  commandOf,
  findBy,
  huntAtRandom,
  isAsListed,
  type Measured,
  measuring,
  renderMeasured,
  renderSlow,
} from "./slow-hunt.ts";
import { type Mutant, runMutant, zoo } from "./zoo.ts";

const seeds = ["1", "2", "3", "4", "5", "6", "7", "8"];

/** What finds it in its own case, in at least one of a few runs. */
const killers = (mutant: Mutant): readonly string[] => [
  ...new Set(
    seeds.flatMap(seed =>
      allBrokenBy(judge(planCase(mutant.where, mutant.declared), runMutant(mutant, seed))).map(brokeText),
    ),
  ),
];

const named = (name: string): SlowMutant => {
  const mutant = slowMutants.find(one => one.name === name);
  if (mutant === undefined) throw new Error(`there is no slow mutant that ${name}`);
  return mutant;
};

describe.each(slowMutants.map(one => [one.name, one] as const))("a bus that %s", (_name, mutant) => {
  test("is broken in its shortest known case, as it says", () => {
    expect(killers(mutant)).toEqual(expect.arrayContaining([...mutant.killedBy]));
  });

  test("is the only one accused: the true bus holds in the same case", () => {
    for (const seed of seeds) {
      const judged = judge(planCase(mutant.where, mutant.declared), eventsOf(mutant.where, mutant.declared, seed));
      expect(allBrokenBy(judged), describeScenario(mutant.where)).toEqual([]);
    }
  });

  test("is found by its command", async () => {
    const { broken } = await findBy(mutant, 60_000);
    expect(broken, commandOf(mutant)).toBeDefined();
  });

  test("is not met by the first thousand random scenarios", () => {
    expect(huntAtRandom(mutant, "1", { runsMax: 1_000 })).toEqual({ runs: 1_000, broken: undefined });
  });
});

describe("the list", () => {
  test("holds at least ten mutants, each under a different name, none of which is in the zoo", () => {
    const names = [...zoo, ...slowMutants].map(one => one.name);
    expect(slowMutants.length).toBeGreaterThanOrEqual(10);
    expect(new Set(names).size).toBe(names.length);
  });

  test("holds ten that chance alone is against, and for which no condition is out of its reach", () => {
    expect(slowMutants.filter(one => one.neverDrawn === undefined).length).toBeGreaterThanOrEqual(10);
  });

  test("cites a report for each", () => {
    for (const { modelledOn } of slowMutants) expect(modelledOn).toMatch(/^nats-io\/[a-z.0-9-]+#\d+, \S/);
  });
});

describe("a long hunt", () => {
  test("finds a mutant in the same run as the hunt that judges every run", () => {
    let compared = 0;
    for (const mutant of zoo.slice(0, 40)) {
      const { kill } = hunt(mutant, "long", { budgetMs: 300, rowRuns: 0, shrinkRunsMax: 0 });
      if (kill === undefined) continue;
      compared++;
      const { runs, broken } = huntAtRandom(mutant, "long", { runsMax: kill.runs + 1 });
      expect([runs, broken !== undefined], mutant.name).toEqual([kill.runs, true]);
    }
    expect(compared).toBeGreaterThan(20);
  });

  const {
    does: _does,
    misreads: _misreads,
    ...unchanged
  } = named("refuses a message that is one byte larger than its whole reconnect buffer");

  test.each([
    unchanged.foundBy,
    { kind: "drill", scenario: "reconnect-buffer/two-publishers-fill-one-buffer" },
  ] as const)("finds nothing in a bus that does all right ($kind)", async foundBy => {
    expect((await findBy({ ...unchanged, foundBy }, 60_000)).broken).toBeUndefined();
  });

  test("finds nothing in the wrong scenario of the corpus", async () => {
    const mutant = named("lets two publishers past its limit at once where a single byte is left");
    const elsewhere = {
      ...mutant,
      foundBy: { kind: "drill", scenario: "core-path/a-burst-that-races-with-a-cut" },
    } as const;
    expect((await findBy(elsewhere, 60_000)).broken).toBeUndefined();
  });
});

describe("the command line", () => {
  const [first] = slowMutants as readonly [SlowMutant];

  test("asks for every mutant from five seeds, unless it names a part of some", () => {
    expect(measuring({}, slowMutants)).toEqual({
      mutants: slowMutants,
      seeds: ["1", "2", "3", "4", "5"],
      runsMax: 60_000,
    });
    expect(measuring({ only: first.name, seeds: "1", runs: "10001" }, slowMutants)).toEqual({
      mutants: [first],
      seeds: ["1"],
      runsMax: 10_001,
    });
  });

  test.each([
    { only: "no slow mutant" },
    { seeds: "0" },
    { seeds: "many" },
    { runs: "10000" },
    { runs: "20000.5" },
  ] as const)("is told what it may ask for where there is nothing to measure (%o)", values => {
    expect(measuring(values, slowMutants)).toMatch(
      "only" in values ? /^--only .*"no slow mutant"/ : /^--seeds .* 10000$/,
    );
  });
});

describe("what is measured", () => {
  const [mutant] = slowMutants as readonly [SlowMutant];
  const measured: Measured = {
    mutant,
    command: commandOf(mutant),
    runsMax: 20_000,
    runs: [null, 10_001, 4, null, null],
    median: null,
    found: { broken: "conformance", seconds: 1.25 },
  };

  test("is as listed only above 10,000 runs in the median and within five minutes", () => {
    expect(isAsListed(measured)).toBe(true);
    expect(isAsListed({ ...measured, median: 10_001 })).toBe(true);
    expect(isAsListed({ ...measured, median: 10_000 })).toBe(false);
    expect(isAsListed({ ...measured, found: { broken: "conformance", seconds: 301 } })).toBe(false);
    expect(isAsListed({ ...measured, found: { broken: undefined, seconds: 1 } })).toBe(false);
  });

  test("is told on one line, with every seed's runs and the command", () => {
    const line = renderMeasured(measured);
    expect(line).toContain("median >20000 runs (>20000 10001 4 >20000 >20000)");
    expect(line).toContain(`found by ${commandOf(mutant)} in 1.3 s`);
    expect(renderMeasured({ ...measured, median: 4 })).toContain("NOT AS LISTED");
    expect(renderSlow([measured, { ...measured, median: 4 }])).toContain("1 of 2 slow mutants as listed");
  });
});

/** What was found, as data: what broke, the counterexample that is kept of it, and the lines that show it again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { commandLine, replayLine } from "../../src/findings/again.ts";
import {
  allBrokenBy,
  breaks,
  brokenBy,
  brokeOf,
  brokeText,
  concernOf,
  conformance,
  expectation,
  isSameBug,
  promise,
  reasonText,
} from "../../src/findings/broke.ts";
import { checkCounterexample, counterexampleOf, reasonOf } from "../../src/findings/counterexample.ts";
import { type Cut, concluded, ending, isVacuous, kept } from "../../src/findings/ending.ts";
import { explained, runModelCase } from "../../src/judge/run.ts";
import { noneKept } from "../../src/report/kept.ts";
import type { ReplayReport } from "../../src/report/replay.ts";
import type { SearchReport } from "../../src/report/search.ts";
import type { RunFolder } from "../../src/runs/run-folder.ts";
import type { Rendered } from "../../src/text/clean.ts";
import { cut, heal, publish, scenarioWith, start } from "../models/cases.ts";

const dropped = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
const whileDown = scenarioWith([start, cut(), publish(3), heal()]);
const required = { require: [dropped] };

describe("what broke", () => {
  test("has the word that files know it by, and is read from it", () => {
    const all = [...catalogue.map(({ id }) => promise(id)), conformance, expectation];
    expect(all.map(brokeText).slice(-2)).toEqual(["conformance", "expect"]);
    expect(all.map(brokeText).map(brokeOf)).toEqual(all);
  });

  test("is a promise whatever its name looks like", () => {
    expect(brokeOf("a-promise-without-a-concern").kind).toBe("promise");
    expect([promise(dropped), conformance].map(concernOf)).toEqual(["reconnect-buffer", "conformance"]);
  });

  test("is the expectation where nothing else broke", () => {
    const expecting: Scenario = { ...whileDown, expect: { "nats-js-3": { fact: "all arrive", classes: { kept: 3 } } } };
    const { judgement } = runModelCase({ scenario: expecting, profile: natsJs3, seed: "1" });
    expect(allBrokenBy(judgement)).toEqual([expectation]);
    const { judgement: held } = runModelCase({ scenario: expecting, profile: natsJs3, seed: "1" }, required);
    expect(allBrokenBy(held)).toEqual([promise(dropped)]);
    expect([promise(dropped), conformance].map(one => breaks(held, one))).toEqual([true, false]);
  });

  test("is the same bug where a promise names what was only not permitted, and not the other way round", () => {
    expect(isSameBug(conformance, promise(dropped))).toBe(true);
    expect(isSameBug(promise(dropped), conformance)).toBe(false);
    expect(isSameBug(promise(dropped), promise(dropped))).toBe(true);
  });
});

describe("a reason", () => {
  test("is kept without the word for what it is about, and shown behind it", () => {
    expect(reasonText({ about: promise("shutdown/x"), reason: "one was lost" })).toBe("shutdown/x: one was lost");
    expect(reasonText({ about: conformance, reason: "no" })).toBe("conformance: no");
    expect(reasonText({ about: expectation, reason: "kept is 3" })).toBe("expect: kept is 3");
  });

  test("about the run itself is shown as it is, and so is that of an earlier version's journal", () => {
    expect(reasonText({ about: undefined, reason: "expect: kept is 3" })).toBe("expect: kept is 3");
  });
});

describe("a counterexample", () => {
  const found = { scenario: whileDown, bus: "nats-js-3", profile: natsJs3, world: "model", seed: "1" } as const;
  const run = runModelCase(found, required);

  test("says what broke and why, with what the model makes of it, and can be read again", () => {
    const broken = brokenBy(run.judgement);
    if (broken === undefined) throw new Error("it held");
    const one = counterexampleOf({ ...found, ...run, broken });
    expect(one).toMatchObject({
      property: dropped,
      verdict: "violated",
      reproduced: { k: 1, n: 1 },
      overridden: false,
    });
    expect(one.reason).toBe(`${dropped}: ${run.judgement.reason}`);
    expect(one.reason).toBe(reasonText(run.judgement));
    expect(reasonOf(one)).toBe(run.judgement.reason);
    expect(one.expected).toEqual(one.observed);
    expect(checkCounterexample(JSON.parse(JSON.stringify(one)), "a file")).toEqual(one);
  });

  test("holds the answers by which the oracle admits the run, unless it was given others", () => {
    const broken = promise(dropped);
    expect(counterexampleOf({ ...found, ...run, broken }).answers).toEqual(run.judgement.answers);
    const answers = [{ step: "publish-1", label: "noticed-at", occurrence: 0, answer: 1 }] as const;
    expect(counterexampleOf({ ...found, ...run, broken, answers }).answers).toEqual(answers);
  });

  test("of an earlier version loads, what broke in it being a word", () => {
    const name = "reconnect-buffer--9b60dec9.json";
    const file = join(import.meta.dirname, "../snapshot/files", name);
    const { property } = checkCounterexample(JSON.parse(readFileSync(file, "utf8")), name);
    expect(brokeOf(property)).toEqual(promise(property));
  });
});

test("a run of the model says its places itself, and they are not told twice", () => {
  const run = runModelCase({ scenario: whileDown, profile: natsJs3, seed: "1" });
  expect(run.judgement.ended).toEqual([]);
  expect(explained(run)).toBe(run.events);
});

describe("an ending", () => {
  const seconds = { runsPerSecond: 1, smallScope: null, nextViolation: null, violations: [], profiles: [] };
  const searched = (verdict: Verdict): SearchReport => ({
    ...{ verdict, seed: "1", interrupted: false, world: "model", policy: null, notModelled: [], runs: 1, ...seconds },
    ...{ counterexample: null, known: false, certified: null, kept: noneKept("fixtures/seeds"), notDemanded: [] },
    coverage: {
      ...{ properties: {}, shapes: {}, shapeRuns: 0 },
      transitions: { reached: 0, neverReached: [], notEnabled: 0, isKnown: true },
      pairs: { reached: 0, neverReached: [] },
      nextRun: { runs: 0, alone: 0, chance: 0, interval: [0, 0] },
    },
  });
  const replayed = (verdict: Verdict, nondeterministic: boolean): ReplayReport => ({
    ...{
      verdict,
      scenario: "x",
      policy: null,
      notModelled: [],
      seed: "1",
      interrupted: false,
      verdicts: [],
      answers: [],
      digests: [],
    },
    ...{
      reproduced: { k: 1, n: 1 },
      nondeterministic,
      ledger: [],
      notRun: [],
      selfTest: null,
      notShown: [],
      kept: null,
      notDemanded: [],
    },
  });

  test.each<[Verdict, number]>([
    ["holds", 0],
    ["violated", 1],
    ["inconclusive", 2],
  ])("that %s has the exit code %i", (verdict, exitCode) => {
    expect(ending({ kind: "search", document: searched(verdict) }, { text: "" as Rendered }).exitCode).toBe(exitCode);
  });

  test("of two traces for one seed has the exit code 3, unless something is violated", () => {
    const exitCodes = (["holds", "inconclusive", "violated"] as const).map(
      verdict => ending({ kind: "replay", document: replayed(verdict, true) }, { text: "" as Rendered }).exitCode,
    );
    expect(exitCodes).toEqual([3, 3, 1]);
  });

  test.each<[string, Cut, Verdict]>([
    ["ran to its end", { interrupted: false }, "holds"],
    ["was interrupted", { interrupted: true }, "inconclusive"],
    ["never exercised what was asked for", { interrupted: false, vacuous: true }, "inconclusive"],
  ])("of what %s holds only what it has shown, and what is violated stays so", (_what, cutShort, verdict) => {
    expect(concluded(["holds", "holds"], cutShort)).toBe(verdict);
    expect(concluded(["holds", "violated"], cutShort)).toBe("violated");
  });

  test("is vacuous where one of what was asked for was never exercised", () => {
    expect([["a"], ["a", "b"], []].map(require => isVacuous(require, id => (id === "a" ? 1 : 0)))).toEqual([
      false,
      true,
      false,
    ]);
  });

  test("names the report that was kept: what a person reads, or else the document itself", () => {
    const written: [string, string][] = [];
    const write = (name: string, text: string): string => `folder/${written.push([name, text])}-${name}`;
    const folder = { path: "folder", write } as RunFolder;
    expect(kept({ folder, json: "compare.json" }, { a: 1 })).toEqual({ a: 1, report: "folder/1-compare.json" });
    expect(kept({ folder, json: "drill.json", text: "said" as Rendered }, { a: 1 }).report).toBe("folder/2-report.txt");
    expect(written.map(([, text]) => text.replaceAll(/\s/g, ""))).toEqual([
      '{"a":1}',
      "said",
      '{"a":1,"report":"folder/2-report.txt"}',
    ]);
  });
});

describe("a line to paste", () => {
  test("has its options in the order in which they were given, and leaves out what was not", () => {
    const options = {
      runs: 5,
      profile: undefined,
      all: true,
      resume: false,
      require: ["a/b", "c/d"],
      seed: "1",
    } as const;
    expect(commandLine("search", options)).toBe(
      "npx faultline search --runs 5 --all --require a/b --require c/d --seed 1",
    );
  });

  test("quotes what a shell would take apart", () => {
    expect(replayLine("it's here.json", { bus: "node my-bus.js" })).toBe(
      String.raw`npx faultline replay 'it'\''s here.json' --bus 'node my-bus.js'`,
    );
  });
});

/** A mutant whose shortest case lies within 3 publishes and 2 faults is found by trying them all; `npm run mutants -- --exhaust` tries the longer ones. */
import { describe, expect, test } from "vitest";
import type { Step } from "../../models/vocabulary/scenario.ts";
import { brokeText } from "../../src/findings/broke.ts";
import { alphabetOf, boundsOf, scopeOf, settingsOf, sizesOf } from "../../src/search/exhaust/alphabet.ts";
import { exhaust } from "../../src/search/exhaust/exhaust.ts";
import { pathsOf } from "../../src/search/exhaust/world.ts";
import { randomScenario } from "../models/cases.ts";
import { exhaustBound, isAsSaid, renderShortest, shortest } from "./exhaust.ts";
import { type Mutant, runMutant, stepsOf, withoutLetter } from "./mutant.ts";
import { zoo } from "./zoo.ts";

/** Steps of their shortest case, the start among them. Too long to be walked here. */
const longer: Readonly<Record<string, number>> = {
  "loses what is published during a redial's handshake": 5,
  "refuses what is published during a redial's handshake": 5,
  "goes on counting what it has replayed": 6,
};

function named(name: string): Mutant {
  const mutant = zoo.find(one => one.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant that ${name}`);
  return mutant;
}

/** Under a policy the alphabet is twice as long, and a walk longer by far. */
const walkedHere = ({ beyond, name, where }: Mutant): boolean =>
  beyond === undefined && longer[name] === undefined && where.policy === undefined;

test.each(zoo.filter(walkedHere).map(one => [one.name, one] as const))(
  "a bus that %s is found in four steps",
  (_name, mutant) => {
    expect(shortest(mutant, 4).walked.violation).toBeDefined();
  },
);

describe("what is said of a mutant", () => {
  const beyond = named("swaps two deliveries");
  const within = named("delivers something that nobody wrote");

  test("is true: it is found, or it is explained, and not both", () => {
    const all = [beyond, within].map(one => shortest(one, 2));
    expect(all.map(isAsSaid)).toEqual([true, true]);
    expect(renderShortest(all)).toContain("1 of 2 mutants found at their shortest within 3 publishes and 2 faults");
    const { beyond: _reason, ...unexplained } = beyond;
    expect(isAsSaid(shortest(unexplained, 2))).toBe(false);
    expect(isAsSaid(shortest({ ...within, beyond: "no longer" }, 2))).toBe(false);
  });

  const isUnwritten = ({ beyond }: Mutant): boolean => beyond?.startsWith(withoutLetter("")) === true;

  test("at most one in fifteen lies beyond, of those that the alphabet can write", () => {
    const written = zoo.filter(one => !isUnwritten(one));
    expect(written.filter(one => one.beyond !== undefined).length).toBeLessThanOrEqual(written.length / 15);
  });

  test("the alphabet has indeed no letter for the others", () => {
    const isSo = (step: Step): boolean =>
      (step.kind === "publish" && step.publishers !== undefined) ||
      (step.kind === "fault" && step.fault.kind === "cut-server") ||
      (step.kind === "subscribe" && step.handler === "naks") ||
      (step.kind === "together" && step.steps.some(one => one.kind === "exit" && one.after === "drain")) ||
      ((step.kind === "flush" || step.kind === "drain") && step.overlap === true);
    const [setting] = settingsOf(within.declared, sizesOf(within.declared, 3));
    if (setting === undefined) throw new Error("there is no setting");
    const letters = alphabetOf(within.declared, scopeOf(3)).map(letter => letter.step(1, setting));
    expect(letters.filter(isSo)).toEqual([]);
    expect(zoo.filter(isUnwritten).filter(({ where }) => !where.steps.some(isSo))).toEqual([]);
  });
});

describe("a mutant that remembers nothing", () => {
  const counting = named("goes on counting what it has replayed");

  test("is the same world when it is made anew at each step", () => {
    for (let i = 0; i < 200; i++) {
      const scenario = randomScenario(`anew-${i}`, counting.declared);
      const least = (_label: string, lo: number): number => lo;
      expect(pathsOf(counting.declared, stepsOf(counting))(scenario, least)).toEqual(
        runMutant(counting, least, scenario),
      );
    }
  });

  test("is found among merged states, too, at its shortest", async () => {
    const { declared: profile } = counting;
    const { publishes, faults } = exhaustBound;
    const settings = settingsOf(profile, sizesOf(profile, publishes)).filter(one => one.name.endsWith("Max 33"));
    const { violations } = await exhaust({
      profile,
      letters: alphabetOf(profile, scopeOf(publishes)),
      settings,
      bounds: boundsOf(publishes, faults),
      world: stepsOf(counting),
      statesMax: 1_000_000,
      budgetMs: 60_000,
    });
    const found = violations.find(
      one => brokeText(one.broken) === "reconnect-buffer/the-first-refusal-is-where-predicted",
    );
    expect(found?.scenario.steps).toHaveLength(longer[counting.name] ?? 0);
  });
});

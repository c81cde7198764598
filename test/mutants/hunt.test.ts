/** The hunt finds, shrinks within its bound and tells figures that can be believed; a mutant that changes nothing is the model. */

import { describe, expect, test } from "vitest";
import { replaying, sampled } from "../../models/choice.ts";
import { planCase } from "../../models/plan/plan.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { allBrokenBy, brokeText } from "../../src/findings/broke.ts";
import { judge } from "../../src/judge/judge.ts";
import { eventsOf, profilesByName, randomScenario } from "../models/cases.ts";
import { figuresOf, isAsListed, renderFigures } from "./figures.ts";
import { type HuntBounds, hunt, lengthOf } from "./hunt.ts";
import { type Mutant, runMutant, zoo } from "./zoo.ts";

const bounds: HuntBounds = { budgetMs: 5_000, rowRuns: 40, shrinkRunsMax: 200 };

function named(name: string): Mutant {
  const mutant = zoo.find(one => one.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant that ${name}`);
  return mutant;
}

const wipes = named("wipes its buffer at each dial");

test.each(profilesByName)("a mutant of %s that changes nothing is the model", (_name, profile) => {
  for (let i = 0; i < 100; i++) {
    const where = randomScenario(`unchanged-${i}`, profile);
    const unchanged: Mutant = { name: "does all right", row: "", declared: profile, where, killedBy: [] };
    expect(runMutant(unchanged, "7")).toEqual(eventsOf(where, profile, "7"));
  }
});

describe("a hunt", () => {
  const found = hunt(wipes, "hunt", bounds);

  test("finds its mutant, and says by what", () => {
    expect(found.kill?.broken).toMatch(/^(conformance$|reconnect-buffer\/|core-path\/)/);
    expect(found.found.get("conformance")).toBeGreaterThan(0);
  });

  test("shrinks to a case that still finds it, within its runs", () => {
    const { kill } = found;
    if (kill === undefined) throw new Error("nothing was found");
    expect(kill.shrinkRuns).toBeLessThanOrEqual(bounds.shrinkRunsMax);
    const { scenario, answers } = kill.shrunk;
    expect(lengthOf(scenario)).toBe(2);
    const events = runMutant(wipes, replaying(answers, sampled("any other seed")), scenario);
    expect(allBrokenBy(judge(planCase(scenario, wipes.declared), events)).map(brokeText)).toContain(kill.broken);
  });

  test("is the same from the same seed", () => {
    const again = hunt(wipes, "hunt", bounds);
    expect(again.kill?.word).toBe(found.kill?.word);
    expect(again.kill?.shrunk).toEqual(found.kill?.shrunk);
    expect(again.found).toEqual(found.found);
  });

  test("comes upon no case in which the true bus is accused", () => {
    expect([...found.trueBusAccused.keys()]).toEqual([]);
  });

  test("ends at its bound where nothing is to be found", () => {
    const { where, declared } = wipes;
    const unchanged: Mutant = { name: "does all right", row: "", declared, where, killedBy: [] };
    expect(hunt(unchanged, "hunt", { ...bounds, budgetMs: 50 }).kill).toBeUndefined();
  });
});

describe("the figures", () => {
  const unfound: Mutant = { ...wipes, name: "was never looked for" };
  const explained: Mutant = { ...unfound, name: "cannot be found", survives: "no scenario reaches it" };
  const hunts = [wipes, unfound, explained].map(mutant =>
    hunt(mutant, "hunt", { ...bounds, budgetMs: mutant === wipes ? bounds.budgetMs : 0 }),
  );

  test("count what was killed, and name who survives", () => {
    const figures = figuresOf([wipes, unfound, explained], ["hunt"], hunts);
    expect([figures.killed, figures.total]).toEqual([1, 3]);
    expect(figures.survivors.map(one => one.mutant)).toEqual([unfound.name, explained.name]);
    expect(figures.matrix[wipes.name]?.conformance).toBeGreaterThan(0);
    expect(figures.shrunkLength).toEqual({ median: 2, max: 2 });
    expect(renderFigures(figures)).toContain("cannot be found: no scenario reaches it");
  });

  test("are as listed only where every survivor is explained, and none that is listed was found", () => {
    const of = (...mutants: readonly Mutant[]) =>
      isAsListed(
        figuresOf(
          mutants,
          ["hunt"],
          hunts.filter(one => mutants.includes(one.mutant)),
        ),
      );
    expect(of(wipes, explained)).toBe(true);
    expect(of(wipes, unfound)).toBe(false);
    const listed: Mutant = { ...wipes, survives: "no longer" };
    expect(isAsListed(figuresOf([listed], ["hunt"], [hunt(listed, "hunt", bounds)]))).toBe(false);
  });

  test("say which promises find nothing", () => {
    const { idleProperties } = figuresOf([wipes], ["hunt"], hunts);
    expect(idleProperties).toContain("connection/giving-up-is-visible");
    expect(idleProperties.length).toBeLessThan(catalogue.length);
  });
});

test("the zoo holds at least 45 mutants, each under its own name, at most one in twenty of them out of reach", () => {
  expect(zoo.length).toBeGreaterThanOrEqual(45);
  expect(new Set(zoo.map(one => one.name)).size).toBe(zoo.length);
  expect(zoo.filter(one => one.survives !== undefined).length).toBeLessThanOrEqual(zoo.length / 20);
});

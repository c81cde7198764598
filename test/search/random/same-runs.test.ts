/** Run i of a seed is one scenario: `search`, `compare` and `holds` judge the same ones, and a failure of one is a failure of the others. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { liveLimits } from "../../../models/plan/plan.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { scenariosUnder } from "../../../properties/arbitraries/runs.ts";
import { scenarios } from "../../../properties/arbitraries/scenarios.ts";
import { propertyOfRuns } from "../../../properties/arbitraries/seeded-property.ts";
import { catalogue } from "../../../properties/catalogue.ts";
import type { Property } from "../../../properties/property.ts";
import { type HoldsVerdict, verdictOn } from "../../../src/holds.ts";
import type { Journal } from "../../../src/runs/journal.ts";
import { newLiveFound, searchLive } from "../../../src/search/random/live.ts";
import { ModelCases, searchModel } from "../../../src/search/random/model.ts";
import { modelCapabilities, runModel } from "../../../src/worlds/model.ts";
import { eventsOf, profileNamed, profilesByName } from "../../models/cases.ts";

const dropped = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
const order = "core-path/order-is-kept";
const seeds = ["1", "tonight", "2026-11-28"];
const runs = 200;

const searched = (profile: Profile, seed: string): readonly Scenario[] => {
  const { scenario } = new ModelCases({ profile, seed, judging: {} });
  return Array.from({ length: runs }, (_, i) => scenario(i));
};

/** The events of each run that the claim is judged on. */
async function judgedBy(claim: string, profile: Profile, seed: string): Promise<readonly (readonly Event[])[]> {
  const property = catalogue.find(one => one.id === claim);
  if (property === undefined) throw new Error(`there is no promise ${claim}`);
  const judged: Event[][] = [];
  const { start, on } = property;
  const listening: Pick<Property, "start" | "on"> = {
    start(declared) {
      judged.push([]);
      return start(declared);
    },
    on(state, event) {
      judged.at(-1)?.push(event);
      on(state, event);
    },
  };
  Object.assign(property, listening);
  try {
    await verdictOn(claim, { world: "model", profile: profile.name, runs, seed });
  } finally {
    Object.assign(property, { start, on });
  }
  return judged;
}

describe.each(profilesByName)("for %s", (_name, profile) => {
  test.each(seeds)(
    `holds judges the first ${runs} runs that a search makes of the seed %s, with the same answers`,
    async seed => {
      const judged = await judgedBy(order, profile, seed);
      const due = searched(profile, seed).map(one => eventsOf(one, profile, `${seed}/${one.id}`));
      expect(judged.length).toBe(runs);
      expect(judged.findIndex((events, i) => JSON.stringify(events) !== JSON.stringify(due[i]))).toBe(-1);
    },
  );

  test("a live search, which compare is, runs them too", async () => {
    const ran: Scenario[] = [];
    const stage = {
      lanes: 1,
      capabilities: modelCapabilities(profile),
      limits: liveLimits,
      run: (one: Parameters<typeof runModel>[0] & { seed: string }, emit: (event: Event) => void) => {
        ran.push(one.scenario);
        runModel(one, one.seed, emit);
      },
      close: async () => {},
    };
    const asked = { bus: "a bus", profile, declared: profile, seed: "tonight", runsMax: 30, budgetMs: 60_000 };
    const search = { ...asked, stage, judging: {}, policy: undefined, keepGoing: true, journal: noJournal };
    await searchLive(search, newLiveFound(), { onCase() {}, onShrinking() {}, onFailure() {} });
    expect(ran).toEqual(searched(profile, "tonight").slice(0, 30));
  });
});

/** Nothing is recorded. */
const noJournal: Journal = {
  recordedBefore: 0,
  spentMs: 0,
  isFull: false,
  world() {},
  has: () => false,
  once: (_bus, _scenario, run) => run(),
  onceFound: (_bus, _scenario, find) => find(),
  onceShrunk: (_bus, _scenario, find) => find(),
  complete() {},
  close() {},
};

describe("a failure", () => {
  const violation = async (seed: string): Promise<HoldsVerdict & { verdict: "violated" }> => {
    const held = await verdictOn(dropped, { world: "model", profile: "nats-js-3", seed });
    if (held.verdict !== "violated") throw new Error(`${dropped} ${held.verdict}`);
    return held;
  };

  test.each(seeds)("that a search finds by the seed %s is found by holds at the same run", async seed => {
    const search = { profile: profileNamed("nats-js-3"), seed, runsMax: 1_000, budgetMs: 60_000 };
    const found = await searchModel({ ...search, judging: { require: [dropped], only: [dropped] } }, () => false);
    const held = await violation(seed);
    expect(held.runs).toBe(found.runs);
    expect(held.shown).toContain(`found at run ${found.runs} of 1000 with seed ${seed} `);
    expect(found.failure?.foundAs.scenario).toBe(`random/${seed}-${found.runs - 1}`);
  });

  test.each(seeds)(
    "of the seed %s is run again alone by the seed and path of fast-check in the message",
    async seed => {
      const held = await violation(seed);
      const [, fastSeed = "", path = ""] = /\(fast-check: seed (-?\d+), path "([\d:]+)"\)/.exec(held.shown) ?? [];
      const profile = profileNamed("nats-js-3");
      const space = { profile, capabilities: modelCapabilities(profile) };
      const ran: Scenario[] = [];
      const again = propertyOfRuns(scenariosUnder(seed, space, undefined), scenarios(space), async scenario => {
        ran.push(scenario);
        return false;
      });
      await fc.check(again, { seed: Number(fastSeed), path, endOnFailure: true });
      expect(path).toMatch(/^\d+:/);
      expect(ran.map(({ steps, options }) => ({ steps, options }))).toEqual([
        { steps: held.counterexample.scenario.steps, options: held.counterexample.scenario.options },
      ]);
    },
  );
});

test("fast-check's own seed decides no scenario of a seed's runs", async () => {
  const profile = profileNamed("nats-go");
  const space = { profile, capabilities: modelCapabilities(profile) };
  for (const seed of [1, 2]) {
    const ran: Scenario[] = [];
    const all = propertyOfRuns(
      scenariosUnder("1", space, undefined),
      scenarios(space),
      async one => void ran.push(one),
    );
    await fc.check(all, { seed, numRuns: runs });
    expect(ran).toEqual(searched(profile, "1"));
  }
});

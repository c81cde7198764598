/**
 * What a live search says of a failure that may not come again, on a stand-in stage whose bus fails as often as it is told to, by a seed;
 * and of scenarios that its injector cannot run.
 */
import { expect, test } from "vitest";
import { liveLimits } from "../../../models/plan/plan.ts";
import type { Capability, Scenario } from "../../../models/vocabulary/scenario.ts";
import { randomOf } from "../../../properties/arbitraries/random.ts";
import { wilson95 } from "../../../src/judge/rate.ts";
import type { Journal } from "../../../src/runs/journal.ts";
import { type LiveFailure, type LiveSearch, newLiveFound, searchLive } from "../../../src/search/random/live.ts";
import { modelCapabilities, runModel } from "../../../src/worlds/model.ts";
import { profileNamed } from "../../models/cases.ts";

const profile = profileNamed("nats-js-3");

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

/** The first failure of a bus that sends a message twice in so many of its runs. */
async function failureOf(seed: string, chanceOf: (one: Scenario) => number): Promise<LiveFailure | undefined> {
  const random = randomOf(seed, "duplicates");
  const found = newLiveFound();
  const stage: LiveSearch["stage"] = {
    lanes: 1,
    capabilities: modelCapabilities(profile),
    limits: liveLimits,
    run(one, emit) {
      let isDue = random.int(0, 999) < 1_000 * chanceOf(one.scenario);
      runModel(one, one.seed, event => {
        if (event.kind !== "ended") emit(event);
        if (event.kind === "delivered" && isDue) {
          isDue = false;
          emit({ ...event, count: 1 });
        }
      });
    },
    close: async () => {},
  };
  const asked = { bus: "a bus", profile, declared: profile, seed, runsMax: 50, budgetMs: 60_000, judging: {} };
  const search = { ...asked, stage, policy: undefined, keepGoing: false, journal: noJournal };
  await searchLive(search, found, { onCase() {}, onShrinking() {}, onFailure() {} });
  return found.failure;
}

const cuts = ({ steps }: Scenario): boolean => steps.some(one => one.kind === "fault" && one.fault.kind === "cut");

test("a failure that comes with a cut every time keeps its cut, and says that it is steady", async () => {
  const failure = await failureOf("steady", one => (cuts(one) ? 1 : 0.5));
  expect(failure?.scenario.steps.map(one => one.kind)).toContain("fault");
  expect(failure).toMatchObject({ steady: true, reproduced: { k: 10, n: 10, percent95: [72, 100] } });
});

test("one that comes in half of the runs says that it is not steady, and how often it came again", async () => {
  const failure = await failureOf("now and then", () => 0.5);
  const { k = 0, n = 0, percent95 } = failure?.reproduced ?? {};
  expect([failure?.steady, n, percent95]).toEqual([false, 10, wilson95(k, 10)]);
  expect(k).toBeGreaterThan(0);
  expect(k).toBeLessThan(10);
});

test("what the injector has not shown takes no scenario out of the draw: each is run, or inconclusive", async () => {
  const all = modelCapabilities(profile);
  const drawnWith = async (unproven: ReadonlySet<Capability>) => {
    const ran: string[] = [];
    const found = newLiveFound();
    const stage: LiveSearch["stage"] = {
      lanes: 1,
      capabilities: new Set([...all].filter(one => !unproven.has(one))),
      unproven,
      limits: liveLimits,
      run(one, emit) {
        ran.push(JSON.stringify(one.scenario));
        runModel(one, one.seed, emit);
      },
      close: async () => {},
    };
    const asked = { bus: "a bus", profile, declared: profile, seed: "1", runsMax: 40, budgetMs: 60_000, judging: {} };
    const search = { ...asked, stage, policy: undefined, keepGoing: false, journal: noJournal };
    await searchLive(search, found, { onCase() {}, onShrinking() {}, onFailure() {} });
    return { ran, found };
  };
  const good = await drawnWith(new Set());
  const bad = await drawnWith(new Set<Capability>(["hold"]));
  expect(good.found.notShown).toEqual([]);
  expect(bad.found.notShown.length).toBeGreaterThan(0);
  expect(bad.ran.length + bad.found.notShown.length).toBe(40);
  expect(good.ran).toEqual(expect.arrayContaining(bad.ran));
  expect(bad.found.inconclusive.map(one => one.reason)).toEqual(bad.found.notShown.map(one => one.reason));
});

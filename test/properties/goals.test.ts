/** Every `always` has a goal beside it, every goal is seen by a search, and a generator that never makes one is told. */

import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Capability, Options, Scenario } from "../../models/vocabulary/scenario.ts";
import { scenarioOf } from "../../properties/arbitraries/scenario.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { goals } from "../../properties/goals.ts";
import { verdictOf } from "../../src/commands/search.ts";
import { goalsText } from "../../src/report/search.ts";
import { TransitionCounts } from "../../src/search/exhaust/transitions.ts";
import { newCoverage } from "../../src/search/random/coverage.ts";
import { GoalsSeen, runsDue } from "../../src/search/random/goals.ts";
import { modelCapabilities, runModel } from "../../src/worlds/model.ts";
import { close, flush, profilesByName, publish, scenarioWith, start } from "../models/cases.ts";
import { inOrder, published, type Told } from "./events.ts";

function look(profile: Profile, scenarios: Iterable<Scenario>): GoalsSeen {
  const seen = new GoalsSeen(profile);
  for (const scenario of scenarios) {
    seen.beginRun({ options: scenario.options, profile });
    runModel(planCase(scenario, profile), scenario.id, event => seen.onEvent(event));
    seen.endRun();
  }
  return seen;
}

function* made(profile: Profile, word: string, runs: number, has = modelCapabilities(profile)): Generator<Scenario> {
  for (let i = 0; i < runs; i++) yield scenarioOf(`${word}-${i}`, { profile, capabilities: has });
}

const without = (...missing: readonly Capability[]): ReadonlySet<Capability> =>
  new Set([...modelCapabilities(natsGo)].filter(one => !missing.includes(one)));

test("every goal has an id of its own and stands beside a property, and every `always` has one beside it", () => {
  expect(new Set(goals.map(one => one.id)).size).toBe(goals.length);
  const beside = goals.map(one => one.beside);
  const known = catalogue.map(one => one.id);
  expect(beside.filter(id => !known.includes(id))).toEqual([]);
  // Random scenarios have no policies yet: nothing could be seen of the promises that are made under one.
  const always = catalogue
    .filter(one => one.expectation === "always" && /^(core-path|reconnect-buffer|connection)\//.test(one.id))
    .filter(one => one.appliesUnder === undefined)
    .map(one => one.id);
  expect(always.filter(id => !beside.includes(id))).toEqual([]);
});

describe.each(profilesByName)("%s", (_name, profile) => {
  test("shows each of its goals, from any seed, in far fewer runs than are due", () => {
    for (const word of ["goals", "other", "third"]) {
      const { neverReached, isDue } = look(profile, made(profile, word, runsDue / 4)).progress();
      expect([neverReached, isDue]).toEqual([[], false]);
    }
  });

  test("shows none where nothing goes wrong", () => {
    const calm = scenarioWith([start, publish(10), flush(), publish(5), flush(), close]);
    expect(look(profile, [calm, calm]).progress().reached).toEqual({});
  });
});

test("a buffer overshoots where its limit is passed in one outage, and not where it has none", () => {
  const overshoot = goals.find(one => one.id === "reconnect-buffer/the-last-frame-overshoots-the-limit");
  const sees = (limit: Partial<Options>, ...told: readonly Told[]): boolean => {
    const { options } = scenarioWith([], limit);
    const watch = overshoot?.watch({ options, profile: natsGo });
    return inOrder(told).some(event => watch?.(event) ?? false);
  };
  const down: Event = { kind: "connection", change: "disconnected" };
  const again: Event = { kind: "connection", change: "reconnected" };
  const limited = { reconnectBufferBytesMax: 50 };
  expect(sees(limited, down, published(0, 2))).toBe(true);
  expect(sees(limited, down, published(0, 1))).toBe(false);
  expect(sees(limited, down, published(0, 1), again, down, published(1, 1))).toBe(false);
  expect(sees(limited, published(0, 2))).toBe(false);
  for (const none of [{}, { reconnectBufferBytesMax: -1 }]) expect(sees(none, down, published(0, 99))).toBe(false);
});

test("a goal once seen is not looked for again, and the run that showed it first is told", () => {
  const seen = look(natsGo, made(natsGo, "goals", 200));
  expect(seen.isOpen).toBe(false);
  const runs = Object.values(seen.progress().reached);
  expect(Math.min(...runs)).toBe(1);
  expect(Math.max(...runs)).toBeLessThanOrEqual(200);
});

describe("a generator that never stops the server nor lets a client give up", () => {
  const has = without("stop-server", "reconnect-attempts-limit");
  const never = [
    "connection/a-server-comes-back",
    "connection/a-client-gives-up",
    "connection/an-outage-of-some-attempts-is-survived",
  ];
  const verdictAfter = (runs: number) => {
    const seen = look(natsGo, made(natsGo, "goals", runs, has));
    const coverage = newCoverage();
    coverage.properties["core-path/order-is-kept"] = runs;
    const verdict = verdictOf({
      coverage,
      failures: [],
      lookout: { goals: seen, transitions: new TransitionCounts() },
    });
    return { verdict, progress: seen.progress() };
  };

  test("is told so after runs enough, and the search proves nothing", () => {
    const { verdict, progress } = verdictAfter(runsDue);
    expect(progress.neverReached.map(one => one.id)).toEqual(never);
    expect(verdict).toBe("inconclusive");
    const text = goalsText(progress);
    expect(text).toContain(
      "16 of 19 goals seen; never connection/a-server-comes-back (The server stops, and the client",
    );
    expect(text).toContain("the generator does not make it");
  });

  test("is given the benefit of the doubt before", () => {
    const { verdict, progress } = verdictAfter(runsDue / 2);
    expect(verdict).toBe("holds");
    expect(goalsText(progress)).toContain("this may be chance");
  });
});

/** A planted mutant: what is minimal is certified, what is not is made smaller, and a bound that is met is told. */

import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { type Broke, conformance, promise } from "../../src/findings/broke.ts";
import { judge } from "../../src/judge/judge.ts";
import { certify, isSmaller } from "../../src/search/certify.ts";
import { modelSteps, pathsOf } from "../../src/search/exhaust/world.ts";
import { close, cut, flush, heal, hold, publish, scenarioWith, start, together } from "../models/cases.ts";

const wiping: Profile = { ...natsGo, reconnectBuffer: { kind: "reset-at-dial" } };
const dropped = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";

const certified = (scenario: Scenario, broken: Broke, declared: Profile, behaves: Profile, runsMax?: number) =>
  certify({
    scenario,
    broken,
    profile: declared,
    judging: {},
    world: pathsOf(declared, modelSteps(behaves)),
    ...(runsMax === undefined ? {} : { runsMax }),
  });

describe("a case is certified minimal", () => {
  test("where everything smaller was tried and held, counted by hand", () => {
    // start · then start and one of: flush, drain, close, cut and stop-server each noticed or not awaited, hold, two limits, blackhole,
    // pause, and a server's error that nats.js survives, one at which it dials anew, and one that refuses it.
    const losing: Profile = { ...natsJs3, close: { ...natsJs3.close, unwritten: "lost" } };
    const { certificate, smaller } = certified(
      scenarioWith([start, together(publish(1), close)]),
      conformance,
      natsJs3,
      losing,
    );
    expect(smaller).toBeUndefined();
    expect(certificate).toEqual({ steps: 2, schedules: 16 });
  });

  test("among as many steps with fewer messages or faults, too", () => {
    const one = certified(scenarioWith([start, cut(), publish(1)]), promise(dropped), natsGo, wiping);
    expect(one).toEqual({ certificate: { steps: 3, schedules: expect.any(Number) } });
  });
});

describe("a case that is not minimal is made smaller", () => {
  test.each([
    { name: "a step too many", steps: [start, flush(), cut(), publish(1)] },
    { name: "a message too many", steps: [start, cut(), publish(2)] },
    { name: "a fault too many", steps: [start, cut(), publish(1), heal(), hold] },
  ])("$name", ({ steps }) => {
    const scenario = scenarioWith(steps);
    const { certificate, smaller } = certified(scenario, promise(dropped), natsGo, wiping);
    expect(certificate).toEqual({ bound: "a smaller one breaks the same" });
    if (smaller === undefined) throw new Error("nothing smaller was found");
    expect(isSmaller(smaller, scenario)).toBe(true);
    const world = pathsOf(natsGo, modelSteps(wiping));
    const broken = judge(
      planCase(smaller, natsGo),
      world(smaller, (_label, lo) => lo),
    ).properties;
    expect(broken).toContainEqual(expect.objectContaining({ property: dropped, verdict: "violated" }));
  });
});

describe("a case is not certified", () => {
  test("where the bound on runs is met first", () => {
    const { certificate, smaller } = certified(
      scenarioWith([start, cut(), publish(1)]),
      promise(dropped),
      natsGo,
      wiping,
      5,
    );
    expect(smaller).toBeUndefined();
    expect(certificate).toEqual({ bound: "5 runs, spent at 2 of 3 steps" });
  });

  test("where it publishes more in one step than can be tried", () => {
    const scenario = scenarioWith([start, cut(), publish(1_000)]);
    expect(certified(scenario, promise(dropped), natsGo, wiping).certificate).toEqual({
      bound: "it publishes 1000 messages in one step",
    });
  });
});

test("smaller is fewer steps, then fewer messages, then fewer faults", () => {
  const [one, two, three, four] = [
    scenarioWith([start, publish(50)]),
    scenarioWith([start, cut(), publish(1)]),
    scenarioWith([start, publish(1), publish(1)]),
    scenarioWith([start, cut(), publish(2)]),
  ] as [Scenario, Scenario, Scenario, Scenario];
  const sorted = [four, two, three, one].toSorted((a, b) => (isSmaller(a, b) ? -1 : 1));
  expect(sorted).toEqual([one, two, three, four]);
  expect(isSmaller(one, one)).toBe(false);
});

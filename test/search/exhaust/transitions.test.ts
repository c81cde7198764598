/** What a search met is told by name, what it did not meet too, and nothing is missed that cannot be. */

import { describe, expect, test } from "vitest";
import { type PlannedStep, planCase, settleId } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Capability, Step } from "../../../models/vocabulary/scenario.ts";
import { randomOf } from "../../../properties/arbitraries/random.ts";
import { scenarioOf } from "../../../properties/arbitraries/scenario.ts";
import { bundledPolicy } from "../../../src/files/policies.ts";
import {
  clientNumber,
  clientWords,
  coverageOf,
  type FaultView,
  faultNumber,
  faultWords,
  nextRunOf,
  possibleTransitions,
  stepNumber,
  stepWords,
  TransitionCounts,
} from "../../../src/search/exhaust/transitions.ts";
import { modelCapabilities, runModel } from "../../../src/worlds/model.ts";
import { cut, heal, profilesByName, publish, scenarioWith, start } from "../../models/cases.ts";

function searched(profile: Profile, runs: number, capabilities: ReadonlySet<Capability>): TransitionCounts {
  const counts = new TransitionCounts();
  for (let i = 0; i < runs; i++) {
    const scenario = scenarioOf(`transitions-${i}`, { profile, capabilities });
    counts.beginRun();
    runModel(planCase(scenario, profile), String(i), () => {}, profile, counts);
  }
  return counts;
}

describe.each(profilesByName)("for %s", (_name, profile) => {
  test("all that random scenarios meet is among what is possible", () => {
    const possible = possibleTransitions(profile);
    const met = [...searched(profile, 1_500, modelCapabilities(profile)).all().keys()];
    expect(met.filter(one => !possible.has(one))).toEqual([]);
    expect(met.length).toBeGreaterThan(50);
  });

  test("what was met and what never was are all that is possible, each once", () => {
    const counts = searched(profile, 50, modelCapabilities(profile));
    const { transitions, pairs } = coverageOf([{ counts, profile }]);
    expect(transitions.reached + transitions.neverReached.length).toBe(possibleTransitions(profile).size);
    expect(transitions.neverReached.filter(one => counts.all().has(one))).toEqual([]);
    expect(pairs.reached).toBeLessThan(transitions.reached);
  });
});

test("a step that the generator never makes is named, with the states it would be made in", () => {
  const without = new Set([...modelCapabilities(natsGo)].filter(one => one !== "stop-server"));
  const never = ({ pairs }: ReturnType<typeof coverageOf>): boolean =>
    pairs.neverReached.includes("connected, no fault: stop-server");
  expect(never(coverageOf([{ counts: searched(natsGo, 300, without), profile: natsGo }]))).toBe(true);
  const all = modelCapabilities(natsGo);
  expect(never(coverageOf([{ counts: searched(natsGo, 300, all), profile: natsGo }]))).toBe(false);
});

test("what no schedule brings together is counted, and not missed", () => {
  const { pairs, transitions } = coverageOf([{ counts: new TransitionCounts(), profile: natsGo }]);
  for (const impossible of ["disconnected, link down: hold", "closed, no fault: close", "connected, limit: flush"])
    expect(pairs.neverReached).not.toContain(impossible);
  expect(pairs.neverReached).toContain("disconnected, link down: publish");
  expect(transitions.notEnabled).toBeGreaterThan(pairs.neverReached.length);
});

test("under a policy nothing is named as missing: what is possible there was not worked out", () => {
  const counts = searched(natsGo, 20, modelCapabilities(natsGo));
  const policy = bundledPolicy("core-only") as Policy;
  const { transitions, pairs } = coverageOf([{ counts, profile: natsGo, policy }]);
  expect(transitions).toMatchObject({ neverReached: [], notEnabled: 0, isKnown: false });
  expect([transitions.reached > 20, pairs.neverReached]).toEqual([true, []]);
});

test("a run counts once for a transition that it makes twice", () => {
  const counts = new TransitionCounts();
  counts.beginRun();
  runModel(
    planCase(scenarioWith([start, cut(), publish(1), publish(1), heal()]), natsGo),
    "1",
    () => {},
    natsGo,
    counts,
  );
  expect([...counts.all().keys()]).toContain("disconnected, link down: publish → disconnected");
  expect(counts.runsAlone()).toBe(1);
  counts.beginRun();
  runModel(planCase(scenarioWith([start, cut(), publish(1), heal()]), natsGo), "1", () => {}, natsGo, counts);
  expect(counts.runsAlone()).toBe(0);
});

test("all of the first runs are watched, and then one of 16", () => {
  const counts = new TransitionCounts();
  const watched = Array.from({ length: 4_000 }, () => counts.beginRun());
  expect(watched.slice(0, 2_000)).not.toContain(false);
  expect(watched.slice(2_000).filter(one => one)).toHaveLength(125);
  expect(counts.runs).toBe(2_125);
});

test("the numbers are the places of the words", () => {
  expect(clientWords.map(clientNumber)).toEqual(clientWords.map((_, i) => i));
  const view: FaultView = { link: "up", hindrance: "none", door: "shut", jetStream: true };
  const views: readonly FaultView[] = [
    view,
    { ...view, link: "down" },
    ...(["hold", "limit", "blackhole", "pause", "lose-ack"] as const).map(hindrance => ({ ...view, hindrance })),
    { ...view, link: "handshake" },
    { ...view, link: "down", door: "silent" },
    { ...view, link: "down", door: "refuses" },
    { ...view, jetStream: false },
  ];
  expect(views.map(faultNumber)).toEqual(faultWords.map((_, i) => i));
  const isFault = (word: string): boolean => stepWords.indexOf("cut") <= stepWords.indexOf(word as "cut");
  const stepOf = (word: (typeof stepWords)[number]): PlannedStep["step"] => {
    if (word === "settle") return { id: settleId, kind: "settle" };
    if (word === "racing publish") return { kind: "publish" } as Step;
    return (isFault(word) ? { kind: "fault", fault: { kind: word } } : { kind: word }) as Step;
  };
  expect(stepWords.map(word => stepNumber(stepOf(word), word === "racing publish"))).toEqual(
    stepWords.map((_, i) => i),
  );
});

describe("the chance of something new", () => {
  test("is not nil where nothing was met by one run alone, only small", () => {
    const { chance, interval } = nextRunOf(0, 0, 1_000);
    expect(chance).toBe(0);
    expect(interval[0]).toBe(0);
    expect(interval[1]).toBeCloseTo(0.0038, 4);
    expect(nextRunOf(0, 0, 0).interval).toEqual([0, 1]);
  });

  test("lies within its interval nearly always, for kinds of every rarity", () => {
    const rarities = Array.from({ length: 40 }, (_, i) => 0.7 ** i);
    let within = 0;
    const trials = 400;
    for (let trial = 0; trial < trials; trial++) {
      const random = randomOf(`next-${trial}`, "kinds");
      const met = rarities.map(() => ({ times: 0, last: -1 }));
      const runs = 200;
      for (let run = 0; run < runs; run++)
        for (const [kind, rarity] of rarities.entries()) {
          const one = met[kind];
          if (one === undefined || !random.chance(rarity)) continue;
          one.times++;
          one.last = run;
        }
      const alone = new Set(met.filter(one => one.times === 1).map(one => one.last)).size;
      const isOld = rarities.reduce((all, rarity, kind) => (met[kind]?.times === 0 ? all * (1 - rarity) : all), 1);
      const metTwice = met.filter(one => one.times === 2).length;
      const [low, high] = nextRunOf(alone, metTwice, runs).interval;
      if (low <= 1 - isOld && 1 - isOld <= high) within++;
    }
    expect(within / trials).toBeGreaterThan(0.9);
  });
});

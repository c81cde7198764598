/** What a search folds while the world runs is what the full judging finds in the record; its digest tells the same runs apart. */

import { describe, expect, test } from "vitest";
import { planCase } from "../../../models/plan/plan.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import { catalogue } from "../../../properties/catalogue.ts";
import { hearsConnection } from "../../../properties/connection.ts";
import { hearsCorePath } from "../../../properties/core-path.ts";
import { hearsEffect } from "../../../properties/effect.ts";
import { declaredBy, type Hearing, type Property } from "../../../properties/property.ts";
import { hearsOutages } from "../../../properties/reconnect-buffer.ts";
import { hearsSeen } from "../../../properties/seen.ts";
import { bundledPolicy } from "../../../src/files/policies.ts";
import { digestOf, judge } from "../../../src/judge/judge.ts";
import { TransitionCounts } from "../../../src/search/exhaust/transitions.ts";
import { coverCase, newCoverage } from "../../../src/search/random/coverage.ts";
import { FastCoverage, promisedBy, runFast } from "../../../src/search/random/fast-case.ts";
import { hearsDigest, numberOf } from "../../../src/search/random/fast-digest.ts";
import { foldsOf, startFolds, telling } from "../../../src/search/random/fast-folds.ts";
import { GoalsSeen } from "../../../src/search/random/goals.ts";
import { ModelCases, searchModel } from "../../../src/search/random/model.ts";
import { shapeNames } from "../../../src/search/random/shapes.ts";
import {
  cut,
  eventsOf,
  heal,
  profileNamed,
  profilesByName,
  publish,
  randomScenario,
  scenarioWith,
  start,
} from "../../models/cases.ts";

/** Some of what is required here is promised by no client: cases that break something are among these. */
const judging = { require: catalogue.map(({ id }) => id) };
const natsGo = profileNamed("nats-go");
const { options } = randomScenario("1", natsGo);
const unbounded = { runsMax: 1_000, budgetMs: 60_000, judging: {} };

describe.each(profilesByName)("%s", (_name, profile) => {
  test("is judged while it runs as it is from its record, whether something breaks or not", () => {
    const verdicts = new Set<string>();
    for (let i = 0; i < 400; i++) {
      const scenario = randomScenario(`fast-${i}`, profile);
      const fast = runFast(promisedBy(profile, judging), scenario, String(i));
      const { verdict, disturbed, properties } = judge(
        planCase(scenario, profile),
        eventsOf(scenario, profile, String(i)),
        judging,
      );
      expect({ ...fast, digest: 0 }, scenario.id).toEqual({
        verdict,
        disturbed,
        exercised: properties.map(({ exercised }) => exercised),
        broken: properties.filter(one => one.verdict === "violated").map(one => one.property),
        digest: 0,
        watched: false,
      });
      verdicts.add(verdict);
    }
    expect(verdicts).toContain("holds");
    if (profile.reconnectBuffer.kind !== "kept") expect(verdicts).toContain("violated");
  });
});

test("a fold that several properties share is run once", () => {
  const { properties, folds } = promisedBy(profileNamed("nats-go"), judging);
  expect(properties).toHaveLength(catalogue.length);
  expect(folds.others).toHaveLength(1);
  expect(new Set(folds.stateOf)).toEqual(new Set([0, 1, 2, 3]));
});

describe("who is told by name", () => {
  const hearings: readonly Hearing<never>[] = [
    hearsDigest,
    hearsSeen,
    hearsEffect,
    hearsCorePath,
    hearsOutages,
    hearsConnection,
  ];
  const kinds = Object.keys(hearsDigest) as Event["kind"][];

  test.each(kinds)("hears of %s if it says so, once, and what was seen before what reads it", kind => {
    const heard: number[] = [];
    const listening = hearings
      .map((hears, i) => ({ hears, i, said: hears[kind] }))
      .filter(one => one.said !== undefined);
    for (const { hears, i } of listening) Object.assign(hears, { [kind]: () => heard.push(i) });
    const folds = foldsOf([]);
    telling(folds, startFolds(folds, { options, profile: natsGo }))({ kind } as Event);
    for (const { hears, said } of listening) Object.assign(hears, { [kind]: said });
    expect(heard).toEqual(listening.map(({ i }) => i));
  });

  test("comes to what each comes to alone, and any other is told everything", () => {
    const note = (heard: unknown, event: Event): void => void (heard as Event[]).push(event);
    const other: Property = { ...(catalogue[0] as Property), start: () => [], on: note };
    const folds = foldsOf([...catalogue, other]);
    for (let i = 0; i < 100; i++) {
      const scenario = randomScenario(`told-${i}`, natsGo);
      const declared = declaredBy(scenario, natsGo);
      const events = eventsOf(scenario, natsGo, "1");
      const states = startFolds(folds, declared);
      const tell = telling(folds, states);
      for (const event of events) tell(event);
      catalogue.forEach(({ start, on, end }, at) => {
        const alone = start(declared);
        for (const event of events) on(alone, event);
        expect(end(states.all[folds.stateOf[at] as number])).toEqual(end(alone));
      });
      expect(states.all.at(-1)).toEqual(events);
    }
  });
});

test("what a search counts by number is what is counted of judged cases by name", () => {
  for (const [, profile] of profilesByName) {
    const promised = promisedBy(profile, judging);
    const byNumber = new FastCoverage(promised);
    const byName = newCoverage();
    const lookout = { transitions: new TransitionCounts(), goals: new GoalsSeen(profile) };
    for (let i = 0; i < 200; i++) {
      const scenario = randomScenario(`cover-${i}`, profile);
      byNumber.cover(scenario, runFast(promised, scenario, "1", lookout));
      coverCase(
        byName,
        scenario,
        profile,
        judge(planCase(scenario, profile), eventsOf(scenario, profile, "1"), judging),
      );
    }
    const added = newCoverage();
    byNumber.addTo(added);
    expect(added).toEqual(byName);
  }
});

test("a case that is not watched counts, and its shapes do not", () => {
  const promised = promisedBy(natsGo, {});
  const coverage = new FastCoverage(promised);
  const scenario = scenarioWith([start, cut(), publish(1), heal()]);
  coverage.cover(scenario, runFast(promised, scenario, "1"));
  const added = newCoverage();
  coverage.addTo(added);
  expect([added.runs, added.shapeRuns, added.shapes["published while down"]]).toEqual([1, 0, 0]);
});

test("a word in an event has a number that no other of its field has", () => {
  const fields = [
    ["disturbed", "healed", "settled"],
    ["accepted", "acked", "rejected", "unsettled", "ok", "failed"],
    ["buffer-full", "closed", "draining", "too-large", "not-connected", "no-responders", "no-headers", "stream-full"],
    ["timeout", "disconnected", "write-failed", "closed", "never-returned", "reconnecting", "other"],
    ["start", "flush", "drain", "close", "exit", "subscribe"],
    ["connected", "disconnected", "reconnected", "closed"],
    ["arrived", "refused", "reconnect buffer", "reset at dial", "client outbound", "outbound or socket", "link"],
    ["no stream", "dedupe window", "stream limit", "server's store", "process exit", "arrived", "refused"],
    ["cut", "hold", "limit", "blackhole", "stop-server", "pause-server", "lose-ack"],
  ];
  for (const words of fields) expect(new Set(words.map(numberOf)).size, words.join()).toBe(words.length);
  expect(shapeNames.length).toBeLessThan(32);
});

test.each([undefined, "cordum-hardened", "core-only"])(
  "the rolling digest differs exactly where the digest of the record does, under policy %s",
  name => {
    const policy = name === undefined ? undefined : bundledPolicy(name);
    const under = policy && { policy };
    const { scenario: scenarioAt } = new ModelCases({ profile: natsGo, seed: "apart", judging: {}, ...under });
    const promised = promisedBy(natsGo, {}, policy);
    const recorded = new Set<string>();
    const rolling = new Set<number>();
    for (let i = 0; i < 50; i++) {
      const scenario = scenarioAt(i);
      for (let seed = 0; seed < 20; seed++) {
        recorded.add(digestOf(eventsOf(scenario, natsGo, String(seed))));
        rolling.add(runFast(promised, scenario, String(seed)).digest);
      }
    }
    expect(rolling.size).toBe(recorded.size);
  },
);

test("after its first 5,000 runs a search asks the oracle for one of 5,000", () => {
  const cases = new ModelCases({ profile: natsGo, seed: "1", judging: {} });
  for (const [index, asked] of [
    [0, 1],
    [1_000, 2],
    [4_000, 3],
    [4_001, 3],
    [5_000, 4],
    [6_000, 4],
    [10_000, 5],
  ] as const) {
    cases.run(index);
    expect([index, cases.heldAgainstOracle]).toEqual([index, asked]);
  }
});

test("a search of the correct model asks the oracle now and then, one of a mutant every time", async () => {
  const profile = profileNamed("nats-go");
  const correct = await searchModel({ ...unbounded, profile, seed: "1" }, () => false);
  expect([correct.runs, correct.heldAgainstOracle, correct.failure]).toEqual([1_000, 1, undefined]);
  const same = await searchModel({ ...unbounded, profile, seed: "1" }, () => false);
  expect(same.digest).toBe(correct.digest);
  const behaves = { ...profile, reconnectBuffer: { kind: "reset-at-dial" } } as const;
  const mutant = await searchModel({ ...unbounded, profile, behaves, seed: "1" }, () => false);
  expect(mutant.failure).toBeDefined();
  expect(mutant.heldAgainstOracle).toBe(mutant.runs);
});

test("a case that breaks something is found at the same index by whoever runs it, and is shrunk", async () => {
  const profile = profileNamed("nats-js-3");
  const found = await searchModel({ ...unbounded, profile, judging, seed: "shares" }, () => false);
  const index = found.runs - 1;
  const alone = new ModelCases({ profile, judging, seed: "shares" }).run(index);
  expect(alone?.broken).toEqual(found.failure?.broken);
  expect(found.failure?.scenario.steps.length).toBeLessThan(alone?.scenario.steps.length ?? 0);
});

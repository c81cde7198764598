/** A scenario for a real clock ends before its own waits have outlasted a duplicate window. */
import { describe, expect, test } from "vitest";
import { inLiveTime } from "../../../models/policy/times.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import { scenariosUnder } from "../../../properties/arbitraries/runs.ts";
import { bundledPolicies, bundledPolicy } from "../../../src/files/policies.ts";
import { parseScenario } from "../../../src/files/scenario-schema.ts";
import { withinAckWaits } from "../../../src/search/random/within-ack-waits.ts";
import { withinAges, withinWindows } from "../../../src/search/random/within-windows.ts";
import { modelCapabilities } from "../../../src/worlds/model.ts";
import { type Bare, cut, fault, heal, hold, scenarioWith, start } from "../../models/cases.ts";
import {
  advance,
  job,
  kill,
  policyWith,
  replica,
  subscribe,
  subscribeSlow,
  term,
  underPolicy,
} from "../../models/policies.ts";

const policy = policyWith({
  publish: { ackTimeoutMs: 1_000, attemptsMax: 2 },
  streams: [{ ...policyWith({}).streams[0], duplicateWindowMs: 8_000 }] as never,
});
const lengthOf = (steps: readonly Bare[]): number => withinWindows(underPolicy(policy, steps), natsGo).steps.length;

describe("a scenario whose publishes wait while the link is down", () => {
  test("is left as it is up to six tenths of the window", () => {
    expect(lengthOf([start, cut(), job(), job(), heal(), job(9)])).toBe(6);
  });

  test("ends before the step that goes beyond them", () => {
    expect(lengthOf([start, cut(), job(), job(), job(), heal(), job(9)])).toBe(4);
  });

  test("ends before the faults that this step was to meet", () => {
    expect(lengthOf([start, cut(), job(3), heal()])).toBe(1);
    expect(lengthOf([start, cut(), job(2), heal(), hold, job(1), heal()])).toBe(4);
  });

  test("waits once for calls that wait beside each other", () => {
    expect(lengthOf([start, cut(), job(9, { async: true }), heal()])).toBe(4);
  });

  test("is left as it is without a policy", () => {
    const bare = scenarioWith([start, cut(), heal()]);
    expect(withinWindows(bare, natsGo)).toBe(bare);
  });
});

describe("a scenario whose messages have an age of four seconds", () => {
  const aged = policyWith({
    streams: [{ ...policyWith({}).streams[0], ageMaxMs: 4_000, duplicateWindowMs: 1_000 }] as never,
    shutdown: { budgetMs: 800 },
  });
  const agedLength = (steps: readonly Bare[], under = aged): number =>
    withinAges(underPolicy(under, steps), natsGo).steps.length;

  test("ends before the step with which its starts take more than a quarter of it", () => {
    const restarted = [kill(), start];
    expect(agedLength([start, ...restarted, ...restarted, job()])).toBe(6);
    expect(agedLength([start, ...restarted, ...restarted, ...restarted, job()])).toBe(6);
    const { streams: _, ...rest } = aged;
    expect(
      agedLength([start, ...restarted, ...restarted, ...restarted, job()], { ...rest, streams: policy.streams }),
    ).toBe(8);
  });

  test("ends before a stop that takes so long while a link is held", () => {
    expect(agedLength([start, job(), hold, job(), term(), heal(), start])).toBe(4);
  });
});

describe("a scenario whose messages are given again after two seconds", () => {
  const again = policyWith({
    publish: { ackTimeoutMs: 600, attemptsMax: 2 },
    consume: { durables: "bound", ackWaitMs: 2_000, deliverMax: 3, failures: "redelivered" },
  });
  const lengthAgain = (steps: readonly Bare[]): number =>
    withinAckWaits(underPolicy(again, steps), natsGo).steps.length;
  const failing = [start, subscribe(0, "fails"), job()];

  test("is left as it is while its publishes wait for less", () => {
    expect(lengthAgain([...failing, cut(), job(), heal()])).toBe(6);
  });

  test("ends before the publish that would wait for longer", () => {
    expect(lengthAgain([...failing, cut(), job(), job(), heal()])).toBe(5);
    expect(lengthAgain([...failing, advance(1_500), cut(), job(), heal()])).toBe(4);
  });

  test("counts a message whose process ended while its handler was at work", () => {
    const atWork = [start, subscribeSlow(0, 1_000), job()];
    const waits = [kill(), start, hold, job(), heal()];
    expect(lengthAgain([...atWork, ...waits])).toBe(7);
    expect(lengthAgain([...atWork, advance(1_000), ...waits])).toBe(9);
  });

  test("counts the attempts that a heal within a publish comes after", () => {
    const heals: Bare = { kind: "heal", awaits: "connected", afterAttempts: 1 };
    const healed = [hold, job(1, { overlap: true }), heals];
    expect(lengthAgain([...failing, ...healed])).toBe(6);
    // Without the second heal the publish before it would wait as long.
    expect(lengthAgain([...failing, ...healed, ...healed])).toBe(6);
  });

  test("counts on the replica that fails among those that may be given a message", () => {
    const beside = [start, replica(1), replica(2), subscribe(1), subscribe(0, "fails"), subscribe(2), job()];
    for (const id of ["a", "b", "c", "d", "e"]) {
      const drawn = { ...underPolicy(again, [...beside, cut(), job(), job(), heal()]), id };
      expect(withinAckWaits(drawn, natsGo).steps).toHaveLength(beside.length + 2);
    }
  });

  test("ends before a message whose ack wait would end right after another", () => {
    expect(lengthAgain([...failing, advance(1_000), job()])).toBe(5);
    expect(lengthAgain([...failing, advance(100), job()])).toBe(4);
  });

  test("ends before the later of two messages that come together after several deliveries", () => {
    const backoff = policyWith({
      ...again,
      consume: {
        durables: "bound",
        ackWaitMs: 30_000,
        backoffMs: [2_000, 4_000],
        deliverMax: 5,
        failures: "redelivered",
      },
    });
    // Given at 0 and 2,000 and due at 6,000 and 10,000; at 4,100 and due at 6,100.
    const steps = [...failing, advance(2_000), advance(2_100), job()];
    expect(withinAckWaits(underPolicy(backoff, steps), natsGo).steps).toHaveLength(5);
  });

  test("ends before the publish that lets two ack waits end together", () => {
    // Real time stays behind up to the second of them, and then the publish takes what was between them.
    expect(lengthAgain([...failing, advance(600), job()])).toBe(5);
    expect(lengthAgain([...failing, advance(600), job(), cut(), job(), heal()])).toBe(5);
  });

  test("ends before a publish that waits behind a hold and is given as the case settles, together with another", () => {
    const backoff = policyWith({
      publish: { ackTimeoutMs: 700, attemptsMax: 1 },
      consume: {
        durables: "bound",
        ackWaitMs: 2_500,
        backoffMs: [2_500, 3_000, 3_500],
        deliverMax: 4,
        failures: "redelivered",
      },
    });
    const lengthOf = (steps: readonly Bare[]): number =>
      withinAckWaits(underPolicy(backoff, steps), natsGo).steps.length;
    // Given for the third time at 5,500 and due at 9,000; published at 6,000 and due at 8,500.
    const given = [start, replica(1), subscribe(1, "fails"), job(), advance(2_500), advance(3_000), advance(500)];
    expect(lengthOf([...given, hold, job(), kill()])).toBe(given.length);
    expect(lengthOf([...given, job(), kill()])).toBe(given.length + 2);
  });

  test("counts no time that has passed before the delivery", () => {
    // The real clock follows towards the end of the ack wait, whatever the heals before took of it.
    const late = [start, ...Array.from({ length: 4 }, () => [cut(), heal()]).flat(), subscribe(0, "fails"), job()];
    expect(lengthAgain([...late, advance(1_500), cut(), job(), heal()])).toBe(late.length + 1);
  });

  test("counts from the moment at which a message was stored once its server has restarted", () => {
    const restart = [fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" }), heal()];
    const backlog = [start, job(), advance(1_000), subscribe(0, "fails")];
    const waits = [cut(), job(), heal()];
    expect(lengthAgain([...backlog, ...waits])).toBe(7);
    expect(lengthAgain([...backlog, ...restart, ...waits])).toBe(6);
    // Given again as soon as the server is back.
    expect(lengthAgain([...failing, advance(2_000), ...restart, job()])).toBe(7);
  });

  test("is left as it is once its messages are acknowledged", () => {
    expect(lengthAgain([start, subscribe(0), job(), cut(), job(), job(), heal()])).toBe(7);
  });
});

test.each([natsGo, natsJs3])(
  "a policy's scenarios stay as they are the second time, and can be written down: $name",
  profile => {
    for (const name of bundledPolicies()) {
      const live = bundledPolicy(name);
      if (live === undefined) throw new Error(name);
      const space = { profile, capabilities: modelCapabilities(profile), grainMs: 600, waitingCountMax: 1 };
      const at = scenariosUnder("within", space, inLiveTime(live));
      for (let i = 0; i < 60; i++) {
        const scenario = withinWindows(at(i), profile);
        expect(scenario.steps[0]).toEqual(at(i).steps[0]);
        parseScenario(JSON.stringify(scenario), "within-windows.test.ts");
        expect(withinWindows(scenario, profile)).toBe(scenario);
      }
    }
  },
);

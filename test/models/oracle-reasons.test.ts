/** What the oracle says: of a lie, the reason that helps; of the truth, where each message ended, as far as that can be known. */

import { describe, expect, test } from "vitest";
import { handlerOf, type Observation, observe, publishedAgain } from "../../models/observation.ts";
import { admits } from "../../models/oracle.ts";
import { planCase } from "../../models/plan/plan.ts";
import type { CallTold, ServiceTold } from "../../models/told.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { worded } from "../../models/words.ts";
import { type Answers, answeredRun } from "./answered.ts";
import {
  close,
  cut,
  eventsOf,
  fault,
  flush,
  heal,
  hold,
  limit,
  overlapped,
  profileNamed,
  publish,
  scenarioWith,
  start,
  together,
} from "./cases.ts";
import { job, jobAgain, news, policyWith, replica, sound, stream, subscribe, underPolicy } from "./policies.ts";

const go = profileNamed("nats-go");
const flushed: CallTold = { call: "flush", outcome: { is: "ok" } };
const flushTimedOut: CallTold = { call: "flush", outcome: { is: "failed", kind: "timeout" } };
/** An entry that no actor of these scenarios has. */
const unheardOf: ServiceTold = { kind: "process", change: "stopping", replica: 9 };

/** What is said of the observation of one run, changed. */
function saidOf(scenario: Scenario, lie: (truth: Observation) => Partial<Observation>, seed = "1"): string {
  const truth = observe(eventsOf(scenario, go, seed));
  const admission = admits(planCase(scenario, go), { ...truth, ...lie(truth) });
  return admission.answer === "permitted" ? "permitted" : `${admission.answer}: ${worded(admission.reason)}`;
}

describe("of a lie it is said", () => {
  const plain = scenarioWith([start, publish(5), flush(), publish(3), flush()]);
  const outage = scenarioWith([start, publish(5), flush(), cut(), publish(3), heal(), flush()]);

  test.each<[what: string, scenario: Scenario, lie: (truth: Observation) => Partial<Observation>, said: string]>([
    ["nothing of the truth", plain, () => ({}), "permitted"],
    [
      "which message is missing, and what came there",
      plain,
      ({ delivered }) => ({ delivered: delivered.filter(m => m !== 2) }),
      "not-permitted: the model says message 2 arrives as number 3; message 3 arrived there (at flush-2, after 2 of 7 deliveries matched)",
    ],
    [
      "that nothing more arrived",
      plain,
      ({ delivered }) => ({ delivered: delivered.slice(0, 6) }),
      "not-permitted: the model says message 6 arrives as number 7; nothing more arrived (at flush-4, after 6 of 6 deliveries matched)",
    ],
    [
      "which message is one too many",
      plain,
      ({ delivered }) => ({ delivered: [...delivered, 0] }),
      "not-permitted: message 0 arrived as number 9, but the model delivers nothing more (at settle, after 8 of 9 deliveries matched)",
    ],
    [
      "what a publish was told",
      plain,
      ({ outcomes }) => ({ outcomes: outcomes.with(6, { is: "rejected", kind: "closed" }) }),
      "not-permitted: publish of message 6 at publish-3: the model says accepted; observed rejected closed (at publish-3, after 5 of 8 deliveries matched)",
    ],
    [
      "that a bus may refuse by itself what its client would keep",
      outage,
      ({ outcomes }) => ({ outcomes: outcomes.with(6, { is: "rejected", kind: "not-connected" }) }),
      "not-permitted: publish of message 6 at publish-4: the model says accepted; observed rejected not-connected: the client did not keep it while down, or the bus refuses by itself what its client would keep (at publish-4, after 5 of 8 deliveries matched)",
    ],
    [
      "no such thing of a buffer that is said to be full",
      outage,
      ({ outcomes }) => ({ outcomes: outcomes.with(6, { is: "rejected", kind: "buffer-full" }) }),
      "not-permitted: publish of message 6 at publish-4: the model says accepted; observed rejected buffer-full (at publish-4, after 5 of 8 deliveries matched)",
    ],
    [
      "that there was no such publish",
      plain,
      ({ outcomes }) => ({ outcomes: outcomes.slice(0, 7) }),
      "not-permitted: publish of message 7 at publish-3: the model says accepted; observed no publish call (at publish-3, after 5 of 8 deliveries matched)",
    ],
    [
      "what a call was told",
      plain,
      ({ calls }) => ({ calls: new Map(calls).set("flush-4", [flushTimedOut]) }),
      "not-permitted: flush-4: the model says flush ok; observed flush failed timeout (at flush-4, after 8 of 8 deliveries matched)",
    ],
    [
      "that there was no such call",
      plain,
      ({ calls }) => ({ calls: new Map([...calls].filter(([step]) => step !== "flush-2")) }),
      "not-permitted: flush-2: the model says flush ok; observed no such call (at flush-2, after 5 of 8 deliveries matched)",
    ],
    [
      "that the client did not say it is down",
      outage,
      ({ connection }) => ({ connection: connection.slice(0, 1) }),
      "not-permitted: the model says the client becomes disconnected; observed nothing more: the client did not say so, or the bus does not forward it (at fault-3, after 5 of 8 deliveries matched)",
    ],
    [
      "what the client became instead",
      outage,
      () => ({ connection: ["connected", "disconnected", "closed"] }),
      "not-permitted: the model says the client becomes reconnected; observed closed (at heal-5, after 5 of 8 deliveries matched)",
    ],
    [
      "what the client became beyond that",
      outage,
      ({ connection }) => ({ connection: [...connection, "closed"] }),
      "not-permitted: the client became closed, but the model says nothing more (at settle, after 8 of 8 deliveries matched)",
    ],
    [
      "how much arrived that no one published",
      plain,
      () => ({ foreign: 3 }),
      "not-permitted: 3 messages arrived that no one published",
    ],
  ])("%s", (_what, scenario, lie, said) => {
    expect(saidOf(scenario, lie)).toBe(said);
  });

  test("that a message arrived which in the model no longer can", () => {
    const held = scenarioWith([start, flush(), hold, publish(3), cut(), heal()]);
    expect(saidOf(held, () => ({ delivered: [1] }))).toMatch(
      /^not-permitted: message 1 arrived, but in the model it no longer can \(at fault-4/,
    );
  });

  test("what was told of messages before what was told of calls, from the furthest point that any path reached", () => {
    const racing = scenarioWith([start, publish(3), cut(), heal(), publish(2), flush()]);
    const said = saidOf(racing, ({ delivered }) => ({ delivered: [...delivered.filter(m => m < 4), 9] }));
    expect(said).toMatch(
      /^not-permitted: the model says message 4 arrives as number \d; message 9 arrived there \(at flush-5/,
    );
  });
});

describe("an observation", () => {
  test("tells a repeated word of the client once, and a message without an outcome as never returned", () => {
    const say = (change: "connected" | "disconnected" | "reconnected"): Event => ({ kind: "connection", change });
    const observed = observe([
      say("connected"),
      say("disconnected"),
      say("disconnected"),
      say("reconnected"),
      say("disconnected"),
      {
        kind: "published",
        step: "a",
        first: 2,
        count: 1,
        frameBytes: 34,
        outcome: { is: "unsettled", kind: "timeout" },
      },
      { kind: "foreign", count: 2 },
      { kind: "foreign", count: 1 },
    ]);
    expect(observed.connection).toEqual(["connected", "disconnected", "reconnected", "disconnected"]);
    expect(observed.outcomes).toEqual([
      { is: "never-returned" },
      { is: "never-returned" },
      { is: "unsettled", kind: "timeout" },
    ]);
    expect([observed.published, observed.foreign]).toEqual([3, 3]);
  });

  test("keeps the calls of one step in their order", () => {
    const flushed: Event = { kind: "called", step: "together", call: "flush", outcome: { is: "ok" } };
    const closed: Event = {
      kind: "called",
      step: "together",
      call: "close",
      outcome: { is: "failed", kind: "timeout" },
    };
    expect(observe([flushed, closed]).calls.get("together")).toEqual([
      { call: "flush", outcome: { is: "ok" } },
      { call: "close", outcome: { is: "failed", kind: "timeout" } },
    ]);
  });

  test("of a service is told by whom, of what and how often, and a lie about it is not permitted", () => {
    const scenario = underPolicy(sound, [start, subscribe(0), job(2), job(1, { key: "k" })]);
    const { service, outcomes } = observe(eventsOf(scenario, go));
    expect(service.get("streams")).toEqual([0, 1, 2].map(message => ({ kind: "holds", stream: "JOBS", message })));
    const handler = handlerOf(0, "job.a");
    expect(service.get(handler)).toEqual(
      [0, 1, 2].map(message => ({
        kind: "handled",
        replica: 0,
        subject: "job.a",
        delivery: 1,
        outcome: "acked",
        message,
      })),
    );
    expect(service.get("processes")).toEqual([{ kind: "process", change: "started", replica: 0, by: "scenario" }]);
    expect(outcomes).toEqual([{ is: "acked" }, { is: "acked" }, { is: "acked" }]);
    for (const actor of ["streams", handler, "processes", "probes"]) {
      const said = service.get(actor) ?? [];
      const fewer = new Map([...service, [actor, said.slice(0, -1)]]);
      const more = new Map([...service, [actor, [...said, unheardOf]]]);
      expect(
        saidOf(scenario, () => ({ service: fewer })),
        actor,
      ).toMatch(/^not-permitted/);
      expect(
        saidOf(scenario, () => ({ service: more })),
        actor,
      ).toMatch(/^not-permitted/);
    }
  });
});

test("a publish that took less than the model waits, or much more, is not one that the model makes", () => {
  // Nobody answers: nats.go asks twice more, 250 ms apart.
  const scenario = underPolicy(policyWith({ streams: [{ ...stream, subjects: ["job.b"] }] }), [start, job()]);
  const truth = eventsOf(scenario, go);
  const tookSaid = (tookMs: number): string => {
    const events = truth.map(event => (event.kind === "published" ? { ...event, tookMs } : event));
    const admission = admits(planCase(scenario, go), observe(events));
    return admission.answer === "permitted" ? "permitted" : worded(admission.reason);
  };
  for (const tookMs of [500, 600, 1_500]) expect(tookSaid(tookMs), `${tookMs} ms`).toBe("permitted");
  expect(tookSaid(100)).toMatch(/^publish of message 0 took 100 ms; the model says 500 ms /);
  expect(tookSaid(1_501)).toMatch(/^publish of message 0 took 1501 ms; the model says 500 ms /);
});

test("what is published again is held against what was told of it, apart from the first time", () => {
  const scenario = underPolicy(sound, [start, job(2), jobAgain(1, 2)]);
  const truth = observe(eventsOf(scenario, go));
  expect(truth.outcomes).toEqual([{ is: "acked" }, { is: "acked" }]);
  expect([...truth.again]).toEqual([
    [publishedAgain("publish-2", 0), { is: "acked", duplicate: true }],
    [publishedAgain("publish-2", 1), { is: "acked", duplicate: true }],
  ]);
  expect(saidOf(scenario, () => ({}))).toBe("permitted");
  expect(
    saidOf(scenario, ({ again }) => ({ again: new Map(again).set(publishedAgain("publish-2", 1), { is: "acked" }) })),
  ).toMatch(/^not-permitted/);
  expect(saidOf(scenario, () => ({ again: new Map() }))).toMatch(/^not-permitted/);
});

test("a word that a restarted process says again is no repetition", () => {
  const said = observe([
    { kind: "connection", change: "connected" },
    { kind: "process", change: "started", replica: 1, by: "scenario", atMs: 0 },
    { kind: "connection", change: "connected" },
    { kind: "process", change: "stopping", replica: 0, atMs: 0 },
    { kind: "connection", change: "connected" },
    { kind: "process", change: "started", replica: 0, by: "supervisor", atMs: 0 },
    { kind: "connection", change: "connected" },
  ]);
  expect(said.connection).toEqual(["connected", "connected"]);
});

test("a few explanations are enough: of 500 ways in which the same could be seen 8 are looked at", () => {
  // Whatever the client noticed in their midst, all were accepted, and the close lost what was kept.
  const scenario = scenarioWith([start, flush(), cut("none"), publish(500), close], {
    reconnectBufferBytesMax: 17_000,
  });
  const observed = observe(answeredRun(scenario, go).said);
  const admission = admits(planCase(scenario, go), observed);
  expect(admission.answer).toBe("permitted");
  expect(admission.evaluations).toBeLessThan(40);
});

test("the reason is the one of the path that went furthest, whatever shorter paths broke on", () => {
  const js = profileNamed("nats-js-3");
  const scenario = scenarioWith([start, flush(), cut("none"), heal("none"), publish(2), heal(), flush()]);
  const truth = observe(answeredRun(scenario, js).said);
  expect(truth.delivered).toEqual([0, 1]);
  const lie = { ...truth, calls: new Map(truth.calls).set("flush-6", [flushTimedOut]) };
  // That the two were lost in the old socket is thought of later, and breaks at publish-4.
  expect(admits(planCase(scenario, js), lie)).toMatchObject({
    answer: "not-permitted",
    reason: {
      kind: "disagreement",
      lead: { kind: "call", step: "flush-6", says: flushed, observed: flushTimedOut },
      at: "flush-6",
      matched: 2,
      deliveries: 2,
    },
  });
});

describe("the observation decides the answers", () => {
  const evaluationsOf = (scenario: Scenario, answers: Answers = {}): number => {
    const admission = admits(planCase(scenario, go), observe(answeredRun(scenario, go, answers).said));
    expect(admission.answer).toBe("permitted");
    return admission.evaluations;
  };

  test("of what was in flight, of a burst that noticed, of write errors: a few looks at each step are enough", () => {
    const flight = scenarioWith([start, publish(4_000), cut(), heal()]);
    expect(evaluationsOf(flight, { "arrived-before-cut": 1_234 })).toBeLessThanOrEqual(10);
    const burst = scenarioWith([start, flush(), overlapped(4_000), cut(), heal(), flush()]);
    expect(evaluationsOf(burst, { "arrived-before-cut": 1_234, "noticed-at": 500 })).toBeLessThanOrEqual(20);
    expect(
      evaluationsOf(burst, { "arrived-before-cut": 100, "noticed-at": 3_000, "write-error-at": 1_500 }),
    ).toBeLessThanOrEqual(20);
    const anchor = scenarioWith([start, flush(), limit(3_400), publish(4_000), heal(), flush()]);
    expect(evaluationsOf(anchor, { "noticed-at": 700 })).toBeLessThanOrEqual(20);
  });

  test("of durable calls that a cut overlapped", () => {
    const scenario = underPolicy(sound, [start, job(200, { overlap: true }), cut(), heal()]);
    expect(evaluationsOf(scenario, { "acked-before-cut": 120, "ack-lost": 1 })).toBeLessThanOrEqual(20);
    expect(evaluationsOf(scenario, { "acked-before-cut": 0 })).toBeLessThanOrEqual(20);
  });
});

describe("under a policy the oracle admits what the model makes", () => {
  const captured = policyWith({ streams: [{ ...stream, subjects: ["job.>", "news.>"] }] });
  test.each<[what: string, scenario: Scenario]>([
    ["calls that a cut overlaps", underPolicy(sound, [start, job(4, { overlap: true }), cut(), heal()])],
    [
      "calls all at once that a cut overlaps",
      underPolicy(sound, [start, job(4, { overlap: true, async: true }), cut(), heal()]),
    ],
    [
      "calls all at once whose writes may fail",
      underPolicy(sound, [start, job(600, { overlap: true, async: true }), cut(), heal()]),
    ],
    ["calls after a cut that is not awaited", underPolicy(sound, [start, cut("none"), heal("none"), job(2), heal()])],
    [
      "calls that are done again",
      underPolicy(sound, [start, job(3, { overlap: true }), cut(), heal(), jobAgain(1, 3)]),
    ],
    [
      "a kill of what was captured",
      underPolicy(captured, [
        start,
        news(4),
        fault({ kind: "stop-server", signal: "KILL", awaits: "noticed" }),
        heal(),
      ]),
    ],
    [
      "power loss",
      underPolicy(captured, [start, news(2), job(2), fault({ kind: "power-loss", awaits: "noticed" }), heal()]),
    ],
    ["two replicas", underPolicy(sound, [start, subscribe(0), replica(1), subscribe(1), job(2), job(2)])],
    ["an exit in the tick of a burst", scenarioWith([start, flush(), together(publish(1_000), { kind: "exit" })])],
  ])("%s", (_what, scenario) => {
    for (const name of ["nats-go", "nats-js-2", "nats-js-3"]) {
      const profile = profileNamed(name);
      for (let seed = 0; seed < 25; seed++) {
        const admission = admits(planCase(scenario, profile), observe(eventsOf(scenario, profile, String(seed))));
        expect(
          admission.answer,
          `${name} ${seed}: ${admission.answer === "permitted" ? "" : worded(admission.reason)}`,
        ).toBe("permitted");
      }
    }
  });
});

describe("of the truth it is said where each message ended", () => {
  const placesOf = (scenario: Scenario, seed: string, name = "nats-go"): string[] => {
    const profile = profileNamed(name);
    const admission = admits(planCase(scenario, profile), observe(eventsOf(scenario, profile, seed)));
    if (admission.answer !== "permitted") throw new Error(`${admission.answer}: ${worded(admission.reason)}`);
    return admission.ended.map(event =>
      event.kind === "ended" ? `${event.first}+${event.count} ${event.place}` : event.kind,
    );
  };

  test("where there is one way only, as the model had it", () => {
    const steps = [start, publish(4), flush(), hold, publish(3), cut(), publish(2), close, publish(1)];
    expect(placesOf(scenarioWith(steps), "1")).toEqual([
      "0+4 arrived",
      "4+3 link",
      "7+2 reconnect buffer",
      "9+1 refused",
    ]);
    expect(placesOf(scenarioWith(steps), "1", "nats-js-3")).toEqual([
      "0+4 arrived",
      "4+3 link",
      "7+2 reset at dial",
      "9+1 refused",
    ]);
  });

  test("where it may have been in either place, as outbound or socket", () => {
    // Beyond the notice nats.js loses them at its dial, before it in the socket: nobody can tell.
    const steps = [start, flush(), cut("none"), publish(3), heal()];
    for (let seed = 0; seed < 10; seed++)
      expect(placesOf(scenarioWith(steps), String(seed), "nats-js-3")).toEqual(["0+3 outbound or socket"]);
  });

  test("once for every message, whatever raced", () => {
    for (let seed = 0; seed < 40; seed++) {
      const places = placesOf(
        scenarioWith([start, publish(3), overlapped(30), cut(), publish(2), heal(), flush()]),
        String(seed),
      );
      let next = 0;
      for (const place of places) {
        const [first, count] = place.split(/[+ ]/).map(Number);
        expect(first).toBe(next);
        next += count ?? 0;
      }
      expect(next).toBe(35);
    }
  });
});

test("each evaluation of a step is counted, and the bound is held", () => {
  const scenario = scenarioWith([start, publish(40), cut(), heal(), publish(40), cut(), heal()]);
  const truth = observe(eventsOf(scenario, go));
  const lie = { ...truth, connection: [...truth.connection, "closed"] as const };
  const plain = admits(planCase(scenario, go), lie, { search: "plain", evaluationsMax: 60 });
  expect(plain).toEqual({
    answer: "undecided",
    reason: { kind: "out-of-evaluations", evaluationsMax: 60 },
    evaluations: 60,
  });
  const permitted = admits(
    planCase(scenarioWith([start, publish(1), flush()]), go),
    observe(eventsOf(scenarioWith([start, publish(1), flush()]), go)),
  );
  // Three steps and the end.
  expect(permitted.evaluations).toBe(4);
});

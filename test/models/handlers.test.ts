/** What a handler says to the server, and which delivery follows from it. */
import { describe, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { type Bare, cut, eventsOf, fault, heal, start } from "./cases.ts";
import {
  advance,
  job,
  kill,
  policyWith,
  replica,
  sound,
  subscribe,
  subscribeNaks,
  subscribeSlow,
  term,
  underPolicy,
} from "./policies.ts";

/** Every delivery with its moment; moments count from the last time that the scenario's time moved. */
function handled(steps: readonly Bare[], policy = sound, seed = "1"): string[] {
  let atMs = 0;
  return eventsOf(underPolicy(policy, steps), natsGo, seed).flatMap(event => {
    if (event.kind === "advanced") atMs = event.atMs;
    if (event.kind !== "handled") return [];
    const { replica: by, first, delivery, outcome } = event;
    return [`${by}: message ${first}, delivery ${delivery} at ${atMs}: ${outcome}`];
  });
}

describe("a handler that naks", () => {
  test("is given its message again at once, as often as the consumer's limit says", () => {
    expect(handled([start, subscribeNaks(0), job()])).toEqual([
      "0: message 0, delivery 1 at 0: nak-sent",
      "0: message 0, delivery 2 at 0: nak-sent",
      "0: message 0, delivery 3 at 0: nak-sent",
    ]);
  });

  test("is given it after the delay that it asks for, though the ack wait is over before", () => {
    expect(handled([start, subscribeNaks(0, 40_000), job(), advance(120_000)])).toEqual([
      "0: message 0, delivery 1 at 0: nak-sent",
      "0: message 0, delivery 2 at 40000: nak-sent",
      "0: message 0, delivery 3 at 80000: nak-sent",
    ]);
  });

  test("may lose it to a replica that acknowledges", () => {
    const steps = [start, subscribeNaks(0), replica(1), subscribe(1), job()];
    const ends = new Set(Array.from({ length: 30 }, (_, i) => handled(steps, sound, `${i}`).at(-1)));
    expect([...ends].sort()).toEqual([
      "0: message 0, delivery 3 at 0: nak-sent",
      "1: message 0, delivery 1 at 0: acked",
      "1: message 0, delivery 2 at 0: acked",
      "1: message 0, delivery 3 at 0: acked",
    ]);
  });

  test("is given it after an outage that outlasts the delay", () => {
    expect(handled([start, subscribeNaks(0, 10_000), job(), cut(), advance(15_000), heal()]).slice(0, 2)).toEqual([
      "0: message 0, delivery 1 at 0: nak-sent",
      "0: message 0, delivery 2 at 15000: nak-sent",
    ]);
  });
});

test("a message that is terminated is given to nobody again", () => {
  expect(handled([start, subscribe(0, "terminates"), job(), advance(300_000)])).toEqual([
    "0: message 0, delivery 1 at 0: terminated",
  ]);
});

test("a message whose acknowledgement is lost is worked on again, as often as the consumer's limit says", () => {
  expect(handled([start, subscribe(0, "loses-ack"), job(), advance(300_000)])).toEqual([
    "0: message 0, delivery 1 at 0: ack-lost",
    "0: message 0, delivery 2 at 30000: ack-lost",
    "0: message 0, delivery 3 at 60000: ack-lost",
  ]);
});

describe("a handler that acknowledges early", () => {
  const early = [start, subscribeSlow(0, 400, "job.a", "acks-early"), job()];
  const begun = "0: message 0, delivery 1 at 0: acked-early";

  test("works to the end", () => {
    expect(handled([...early, advance(400)])).toEqual([begun, "0: message 0, delivery 1 at 400: worked"]);
  });

  test.each([
    ["a kill", kill()],
    ["a stop that waits for nothing", term()],
  ])("%s within the work leaves it to nobody", (_what, end) => {
    const closes = policyWith({ shutdown: { strategy: "close" } });
    expect(handled([...early, end, start, subscribe(0), advance(300_000)], closes)).toEqual([begun]);
  });

  test("four steps wait for the work", () => {
    expect(handled([...early, term()])).toEqual([begun, "0: message 0, delivery 1 at 0: worked"]);
  });
});

describe("a handler that says that it is at work", () => {
  const slow = [start, subscribeSlow(0, 40_000, "job.a", "in-progress"), job()];

  test("outlasts the ack wait", () => {
    expect(handled([...slow, advance(40_000)])).toEqual([
      "0: message 0, delivery 1 at 0: begun",
      "0: message 0, delivery 1 at 40000: acked",
    ]);
  });

  test("leaves its message to the next delivery when it is killed", () => {
    expect(handled([...slow, kill(), start, subscribe(0), advance(30_000)])).toEqual([
      "0: message 0, delivery 1 at 0: begun",
      "0: message 0, delivery 2 at 30000: acked",
    ]);
  });
});

describe("a server that restarts counts an ack wait from the moment at which it stored the message", () => {
  const restart = [fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" }), heal()];
  const hung = (delivery: number, atMs: number) => `0: message 0, delivery ${delivery} at ${atMs}: hung`;

  test("so one that was given again comes at once", () => {
    const steps = [start, subscribe(0, "hangs"), job(), advance(31_000), ...restart, advance(1_000)];
    expect(handled(steps)).toEqual([hung(1, 0), hung(2, 30_000), hung(3, 31_000)]);
  });

  test("so one that had waited for its handler comes sooner by that time", () => {
    const steps = [start, job(), advance(10_000), subscribe(0, "hangs"), ...restart, advance(25_000)];
    expect(handled(steps).slice(0, 2)).toEqual([hung(1, 10_000), hung(2, 30_000)]);
  });

  test("so one that was given when it was stored comes when it would have come", () => {
    const steps = [start, subscribe(0, "hangs"), job(), advance(10_000), ...restart, advance(25_000)];
    expect(handled(steps).slice(0, 2)).toEqual([hung(1, 0), hung(2, 30_000)]);
  });

  test("and gives what is due in the order of the stream", () => {
    const often = policyWith({ consume: { ...sound.consume, deliverMax: 9 } });
    const steps = [start, subscribe(0, "fails"), job(), advance(10_000), job(), advance(51_000), ...restart];
    expect(handled(steps, often).slice(4, 7)).toEqual([
      "0: message 0, delivery 3 at 60000: failed",
      "0: message 0, delivery 4 at 61000: failed",
      "0: message 1, delivery 3 at 61000: failed",
    ]);
  });
});

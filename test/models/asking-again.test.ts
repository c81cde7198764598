/** Callers that publish a message again after an error: what is sent, what they learn and when, and which steps cannot be judged. */
import { describe, expect, test } from "vitest";
import { plan } from "../../models/plan/plan.ts";
import type { Options } from "../../models/vocabulary/scenario.ts";
import { answeredRun } from "./answered.ts";
import { type Bare, close, cut, fault, heal, hold, profileNamed, start } from "./cases.ts";
import {
  advance,
  healAfter,
  job,
  news,
  policyWith,
  stream,
  subscribeSlow,
  termWhile,
  underPolicy,
} from "./policies.ts";

const onError = { retries: 2, waitMs: 1_000 };
const again = policyWith({ publish: { onError } });
const againWithoutId = policyWith({ publish: { onError, messageIds: [] } });
const each = ({ first, count }: { first: number; count: number }): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

function shown(name: string, policy: typeof again, steps: readonly Bare[], options: Partial<Options> = {}) {
  const { said } = answeredRun(underPolicy(policy, steps, options), profileNamed(name));
  return {
    told: said.flatMap(event =>
      event.kind === "published"
        ? [`${event.outcome.is}${"kind" in event.outcome ? ` ${event.outcome.kind}` : ""}, ${event.tookMs ?? 0} ms`]
        : [],
    ),
    held: said.flatMap(event => (event.kind === "holds" ? each(event) : [])),
    delivered: said.flatMap(event => (event.kind === "delivered" ? each(event) : [])),
  };
}

const skipped = (name: string, policy: typeof again, steps: readonly Bare[], options: Partial<Options> = {}) =>
  plan(underPolicy(policy, steps, options), profileNamed(name)).steps.flatMap(one =>
    one.kind === "step" && one.skipped !== undefined ? [`${one.step.kind}: ${one.skipped.reason}`] : [],
  );

describe("a timeout is asked about again", () => {
  test("each time that the message is published is a copy, and one message to a stream that knows its id", () => {
    const steps = [start, hold, job(2), heal()];
    expect(shown("nats-go", againWithoutId, steps)).toMatchObject({
      told: ["unsettled timeout, 17000 ms", "unsettled timeout, 17000 ms"],
      held: [0, 0, 0, 1, 1, 1],
    });
    expect(shown("nats-go", again, steps).held).toEqual([0, 1]);
  });

  test("after each of the bus's own attempts has timed out", () => {
    const both = policyWith({ publish: { onError, attemptsMax: 2, messageIds: [] } });
    expect(shown("nats-go", both, [start, hold, job(), heal()])).toMatchObject({
      told: ["unsettled timeout, 32000 ms"],
      held: [0, 0, 0, 0, 0, 0],
    });
  });

  test("once for what is sent asynchronously", () => {
    expect(shown("nats-go", againWithoutId, [start, hold, job(2, { async: true }), heal()])).toMatchObject({
      told: ["unsettled timeout, 5000 ms", "unsettled timeout, 5000 ms"],
      held: [0, 1],
    });
  });

  test("a link that lets go within the second publish lets both through", () => {
    const steps = [start, hold, job(1, { overlap: true }), healAfter(1)];
    expect(shown("nats-js-3", again, steps)).toMatchObject({ told: ["acked, 0 ms"], held: [0] });
    expect(shown("nats-js-3", againWithoutId, steps)).toMatchObject({ told: ["acked, 0 ms"], held: [0, 0] });
  });

  test("the waits of its caller count against the window of the stream", () => {
    const held = (duplicateWindowMs: number): readonly number[] =>
      shown("nats-go", policyWith({ publish: { onError }, streams: [{ ...stream, duplicateWindowMs }] }), [
        start,
        fault({ kind: "lose-ack" }),
        job(),
        heal(),
      ]).held;
    expect(held(17_001)).toEqual([0]);
    expect(held(16_999)).toEqual([0, 0]);
  });

  test("a stream that acknowledges nothing is sent each of them, at its time", () => {
    const held = (duplicateWindowMs: number): readonly number[] =>
      shown("nats-go", policyWith({ publish: { onError }, streams: [{ ...stream, noAck: true, duplicateWindowMs }] }), [
        start,
        job(),
      ]).held;
    // The publishes are made at 0, 6 and 12 s.
    expect(held(12_001)).toEqual([0]);
    expect(held(11_999)).toEqual([0, 0]);
    expect(held(5_999)).toEqual([0, 0, 0]);
    expect(
      skipped(
        "nats-go",
        policyWith({ publish: { onError }, streams: [{ ...stream, noAck: true, duplicateWindowMs: 6_000 }] }),
        [start, job()],
      ),
    ).toHaveLength(1);
  });
});

describe("a refusal is asked about again", () => {
  const refuses = { reconnectBufferBytesMax: -1 };
  const long = policyWith({ publish: { onError: { retries: 3, waitMs: 1_000 } } });

  test("and is the answer after the waits, if it is the answer each time", () => {
    const none = policyWith({ publish: { onError }, streams: [] });
    expect(shown("nats-js-3", none, [start, job()]).told).toEqual(["rejected no-responders, 2000 ms"]);
    // nats.go itself asks three times, for 500 ms.
    expect(shown("nats-go", none, [start, job()]).told).toEqual(["rejected no-responders, 3500 ms"]);
    expect(shown("nats-go", again, [start, close, job(), news()]).told).toEqual([
      "rejected closed, 2000 ms",
      "rejected closed, 2000 ms",
    ]);
    expect(shown("nats-go", again, [start, cut(), job(), news(), heal()], refuses).told).toEqual([
      "rejected buffer-full, 2000 ms",
      "rejected buffer-full, 2000 ms",
    ]);
  });

  test("what is refused while down goes out once the client is back, through JetStream and as core NATS", () => {
    const steps = (one: Bare): readonly Bare[] => [start, cut(), one, healAfter(1)];
    expect(shown("nats-go", long, steps(job(1, { overlap: true })), refuses)).toMatchObject({
      told: ["acked, 0 ms"],
      held: [0],
    });
    expect(shown("nats-go", long, steps({ ...news(), overlap: true } as Bare), refuses)).toMatchObject({
      told: ["accepted, 0 ms"],
      delivered: [0],
    });
  });

  test("a heal comes between two of them only where enough time is left for the reconnect", () => {
    const steps = (attempts: number): readonly Bare[] => [start, cut(), job(1, { overlap: true }), healAfter(attempts)];
    expect(skipped("nats-go", long, steps(1), refuses)).toEqual([]);
    expect(skipped("nats-go", long, steps(2), refuses)).toEqual(["heal: no publish makes another attempt then"]);
    expect(skipped("nats-go", long, steps(3), refuses)).toEqual(["heal: no publish makes another attempt then"]);
    expect(skipped("nats-go", policyWith({}), steps(1), refuses)).toEqual([
      "heal: no publish makes another attempt then",
    ]);
  });
});

describe("what its waits would leave open is not judged", () => {
  test.each<[what: string, steps: readonly Bare[], reason: string]>([
    [
      "a publish beside a reconnect that was not awaited",
      [start, cut(), heal("none"), news()],
      "publish: which of its attempts meet a live connection is not known",
    ],
    [
      "a core publish that may meet a write error",
      [start, fault({ kind: "limit", bytes: 100 }), news()],
      "publish: which of its calls would meet the write error, and be made again, is not known",
    ],
    [
      "a publish between the signal and the end",
      [start, subscribeSlow(0, 5_000), job(), termWhile(news())],
      "signal: how far the stop has come when its caller asks again is not known",
    ],
    [
      "a publish behind a drain in one breath",
      [
        start,
        {
          kind: "together",
          steps: [
            { id: "d", kind: "drain" },
            { ...news(), id: "p" },
          ],
        } as Bare,
      ],
      "together: how far the stop has come when its caller asks again is not known",
    ],
  ])("%s", (_, steps, reason) => {
    expect(skipped("nats-go", again, steps)).toEqual([reason]);
    expect(skipped("nats-go", policyWith({}), steps)).toEqual([]);
  });

  test.each([
    ["a lost acknowledgement", { reconnectBufferBytesMax: -1 }, [start, fault({ kind: "lose-ack" }), job(), heal()]],
    ["an outage", { reconnectBufferBytesMax: 1_000 }, [start, cut(), job(), heal()]],
  ])("a publish of which some attempts may be refused: %s and a small buffer", (_, options, steps) => {
    expect(skipped("nats-go", again, steps, options)).toContain(
      "publish: which of its attempts are refused at once, and how long they take, is not known",
    );
    expect(skipped("nats-go", again, steps)).toEqual([]);
  });

  test("a publish into a stream that may have room again by then", () => {
    const full = [{ ...stream, discard: "new" as const, messagesMax: 1, ageMaxMs: 600_000 }];
    expect(skipped("nats-go", policyWith({ publish: { onError }, streams: full }), [start, advance(1), job()])).toEqual(
      ["publish: whether there is room again when its caller asks again is not known"],
    );
  });
});

describe("the last error is dropped", () => {
  const drops = policyWith({ publish: { onError: { ...onError, lastError: "dropped" } } });

  test("after as many publishes, and as much time, as where it is returned", () => {
    const steps = [start, hold, job(), heal()];
    expect(shown("nats-go", again, steps)).toMatchObject({ told: ["unsettled timeout, 17000 ms"], held: [0] });
    expect(shown("nats-go", drops, steps)).toMatchObject({ told: ["accepted, 17000 ms"], held: [0] });
  });

  test("also where it is a refusal, and the message is nowhere", () => {
    const nowhere = policyWith({ publish: drops.publish, streams: [] });
    expect(shown("nats-js-3", nowhere, [start, job()])).toEqual({
      told: ["accepted, 2000 ms"],
      held: [],
      delivered: [],
    });
  });

  test("of a publish through JetStream alone", () => {
    const without = { reconnectBufferBytesMax: -1 };
    expect(shown("nats-go", drops, [start, cut(), news(), heal()], without).told).toEqual([
      "rejected buffer-full, 2000 ms",
    ]);
  });
});

/** The durable path where only one end is right: copies, buffers, restarts, consumers; and what is asked where there is more than one. */
import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Options } from "../../models/vocabulary/scenario.ts";
import { type Answers, answeredRun } from "./answered.ts";
import {
  type Bare,
  blackhole,
  close,
  cut,
  drain,
  fault,
  flush,
  heal,
  hold,
  pauseServer,
  profileNamed,
  start,
} from "./cases.ts";
import {
  advance,
  job,
  jobAgain,
  news,
  policyWith,
  replica,
  sound,
  stream,
  subscribe,
  subscribeSlow,
  term,
  underPolicy,
} from "./policies.ts";

type Name = "nats-go" | "nats-js-2" | "nats-js-3";

/** `outcome` of each call with what it took, what the streams hold, where messages ended, what was handled, what was asked. */
function shown(
  name: Name,
  policy: Policy,
  steps: readonly Bare[],
  answers: Answers = {},
  options: Partial<Options> = {},
) {
  const { asked, said } = answeredRun(underPolicy(policy, steps, options), profileNamed(name), answers);
  const each = ({ first, count }: { first: number; count: number }): number[] =>
    Array.from({ length: count }, (_, i) => first + i);
  return {
    asked,
    told: said.flatMap(event => {
      if (event.kind !== "published") return [];
      const { outcome, tookMs, again } = event;
      const words = [
        "kind" in outcome ? `${outcome.is} ${outcome.kind}` : outcome.is,
        ...("duplicate" in outcome ? ["duplicate"] : []),
        ...(again === true ? ["again"] : []),
        ...(tookMs === undefined ? [] : [`${tookMs} ms`]),
      ];
      return each(event).map(m => `${m} ${words.join(" ")}`);
    }),
    held: said.flatMap(event => (event.kind === "holds" ? each(event) : [])),
    ended: said.flatMap(event => (event.kind === "ended" ? each(event).map(m => `${m} ${event.place}`) : [])),
    handled: said.flatMap(event =>
      event.kind === "handled" ? each(event).map(m => `${event.replica}: ${m} ${event.delivery} ${event.outcome}`) : [],
    ),
    calls: said.flatMap(event =>
      event.kind === "called" ? [`${event.call} ${event.outcome.is === "ok" ? "ok" : event.outcome.kind}`] : [],
    ),
    effects: said.flatMap(event => (event.kind === "fault" && event.phase === "took-effect" ? [event.fault] : [])),
  };
}

const noId = policyWith({ publish: { messageIds: [] } });
const thrice = policyWith({ publish: { messageIds: [], attemptsMax: 3 } });
const thriceWithId = policyWith({ publish: { attemptsMax: 3 } });
const loseAck = fault({ kind: "lose-ack" });

describe("every attempt of a call is a copy", () => {
  test("behind a hold all are stored when it lets go, but for those of one id", () => {
    const steps = [start, hold, job(2), heal()];
    expect(shown("nats-go", thrice, steps)).toMatchObject({
      told: ["0 unsettled timeout 15000 ms", "1 unsettled timeout 15000 ms"],
      held: [0, 0, 0, 1, 1, 1],
    });
    expect(shown("nats-js-3", thriceWithId, steps).held).toEqual([0, 1]);
    expect(shown("nats-js-3", noId, steps)).toMatchObject({
      told: ["0 unsettled timeout 5000 ms", "1 unsettled timeout 5000 ms"],
      held: [0, 1],
    });
  });

  test("a paused server stores all of them, a blackhole none", () => {
    const paused = [start, pauseServer, job(2), heal()];
    expect(shown("nats-go", thrice, paused).held).toEqual([0, 0, 0, 1, 1, 1]);
    expect(shown("nats-go", thrice, [start, blackhole, job(2), heal()])).toMatchObject({
      told: ["0 unsettled timeout 15000 ms", "1 unsettled timeout 15000 ms"],
      held: [],
    });
  });

  test("while down nats.go keeps them, nats.js loses them at its dial", () => {
    const steps = [start, cut(), job(2), heal()];
    expect(shown("nats-go", thrice, steps).held).toEqual([0, 0, 0, 1, 1, 1]);
    expect(shown("nats-js-3", thrice, steps)).toMatchObject({
      held: [],
      ended: ["0 reset at dial", "1 reset at dial"],
    });
  });

  test("after a lost acknowledgement the first message has one attempt less, and the others meet a link that is down", () => {
    const steps = [start, loseAck, job(3), heal()];
    expect(shown("nats-go", noId, steps)).toMatchObject({ held: [0, 1, 2], effects: ["lose-ack"] });
    expect(shown("nats-go", thrice, steps).held).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
    expect(shown("nats-js-3", noId, steps)).toMatchObject({
      held: [0],
      ended: ["0 arrived", "1 reset at dial", "2 reset at dial"],
      told: [0, 1, 2].map(m => `${m} unsettled timeout 5000 ms`),
    });
  });
});

describe("the reconnect buffer of nats.go", () => {
  const limited = { reconnectBufferBytesMax: 1 };

  test("takes one frame below its limit, a copy like a message, and refuses the next", () => {
    const steps = [start, cut(), job(3), heal()];
    expect(shown("nats-go", noId, steps, {}, limited)).toMatchObject({
      told: ["0 unsettled timeout 5000 ms", "1 rejected buffer-full", "2 rejected buffer-full"],
      held: [0],
      ended: ["1 refused", "2 refused", "0 arrived"],
    });
    expect(shown("nats-go", thrice, steps, {}, limited).held).toEqual([0]);
    expect(shown("nats-go", thrice, steps, {}, { reconnectBufferBytesMax: -1 }).told).toEqual(
      [0, 1, 2].map(m => `${m} rejected buffer-full`),
    );
  });

  test("that is full refuses what would have waited through the outage", () => {
    const steps = [start, cut(), job(1), job(1, { overlap: true }), heal()];
    expect(shown("nats-go", noId, steps, {}, limited)).toMatchObject({
      told: ["0 unsettled timeout 5000 ms", "1 rejected buffer-full"],
      held: [0],
    });
    expect(shown("nats-go", noId, steps).held).toEqual([0, 1]);
  });
});

test("what outlasts an outage: the first call met it, the others the connection that comes back", () => {
  const steps = [start, cut(), job(3, { overlap: true }), heal()];
  expect(shown("nats-go", noId, steps)).toMatchObject({ told: ["0 acked", "1 acked", "2 acked"], held: [0, 1, 2] });
  expect(shown("nats-js-3", noId, steps)).toMatchObject({
    told: ["0 unsettled timeout 5000 ms", "1 acked", "2 acked"],
    held: [1, 2],
  });
  // A second attempt meets the new connection.
  expect(shown("nats-js-3", thrice, steps)).toMatchObject({ told: ["0 acked", "1 acked", "2 acked"], held: [0, 1, 2] });
});

describe("a call after a cut that was not awaited", () => {
  const steps = [start, cut("none"), job(2), heal()];

  test("may have met the old connection, its first message alone", () => {
    expect(shown("nats-go", noId, steps)).toMatchObject({ asked: ["publish-2 noticed-at 0..1"], held: [0, 1] });
    expect(shown("nats-go", noId, steps, { "noticed-at": 1 })).toMatchObject({
      held: [1],
      told: ["0 unsettled timeout 5000 ms", "1 unsettled timeout 5000 ms"],
      ended: ["0 outbound or socket", "1 arrived"],
    });
  });

  test("may have met the old connection, the dial or the new one, once the link is back", () => {
    const back = [start, cut("none"), heal("none"), job(2), heal()];
    expect(shown("nats-js-3", noId, back)).toMatchObject({
      asked: ["publish-3 noticed-at 0..1", "publish-3 dialled-at 0..1"],
      told: ["0 acked", "1 acked"],
    });
    expect(shown("nats-js-3", noId, back, { "noticed-at": 1 })).toMatchObject({
      told: ["0 unsettled timeout 5000 ms", "1 acked"],
      held: [1],
    });
    expect(shown("nats-js-3", noId, back, { "dialled-at": 1 })).toMatchObject({
      told: ["0 unsettled timeout 5000 ms", "1 acked"],
      held: [1],
      ended: ["0 reset at dial", "1 arrived"],
    });
    expect(shown("nats-js-3", thrice, back, { "noticed-at": 1 })).toMatchObject({
      told: ["0 acked", "1 acked"],
      held: [0, 1],
    });
  });
});

describe("calls that a cut overlaps", () => {
  const steps = (async?: true): readonly Bare[] => [
    start,
    job(5, { overlap: true, ...(async ? { async } : {}) }),
    cut(),
    heal(),
  ];

  test("one at a time: some acknowledged, one under way, the others while down", () => {
    expect(shown("nats-go", noId, steps(), { "acked-before-cut": 2 })).toMatchObject({
      asked: ["fault-2 acked-before-cut 0..5", "fault-2 ack-lost 0..1"],
      told: ["0 acked", "1 acked", ...[2, 3, 4].map(m => `${m} unsettled timeout 5000 ms`)],
      held: [0, 1, 3, 4],
    });
    expect(shown("nats-go", noId, steps(), { "acked-before-cut": 2, "ack-lost": 1 }).held).toEqual([0, 1, 2, 3, 4]);
    expect(shown("nats-js-3", noId, steps(), { "acked-before-cut": 2, "ack-lost": 1 }).held).toEqual([0, 1, 2]);
    expect(shown("nats-go", noId, steps(), { "acked-before-cut": 5 }).asked).toEqual(["fault-2 acked-before-cut 0..5"]);
  });

  test("all at once: all are under way that were made before the client noticed", () => {
    const answers = { "acked-before-cut": 1, "noticed-at": 3, "ack-lost": 1, "kept-from": 2 };
    expect(shown("nats-go", noId, steps(true), answers)).toMatchObject({
      asked: [
        "fault-2 acked-before-cut 0..5",
        "fault-2 noticed-at 0..4",
        "fault-2 ack-lost 0..3",
        "fault-2 kept-from 0..2",
      ],
      told: ["0 acked", ...[1, 2, 3].map(m => `${m} unsettled disconnected`), "4 unsettled timeout 5000 ms"],
      held: [0, 1, 4],
      ended: ["0 arrived", "1 arrived", "2 outbound or socket", "3 outbound or socket", "4 arrived"],
    });
    expect(shown("nats-go", noId, steps(true), { ...answers, "kept-from": 1 })).toMatchObject({
      told: ["0 acked", ...[1, 2, 3].map(m => `${m} unsettled disconnected`), "4 unsettled timeout 5000 ms"],
      held: [0, 1, 3, 4],
      ended: ["0 arrived", "1 arrived", "2 outbound or socket", "3 arrived", "4 arrived"],
    });
    expect(shown("nats-js-3", noId, steps(true)).told).toEqual(
      [0, 1, 2, 3, 4].map(m => `${m} unsettled timeout 5000 ms`),
    );
  });
});

describe("a server that is told to stop while something is under way", () => {
  const stopServer = fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" });
  const captures = policyWith({ streams: [{ ...stream, subjects: ["job.>", "news.>"] }] });
  const core = (count: number): Bare => ({ ...news(count), overlap: true }) as Bare;

  test("has answered some that nobody takes them: nats.js at any time, nats.go only what does not ask again", () => {
    const steps = (async?: true): readonly Bare[] => [
      start,
      job(4, { overlap: true, ...(async ? { async } : {}) }),
      stopServer,
      heal(),
    ];
    const answers = { "acked-before-cut": 1, "refused-before-stop": 2 };
    const told = ["0 acked", "1 rejected no-responders", "2 rejected no-responders"];
    expect(shown("nats-go", noId, steps(true), answers)).toMatchObject({
      told: [...told, "3 unsettled timeout 5000 ms"],
      ended: ["0 arrived", "1 no stream", "2 no stream", "3 arrived"],
      held: [0, 3],
    });
    expect(shown("nats-js-3", noId, steps(), answers).told).toEqual([...told, "3 unsettled timeout 5000 ms"]);
    // One that waited in the stream's queue comes before them, stored or not.
    const queued = {
      "acked-before-cut": 1,
      "refused-from": 1,
      "refused-before-stop": 1,
      "noticed-at": 1,
      "kept-from": 1,
    };
    expect(shown("nats-go", noId, steps(true), { ...queued, "ack-lost": 1 })).toMatchObject({
      told: ["0 acked", "1 unsettled disconnected", "2 rejected no-responders", "3 unsettled disconnected"],
      ended: ["0 arrived", "1 arrived", "2 no stream", "3 arrived"],
    });
    expect(shown("nats-go", noId, steps(true), { ...queued, "ack-lost": 0 }).held).toEqual([0]);
    expect(shown("nats-go", noId, steps(), answers).asked).not.toContainEqual(expect.stringContaining("refused"));
    // The connection of a tap may end before that of the publisher.
    const tapped = policyWith({ publish: { messageIds: [] }, taps: ["job.>"] });
    expect(shown("nats-go", tapped, steps(true), answers).told.slice(0, 3)).toEqual(told);
    expect(
      shown("nats-go", noId, [start, job(4, { overlap: true, async: true }), cut(), heal()]).asked,
    ).not.toContainEqual(expect.stringContaining("refused"));
  });

  test("has stored less than it passed on, or more; what was there before, and what it acknowledged, it has", () => {
    const steps = [start, news(2), flush(), core(4), stopServer, heal()];
    // Of four, three were passed on; the fourth was sent before the client noticed.
    const run = (answers: Answers) =>
      shown("nats-go", captures, steps, { "arrived-before-cut": 3, "noticed-at": 1, ...answers });
    expect(run({}).asked).toContain("fault-4 stored-before-stop 2..5");
    expect(run({}).asked).toContain("fault-4 stored-unseen 0..1");
    expect(run({ "stored-before-stop": 2 }).held).toEqual([0, 1]);
    expect(run({ "stored-unseen": 1, "stored-before-stop": 6 }).held).toEqual([0, 1, 2, 3, 4, 5]);
    const acked = [start, job(3, { overlap: true, async: true }), stopServer, heal()];
    expect(shown("nats-go", noId, acked, { "acked-before-cut": 3 })).toMatchObject({ held: [0, 1, 2] });
    expect(shown("nats-go", noId, acked, { "acked-before-cut": 3 }).asked).not.toContainEqual(
      expect.stringContaining("stored-before-stop"),
    );
  });
});

test("nats.go asks twice more whether nobody takes it, and runs out of a time of 500 ms before; nats.js does not ask", () => {
  const within = (ackTimeoutMs: number): Policy =>
    policyWith({ streams: [], publish: { messageIds: [], ackTimeoutMs } });
  expect(shown("nats-go", within(501), [start, job()]).told).toEqual(["0 rejected no-responders 500 ms"]);
  expect(shown("nats-go", within(500), [start, job()]).told).toEqual(["0 unsettled timeout 500 ms"]);
  expect(shown("nats-go", within(500), [start, job(1, { async: true })]).told).toEqual(["0 rejected no-responders"]);
  expect(shown("nats-js-3", within(300), [start, job()]).told).toEqual(["0 rejected no-responders"]);
});

test.each(["nats-go", "nats-js-3"] as const)(
  "%s asks again as the policy says, and the waits count against its timeout",
  profile => {
    const asking = (retries: number, waitMs: number) =>
      policyWith({ streams: [], publish: { ackTimeoutMs: 700, noResponders: { retries, waitMs } } });
    const told = (retries: number, waitMs: number) => shown(profile, asking(retries, waitMs), [start, job()]).told;
    expect(told(0, 250)).toEqual(["0 rejected no-responders"]);
    expect(told(3, 100)).toEqual(["0 rejected no-responders 300 ms"]);
    expect(told(3, 300)).toEqual(["0 unsettled timeout 700 ms"]);
  },
);

test("nats.go publishes nothing before its first pass over servers that never greet is over", () => {
  const silent = fault({ kind: "silent-handshake" });
  const toldAfter = (ms: number, servers: number): readonly string[] =>
    shown("nats-go", noId, [silent, start, advance(ms), job(), heal()], {}, { servers }).told;
  expect(toldAfter(9_999, 1)).toEqual(["0 rejected not-connected"]);
  expect(toldAfter(10_000, 1)).toEqual(["0 unsettled timeout 5000 ms"]);
  expect(toldAfter(10_000, 2)).toEqual(["0 rejected not-connected"]);
});

test("an acknowledgement is lost while several calls are under way that wait for none", () => {
  const steps = [start, loseAck, job(3, { async: true }), heal()];
  expect(shown("nats-go", noId, steps, { "noticed-at": 2, "ack-lost": 2 })).toMatchObject({
    told: ["0 unsettled disconnected", "1 unsettled disconnected", "2 unsettled timeout 5000 ms"],
    held: [0, 1, 2],
  });
  expect(shown("nats-go", noId, steps, { "noticed-at": 3, "ack-lost": 1, "kept-from": 2 }).held).toEqual([0]);
});

test("after its end a client refuses, each in its way", () => {
  expect(shown("nats-go", sound, [start, close, job(2)]).told).toEqual(["0 rejected closed", "1 rejected closed"]);
  expect(shown("nats-js-3", sound, [start, cut(), drain, heal(), job(1)]).told).toEqual(["0 rejected draining"]);
});

test("before its first connection nats.go keeps what needs no header, nats.js cannot be asked", () => {
  const steps = [cut("none"), start, job(2), heal()];
  expect(shown("nats-go", noId, steps)).toMatchObject({
    told: ["0 unsettled timeout 5000 ms", "1 unsettled timeout 5000 ms"],
    held: [0, 1],
  });
  expect(shown("nats-go", sound, steps).told).toEqual(["0 rejected no-headers", "1 rejected no-headers"]);
  expect(
    shown("nats-go", policyWith({ publish: { messageIds: [{ subjects: "job.>", id: "key" }] } }), [
      cut("none"),
      start,
      job(1, { key: "k" }),
      heal(),
    ]).told,
  ).toEqual(["0 rejected no-headers"]);
  expect(shown("nats-js-3", noId, steps).told).toEqual(["0 rejected not-connected", "1 rejected not-connected"]);
});

test("what is done again is said to be, keeps its number, and is told from what is new", () => {
  expect(shown("nats-go", noId, [start, job(2), job(1), jobAgain(1, 2)])).toMatchObject({
    told: ["0 acked", "1 acked", "2 acked", "0 acked again", "1 acked again"],
    held: [0, 1, 2, 0, 1],
  });
});

describe("ids", () => {
  const byKey = policyWith({ publish: { messageIds: [{ subjects: "job.>", id: "key" }] } });

  test("one key is one message for the length of the window, whatever is sent under it", () => {
    expect(shown("nats-go", byKey, [start, job(3, { key: "a" }), job(1, { key: "b" })])).toMatchObject({
      told: ["0 acked", "1 acked duplicate", "2 acked duplicate", "3 acked"],
      held: [0, 3],
      ended: ["0 arrived", "1 dedupe window", "2 dedupe window", "3 arrived"],
    });
    expect(shown("nats-go", byKey, [start, job(3)]).held).toEqual([0, 1, 2]);
  });

  test("at the very end of the window either is right, and only there it is asked", () => {
    const twice = (ms: number): readonly Bare[] => [start, job(1, { key: "a" }), advance(ms), job(1, { key: "a" })];
    expect(shown("nats-go", byKey, twice(119_999)).asked).toEqual([]);
    expect(shown("nats-go", byKey, twice(120_001)).asked).toEqual([]);
    expect(shown("nats-go", byKey, twice(120_000))).toMatchObject({
      asked: ["publish-3 window-ended 0..1"],
      held: [0],
    });
    expect(shown("nats-go", byKey, twice(120_000), { "window-ended": 1 }).held).toEqual([0, 1]);
  });

  test("… which goes for a server that starts just then, and for the ids that are published again", () => {
    const restart = [fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" }), heal()];
    const many = [job(1, { key: "a" }), job(1, { key: "b" }), job(1, { key: "c" })];
    const steps = [start, ...many, advance(120_000), ...restart];
    expect(shown("nats-go", byKey, steps).asked).toEqual([]);
    const again = [...steps, job(1, { key: "b" })];
    expect(shown("nats-go", byKey, again)).toMatchObject({ asked: ["publish-7 window-ended 0..1"], held: [0, 1, 2] });
    expect(shown("nats-go", byKey, again, { "window-ended": 1 }).held).toEqual([0, 1, 2, 3]);
  });
});

describe("a server that ends", () => {
  const powerLoss = fault({ kind: "power-loss", awaits: "noticed" });
  const stop = (signal: "TERM" | "KILL", store?: "lost"): Bare =>
    fault({ kind: "stop-server", signal, awaits: "noticed", ...(store === undefined ? {} : { store }) });
  const captured = policyWith({ streams: [{ ...stream, subjects: ["job.>", "news.>"] }] });
  const inMemory = policyWith({ streams: [{ ...stream, storage: "memory" }] });

  test("by a lost machine keeps what its disk had, every 2 minutes, and any prefix of the rest", () => {
    const steps = (ms: number): readonly Bare[] => [start, job(2), advance(ms), job(3), powerLoss, heal()];
    expect(shown("nats-go", sound, steps(119_999))).toMatchObject({
      asked: ["fault-4 synced-before-power-loss 0..5"],
      held: [],
    });
    expect(shown("nats-go", sound, steps(120_000))).toMatchObject({
      asked: ["fault-4 synced-before-power-loss 2..5"],
      held: [0, 1],
      ended: [
        "0 arrived",
        "1 arrived",
        "2 arrived",
        "3 arrived",
        "4 arrived",
        "2 server's store",
        "3 server's store",
        "4 server's store",
      ],
    });
    expect(shown("nats-go", sound, steps(120_000), { "synced-before-power-loss": 4 }).held).toEqual([0, 1, 2, 3]);
    expect(shown("nats-go", sound, [start, job(2), advance(120_000), powerLoss, heal()])).toMatchObject({
      asked: [],
      held: [0, 1],
    });
  });

  test("by SIGKILL keeps what it acknowledged, and any prefix of what was only captured since", () => {
    const steps = [start, news(2), job(1), news(3), { kind: "flush", timeoutMs: 5_000 } as const, stop("KILL"), heal()];
    expect(shown("nats-go", captured, steps)).toMatchObject({
      asked: ["fault-5 stored-before-kill 3..6"],
      held: [0, 1, 2],
    });
    expect(shown("nats-go", captured, [...steps.slice(0, -2), stop("TERM"), heal()])).toMatchObject({
      asked: [],
      held: [0, 1, 2, 3, 4, 5],
    });
  });

  test("loses what was in memory only, and with its disk everything, with the streams themselves", () => {
    for (const [policy, one] of [
      [inMemory, stop("TERM")],
      [inMemory, stop("KILL")],
      [inMemory, powerLoss],
      [sound, stop("TERM", "lost")],
    ] as const)
      expect(shown("nats-go", policy, [start, job(2), one, heal(), job(1)])).toMatchObject({
        told: ["0 acked", "1 acked", "2 rejected no-responders 500 ms"],
        held: [],
      });
    expect(shown("nats-go", sound, [start, job(2), stop("TERM"), heal(), job(1)]).held).toEqual([0, 1, 2]);
  });

  test("takes a lost id with its message", () => {
    const steps = [start, job(2), powerLoss, heal(), jobAgain(1, 2)];
    expect(shown("nats-go", sound, steps, { "synced-before-power-loss": 1 })).toMatchObject({
      told: ["0 acked", "1 acked", "0 acked duplicate again", "1 acked again"],
      held: [0, 1],
    });
  });
});

describe("a limited stream", () => {
  const limited = (discard: "old" | "new"): Policy => policyWith({ streams: [{ ...stream, messagesMax: 2, discard }] });

  test("discards its oldest, said each time, or refuses", () => {
    expect(shown("nats-go", limited("old"), [start, job(4)])).toMatchObject({
      held: [2, 3],
      ended: ["0 arrived", "1 arrived", "2 arrived", "0 stream limit", "3 arrived", "1 stream limit"],
    });
    expect(shown("nats-go", limited("new"), [start, job(4)])).toMatchObject({
      told: ["0 acked", "1 acked", "2 rejected stream-full", "3 rejected stream-full"],
      held: [0, 1],
      ended: ["0 arrived", "1 arrived", "2 stream limit", "3 stream limit"],
    });
  });

  test("gives its handler each message that is acknowledged before the next, although it discards", () => {
    expect(shown("nats-go", limited("old"), [start, subscribe(0), job(3), job(2)]).handled).toEqual(
      [0, 1, 2, 3, 4].map(m => `0: ${m} 1 acked`),
    );
  });

  test("gives a handler that comes later what it still holds", () => {
    expect(shown("nats-go", limited("old"), [start, job(3), subscribe(0)]).handled).toEqual([
      "0: 1 1 acked",
      "0: 2 1 acked",
    ]);
  });

  const some = /which messages a handler is given before the limit of their stream discards them is not known/;
  test.each<[what: string, steps: readonly Bare[], reason: RegExp]>([
    ["published without waiting", [start, subscribe(0), { ...job(3), async: true } as Bare], some],
    ["published while down", [start, subscribe(0), cut(), job(3), heal()], some],
    [
      "published in one command",
      [start, subscribe(0), { kind: "together", steps: [{ ...job(3), id: "three" }] } as Bare],
      some,
    ],
  ])("is not asked which messages a handler is given that are %s", (_, steps, reason) => {
    const { plan } = planCase(underPolicy(limited("old"), steps), natsGo);
    const skipped = plan.steps.flatMap(one => ("skipped" in one && one.skipped ? [one.skipped.reason] : []));
    expect(skipped.join()).toMatch(reason);
  });

  test.each<[what: string, steps: readonly Bare[]]>([
    ["by a stream that refuses the new", [start, subscribe(0), { ...job(3), async: true } as Bare]],
  ])("leaves what is handled to be asked: %s", (_, steps) => {
    const { plan } = planCase(underPolicy(limited("new"), steps), natsGo);
    expect(plan.steps.every(one => !("skipped" in one) || one.skipped === undefined)).toBe(true);
  });
});

describe("streams that the bus makes", () => {
  const made = (jetStreamProbe: "once" | "until-usable"): Policy =>
    policyWith({ streams: [{ ...stream, made: "created" }], startup: { jetStreamProbe } });
  const noJetStream = fault({ kind: "no-jetstream" });

  test("are there from the first connection on", () => {
    expect(shown("nats-go", made("once"), [start, job(1)]).held).toEqual([0]);
    expect(
      shown("nats-go", policyWith({ streams: [{ ...stream, made: "created" }] }), [cut("none"), start, heal(), job(1)])
        .held,
    ).toEqual([0]);
  });

  test("are made when JetStream comes, by a bus that goes on asking", () => {
    const steps = [noJetStream, start, heal(), job(1)];
    expect(shown("nats-go", made("until-usable"), steps)).toMatchObject({ told: ["0 acked"], held: [0] });
    expect(shown("nats-go", made("once"), steps)).toMatchObject({ told: ["0 accepted"], held: [] });
  });
});

test("one probe at the start: nats.go asks while it still dials and hears nothing, nats.js asks once it is connected", () => {
  const once = policyWith({ startup: { jetStreamProbe: "once" } });
  const steps = [cut("none"), start, heal(), job(1)];
  expect(shown("nats-go", once, steps).told).toEqual(["0 accepted"]);
  expect(shown("nats-js-3", once, steps).told).toEqual(["0 acked"]);
  expect(shown("nats-go", sound, steps).told).toEqual(["0 acked"]);
});

describe("handlers", () => {
  test("are subscribed by each replica, or not at all where there is no stream", () => {
    const steps = [start, subscribe(0), replica(1), subscribe(1)];
    expect(shown("nats-go", sound, steps).calls).toEqual(["subscribe ok", "subscribe ok"]);
    const nowhere = policyWith({ streams: [] });
    expect(shown("nats-go", nowhere, steps).calls).toEqual(["subscribe other", "subscribe other"]);
  });

  test("share what there is: which of them is given each message is asked", () => {
    const steps = [start, subscribe(0), replica(1), subscribe(1), job(2)];
    expect(shown("nats-go", sound, steps)).toMatchObject({
      asked: ["publish-4 handled-by 0..1", "publish-4 handled-by 0..1"],
      handled: ["0: 0 1 acked", "0: 1 1 acked"],
    });
    expect(shown("nats-go", sound, steps, { "handled-by": 1 }).handled).toEqual(["1: 0 1 acked", "1: 1 1 acked"]);
  });

  test("that fail are given it again, until it is out of deliveries; each time after the ack wait", () => {
    const steps = (ms: number): readonly Bare[] => [start, subscribe(0, "fails"), job(1), advance(ms)];
    const given = (policy: Policy, ms: number): number => shown("nats-go", policy, steps(ms)).handled.length;
    expect(shown("nats-go", sound, steps(60_000)).handled).toEqual(["0: 0 1 failed", "0: 0 2 failed", "0: 0 3 failed"]);
    // What is left is given while the case settles, as often as it may be.
    expect(given(sound, 0)).toBe(3);
    expect(given(policyWith({ consume: { deliverMax: 1 } }), 60_000)).toBe(1);
    expect(given(policyWith({ consume: { deliverMax: -1 } }), 90_000)).toBe(7);
  });

  test("keep a failed message on its dead-letter subject only where a stream holds that", () => {
    const steps = [start, subscribe(0, "fails"), job(1)];
    const letters = (deadLetterSubject?: string): Policy =>
      policyWith({
        consume: {
          failures: "dead-letter",
          deliverMax: 1,
          ...(deadLetterSubject === undefined ? {} : { deadLetterSubject }),
        },
      });
    expect(shown("nats-go", letters("job.dead"), steps).handled).toEqual(["0: 0 1 dead-lettered"]);
    expect(shown("nats-go", letters("nowhere.dead"), steps).handled).toEqual(["0: 0 1 failed"]);
    expect(shown("nats-go", letters(), steps).handled).toEqual(["0: 0 1 failed"]);
  });

  test("are given what they waited for once the link is back", () => {
    expect(shown("nats-go", noId, [start, subscribe(0), cut(), job(1), heal()]).handled).toEqual(["0: 0 1 acked"]);
  });
});

describe("a drain that is told by SIGTERM", () => {
  const drains = policyWith({ consume: { durables: "created" }, shutdown: { strategy: "drain", forced: false } });
  const flush: Bare = { kind: "flush", timeoutMs: 5_000 };
  const tookMs = (steps: readonly Bare[]): number[] =>
    answeredRun(underPolicy(drains, steps), profileNamed("nats-go")).said.flatMap(event =>
      event.kind === "process" && event.change === "exited" ? [event.tookMs] : [],
    );

  test("ends at once where the link is down, and after 5 s where it holds", () => {
    expect(tookMs([start, flush, cut(), news(5), term()])).toEqual([0]);
    expect(tookMs([start, flush, hold, news(5), term()])).toEqual([5_000]);
    expect(tookMs([start, flush, news(5), term()])).toEqual([0]);
  });

  test("is waited for no longer than its timeout, and tells what nobody has confirmed", () => {
    const timed = policyWith({ shutdown: { strategy: "drain", drainTimeoutMs: 1_000, tellsLoss: true } });
    const exits = (steps: readonly Bare[]): string[] =>
      answeredRun(underPolicy(timed, steps), profileNamed("nats-go")).said.flatMap(event =>
        event.kind === "process" && event.change === "exited"
          ? [`${event.because} after ${event.tookMs} ms, forced: ${event.forced}, ${event.toldLost} told`]
          : [],
      );
    expect(exits([start, flush, hold, news(5), term()])).toEqual(["stopped after 1000 ms, forced: false, 5 told"]);
    expect(exits([start, subscribeSlow(0, 4_000), job(), term()])).toEqual([
      "stopped after 1000 ms, forced: false, 0 told",
    ]);
    expect(exits([start, subscribeSlow(0, 500), job(), term()])).toEqual([
      "stopped after 500 ms, forced: false, 0 told",
    ]);
  });

  test("deletes what the library made only where it could drain", () => {
    const again = (between: readonly Bare[]): readonly string[] =>
      shown("nats-go", drains, [start, subscribe(0), job(1), ...between, term(), heal("none"), start, subscribe(0)])
        .handled;
    expect(again([])).toEqual(["0: 0 1 acked", "0: 0 1 acked"]);
    expect(again([hold])).toEqual(["0: 0 1 acked"]);
    expect(again([cut()])).toEqual(["0: 0 1 acked"]);
  });
});

test("a stop that only closes may reset a connection whose second INFO is unread, one that drains has read it", () => {
  const asked = (strategy: "close" | "drain"): readonly string[] =>
    shown("nats-go", policyWith({ shutdown: { strategy } }), [start, news(4), term()]).asked;
  expect(asked("close")).toEqual(["signal-2 arrived-before-cut 0..4"]);
  expect(asked("drain")).toEqual([]);
});

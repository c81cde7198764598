/** Promises of the reconnect buffer, held to traces written by hand. Frames have 34 bytes. */
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../models/vocabulary/event.ts";
import {
  back,
  called,
  connected,
  cutOff,
  delivered,
  disconnected,
  flushed,
  flushFailed,
  healed,
  installed,
  observed,
  published,
  publishStep,
  reconnected,
  rejected,
  saidOf,
  settled,
  type Told,
  unsettled,
} from "./events.ts";

type Events = readonly Told[];
const full = rejected("buffer-full");
const judgedBy =
  (id: string, limit?: number, client?: string) =>
  (...events: Events): string =>
    saidOf(`reconnect-buffer/${id}`, events, {
      ...(limit === undefined ? {} : { limit }),
      ...(client === undefined ? {} : { client }),
    });
const down: Events = [connected, cutOff];

describe("what is kept below the limit arrives in order", () => {
  const said = judgedBy("below-the-limit-all-arrive-in-order", 100);

  test("with the message itself still below it: of three frames the third reaches 102 bytes", () => {
    expect(said(...down, publishStep(0, 3), back, settled, delivered(0, 2))).toBe("holds (2)");
    expect(said(...down, publishStep(0, 3), back, settled, delivered(1))).toBe(
      "violated (2): message 0 was kept below the limit of 100 bytes and did not arrive",
    );
  });

  test("one that overtakes breaks it", () => {
    expect(said(...down, publishStep(0, 2), back, settled, delivered(1), delivered(0))).toBe(
      "violated (2): message 1 arrived before one that was kept before it",
    );
  });

  test("in a second outage the buffer is empty again", () => {
    const outage = (first: number): Events => [cutOff, publishStep(first, 3), back, flushed];
    expect(said(connected, outage(0), outage(3), delivered(0, 6))).toBe("holds (4)");
  });

  test("a limit of 0 is the default of 8 MiB; where there is no limit nothing is claimed", () => {
    const lost: Events = [...down, publishStep(0, 3), back, settled, delivered(0, 2)];
    expect(judgedBy("below-the-limit-all-arrive-in-order", 0)(...lost)).toMatch(/limit of 8388608 bytes/);
    expect(judgedBy("below-the-limit-all-arrive-in-order")(...lost)).toMatch(/limit of 8388608 bytes/);
    expect(judgedBy("below-the-limit-all-arrive-in-order", 0, "nats-js-3")(...lost)).toBe("inconclusive (0)");
  });
});

describe("what was accepted while down is not dropped in silence", () => {
  const id = "what-was-accepted-while-down-is-not-dropped-in-silence";
  const said = judgedBy(id, 1_000);
  const keptThree: Events = [...down, publishStep(0, 3)];

  test("each is due once a flush in calm has succeeded, or all is settled", () => {
    expect(said(...keptThree, back, flushed, delivered(0, 3))).toBe("holds (3)");
    expect(said(...keptThree, back, settled, delivered(0, 3))).toBe("holds (3)");
    expect(said(...keptThree, back, flushed, settled, delivered(0, 3))).toBe("holds (3)");
    expect(said(...keptThree, back, settled, delivered(0), delivered(2))).toBe(
      "violated (3): message 1 was accepted while down and did not arrive",
    );
  });

  test.each<[what: string, events: Events]>([
    ["is still down", [settled]],
    ["is back, and not yet flushed", [back]],
    ["is back, and flushed in vain", [back, flushFailed("timeout")]],
    ["flushed before it was back", [flushed, back]],
    ["is back, and cut again before a flush", [back, installed("cut", "again"), settled]],
    ["closed while down", [called("close"), back, settled]],
    ["drained while down", [called("drain"), back, settled]],
    ["closed before a flush", [back, called("close"), settled]],
    ["exited before a flush", [back, called("exit"), settled]],
    ["exited while down", [called("exit"), back, settled]],
    ["says again that it is disconnected, so that it may have begun anew", [disconnected, back, settled]],
  ])("nothing is claimed of a client that %s", (_what, events) => {
    expect(said(...keptThree, ...events)).toBe("inconclusive (0)");
  });

  test("a drain after the reconnect flushes what was kept: it stays due", () => {
    expect(said(...keptThree, back, called("drain"), settled)).toMatch(/^violated \(3\)/);
  });

  test("of what was refused, left open, or published while up nothing is claimed", () => {
    expect(said(connected, publishStep(0, 3), cutOff, publishStep(3, 2, full), back, settled)).toBe("inconclusive (0)");
    expect(said(...down, publishStep(0, 2, unsettled), back, settled)).toBe("inconclusive (0)");
  });

  test("a client that declares that it keeps nothing is only found out by a loss", () => {
    const other = judgedBy(id, undefined, "nats-js-3");
    expect(other(...keptThree, back, settled, delivered(0, 3))).toBe("inconclusive (0)");
    expect(other(...keptThree, back, settled)).toMatch(/^violated \(3\): message 0 /);
  });

  test("no loss is claimed where not all was observed", () => {
    expect(said(...keptThree, back, settled, observed(false))).toBe("holds (3)");
  });
});

describe("a publish while down is refused exactly when what is kept has reached the limit", () => {
  const said = judgedBy("the-first-refusal-is-where-predicted", 68);

  test("two frames fit to the byte; the third is refused, and so is all after it", () => {
    expect(said(...down, publishStep(0, 2), publishStep(2, 1, full), publishStep(3, 4, full))).toBe("holds (5)");
  });

  test("a refusal too early breaks it", () => {
    expect(said(...down, publishStep(0, 1), publishStep(1, 1, full))).toBe(
      "violated (1): message 1 was refused with 34 of 68 bytes kept",
    );
  });

  test("an acceptance too late breaks it, where it is too late", () => {
    expect(said(...down, publishStep(0, 4))).toBe("violated (1): message 2 was accepted with 68 of 68 bytes kept");
    expect(said(...down, publishStep(0, 3), publishStep(3, 2, full))).toMatch(
      /^violated \(2\): message 2 was accepted/,
    );
  });

  test("no refusal shows nothing", () => {
    expect(said(...down, publishStep(0, 2))).toBe("inconclusive (0)");
  });

  test("a limit that falls within a frame lets that frame in", () => {
    const within = judgedBy("the-first-refusal-is-where-predicted", 69);
    expect(within(...down, publishStep(0, 3), publishStep(3, 1, full))).toBe("holds (1)");
  });

  test("nats-py counts the payload of the next message, which depends on the subject that it goes out on", () => {
    const py = judgedBy("the-first-refusal-is-where-predicted", 100, "nats-py");
    const on = (subject: string, first: number, count: number, outcome?: Outcome): Events =>
      publishStep(first, count, outcome).map(event =>
        "kind" in event && event.kind === "published" ? { ...event, frameBytes: 40, subject } : event,
      );
    // 16 bytes of payload: two frames and it make 96. On a subject that is 5 bytes shorter it has 21, which makes 101.
    expect(py(...down, ...on("dead.letters", 0, 3), ...on("dead.letters", 3, 1, full))).toBe("holds (1)");
    expect(py(...down, ...on("subject", 0, 3))).toBe("violated (1): message 2 was accepted with 80 of 100 bytes kept");
  });

  test("a flush that times out while down leaves its 6 bytes", () => {
    const six = judgedBy("the-first-refusal-is-where-predicted", 74);
    expect(six(...down, publishStep(0, 2), flushFailed("timeout"), publishStep(2, 1, full))).toBe("holds (1)");
    // A flush that was in flight at the cut was never kept.
    expect(six(...down, publishStep(0, 2), flushFailed("disconnected"), publishStep(2, 1, full))).toMatch(/^violated/);
    expect(six(connected, flushFailed("timeout"), cutOff, publishStep(0, 2), publishStep(2, 1, full))).toMatch(
      /^violated/,
    );
  });

  test("a call refused for another reason says nothing of the buffer", () => {
    expect(said(...down, publishStep(0, 1, rejected("closed")), publishStep(1, 2), publishStep(3, 1, full))).toBe(
      "holds (1)",
    );
  });

  test.each<[what: string, events: Events]>([
    [
      "a burst that raced with the cut",
      [connected, cutOff, published(0, 1, undefined, "burst"), publishStep(1, 1, full)],
    ],
    [
      "a publish with a fault in force that was not noticed",
      [connected, installed("hold"), publishStep(0, 1), disconnected, publishStep(1, 1, full)],
    ],
    [
      "a publish in whose midst the client noticed",
      [
        connected,
        installed("cut"),
        { kind: "step", step: "publish-0", phase: "began" },
        disconnected,
        published(0, 1),
        publishStep(1, 1, full),
      ],
    ],
  ])("after %s it is not known how much is kept, and nothing is claimed", (_what, events) => {
    expect(said(...events)).toBe("inconclusive (0)");
  });

  test("after the reconnect it is known again", () => {
    const raced: Events = [connected, cutOff, published(0, 1, undefined, "burst"), back];
    expect(said(...raced, cutOff, publishStep(1, 1, full))).toMatch(/^violated \(1\): message 1 was refused with 0 of/);
  });

  test("what is published while up is kept nowhere", () => {
    expect(said(connected, publishStep(0, 9), cutOff, publishStep(9, 2), publishStep(11, 1, full))).toBe("holds (1)");
    expect(said(...down, reconnected, healed, publishStep(0, 1, full))).toBe("inconclusive (0)");
  });

  test("where nothing is ever refused nothing is claimed, not even of a refusal", () => {
    const said = judgedBy("the-first-refusal-is-where-predicted", 68, "nats-js-3");
    expect(said(...down, publishStep(0, 4))).toBe("inconclusive (0)");
    expect(said(...down, publishStep(0, 4), publishStep(4, 1, full))).toBe("inconclusive (0)");
  });
});

describe("a disabled buffer refuses every publish", () => {
  test("each call while down is counted, and the first that is accepted is named", () => {
    const said = judgedBy("disabled-refuses-every-publish", -1);
    expect(said(...down, publishStep(0, 3, full))).toBe("holds (3)");
    expect(said(...down, publishStep(0, 3, full), publishStep(3, 2))).toBe(
      "violated (5): message 3 was accepted while down, and the buffer is disabled",
    );
  });

  test.each([0, 1, undefined])("an option of %j disables nothing", limit => {
    expect(judgedBy("disabled-refuses-every-publish", limit)(...down, publishStep(0, 3))).toBe("inconclusive (0)");
  });
});

describe("the buffer never holds more than its limit and one frame", () => {
  const id = "never-holds-more-than-limit-and-one-frame";
  const said = judgedBy(id, 69);

  test("each accepted message is counted; the last may overshoot", () => {
    expect(said(...down, publishStep(0, 3), publishStep(3, 2, full))).toBe("holds (3)");
  });

  test("one more is too much", () => {
    expect(said(...down, publishStep(0, 4))).toBe(
      "violated (4): with message 3 it holds 136 bytes; limit 69, frame 34",
    );
    expect(said(...down, publishStep(0, 3), publishStep(3, 2))).toBe(
      "violated (5): with message 3 it holds 136 bytes; limit 69, frame 34",
    );
  });

  test("where there is no limit nothing is claimed", () => {
    expect(judgedBy(id, 69, "nats-js-3")(...down, publishStep(0, 4))).toBe("inconclusive (0)");
  });
});

describe("a drain tells of all that it leaves unsent", () => {
  const said = judgedBy("a-drain-tells-of-all-that-it-leaves-unsent");
  const drained = (unsent: { bytes?: number; messages?: number }): Told => ({ ...called("drain"), unsent }) as Told;
  const cutShort = (unsent: { bytes?: number; messages?: number }): Events => [
    ...down,
    publishStep(0, 3),
    drained(unsent),
    healed,
    settled,
  ];

  test("in bytes or in messages, or in both", () => {
    expect(said(...cutShort({ bytes: 102 }))).toBe("holds (3)");
    expect(said(...cutShort({ messages: 3 }))).toBe("holds (3)");
    expect(said(...cutShort({ messages: 4, bytes: 103 }))).toBe("holds (3)");
    expect(said(...cutShort({ bytes: 101 }))).toBe(
      "violated (3): the drain lost 3 messages of 102 bytes that were kept while down, and the bus told of 101 bytes",
    );
    expect(said(...cutShort({ messages: 2, bytes: 102 }))).toBe(
      "violated (3): the drain lost 3 messages of 102 bytes that were kept while down, and the bus told of 2 messages and 102 bytes",
    );
  });

  test("what arrived all the same was not lost", () => {
    expect(said(...down, publishStep(0, 3), drained({ bytes: 34 }), back, delivered(1, 2), settled)).toBe("holds (3)");
    expect(said(...down, publishStep(0, 3), drained({ bytes: 33 }), back, delivered(1, 2), settled)).toMatch(
      /lost 1 messages of 34 bytes/,
    );
  });

  test("what was refused, or not surely kept, is not asked for", () => {
    expect(said(...down, publishStep(0, 3, full), drained({ bytes: 0 }), settled)).toBe("inconclusive (0)");
    expect(said(connected, publishStep(0, 3), cutOff, drained({ bytes: 0 }), settled)).toBe("inconclusive (0)");
  });

  test("a bus that says nothing keeps the promise", () => {
    expect(said(...down, publishStep(0, 3), called("drain"), settled)).toBe("holds (3)");
  });

  test("nothing is claimed of a run that was not seen to its end, nor of a client that wipes what it kept", () => {
    const wipes = judgedBy("a-drain-tells-of-all-that-it-leaves-unsent", undefined, "nats-js-3");
    expect(wipes(...cutShort({ bytes: 0 }))).toBe("inconclusive (0)");
    expect(said(...cutShort({ bytes: 0 }), { kind: "observed", complete: false } as Told)).toBe("inconclusive (0)");
  });
});

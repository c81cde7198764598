/** Promises of the core path, held to traces written by hand. */
import { describe, expect, test } from "vitest";
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
  reconnected,
  rejected,
  saidOf,
  type Told,
  tookEffect,
  unsettled,
} from "./events.ts";

type Events = readonly Told[];
const judgedBy =
  (id: string) =>
  (...events: Events): string =>
    saidOf(`core-path/${id}`, events);

describe("no message is delivered twice", () => {
  const said = judgedBy("no-message-is-delivered-twice");

  test("each that arrived is counted, however it was told", () => {
    expect(said(published(0, 3), published(3, 2, unsettled), delivered(0, 2), delivered(3))).toBe("holds (3)");
    expect(said(published(0, 3))).toBe("inconclusive (0)");
  });

  test("the first that came again is named, and how often it came", () => {
    expect(said(published(0, 5), delivered(0, 5), delivered(2, 2), delivered(2))).toBe(
      "violated (5): message 2 arrived 3 times",
    );
  });
});

describe("order is kept", () => {
  const said = judgedBy("order-is-kept");

  test("each delivery after the first is counted; what is left out is no disorder", () => {
    expect(said(delivered(0, 3), delivered(5), delivered(7, 2))).toBe("holds (5)");
    expect(said(delivered(4))).toBe("inconclusive (0)");
    expect(said()).toBe("inconclusive (0)");
  });

  test("the first that came too late is named, with the one before it", () => {
    expect(said(delivered(0, 3), delivered(5), delivered(3), delivered(1))).toBe(
      "violated (5): message 3 arrived after message 5",
    );
    expect(said(delivered(0, 3), delivered(1))).toBe("violated (3): message 1 arrived after message 2");
  });

  test("a message that comes twice in a row is another promise's matter", () => {
    expect(said(delivered(0), delivered(0))).toBe("holds (1)");
  });
});

describe("nothing is fabricated", () => {
  const said = judgedBy("nothing-is-fabricated");

  test("what arrived and was published is counted", () => {
    expect(said(published(0, 3), delivered(0, 2))).toBe("holds (2)");
    expect(said(published(0, 3))).toBe("inconclusive (0)");
  });

  test("a message beyond the last that was published is named", () => {
    expect(said(published(0, 3), delivered(2, 2))).toBe("violated (2): message 3 arrived and was never published");
  });

  test("what no bus of ours can have sent is counted with the rest", () => {
    const foreign = { kind: "foreign", count: 2 } as const;
    expect(said(published(0, 3), delivered(0, 3), foreign, foreign)).toBe(
      "violated (7): 4 messages arrived that no one published",
    );
  });
});

describe("what one outage loses is one block", () => {
  const said = judgedBy("loss-around-one-cut-is-one-block");
  const tenAndACut = [connected, published(0, 10), cutOff, back];

  test("a block in the midst, at the beginning or the end is one; no loss shows nothing", () => {
    expect(said(tenAndACut, delivered(0, 4), delivered(7, 3))).toBe("holds (1)");
    expect(said(tenAndACut, delivered(4, 6))).toBe("holds (1)");
    expect(said(tenAndACut, delivered(0, 4))).toBe("holds (1)");
    expect(said(tenAndACut, delivered(0, 10))).toBe("inconclusive (0)");
  });

  test("two blocks break it", () => {
    expect(said(tenAndACut, delivered(0, 4), delivered(5, 2))).toBe(
      "violated (1): one outage lost 2 separate blocks of messages",
    );
  });

  test("a refused message between two lost ones parts nothing, since it was never handed on", () => {
    const refusedBetween = [
      connected,
      cutOff,
      published(0, 2),
      published(2, 2, rejected("buffer-full")),
      published(4, 2),
    ];
    expect(said(refusedBetween, back)).toBe("holds (1)");
    expect(said(refusedBetween, back, delivered(1))).toMatch(/^violated/);
  });

  test("a message whose call was left open counts as handed on", () => {
    expect(said(connected, published(0, 1), published(1, 1, unsettled), published(2, 1), cutOff, back)).toBe(
      "holds (1)",
    );
  });

  test.each<[what: string, events: Events]>([
    ["two outages", [connected, published(0, 4), cutOff, back, cutOff, back, delivered(1)]],
    ["no outage", [connected, published(0, 4), delivered(1)]],
    ["a hold alone, which ends no connection", [connected, installed("hold"), published(0, 4), healed, delivered(1)]],
    ["a close beside it", [connected, published(0, 4), called("close"), cutOff, delivered(1)]],
    ["a drain beside it", [connected, published(0, 4), called("drain"), cutOff, delivered(1)]],
    ["less than all observed", [connected, published(0, 4), cutOff, back, delivered(1), observed(false)]],
  ])("nothing is claimed of %s", (_what, events) => {
    expect(said(...events)).toBe("inconclusive (0)");
  });
});

describe("flushed messages arrive", () => {
  const said = judgedBy("flushed-messages-arrive");
  const flushedThree = [connected, published(0, 3), flushed];

  test("each that was flushed in calm is counted, once", () => {
    expect(said(flushedThree, flushed, published(3, 2), flushed, delivered(0, 5))).toBe("holds (5)");
  });

  test("the first that is missing is named", () => {
    expect(said(flushedThree, delivered(0), delivered(2))).toBe(
      "violated (3): message 1 was flushed and did not arrive",
    );
  });

  test.each<[what: string, events: Events]>([
    ["not flushed", [connected, published(0, 3)]],
    ["flushed in vain", [connected, published(0, 3), flushFailed("timeout")]],
    ["flushed under a fault", [connected, installed("hold"), published(0, 3), flushed]],
    ["under way when a fault came, though flushed after it", [connected, published(0, 3), cutOff, back, flushed]],
    [
      "held back for a while, though flushed after it",
      [connected, published(0, 3), installed("hold"), healed, flushed],
    ],
    ["never handed on", [connected, published(0, 3, rejected("closed")), published(3, 1, unsettled), flushed]],
    ["drained or closed", [connected, published(0, 3), called("drain"), called("close")]],
  ])("nothing is claimed of what was %s", (_what, events) => {
    expect(said(...events)).toBe("inconclusive (0)");
  });

  test("what is flushed in the calm after an outage is due as before", () => {
    expect(said(connected, cutOff, back, published(0, 2), flushed, delivered(0))).toMatch(
      /^violated \(2\): message 1 /,
    );
  });
});

describe("silent loss only inside a disturbance", () => {
  const said = judgedBy("silent-loss-only-inside-a-disturbance");

  test("what was accepted in calm is counted, and the first that is lost is named", () => {
    expect(said(connected, published(0, 3), delivered(0, 3))).toBe("holds (3)");
    expect(said(connected, published(0, 3), delivered(0), delivered(2))).toBe(
      "violated (3): message 1 was accepted with no fault in force and did not arrive",
    );
  });

  test.each<[what: string, events: Events]>([
    ["published under a fault", [connected, cutOff, published(0, 3), back]],
    ["under way when a fault came", [connected, published(0, 3), cutOff, back]],
    [
      "published between a heal and the client's word that it is back",
      [connected, installed("cut"), healed, published(0, 3), reconnected],
    ],
    ["published behind a hold", [connected, installed("hold"), tookEffect("hold"), published(0, 3), healed]],
    ["closed on before the first round trip", [connected, published(0, 3), called("close")]],
    [
      "closed on before the first round trip of the next connection",
      [connected, flushed, cutOff, back, published(0, 3), called("close")],
    ],
    ["rejected or left open", [connected, published(0, 3, rejected("closed")), published(3, 1, unsettled)]],
  ])("nothing is claimed of what was %s", (_what, events) => {
    expect(said(...events)).toBe("inconclusive (0)");
  });

  test.each<[what: string, events: Events]>([
    ["flushed before the fault came", [connected, published(0, 3), flushed, cutOff, back]],
    ["closed on after a round trip", [connected, flushed, published(0, 3), called("close")]],
    ["drained before the first round trip", [connected, published(0, 3), called("drain")]],
    ["published after all is well again", [connected, cutOff, back, published(0, 3)]],
  ])("it is broken by the loss of what was %s", (_what, events) => {
    expect(said(...events)).toMatch(/^violated \(3\): message 0 /);
  });

  test("a flush in vain leaves under way what was", () => {
    expect(said(connected, published(0, 3), flushFailed("timeout"), cutOff, back)).toBe("inconclusive (0)");
  });

  test("no loss is claimed where not all was observed", () => {
    expect(said(connected, published(0, 3), observed(false))).toBe("holds (3)");
  });
});

describe("an error that proves that nothing happened is true", () => {
  const said = judgedBy("an-error-that-proves-nothing-happened-is-true");

  test("each rejected message is counted, whatever became of the others", () => {
    expect(said(published(0, 2), published(2, 3, rejected("closed")), delivered(0, 2))).toBe("holds (3)");
    expect(said(published(0, 2), delivered(0), published(2, 1, unsettled), delivered(2))).toBe("inconclusive (0)");
  });

  test("the first that arrived all the same is named", () => {
    expect(said(published(0, 4, rejected("buffer-full")), delivered(2, 2))).toBe(
      "violated (4): message 2 was rejected, and arrived",
    );
    // Others that arrived before it are no concern of it.
    expect(said(published(0, 2), published(2, 1, rejected("closed")), delivered(0, 3))).toBe(
      "violated (1): message 2 was rejected, and arrived",
    );
  });
});

test("a client that says it is down with no fault in force is not calm: its flush proves nothing", () => {
  expect(judgedBy("flushed-messages-arrive")(connected, published(0, 3), disconnected, flushed)).toBe(
    "inconclusive (0)",
  );
});

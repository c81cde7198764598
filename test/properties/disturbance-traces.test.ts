/** A run in which no message met a fault proves nothing, and a client is down or calm only where its own word says so. */
import { describe, expect, test } from "vitest";
import type { Event } from "../../models/vocabulary/event.ts";
import { isCalm, isSurelyDown, newDisturbance, trackDisturbance } from "../../properties/disturbance.ts";
import { isDisturbed, newEffect, trackEffect, whyVacuous } from "../../properties/effect.ts";
import {
  back,
  began,
  called,
  closed,
  connected,
  cutOff,
  delivered,
  disconnected,
  flushed,
  flushFailed,
  healed,
  inOrder,
  installed,
  published,
  reconnected,
  rejected,
  type Told,
} from "./events.ts";

function after(...events: readonly Told[]) {
  const state = newDisturbance();
  for (const event of inOrder(events)) trackDisturbance(state, event);
  return state;
}

describe("a client", () => {
  test.each<[calm: boolean, down: boolean, what: string, events: readonly Told[]]>([
    [false, false, "that has said nothing", []],
    [true, false, "that is connected", [connected]],
    [false, false, "with a fault in force that it has not noticed", [connected, installed("cut")]],
    [false, true, "that has said it is cut off", [connected, cutOff]],
    [false, false, "that says it is down where nothing is wrong", [connected, disconnected]],
    [false, false, "that is still to come back after the heal", [connected, cutOff, healed]],
    [false, false, "that has not said it is back", [connected, installed("cut"), healed]],
    [true, false, "that is back", [connected, cutOff, back]],
    [false, false, "behind a hold", [connected, installed("hold")]],
    [true, false, "whose hold was released", [connected, installed("hold"), healed]],
    [false, false, "that is closed", [connected, closed]],
    [false, false, "that is closed under a fault", [connected, cutOff, closed]],
    [true, false, "to which the server has said an error", [connected, installed("server-error")]],
    [false, false, "under one of two faults", [connected, installed("hold"), cutOff, reconnected]],
  ])("is calm: %j, surely down: %j, %s", (calm, down, _what, events) => {
    const state = after(...events);
    expect([isCalm(state), isSurelyDown(state)]).toEqual([calm, down]);
  });

  test("was down at a step iff it was down when that began", () => {
    expect(after(connected, cutOff, began("publish")).downAtStep).toBe(true);
    expect(after(connected, began("cut"), cutOff).downAtStep).toBe(false);
    expect(after(connected, cutOff, began("publish"), back).downAtStep).toBe(true);
    expect(after(connected, cutOff, began("publish"), { kind: "step", step: "publish", phase: "ended" })).toMatchObject(
      {
        downAtStep: true,
        step: "publish",
      },
    );
  });
});

function effectOf(...events: readonly Told[]) {
  const state = newEffect();
  for (const event of inOrder(events)) trackEffect(state, event);
  return state;
}

describe("a fault", () => {
  test.each<[what: string, disturbs: boolean, why: string | undefined, events: readonly Told[]]>([
    ["that messages met", true, undefined, [connected, cutOff, published(0, 3), back]],
    ["that came while messages were under way", true, undefined, [connected, published(0, 3), cutOff, back]],
    ["behind a flush", false, "met no message", [connected, published(0, 3), flushed, cutOff, back]],
    ["behind a flush that failed", true, undefined, [connected, published(0, 3), flushFailed("timeout"), cutOff]],
    ["that never took effect", false, "never took effect", [connected, installed("cut"), published(0, 3)]],
    ["that was healed before", false, "met no message", [connected, cutOff, back, published(0, 3)]],
    [
      "met only by calls that the application's own close refused",
      false,
      "met no message",
      [connected, called("close"), cutOff, published(0, 3, rejected("closed"))],
    ],
    [
      "met by calls that its own drain refused",
      false,
      "met no message",
      [connected, called("drain"), cutOff, published(0, 3, rejected("draining"))],
    ],
    [
      "met by a call that the full buffer refused",
      true,
      undefined,
      [connected, cutOff, called("close"), published(0, 3, rejected("buffer-full"))],
    ],
    [
      "met by a call that a client which gave up refused",
      true,
      undefined,
      [connected, cutOff, closed, published(0, 3, rejected("closed"))],
    ],
  ])("%s disturbs: %j", (_what, disturbs, why, events) => {
    const state = effectOf(...events);
    expect(isDisturbed(state)).toBe(disturbs);
    if (why === undefined) expect(whyVacuous(state)).toBeUndefined();
    else expect(whyVacuous(state)).toMatch(new RegExp(`^the fault of cut \\(cut\\) ${why}`));
  });

  test("counts by itself: one that took no effect leaves the run vacuous, another that did disturbs it", () => {
    const both = effectOf(connected, cutOff, published(0, 3), back, installed("hold"), published(3, 1));
    expect(isDisturbed(both)).toBe(true);
    expect(whyVacuous(both)).toBe("the fault of hold (hold) never took effect");
  });
});

describe("a run proves nothing", () => {
  test("without a publish", () => {
    expect(whyVacuous(effectOf(connected, cutOff, back))).toBe("nothing was published");
  });

  test("that ended before its first publish, and it says why", () => {
    const unmet: Event = { kind: "not-awaited", step: "start", what: "its start to succeed" };
    expect(whyVacuous(effectOf(unmet))).toBe("start gave up waiting for its start to succeed");
  });

  test("whose fault was skipped; a skipped call is no matter", () => {
    const skipped = (what: "fault" | "flush"): Event => ({ kind: "skipped", step: "x", what, reason: "not now" });
    expect(whyVacuous(effectOf(published(0, 1), skipped("fault")))).toBe("the fault of x was skipped: not now");
    expect(whyVacuous(effectOf(published(0, 1), skipped("flush")))).toBeUndefined();
  });

  test("if a wait was not met, and it says which was the first", () => {
    const waits = ["cut", "heal"].map((step): Event => ({ kind: "not-awaited", step, what: "a word" }));
    expect(whyVacuous(effectOf(published(0, 1), waits))).toBe("cut gave up waiting for a word");
  });
});

test("published and lost, down and back are counted, but for what the application's own end brings", () => {
  const state = effectOf(
    connected,
    published(0, 2),
    cutOff,
    published(2, 3),
    back,
    [installed("hold"), published(5, 4), healed],
    [called("close"), disconnected, closed],
    delivered(0, 9),
  );
  expect(state).toMatchObject({ published: 9, publishedWhileDown: 3, disconnects: 1, reconnects: 1, ended: true });
});

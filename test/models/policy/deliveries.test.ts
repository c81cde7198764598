/** The waits between deliveries, and the room for what is not acknowledged. */
import { describe, expect, test } from "vitest";
import { longestWaitMs, nakWaitMsOf, roomOf, shortestWaitMs, waitMsOf } from "../../../models/policy/deliveries.ts";
import { inLiveTime } from "../../../models/policy/times.ts";
import type { ConsumePolicy } from "../../../models/vocabulary/policy.ts";
import { checkPolicy } from "../../../src/files/policy-schema.ts";
import { policyWith, sound } from "../policies.ts";

const plain: ConsumePolicy = { ...sound.consume, ackWaitMs: 700 };
const backsOff: ConsumePolicy = { ...plain, backoffMs: [700, 1_100, 1_500] };

test("a backoff has a wait for each delivery, and the last one for all that follow", () => {
  expect([1, 2, 3, 4, 9].map(nth => waitMsOf(backsOff, nth))).toEqual([700, 1_100, 1_500, 1_500, 1_500]);
  expect([1, 2].map(nth => waitMsOf(plain, nth))).toEqual([700, 700]);
  expect([shortestWaitMs(backsOff), longestWaitMs(backsOff)]).toEqual([700, 1_500]);
});

test("the delay of a nak is counted from the first wait of a backoff", () => {
  expect([1, 2, 3].map(nth => nakWaitMsOf(backsOff, nth, 600))).toEqual([600, 1_000, 1_400]);
  expect([1, 2, 3].map(nth => nakWaitMsOf(backsOff, nth, 0))).toEqual([0, 0, 0]);
  expect(nakWaitMsOf(plain, 3, 600)).toBe(600);
});

test("only a small limit of unacknowledged messages is room that a scenario fills", () => {
  expect(
    [undefined, -1, 1, 999, 1_000].map(most => roomOf({ ...plain, ackPendingMax: most } as ConsumePolicy)),
  ).toEqual([undefined, undefined, 1, 999, undefined]);
});

describe("in live time", () => {
  const live = (...backoffMs: readonly number[]): ConsumePolicy =>
    inLiveTime(policyWith({ consume: { ackWaitMs: backoffMs[0] ?? 0, backoffMs } })).consume;

  test("the waits keep their order, and the first stays the ack wait", () => {
    const { ackWaitMs, backoffMs } = live(10_000, 300_000, 60_000, 300_000);
    expect(backoffMs).toEqual([2_500, 3_500, 3_000, 3_500]);
    expect(ackWaitMs).toBe(2_500);
  });

  test("stay as they are once they are", () => {
    const once = live(10_000, 300_000, 60_000);
    expect(inLiveTime(policyWith({ consume: once })).consume).toEqual({ ...sound.consume, ...once });
  });
});

test.each([
  [{ backoffMs: [30_000, 60_000, 90_000, 90_000] }, "deliverMax: is less than the number of waits in backoffMs"],
  [{ backoffMs: [10_000] }, "ackWaitMs: is not the first wait of backoffMs"],
])("%o is refused, as the server refuses or changes it", (consume, reason) => {
  expect(() => checkPolicy(policyWith({ consume }), "a.json")).toThrow(reason);
});

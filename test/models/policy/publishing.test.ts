/** The sendings of one publish, and the time that they take. */
import { expect, test } from "vitest";
import {
  askingAgain,
  attemptAtMs,
  attemptsInAll,
  dropsErrors,
  refusedMs,
  timedOutMs,
} from "../../../models/policy/publishing.ts";
import { policyWith, sound } from "../policies.ts";

const { publish } = policyWith({ publish: { attemptsMax: 2, onError: { retries: 3, waitMs: 100 } } });

test("a caller that asks again has the attempts of the bus each time, and its waits between", () => {
  expect([attemptsInAll(publish), timedOutMs(publish), refusedMs(publish)]).toEqual([8, 40_300, 300]);
  expect([0, 1, 2, 3, 4, 7].map(attempt => attemptAtMs(publish, attempt))).toEqual([
    0, 5_000, 10_100, 15_100, 20_200, 35_300,
  ]);
});

test("any other caller has those of the bus, and no wait", () => {
  expect([attemptsInAll(sound.publish), timedOutMs(sound.publish), refusedMs(sound.publish)]).toEqual([1, 5_000, 0]);
  expect(askingAgain(policyWith({ publish: { onError: "dropped" } }).publish).retries).toBe(0);
});

test.each([
  [undefined, false],
  ["returned" as const, false],
  ["dropped" as const, true],
  [{ retries: 1, waitMs: 100 }, false],
  [{ retries: 1, waitMs: 100, lastError: "returned" as const }, false],
  [{ retries: 1, waitMs: 100, lastError: "dropped" as const }, true],
])("the last error of a caller with %j is dropped: %j", (onError, isDropped) => {
  expect(dropsErrors({ ...sound.publish, ...(onError && { onError }) })).toBe(isDropped);
});

test("an asynchronous publish is sent once", () => {
  expect([attemptsInAll(publish, true), timedOutMs(publish, true), refusedMs(publish, true)]).toEqual([1, 5_000, 0]);
});

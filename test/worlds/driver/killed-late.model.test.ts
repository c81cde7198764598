/** A supervisor that kills late on a busy machine shows nothing of the bus. */
import { expect, test } from "vitest";
import { isKilledLate } from "../../../src/worlds/driver/replicas.ts";

test.each<[what: string, nowMs: number, handlersEndMs: readonly number[], isLate: boolean]>([
  ["in time", 1_002, [], false],
  ["in time, before a handler that outlasts it ends", 1_100, [1_200], false],
  ["when a handler that was to outlast it may have ended", 1_200, [1_200], true],
  ["after a handler that was to end before it", 1_002, [700], false],
  ["seconds after it was due", 4_115, [], true],
])("a kill that comes %s", (_what, nowMs, handlersEndMs, isLate) => {
  expect(isKilledLate(nowMs, 1_000, handlersEndMs)).toBe(isLate);
});

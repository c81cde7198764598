/** How often a supervisor can start a process again in a scenario: only time that passes under a fault counts. */
import { expect, test } from "vitest";
import { halfwayMs, restartsIn } from "../../../models/policy/restarts.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { type Bare, cut, fault, heal, start } from "../cases.ts";
import { advance, policyWith, underPolicy } from "../policies.ts";

const supervisor = { restartMs: 1_000, killAfterMs: 30_000 };
const refuses = fault({ kind: "refuse-credentials" });
const failFast = policyWith({ startup: { strategy: "fail-fast" }, supervisor });
const forEver = policyWith({ startup: { strategy: "retry-forever" }, supervisor });
const deadline = policyWith({ startup: { strategy: "retry-with-deadline", deadlineMs: 4_000 }, supervisor });

const restarts = (policy: Policy, steps: readonly Bare[], reconnectAttemptsMax = -1): number => {
  const scenario = underPolicy(policy, steps, { reconnectAttemptsMax, reconnectWaitMs: 500 });
  return restartsIn({ policy, options: scenario.options, steps: scenario.steps });
};

test("a process that fails at once is started again whenever its supervisor has waited", () => {
  expect(restarts(failFast, [cut("none"), start, advance(9_999)])).toBe(9);
});

test("a supervisor that backs off starts it again after each of its waits, and after the last again and again", () => {
  const backsOff = policyWith({
    startup: { strategy: "fail-fast" },
    supervisor: { ...supervisor, restartMs: [0, 1_000, 2_000] },
  });
  // At 1, 1001, 3001, 5001 and 7001 ms.
  expect(
    [0, 1, 1_000, 1_001, 3_001, 5_000, 5_001, 7_001].map(ms => restarts(backsOff, [cut("none"), advance(ms)])),
  ).toEqual([0, 1, 1, 2, 3, 3, 4, 5]);
  expect([1, 2, 3, 4, 5].map(waits => halfwayMs(backsOff.supervisor, waits))).toEqual([0, 500, 2_000, 4_000, 6_000]);
  // Each start tries for longer than the supervisor remembers.
  const triesLong = policyWith({
    startup: { strategy: "retry-with-deadline", deadlineMs: 4_001 },
    supervisor: { ...supervisor, restartMs: [0, 1_000, 2_000] },
  });
  expect(restarts(triesLong, [cut("none"), advance(8_002)])).toBe(2);
});

test("one that tries until its deadline is started again after both", () => {
  expect(restarts(deadline, [cut("none"), start, advance(10_000)])).toBe(2);
  expect(restarts(deadline, [cut("none"), start, advance(9_999)])).toBe(1);
});

test("one that tries for ever is not started again, unless its client gives up", () => {
  expect(restarts(forEver, [cut("none"), start, advance(100_000)])).toBe(0);
  // Two attempts of 500 ms and the supervisor's second.
  expect(restarts(forEver, [cut("none"), start, advance(10_000)], 2)).toBe(5);
  const stays = policyWith({ startup: { strategy: "retry-forever", whenClosed: "ignore" }, supervisor });
  expect(restarts(stays, [cut("none"), start, advance(10_000)], 2)).toBe(0);
});

test("a refused credential ends a client at its first attempt", () => {
  expect(restarts(forEver, [refuses, start, advance(10_000)])).toBe(10);
  expect(restarts(forEver, [refuses, heal(), cut("none"), start, advance(10_000)])).toBe(0);
});

test("time before a fault and after its heal starts nothing", () => {
  expect(restarts(failFast, [start, advance(50_000), cut("none"), advance(2_000), heal(), advance(50_000)])).toBe(2);
});

/** A handler that has worked too long before a stop began shows nothing of what the stop waits for. */
import { expect, test } from "vitest";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { mayEndWithin } from "../../../src/worlds/driver/replicas.ts";
import { policyWith } from "../../models/policies.ts";

const inTurn: Policy = policyWith({
  shutdown: { strategy: "subscriptions-waited-then-close", drainTimeoutMs: 300, budgetMs: 1_500, forced: true },
});
const atOnce: Policy = policyWith({ shutdown: { strategy: "four-steps", budgetMs: 800, forced: true } });

test.each<[what: string, policy: Policy, takesMs: number, ranMs: number, atWork: number, unclear: boolean]>([
  ["has just begun, and outlasts its wait", inTurn, 700, 20, 1, false],
  ["began half a second before, and may end within its wait", inTurn, 700, 501, 1, true],
  ["may end while the stop is still to begin", inTurn, 700, 320, 1, true],
  ["was to end within its wait", inTurn, 200, 150, 1, false],
  ["outlasts its own wait, and not that of the one before", inTurn, 700, 50, 2, true],
  ["has just begun, and outlasts the budget", atOnce, 1_000, 50, 1, false],
  ["began before, and may end within the budget", atOnce, 1_000, 250, 1, true],
])("a handler that %s", (_what, policy, takesMs, ranMs, atWork, unclear) => {
  expect(mayEndWithin(policy, { takesMs, ranMs, atWork })).toBe(unclear);
});

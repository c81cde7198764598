/** A scenario put under a policy, and a changed policy for comparison with the original. */
import type { Policy, ShutdownPolicy } from "../vocabulary/policy.ts";
import type { Options, Scenario } from "../vocabulary/scenario.ts";
import { drainTimeoutMsMin } from "./times.ts";

/** The options that every client is started with. */
export const optionDefaults = { reconnectWaitMs: 20, reconnectAttemptsMax: -1 } as const;

/**
 * The scenario under this policy, whatever its own was. It gets this policy's options and loses those that its own had set. Expectations
 * typed in for another policy are dropped.
 */
export function underPolicy(scenario: Scenario, policy: Policy): Scenario {
  const isSame = scenario.policy !== undefined && JSON.stringify(scenario.policy) === JSON.stringify(policy);
  if (isSame) return scenario;
  const gone = Object.keys(scenario.policy?.client ?? {});
  const own = Object.fromEntries(Object.entries(scenario.options).filter(([name]) => !gone.includes(name)));
  const options = { ...optionDefaults, ...own, ...policy.client } as Options;
  return { ...scenario, options, policy, expect: {} };
}

/** The share of its budget that a public bus waits for each subscription: 6 s of 30 s (cordum-c). */
const drainTimeoutShare = 0.2;

/** The same stop by another strategy. */
export function stoppedBy(shutdown: ShutdownPolicy, strategy: ShutdownPolicy["strategy"]): ShutdownPolicy {
  const byBudgetMs = Math.max(drainTimeoutMsMin, Math.round(drainTimeoutShare * shutdown.budgetMs));
  const { drainTimeoutMs = byBudgetMs, ...rest } = shutdown;
  const isOfDrain = strategy === "drain" && shutdown.strategy === "drain" && shutdown.drainTimeoutMs !== undefined;
  const hasTimeout = strategy === "subscriptions-waited-then-close" || isOfDrain;
  return { ...rest, strategy, ...(hasTimeout ? { drainTimeoutMs } : {}) };
}

const nameMax = 63;

/** The policy with something changed, for comparison. It demands nothing, since the changed one was never declared. */
export const beside = (policy: Policy, word: string, change: Partial<Policy>): Policy => ({
  ...policy,
  ...change,
  name: `${policy.name}-with-${word}`.slice(0, nameMax).replace(/-$/, ""),
  demands: [],
});

/** A scenario put under a policy, and a policy changed to be set beside itself. */
import type { Policy } from "../vocabulary/policy.ts";
import type { Options, Scenario } from "../vocabulary/scenario.ts";

/** The options that every client is started with. */
export const optionDefaults = { reconnectWaitMs: 20, reconnectAttemptsMax: -1 } as const;

/**
 * The scenario under this policy, whichever it had: with the options that this one sets, without those that the other had set. What
 * was typed in as expected under another policy is not expected here.
 */
export function underPolicy(scenario: Scenario, policy: Policy): Scenario {
  const isSame = scenario.policy !== undefined && JSON.stringify(scenario.policy) === JSON.stringify(policy);
  if (isSame) return scenario;
  const gone = Object.keys(scenario.policy?.client ?? {});
  const own = Object.fromEntries(Object.entries(scenario.options).filter(([name]) => !gone.includes(name)));
  const options = { ...optionDefaults, ...own, ...policy.client } as Options;
  return { ...scenario, options, policy, expect: {} };
}

const nameMax = 63;

/** The policy with something changed, to set beside it. It demands nothing: nobody has declared the changed one. */
export const beside = (policy: Policy, word: string, change: Partial<Policy>): Policy => ({
  ...policy,
  ...change,
  name: `${policy.name}-with-${word}`.slice(0, nameMax).replace(/-$/, ""),
  demands: [],
});

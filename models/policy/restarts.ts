/**
 * The number of times that a supervisor may start a process again while a fault is in force: it fails as often as it is started, so the
 * time that passes then has a bound, which follows from the policy.
 */
import type { Policy } from "../vocabulary/policy.ts";
import type { Options, Step } from "../vocabulary/scenario.ts";

/** The most in one scenario. */
export const restartsMax = 2_000;

interface Restarted {
  readonly policy: Policy;
  readonly options: Options;
  readonly steps: readonly Step[];
}

/** An estimate from above. */
export function restartsIn({ policy, options, steps }: Restarted): number {
  let isInForce = false;
  let refusesCredentials = false;
  let restarts = 0;
  for (const step of steps) {
    if (step.kind === "fault") {
      isInForce = true;
      refusesCredentials ||= step.fault.kind === "refuse-credentials";
    }
    if (step.kind === "heal") {
      isInForce = false;
      refusesCredentials = false;
    }
    if (step.kind !== "advance" || !isInForce) continue;
    const lifeMs = policy.supervisor.restartMs + shortestLifeMs(policy, options, refusesCredentials);
    restarts += Math.floor(step.ms / Math.max(1, lifeMs));
  }
  return restarts;
}

/** The shortest time for which a process that cannot connect tries before it fails. */
function shortestLifeMs(
  { startup: { strategy, deadlineMs = 0, whenClosed } }: Policy,
  { reconnectAttemptsMax, reconnectWaitMs }: Options,
  refusesCredentials: boolean,
): number {
  if (strategy === "fail-fast") return 0;
  const givesUp = refusesCredentials || reconnectAttemptsMax >= 0;
  const attemptsMs = refusesCredentials ? 0 : reconnectAttemptsMax * reconnectWaitMs;
  const triesMs = givesUp && whenClosed === "exit" ? attemptsMs : Number.POSITIVE_INFINITY;
  return strategy === "retry-with-deadline" ? Math.min(deadlineMs, triesMs) : triesMs;
}

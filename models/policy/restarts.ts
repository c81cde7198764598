/**
 * The waits of a supervisor before it starts a failed process again, and the number of times that it may do so while a fault is in force: a
 * process fails as often as it is started, so the time that passes then has a bound, which follows from the policy.
 */
import type { Policy, StartupPolicy, SupervisorPolicy } from "../vocabulary/policy.ts";
import type { Options, Step } from "../vocabulary/scenario.ts";
import { shortestToKillMs } from "./probes.ts";

/** The most in one scenario. */
export const restartsMax = 2_000;

/** True where a start makes one pass over the servers, and exits without them. */
export const failsFast = (strategy: StartupPolicy["strategy"]): boolean =>
  strategy === "fail-fast" || strategy === "wait-outside";

/** Kubelet's own: the first restart at once, then 10 s, twice as long after each failure, 300 s at most (F-220 of docs/facts.md). */
export const kubeletRestartMs: readonly number[] = [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000];

/** The waits after the first failure in a row, the second, and so on; the last repeats. */
export const restartWaitsMs = ({ restartMs }: SupervisorPolicy): readonly number[] =>
  typeof restartMs === "number" ? [restartMs] : restartMs;

/** The wait after that number of failures in a row. */
export function restartWaitMs(supervisor: SupervisorPolicy, failures: number): number {
  const waits = restartWaitsMs(supervisor);
  return waits[Math.max(0, Math.min(failures, waits.length) - 1)] ?? 0;
}

export const longestRestartMs = (supervisor: SupervisorPolicy): number => Math.max(...restartWaitsMs(supervisor));

/** A process that ran for longer counts as the first that fails: twice the longest wait, as kubelet has it (F-220 of docs/facts.md). */
export const stableAfterMs = (supervisor: SupervisorPolicy): number => 2 * longestRestartMs(supervisor);

/** The time that a number of waits take in a row, from a first failure on, the last of them by half. */
export function halfwayMs(supervisor: SupervisorPolicy, waits: number): number {
  const all = Array.from({ length: waits }, (_, i) => restartWaitMs(supervisor, i + 1));
  return all.reduce((sum, ms) => sum + ms, 0) - (all.at(-1) ?? 0) / 2;
}

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
    restarts += restartsWithin(step.ms, policy.supervisor, shortestLifeMs(policy, options, refusesCredentials));
  }
  return restarts;
}

function restartsWithin(ms: number, supervisor: SupervisorPolicy, lifeMs: number): number {
  const waits = restartWaitsMs(supervisor);
  const isStable = lifeMs > stableAfterMs(supervisor);
  const rising = isStable ? [] : waits.slice(0, -1);
  const repeated = isStable ? waits[0] : waits.at(-1);
  let leftMs = ms;
  let restarts = 0;
  for (const waitMs of rising) {
    leftMs -= Math.max(1, waitMs + lifeMs);
    if (leftMs < 0) return restarts;
    restarts++;
  }
  return restarts + Math.floor(leftMs / Math.max(1, (repeated ?? 0) + lifeMs));
}

/** The shortest time for which a process that cannot connect tries before it fails, or its supervisor kills it. */
const shortestLifeMs = (policy: Policy, options: Options, refusesCredentials: boolean): number =>
  Math.min(shortestTryMs(policy, options, refusesCredentials), shortestToKillMs(policy));

function shortestTryMs(
  { startup: { strategy, deadlineMs = 0, whenClosed } }: Policy,
  { reconnectAttemptsMax, reconnectWaitMs }: Options,
  refusesCredentials: boolean,
): number {
  if (failsFast(strategy)) return 0;
  const givesUp = refusesCredentials || reconnectAttemptsMax >= 0;
  const attemptsMs = refusesCredentials ? 0 : reconnectAttemptsMax * reconnectWaitMs;
  const triesMs = givesUp && whenClosed === "exit" ? attemptsMs : Number.POSITIVE_INFINITY;
  return strategy === "retry-with-deadline" ? Math.min(deadlineMs, triesMs) : triesMs;
}

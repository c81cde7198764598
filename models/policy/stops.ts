/** The end that others put to a stop: its own budget, and SIGKILL at the end of the grace period. */
import type { ServerPolicy } from "../vocabulary/expectation.ts";
import type { Policy, SupervisorPolicy } from "../vocabulary/policy.ts";

/** The time from SIGTERM to SIGKILL: the grace period, without the part that preStop has taken of it. */
export const termToKillMs = ({ killAfterMs, preStopMs = 0 }: SupervisorPolicy): number => killAfterMs - preStopMs;

/** The longest time from SIGTERM to the end of the process. */
export const stopBoundMs = ({ shutdown: { forced, budgetMs }, supervisor }: Policy): number =>
  forced ? Math.min(budgetMs, termToKillMs(supervisor)) : termToKillMs(supervisor);

/** The time that a server takes to leave in lame duck mode; 120 s by default (F-315 of docs/facts.md). */
export const lameDuckMsOf = (server: ServerPolicy | undefined): number => server?.lameDuckMs ?? 120_000;

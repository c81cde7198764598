/**
 * The budget of a start: the time for which a process tries to connect, what ends it, and when it is there once NATS is back. Dials that are refused
 * take no time, and dials to a server that says nothing take the connect timeout, so that most figures are spans.
 */
import { longestWaitMs, outageSurvivedMs } from "../../../models/policy/attempts.ts";
import { failsForLeastMs, failsForMs, questionOf } from "../../../models/policy/probes.ts";
import { failsFast, longestRestartMs, restartWaitsMs } from "../../../models/policy/restarts.ts";
import type { KillingProbe, Policy, StartupPolicy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { clientOptions } from "../client-options.ts";

/** A span of time from the start of the process; `mostMs` null: there is no end. */
export interface StartSpan {
  readonly leastMs: number;
  readonly mostMs: number | null;
}

/** A probe that fails while NATS is away, and kills. */
export interface ProbeKill extends StartSpan {
  readonly probe: "startup-probe" | "liveness";
}

export interface StartBudget {
  readonly strategy: StartupPolicy["strategy"];
  readonly servers: number;
  readonly connectTimeoutMs: number;
  /** One dial of every server, each to its connect timeout. */
  readonly passMs: number;
  readonly deadlineMs: number | null;
  /** The whole passes within the deadline, and what is left of it. */
  readonly passes: number | null;
  readonly marginMs: number | null;
  /** The end of a start without NATS, by itself. */
  readonly givesUp: StartSpan;
  readonly kills: readonly ProbeKill[];
  /** The waits of the supervisor after the first end, the second, and so on; the last repeats. */
  readonly restartsMs: readonly number[];
  /** The longest time from the return of NATS until the process is connected. */
  readonly backWithinMs: number;
}

export function startBudget(policy: Policy, profile: Profile): StartBudget {
  const { startup, supervisor } = policy;
  const { strategy, connectTimeoutMs, deadlineMs } = startup;
  const options = clientOptions(policy, profile);
  const servers = options.servers ?? policy.server?.count ?? 1;
  const passMs = servers * connectTimeoutMs;
  const passes = deadlineMs === undefined ? null : Math.floor(deadlineMs / passMs);
  return {
    ...{ strategy, servers, connectTimeoutMs, passMs, deadlineMs: deadlineMs ?? null, passes },
    marginMs: deadlineMs === undefined || passes === null ? null : deadlineMs - passes * passMs,
    givesUp: givesUpIn(policy, profile, passMs),
    kills: killsIn(policy),
    restartsMs: restartWaitsMs(supervisor),
    backWithinMs: failsFast(strategy)
      ? longestRestartMs(supervisor) + passMs
      : Math.max(isEnding(policy) ? longestRestartMs(supervisor) : 0, longestWaitMs(options)) + passMs,
  };
}

/** Something ends a process that goes on trying. */
const isEnding = (policy: Policy): boolean =>
  policy.startup.strategy === "retry-with-deadline" || killsIn(policy).length > 0;

function givesUpIn(policy: Policy, profile: Profile, passMs: number): StartSpan {
  const { strategy, deadlineMs = 0, whenClosed } = policy.startup;
  if (failsFast(strategy)) return { leastMs: 0, mostMs: passMs };
  const { least, most } = outageSurvivedMs(profile, clientOptions(policy, profile));
  // A client that gives up by itself ends the process where its connect returns then, or where the process listens for that.
  const { countsAttempts, retry } = profile.firstConnect;
  const givesUpItself = countsAttempts && (retry === "pending" || whenClosed === "exit") && Number.isFinite(least);
  const own: StartSpan = givesUpItself
    ? { leastMs: least, mostMs: most }
    : { leastMs: Number.POSITIVE_INFINITY, mostMs: null };
  if (strategy === "retry-forever") return own.mostMs === null ? never : own;
  const leastMs = Math.min(deadlineMs, own.leastMs);
  return { leastMs, mostMs: Math.min(deadlineMs, own.mostMs ?? deadlineMs) };
}

const never: StartSpan = { leastMs: 0, mostMs: null };

function killsIn({ startup, supervisor: { liveness, startupProbe } }: Policy): readonly ProbeKill[] {
  const fails = (question: "liveness" | "readiness"): boolean =>
    startup.readiness !== "process" && (question === "readiness" || startup.liveness === "as-readiness");
  const killOf = (probe: ProbeKill["probe"], { initialDelayMs = 0, ...one }: KillingProbe): ProbeKill => ({
    ...{
      probe,
      leastMs: initialDelayMs + failsForLeastMs({ ...one }),
      mostMs: initialDelayMs + failsForMs({ ...one }),
    },
  });
  return [
    ...(startupProbe !== undefined && fails(questionOf(startupProbe)) ? [killOf("startup-probe", startupProbe)] : []),
    ...(liveness !== undefined && fails("liveness") ? [killOf("liveness", liveness)] : []),
  ];
}

/** The probes by which a supervisor kills: the time that each lets a process fail, and the policies under which one may fail for lack of NATS. */
import type { ProbeName } from "../vocabulary/event.ts";
import type { KillingProbe, Policy, StartupProbe, SupervisorPolicy } from "../vocabulary/policy.ts";

/** The longest time that a process may fail the probe: kubelet asks at some moment of each period. */
export const failsForMs = ({ periodMs, failureThreshold }: KillingProbe): number => periodMs * failureThreshold;

/** The same for every probe that kills, from the start of a process on. */
export const killsAfterMs = ({ liveness, startupProbe }: SupervisorPolicy): readonly number[] =>
  [liveness, startupProbe].flatMap(probe =>
    probe === undefined ? [] : [(probe.initialDelayMs ?? 0) + failsForMs(probe)],
  );

/** The shortest time that a process may fail it. */
export const failsForLeastMs = ({ periodMs, failureThreshold }: KillingProbe): number =>
  periodMs * (failureThreshold - 1);

export const questionOf = ({ asks = "liveness" }: StartupProbe): "liveness" | "readiness" => asks;

/** The answers of a process to both questions. */
export interface ProbeAnswer {
  readonly ready: boolean;
  readonly live: boolean;
}

/** True where the answer fails that probe. */
export function failsProbe(
  { supervisor: { startupProbe } }: Policy,
  probe: ProbeName,
  { ready, live }: ProbeAnswer,
): boolean {
  const asksReadiness =
    probe === "startup-probe" && startupProbe !== undefined && questionOf(startupProbe) === "readiness";
  return !(asksReadiness ? ready : live);
}

/** The shortest time from the start of a process to its kill, where NATS is away all that time; infinite where nothing kills it. */
export function shortestToKillMs({ startup, supervisor: { liveness, startupProbe } }: Policy): number {
  const fails = (question: "liveness" | "readiness"): boolean =>
    startup.readiness !== "process" && (question === "readiness" || startup.liveness === "as-readiness");
  const killing = [
    ...(startupProbe !== undefined && fails(questionOf(startupProbe)) ? [startupProbe] : []),
    ...(liveness !== undefined && fails("liveness") ? [liveness] : []),
  ];
  return Math.min(
    Number.POSITIVE_INFINITY,
    ...killing.map(probe => (probe.initialDelayMs ?? 0) + failsForLeastMs(probe)),
  );
}

/**
 * The probes of the supervisor that kill. They are asked after every step, and time passes by its own steps alone, so a process fails from a
 * step on. It is killed once it has failed for the longest time that kubelet may let pass, which is period times threshold.
 */
import { failsForLeastMs, failsForMs, questionOf } from "../policy/probes.ts";
import { stopBoundMs } from "../policy/stops.ts";
import type { ProbeName } from "../vocabulary/event.ts";
import type { KillingProbe, Policy, ShutdownPolicy } from "../vocabulary/policy.ts";
import { type NotEnabled, unjudgeable } from "./reasons.ts";
import { bitOf, isCalm, isProbed, type View } from "./view.ts";

const answerUnknown = unjudgeable("whether its probes succeed meanwhile is not known");
const killUnknown = unjudgeable("whether its probe has failed often enough by then depends on when it was asked");
const handlesUnknown = unjudgeable("how much it handles before its supervisor kills it is not known");

interface ProbeInForce {
  readonly name: ProbeName;
  readonly probe: KillingProbe;
  readonly question: "liveness" | "readiness";
}

/** The probe that may kill the process now. */
function askedOf({ process, hasStarted }: View, { supervisor }: Policy): ProbeInForce | undefined {
  if (process !== "waiting" && process !== "running") return undefined;
  const { liveness, startupProbe } = supervisor;
  if (startupProbe !== undefined && !hasStarted)
    return { name: "startup-probe", probe: startupProbe, question: questionOf(startupProbe) };
  return liveness === undefined ? undefined : { name: "liveness", probe: liveness, question: "liveness" };
}

/** The answer of the process; undefined where the plan does not know it. */
function answerOf(view: View, { startup, streams }: Policy, question: ProbeInForce["question"]): boolean | undefined {
  if (question === "liveness" && startup.liveness === "independent") return true;
  if (startup.readiness === "process") return true;
  if (!isProbed(view)) return undefined;
  if (view.client !== "connected") return false;
  if (startup.readiness === "connected") return true;
  if (!view.jetStream || view.path === "core") return false;
  const remakes = startup.jetStreamProbe === "until-usable" && streams.every(({ made }) => made === "created");
  return remakes || !view.mayLackStreams ? true : undefined;
}

/** Asks the probe in force, and keeps in the view since when it fails. */
export function askProbes(view: View, policy: Policy): void {
  const { liveness, startupProbe } = policy.supervisor;
  if (liveness === undefined && startupProbe === undefined) return;
  for (;;) {
    const asked = askedOf(view, policy);
    const isWell = asked === undefined || answerOf(view, policy, asked.question) !== false;
    if (!isWell) view.failsSinceMs ??= view.nowMs;
    else view.failsSinceMs = undefined;
    if (asked?.name !== "startup-probe" || !isWell) return;
    view.hasStarted = true;
  }
}

interface Kill {
  readonly by: ProbeName;
  /** Kubelet begins its preStop at this moment or later; the supervisor here sends SIGTERM at the second, the latest. */
  readonly fromMs: number;
  readonly atMs: number;
}

/** The kill to which the process comes if nothing changes. */
export function dueKill(view: View, policy: Policy): Kill | undefined {
  if (view.failsSinceMs === undefined) return undefined;
  const asked = askedOf(view, policy);
  if (asked === undefined) return undefined;
  const { name, probe } = asked;
  const firstMs = Math.max(view.failsSinceMs, view.startedAtMs + (probe.initialDelayMs ?? 0));
  const { preStopMs = 0 } = policy.supervisor;
  return { by: name, fromMs: firstMs + failsForLeastMs(probe), atMs: firstMs + failsForMs(probe) + preStopMs };
}

/** The reason against letting time pass until then. `stop`: the reason against a stop, which a kill is. */
export function killNotEnabled(
  view: View,
  policy: Policy,
  untilMs: number,
  stop: () => NotEnabled | undefined,
): NotEnabled | undefined {
  const asked = askedOf(view, policy);
  if (asked === undefined) return undefined;
  if (answerOf(view, policy, asked.question) === undefined) return answerUnknown;
  const kill = dueKill(view, policy);
  if (kill === undefined || untilMs < kill.fromMs) return undefined;
  if (untilMs < kill.atMs) return killUnknown;
  if (isCalm(view) && (view.subscribed & bitOf(0)) > 0) return handlesUnknown;
  return stop();
}

/** The time that the stop of a process takes that is killed while it has no connection, by its own budget or by SIGKILL. */
export const stopMs = ({ client }: View, policy: Policy): number =>
  client === "connected" || !waitsForServer(policy.shutdown) ? 0 : stopBoundMs(policy);

/** Four steps try their flush again until their time is over. */
const waitsForServer = ({ strategy }: ShutdownPolicy): boolean => strategy === "four-steps";

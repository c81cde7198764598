/** The life of a process moment by moment, as the model has it in the policy's own time. */
import { settleId } from "../../../models/plan/plan.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { advance, type Draft, sketched, start } from "../../drills/drill.ts";
import { runModelCase } from "../../judge/run.ts";
import { modelLimits } from "../../worlds/model.ts";

export interface LifeMoment {
  readonly atMs: number;
  readonly what: "started" | "ready" | "not-ready" | "told-to-stop" | "gave-up" | "killed" | "forced" | "stopped";
  /** The probe that had the process stopped. */
  readonly probe?: "startup-probe" | "liveness";
}

/** The policy's own time passes in the model alone, where no machine is busy. */
const ownLimits = new Set([...modelLimits].filter(one => one !== "machine-load"));

/** The policy with the waits and attempts that its client has by itself; the harness would tell it others. */
const withDefaults = (policy: Policy, { reconnect }: Profile): Policy => ({
  ...policy,
  demands: [],
  client: {
    reconnectWaitMs: reconnect.waitMsDefault,
    reconnectAttemptsMax: reconnect.attemptsMaxDefault,
    ...policy.client,
  },
});

/** The moments of replica 0 in the order in which they come, by the time since the beginning of the case. */
export function momentsIn(policy: Policy, profile: Profile, steps: readonly Draft[]): readonly LifeMoment[] {
  const why = "when the process starts, is ready, and ends";
  const scenario = sketched({ id: "budget/moments", why, policy: withDefaults(policy, profile), steps });
  const { events } = runModelCase({ scenario, profile, seed: "budget", limits: ownLimits });
  const moments: LifeMoment[] = [];
  let isReady = false;
  for (const event of events) {
    // What the end of every case heals is no part of it.
    if (event.kind === "healed" || (event.kind === "step" && event.step === settleId)) break;
    if (event.kind === "probe" && event.replica === 0 && event.ready !== isReady) {
      isReady = event.ready;
      moments.push({ atMs: event.atMs, what: isReady ? "ready" : "not-ready" });
    }
    if (event.kind !== "process" || event.replica !== 0) continue;
    if (event.change === "started") moments.push({ atMs: event.atMs, what: "started" });
    if (event.change === "stopping") {
      const { probe } = event;
      moments.push({ atMs: event.atMs, what: "told-to-stop", ...(probe === undefined ? {} : { probe }) });
    }
    if (event.change !== "exited") continue;
    isReady = false;
    const isStop = event.because === "stopped" || event.because === "killed";
    // The time of a stop is no step of the scenario.
    moments.push({ atMs: event.atMs + (isStop ? event.tookMs : 0), what: endingOf(event) });
  }
  return moments;
}

function endingOf({ because, forced }: { readonly because: string; readonly forced: boolean }): LifeMoment["what"] {
  if (because === "killed") return "killed";
  if (because !== "stopped") return "gave-up";
  return forced ? "forced" : "stopped";
}

/** The time for which a deployment is watched while NATS is away. */
export const watchedMs = 600_000;

/** NATS is away from the start of the process on. */
export const startedInOutage = (policy: Policy, profile: Profile, ms = watchedMs): readonly LifeMoment[] =>
  momentsIn(policy, profile, [
    { kind: "fault", fault: { kind: "stop-server", signal: "TERM", awaits: "none" } },
    start(),
    advance(ms),
  ]);

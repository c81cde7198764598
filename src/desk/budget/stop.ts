/** The budget of a stop: how long it takes in each situation by the model, and what of the grace period is left. */
import { termToKillMs } from "../../../models/policy/stops.ts";
import { subjectsByTreatment } from "../../../models/policy/subjects.ts";
import type { Policy, ShutdownPolicy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { cut, type Draft, publish, signal, start } from "../../drills/drill.ts";
import { type LifeMoment, momentsIn } from "./moments.ts";

export const stopSituations = ["idle", "handler-at-work", "handler-hangs", "silent-link", "down"] as const;
export type StopSituation = (typeof stopSituations)[number];

export interface TimedStop {
  readonly situation: StopSituation;
  /** The time from SIGTERM to the end of the process. */
  readonly tookMs: number;
  readonly endedBy: "itself" | "budget" | "SIGKILL";
  /** The time between the end and SIGKILL. */
  readonly leftMs: number;
}

export interface StopBudget {
  readonly strategy: ShutdownPolicy["strategy"];
  readonly preStopMs: number;
  /** The time from the order to stop to SIGKILL. */
  readonly graceMs: number;
  readonly termToKillMs: number;
  readonly budgetMs: number;
  readonly forced: boolean;
  readonly drainTimeoutMs: number | null;
  readonly handlerMs: number | null;
  readonly courses: readonly TimedStop[];
}

export function stopBudget(policy: Policy, profile: Profile): StopBudget {
  const { shutdown, supervisor, consume } = policy;
  return {
    strategy: shutdown.strategy,
    preStopMs: supervisor.preStopMs ?? 0,
    graceMs: supervisor.killAfterMs,
    termToKillMs: termToKillMs(supervisor),
    budgetMs: shutdown.budgetMs,
    forced: shutdown.forced,
    drainTimeoutMs: shutdown.drainTimeoutMs ?? null,
    handlerMs: consume.handlerMs ?? null,
    courses: stopSituations.flatMap(situation => courseIn(policy, profile, situation)),
  };
}

function courseIn(policy: Policy, profile: Profile, situation: StopSituation): readonly TimedStop[] {
  const steps = stepsOfStop(policy, situation);
  if (steps === undefined) return [];
  const moments = momentsIn(policy, profile, steps);
  const told = moments.find(({ what }) => what === "told-to-stop");
  const end = moments.find(({ what }) => ended.has(what));
  if (told === undefined || end === undefined) return [];
  const tookMs = end.atMs - told.atMs;
  const endedBy = end.what === "killed" ? "SIGKILL" : end.what === "forced" ? "budget" : "itself";
  return [{ situation, tookMs, endedBy, leftMs: termToKillMs(policy.supervisor) - tookMs }];
}

const ended: ReadonlySet<LifeMoment["what"]> = new Set(["killed", "forced", "stopped"]);

/** Undefined where the policy has nothing that could come into that situation. */
export function stepsOfStop(policy: Policy, situation: StopSituation): readonly Draft[] | undefined {
  const [subject] = subjectsByTreatment(policy).durable;
  const { handlerMs } = policy.consume;
  switch (situation) {
    case "idle":
      return [start(), signal("TERM")];
    case "handler-at-work":
      return subject === undefined || handlerMs === undefined
        ? undefined
        : [
            start(),
            { kind: "subscribe", replica: 0, subject, handler: "acks", takesMs: handlerMs },
            publish(subject, 1),
            signal("TERM"),
          ];
    case "handler-hangs":
      return subject === undefined
        ? undefined
        : [start(), { kind: "subscribe", replica: 0, subject, handler: "hangs" }, publish(subject, 1), signal("TERM")];
    case "silent-link":
      return [start(), { kind: "fault", fault: { kind: "hold" } }, signal("TERM")];
    case "down":
      return [start(), cut, signal("TERM")];
  }
}

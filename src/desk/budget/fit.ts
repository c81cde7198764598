/** The parts of a deployment whose times do not fit together, each with by how much, its place, and what the pod does then. */
import { lameDuckMsOf } from "../../../models/policy/stops.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { FilePlace } from "../../files/json.ts";
import { msText, spanText } from "../../text/durations.ts";
import { type LifeMoment, startedInOutage } from "./moments.ts";
import type { StartBudget } from "./start.ts";
import type { StopBudget, TimedStop } from "./stop.ts";

export interface Misfit {
  /** One sentence with both times. */
  readonly message: string;
  /** One sentence: what to change. */
  readonly remedy: string;
  /** The time that is missing. */
  readonly missingMs: number;
  readonly at: FilePlace;
  /** The consequence, moment by moment. */
  readonly consequence: readonly LifeMoment[];
}

export function misfitsIn(policy: Policy, profile: Profile, start: StartBudget, stop: StopBudget): readonly Misfit[] {
  const inOutage = (): readonly LifeMoment[] => startedInOutage(policy, profile);
  return [...startMisfits(start, inOutage), ...stopMisfits(policy, stop), ...serverMisfits(policy)];
}

function startMisfits(start: StartBudget, inOutage: () => readonly LifeMoment[]): readonly Misfit[] {
  const { givesUp, kills, passMs, deadlineMs, servers } = start;
  const shortPass: readonly Misfit[] =
    deadlineMs === null || deadlineMs >= passMs
      ? []
      : [
          {
            message: `the deadline of the start, ${msText(deadlineMs)}, is over before one pass over ${servers === 1 ? "a server that says" : `${servers} servers that say`} nothing, ${msText(passMs)}`,
            remedy: `Set startup.deadlineMs to ${passMs} or more.`,
            missingMs: passMs - deadlineMs,
            at: ["startup", "deadlineMs"],
            consequence: inOutage(),
          },
        ];
  const early = kills.filter(({ leastMs }) => leastMs < (givesUp.mostMs ?? Number.POSITIVE_INFINITY));
  return [
    ...shortPass,
    ...early.map(({ probe, leastMs, mostMs }): Misfit => {
      const isStartup = probe === "startup-probe";
      const tries = givesUp.mostMs === null ? "goes on trying" : `may try for ${msText(givesUp.mostMs)}`;
      return {
        message: `the ${isStartup ? "startup probe" : "liveness probe"} kills a process that waits for NATS after ${spanText({ leastMs, mostMs })}, and the start ${tries}`,
        remedy:
          givesUp.mostMs === null || !isStartup
            ? "Let that probe look at the process alone, and readiness at NATS."
            : `Let that probe look at the process alone, or raise period × failure threshold above ${msText(givesUp.mostMs)}.`,
        // No time would do for a start that goes on trying.
        missingMs: givesUp.mostMs === null ? 0 : givesUp.mostMs - leastMs,
        at: ["supervisor", isStartup ? "startupProbe" : "liveness"],
        consequence: inOutage(),
      };
    }),
  ];
}

function stopMisfits(policy: Policy, stop: StopBudget): readonly Misfit[] {
  const { budgetMs, termToKillMs: leftMs, preStopMs, graceMs, drainTimeoutMs, handlerMs, courses } = stop;
  const endMs = stop.forced ? Math.min(budgetMs, leftMs) : leftMs;
  const tight: readonly Misfit[] =
    budgetMs <= leftMs
      ? []
      : [
          {
            message: `SIGKILL comes ${msText(Math.max(0, leftMs))} after SIGTERM${preStopMs > 0 ? `, since preStop takes ${msText(preStopMs)} of the grace period` : ""}, and the stop may take ${msText(budgetMs)}`,
            remedy: `Set the grace period to ${msText(budgetMs + preStopMs)} or more.`,
            missingMs: budgetMs - leftMs,
            at: ["supervisor", "killAfterMs"],
            consequence: orderToKill(stop, "killed", graceMs),
          },
        ];
  const drains: readonly Misfit[] =
    drainTimeoutMs === null || drainTimeoutMs <= endMs
      ? []
      : [
          {
            message: `the wait for a drain, ${msText(drainTimeoutMs)}, is longer than the stop has, ${msText(endMs)}`,
            remedy: `Set shutdown.drainTimeoutMs below ${endMs}.`,
            missingMs: drainTimeoutMs - endMs,
            at: ["shutdown", "drainTimeoutMs"],
            consequence: orderToKill(stop, stop.forced ? "forced" : "killed", preStopMs + endMs),
          },
        ];
  const handlers: readonly Misfit[] =
    handlerMs === null || handlerMs <= endMs
      ? []
      : [
          {
            message: `a handler may work for ${msText(handlerMs)}, and the stop has ${msText(endMs)}: it is cut off in the middle of its work`,
            remedy: `Give the stop ${msText(handlerMs)} or more, or let handlers end sooner.`,
            missingMs: handlerMs - endMs,
            at: ["consume", "handlerMs"],
            consequence: orderToKill(stop, stop.forced ? "forced" : "killed", preStopMs + endMs),
          },
        ];
  return [...tight, ...drains, ...handlers, ...courses.flatMap(course => hangs(policy, stop, course))];
}

/** A stop that only SIGKILL ends. */
function hangs(policy: Policy, stop: StopBudget, { situation, endedBy }: TimedStop): readonly Misfit[] {
  const isOwn = stop.budgetMs <= stop.termToKillMs;
  if (endedBy !== "SIGKILL" || !isOwn || policy.shutdown.forced || situation === "handler-at-work") return [];
  const where = situation === "handler-hangs" ? "beside a handler that hangs" : "behind a link that says nothing";
  return [
    {
      message: `${where} nothing ends the stop but SIGKILL, ${msText(stop.termToKillMs)} after SIGTERM`,
      remedy: `End the process when its budget of ${msText(stop.budgetMs)} is over (shutdown.forced), and say what is unsent.`,
      missingMs: 0,
      at: ["shutdown", "forced"],
      consequence: orderToKill(stop, "killed", stop.graceMs),
    },
  ];
}

/** The moments from the order to stop on. */
const orderToKill = ({ preStopMs }: StopBudget, what: "killed" | "forced", endMs: number): readonly LifeMoment[] => [
  { atMs: preStopMs, what: "told-to-stop" },
  { atMs: endMs, what },
];

function serverMisfits({ server }: Policy): readonly Misfit[] {
  const { killAfterMs } = server ?? {};
  const lameDuckMs = lameDuckMsOf(server);
  if (killAfterMs === undefined || killAfterMs >= lameDuckMs) return [];
  return [
    {
      message: `a NATS server is killed ${msText(killAfterMs)} after the order to stop, and lame duck mode takes ${msText(lameDuckMs)}`,
      remedy: `Set the grace period of the servers to ${msText(lameDuckMs)} or more.`,
      missingMs: lameDuckMs - killAfterMs,
      at: ["server", "killAfterMs"],
      consequence: [],
    },
  ];
}

/** The document of `budget --json`. */
import { z } from "zod";
import { stopSituations } from "../../desk/budget/stop.ts";
import type { BudgetReport } from "../../report/budget.ts";
import { exactly } from "./exactly.ts";
import { count, names, text } from "./shared.ts";

const ms = z.number().min(0);
const probe = z.enum(["startup-probe", "liveness"]);
const span = { leastMs: ms, mostMs: ms.nullable().describe("Null: there is no end.") };

const moment = z.strictObject({
  atMs: ms,
  what: z.enum(["started", "ready", "not-ready", "told-to-stop", "gave-up", "killed", "forced", "stopped"]),
  probe: probe.optional().describe("The probe that had the process stopped."),
});

export const budgetDocument = exactly<BudgetReport>()(
  z.strictObject({
    policy: text,
    profile: text,
    start: z.strictObject({
      strategy: z.enum(["fail-fast", "retry-with-deadline", "retry-forever", "wait-outside"]),
      servers: count,
      connectTimeoutMs: ms,
      passMs: ms.describe("One dial of every server, each to its connect timeout."),
      deadlineMs: ms.nullable(),
      passes: count.nullable().describe("Whole passes within the deadline."),
      marginMs: ms.nullable().describe("The part of the deadline beyond them."),
      givesUp: z.strictObject(span).describe("The end of a start without NATS, by itself."),
      kills: z.array(z.strictObject({ probe, ...span })).describe("Probes that kill while NATS is away."),
      restartsMs: z.array(ms).describe("The waits before the next start; the last repeats."),
      backWithinMs: ms.describe("The longest time from the return of NATS until the process is connected."),
      inOutage: z.array(moment).describe("Ten minutes without NATS, by the model."),
    }),
    stop: z.strictObject({
      strategy: z.enum([
        "exit",
        "close",
        "subscriptions-then-close",
        "subscriptions-waited-then-close",
        "drain",
        "drain-not-awaited",
        "four-steps",
      ]),
      preStopMs: ms,
      graceMs: ms.describe("From the order to stop to SIGKILL."),
      termToKillMs: z.number(),
      budgetMs: ms,
      forced: z.boolean(),
      drainTimeoutMs: ms.nullable(),
      handlerMs: ms.nullable(),
      courses: z
        .array(
          z.strictObject({
            situation: z.enum(stopSituations),
            tookMs: ms.describe("From SIGTERM to the end of the process."),
            endedBy: z.enum(["itself", "budget", "SIGKILL"]),
            leftMs: z.number().describe("Between the end and SIGKILL."),
          }),
        )
        .describe("Stops by the model."),
    }),
    traps: names.describe("What the client does by itself."),
    kubernetes: names.describe("Lines of YAML: a part of a pod's spec."),
    systemd: names.describe("Lines of a unit."),
    misfits: z.array(
      z.strictObject({
        message: text,
        remedy: text,
        missingMs: ms,
        place: text.describe("The path in the policy."),
        file: text.nullable().describe("file:line:column; null where no file says it."),
        assumed: text.nullable().describe("Why an import assumed it; null where a file says it."),
        consequence: z.array(moment).describe("The consequence, moment by moment."),
      }),
    ),
  }),
);

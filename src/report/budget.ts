/** The budgets of a start and of a stop as one timeline each, what does not fit, and fragments to paste. */
import type { Misfit } from "../desk/budget/fit.ts";
import type { LifeMoment } from "../desk/budget/moments.ts";
import type { StartBudget } from "../desk/budget/start.ts";
import type { StopBudget } from "../desk/budget/stop.ts";
import { msText, spanText } from "../text/durations.ts";
import type { Paint } from "./paint.ts";
import { left, right } from "./question/cells.ts";
import { counted, renderPairs, renderTable } from "./table.ts";

export interface MisfitShown extends Omit<Misfit, "at"> {
  /** The path in the policy. */
  readonly place: string;
  /** `file:line:column`; null where no file says it. */
  readonly file: string | null;
  /** The reason for which an import assumed it; null where a file says it. */
  readonly assumed: string | null;
}

export interface BudgetReport {
  readonly policy: string;
  readonly profile: string;
  /** `inOutage`: ten minutes without NATS. */
  readonly start: StartBudget & { readonly inOutage: readonly LifeMoment[] };
  readonly stop: StopBudget;
  readonly traps: readonly string[];
  readonly kubernetes: readonly string[];
  readonly systemd: readonly string[];
  readonly misfits: readonly MisfitShown[];
}

export function renderBudget(report: BudgetReport, paint: Paint): string {
  const { policy, profile, start, stop, traps, kubernetes, systemd, misfits } = report;
  return [
    `${paint("bold", policy)} with ${profile}`,
    "",
    `${paint("bold", "Start")} ${start.strategy}`,
    renderPairs(startPairs(start)),
    ...timelineLines(start.inOutage, "  while NATS is away"),
    "",
    `${paint("bold", "Stop")} ${stop.strategy}`,
    renderPairs(stopPairs(stop)),
    renderTable(
      [left("  situation"), right("ends after SIGTERM"), left("by"), right("left before SIGKILL")],
      stop.courses.map(({ situation, tookMs, endedBy, leftMs }) => [
        `  ${situationTexts[situation]}`,
        msText(tookMs),
        endedBy,
        msText(Math.max(0, leftMs)),
      ]),
    ),
    "",
    paint("bold", `What ${profile} does by itself`),
    ...traps.map(one => `  ${one}`),
    "",
    paint("bold", "Kubernetes, for these times"),
    ...indented(kubernetes),
    "",
    paint("bold", "systemd"),
    ...indented(systemd),
    "",
    ...(misfits.length === 0
      ? [`${paint("green", "✓")} everything fits`]
      : misfits.flatMap(one => misfitLines(one, paint))),
    "",
    "Times are the policy's own, by the model; a machine adds to them.",
  ].join("\n");
}

const indented = (lines: readonly string[]): readonly string[] => lines.map(line => `  ${line}`);

function startPairs(start: BudgetReport["start"]): readonly (readonly [string, string])[] {
  const { servers, connectTimeoutMs, passMs, deadlineMs, passes, marginMs, givesUp, kills, restartsMs, backWithinMs } =
    start;
  return [
    [
      "  one pass",
      `${counted(servers, "server")} × ${msText(connectTimeoutMs)} = ${msText(passMs)} where they say nothing; a refused dial takes no time`,
    ],
    ...(deadlineMs === null || passes === null || marginMs === null
      ? []
      : [
          [
            "  deadline",
            `${msText(deadlineMs)} = ${counted(passes, "pass", "passes")} and ${msText(marginMs)}`,
          ] as const,
        ]),
    ["  gives up", givesUp.mostMs === null ? "never by itself" : `${spanText(givesUp)} after its start, without NATS`],
    ...(kills.length === 0
      ? [["  killed", "by no probe while NATS is away"] as const]
      : kills.map(one => ["  killed", `by the ${probeTexts[one.probe]}, ${spanText(one)} after its start`] as const)),
    [
      "  again",
      `${restartsMs.map(ms => (ms === 0 ? "at once" : `after ${msText(ms)}`)).join(", then ")}${restartsMs.length > 1 ? ", and so on" : ""}`,
    ],
    ["  back", `connected at most ${msText(backWithinMs)} after NATS is back`],
  ];
}

const probeTexts: Readonly<Record<"startup-probe" | "liveness", string>> = {
  "startup-probe": "startup probe",
  liveness: "liveness probe",
};

function stopPairs(stop: BudgetReport["stop"]): readonly (readonly [string, string])[] {
  const { preStopMs, graceMs, termToKillMs, budgetMs, forced, drainTimeoutMs, handlerMs } = stop;
  return [
    ["  0 s", preStopMs === 0 ? "the order to stop, and SIGTERM" : "the order to stop; preStop runs"],
    ...(preStopMs === 0 ? [] : [[`  ${msText(preStopMs)}`, "SIGTERM"] as const]),
    [
      `  ${msText(preStopMs + budgetMs)}`,
      `the budget of ${msText(budgetMs)} is over${forced ? ", and the stop is forced" : ", and nothing enforces it"}`,
    ],
    [`  ${msText(graceMs)}`, `SIGKILL, ${msText(Math.max(0, termToKillMs))} after SIGTERM`],
    ...(drainTimeoutMs === null ? [] : [["  drain", `waited for up to ${msText(drainTimeoutMs)}`] as const]),
    ...(handlerMs === null ? [] : [["  handler", `works for up to ${msText(handlerMs)}`] as const]),
  ];
}

const situationTexts: Readonly<Record<BudgetReport["stop"]["courses"][number]["situation"], string>> = {
  idle: "nothing under way",
  "handler-at-work": "a handler at work",
  "handler-hangs": "a handler that hangs",
  "silent-link": "a link that says nothing",
  down: "NATS is away",
};

function misfitLines(
  { message, remedy, missingMs, file, place, assumed, consequence }: MisfitShown,
  paint: Paint,
): readonly string[] {
  const short = missingMs === 0 ? "" : ` (${msText(missingMs)} short)`;
  return [
    `${paint("red", "✗")} ${message}${short}`,
    `  ${file ?? place}${assumed === null ? "" : ` (assumed: ${assumed})`}`,
    `  ${remedy}`,
    ...timelineLines(consequence, "  then"),
  ];
}

const momentsMax = 12;

function timelineLines(moments: readonly LifeMoment[], title: string): readonly string[] {
  if (moments.length === 0) return [];
  const shown = moments.slice(0, momentsMax);
  const more = moments.length - shown.length;
  return [
    title,
    ...shown.map(one => `    ${clock(one.atMs)}  ${momentText(one)}`),
    ...(more > 0 ? [`    …      ${more} more until ${clock(moments.at(-1)?.atMs ?? 0)}`] : []),
  ];
}

/** Minutes and seconds. */
const clock = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1_000) % 60).padStart(2, "0")}${ms % 1_000 === 0 ? "" : `.${String(ms % 1_000).padStart(3, "0")}`}`;

function momentText({ what, probe }: LifeMoment): string {
  if (what === "told-to-stop" && probe !== undefined) return `told to stop by its ${probeTexts[probe]}`;
  return momentTexts[what];
}

const momentTexts: Readonly<Record<LifeMoment["what"], string>> = {
  started: "started",
  ready: "ready",
  "not-ready": "not ready any more",
  "told-to-stop": "told to stop (SIGTERM)",
  "gave-up": "gave up its start, and ended",
  killed: "killed (SIGKILL): what is at work is cut off, and what is unsent is lost and told by nobody",
  forced: "ended by its own budget",
  stopped: "stopped",
};

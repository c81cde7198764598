/** The tables of figures that a question has: sizes of a buffer, stops, replicas, starts, and the startup budget. */
import type { BudgetRow, BudgetSeen, MapRow, ReplicaRow, SizeRow, StartRow, StopRow } from "../../drills/answer.ts";
import { isReal } from "../../worlds/names.ts";
import type { Paint } from "../paint.ts";
import type { UnkeptQuestion } from "../question.ts";
import { type Row, renderPairs, renderTable } from "../table.ts";
import { startText } from "./answer.ts";
import { left, mebibytes, orNone, orUnknown, right, seconds } from "./cells.ts";

export function renderFigures({ figures, cases }: UnkeptQuestion, paint: Paint): readonly string[] {
  const { maps, sizes, stops, replicas, starts, budget } = figures;
  const arrow = arrowText(cases.some(({ modelAlone }) => modelAlone === true));
  return [
    maps === undefined || maps.length === 0 ? "" : renderMaps(maps, arrow, paint),
    sizes === undefined || sizes.length === 0 ? "" : renderSizes(sizes, arrow, paint),
    stops === undefined || stops.length === 0 ? "" : renderStops(stops, arrow, paint),
    replicas === undefined || replicas.length === 0 ? "" : renderReplicas(replicas, arrow, paint),
    starts === undefined || starts.length === 0 ? "" : renderStarts(starts, arrow, paint),
    budget === undefined ? "" : renderBudget(budget, paint),
  ];
}

const judgedMark = (judged: boolean): string => (judged ? "→" : " ");
/** The reason why rows beside a policy were not run live. */
export const modelAloneText = "the model alone: the bus has one behaviour";
const arrowText = (isModelAlone: boolean): string =>
  `→ marks the policy's own row; the others are ${isModelAlone ? modelAloneText : "for comparison"}`;

function renderMaps(maps: readonly MapRow[], arrow: string, paint: Paint): string {
  const rows = maps.map(row => [
    `${judgedMark(row.judged)} ${row.map}`,
    String(row.published),
    orNone(row.silentLoss, paint),
    orNone(row.told, paint),
    row.notObserved === 0 ? orNone(0, paint) : paint("yellow", String(row.notObserved)),
    orNone(row.stored, paint),
    orNone(row.storedBytes, paint),
    orNone(row.waited, paint),
    row.calmPublishMs === null ? "?" : `${row.calmPublishMs.toFixed(2)} ms`,
  ]);
  const columns = [
    left("  map"),
    right("published"),
    right("told ok, and lost"),
    right("told an error"),
    right("not observed"),
    right("stored"),
    right("bytes stored"),
    right("wait for an ack"),
    right("a calm publish"),
  ];
  return `${paint("bold", "The map beside two others")} (${arrow}; the server is killed once, and every family is published before, during and after)\n${renderTable(columns, rows)}`;
}

function renderSizes(sizes: readonly SizeRow[], arrow: string, paint: Paint): string {
  const rows = sizes.map(row => [
    `${judgedMark(row.judged)} ${row.size}`,
    row.limitBytes === null ? "none" : row.limitBytes.toLocaleString("en-US"),
    String(row.frameBytes),
    String(row.published),
    ...(row.published === 0 ? ["?", "?"] : [errorsText(row, paint), refusalText(row.firstRefusal)]),
    refusalText(row.predictedFirstRefusal),
    row.published === 0 ? "?" : `${row.arrived}${row.notObserved === 0 ? "" : ` (${row.notObserved} not observed)`}`,
    mebibytes(row.memoryAtStartBytes),
    mebibytes(row.peakMemoryBytes),
    row.recoveryMs === null ? "?" : `${row.recoveryMs} ms`,
  ]);
  const columns = [
    left("  size"),
    right("limit, bytes"),
    right("frame"),
    right("published"),
    right("errors"),
    right("first refused"),
    right("predicted"),
    right("arrived"),
    right("memory before"),
    right("peak"),
    right("back after"),
  ];
  return `${paint("bold", "Filling the buffer")} (${arrow}; messages counted from 1; back: time from the start of the heal)\n${renderTable(columns, rows)}`;
}

const refusalText = (index: number | null): string => (index === null ? "none" : `message ${index + 1}`);

function errorsText({ errors }: SizeRow, paint: Paint): string {
  const kinds = Object.entries(errors).map(([kind, count]) => `${count} ${kind}`);
  return kinds.length === 0 ? paint("dim", "·") : kinds.join(", ");
}

function renderStops(stops: readonly StopRow[], arrow: string, paint: Paint): string {
  const rows: Row[] = [];
  stops.toSorted(byAbout).forEach((row, i, all) => {
    if (row.about !== all[i - 1]?.about) rows.push(`  ${row.about}`);
    const quiet = row.toldLost === null ? 0 : row.lost - row.toldLost;
    const told = row.toldLost ?? "?";
    rows.push([
      `  ${judgedMark(row.judged)} ${row.variant}`,
      String(row.accepted),
      String(row.arrived),
      orNone(row.lost, paint),
      row.notObserved === 0 ? orNone(0, paint) : paint("yellow", String(row.notObserved)),
      quiet > 0 ? paint("red", String(told)) : told === 0 ? orNone(0, paint) : String(told),
      `${row.tookMs ?? "?"} of ${row.budgetMs} ms`,
      row.forced ? "forced" : (row.ended ?? "?"),
      row.ownTookMs === null ? "?" : `${seconds(row.ownTookMs)} of ${seconds(row.ownBudgetMs)}`,
    ]);
  });
  const columns = [
    left("  "),
    right("accepted"),
    right("arrived"),
    right("lost"),
    right("not observed"),
    right("told"),
    right("took, as run"),
    left("ended"),
    right("own time, modelled"),
  ];
  return `${paint("bold", "Before and after a stop")} (${arrow}; live cases run with shortened times)\n${renderTable(columns, rows)}`;
}

const byAbout = (a: { readonly about: string }, b: { readonly about: string }): number =>
  a.about < b.about ? -1 : a.about > b.about ? 1 : 0;

function renderReplicas(replicas: readonly ReplicaRow[], arrow: string, paint: Paint): string {
  const rows = replicas.map(row => [
    `${judgedMark(row.judged)} ${row.variant}`,
    row.durables,
    orUnknown(row.storedAfterStop),
    (row.handledByOthers ?? 0) < (row.storedAfterStop ?? 0)
      ? paint("red", orUnknown(row.handledByOthers))
      : orUnknown(row.handledByOthers),
    (row.handledAgain ?? 0) > 0 ? paint("red", orUnknown(row.handledAgain)) : orNone(row.handledAgain, paint),
    `${orUnknown(row.handled)} of ${orUnknown(row.stored)}`,
  ]);
  const columns = [
    left("  strategy"),
    left("durables"),
    right("stored after its stop"),
    right("handled by the other"),
    right("handled again"),
    right("handled in all"),
  ];
  return `${paint("bold", "One of two replicas that share a durable stops and restarts")} (${arrow})\n${renderTable(columns, rows)}`;
}

function renderStarts(starts: readonly StartRow[], arrow: string, paint: Paint): string {
  const rows: Row[] = [];
  starts.toSorted(byAbout).forEach((row, i, all) => {
    if (row.about !== all[i - 1]?.about) rows.push(`  ${row.about}`);
    rows.push([`  ${judgedMark(row.judged)} ${row.variant}`, startText(row.own)]);
    rows.push(["", paint("dim", probesText(row))]);
    if (isReal(row.world))
      rows.push([
        "",
        paint("dim", `live, with shortened times: ${row.observed ? "" : "not observed to its end: "}${startText(row)}`),
      ]);
  });
  return `${paint("bold", "Starts")} (${arrow}; times are the policy's own, as modelled)\n${renderTable([left(""), left("")], rows)}`;
}

const probesShownMax = 6;

function probesText({ own: { probes } }: StartRow): string {
  // Probes are recorded at every change of what lies behind them, too, which their answers may not show.
  const changes = probes.filter(
    ({ ready, live }, i) => i === 0 || probes[i - 1]?.ready !== ready || probes[i - 1]?.live !== live,
  );
  const texts = changes.map(
    ({ atMs, ready, live }) => `${seconds(atMs)} ${ready ? "ready" : "not ready"}, ${live ? "alive" : "not alive"}`,
  );
  const more = texts.length > probesShownMax ? ` → … ${texts.length - probesShownMax} more` : "";
  return texts.length === 0 ? "no process was running" : `probes: ${texts.slice(0, probesShownMax).join(" → ")}${more}`;
}

function renderBudget(budget: BudgetRow, paint: Paint): string {
  const { servers, passes, connectTimeoutMs, marginMs, deadlineMs, gaveUpAfterMs, live } = budget;
  const when = (ms: number | null): string => (ms === null ? "did not give up" : `gave up after ${seconds(ms)}`);
  return `${paint("bold", "The startup budget")} (an example: a policy names neither its servers nor its passes)\n${renderPairs(
    [
      [
        "  example",
        `${servers} servers × ${passes} passes × ${seconds(connectTimeoutMs)} + ${seconds(marginMs)} = ${seconds(deadlineMs)}`,
      ],
      ["  modelled", `servers that never greet: the process ${when(gaveUpAfterMs)}`],
      ["  live", liveBudgetText(live, when)],
    ],
  )}`;
}

function liveBudgetText({ world, deadlineMs, gaveUpAfterMs }: BudgetSeen, when: (ms: number | null) => string) {
  if (world === "not-run") return "not run";
  // An end that was seen stays seen, whatever came after it was not.
  if (world === "not-observed" && gaveUpAfterMs === null) return "not observed to its end";
  return `with a budget of ${seconds(deadlineMs)} it ${when(gaveUpAfterMs)}`;
}

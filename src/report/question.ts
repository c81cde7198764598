/** The answer to one question of the operators, as a person on call reads it: the answer, a row for each family, the figures, what broke. */
import type { Ledger, Verdict } from "../../models/vocabulary/verdict.ts";
import type { Answer, BudgetRow, Figures, ReplicaRow, SizeRow, StartRow, StopRow } from "../drills/answer.ts";
import type { Question } from "../drills/drill.ts";
import type { FamilyFigures } from "../drills/figures.ts";
import { renderSelfTest, type SelfTestReport } from "./not-shown.ts";
import { markOf, type Paint, paintConclusion } from "./paint.ts";
import { type Column, counted, type Row, renderPairs, renderTable } from "./table.ts";

export interface QuestionCase {
  readonly id: string;
  readonly about: string;
  readonly part: string;
  readonly variant: string | null;
  /** Held to the policy's demands; else shown beside it. */
  readonly judged: boolean;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly model: Verdict;
  readonly live: Verdict | null;
  /** True where the model admits the live observation. */
  readonly agrees: boolean | null;
  /** The capabilities that bus or world lack. */
  readonly notRun: readonly string[] | null;
  /** The reason why its live run shows less than it was to show; null: it shows all, or there was none. */
  readonly notObserved: string | null;
  /** The capabilities that only the injector's self-test failed to show: the case is inconclusive. */
  readonly notShown: readonly string[] | null;
  readonly ledger: Ledger;
  readonly file: string;
  readonly again: string;
}

export interface QuestionViolation {
  readonly property: string;
  readonly case: string;
  readonly about: string;
  readonly worlds: readonly ("model" | "live")[];
  readonly reason: string;
  /** The rate of live runs, where the model had not broken it. */
  readonly reproduced: { readonly k: number; readonly n: number };
  readonly file: string;
  readonly again: string;
}

export interface QuestionReport extends Answer {
  readonly verdict: Verdict;
  readonly question: Question;
  readonly policy: string;
  readonly bus: string;
  readonly profile: string | null;
  readonly client: string | null;
  /** The reason why the bus has neither signals nor memory; null if it has. */
  readonly unclaimed: string | null;
  readonly servers: readonly string[];
  readonly seed: string;
  readonly interrupted: boolean;
  readonly live: { readonly reason: string | null; readonly seconds: number };
  /** The claims that the injector's self-test tried and failed at; null without a live world. */
  readonly selfTest: SelfTestReport | null;
  readonly violations: readonly QuestionViolation[];
  readonly cases: readonly QuestionCase[];
  /** Path of the report. */
  readonly report: string;
}

/** A report without its path, which it has once it is kept. */
type Unkept = Omit<QuestionReport, "report">;

const asks: Readonly<Record<Question, string>> = {
  durability: "Which messages does a server restart lose, and was that declared?",
  buffer: "What happens to messages published while the bus is down, and when is its buffer full?",
  shutdown: "What does a stop lose, is the caller told, and does it end in time?",
  "cold-start": "What does a process do when it starts before its server?",
};

export function renderQuestion(report: Unkept, paint: Paint): string {
  return [
    renderHead(report, paint),
    renderFamilies(report, paint),
    ...renderFigures(report.figures, paint),
    renderSelfTest(report.selfTest, paint),
    renderCases(report, paint),
    renderViolations(report, paint),
    renderVerdict(report, paint),
  ]
    .filter(text => text !== "")
    .join("\n\n");
}

function renderHead(report: Unkept, paint: Paint): string {
  const { question, policy, bus, client, unclaimed, servers, live } = report;
  const where =
    live.reason === null ? `${client ?? bus}, ${servers.join(", ")}` : "model only: no live world is available here";
  return renderPairs([
    ["Question", paint("bold", asks[question])],
    ["Policy", `${policy}, on ${bus} (${where})`],
    ...(unclaimed === null ? [] : [["", paint("yellow", unclaimed)] as const]),
    ...answers(report).map((line, i): [string, string] => [i === 0 ? "Answer" : "", line]),
    ...report.notes.map((line): [string, string] => ["", paint("dim", line)]),
  ]);
}

// ---- The answer ----

function answers({ question, families, figures }: Unkept): readonly string[] {
  switch (question) {
    case "durability":
      return ofDurability(families);
    case "buffer":
      return ofBuffer(figures.sizes ?? []);
    case "shutdown":
      return ofShutdown(figures.stops ?? [], figures.replicas ?? []);
    case "cold-start":
      return ofColdStart(figures.starts ?? []);
  }
}

const sum = (rows: readonly FamilyFigures[], of: (row: FamilyFigures) => number): number =>
  rows.reduce((total, row) => total + of(row), 0);

/** A count that stands beside the observed ones, and is no part of them. */
const beside = (count: number, what: string): string => (count === 0 ? "" : `; ${count} ${what}`);
const notObservedText = (count: number): string => beside(count, "could not be observed");

function ofDurability(families: readonly FamilyFigures[]): readonly string[] {
  const durable = families.filter(({ declared }) => declared === "durable");
  const best = families.filter(({ declared }) => declared === "best-effort");
  const lost = (rows: readonly FamilyFigures[]): string =>
    `of ${counted(
      sum(rows, row => row.published),
      "message",
    )} ${sum(rows, row => row.silentLoss)} were lost in silence`;
  const open = (rows: readonly FamilyFigures[]): string =>
    beside(
      sum(rows, row => row.discarded),
      "were discarded at the limit of their stream, as declared",
    ) + notObservedText(sum(rows, row => row.notObserved));
  return [
    `declared durable: ${lost(durable)}; ${sum(durable, row => row.told.unsettled)} ended in an error that leaves it open, of which ${sum(durable, row => row.inDoubt)} are not there${open(durable)}`,
    `best-effort: ${lost(best)}, which is declared${open(best)}`,
  ];
}

function ofBuffer(sizes: readonly SizeRow[]): readonly string[] {
  const own = sizes.find(({ judged }) => judged);
  if (own === undefined) return ["no size was tried"];
  const { limitBytes, firstRefusal, predictedFirstRefusal, frameBytes, peakMemoryBytes, published, arrived } = own;
  const open = notObservedText(own.notObserved);
  if (published === 0) return ["the policy's own size could not be observed"];
  if (limitBytes === null)
    return [
      `this client has no reconnect buffer: ${published - arrived - own.notObserved} of ${published} published while down never arrived${open}`,
    ];
  const asPredicted =
    firstRefusal === predictedFirstRefusal ? "as predicted" : `the prediction was ${predictedFirstRefusal}`;
  const memory = peakMemoryBytes === null ? "" : `; the process used at most ${mebibytes(peakMemoryBytes)}`;
  return [
    `the buffer of ${limitBytes.toLocaleString("en-US")} bytes took ${firstRefusal ?? published} messages of ${frameBytes} bytes and refused the next, ${asPredicted}${memory}${open}`,
  ];
}

function ofShutdown(stops: readonly StopRow[], replicas: readonly ReplicaRow[]): readonly string[] {
  const own = stops.filter(({ judged }) => judged);
  const lines = own.map(
    ({ about, accepted, lost, notObserved, toldLost, tookMs, budgetMs, forced }) =>
      `${about}: ${lost} of ${accepted} accepted messages lost, ${toldLost ?? "?"} told${notObservedText(notObserved)}; ${tookMs === null ? "its end was not seen" : `ended after ${tookMs} ms of ${budgetMs}${forced ? ", forced" : ""}`}`,
  );
  const shared = replicas.find(({ judged }) => judged);
  if (shared === undefined) return lines;
  const { handledByOthers, storedAfterStop, handledAgain } = shared;
  if (handledByOthers === null)
    return [...lines, "one of two replicas stops: the case could not be observed to its end"];
  return [
    ...lines,
    `one of two replicas stops: the other handled ${handledByOthers} of ${storedAfterStop}; ${handledAgain} handled again after its restart`,
  ];
}

function ofColdStart(starts: readonly StartRow[]): readonly string[] {
  return starts
    .filter(({ judged }) => judged)
    .map(
      row =>
        `${row.about}: ${startText(row.own)}${row.observed ? "" : "; the live case could not be observed to its end"}`,
    );
}

function startText({
  restarts,
  exits,
  connectedAfterMs,
  acceptedEarly,
  arrivedEarly,
  notObservedEarly,
  toldLost,
}: StartRow["own"]): string {
  const [exit] = exits;
  const parts = [
    exit === undefined ? "it waits" : `it exits after ${seconds(exit.tookMs)} (${exit.because}, code ${exit.code})`,
    restarts === 0 ? "" : counted(restarts, "restart"),
    connectedAfterMs === null ? "" : `connected ${seconds(connectedAfterMs)} after the server started`,
    acceptedEarly === 0
      ? ""
      : `${acceptedEarly - arrivedEarly - notObservedEarly} of ${acceptedEarly} accepted early lost, ${toldLost} told${notObservedEarly === 0 ? "" : `, ${notObservedEarly} not observed`}`,
  ];
  return parts.filter(text => text !== "").join(", ");
}

// ---- Tables ----

const left = (title: string): Column => ({ title, align: "left" });
const right = (title: string): Column => ({ title, align: "right" });
const mebibytes = (bytes: number | null): string => (bytes === null ? "?" : `${(bytes / 1_048_576).toFixed(1)} MiB`);
const seconds = (ms: number): string => `${Number((ms / 1_000).toFixed(3))} s`;
const orUnknown = (count: number | null): string => (count === null ? "?" : String(count));
const orNone = (count: number | null, paint: Paint): string => (count === 0 ? paint("dim", "·") : orUnknown(count));

function renderFamilies({ families }: Unkept, paint: Paint): string {
  const published = families.filter(row => row.published > 0);
  if (published.length === 0) return "";
  const hasDiscarded = published.some(row => row.discarded > 0);
  const columns = [
    ...["published", "arrived", "acked", "accepted", "refused", "left open"],
    ...(hasDiscarded ? ["discarded"] : []),
    ...["not observed", "told ok, and lost"],
  ].map(right);
  const rows = published.map(row => {
    const { acked, accepted, rejected, unsettled } = row.told;
    const lost =
      row.silentLoss === 0
        ? paint("dim", "·")
        : paint(row.declared === "durable" ? "red" : "yellow", String(row.silentLoss));
    return [
      `  ${row.subjects}`,
      row.declared,
      String(row.published),
      String(row.arrived),
      ...[acked, accepted, rejected, unsettled].map(one => orNone(one, paint)),
      ...(hasDiscarded ? [orNone(row.discarded, paint)] : []),
      row.notObserved === 0 ? orNone(0, paint) : paint("yellow", String(row.notObserved)),
      row.silentLoss > 0 && row.declared === "best-effort" ? `${lost} (declared)` : lost,
    ];
  });
  return `${paint("bold", "By family")} (what arrived, and what the callers were told)\n${renderTable([left("  family"), left("declared"), ...columns], rows)}`;
}

function renderFigures({ sizes, stops, replicas, starts, budget }: Figures, paint: Paint): readonly string[] {
  return [
    sizes === undefined || sizes.length === 0 ? "" : renderSizes(sizes, paint),
    stops === undefined || stops.length === 0 ? "" : renderStops(stops, paint),
    replicas === undefined || replicas.length === 0 ? "" : renderReplicas(replicas, paint),
    starts === undefined || starts.length === 0 ? "" : renderStarts(starts, paint),
    budget === undefined ? "" : renderBudget(budget, paint),
  ];
}

const judgedMark = (judged: boolean): string => (judged ? "→" : " ");
const arrow = "→ marks the policy's own row; the others are for comparison";

function renderSizes(sizes: readonly SizeRow[], paint: Paint): string {
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

function renderStops(stops: readonly StopRow[], paint: Paint): string {
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
    right("took"),
    left("ended"),
    right("in its own time"),
  ];
  return `${paint("bold", "Before and after a stop")} (${arrow})\n${renderTable(columns, rows)}`;
}

const byAbout = (a: { readonly about: string }, b: { readonly about: string }): number =>
  a.about < b.about ? -1 : a.about > b.about ? 1 : 0;

function renderReplicas(replicas: readonly ReplicaRow[], paint: Paint): string {
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

function renderStarts(starts: readonly StartRow[], paint: Paint): string {
  const rows: Row[] = [];
  starts.toSorted(byAbout).forEach((row, i, all) => {
    if (row.about !== all[i - 1]?.about) rows.push(`  ${row.about}`);
    rows.push([`  ${judgedMark(row.judged)} ${row.variant}`, startText(row.own)]);
    rows.push(["", paint("dim", probesText(row))]);
    if (row.world === "live")
      rows.push([
        "",
        paint("dim", `live, with shortened times: ${row.observed ? "" : "not observed to its end: "}${startText(row)}`),
      ]);
  });
  return `${paint("bold", "Starts")} (${arrow}; times are the policy's own, as modelled)\n${renderTable([left(""), left("")], rows)}`;
}

const probesShownMax = 6;

function probesText({ own: { probes } }: StartRow): string {
  const texts = probes.map(
    ({ atMs, ready, live }) => `${seconds(atMs)} ${ready ? "ready" : "not ready"}, ${live ? "alive" : "not alive"}`,
  );
  const more = texts.length > probesShownMax ? ` → … ${texts.length - probesShownMax} more` : "";
  return texts.length === 0 ? "no process was running" : `probes: ${texts.slice(0, probesShownMax).join(" → ")}${more}`;
}

function renderBudget(budget: BudgetRow, paint: Paint): string {
  const { servers, passes, connectTimeoutMs, marginMs, deadlineMs, gaveUpAfterMs, live } = budget;
  const when = (ms: number | null): string => (ms === null ? "did not give up" : `gave up after ${seconds(ms)}`);
  return `${paint("bold", "The startup budget")}\n${renderPairs([
    [
      "  counted",
      `${servers} servers × ${passes} passes × ${seconds(connectTimeoutMs)} + ${seconds(marginMs)} = ${seconds(deadlineMs)}`,
    ],
    ["  modelled", `servers that never greet: the process ${when(gaveUpAfterMs)}`],
    ["  live", liveBudgetText(live, when)],
  ])}`;
}

function liveBudgetText({ world, deadlineMs, gaveUpAfterMs }: BudgetRow["live"], when: (ms: number | null) => string) {
  if (world === "not-run") return "not run";
  // An end that was seen stays seen, whatever came after it was not.
  if (world === "not-observed" && gaveUpAfterMs === null) return "not observed to its end";
  return `with a budget of ${seconds(deadlineMs)} it ${when(gaveUpAfterMs)}`;
}

// ---- What broke ----

function renderCases({ cases }: Unkept, paint: Paint): string {
  const bad = cases.filter(
    ({ verdict, notRun, notObserved }) => verdict === "inconclusive" || notRun !== null || notObserved !== null,
  );
  if (bad.length === 0) return "";
  const lines = bad.map(({ about, reason, notRun, notObserved, again }) =>
    notRun === null
      ? `  ${markOf(paint, "inconclusive")} ${about}\n      ${notObserved ?? reason}\n      ${paint("dim", again)}`
      : `  ${markOf(paint, "inconclusive")} ${about}\n      not run: lacks ${notRun.join(", ")}`,
  );
  return `${paint("bold", "Not shown")}\n${lines.join("\n")}`;
}

/** A property once, with its first case. */
function renderViolations({ violations }: Unkept, paint: Paint): string {
  const byProperty = new Map<string, QuestionViolation[]>();
  for (const one of violations) byProperty.set(one.property, [...(byProperty.get(one.property) ?? []), one]);
  const blocks = [...byProperty].flatMap(([property, all]) => {
    const one = all.find(({ worlds }) => worlds.includes("live")) ?? all[0];
    if (one === undefined) return [];
    const { k, n } = one.reproduced;
    const rate = n > 1 ? `, ${k} of ${n} runs` : "";
    const more = all.length > 1 ? `; and in ${counted(all.length - 1, "other case")}` : "";
    return `  ${markOf(paint, "violated")} ${property} (${one.worlds.join(" and ")}${rate})\n      ${one.about}: ${one.reason}${more}\n      ${paint("dim", one.again)}`;
  });
  return blocks.length === 0 ? "" : `${paint("bold", "Broken promises of the policy")}\n${blocks.join("\n")}`;
}

function renderVerdict({ verdict, interrupted, live, cases }: Unkept, paint: Paint): string {
  const ran = cases.filter(one => one.live !== null);
  const agree = ran.filter(({ agrees }) => agrees === true).length;
  const why = interrupted || live.reason === null ? "" : `, because no live world is available: ${live.reason}`;
  return renderPairs([
    [
      "Agreed",
      `${counted(cases.length, "case")}, ${ran.length} of them live in ${live.seconds} s: ${agree} agree with the model`,
    ],
    ["Verdict", paintConclusion(paint, verdict, interrupted) + why],
  ]);
}

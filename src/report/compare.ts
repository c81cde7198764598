/** Live runs held against the model: what was held against what, how many agreed, what trouble they met, and the failure, if there is one. */
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import type { Rate } from "../judge/rate.ts";
import type { Witnessed } from "../judge/witnessed.ts";
import type { liveWorld, worldNames } from "../worlds/names.ts";
import { renderFailure, type ShownFailure } from "./failure.ts";
import { type KeptReport, renderKept } from "./kept.ts";
import { type NotDemanded, notDemandedTail, renderNotDemanded } from "./not-demanded.ts";
import { type NotModelledShown, renderNotModelled } from "./not-modelled.ts";
import { renderSelfTest, type SelfTestReport } from "./not-shown.ts";
import { type Paint, paintConclusion } from "./paint.ts";
import { counted, renderPairs, renderTable } from "./table.ts";
import { renderWitnessed } from "./witnessed.ts";

type CountsByName = Readonly<Record<string, number>>;

interface Compared {
  readonly verdict: Verdict;
  readonly seed: string;
  readonly interrupted: boolean;
  readonly bus: string;
  /** Null where the bus never greeted. */
  readonly profile: string | null;
  readonly policy: string | null;
  /** The parts of that policy that no answer here covers. */
  readonly notModelled: readonly NotModelledShown[];
  readonly notRun: readonly { readonly bus: string; readonly missing: readonly string[] }[];
  readonly kept: KeptReport | null;
  readonly selfTest: SelfTestReport | null;
  readonly notShown: readonly {
    readonly scenario: string;
    readonly missing: readonly string[];
    readonly reason: string;
  }[];
  readonly runs: number;
  readonly runsPerSecond: number;
  readonly secondsPerRun: number;
  readonly recordedBefore: number;
  /** Path of the file. */
  readonly counterexample: string | null;
  readonly reproduced: Rate | null;
  readonly steady: boolean | null;
  readonly agree: number;
  readonly disagree: number;
  readonly inconclusive: number;
  readonly disturbed: number;
  /** Demands that broke as the model breaks them, by the number of runs. */
  readonly foretold: CountsByName;
  readonly notDemanded: readonly NotDemanded[];
  readonly witnessed: readonly Witnessed[];
  /** Path of the report. */
  readonly report: string;
}

/** The report of `compare`. */
export interface CompareReport extends Compared {
  readonly worlds: typeof worldNames;
  readonly shapes: CountsByName;
  readonly reasons: readonly Unproven[];
}

/** The report of `search --world live`. */
export interface LiveSearchReport extends Compared {
  readonly world: typeof liveWorld.name;
  readonly coverage: { readonly properties: CountsByName; readonly shapes: CountsByName };
}

interface Unproven {
  readonly word: string;
  readonly reason: string;
}

/** Facts that the text shows beside the document. */
export interface ComparedBesides {
  readonly runsAsked: number;
  readonly seconds: number;
  readonly shapes: CountsByName;
  readonly reasons: readonly Unproven[];
  /** The bus's own profile, where it is held against another. */
  readonly notOwn: string | undefined;
  /** The journal takes no more cases. */
  readonly isFull: boolean;
  readonly neverExercised: readonly string[];
  readonly failure: ShownFailure | undefined;
}

export function renderCompare(report: Compared, besides: ComparedBesides, paint: Paint): string {
  const { verdict, interrupted } = report;
  return [
    renderCounts(report, besides),
    ...(report.kept === null ? [] : [renderKept(report.kept, paint)]).filter(block => block !== ""),
    ...renderFound(report, besides, paint),
    ...[
      renderForetold(report, paint),
      renderNotDemanded(report.notDemanded, paint),
      renderNotModelled(report.notModelled, paint),
    ].filter(block => block !== ""),
    `Verdict  ${paintConclusion(paint, verdict, interrupted)}${notDemandedTail(report.notDemanded)}`,
  ].join("\n\n");
}

function renderCounts(report: Compared, besides: ComparedBesides): string {
  const { bus, profile, runs, agree, disagree, inconclusive, disturbed, recordedBefore, notRun } = report;
  const { runsAsked, seconds, notOwn, isFull, neverExercised } = besides;
  const per = runs === 0 ? "" : `, ${(seconds / runs).toFixed(2)} s each`;
  const whose = notOwn === undefined ? "" : `, which is not its own (${notOwn})`;
  const pairs: [string, string][] = [
    ["Held", `${bus} against the model of ${profile ?? "its profile"}${whose}`],
    ["Runs", `${runs} of ${runsAsked} random scenarios on real servers${per}`],
    ["", `${agree} agree, ${disagree} disagree, ${inconclusive} inconclusive`],
    ["", `${disturbed} disturbed: a fault proven to have taken effect while messages were under way`],
  ];
  if (recordedBefore > 0) pairs.push(["", `${recordedBefore} of them recorded before this was resumed`]);
  if (isFull) pairs.push(["", "the journal is full, so the run ends here: continue with another seed"]);
  for (const { missing } of notRun)
    pairs.push(["", `not run: ${bus} in the live world lacks ${missing.join(", ")}, which --policy needs`]);
  if (neverExercised.length > 0) pairs.push(["", `never exercised: ${neverExercised.join(", ")}`]);
  return renderPairs(pairs);
}

/** Broken live as the model breaks it: the worlds agree, and the policy is at fault. */
function renderForetold({ foretold }: Compared, paint: Paint): string {
  const all = Object.entries(foretold);
  if (all.length === 0) return "";
  const lines = all.map(([property, runs]) => `  ${paint("yellow", "!")} ${property}: in ${counted(runs, "run")}`);
  const title = `The policy breaks ${counted(all.length, "promise")} that it demands, in the model as on the bus: no disagreement`;
  return [paint("bold", paint("yellow", title)), ...lines].join("\n");
}

const reasonsShownMax = 8;

function renderFound(report: Compared, { shapes, reasons, failure }: ComparedBesides, paint: Paint): readonly string[] {
  const rows = Object.entries(shapes).map(([name, n]) => [`  ${name}`, n === 0 ? paint("yellow", "0") : String(n)]);
  const columns = [
    { title: "", align: "left" },
    { title: "", align: "right" },
  ] as const;
  return [
    report.runs > 0 ? `${paint("bold", "Shapes of trouble met")} (runs)\n${renderTable(columns, rows)}` : "",
    renderWitnessed(report.witnessed, paint),
    renderSelfTest(report.selfTest, paint),
    renderReasons(reasons, paint),
    failure === undefined ? "" : renderFailure(failure, paint),
  ].filter(block => block !== "");
}

function renderReasons(reasons: readonly Unproven[], paint: Paint): string {
  if (reasons.length === 0) return "";
  const shown = reasons.slice(0, reasonsShownMax).map(one => `  ${one.word}  ${one.reason}`);
  const more = reasons.length - shown.length;
  if (more > 0) shown.push(`  and ${more} more`);
  return `${paint("bold", "Inconclusive")}\n${shown.join("\n")}`;
}

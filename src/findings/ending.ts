/**
 * The one way in which a command ends: what it found is a report of its kind, which is the JSON document; worst wins among its verdicts,
 * and the verdict is the exit code. A command never prints its report and never ends the process; src/cli/perform.ts does both.
 */
import { type Verdict, worst } from "../../models/vocabulary/verdict.ts";
import { exitCodes } from "../errors.ts";
import type { BeforeReport } from "../report/before.ts";
import type { BudgetReport } from "../report/budget.ts";
import type { CompareReport, LiveSearchReport } from "../report/compare.ts";
import type { DoctorReport } from "../report/doctor.ts";
import type { DrillReport } from "../report/drill.ts";
import type { ExhaustReport } from "../report/exhaust.ts";
import type { ImportReport } from "../report/import.ts";
import type { InitReport } from "../report/init.ts";
import type { LintReport } from "../report/lint/finding.ts";
import type { ObserveReport } from "../report/observe.ts";
import type { PageReport } from "../report/page.ts";
import type { PromisesReport } from "../report/promises.ts";
import type { QuestionReport } from "../report/question.ts";
import type { ReplayReport } from "../report/replay.ts";
import type { SearchReport } from "../report/search.ts";
import type { SizeReport } from "../report/size/size.ts";
import type { SubjectReport } from "../report/subject.ts";
import type { RunFolder } from "../runs/run-folder.ts";
import { cleaned, jsonText, type Rendered } from "../text/clean.ts";
import type { RunnerCommand } from "../text/runner-commands.ts";

/** A report that comes to a verdict. `document` is what --json prints. */
export type Judged =
  | { readonly kind: "search"; readonly document: SearchReport }
  | { readonly kind: "search-live"; readonly document: LiveSearchReport }
  | { readonly kind: "compare"; readonly document: CompareReport }
  | { readonly kind: "exhaust"; readonly document: ExhaustReport }
  | { readonly kind: "replay"; readonly document: ReplayReport }
  | { readonly kind: "drill"; readonly document: DrillReport }
  | { readonly kind: "question"; readonly document: QuestionReport };

export type Report =
  | Judged
  | { readonly kind: "doctor"; readonly document: DoctorReport }
  | { readonly kind: "import"; readonly document: ImportReport }
  | { readonly kind: "init"; readonly document: InitReport }
  | { readonly kind: "promises"; readonly document: PromisesReport }
  | { readonly kind: "lint"; readonly document: LintReport }
  | { readonly kind: "drill-before"; readonly document: BeforeReport }
  | { readonly kind: "policy-observe"; readonly document: ObserveReport }
  | { readonly kind: "budget"; readonly document: BudgetReport }
  | { readonly kind: "size"; readonly document: SizeReport }
  | { readonly kind: "subject"; readonly document: SubjectReport }
  | { readonly kind: "policy-page"; readonly document: PageReport };

/** The part that a person reads. */
export interface Shown {
  readonly text: Rendered;
  /** Words for stderr, where `text` is a file for a program and stands alone on stdout. */
  readonly beside?: Rendered | undefined;
  /** Lines for a runner of CI, behind the text. */
  readonly commands?: readonly RunnerCommand[] | undefined;
  /** The last line: what to paste to see it again. */
  readonly again?: string | undefined;
  /** The line to paste that goes on with a run that ended early. */
  readonly resume?: string | undefined;
}

export type CommandEnding<R extends Report = Report> = R & Shown & { readonly exitCode: number };

/** A report that was kept names its path last, below the verdict. */
export function ending<R extends Judged>(report: R, shown: Shown): CommandEnding<R> {
  const { document } = report;
  const text = "report" in document ? withReport(shown.text, document.report) : shown.text;
  const ended: Shown & { readonly exitCode: number } = { ...shown, text, exitCode: exitCodeOf(document) };
  return { ...report, ...ended };
}

const withReport = (text: Rendered, report: string): Rendered => `${text}\nReport   ${cleaned(report)}` as Rendered;

/** Two traces for one seed are worse than nothing proven, and no excuse for a violation. */
function exitCodeOf({ verdict, ...document }: Judged["document"]): number {
  if (verdict === "violated") return exitCodes.violated;
  if ("nondeterministic" in document && document.nondeterministic) return exitCodes.nondeterministic;
  return verdict === "holds" ? exitCodes.holds : exitCodes.inconclusive;
}

export interface Cut {
  /** True for a run that was cut short. It holds nothing; a violation already found stays one. */
  readonly interrupted: boolean;
  /** Something that was asked for was never put to the test. */
  readonly vacuous?: boolean;
}

/** Worst wins. */
export const concluded = (verdicts: readonly Verdict[], { interrupted, vacuous = false }: Cut): Verdict =>
  worst(interrupted || vacuous ? [...verdicts, "inconclusive"] : verdicts);

/** A promise asked for by name and never exercised has not been shown to hold. */
export const isVacuous = (require: readonly string[] = [], exercised: (id: string) => number): boolean =>
  require.some(id => exercised(id) === 0);

export interface Keeping {
  readonly folder: RunFolder;
  /** The name of the document's file. */
  readonly json: string;
  /** The text for a person, kept as a file beside the document. */
  readonly text?: Rendered;
}

/** Writes the report into the run's folder. The document with the path of what a person reads, or else of its own file. */
export function kept<D extends object>({ folder, json, text }: Keeping, document: D): D & { readonly report: string } {
  const write = (name: string, one: object): string => folder.write(name, `${jsonText(one, 2)}\n`);
  if (text === undefined) return { ...document, report: write(json, document) };
  const whole = { ...document, report: folder.write("report.txt", `${text}\n`) };
  write(json, whole);
  return whole;
}

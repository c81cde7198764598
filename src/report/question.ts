/** The answer to one question of the operators, as a person on call reads it: the answer, a row for each family, the figures, what broke. */
import type { Outlasts } from "../../models/policy/outlasts.ts";
import type { Ledger, Verdict } from "../../models/vocabulary/verdict.ts";
import type { DrillAnswer } from "../drills/answer.ts";
import type { Question } from "../drills/drill.ts";
import type { WorldName } from "../worlds/names.ts";
import { type NotDemanded, notDemandedTail, renderNotDemanded } from "./not-demanded.ts";
import { type NotModelledShown, renderNotModelled } from "./not-modelled.ts";
import { renderSelfTest, type SelfTestReport } from "./not-shown.ts";
import { type Paint, paintConclusion } from "./paint.ts";
import { answerLines } from "./question/answer.ts";
import { renderCases, renderViolations } from "./question/broken.ts";
import { renderFamilies } from "./question/families.ts";
import { modelAloneText, renderFigures } from "./question/figures.ts";
import { renderGaps } from "./question/gaps.ts";
import { outlastsText } from "./question/outlasts.ts";
import { renderRedelivered } from "./question/redelivered.ts";
import { counted, renderPairs } from "./table.ts";

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
  /** Set beside the policy of a bus that has one behaviour: the model's figures alone, without a part in the verdict. */
  readonly modelAlone?: true;
  /** Set where the case was not run live, since the waits of the policy end in another order there. */
  readonly retimed?: true;
  readonly ledger: Ledger;
  readonly file: string;
  readonly again: string;
}

export interface QuestionViolation {
  readonly property: string;
  readonly case: string;
  readonly about: string;
  readonly worlds: readonly WorldName[];
  readonly reason: string;
  /** The rate of live runs, where the model had not broken it. */
  readonly reproduced: { readonly k: number; readonly n: number };
  readonly file: string;
  readonly again: string;
  /** The file that tells the live run step by step; null where only the model broke it. */
  readonly seen: string | null;
}

export interface QuestionReport extends DrillAnswer {
  readonly verdict: Verdict;
  readonly question: Question;
  readonly policy: string;
  /** The longest outages that the policy's own patience outlasts. */
  readonly outlasts: Outlasts;
  /** Sentences about the time of a live run. */
  readonly notes: readonly string[];
  /** The parts of that policy that no answer here covers. */
  readonly notModelled: readonly NotModelledShown[];
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
  /** Promises that broke in a judged case, and that the policy does not demand. */
  readonly notDemanded: readonly NotDemanded[];
  readonly cases: readonly QuestionCase[];
  /** Path of the report. */
  readonly report: string;
}

/** A report without its path, which it has once it is kept. */
export type UnkeptQuestion = Omit<QuestionReport, "report">;

const asks: Readonly<Record<Question, string>> = {
  durability: "Which messages does a server restart lose, and was that declared?",
  buffer: "What happens to messages published while the bus is down, and when is its buffer full?",
  shutdown: "What does a stop lose, is the caller told, and does it end in time?",
  "cold-start": "What does a process do when it starts before its server?",
};

export function renderQuestion(report: UnkeptQuestion, paint: Paint): string {
  return [
    renderHead(report, paint),
    renderFamilies(report, paint),
    ...renderFigures(report, paint),
    renderRedelivered(report, paint),
    renderGaps(report, paint),
    renderSelfTest(report.selfTest, paint),
    renderCases(report, paint),
    renderViolations(report, paint),
    renderNotDemanded(report.notDemanded, paint),
    renderNotModelled(report.notModelled, paint),
    renderVerdict(report, paint),
  ]
    .filter(text => text !== "")
    .join("\n\n");
}

function renderHead(report: UnkeptQuestion, paint: Paint): string {
  const { question, policy, bus, client, unclaimed, servers, live } = report;
  const where =
    live.reason === null ? `${client ?? bus}, ${servers.join(", ")}` : "model only: no live world is available here";
  return renderPairs([
    ["Question", paint("bold", asks[question])],
    ["Policy", `${policy}, on ${bus} (${where})`],
    ...(unclaimed === null ? [] : [["", paint("yellow", unclaimed)] as const]),
    ["Outlasts", outlastsText(report.outlasts)],
    ...answerLines(report).map((line, i): [string, string] => [i === 0 ? "Answer" : "", line]),
    ...report.notes.map((line): [string, string] => ["", paint("dim", line)]),
  ]);
}

function renderVerdict({ verdict, interrupted, live, cases, notDemanded }: UnkeptQuestion, paint: Paint): string {
  const ran = cases.filter(one => one.live !== null);
  const agree = ran.filter(({ agrees }) => agrees === true).length;
  const alone = cases.filter(({ modelAlone }) => modelAlone === true).length;
  const retimed = cases.filter(one => one.retimed === true).length;
  const rest = [
    alone === 0 ? "" : `; ${counted(alone, "row")} beside the policy: ${modelAloneText}`,
    retimed === 0
      ? ""
      : `; ${counted(retimed, "case")} not run live: the waits that it is about end in another order in the time of a live run, or too close together`,
  ].join("");
  const why = interrupted || live.reason === null ? "" : `, because no live world is available: ${live.reason}`;
  return renderPairs([
    [
      "Agreed",
      `${counted(cases.length, "case")}, ${ran.length} of them live in ${live.seconds} s: ${agree} agree with the model${rest}`,
    ],
    ["Verdict", paintConclusion(paint, verdict, interrupted) + why + notDemandedTail(notDemanded)],
  ]);
}

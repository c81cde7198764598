/** The drill's report: what was run, the fate table, what was not run, and whether the model had predicted it. */
import { type ClassName, classNames } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { type Rate, rateText } from "../judge/rate.ts";
import type { Witnessed } from "../judge/witnessed.ts";
import { isReal, type WorldName } from "../worlds/names.ts";
import { classTitles } from "./fates.ts";
import { type LedgerRow, renderLedger } from "./ledger-table.ts";
import { type NotModelledShown, renderNotModelled } from "./not-modelled.ts";
import { type NotShown, renderNotShown, renderSelfTest, type SelfTestReport } from "./not-shown.ts";
import { type Paint, paintConclusion, paintVerdict } from "./paint.ts";
import { counted, renderPairs, renderTable } from "./table.ts";
import { renderWitnessed } from "./witnessed.ts";

export interface Violation {
  readonly scenario: string;
  readonly bus: string;
  readonly world: WorldName;
  readonly property: string;
  readonly reason: string;
  readonly reproduced: Rate;
  /** Path of the file. */
  readonly counterexample?: string;
  /** The line that shows it again. */
  readonly again: string;
}

export interface ModelPart {
  readonly verdict: Verdict;
  readonly randomRuns: number;
  readonly corpusRuns: number;
  readonly seconds: number;
  readonly profiles: readonly {
    readonly profile: string;
    readonly runs: number;
    readonly promises: number;
    /** Promises that neither a random scenario nor one of the corpus put to the test. */
    readonly neverExercised: readonly string[];
  }[];
}

export interface LivePart {
  readonly verdict: Verdict;
  /** The reason why there is no live world. */
  readonly reason?: string;
  readonly seconds?: number;
  readonly servers?: readonly { readonly name: string; readonly version: string; readonly source: string }[];
}

export interface DrillReport {
  readonly verdict: Verdict;
  readonly seed: string;
  readonly interrupted: boolean;
  readonly worlds: { readonly model: ModelPart; readonly live: LivePart };
  /** The part of the corpus that was not run live though it could have been; the model runs all of it. */
  readonly selection: {
    readonly rule: string;
    readonly leftOut: readonly { readonly scenario: string; readonly bus: string }[];
  };
  readonly agreement: {
    readonly cases: number;
    readonly agree: number;
    readonly disagree: number;
    readonly inconclusive: number;
    readonly notRun: number;
    /** Cases with a hand-typed expectation, and those that met it. */
    readonly expectations: number;
    readonly expectMet: number;
    /** Cases whose expectation is exact, and those of them for which the model permits one ledger only. */
    readonly exact: number;
    readonly permittedOne: number;
  };
  /** The claims that the injector's self-test tried and failed at; null without a live world. */
  readonly selfTest: SelfTestReport | null;
  /** Cases that are inconclusive because the harness fell short. */
  readonly notShown: readonly NotShown[];
  /** Every branch of the model, and how often the live cases are witnesses of it. */
  readonly witnessed: readonly Witnessed[];
  readonly unavailable: { readonly bus: string; readonly reason: string }[];
  readonly notRun: readonly { readonly scenario: string; readonly bus: string; readonly missing: readonly string[] }[];
  readonly buses: readonly {
    readonly name: string;
    readonly profile: string;
    readonly client: string;
    /** Bus and world have shown these. */
    readonly capabilities: readonly string[];
    /** The reason why it has neither signals nor memory; null if it has. */
    readonly unclaimed: string | null;
  }[];
  readonly ledger: readonly LedgerRow[];
  readonly violations: readonly Violation[];
  readonly policy: string | null;
  /** The parts of that policy that no answer here covers. */
  readonly notModelled: readonly NotModelledShown[];
  /** Live cases that an earlier part of this run had recorded. */
  readonly recordedBefore: number;
  /** Path of the report. */
  readonly report: string;
}

/** A report without its path, which it has once it is kept. */
type Unkept = Omit<DrillReport, "report">;

export function renderDrill(report: Unkept, paint: Paint): string {
  const real = report.ledger.filter(row => isReal(row.world));
  const modelled = report.ledger.filter(row => !isReal(row.world));
  const shown = real.length > 0 ? real : modelled;
  const sections = [
    renderHead(report, paint),
    shown.length === 0 ? "" : `${titleOf(real.length > 0, paint)}\n${renderLedger(shown, paint)}`,
    renderFindings(real, report, paint),
    renderWitnessed(report.witnessed, paint),
    renderSelfTest(report.selfTest, paint),
    renderNotShown(report.notShown, paint),
    renderNotRun(report, paint),
    renderViolations(report, paint),
    renderNotModelled(report.notModelled, paint),
    renderVerdict(report, paint),
  ];
  return sections.filter(text => text !== "").join("\n\n");
}

function titleOf(areReal: boolean, paint: Paint): string {
  const where = areReal ? "on the real clients and servers" : "in the model (no live world is available here)";
  return paint("bold", `What happened to every message, ${where}`);
}

function renderHead({ worlds, buses, unavailable, agreement, selection }: Unkept, paint: Paint): string {
  const { model, live } = worlds;
  const profiles = counted(model.profiles.length, "profile");
  const pairs: [string, string][] = [
    [
      "Model",
      `${paintVerdict(paint, model.verdict)}: ${counted(model.randomRuns, "random scenario")} and ${model.corpusRuns} of the corpus, ${profiles}, ${model.seconds.toFixed(1)} s`,
    ],
  ];
  for (const { profile, neverExercised } of model.profiles)
    if (neverExercised.length > 0)
      pairs.push(["", paint("dim", `${profile}: nothing exercised ${neverExercised.join(", ")}`)]);
  if (live.servers === undefined) pairs.push(["Live", `${paintVerdict(paint, live.verdict)}: not run; see the end`]);
  else {
    const servers = live.servers.map(one => `${one.name} ${one.version} (${one.source})`).join(", ");
    pairs.push([
      "Live",
      `${paintVerdict(paint, live.verdict)}: ${counted(agreement.cases, "case")} on ${servers}, ${(live.seconds ?? 0).toFixed(1)} s`,
    ]);
  }
  if (selection.leftOut.length > 0)
    pairs.push(["", `${counted(selection.leftOut.length, "case")} left out live (${selection.rule}); --all runs them`]);
  for (const { name, client, profile, unclaimed, capabilities } of buses) {
    pairs.push(["", `${name} = ${client}, as ${profile}`]);
    if (unclaimed !== null) pairs.push(["", paint("yellow", unclaimed)]);
    if (!capabilities.includes("policy")) pairs.push(["", paint("yellow", withoutPolicy(name))]);
  }
  for (const bus of unavailable) pairs.push(["", paint("yellow", bus.reason)]);
  return renderPairs(pairs);
}

/** The sentence on a bus that runs scenarios of a bare client only. */
const withoutPolicy = (bus: string): string =>
  `${bus} does not claim the capability "policy": its durable path, its handlers and its stops were not tested, only core publishes`;

/** Loss that a profile declares: no violation, and the reason to run the drill. */
function renderFindings(rows: readonly LedgerRow[], report: Unkept, paint: Paint): string {
  const lines = report.buses.map(({ name }) => {
    const own = rows.filter(row => row.bus === name);
    const sum = (of: ClassName): number => own.reduce((total, row) => total + row.classes[of], 0);
    const published = own.reduce((total, row) => total + row.published, 0);
    return [
      `  ${name}`,
      `${published.toLocaleString("en-US")} published`,
      ...classNames.map(of => totalText(of, sum(of), paint)),
    ];
  });
  if (lines.length === 0) return "";
  const columns = (lines[0] ?? []).map((_, i) => ({
    title: "",
    align: i === 0 ? ("left" as const) : ("right" as const),
  }));
  return `${paint("bold", "In all")} (loss that a profile declares is a finding, not a violation)\n${renderTable(columns, lines)}`;
}

function totalText(name: ClassName, count: number, paint: Paint): string {
  const text = `${count.toLocaleString("en-US")} ${classTitles[name]}`;
  return count === 0 ? paint("dim", text) : name === "silentLoss" || name === "duplicated" ? paint("red", text) : text;
}

function renderNotRun({ notRun, unavailable }: Unkept, paint: Paint): string {
  const left = notRun.filter(one => !unavailable.some(({ bus }) => bus === one.bus));
  const whole = unavailable.map(({ bus }) => [`  all of them`, bus, "the bus is unavailable"]);
  if (left.length + whole.length === 0) return "";
  // A bus lacks the same for scenarios by the dozen; each by its name is in the JSON.
  const rows = [...Map.groupBy(left, ({ bus }) => bus)].flatMap(([bus, ofBus]) =>
    [...Map.groupBy(ofBus, ({ missing }) => missing.join(", "))].map(([missing, cases]) => [
      `  ${cases.length === 1 ? cases[0]?.scenario : counted(cases.length, "scenario")}`,
      bus,
      `lacks ${missing}`,
    ]),
  );
  const columns = [0, 1, 2].map(() => ({ title: "", align: "left" as const }));
  return `${paint("bold", "Not run")} (${counted(notRun.length, "case")}: a needed capability is missing)\n${renderTable(columns, [...whole, ...rows])}`;
}

function renderViolations({ violations }: Unkept, paint: Paint): string {
  if (violations.length === 0) return "";
  const blocks = violations.map(one => {
    const again = one.reproduced.n === 0 ? ", not run again" : `, seen again in ${rateText(one.reproduced)}`;
    const rate = isReal(one.world) ? again : "";
    return `  ${paint("red", "✗")} ${one.scenario} on ${one.bus} (${one.world}${rate})\n      ${one.reason}\n      ${paint("dim", one.again)}`;
  });
  return `${paint("bold", "Violations")}\n${blocks.join("\n")}`;
}

function renderVerdict({ agreement, verdict, interrupted, worlds: { live } }: Unkept, paint: Paint): string {
  const { cases, agree, disagree, inconclusive, notRun, expectations, expectMet, exact, permittedOne } = agreement;
  const pairs: [string, string][] = [];
  if (cases > 0) {
    pairs.push([
      "Agreed",
      `${cases} cases: ${agree} agree with the model, ${disagree} disagree, ${inconclusive} inconclusive; ${notRun} not run`,
    ]);
    pairs.push([
      "",
      `${expectMet} of ${expectations} hand-typed expectations met; in ${permittedOne} of ${exact} exact cases the model permits that one outcome only`,
    ]);
  }
  const why = interrupted || live.reason === undefined ? "" : `, because no live world is available: ${live.reason}`;
  pairs.push(["Verdict", paintConclusion(paint, verdict, interrupted) + why]);
  return renderPairs(pairs);
}

/** A replay made readable: per case the ledger with its places and the steps with what came of them; then where worlds differ. */
import type { Asked, Departure } from "../../models/choice.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import { classNames, type Scenario } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { allBrokenBy, type Broke, brokeText, isSame, reasonText, whyBroken } from "../findings/broke.ts";
import type { Judgement } from "../judge/judge.ts";
import { type Rate, rateText } from "../judge/rate.ts";
import { isReal, type WorldName } from "../worlds/names.ts";
import { renderSteps } from "./failure.ts";
import { breakdownOf, classTitles, describeLedger } from "./fates.ts";
import type { LedgerRow } from "./ledger-table.ts";
import { type NotDemanded, notDemandedTail } from "./not-demanded.ts";
import { type NotModelledShown, renderNotModelled } from "./not-modelled.ts";
import { type NotShown, renderSelfTest, type SelfTestReport } from "./not-shown.ts";
import { markOf, type Paint, paintConclusion, paintVerdict } from "./paint.ts";
import { counted, renderPairs } from "./table.ts";

interface Answered {
  readonly stored: number;
  readonly departures: readonly Departure[];
}

/** One scenario on one bus in one world, as often as asked. */
export interface ReplayedCase {
  readonly world: WorldName;
  readonly bus: string;
  readonly profile: string;
  /** Bus or world lack these, so that it was not run. */
  readonly missing: readonly string[];
  /** Only the injector's self-test failed to show these, so that it was not run. */
  readonly notShown: readonly string[];
  readonly runs: readonly { readonly judgement: Judgement; readonly events: readonly Event[] }[];
  /** The answers to the model's questions, where the file holds answers. */
  readonly answered?: Answered;
}

interface OnBus {
  readonly world: WorldName;
  readonly bus: string;
}

/** An event as JSON has it. */
export type EventShown = Readonly<Record<string, unknown>>;

export interface ReplayReport {
  readonly verdict: Verdict;
  readonly scenario: string;
  readonly policy: string | null;
  /** The parts of that policy that no answer here covers. */
  readonly notModelled: readonly NotModelledShown[];
  readonly seed: string;
  readonly interrupted: boolean;
  /** Path of the file that was kept. */
  readonly kept: string | null;
  /** One for each verdict that a case came to. */
  readonly verdicts: readonly (OnBus & {
    readonly profile: string;
    readonly verdict: Verdict;
    readonly reason: string;
    readonly times: number;
    /** The conformance of the first run that came to it, if there is one. */
    readonly conformance?: Judgement["conformance"];
    readonly expectMet?: boolean | null;
    readonly properties?: Judgement["properties"];
  })[];
  /** Promises that broke and that the policy does not demand. */
  readonly notDemanded: readonly NotDemanded[];
  readonly reproduced: Rate;
  readonly answers: readonly ({ readonly world: WorldName; readonly profile: string } & Answered)[];
  readonly nondeterministic: boolean;
  readonly digests: readonly (OnBus & { readonly digest: string })[];
  readonly ledger: readonly (LedgerRow & { readonly times: number })[];
  readonly notRun: readonly (OnBus & { readonly missing: readonly string[] })[];
  readonly selfTest: SelfTestReport | null;
  readonly notShown: readonly NotShown[];
  /** The events of the run that is shown of each case; only where they were asked for. */
  readonly events?: readonly (OnBus & { readonly events: readonly EventShown[] })[];
}

/** Facts that the text shows beside the document. */
export interface ReplayedBesides {
  readonly scenario: Scenario;
  readonly counterexample:
    | {
        readonly broken: Broke;
        /** The reason without the name of what broke. */
        readonly reason: string;
        readonly overridden: boolean;
      }
    | undefined;
  readonly cases: readonly ReplayedCase[];
}

export function renderReplay(report: ReplayReport, besides: ReplayedBesides, paint: Paint): string {
  const { scenario, counterexample, cases } = besides;
  const head = [paint("bold", scenario.id), `  ${scenario.why}`];
  if (counterexample !== undefined) {
    const whose = counterexample.overridden ? " (held against a profile that is not the bus's own)" : "";
    const { broken, reason } = counterexample;
    head.push(`  counterexample of ${brokeText(broken)}${whose}: ${reason}`);
  }
  return [
    head.join("\n"),
    ...cases.map(one => renderCase(scenario, one, paint)),
    renderDiffs(cases, paint),
    renderSelfTest(report.selfTest, paint),
    renderNotModelled(report.notModelled, paint),
    renderVerdict(report, counterexample !== undefined, paint),
  ]
    .filter(text => text !== "")
    .join("\n\n");
}

/** The first run that does not hold, or else the first. */
export const shownOf = ({ runs }: ReplayedCase): ReplayedCase["runs"][number] | undefined =>
  runs.find(run => run.judgement.verdict !== "holds") ?? runs[0];

function renderCase(scenario: Scenario, one: ReplayedCase, paint: Paint): string {
  const title = isReal(one.world)
    ? `${one.world}, ${one.bus}${one.profile === one.bus ? "" : ` as ${one.profile}`}`
    : `${one.world} of ${one.profile}`;
  const [first] = one.runs;
  if (first === undefined) return `${paint("yellow", "?")} ${paint("bold", title)}: ${whyNotRun(one)}`;
  const tally = tallyOf(one);
  const lines = tally.map(
    ({ text, times, verdict }) =>
      `  ${text}${one.runs.length === 1 ? "" : paint("dim", `  (${times} of ${one.runs.length} runs)`)}${verdict === "holds" ? "" : ` ${markOf(paint, verdict)}`}`,
  );
  const shown = shownOf(one) ?? first;
  const { verdict } = shown.judgement;
  return [
    `${markOf(paint, verdict)} ${paint("bold", title)}`,
    ...lines,
    ...(verdict === "holds" ? [] : [`  ${paintVerdict(paint, verdict)}: ${reasonText(shown.judgement)}`]),
    ...renderAlsoBroken(shown.judgement, paint),
    ...renderExpectation(scenario, one.profile, shown.judgement, paint),
    ...renderAnswers(one, paint),
    ...shown.judgement.notPromised.map(each => paint("dim", `  not promised: ${each.property}: ${each.reason}`)),
    renderSteps(scenario, shown.events, paint),
  ].join("\n");
}

/** Everything else that the run broke: the first of them is rarely the most telling. */
function renderAlsoBroken(judgement: Judgement, paint: Paint): readonly string[] {
  const { about } = judgement;
  return allBrokenBy(judgement)
    .filter(broke => about === undefined || !isSame(broke, about))
    .map(broke => {
      const said = reasonText({ about: broke, reason: whyBroken(judgement, broke) });
      return `  ${paintVerdict(paint, "violated", "also violated")}: ${said}`;
    });
}

/** The reason why a case has no run. */
export function whyNotRun({ missing, notShown }: ReplayedCase): string {
  if (missing.length > 0) return `not run: lacks ${missing.join(", ")}`;
  return notShown.length > 0
    ? `not run: the fault injector failed its self-test for ${notShown.join(", ")}`
    : "interrupted before its first run ended";
}

function renderAnswers({ answered }: ReplayedCase, paint: Paint): readonly string[] {
  if (answered === undefined) return [];
  const { stored, departures } = answered;
  if (departures.length === 0) return [paint("dim", `  ${counted(stored, "answer")} given as stored`)];
  const title = `${counted(stored, "answer")} stored; the model or the scenario has changed:`;
  return [`  ${paint("yellow", title)}`, ...departures.map(one => `    ${departureText(one)}`)];
}

function departureText(one: Departure): string {
  const place = ({ step, label, occurrence }: Omit<Asked, "answer" | "lo" | "hi">): string =>
    `${label} at ${step}${occurrence === 0 ? "" : `, asked ${occurrence + 1} times`}`;
  switch (one.kind) {
    case "clamped":
      return `${place(one.asked)}: ${one.stored} is outside ${one.asked.lo} to ${one.asked.hi}, so ${one.asked.answer} was given`;
    case "sampled":
      return `${place(one.asked)}: no answer is stored, so ${one.asked.answer} of ${one.asked.lo} to ${one.asked.hi} was sampled`;
    case "never-asked":
      return `${place(one.answer)}: ${one.answer.answer} is stored and was never asked for`;
  }
}

function renderExpectation(
  scenario: Scenario,
  profile: string,
  { expectMet }: Judgement,
  paint: Paint,
): readonly string[] {
  const expected = scenario.expect[profile];
  if (expected === undefined) return [];
  const parts = classNames.flatMap(name => {
    const count = expected.classes[name];
    if (count === undefined) return [];
    return [`${typeof count === "number" ? count : count.join(" to ")} ${classTitles[name]}`];
  });
  const met = expectMet === true ? paint("green", "met") : paint("red", "not met");
  return [`  expected ${parts.join(", ")}: ${met} ${paint("dim", `(${expected.fact})`)}`];
}

/** The ledgers that the runs came to, the commonest first. */
function tallyOf({ runs }: ReplayedCase): readonly { text: string; times: number; verdict: Verdict }[] {
  const seen = new Map<string, { text: string; times: number; verdict: Verdict }>();
  for (const { judgement, events } of runs) {
    const text = describeLedger(judgement.ledger, breakdownOf(events));
    const key = `${judgement.verdict} ${text}`;
    const known = seen.get(key) ?? { text, times: 0, verdict: judgement.verdict };
    seen.set(key, { ...known, times: known.times + 1 });
  }
  return [...seen.values()].toSorted((a, b) => b.times - a.times);
}

/** The place where the first live run came to other classes than the model's with the same profile. */
function renderDiffs(cases: readonly ReplayedCase[], paint: Paint): string {
  const pairs: [string, string][] = [];
  for (const live of cases.filter(one => isReal(one.world))) {
    const model = cases.find(one => !isReal(one.world) && one.profile === live.profile);
    const [seen, made] = [live.runs[0]?.judgement, model?.runs[0]?.judgement];
    if (seen === undefined || made === undefined) continue;
    const differing = classNames
      .filter(name => seen.ledger.classes[name] !== made.ledger.classes[name])
      .map(name => `${classTitles[name]} ${made.ledger.classes[name]} in the model, ${seen.ledger.classes[name]} live`);
    const said = differing.length === 0 ? paint("green", "the same ledger") : differing.join("; ");
    const admitted =
      seen.conformance.answer === "permitted" ? "the model admits what was seen live" : seen.conformance.reason;
    pairs.push([
      live.bus,
      differing.length === 0 && seen.conformance.answer === "permitted" ? said : `${said} (${admitted})`,
    ]);
  }
  return pairs.length === 0
    ? ""
    : `${paint("bold", "Model and live")}\n${renderPairs(pairs.map(([a, b]) => [`  ${a}`, b]))}`;
}

function renderVerdict(report: ReplayReport, isRecorded: boolean, paint: Paint): string {
  const { verdict, interrupted, reproduced, nondeterministic, kept } = report;
  const { k, n } = reproduced;
  const often = rateText(reproduced, n === 1 ? "run" : "runs");
  const rate = isRecorded ? `, the recorded verdict in ${often}` : k === n ? "" : `, the first verdict in ${often}`;
  const unsteady = nondeterministic
    ? "; the model world gave two traces for one seed, which is a bug of faultline"
    : "";
  const said = `Verdict  ${paintConclusion(paint, verdict, interrupted)}${rate}${unsteady}${notDemandedTail(report.notDemanded)}`;
  return kept === null ? said : `${said}\nKept     ${kept}: holds, search and compare run it before anything else`;
}

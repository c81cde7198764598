/**
 * Kept cases, run before anything else: each with the answers that it was recorded with, held to what it was kept for and to all that its
 * profile promises. A case fits where its profile is the one that is asked for, and its policy of that name; one that fits and cannot be
 * judged is told. A policy that is asked for stands in place of the recorded one of its name, which may have been mended since.
 */
import { isDeepStrictEqual } from "node:util";
import { sampled } from "../../models/choice.ts";
import { inLiveTime } from "../../models/policy/times.ts";
import { underPolicy } from "../../models/policy/under.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { partsOf, type Step } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { type Broke, brokenBy, brokeOf, brokeText, reasonText } from "../findings/broke.ts";
import type { Counterexample } from "../findings/counterexample.ts";
import { type KeptFile, loadKept } from "../findings/kept.ts";
import { shortfallOf, unprovenReason } from "../judge/capability.ts";
import type { JudgeOptions } from "../judge/judge.ts";
import { type CaseRun, runAnsweredCase, runCase } from "../judge/run.ts";
import { type KeptReport, noneKept } from "../report/kept.ts";
import type { Stage } from "../world.ts";
import { inLanes } from "../worlds/live/lanes.ts";
import { isDeterministic, isReal, type WorldName } from "../worlds/names.ts";

/** The place where kept cases are run. */
export interface KeptGround {
  readonly world: WorldName;
  readonly bus: string;
  readonly profile: Profile;
  readonly stage: Stage;
  readonly lanes: number;
  readonly policy?: Policy | undefined;
}

export interface KeptFailure extends CaseRun {
  readonly file: string;
  readonly counterexample: Counterexample;
  readonly broken: Broke;
  /** Runs until it broke, which is the last of them. */
  readonly times: number;
}

export interface KeptFound {
  readonly report: KeptReport;
  /** The failures in the order of the files. */
  readonly failures: readonly KeptFailure[];
}

/** The options that a counterexample is judged by, wherever it is run again. */
export function judgingOfKept({ property }: Pick<Counterexample, "property">): JudgeOptions {
  const broke = brokeOf(property);
  return { isRegression: true, ...(broke.kind === "promise" && { require: [property] }) };
}

/** A promise that the case was kept for has to be put to the test again, unless the case has no message to test it on. */
export const mustExercise = ({ property, scenario }: Counterexample): readonly string[] =>
  brokeOf(property).kind === "promise" && scenario.steps.some(publishes) ? [property] : [];

const publishes = (step: Step): boolean => step.kind === "publish" || partsOf(step).some(publishes);

/** Runs every case that fits one of the grounds. Nothing is begun once the signal has come. */
export async function runKept(folder: string, grounds: readonly KeptGround[], signal: AbortSignal): Promise<KeptFound> {
  const files = loadKept(folder);
  const failures: KeptFailure[] = [];
  const report = { ...noneKept(folder), cases: files.length };
  const notJudged: { file: string; reason: string }[] = [];
  const lanes = Math.max(1, ...grounds.map(one => one.lanes));
  for await (const { job, result } of inLanes(lanes, files, file => runFile(file, grounds, signal))) {
    const { file } = job;
    if (result.kind === "held") report.held += 1;
    else if (result.kind === "not-fitting") report.notFitting += 1;
    else if (result.kind === "not-judged") notJudged.push({ file, reason: result.reason });
    else failures.push(result.failure);
  }
  const broken = failures.map(({ file, broken, judgement }) => ({
    file,
    property: brokeText(broken),
    reason: reasonText(judgement),
  }));
  return { report: { ...report, broken, notJudged }, failures };
}

type KeptResult =
  | { readonly kind: "held" }
  | { readonly kind: "not-fitting" }
  | { readonly kind: "not-judged"; readonly reason: string }
  | { readonly kind: "broken"; readonly failure: KeptFailure };

async function runFile(one: KeptFile, grounds: readonly KeptGround[], signal: AbortSignal): Promise<KeptResult> {
  if (one.kind === "refused") return { kind: "not-judged", reason: one.reason };
  const { file } = one;
  const ground = grounds.find(({ profile }) => profile.name === one.counterexample.profile);
  const counterexample = ground && caseOn(one.counterexample, ground);
  if (ground === undefined || counterexample === undefined) return { kind: "not-fitting" };
  const shortfall = shortfallOf(counterexample.scenario, ground.stage);
  if (shortfall.kind === "lacks")
    return { kind: "not-judged", reason: `${ground.bus} lacks ${shortfall.missing.join(", ")}` };
  if (shortfall.kind === "unproven") return { kind: "not-judged", reason: unprovenReason(shortfall.missing) };
  let times = 0;
  let last: CaseRun | undefined;
  for (const most = timesFor(counterexample, ground); times < most && !signal.aborted; times++) {
    last = await runOn(counterexample, ground);
    const broken = brokenBy(last.judgement);
    if (broken !== undefined)
      return { kind: "broken", failure: { ...last, file, counterexample, broken, times: times + 1 } };
  }
  if (last === undefined) return { kind: "not-judged", reason: "interrupted before it was run" };
  const why = whyNotJudged(counterexample, last);
  return why === undefined ? { kind: "held" } : { kind: "not-judged", reason: why };
}

/** The case as it is run on this ground; undefined where it does not fit. */
function caseOn(one: Counterexample, { world, policy: asked }: KeptGround): Counterexample | undefined {
  const { policy } = one.scenario;
  if (policy === undefined) return one;
  // The waits of a policy that the model keeps are minutes; a real bus would be run for as long.
  if (isReal(world) && !isDeepStrictEqual(inLiveTime(policy), policy)) return undefined;
  if (asked === undefined) return one;
  if (asked.name !== policy.name) return undefined;
  return { ...one, scenario: underPolicy(one.scenario, isReal(world) ? inLiveTime(asked) : asked) };
}

const timesMax = 10;
/** The chance that a case which still breaks now and then is not seen to. */
const missedMax = 0.05;

/** A case that broke every time is run once; one that did so now and then, as often as it takes to see it. */
function timesFor({ reproduced: { k, n } }: Counterexample, { world }: KeptGround): number {
  if (isDeterministic(world) || k >= n) return 1;
  if (k === 0) return timesMax;
  return Math.min(timesMax, Math.ceil(Math.log(missedMax) / Math.log(1 - k / n)));
}

async function runOn(counterexample: Counterexample, ground: KeptGround): Promise<CaseRun> {
  const { scenario, seed, answers } = counterexample;
  const { world, bus, profile, stage } = ground;
  const judging = judgingOfKept(counterexample);
  if (isDeterministic(world)) return runAnsweredCase({ scenario, profile, answers, otherwise: sampled(seed) }, judging);
  return runCase(stage, { scenario, bus, profile, seed }, judging);
}

function whyNotJudged(counterexample: Counterexample, { judgement }: CaseRun): string | undefined {
  if (judgement.verdict === "inconclusive") return reasonText(judgement);
  const [due] = mustExercise(counterexample);
  const exercised = judgement.properties.find(one => one.property === due)?.exercised;
  return due !== undefined && exercised === 0 ? `${due} was never exercised` : undefined;
}

/** Kept cases that break are violations; one that cannot be judged has shown nothing. */
export function verdictOfKept({ broken, notJudged }: KeptReport): Verdict {
  if (broken.length > 0) return "violated";
  return notJudged.length > 0 ? "inconclusive" : "holds";
}

/** The line that tells how a kept case came to be reported. */
export const keptStory = ({ file, times }: KeptFailure): string =>
  `kept case ${file}${times === 1 ? "" : `, which broke in run ${times}`}`;

/**
 * Random scenarios in the model world, each judged while it runs and nothing recorded. A failing one is run again, recorded, held against
 * the oracle, and shrunk together with the answers it was given. Word i follows from (seed, i) alone, so run i of a seed is always the same
 * scenario and costs the same to reach. The oracle is the model itself. Over the unmutated model it is asked for one case in 1,000, later
 * in 5,000, where it also checks the fast judging; over a mutant it is asked every time. The search is synchronous in batches. Between two
 * of them it yields to the event loop, so that servers can start and Ctrl-C is heard.
 */

import { setImmediate } from "node:timers/promises";
import { type Answer, leaning, type Replaying, replaying, sampled } from "../../../models/choice.ts";
import { planCase } from "../../../models/plan/plan.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { scenariosUnder } from "../../../properties/arbitraries/runs.ts";
import type { ScenarioSpace } from "../../../properties/arbitraries/scenario.ts";
import { catalogue } from "../../../properties/catalogue.ts";
import { declaredBy, type Property } from "../../../properties/property.ts";
import { allBrokenBy, type Broke, brokeText, isSame } from "../../findings/broke.ts";
import type { Judgement, JudgeOptions } from "../../judge/judge.ts";
import { type AnsweredRun, type CaseRun, runAnsweredCase } from "../../judge/run.ts";
import { heeding } from "../../runs/heeding.ts";
import { modelCapabilities, runAnswered } from "../../worlds/model.ts";
import { TransitionCounts } from "../exhaust/transitions.ts";
import { normalForm } from "../shrink/normal-form.ts";
import { type Candidate, shrinkInPieces, type Told } from "../shrink/shrink.ts";
import { BrokenRuns } from "./broken-runs.ts";
import { type Coverage, coverCase, newCoverage } from "./coverage.ts";
import { type FastCase, FastCoverage, type Lookout, type Promised, promisedBy, runFast } from "./fast-case.ts";
import { fold } from "./fast-digest.ts";
import { GoalsSeen } from "./goals.ts";

export interface ModelSearch {
  readonly profile: Profile;
  readonly seed: string;
  readonly runsMax: number;
  readonly budgetMs: number;
  readonly judging: JudgeOptions;
  /** The behaviour of the modelled client where it differs from its declaration: a mutant. */
  readonly behaves?: Profile;
  /** The behaviour that the bus adds around its client. */
  readonly policy?: Policy;
  /** Goes on after the first failure, to find every broken promise with its shortest case. */
  readonly goesOn?: true;
}

/** A failure, in its normal form once it is shrunk. */
export interface ModelFailure extends CaseRun {
  readonly scenario: Scenario;
  readonly seed: string;
  /** All questions of its run, with their answers. */
  readonly answers: readonly Answer[];
  readonly broken: Broke;
  /** The case as it was found, with what it broke. */
  readonly foundAs: { readonly scenario: string; readonly broken: readonly Broke[] };
}

export interface ModelFound {
  readonly runs: number;
  readonly seconds: number;
  readonly coverage: Coverage;
  /** Cases that were also held against the oracle. */
  readonly heldAgainstOracle: number;
  /** A digest of the events of every case that the oracle was not asked for. */
  readonly digest: number;
  /** Counts nothing of a mutant, since its transitions are not the model's. */
  readonly lookout: Lookout;
  /** The runs in which each promise broke; counts nothing of a mutant. */
  readonly brokenRuns: BrokenRuns;
  /** The first of `failures`. */
  readonly failure?: ModelFailure;
  /** One for each broken promise, in the order in which they were met. There is more than one only where the search goes on. */
  readonly failures: readonly ModelFailure[];
}

const batchRuns = 50;
const shrinkRunsMax = 1_000;
const shrinkBoundMs = 60_000;
/** The bound for each violation while a user who interrupted the search waits for its end. */
const shrinkInterruptedMs = 200;

/** One in 1,000 of the first 5,000 runs is held against the oracle, then one in 5,000: each costs as much as dozens of others. */
const isDueForOracle = (index: number): boolean => index % (index < 5_000 ? 1_000 : 5_000) === 0;

export async function searchModel(
  search: ModelSearch,
  isInterrupted: () => boolean,
  onRuns: (runs: number) => void = () => {},
): Promise<ModelFound> {
  const cases = new ModelCases(search);
  let runs = 0;
  const began = performance.now();
  const elapsedMs = (): number => performance.now() - began;
  const failing: ShortestFailures = new Map();
  const goesOn = (): boolean => search.goesOn === true || failing.size === 0;
  while (goesOn() && runs < search.runsMax && elapsedMs() < search.budgetMs) {
    const end = Math.min(runs + batchRuns, search.runsMax);
    while (goesOn() && runs < end) keepShortest(failing, cases.run(runs++, isNews(failing)), search);
    onRuns(runs);
    if (isInterrupted()) break;
    await setImmediate();
  }
  const { heldAgainstOracle, digest, lookout, brokenRuns } = cases;
  const found = { runs, coverage: cases.coverage(), heldAgainstOracle, digest, lookout, brokenRuns };
  const interruptedMs = shrinkInterruptedMs / Math.max(1, failing.size);
  const boundMs = (): number => (isInterrupted() ? interruptedMs : shrinkBoundMs);
  const failures: ModelFailure[] = [];
  for (const one of failing.values()) failures.push(await smallest(only(search, one.broken), one, boundMs));
  const [failure] = failures;
  return { ...found, seconds: elapsedMs() / 1_000, ...(failure === undefined ? {} : { failure }), failures };
}

/** A case that breaks several promises at once is shrunk for each of them separately. */
const only = (search: ModelSearch, broken: Broke): ModelSearch =>
  search.goesOn && broken.kind === "promise"
    ? { ...search, judging: { require: [broken.property], only: [broken.property] } }
    : search;

/** Keyed by the word for what broke, which for a promise is its id. */
type ShortestFailures = Map<string, ModelFailure>;

/** Keeps one case for each broken promise: the one of fewer steps, then of fewer messages. */
function keepShortest(failing: ShortestFailures, found: ModelFailure | undefined, { goesOn }: ModelSearch): void {
  if (found === undefined) return;
  for (const broken of goesOn ? allBrokenBy(found.judgement) : [found.broken]) {
    const known = failing.get(brokeText(broken));
    if (known === undefined || isShorter(found, known)) failing.set(brokeText(broken), { ...found, broken });
  }
}

type IsNews = (promises: readonly string[], scenario: Scenario) => boolean;

/** Another case of a known failure is worth a record only where it is shorter. */
const isNews =
  (failing: ShortestFailures): IsNews =>
  (promises, { steps }) =>
    promises.some(id => steps.length < (failing.get(id)?.scenario.steps.length ?? Number.POSITIVE_INFINITY));

function isShorter(one: ModelFailure, other: ModelFailure): boolean {
  const steps = one.scenario.steps.length - other.scenario.steps.length;
  return steps < 0 || (steps === 0 && one.judgement.ledger.published < other.judgement.ledger.published);
}

/** The promises that the cases under one policy are held to, and their coverage. */
interface JudgedPolicy {
  readonly promised: Promised;
  readonly coverage: FastCoverage;
}

/** The cases of one search, by their index. */
export class ModelCases {
  readonly search: Omit<ModelSearch, "runsMax" | "budgetMs">;
  readonly space: ScenarioSpace;
  /** The scenario of a case, which follows from the seed and the index and costs the same for any. */
  readonly scenario: (index: number) => Scenario;
  readonly lookout: Lookout;
  readonly brokenRuns = new BrokenRuns();
  private readonly held = new Map<Policy | undefined, JudgedPolicy>();
  private readonly recorded = newCoverage();
  heldAgainstOracle = 0;
  digest = 0;

  constructor(search: Omit<ModelSearch, "runsMax" | "budgetMs">) {
    this.search = search;
    this.space = { profile: search.profile, capabilities: modelCapabilities(search.profile) };
    this.scenario = scenariosUnder(search.seed, this.space, search.policy);
    this.lookout = { transitions: new TransitionCounts(), goals: new GoalsSeen(search.profile, search.policy) };
  }

  /** The coverage of the cases run so far. */
  coverage(): Coverage {
    const coverage = structuredClone(this.recorded);
    for (const { coverage: counted } of this.held.values()) counted.addTo(coverage);
    return coverage;
  }

  /** Runs case `index` and counts it; returns it where it broke something. */
  run(index: number, isNews: IsNews = () => true): ModelFailure | undefined {
    const scenario = this.scenario(index);
    if (this.search.behaves !== undefined) return this.runRecorded(scenario);
    const { promised, coverage } = this.heldTo(scenario);
    const fast = runFast(promised, scenario, seedOf(this.search.seed, scenario), this.lookout);
    if (fast.verdict === "violated") this.brokenRuns.count(index, fast.broken);
    const isRecorded = isDueForOracle(index) || (fast.verdict === "violated" && isNews(fast.broken, scenario));
    if (isRecorded) return this.runRecorded(scenario, fast);
    this.digest = fold(this.digest, fast.digest);
    coverage.cover(scenario, fast);
    return undefined;
  }

  /** A search has a handful of policies, each the same object in all of its scenarios. */
  private heldTo({ policy }: Scenario): JudgedPolicy {
    const known = this.held.get(policy);
    if (known !== undefined) return known;
    const promised = promisedBy(this.search.profile, this.search.judging, policy);
    const held = { promised, coverage: new FastCoverage(promised) };
    this.held.set(policy, held);
    return held;
  }

  private runRecorded(scenario: Scenario, fast?: FastCase): ModelFailure | undefined {
    const run = runRecorded(this.search, scenario);
    this.heldAgainstOracle++;
    if (fast !== undefined) checkFast(fast, run.judgement, scenario);
    coverCase(this.recorded, scenario, this.search.profile, run.judgement);
    return failureOf(run, scenario, this.search.seed);
  }
}

const seedOf = (seed: string, scenario: Scenario): string => `${seed}/${scenario.id}`;

function runRecorded(
  { profile, seed, judging, behaves }: ModelCases["search"],
  scenario: Scenario,
  answers: readonly Answer[] = [],
  otherwise = sampled(seedOf(seed, scenario)),
): AnsweredRun {
  return runAnsweredCase({ scenario, profile, answers, otherwise }, judging, behaves);
}

function failureOf(
  { events, judgement, asked }: AnsweredRun,
  scenario: Scenario,
  seed: string,
): ModelFailure | undefined {
  const broken = allBrokenBy(judgement);
  const [first] = broken;
  if (first === undefined) return undefined;
  const foundAs = { scenario: scenario.id, broken };
  return { events, judgement, scenario, seed: seedOf(seed, scenario), answers: asked, broken: first, foundAs };
}

/** The results folded while the world ran must be what the full judging finds in the record. */
function checkFast(fast: FastCase, { properties, verdict, disturbed, conformance }: Judgement, { id }: Scenario): void {
  const same =
    fast.disturbed === disturbed &&
    (fast.verdict === verdict || conformance.answer !== "permitted") &&
    properties.every((one, i) => one.exercised === fast.exercised[i]);
  if (!same) throw new Error(`fault in faultline: ${id} is judged otherwise while it runs than from its record`);
}

/**
 * A smaller case shows the same bug if it breaks any of the things that the found one broke, since chance decides which comes first. A
 * search that goes on wants each of them separately. A promise judged alone is judged while the case runs, without the oracle.
 */
async function smallest(search: ModelSearch, found: ModelFailure, boundMs: () => number): Promise<ModelFailure> {
  const began = performance.now();
  const due = search.goesOn ? [found.broken] : found.foundAs.broken;
  const alone =
    search.goesOn && search.behaves === undefined
      ? catalogue.find(one => one.id === brokeText(found.broken))
      : undefined;
  const run = ({ scenario, answers, otherwise }: Candidate): Told => {
    const open = otherwise === undefined ? sampled(seedOf(search.seed, scenario)) : leaning(otherwise);
    if (alone !== undefined) return runAlone(alone, search.profile, scenario, replaying(answers, open));
    const { judgement, asked } = runRecorded(search, scenario, answers, open);
    return { failed: allBrokenBy(judgement).some(one => due.some(other => isSame(one, other))), asked };
  };
  const { asked } = run({ scenario: found.scenario, answers: [] });
  const work = shrinkInPieces(
    { scenario: found.scenario, asked },
    run,
    runs => runs < shrinkRunsMax && performance.now() - began < boundMs(),
  );
  // It ends by itself soon after a signal, with the smallest until then.
  const shrunk = (await heeding(work, () => false)) ?? { scenario: found.scenario, asked };
  const { scenario, answers } = normalForm({ scenario: shrunk.scenario, answers: shrunk.asked });
  const failure = failureOf(runRecorded(search, scenario, answers), scenario, search.seed);
  if (failure === undefined) throw new Error(`fault in faultline: ${scenario.id} holds in its normal form`);
  const broken = search.goesOn ? found.broken : failure.broken;
  return { ...failure, answers, broken, foundAs: found.foundAs };
}

/** One promise, folded while the case runs. */
function runAlone(one: Property, profile: Profile, scenario: Scenario, answering: Replaying): Told {
  const state = one.start(declaredBy(scenario, profile));
  runAnswered(planCase(scenario, profile), { answering, emit: event => one.on(state, event) });
  return { failed: one.end(state).broken !== undefined, asked: answering.asked };
}

/**
 * `faultline search`: in the model world all short schedules and then random scenarios, each judged; the first failure is shrunk, tried
 * against everything smaller, and kept as a file. Under a policy there are random scenarios alone, the search goes on to its end, and
 * what is kept is the shortest case of everything that broke.
 */

import { sampled } from "../../models/choice.ts";
import { profiles } from "../../models/profiles/index.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { UsageError } from "../errors.ts";
import { commandLine, ownSeeds, replayLine } from "../findings/again.ts";
import { brokeText, reasonText, whyBroken } from "../findings/broke.ts";
import { type Counterexample, counterexampleOf, type Met, meetCounterexample } from "../findings/counterexample.ts";
import { type CommandEnding, concluded, ending } from "../findings/ending.ts";
import type { Judgement, JudgeOptions } from "../judge/judge.ts";
import { runAnsweredCase, runModelCase } from "../judge/run.ts";
import type { ShownFailure } from "../report/failure.ts";
import type { KeptReport } from "../report/kept.ts";
import { addNotDemanded, type NotDemanded } from "../report/not-demanded.ts";
import { notModelledShown } from "../report/not-modelled.ts";
import { renderSearch, type SearchReport } from "../report/search.ts";
import { counted } from "../report/table.ts";
import type { Common } from "../runs/common.ts";
import type { Context } from "../runs/context.ts";
import { heeding } from "../runs/heeding.ts";
import { type KeptFailure, type KeptFound, runKept, verdictOfKept } from "../runs/kept.ts";
import { knownProfile } from "../runs/profiles.ts";
import { type Certificate, certifyInPieces, seedThatShows } from "../search/certify.ts";
import { type Enumerated, type SmallScope, searchSmallScope, smallScopeBounds } from "../search/exhaust/small-scope.ts";
import { coverageOf, TransitionCounts } from "../search/exhaust/transitions.ts";
import { modelSteps, pathsOf } from "../search/exhaust/world.ts";
import { brokenBeside } from "../search/random/beside.ts";
import { BrokenRuns, nextBroken } from "../search/random/broken-runs.ts";
import { type Coverage, neverExercised, newCoverage } from "../search/random/coverage.ts";
import type { Lookout } from "../search/random/fast-case.ts";
import { GoalsSeen } from "../search/random/goals.ts";
import { type ModelFailure, searchModel } from "../search/random/model.ts";
import { normalForm } from "../search/shrink/normal-form.ts";
import { rendered } from "../text/clean.ts";
import { openModel } from "../worlds/model.ts";
import { isReal, modelWorld, type WorldName } from "../worlds/names.ts";
import { compare } from "./compare.ts";

export interface SearchOptions extends Common {
  readonly world: WorldName;
  readonly runs: number;
  readonly property: string | undefined;
  readonly budgetSeconds: number | undefined;
  /** The folder of kept cases. */
  readonly seeds: string;
}

export async function search(context: Context, options: SearchOptions): Promise<CommandEnding> {
  if (isReal(options.world)) return compare(context, { ...options, keepGoing: false, asked: "search" });
  if (options.buses.length > 0)
    throw new UsageError(
      "search takes --bus in the live world only (--world live); in the model world name a --profile.",
    );
  context.say(`seed ${options.seed}`);
  const names = options.profile === undefined ? Object.keys(profiles) : [options.profile];
  const began = performance.now();
  const kept = await keptOf(context, options, names);
  const found: ProfileFound[] = kept.failures.map(keptFound);
  for (const [i, name] of names.entries()) {
    if (kept.failures.length > 0) break;
    const leftMs = (options.budgetSeconds ?? Number.POSITIVE_INFINITY) * 1_000 - (performance.now() - began);
    const one = await searchProfile(context, options, name, leftMs / (names.length - i));
    found.push(one);
    if (context.signal.aborted || (options.policy === undefined && one.failures.length > 0)) break;
  }
  return conclude(context, { options, found, kept: kept.report });
}

/** Cases that were kept come before anything else. */
function keptOf({ signal }: Context, { seeds, policy }: SearchOptions, names: readonly string[]): Promise<KeptFound> {
  const grounds = names.map(name => {
    const profile = knownProfile(name);
    const stage = openModel(profile);
    return { world: modelWorld.name, bus: name, profile, stage, lanes: 1, policy: policy?.policy };
  });
  return runKept(seeds, grounds, signal);
}

/** A kept case that breaks is reported as it was kept. */
function keptFound(failure: KeptFailure): ProfileFound {
  const { file, counterexample, broken, events, judgement } = failure;
  const { scenario, seed, answers, profile } = counterexample;
  const foundAs = { scenario: scenario.id, broken: [broken] };
  const { certified = { bound: "it stands as it was kept" } } = counterexample;
  const one = { scenario, seed, answers, broken, events, judgement, foundAs };
  return { profile, ...nothingRun(knownProfile(profile)), failures: [one], kept: { file, certified } };
}

const nothingRun = (profile: Profile) => ({
  ...{ runs: 0, seconds: 0, heldAgainstOracle: 0, coverage: newCoverage(), brokenRuns: new BrokenRuns() },
  lookout: { transitions: new TransitionCounts(), goals: new GoalsSeen(profile) },
});

interface ProfileFound {
  readonly profile: string;
  readonly runs: number;
  /** The time that the random runs took. */
  readonly seconds: number;
  readonly heldAgainstOracle: number;
  readonly coverage: Coverage;
  readonly lookout: Lookout;
  readonly brokenRuns: BrokenRuns;
  readonly failures: readonly ModelFailure[];
  /** Absent under a policy. */
  readonly smallScope?: SmallScope;
  /** Promises that broke and that the policy does not demand. */
  readonly notDemanded?: readonly NotDemanded[];
  /** The file of the failure, where it is a kept case. */
  readonly kept?: { readonly file: string; readonly certified: Certificate };
}

/** Only one property, and that one whether it is promised or not; or all that is promised and required. */
export const judgingOf = ({
  property,
  require,
}: {
  property?: string | undefined;
  require: readonly string[];
}): JudgeOptions =>
  property === undefined ? { require } : { require: [...require, property], only: [...require, property] };

async function searchProfile(
  context: Context,
  options: SearchOptions,
  name: string,
  budgetMs: number,
): Promise<ProfileFound> {
  const profile = knownProfile(name);
  const judging = judgingOf(options);
  const began = performance.now();
  const isInterrupted = (): boolean => context.signal.aborted;
  const smallScope = options.policy === undefined ? await smallScopeOf() : undefined;
  if (smallScope?.failure !== undefined) {
    return { profile: name, ...nothingRun(profile), failures: [smallScope.failure], smallScope };
  }
  const under = options.policy === undefined ? {} : { policy: options.policy.policy, goesOn: true as const };
  const leftMs = budgetMs - (performance.now() - began);
  const found = await searchModel(
    { profile, seed: options.seed, runsMax: options.runs, budgetMs: leftMs, judging, ...under },
    isInterrupted,
    runs => context.progress.now(`${runs} of ${options.runs} random scenarios for ${name}`),
  );
  const asked = { profile, seed: options.seed, runs: found.runs, require: options.require };
  const { policy } = options;
  const notDemanded =
    policy === undefined || isInterrupted() ? undefined : brokenBeside({ ...asked, policy: policy.policy });
  return { profile: name, ...found, ...(smallScope && { smallScope }), ...(notDemanded && { notDemanded }) };

  function smallScopeOf(): Promise<SmallScope> {
    context.progress.now(`all short schedules for ${name}`);
    return searchSmallScope({ profile, judging, budgetMs: budgetMs / 4 }, isInterrupted);
  }
}

/** Kept where it is not known already; in the model world it is easily seen whether what is known still fails. */
function meet(failure: ModelFailure, profile: Profile, options: SearchOptions, certified: Certificate): Met {
  const rerun = (one: Pick<Counterexample, "scenario" | "answers" | "seed">): Judgement =>
    runAnsweredCase({ ...one, profile, otherwise: sampled(one.seed) }, judgingOf(options)).judgement;
  return meetCounterexample(
    counterexampleOf({ ...failure, bus: profile.name, profile, world: modelWorld.name, certified }),
    known => rerun(known).verdict === "violated",
  );
}

/** Runs that may be spent on the certificate of each violation, where there may be many. */
const certifyRunsUnderPolicy = 5_000;

/** Shrinks until nothing smaller breaks the same, or until that cannot be decided. */
async function smallest(
  found: ModelFailure,
  profile: Profile,
  options: SearchOptions,
  isInterrupted: () => boolean,
): Promise<{ readonly failure: ModelFailure; readonly certified: Certificate }> {
  const { broken } = found;
  const many = options.policy !== undefined;
  // What breaks several promises at once is a case of this one here.
  const judging =
    many && broken.kind === "promise" ? { require: [broken.property], only: [broken.property] } : judgingOf(options);
  const world = pathsOf(profile, modelSteps(profile));
  const asked = { broken, profile, judging, world, ...(many ? { runsMax: certifyRunsUnderPolicy } : {}) };
  for (let failure = found; ; ) {
    const tried = await heeding(certifyInPieces({ ...asked, scenario: failure.scenario }), isInterrupted);
    if (tried === undefined) return { failure, certified: uncertified };
    const { certificate, smaller } = tried;
    if (smaller === undefined) return { failure, certified: certificate };
    const drawn = seedThatShows(seed => runModelCase({ scenario: smaller, profile, seed }, judging), broken);
    if (drawn === undefined) return { failure, certified: certificate };
    failure = { ...failure, ...answeredAs(smaller, profile, drawn.seed, judging) };
  }
}

/** A case that a seed shows, in its normal form, with the answers that the seed gave. */
function answeredAs(
  drawn: Scenario,
  profile: Profile,
  seed: string,
  judging: JudgeOptions,
): Pick<ModelFailure, "scenario" | "answers" | "events" | "judgement" | "seed"> {
  const otherwise = sampled(seed);
  const { asked } = runAnsweredCase({ scenario: drawn, profile, answers: [], otherwise }, judging);
  const { scenario, answers } = normalForm({ scenario: drawn, answers: asked });
  const { events, judgement } = runAnsweredCase({ scenario, profile, answers, otherwise }, judging);
  return { scenario, answers, events, judgement, seed };
}

/** Something broken, once, with the shortest case of all profiles. */
interface MetViolation {
  readonly failure: ModelFailure;
  readonly profile: string;
  /** Every profile on which it broke. */
  readonly profiles: readonly string[];
  readonly certified: Certificate;
  readonly met: Met;
}

/** The user has interrupted it, and waits for it to end. */
const uncertified: Certificate = { bound: "the search was interrupted" };

async function violationsOf(
  found: readonly ProfileFound[],
  options: SearchOptions,
  isInterrupted: () => boolean,
): Promise<readonly MetViolation[]> {
  const violations: MetViolation[] = [];
  const all = found.flatMap(({ profile, failures, kept }) => failures.map(failure => ({ profile, failure, kept })));
  const broken = [...new Set(all.map(one => brokeText(one.failure.broken)))];
  for (const id of broken) {
    const cases = all.filter(one => brokeText(one.failure.broken) === id);
    const steps = Math.min(...cases.map(one => one.failure.scenario.steps.length));
    const shortest = cases.find(one => one.failure.scenario.steps.length === steps) as (typeof cases)[0];
    const profile = knownProfile(shortest.profile);
    const profiles = [...new Set(cases.map(one => one.profile))];
    if (shortest.kept !== undefined) {
      const { file, certified } = shortest.kept;
      const met = { path: file, isKnown: true, isKept: true };
      violations.push({ failure: shortest.failure, profile: profile.name, profiles, certified, met });
      continue;
    }
    const { failure, certified } = isInterrupted()
      ? { failure: shortest.failure, certified: uncertified }
      : await smallest(shortest.failure, profile, options, isInterrupted);
    const met = meet(failure, profile, options, certified);
    violations.push({ failure, profile: profile.name, profiles, certified, met });
  }
  return violations;
}

/** The search that was asked for, and what has come of it. */
interface Searched {
  readonly options: SearchOptions;
  readonly found: readonly ProfileFound[];
  readonly kept: KeptReport;
}

async function conclude({ signal, paint }: Context, { options, found, kept }: Searched): Promise<CommandEnding> {
  const runs = found.reduce((sum, one) => sum + one.runs, 0);
  const violations = await violationsOf(found, options, () => signal.aborted);
  const interrupted = signal.aborted;
  const verdict = concluded([...found.map(verdictOf), verdictOfKept(kept)], { interrupted });
  const seconds = found.reduce((sum, one) => sum + one.seconds, 0);
  const runsPerSecond = Math.round(runs / Math.max(seconds, 0.001));
  const transitions = coverageOf(
    found.map(({ profile, lookout }) => ({
      counts: lookout.transitions,
      profile: knownProfile(profile),
      ...(options.policy === undefined ? {} : { policy: options.policy.policy }),
    })),
  );
  const document: SearchReport = {
    verdict,
    seed: options.seed,
    interrupted,
    world: modelWorld.name,
    policy: options.policy?.policy.name ?? null,
    notModelled: notModelledShown(options.policy?.policy),
    kept,
    runs,
    runsPerSecond,
    counterexample: violations[0]?.met.path ?? null,
    known: violations[0]?.met.isKnown ?? false,
    certified: violations[0]?.certified ?? null,
    smallScope: scopeOf(found),
    notDemanded: notDemandedOf(options, found),
    violations: violations.map(({ failure, profile, profiles, certified, met }) => ({
      property: brokeText(failure.broken),
      reason: reasonText(failure.judgement),
      profile,
      profiles,
      counterexample: met.path,
      known: met.isKnown,
      steps: failure.scenario.steps.length,
      certified,
    })),
    nextViolation: options.policy === undefined ? null : nextBroken(found),
    coverage: {
      properties: sumOf(found, one => one.coverage.properties),
      shapes: sumOf(found, one => one.coverage.shapes),
      shapeRuns: found.reduce((sum, one) => sum + one.coverage.shapeRuns, 0),
      ...transitions,
    },
    profiles: found.map(({ profile, runs, heldAgainstOracle, coverage, lookout, smallScope }) => ({
      profile,
      smallScope: scopeOf([{ smallScope }]),
      runs,
      heldAgainstOracle,
      disturbed: coverage.disturbed,
      promises: Object.keys(coverage.properties).length,
      neverExercised: neverExercised(coverage),
      goals: lookout.goals.progress(),
    })),
  };
  const text = rendered(
    renderSearch,
    document,
    smallScopeBounds,
    violations.map(failureOf(violations.length > 1)),
    paint,
  );
  return ending({ kind: "search", document }, { text, again: againLine(options, violations) });
}

function notDemandedOf({ property }: SearchOptions, found: readonly ProfileFound[]): readonly NotDemanded[] {
  const all: NotDemanded[] = [];
  // Who asks about one promise is told of that one.
  if (property === undefined) for (const { notDemanded = [] } of found) addNotDemanded(all, notDemanded);
  return all;
}

/** One of several failures names the file that it is kept in; a single one stands in the line to paste. */
const failureOf =
  (isOneOfSeveral: boolean) =>
  ({ failure, profile, certified, met }: MetViolation): ShownFailure => {
    const { scenario, broken, judgement, events } = failure;
    const kept = met.isKnown ? `; already known, and kept in ${met.path}` : `; kept in ${met.path}`;
    const unkept = `; not kept in ${met.path}, which cannot be written`;
    const shown = !met.isKept ? unkept : isOneOfSeveral || met.isKnown ? kept : "";
    const steps = counted(scenario.steps.length, "step");
    const story = `on the model of ${profile}, ${steps}; ${certificateText(certified)}${shown}`;
    return { scenario, broken, reason: whyBroken(judgement, broken), ledger: judgement.ledger, events, story };
  };

/** The total over all profiles; null where there was none, under a policy. */
function scopeOf(found: readonly { readonly smallScope?: SmallScope | undefined }[]): Enumerated | null {
  const all = found.flatMap(one => one.smallScope ?? []);
  if (all.length === 0) return null;
  return {
    schedules: all.reduce((sum, one) => sum + one.schedules, 0),
    states: all.reduce((sum, one) => sum + one.states, 0),
    complete: all.every(one => one.complete),
  };
}

const certificateText = (certified: Certificate): string =>
  "bound" in certified
    ? `not certified minimal: ${certified.bound}`
    : `certified minimal: none of ${counted(certified.schedules, "smaller schedule")} breaks it`;

/** One violation is replayed; several are found again. */
function againLine(options: SearchOptions, violations: readonly MetViolation[]): string {
  const [violation, another] = violations;
  if (violation !== undefined && another === undefined) return replayLine(violation.met.path);
  const { runs, profile, property, require, policy, seed, seeds } = options;
  return commandLine("search", {
    runs,
    profile,
    property,
    require,
    policy: policy?.named,
    seed,
    seeds: ownSeeds(seeds),
  });
}

/**
 * Inconclusive where nothing at all was exercised, or where a goal was not seen in runs enough for it: then the generator does not
 * make what the promises are about. A single promise that was never exercised is listed.
 */
export function verdictOf({
  coverage,
  failures,
  lookout,
}: Pick<ProfileFound, "coverage" | "failures" | "lookout">): Verdict {
  if (failures.length > 0) return "violated";
  const { isDue, neverReached } = lookout.goals.progress();
  if (isDue && neverReached.length > 0) return "inconclusive";
  return Object.values(coverage.properties).some(times => times > 0) ? "holds" : "inconclusive";
}

function sumOf(
  found: readonly ProfileFound[],
  of: (one: ProfileFound) => Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const one of found) for (const [name, n] of Object.entries(of(one))) sum[name] = (sum[name] ?? 0) + n;
  return sum;
}

/**
 * `faultline search`: in the model world all short schedules and then random scenarios, each judged; the first failure is shrunk, tried
 * against everything smaller, and kept as a file. Under a policy there are random scenarios alone, the search goes on to its end, and
 * what is kept is the shortest case of everything that broke.
 */

import { profiles } from "../../models/profiles/index.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { type Verdict, worst } from "../../models/vocabulary/verdict.ts";
import { keepCounterexample, versionsHere } from "../counterexample.ts";
import { UsageError } from "../errors.ts";
import type { JudgeOptions } from "../judge.ts";
import { renderFailure } from "../report/failure.ts";
import { type Paint, paintVerdict } from "../report/paint.ts";
import { counted, renderPairs } from "../report/table.ts";
import { explain, runModelCase } from "../run.ts";
import { type Certificate, certify, seedsMax, seedThatShows } from "../search/certify.ts";
import { type Coverage, neverExercised, newCoverage } from "../search/coverage.ts";
import { modelSteps, pathsOf } from "../search/exhaust-world.ts";
import { type ModelFailure, searchModel } from "../search/model.ts";
import { type Enumerated, type SmallScope, searchSmallScope, smallScopeBounds } from "../search/small-scope.ts";
import type { WorldName } from "../world.ts";
import { compare } from "./compare.ts";
import { type Context, type Ending, exitCodeOf } from "./context.ts";
import { type Common, knownProfile, policyWord, quoted } from "./options.ts";

export interface SearchOptions extends Common {
  readonly world: WorldName;
  readonly runs: number;
  readonly property: string | undefined;
  readonly budgetSeconds: number | undefined;
}

export async function search(context: Context, options: SearchOptions): Promise<Ending> {
  if (options.world === "live") return compare(context, { ...options, keepGoing: false, asked: "search" });
  if (options.buses.length > 0)
    throw new UsageError(
      "search takes --bus in the live world only (--world live); in the model world name a --profile.",
    );
  context.say(`seed ${options.seed}`);
  const names = options.profile === undefined ? Object.keys(profiles) : [options.profile];
  const began = performance.now();
  const found: ProfileFound[] = [];
  for (const [i, name] of names.entries()) {
    const leftMs = (options.budgetSeconds ?? Number.POSITIVE_INFINITY) * 1_000 - (performance.now() - began);
    const one = await searchProfile(context, options, name, leftMs / (names.length - i));
    found.push(one);
    if (context.signal.aborted || (options.policy === undefined && one.failures.length > 0)) break;
  }
  return conclude(options, found, context.paint);
}

interface ProfileFound {
  readonly profile: string;
  readonly runs: number;
  /** Of the random runs. */
  readonly seconds: number;
  readonly heldAgainstOracle: number;
  readonly coverage: Coverage;
  readonly failures: readonly ModelFailure[];
  /** Absent under a policy. */
  readonly smallScope?: SmallScope;
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
    const none = { runs: 0, seconds: 0, heldAgainstOracle: 0, coverage: newCoverage() };
    return { profile: name, ...none, failures: [smallScope.failure], smallScope };
  }
  const under = options.policy === undefined ? {} : { policy: options.policy.policy, goesOn: true as const };
  const leftMs = budgetMs - (performance.now() - began);
  const found = await searchModel(
    { profile, seed: options.seed, runsMax: options.runs, budgetMs: leftMs, judging, ...under },
    isInterrupted,
    runs => context.progress.now(`${runs} of ${options.runs} random scenarios for ${name}`),
  );
  return { profile: name, ...found, ...(smallScope === undefined ? {} : { smallScope }) };

  function smallScopeOf(): Promise<SmallScope> {
    context.progress.now(`all short schedules for ${name}`);
    return searchSmallScope({ profile, judging, budgetMs: budgetMs / 4 }, isInterrupted);
  }
}

function keep(failure: ModelFailure, profile: Profile, certified: Certificate, isDrawn: boolean): string {
  return keepCounterexample({
    version: 1,
    kind: "counterexample",
    scenario: failure.scenario,
    bus: profile.name,
    profile: profile.name,
    world: "model",
    seed: failure.seed,
    property: failure.broken,
    reason: failure.judgement.reason,
    verdict: failure.judgement.verdict,
    expected: runModelCase({ scenario: failure.scenario, profile, seed: failure.seed }).judgement.ledger,
    observed: failure.judgement.ledger,
    answers: explain(failure.scenario, profile, failure.events).answers,
    digest: failure.judgement.digest,
    versions: versionsHere(),
    overridden: false,
    reproduced: isDrawn ? { k: 1, n: 1 } : { k: 0, n: seedsMax },
    certified,
  });
}

/** Runs that may be spent on the certificate of each violation, where there may be many. */
const certifyRunsUnderPolicy = 5_000;

/** Until nothing smaller breaks the same, or that cannot be told. */
function smallest(
  found: ModelFailure,
  profile: Profile,
  options: SearchOptions,
): { readonly failure: ModelFailure; readonly certified: Certificate } {
  const { broken } = found;
  const many = options.policy !== undefined;
  // What breaks several promises at once is a case of this one here.
  const judging = many && broken.includes("/") ? { require: [broken], only: [broken] } : judgingOf(options);
  const world = pathsOf(profile, modelSteps(profile));
  const asked = { broken, profile, judging, world, ...(many ? { runsMax: certifyRunsUnderPolicy } : {}) };
  for (let failure = found; ; ) {
    const { certificate, smaller } = certify({ ...asked, scenario: failure.scenario });
    if (smaller === undefined) return { failure, certified: certificate };
    const drawn = seedThatShows(seed => runModelCase({ scenario: smaller, profile, seed }, judging), broken);
    if (drawn === undefined) return { failure, certified: certificate };
    failure = { ...drawn.run, scenario: smaller, seed: drawn.seed, broken };
  }
}

/** Something broken, once, with the shortest case of all profiles. */
interface Violation {
  readonly failure: ModelFailure;
  readonly profile: string;
  /** Every profile on which it broke. */
  readonly profiles: readonly string[];
  readonly certified: Certificate;
  readonly file: string;
}

function violationsOf(found: readonly ProfileFound[], options: SearchOptions): readonly Violation[] {
  const all = found.flatMap(({ profile, failures, smallScope }) =>
    failures.map(failure => ({ profile, failure, isDrawn: smallScope?.isDrawn !== false })),
  );
  const broken = [...new Set(all.map(one => one.failure.broken))];
  return broken.map(id => {
    const cases = all.filter(one => one.failure.broken === id);
    const steps = Math.min(...cases.map(one => one.failure.scenario.steps.length));
    const shortest = cases.find(one => one.failure.scenario.steps.length === steps) as (typeof cases)[0];
    const { profile: name } = shortest;
    const profile = knownProfile(name);
    const { failure, certified } = smallest(shortest.failure, profile, options);
    const isDrawn = shortest.isDrawn || failure !== shortest.failure;
    const file = keep(failure, profile, certified, isDrawn);
    return { failure, profile: name, profiles: cases.map(one => one.profile), certified, file };
  });
}

function conclude(options: SearchOptions, found: readonly ProfileFound[], paint: Paint): Ending {
  const runs = found.reduce((sum, one) => sum + one.runs, 0);
  const violations = violationsOf(found, options);
  const verdict = worst(found.map(verdictOf));
  const seconds = found.reduce((sum, one) => sum + one.seconds, 0);
  const runsPerSecond = Math.round(runs / Math.max(seconds, 0.001));
  const document = {
    verdict,
    seed: options.seed,
    world: "model",
    policy: options.policy?.policy.name ?? null,
    runs,
    runsPerSecond,
    counterexample: violations[0]?.file ?? null,
    certified: violations[0]?.certified ?? null,
    smallScope: scopeOf(found),
    violations: violations.map(({ failure, profile, profiles, certified, file }) => ({
      property: failure.broken,
      reason: failure.judgement.reason,
      profile,
      profiles,
      counterexample: file,
      steps: failure.scenario.steps.length,
      certified,
    })),
    coverage: {
      properties: sumOf(found, one => one.coverage.properties),
      shapes: sumOf(found, one => one.coverage.shapes),
    },
    profiles: found.map(({ profile, runs, heldAgainstOracle, coverage, smallScope }) => ({
      profile,
      smallScope: scopeOf([{ smallScope }]),
      runs,
      heldAgainstOracle,
      disturbed: coverage.disturbed,
      neverExercised: neverExercised(coverage),
    })),
  };
  const blocks = [renderSearch(document, found)];
  for (const { failure, profile, certified, file } of violations) {
    const { scenario, broken, judgement, events } = failure;
    const kept = violations.length > 1 ? `; kept as ${file}` : "";
    const steps = counted(scenario.steps.length, "step");
    const story = `on the model of ${profile}, ${steps}; ${certificateText(certified)}${kept}`;
    blocks.push(
      renderFailure({ scenario, broken, reason: judgement.reason, ledger: judgement.ledger, events, story }, paint),
    );
  }
  blocks.push(`Verdict  ${paint("bold", paintVerdict(paint, verdict))}`);
  return {
    exitCode: exitCodeOf(verdict),
    document,
    text: blocks.join("\n\n"),
    again: againLine(options, violations),
  };
}

/** Over all profiles; null where there was none, under a policy. */
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
function againLine({ runs, profile, property, policy, seed }: SearchOptions, violations: readonly Violation[]): string {
  const [violation, another] = violations;
  if (violation !== undefined && another === undefined) return `npx faultline replay ${quoted(violation.file)}`;
  const named = profile === undefined ? "" : ` --profile ${profile}`;
  const judged = property === undefined ? "" : ` --property ${property}`;
  return `npx faultline search --runs ${runs}${named}${judged}${policyWord(policy)} --seed ${seed}`;
}

/** Inconclusive only where nothing at all was exercised; a single promise that never was is listed. */
function verdictOf({ coverage, failures }: ProfileFound): Verdict {
  if (failures.length > 0) return "violated";
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

function renderSearch(
  { runs, runsPerSecond, smallScope }: { runs: number; runsPerSecond: number; smallScope: Enumerated | null },
  found: readonly ProfileFound[],
): string {
  const pairs: [string, string][] = smallScope === null ? [] : [["Small scope", scopeText(smallScope)]];
  pairs.push([
    "Runs",
    `${counted(runs, "random scenario")} in the model world, ${runsPerSecond.toLocaleString("en-US")} a second`,
  ]);
  for (const { profile, smallScope: scope, coverage, heldAgainstOracle } of found) {
    if (scope?.failure !== undefined) {
      pairs.push(["", `${profile}: none, the small scope has found something`]);
      continue;
    }
    const never = neverExercised(coverage);
    const promises = Object.keys(coverage.properties).length;
    const what = `${profile}: ${promises - never.length} of ${counted(promises, "promise")} exercised, ${coverage.disturbed} runs disturbed, ${heldAgainstOracle} also held against the oracle`;
    pairs.push(["", never.length === 0 ? what : `${what}; never ${never.join(", ")}`]);
  }
  return renderPairs(pairs);
}

function scopeText({ schedules, states, complete }: Enumerated): string {
  const { publishes, faults, steps } = smallScopeBounds;
  const bounds = `${counted(publishes, "publish", "publishes")}, ${counted(faults, "fault")} and ${counted(steps, "step")}`;
  return `${complete ? "all" : "not all"} of at most ${bounds}: ${counted(schedules, "schedule")} in ${counted(states, "state")}`;
}

/**
 * `faultline search`: random scenarios in one world, each judged; the first failure is shrunk and kept as a file. Under a policy the
 * search goes on to its end, and what is kept is the shortest case of everything that broke.
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
import { type Coverage, neverExercised } from "../search/coverage.ts";
import { type ModelFailure, searchModel } from "../search/model.ts";
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
  return conclude(options, found, (performance.now() - began) / 1_000, context.paint);
}

interface ProfileFound {
  readonly profile: string;
  readonly runs: number;
  readonly heldAgainstOracle: number;
  readonly coverage: Coverage;
  readonly failures: readonly ModelFailure[];
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
  const under = options.policy === undefined ? {} : { policy: options.policy.policy, goesOn: true as const };
  const found = await searchModel(
    { profile, seed: options.seed, runsMax: options.runs, budgetMs, judging: judgingOf(options), ...under },
    () => context.signal.aborted,
    runs => context.progress.now(`${runs} of ${options.runs} random scenarios for ${name}`),
  );
  return { profile: name, ...found };
}

function keep(failure: ModelFailure, profile: Profile): string {
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
    reproduced: { k: 1, n: 1 },
  });
}

/** Something broken, once, with the shortest case of all profiles. */
interface Violation {
  readonly failure: ModelFailure;
  readonly profile: string;
  /** Every profile on which it broke. */
  readonly profiles: readonly string[];
  readonly file: string;
}

function violationsOf(found: readonly ProfileFound[]): readonly Violation[] {
  const all = found.flatMap(({ profile, failures }) => failures.map(failure => ({ profile, failure })));
  const broken = [...new Set(all.map(one => one.failure.broken))];
  return broken.map(id => {
    const cases = all.filter(one => one.failure.broken === id);
    const steps = Math.min(...cases.map(one => one.failure.scenario.steps.length));
    const { failure, profile } = cases.find(one => one.failure.scenario.steps.length === steps) as (typeof cases)[0];
    return { failure, profile, profiles: cases.map(one => one.profile), file: keep(failure, knownProfile(profile)) };
  });
}

function conclude(options: SearchOptions, found: readonly ProfileFound[], seconds: number, paint: Paint): Ending {
  const runs = found.reduce((sum, one) => sum + one.runs, 0);
  const violations = violationsOf(found);
  const verdict = worst(found.map(verdictOf));
  const runsPerSecond = Math.round(runs / Math.max(seconds, 0.001));
  const document = {
    verdict,
    seed: options.seed,
    world: "model",
    policy: options.policy?.policy.name ?? null,
    runs,
    runsPerSecond,
    counterexample: violations[0]?.file ?? null,
    violations: violations.map(({ failure, profile, profiles, file }) => ({
      property: failure.broken,
      reason: failure.judgement.reason,
      profile,
      profiles,
      counterexample: file,
      steps: failure.scenario.steps.length,
    })),
    coverage: {
      properties: sumOf(found, one => one.coverage.properties),
      shapes: sumOf(found, one => one.coverage.shapes),
    },
    profiles: found.map(({ profile, runs, heldAgainstOracle, coverage }) => ({
      profile,
      runs,
      heldAgainstOracle,
      disturbed: coverage.disturbed,
      neverExercised: neverExercised(coverage),
    })),
  };
  const blocks = [renderSearch(document, found)];
  for (const { failure, profile, file } of violations) {
    const { scenario, broken, judgement, events } = failure;
    const kept = violations.length > 1 ? `; kept as ${file}` : "";
    const story = `on the model of ${profile}, shrunk to ${counted(scenario.steps.length, "step")}${kept}`;
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
  { runs, runsPerSecond }: { runs: number; runsPerSecond: number },
  found: readonly ProfileFound[],
): string {
  const pairs: [string, string][] = [
    [
      "Runs",
      `${counted(runs, "random scenario")} in the model world, ${runsPerSecond.toLocaleString("en-US")} a second`,
    ],
  ];
  for (const { profile, coverage, heldAgainstOracle } of found) {
    const never = neverExercised(coverage);
    const promises = Object.keys(coverage.properties).length;
    const what = `${profile}: ${promises - never.length} of ${counted(promises, "promise")} exercised, ${coverage.disturbed} runs disturbed, ${heldAgainstOracle} also held against the oracle`;
    pairs.push(["", never.length === 0 ? what : `${what}; never ${never.join(", ")}`]);
  }
  return renderPairs(pairs);
}

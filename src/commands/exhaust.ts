/** `faultline exhaust`: every schedule within a bound, on the model of one profile; a violation is kept as a file, and is a shortest one. */

import { planCase } from "../../models/plan/plan.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { UsageError } from "../errors.ts";
import { commandLine, replayLine } from "../findings/again.ts";
import { brokeText } from "../findings/broke.ts";
import { counterexampleOf, keepCounterexample } from "../findings/counterexample.ts";
import { type CommandEnding, concluded, ending } from "../findings/ending.ts";
import { judge } from "../judge/judge.ts";
import { type CaseRun, runModelCase } from "../judge/run.ts";
import { type ExhaustReport, renderExhaust, renderSpace } from "../report/exhaust.ts";
import { counted } from "../report/table.ts";
import type { Context } from "../runs/context.ts";
import { knownProfile } from "../runs/profiles.ts";
import { seedsMax, seedThatShows } from "../search/certify.ts";
import {
  alphabetOf,
  type Bounds,
  boundsOf,
  type ExploredSetting,
  kindsLeftOut,
  type Letter,
  type Sizes,
  scopeOf,
  settingsOf,
  sizesOf,
} from "../search/exhaust/alphabet.ts";
import { type Exhausted, exhaust as exhaustModel, type ShortestViolation } from "../search/exhaust/exhaust.ts";
import { rendered } from "../text/clean.ts";
import { modelWorld } from "../worlds/names.ts";

export interface ExhaustOptions {
  readonly profile: string;
  readonly publishes: number;
  readonly faults: number;
  readonly depth: number | undefined;
  readonly require: readonly string[];
  readonly statesMax: number;
  readonly budgetSeconds: number;
}

/** A set of JavaScript ends at 2^24 entries. */
const statesMaxMax = 16_000_000;

export async function exhaust(context: Context, options: ExhaustOptions): Promise<CommandEnding> {
  if (options.statesMax > statesMaxMax)
    throw new UsageError(`--states is at most ${statesMaxMax.toLocaleString("en-US")}.`);
  const profile = knownProfile(options.profile);
  const bounds = boundsOf(options.publishes, options.faults);
  const sizes = sizesOf(profile, options.publishes);
  const scope = scopeOf(options.publishes);
  const space = {
    letters: alphabetOf(profile, scope),
    leftOut: kindsLeftOut(scope),
    bounds,
    sizes,
    settings: settingsOf(profile, sizes),
  };
  const { profile: name, depth, statesMax, budgetSeconds } = options;
  context.say(renderSpace({ profile: name, ...space, depth, statesMax, budgetSeconds }));
  const found = await exhaustModel(
    {
      profile,
      letters: space.letters,
      settings: space.settings,
      bounds,
      ...(options.depth === undefined ? {} : { depthMax: options.depth }),
      statesMax: options.statesMax,
      budgetMs: options.budgetSeconds * 1_000,
      judging: { require: options.require },
    },
    () => context.signal.aborted,
    said => context.progress.now(said),
  );
  const kept = found.violations.map(one => keep(one, profile, options));
  return conclude(context, options, space, found, kept);
}

interface Kept extends ShortestViolation {
  /** The violation, or the run of the seed that shows it again. */
  readonly shown: CaseRun;
  readonly file: string;
  /** The seed, of those tried, that draws these answers; undefined where none did. */
  readonly seed: string | undefined;
}

/** Kept with the answers that lead there, and with a seed that draws the same verdict where one is found. */
function keep(violation: ShortestViolation, profile: Profile, options: ExhaustOptions): Kept {
  const { scenario, broken, answers } = violation;
  const runOf = (seed: string): CaseRun => runModelCase({ scenario, profile, seed }, { require: options.require });
  const found = seedThatShows(runOf, broken);
  const seed = found?.seed;
  const judging = { require: options.require };
  const shown = found?.run ?? {
    events: violation.events,
    judgement: judge(planCase(scenario, profile), violation.events, judging),
  };
  const reproduced = seed === undefined ? { k: 0, n: seedsMax } : { k: 1, n: 1 };
  const of = { scenario, bus: profile.name, profile, world: modelWorld.name, seed: seed ?? "1", answers } as const;
  const file = keepCounterexample(counterexampleOf({ ...shown, ...of, broken, reproduced }));
  return { ...violation, shown, file, seed };
}

interface Space {
  readonly letters: readonly Letter[];
  readonly leftOut: readonly string[];
  readonly bounds: Bounds;
  readonly sizes: Sizes;
  readonly settings: readonly ExploredSetting[];
}

function conclude(
  context: Context,
  options: ExhaustOptions,
  { letters, leftOut, bounds, sizes }: Space,
  found: Exhausted,
  kept: readonly Kept[],
): CommandEnding {
  const { explored, exercised, neverExercised, seconds } = found;
  const interrupted = context.signal.aborted;
  const verdict = concluded([found.verdict], { interrupted });
  const sum = (of: (one: Exhausted["explored"][number]) => number): number =>
    explored.reduce((all, one) => all + of(one), 0);
  const document: ExhaustReport = {
    verdict,
    interrupted,
    profile: options.profile,
    schedules: sum(one => one.schedules),
    states: sum(one => one.states),
    transitions: sum(one => one.transitions),
    endings: sum(one => one.endings),
    depth: depthOf(found),
    complete: explored.every(one => one.stopped === undefined),
    violations: kept.map(one => ({
      property: brokeText(one.broken),
      reason: one.reason,
      setting: one.setting,
      steps: one.scenario.steps.length,
      file: one.file,
      replays: one.seed !== undefined,
    })),
    alphabet: letters.map(({ name, spends }) => ({ step: name, spends })),
    leftOut,
    bounds: { ...bounds, steps: options.depth ?? null, states: options.statesMax, seconds: options.budgetSeconds },
    sizes,
    settings: explored.map(one => ({ ...one, stopped: one.stopped ?? null })),
    oracle: { asked: sum(one => one.oracle.asked), admitted: sum(one => one.oracle.admitted) },
    exercised,
    neverExercised,
    ledgers: found.ledgers,
    seconds: Math.round(seconds * 1_000) / 1_000,
  };
  const failures = kept.map(({ scenario, broken, reason, shown, setting }) => {
    const story = `a shortest one, ${counted(scenario.steps.length, "step")}, with ${setting}`;
    const { events, judgement } = shown;
    return { scenario, broken, reason, ledger: judgement.ledger, events, story };
  });
  const text = rendered(renderExhaust, document, failures, context.paint);
  return ending({ kind: "exhaust", document }, { text, again: againLine(options, kept) });
}

/** All schedules of this many steps were judged: with nothing left out, the longest one; else as far as every setting got. */
function depthOf({ explored }: Exhausted): number {
  const cut = explored.filter(one => one.stopped !== undefined);
  return cut.length === 0 ? Math.max(...explored.map(one => one.depth)) : Math.min(...cut.map(one => one.depth));
}

function againLine(options: ExhaustOptions, [first]: readonly Kept[]): string {
  const { publishes, faults, profile, depth, require, statesMax: states, budgetSeconds: budget } = options;
  if (first?.seed !== undefined) return replayLine(first.file, { require });
  return commandLine("exhaust", { publishes, faults, profile, depth, require, states, budget });
}

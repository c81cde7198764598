/**
 * `faultline replay FILE`: one scenario or counterexample again, in one world or several, once or often. Shows what became of every
 * message at every step, and where the worlds differ. A counterexample is held against what it was found with, unless told otherwise;
 * in the model world its own answers are given again, and said where they no longer fit.
 */

import { underPolicy } from "../../models/policy/under.ts";
import { profiles } from "../../models/profiles/index.ts";
import { BadInput, UsageError } from "../errors.ts";
import { findInput } from "../files/corpus.ts";
import { checkRestarts } from "../files/scenario-schema.ts";
import { backendOption, quoted, replayLine } from "../findings/again.ts";
import { brokeOf } from "../findings/broke.ts";
import { readCase, reasonOf } from "../findings/counterexample.ts";
import { type CommandEnding, concluded, ending, isVacuous } from "../findings/ending.ts";
import { keepIn } from "../findings/kept.ts";
import { isNondeterministic, ledgerRows, reproducedIn, verdictOf, verdictsOf } from "../findings/replayed.ts";
import { unprovenReason } from "../judge/capability.ts";
import { besidesOf } from "../judge/foretold.ts";
import { addNotDemanded, type NotDemanded } from "../report/not-demanded.ts";
import { notModelledShown } from "../report/not-modelled.ts";
import { type ReplayedCase, type ReplayReport, renderReplay, shownOf } from "../report/replay.ts";
import type { Common } from "../runs/common.ts";
import type { Context } from "../runs/context.ts";
import { wasInterrupted } from "../runs/interrupt.ts";
import { mustExercise } from "../runs/kept.ts";
import { serversAreThere } from "../runs/live.ts";
import { bundledNames } from "../runs/profiles.ts";
import { type Replayed, replayAll, type ToReplay } from "../runs/replay.ts";
import { rendered } from "../text/clean.ts";
import { isDeterministic, isReal, modelWorld, type WorldName, worldNames } from "../worlds/names.ts";

export interface ReplayOptions extends Common {
  readonly file: string;
  /** Undefined: model, and live where its servers are there. */
  readonly worlds: readonly WorldName[] | undefined;
  readonly times: number;
  /** True where the seed was given, which then stands before the counterexample's. */
  readonly seedGiven: boolean;
  /** The document carries the events of the run that is shown of each case. */
  readonly events: boolean;
  /** The folder to keep the counterexample in. */
  readonly keep?: string | undefined;
}

export async function replay(context: Context, options: ReplayOptions): Promise<CommandEnding> {
  const one = await readReplay(options);
  const kept = keptAs(options, one);
  context.say(`seed ${one.seed}`);
  const found: Replayed = { cases: [], selfTest: null };
  const interrupted = await wasInterrupted(context.signal, replayAll(context, one, found));
  return conclude({ options, one, found, kept }, interrupted, context);
}

/** It is kept before it is run: an interrupt then loses nothing. @throws UsageError, BadInput */
function keptAs({ keep, file }: ReplayOptions, { counterexample }: ToReplay): string | null {
  if (keep === undefined) return null;
  if (counterexample === undefined)
    throw new UsageError(`--keep takes a counterexample, and ${file} is a scenario: what it breaks is no finding yet.`);
  return keepIn(keep, counterexample, file);
}

/** Promises that broke and that the policy of the case does not demand. */
function notDemandedIn({ scenario }: ToReplay, cases: Replayed["cases"]): readonly NotDemanded[] {
  const all: NotDemanded[] = [];
  for (const { judgement } of cases.flatMap(({ runs }) => runs))
    addNotDemanded(all, besidesOf(scenario, judgement).notDemanded);
  return all;
}

/** The replay that was asked for, and what has come of it. */
interface ReplayEnd {
  readonly options: ReplayOptions;
  readonly one: ToReplay;
  readonly found: Replayed;
  readonly kept: string | null;
}

async function readReplay(options: ReplayOptions): Promise<ToReplay> {
  const { path, shown } = findInput(options.file);
  const { scenario: own, counterexample } = readCase(path, shown);
  const scenario = options.policy === undefined ? own : underPolicy(own, options.policy.policy);
  checkRestarts(scenario, shown);
  const seed = counterexample === undefined || options.seedGiven ? options.seed : counterexample.seed;
  const isModelOnly =
    counterexample !== undefined && isDeterministic(counterexample.world) && options.buses.length === 0;
  const worlds = options.worlds ?? (!isModelOnly && (await serversAreThere()) ? worldNames : [modelWorld.name]);
  const recorded = counterexample === undefined || !isReal(counterexample.world) ? [] : [counterexample.bus];
  // A file is data: no command line is taken from it and run.
  if (options.buses.length === 0 && recorded.some(bus => !bundledNames().includes(bus))) {
    throw new UsageError(
      `${shown} was found on a bus of your own, ${quoted(counterexample?.bus ?? "")}; name it with --bus to run it.`,
    );
  }
  const named = options.buses.length > 0 ? options.buses : recorded;
  const busesAreAll = named.length === 0;
  const buses = busesAreAll ? bundledNames() : named;
  const profile = options.profile ?? (options.buses.length > 0 ? undefined : counterexample?.profile);
  const { times, lanes, backend } = options;
  // What the file was kept for is judged, whether or not the profile promises it.
  const broken = counterexample && brokeOf(counterexample.property);
  const keptFor = broken?.kind === "promise" ? [broken.property] : [];
  const require = [...new Set([...options.require, ...keptFor])];
  if (profile !== undefined && profiles[profile] === undefined)
    throw new BadInput(
      shown,
      "profile",
      `there is no profile ${JSON.stringify(profile)}; the known profiles are ${Object.keys(profiles).join(", ")}: name one with --profile`,
    );
  const answers = counterexample === undefined || options.seedGiven ? [] : counterexample.answers;
  return {
    scenario,
    counterexample,
    seed,
    answers,
    buses,
    busesAreAll,
    profile,
    worlds,
    times,
    require,
    lanes,
    backend,
  };
}

function conclude(
  { options, one, found: { cases, selfTest }, kept }: ReplayEnd,
  interrupted: boolean,
  context: Context,
): CommandEnding {
  const timesExercised = (id: string): number =>
    cases
      .flatMap(({ runs }) => runs.flatMap(run => run.judgement.properties))
      .reduce((sum, { property, exercised }) => sum + (property === id ? exercised : 0), 0);
  const due = [...options.require, ...(one.counterexample === undefined ? [] : mustExercise(one.counterexample))];
  const vacuous = cases.length === 0 || isVacuous(due, timesExercised);
  const verdict = concluded(cases.map(verdictOf), { interrupted, vacuous });
  const nondeterministic = cases.some(isNondeterministic);
  const document: ReplayReport = {
    verdict,
    scenario: one.scenario.id,
    policy: one.scenario.policy?.name ?? null,
    notModelled: notModelledShown(one.scenario.policy),
    seed: one.seed,
    interrupted,
    kept,
    verdicts: cases.flatMap(verdictsOf),
    notDemanded: notDemandedIn(one, cases),
    reproduced: reproducedIn(one.counterexample, cases),
    answers: cases.flatMap(({ world, profile, answered }) =>
      answered === undefined ? [] : [{ world, profile, ...answered }],
    ),
    nondeterministic,
    digests: cases.flatMap(({ world, bus, runs }) =>
      [...new Set(runs.map(run => run.judgement.digest))].map(digest => ({ world, bus, digest })),
    ),
    ledger: cases.flatMap(replayed => ledgerRows(one.scenario, replayed)),
    notRun: cases
      .filter(({ missing }) => missing.length > 0)
      .map(({ world, bus, missing }) => ({ world, bus, missing })),
    selfTest,
    notShown: cases
      .filter(({ notShown }) => notShown.length > 0)
      .map(({ world, bus, notShown }) => ({
        scenario: one.scenario.id,
        bus,
        world,
        missing: notShown,
        reason: unprovenReason(notShown),
      })),
    ...(options.events ? { events: cases.flatMap(eventsOf) } : {}),
  };
  const counterexample = one.counterexample && {
    ...one.counterexample,
    broken: brokeOf(one.counterexample.property),
    reason: reasonOf(one.counterexample),
  };
  const text = rendered(renderReplay, document, { scenario: one.scenario, counterexample, cases }, context.paint);
  return ending({ kind: "replay", document }, { text, again: againLine(options, one) });
}

const eventsOf = (one: ReplayedCase): NonNullable<ReplayReport["events"]> => {
  const shown = shownOf(one);
  return shown === undefined
    ? []
    : [{ world: one.world, bus: one.bus, events: shown.events.map(event => ({ ...event })) }];
};

function againLine(options: ReplayOptions, one: ToReplay): string {
  const { worlds, buses, profile, policy, require, backend, times, seedGiven } = options;
  return replayLine(options.file, {
    ...{
      world: worlds?.join(","),
      bus: buses,
      profile,
      policy: policy?.named,
      require,
      backend: backendOption(backend),
    },
    times: times === 1 ? undefined : times,
    seed: one.counterexample === undefined || seedGiven ? one.seed : undefined,
  });
}

/**
 * `faultline replay FILE`: one scenario or counterexample again, in one world or several, once or often. Shows what became of every
 * message at every step, and where the worlds differ. A counterexample is held against what it was found with, unless told otherwise;
 * in the model world its own answers are given again, and said where they no longer fit.
 */

import { setImmediate } from "node:timers/promises";
import { type Answer, sampled } from "../../models/choice.ts";
import { underPolicy } from "../../models/policy/under.ts";
import { profiles } from "../../models/profiles/index.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { type Verdict, worst } from "../../models/vocabulary/verdict.ts";
import { BusUnavailable } from "../bus-protocol/errors.ts";
import { BadInput, UsageError } from "../errors.ts";
import { findInput } from "../files/corpus.ts";
import { quoted, replayLine } from "../findings/again.ts";
import { brokeOf } from "../findings/broke.ts";
import { type Counterexample, readCase } from "../findings/counterexample.ts";
import { type CommandEnding, concluded, ending, isVacuous } from "../findings/ending.ts";
import { missingCapabilities, type Shortfall, shortfallOf, unprovenReason } from "../judge/capability.ts";
import type { Judgement } from "../judge/judge.ts";

import { liveRate, type Rate } from "../judge/rate.ts";
import { type AnsweredRun, type CaseRun, explained, runAnsweredCase, runCase } from "../judge/run.ts";
import type { SelfTestReport } from "../report/not-shown.ts";
import { type ReplayedCase, type ReplayReport, renderReplay, whyNotRun } from "../report/replay.ts";
import { wasInterrupted } from "../runs/interrupt.ts";
import { selfTestOf, serversAreThere } from "../runs/live.ts";
import { bundledNames, bundledProfile, profileOf } from "../runs/profiles.ts";
import type { WorldName } from "../world.ts";
import type { BackendName } from "../worlds/live/backend.ts";
import type { LiveStage, Site } from "../worlds/live/index.ts";
import { inLanes } from "../worlds/live/lanes.ts";
import { modelCapabilities } from "../worlds/model.ts";
import type { Context } from "./context.ts";
import { onSite } from "./live.ts";
import { backendOption, type Common, knownProfile } from "./options.ts";

export interface ReplayOptions extends Common {
  readonly file: string;
  /** Undefined: model, and live where its servers are there. */
  readonly worlds: readonly WorldName[] | undefined;
  readonly times: number;
  /** True where the seed was given, which then stands before the counterexample's. */
  readonly seedGiven: boolean;
}

/** The case to replay, with the file's own choices where the user made none. */
interface Replay {
  readonly scenario: Scenario;
  readonly counterexample: Counterexample | undefined;
  readonly seed: string;
  /** Given again by the model of the profile that they were recorded with; a seed of the user's own asks for others. */
  readonly answers: readonly Answer[];
  readonly buses: readonly string[];
  /** The buses were not named: one that is unavailable here is skipped and reported. */
  readonly busesAreAll: boolean;
  readonly profile: string | undefined;
  readonly worlds: readonly WorldName[];
  readonly times: number;
  readonly require: readonly string[];
  readonly lanes: number;
  readonly backend: BackendName;
}

/** Grows while it is replayed, so that what was found before an interrupt is there. */
interface Found {
  readonly cases: ReplayedCase[];
  selfTest: SelfTestReport | null;
}

export async function replay(context: Context, options: ReplayOptions): Promise<CommandEnding> {
  const one = await readReplay(options);
  context.say(`seed ${one.seed}`);
  const found: Found = { cases: [], selfTest: null };
  const interrupted = await wasInterrupted(context.signal, replayAll(context, one, found));
  return conclude(options, one, found, interrupted, context);
}

async function readReplay(options: ReplayOptions): Promise<Replay> {
  const { path, shown } = findInput(options.file);
  const { scenario: own, counterexample } = readCase(path, shown);
  const scenario = options.policy === undefined ? own : underPolicy(own, options.policy.policy);
  const seed = counterexample === undefined || options.seedGiven ? options.seed : counterexample.seed;
  const isModelOnly = counterexample?.world === "model" && options.buses.length === 0;
  const worlds = options.worlds ?? (!isModelOnly && (await serversAreThere()) ? ["model", "live"] : ["model"]);
  const recorded = counterexample === undefined || counterexample.world === "model" ? [] : [counterexample.bus];
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

/** Live first where a bus is a command: only its greeting tells what the model is to be. */
async function replayAll(context: Context, one: Replay, found: Found): Promise<void> {
  const known = new Map<string, Profile>();
  for (const bus of one.buses) {
    const name = one.profile ?? bundledProfile(bus);
    if (name !== undefined) known.set(bus, knownProfile(name));
  }
  const unknown = one.buses.filter(bus => !known.has(bus));
  if (!one.worlds.includes("live")) {
    if (unknown.length > 0)
      throw new UsageError(`In the model world the profile of ${unknown.join(", ")} must be named with --profile.`);
    return replayModels(context, one, [...known.values()], found);
  }
  await onSite(context, one, one.times, async site => {
    found.selfTest = selfTestOf(site);
    const stages = await openAll(context, site, one, known);
    if (one.worlds.includes("model")) await replayModels(context, one, [...known.values()], found);
    for (const [bus, stage] of stages) await replayLive(context, one, bus, stage, known.get(bus), found);
  });
}

async function openAll(
  context: Context,
  site: Site,
  one: Replay,
  known: Map<string, Profile>,
): Promise<Map<string, LiveStage>> {
  const stages = new Map<string, LiveStage>();
  for (const bus of one.buses) {
    const stage = await site.openBus(bus).catch((error: unknown) => {
      if (!one.busesAreAll || !(error instanceof BusUnavailable)) throw error;
      context.say(error.message);
    });
    if (stage === undefined) continue;
    stages.set(bus, stage);
    if (stage.unclaimed !== undefined) context.say(stage.unclaimed);
    known.set(bus, profileOf(stage.greeting.profile, bus, one.profile).profile);
  }
  return stages;
}

/** Runs between two looks at whether a signal came. */
const runsBetweenYields = 50;

async function replayModels(context: Context, one: Replay, all: readonly Profile[], found: Found): Promise<void> {
  for (const profile of new Set(all)) {
    const missing = missingCapabilities(one.scenario, modelCapabilities(profile));
    const { scenario, counterexample, require } = one;
    const answers = counterexample?.profile === profile.name ? one.answers : [];
    const shortfall: Shortfall = missing.length === 0 ? { kind: "none" } : { kind: "lacks", missing };
    const runs = begin(found, "model", profile.name, profile, shortfall);
    for (let i = 0; i < one.times && missing.length === 0 && !context.signal.aborted; i++) {
      const run = runAnsweredCase({ scenario, profile, answers, otherwise: sampled(one.seed) }, { require });
      if (i === 0 && answers.length > 0) tellAnswers(found, answers.length, run);
      runs.push(withPlaces(run));
      if ((i + 1) % runsBetweenYields === 0) await setImmediate();
    }
  }
}

/** Notes how the questions of the case that was begun last were answered. */
function tellAnswers({ cases }: Found, stored: number, { departures }: AnsweredRun): void {
  const begun = cases.pop();
  if (begun !== undefined) cases.push({ ...begun, answered: { stored, departures } });
}

async function replayLive(
  context: Context,
  one: Replay,
  bus: string,
  stage: LiveStage,
  profile: Profile | undefined,
  found: Found,
): Promise<void> {
  if (profile === undefined || context.signal.aborted) return;
  const { scenario, seed, times, require } = one;
  const shortfall = shortfallOf(scenario, stage);
  const runs = begin(found, "live", bus, profile, shortfall);
  const each = Array.from({ length: shortfall.kind === "none" ? times : 0 }, (_, i) => i);
  const run = (): Promise<CaseRun> => runCase(stage, { scenario, bus, profile, seed }, { require });
  for await (const { job, result } of inLanes(stage.lanes, each, run)) {
    context.progress.now(`${bus}: run ${job + 1} of ${times}`);
    runs.push(withPlaces(result));
    if (context.signal.aborted) break;
  }
}

/** A case without runs yet; what is pushed to its runs is seen in the report, whenever that is made. */
function begin(found: Found, world: WorldName, bus: string, { name }: Profile, shortfall: Shortfall): CaseRun[] {
  const runs: CaseRun[] = [];
  const missing = shortfall.kind === "lacks" ? shortfall.missing : [];
  const notShown = shortfall.kind === "unproven" ? shortfall.missing : [];
  found.cases.push({ world, bus, profile: name, missing, notShown, runs });
  return runs;
}

const withPlaces = (run: CaseRun): CaseRun => ({ ...run, events: explained(run) });

// ---- What it comes to ----

function conclude(
  options: ReplayOptions,
  one: Replay,
  { cases, selfTest }: Found,
  interrupted: boolean,
  context: Context,
): CommandEnding {
  const timesExercised = (id: string): number =>
    cases
      .flatMap(({ runs }) => runs.flatMap(run => run.judgement.properties))
      .reduce((sum, { property, exercised }) => sum + (property === id ? exercised : 0), 0);
  const vacuous = cases.length === 0 || isVacuous(one.require, timesExercised);
  const verdict = concluded(cases.map(verdictOf), { interrupted, vacuous });
  const nondeterministic = cases.some(isNondeterministic);
  const document: ReplayReport = {
    verdict,
    scenario: one.scenario.id,
    policy: one.scenario.policy?.name ?? null,
    seed: one.seed,
    interrupted,
    verdicts: cases.flatMap(verdictsOf),
    reproduced: reproducedIn(one, cases),
    answers: cases.flatMap(({ world, profile, answered }) =>
      answered === undefined ? [] : [{ world, profile, ...answered }],
    ),
    nondeterministic,
    digests: cases.flatMap(({ world, bus, runs }) =>
      [...new Set(runs.map(run => run.judgement.digest))].map(digest => ({ world, bus, digest })),
    ),
    ledger: cases.flatMap(replayed => ledgerRows(one, replayed)),
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
  };
  const counterexample = one.counterexample && {
    ...one.counterexample,
    broken: brokeOf(one.counterexample.property),
  };
  const text = renderReplay(document, { scenario: one.scenario, counterexample, cases }, context.paint);
  return ending({ kind: "replay", document }, { text, again: againLine(options, one) });
}

const verdictOf = ({ runs }: ReplayedCase): Verdict =>
  runs.length === 0 ? "inconclusive" : worst(runs.map(run => run.judgement.verdict));

/** The same seed, and another trace: only the model world promises that this cannot be. */
const isNondeterministic = ({ world, runs }: ReplayedCase): boolean =>
  world === "model" && new Set(runs.map(run => run.judgement.digest)).size > 1;

/** The number of runs that gave the verdict that the counterexample records, in its world; of a scenario, the first one of their case. */
function reproducedIn({ counterexample }: Replay, cases: readonly ReplayedCase[]): Rate {
  const same = cases.filter(one => one.world === counterexample?.world);
  let k = 0;
  let n = 0;
  const counted = same.length > 0 ? same : cases;
  for (const { runs } of counted) {
    const due = counterexample?.verdict ?? runs[0]?.judgement.verdict;
    k += runs.filter(run => run.judgement.verdict === due).length;
    n += runs.length;
  }
  // The model world leaves nothing to chance.
  return counted.every(one => one.world === "live") ? liveRate(k, n) : { k, n };
}

/** One entry for each verdict that a case came to. */
function verdictsOf(replayed: ReplayedCase): ReplayReport["verdicts"] {
  const { world, bus, profile, runs } = replayed;
  if (runs.length === 0)
    return [{ world, bus, profile, verdict: "inconclusive", reason: whyNotRun(replayed), times: 0 }];
  const seen = new Map<Verdict, { readonly judgement: Judgement; readonly times: number }>();
  for (const { judgement } of runs) {
    const known = seen.get(judgement.verdict);
    seen.set(judgement.verdict, { judgement: known?.judgement ?? judgement, times: (known?.times ?? 0) + 1 });
  }
  return [...seen].map(([verdict, { judgement, times }]) => {
    const { reason, conformance, expectMet = null, properties } = judgement;
    return { world, bus, profile, verdict, times, reason, conformance, expectMet, properties };
  });
}

/** One row for each ledger that a case came to. */
function ledgerRows({ scenario }: Replay, { world, bus, profile, runs }: ReplayedCase): ReplayReport["ledger"] {
  const seen = new Map<string, ReplayReport["ledger"][number]>();
  for (const { judgement } of runs) {
    const key = JSON.stringify(judgement.ledger);
    const { ledger, verdict, reason } = judgement;
    const known = seen.get(key);
    const row = { scenario: scenario.id, bus, profile, world, ...ledger, verdict, reason, times: 0 };
    seen.set(key, { ...(known ?? row), times: (known?.times ?? 0) + 1 });
  }
  return [...seen.values()];
}

function againLine(options: ReplayOptions, one: Replay): string {
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

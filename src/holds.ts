/**
 * One claim held in one world, as data: a promise of the catalogue or `conformance` on random scenarios, which fast-check draws and
 * shrinks, or the `corpus`. Called by src/vitest.ts and by those who use another runner. Runner-free: it neither registers a test,
 * nor writes a file, nor throws over a broken promise.
 *
 * Conformance is judged whatever the claim, as everywhere: a bus that the model does not admit is not the bus that was declared.
 * The claim `conformance` also judges all that the profile promises, as `faultline compare` does.
 */

import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { hashText } from "../models/choice.ts";
import { profiles } from "../models/profiles/index.ts";
import type { Profile } from "../models/vocabulary/profile.ts";
import type { Capability, Scenario } from "../models/vocabulary/scenario.ts";
import { scenarios } from "../properties/arbitraries/scenario.ts";
import { catalogue } from "../properties/catalogue.ts";
import { UsageError } from "./errors.ts";
import { loadCorpus } from "./files/corpus.ts";
import { replayLine } from "./findings/again.ts";
import { type Broke, brokenBy, isSameBug, whyBroken } from "./findings/broke.ts";
import { type Counterexample, counterexampleOf, type LiveVersions } from "./findings/counterexample.ts";
import { claimedBy, shortfallOf, unprovenReason } from "./judge/capability.ts";
import type { Judgement, JudgeOptions } from "./judge/judge.ts";
import { liveRate, type Rate, rateText } from "./judge/rate.ts";
import { type CaseRun, runCase } from "./judge/run.ts";
import { renderFailure } from "./report/failure.ts";
import { renderSelfTest, type SelfTestReport } from "./report/not-shown.ts";
import { plain } from "./report/paint.ts";
import { counted } from "./report/table.ts";
import { Interrupted, unlessInterrupted } from "./runs/interrupt.ts";
import { liveVersions, openSite, selfTestOf } from "./runs/live.ts";
import { bundledProfile, profileOf } from "./runs/profiles.ts";
import type { Stage, WorldName } from "./world.ts";
import { inLanes, lanesDefault } from "./worlds/live/lanes.ts";
import { openModel } from "./worlds/model.ts";

export interface HoldsOptions {
  readonly world: WorldName;
  /** The profile that the bus is held against. Live, it is the one that the bus names in its greeting unless one is given here. */
  readonly profile?: string;
  /** A bundled bus's name or a command line. In the model world a bundled one stands for its profile. */
  readonly bus?: string;
  /** Random scenarios: 1000 in the model and 30 live, if not given. The corpus has its own number. */
  readonly runs?: number;
  /** A word: the same word, the same scenarios. */
  readonly seed?: string;
  /** Ends the runs early: the verdict is then inconclusive, unless a violation was found before. */
  readonly signal?: AbortSignal;
}

/** The checked question, with every choice made. */
export interface Asked {
  readonly claim: string;
  readonly world: WorldName;
  readonly profile: string | undefined;
  readonly bus: string;
  readonly runs: number;
  readonly seed: string;
}

/** The totals of the runs. */
export interface Tally {
  readonly runs: number;
  /** Runs with a fault proven to have taken effect while messages were under way. */
  readonly disturbed: number;
  readonly inconclusive: number;
  /** Times that the claim truly applied, in runs that proved something. */
  readonly exercised: number;
}

interface Held extends Tally {
  readonly claim: string;
  readonly seed: string;
  /** The signal came before the end. */
  readonly interrupted: boolean;
  /** The claims that the fault injector's self-test tried and failed at; null in the model world. */
  readonly selfTest: SelfTestReport | null;
}

export type HoldsVerdict =
  | (Held & { readonly verdict: "holds" })
  | (Held & { readonly verdict: "inconclusive"; readonly reason: string })
  | (Held & {
      readonly verdict: "violated";
      readonly reason: string;
      /** The counterexample for `keepCounterexample` to write. */
      readonly counterexample: Counterexample;
      /** The shrunk scenario, what became of it, and how it was found. */
      readonly shown: string;
      /** The options that a replay needs to judge the same. */
      readonly replayWith: readonly string[];
    });

const runsOf: Readonly<Record<WorldName, number>> = { model: 1_000, live: 30 };
const shrinkBoundMs: Readonly<Record<WorldName, number>> = { model: 60_000, live: 120_000 };
const rerunsOfFailure = 10;
/** Live, while the failure comes every time, a candidate is taken only if it fails so often again. */
const runsToTake = 2;
const runsBetweenYields = 50;

/** Checks what is asked without running anything. @throws UsageError */
export function readHolds(claim: string, options: HoldsOptions): Asked {
  const { world, seed = "1", runs = runsOf[world] } = options;
  const refuse = (why: string): never => {
    throw new UsageError(`holds(${JSON.stringify(claim)}, …): ${why}`);
  };
  const known = [...catalogue.map(one => one.id), "conformance", "corpus"];
  if (!known.includes(claim)) refuse(`there is no such claim. There are:\n${known.map(id => `  ${id}`).join("\n")}`);
  if (!Object.hasOwn(runsOf, world)) refuse(`the worlds are model and live; it names ${JSON.stringify(world)}.`);
  if (!Number.isSafeInteger(runs) || runs < 1) refuse(`runs must be a whole number from 1; it is ${runs}.`);
  const profile = options.profile ?? (world === "model" ? bundledProfile(options.bus ?? "") : undefined);
  if (profile !== undefined && profiles[profile] === undefined)
    refuse(
      `there is no profile ${JSON.stringify(profile)}; the known profiles are ${Object.keys(profiles).join(", ")}.`,
    );
  const bus = world === "model" ? profile : options.bus;
  if (bus === undefined) return refuse(`the ${world} world needs a ${world === "model" ? "profile" : "bus"}.`);
  return { claim, world, profile, bus, runs, seed };
}

/** The claim as a test's name. The seed is left out, so that the name is the same from run to run. */
export function titleOf({ claim, world, profile, bus }: Asked): string {
  const where = world === "model" ? `in the model of ${bus}` : `live on ${bus}`;
  return `${claim} holds ${where}${world === "live" && profile !== undefined ? `, as ${profile}` : ""}`;
}

/** More than it ever takes, a first build of the servers included. */
export const boundMs = ({ world, runs }: Asked): number =>
  world === "model" ? 2 * shrinkBoundMs.model + runs * 50 : 30 * 60_000 + runs * 30_000;

/** @throws LiveUnavailable if the live world is unavailable */
export async function verdictOn(
  claim: string,
  options: HoldsOptions,
  onProgress: (line: string) => void = () => {},
): Promise<HoldsVerdict> {
  const asked = readHolds(claim, options);
  const { signal = neverAborted() } = options;
  const opening = openGround(asked, signal, onProgress);
  const ground = await unlessInterrupted(signal, opening).catch((error: unknown) => {
    if (!(error instanceof Interrupted)) throw error;
    // It is closed as soon as it is open, and the verdict does not wait for that.
    void opening.then(one => one.close()).catch(() => {});
    return undefined;
  });
  if (ground === undefined) return cutShort(asked, { ...newTally(), selfTest: null });
  try {
    return claim === "corpus" ? await overCorpus(asked, ground) : await overRandom(asked, ground);
  } finally {
    await ground.close();
  }
}

const neverAborted = (): AbortSignal => new AbortController().signal;

/** The verdict for a person. The last line of a violation is the one that replays the file. */
export function renderHolds(held: HoldsVerdict, file: string): string {
  switch (held.verdict) {
    case "holds":
      return `✓ ${held.claim} held in ${counted(held.runs, "run")}, exercised ${counted(held.exercised, "time")}`;
    case "inconclusive":
      return `? ${held.claim} is inconclusive, which is no pass: ${held.reason}\n${renderSelfTest(held.selfTest, plain)}`.trimEnd();
    case "violated":
      return `${held.shown}\n\n${[replayLine(file), ...held.replayWith].join(" ")}`;
  }
}

// ---- Where it is held ----

interface Ground {
  readonly stage: Stage;
  readonly profile: Profile;
  /** The profile that the bus itself declares: scenarios are made for it. */
  readonly declared: Profile;
  readonly overridden: boolean;
  readonly versions: LiveVersions;
  /** The number of cases that run at once. */
  readonly lanes: number;
  readonly selfTest: SelfTestReport | null;
  readonly signal: AbortSignal;
  close(): Promise<void>;
}

async function openGround(
  { claim, world, profile: named, bus, runs }: Asked,
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<Ground> {
  if (world === "model") {
    const profile = profiles[bus];
    if (profile === undefined) throw new Error(`readHolds let pass the profile ${bus}`);
    const stage = openModel(profile);
    const of = { profile, declared: profile, overridden: false, versions: {}, lanes: 1, selfTest: null, signal };
    return { ...of, stage, close: () => stage.close() };
  }
  const casesMax = claim === "corpus" ? loadCorpus().length : runs;
  const site = await openSite(onProgress, { lanes: lanesDefault, backend: "process" }, casesMax);
  try {
    const stage = await site.openBus(bus);
    if (stage.unclaimed !== undefined) onProgress(stage.unclaimed);
    const held = profileOf(stage.greeting.profile, bus, named);
    const { lanes } = stage;
    const versions = liveVersions(site, stage);
    return { ...held, stage, versions, lanes, selfTest: selfTestOf(site), signal, close: () => site.close() };
  } catch (error) {
    await site.close();
    throw error;
  }
}

// ---- Random scenarios ----

interface Failing extends CaseRun {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly broken: Broke;
}

/** The way by which fast-check came to it. */
interface Found {
  readonly seed: number;
  readonly numRuns: number;
  readonly numShrinks: number;
  readonly counterexamplePath: string | null;
}

/** Only the claimed promise, promised or not; or all that is promised. */
const judgingOf = (claim: string): JudgeOptions =>
  claim === "conformance" || claim === "corpus" ? {} : { require: [claim], only: [claim] };

async function overRandom(asked: Asked, ground: Ground): Promise<HoldsVerdict> {
  const tally = newTally(ground);
  let first: Failing | undefined;
  /** The smallest so far: fast-check goes on from each candidate that fails. */
  let last: Failing | undefined;
  /** It comes every time, so that nothing that comes now and then is taken in its place. */
  let isSteady = false;
  let shrinkBeganMs = 0;
  let shrinkRuns = 0;
  let bug: unknown;

  const attempt = async (scenario: Scenario): Promise<boolean> => {
    if (ground.signal.aborted) return true;
    if (first !== undefined && performance.now() - shrinkBeganMs > shrinkBoundMs[asked.world]) return true;
    const seed = seedOf(asked, scenario);
    const run = first === undefined ? await ahead.next(scenario) : await runOn(asked, ground, scenario, seed);
    if ("missing" in run) {
      countNotShown(tally, scenario.id, run.missing);
      return true;
    }
    const broken = brokenBy(run.judgement);
    if (first === undefined) count(tally, asked.claim, run.judgement);
    else shrinkRuns++;
    if (tally.runs % runsBetweenYields === 0) await setImmediate();
    if (broken === undefined || (first !== undefined && !isSameBug(first.broken, broken))) return true;
    const failing = { ...run, scenario, seed, broken };
    if (first === undefined) {
      first = failing;
      shrinkBeganMs = performance.now();
      isSteady = asked.world === "live" && (await comesAgain(failing));
    } else if (isSteady && !(await comesAgain(failing))) return true;
    last = failing;
    return false;
  };
  const comesAgain = async (failing: Failing): Promise<boolean> => {
    shrinkRuns += runsToTake;
    return (await rerun(asked, ground, failing, runsToTake)).k === runsToTake;
  };
  /** A thrown error is no counterexample, and is not shrunk: it ends the runs. */
  const holds = async (scenario: Scenario): Promise<boolean> => {
    try {
      return bug !== undefined || (await attempt(scenario));
    } catch (error) {
      bug = error;
      return true;
    }
  };
  // The space is all that bus and world claim: a seed gives the same scenarios whether or not the injector has shown its part.
  const drawn = scenarios({ profile: ground.declared, capabilities: claimedBy(ground.stage) });
  const draw = { numRuns: asked.runs, seed: hashText(asked.seed) | 0 };
  const ahead = runAhead(asked, ground, () => fc.sample(drawn, draw));
  const details = await fc.check(fc.asyncProperty(drawn, holds), draw);
  await ahead.end();
  if (bug !== undefined) throw bug;
  if (last === undefined) return ground.signal.aborted ? cutShort(asked, tally) : concludeRandom(asked, tally);
  const reproduced = await rerun(asked, ground, last, rerunsOfFailure);
  return violated(asked, ground, tally, last, storyOf(asked, details, shrinkRuns, reproduced), reproduced);
}

const seedOf = ({ seed }: Asked, { id }: Scenario): string => `${seed}/${id}`;

/** Only the injector keeps it from being run. */
interface NotShown {
  readonly missing: readonly Capability[];
}

interface Ahead {
  /** The result of the scenario, which must be the next of those that are drawn. */
  next(scenario: Scenario): Promise<CaseRun | NotShown>;
  /** Returns when nothing is under way any more. */
  end(): Promise<void>;
}

/** fast-check runs one scenario after the other. Which it will draw is known beforehand, so where there are lanes they are run ahead of it. */
function runAhead(asked: Asked, ground: Ground, draw: () => readonly Scenario[]): Ahead {
  const run = async (scenario: Scenario): Promise<CaseRun | NotShown> => {
    const shortfall = shortfallOf(scenario, ground.stage);
    return shortfall.kind === "unproven" ? shortfall : runOn(asked, ground, scenario, seedOf(asked, scenario));
  };
  if (ground.lanes === 1) return { next: run, end: async () => {} };
  const results = inLanes(ground.lanes, draw(), run);
  return {
    async next(scenario) {
      const next = await results.next();
      if (next.done === true || !isDeepStrictEqual(next.value.job, scenario))
        throw new Error(`fault in faultline: fast-check drew ${scenario.id}, which was not the next of its sample`);
      return next.value.result;
    },
    end: () => results.return().then(() => {}),
  };
}

const runOn = ({ claim, bus }: Asked, { stage, profile }: Ground, scenario: Scenario, seed: string): Promise<CaseRun> =>
  runCase(stage, { scenario, bus, profile, seed }, judgingOf(claim));

/** The rate at which the shrunk scenario fails again: live, that is left to chance. */
async function rerun(asked: Asked, ground: Ground, { scenario, seed, broken }: Failing, n: number): Promise<Rate> {
  if (asked.world === "model") return { k: 1, n: 1 };
  let k = 0;
  let runs = 0;
  for (; runs < n && !ground.signal.aborted; runs++) {
    const again = brokenBy((await runOn(asked, ground, scenario, seed)).judgement);
    if (again !== undefined && isSameBug(broken, again)) k++;
  }
  return liveRate(k, runs);
}

function storyOf({ world, seed, runs }: Asked, found: Found, shrinkRuns: number, reproduced: Rate): string {
  const at = `found at run ${found.numRuns} of ${runs} with seed ${seed}`;
  const fast = `fast-check: seed ${found.seed}, path "${found.counterexamplePath}"`;
  const shrunk = `shrunk ${counted(found.numShrinks, "time")} in ${counted(shrinkRuns, "run")}`;
  return `${at} (${fast}), ${shrunk}${world === "live" ? `, seen again in ${rateText(reproduced)}` : ""}`;
}

const heldBy = (
  { claim, seed }: Asked,
  { why: _why, notShown: _notShown, ...counts }: Counting,
  interrupted: boolean,
): Held => ({ claim, seed, interrupted, ...counts });

function cutShort(asked: Asked, tally: Counting): HoldsVerdict {
  const of = asked.claim === "corpus" ? "" : ` of ${asked.runs}`;
  const reason = `interrupted after ${tally.runs}${of} ${tally.runs === 1 && of === "" ? "run" : "runs"}`;
  return { ...heldBy(asked, tally, true), verdict: "inconclusive", reason };
}

/** Never exercised is no pass, however many runs there were; nor is a run that the injector could not make. */
function concludeRandom(asked: Asked, tally: Counting): HoldsVerdict {
  const { claim } = asked;
  const { why, notShown } = tally;
  const held = heldBy(asked, tally, false);
  if (notShown > 0)
    return { ...held, verdict: "inconclusive", reason: `${notShown} of ${counted(tally.runs, "run")}: ${why}` };
  if (tally.exercised > 0) return { ...held, verdict: "holds" };
  const inconclusive =
    tally.inconclusive === 0 ? "" : `; ${tally.inconclusive} of them proved nothing, the first because ${why}`;
  const what = claim === "conformance" ? "no fault met a message" : "it was never exercised";
  const advice = "more runs may get there; if nothing can, with this client, it is not a claim to test here";
  const reason = `vacuous: ${what} in ${counted(tally.runs, "run")}${inconclusive}; ${advice}`;
  return { ...held, verdict: "inconclusive", reason };
}

// ---- The corpus ----

/** Every scenario that the bus can do, to the end: each must hold, and meet what was typed in for its profile. */
async function overCorpus(asked: Asked, ground: Ground): Promise<HoldsVerdict> {
  const tally = newTally(ground);
  const failing: Failing[] = [];
  const able: Scenario[] = [];
  for (const { scenario } of loadCorpus()) {
    const shortfall = shortfallOf(scenario, ground.stage);
    if (shortfall.kind === "none") able.push(scenario);
    if (shortfall.kind === "unproven") countNotShown(tally, scenario.id, shortfall.missing);
  }
  const runs = inLanes(ground.lanes, able, scenario => runOn(asked, ground, scenario, asked.claim));
  for await (const { job: scenario, result: run } of runs) {
    count(tally, asked.claim, run.judgement, scenario.id);
    const broken = brokenBy(run.judgement);
    if (broken !== undefined) failing.push({ ...run, scenario, seed: asked.claim, broken });
    if (tally.runs % runsBetweenYields === 0) await setImmediate();
    if (ground.signal.aborted) break;
  }
  const [first, ...others] = failing;
  if (first !== undefined) {
    const also = others.map(one => `\n  also ${one.scenario.id}: ${one.judgement.reason}`).join("");
    return violated(asked, ground, tally, first, `scenario ${first.scenario.id} of the corpus${also}`, { k: 1, n: 1 });
  }
  if (ground.signal.aborted) return cutShort(asked, tally);
  const { why } = tally;
  const held = heldBy(asked, tally, false);
  if (tally.runs === 0)
    return { ...held, verdict: "inconclusive", reason: "vacuous: the bus can do no scenario of the corpus" };
  if (tally.inconclusive === 0) return { ...held, verdict: "holds" };
  const reason = `${tally.inconclusive} of ${counted(tally.runs, "scenario")} proved nothing, the first because ${why}`;
  return { ...held, verdict: "inconclusive", reason };
}

// ---- What it comes to ----

type Counting = { -readonly [key in keyof Tally]: Tally[key] } & {
  /** The reason of the first run that proved nothing; one that the injector could not make comes before any other. */
  why: string;
  /** The number of inconclusive cases that the injector could not make. */
  notShown: number;
  readonly selfTest: SelfTestReport | null;
};

const newTally = ({ selfTest }: Pick<Ground, "selfTest"> = { selfTest: null }): Counting => ({
  ...{ runs: 0, disturbed: 0, inconclusive: 0, exercised: 0 },
  ...{ why: "", notShown: 0, selfTest },
});

function countNotShown(tally: Counting, scenario: string, missing: readonly Capability[]): void {
  tally.runs++;
  tally.inconclusive++;
  if (tally.notShown++ === 0) tally.why = `${scenario}: ${unprovenReason(missing)}`;
}

function count(tally: Counting, claim: string, { verdict, reason, disturbed, properties }: Judgement, of = ""): void {
  tally.runs++;
  if (disturbed) tally.disturbed++;
  if (verdict === "inconclusive") {
    if (tally.inconclusive++ === 0) tally.why = of === "" ? reason : `${of}: ${reason}`;
    return;
  }
  if (claim === "corpus") tally.exercised++;
  else if (claim === "conformance") tally.exercised += disturbed ? 1 : 0;
  else tally.exercised += properties.find(one => one.property === claim)?.exercised ?? 0;
}

function violated(
  asked: Asked,
  { profile, overridden, versions, signal }: Ground,
  tally: Counting,
  failing: Failing,
  story: string,
  reproduced: Rate,
): HoldsVerdict {
  const { world, bus } = asked;
  const { scenario, broken, judgement, events } = failing;
  const { reason, ledger } = judgement;
  const counterexample = counterexampleOf({ ...failing, bus, profile, world, overridden, reproduced, versions });
  const why = whyBroken(judgement, broken, scenario.expect[profile.name]);
  const shown = renderFailure({ scenario, broken, reason: why, ledger, events, story }, plain);
  // A replay judges what the profile promises, and conformance; what it does not promise has to be asked for.
  const replayWith =
    broken.kind === "promise" && !profile.promises.includes(broken.property) ? ["--require", broken.property] : [];
  return { ...heldBy(asked, tally, signal.aborted), verdict: "violated", reason, counterexample, shown, replayWith };
}

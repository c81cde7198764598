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
import { planCase } from "../models/plan/plan.ts";
import { profiles } from "../models/profiles/index.ts";
import type { Profile } from "../models/vocabulary/profile.ts";
import type { Scenario } from "../models/vocabulary/scenario.ts";
import { scenarios } from "../properties/arbitraries/scenario.ts";
import { catalogue } from "../properties/catalogue.ts";
import { missingCapabilities } from "./capability.ts";
import type { Context } from "./commands/context.ts";
import { liveVersions, openLive, profileOf } from "./commands/live.ts";
import { bundledProfile, quoted } from "./commands/options.ts";
import { loadCorpus } from "./corpus.ts";
import { type Counterexample, type Versions, versionsHere } from "./counterexample.ts";
import { UsageError } from "./errors.ts";
import type { Judgement, JudgeOptions } from "./judge.ts";
import { liveRate, type Rate, rateText } from "./rate.ts";
import { renderFailure } from "./report/failure.ts";
import { plain } from "./report/paint.ts";
import { counted } from "./report/table.ts";
import { brokenBy, type CaseRun, explain, runCase, runModelCase, whyBroken } from "./run.ts";
import type { Stage, WorldName } from "./world.ts";
import { inLanes, lanesDefault } from "./worlds/live/lanes.ts";
import { openModel } from "./worlds/model.ts";

export interface HoldsOptions {
  readonly world: WorldName;
  /** What the bus is held against. Live, it is the one that the bus names in its greeting unless one is given here. */
  readonly profile?: string;
  /** A bundled bus's name or a command line. In the model world a bundled one stands for its profile. */
  readonly bus?: string;
  /** Random scenarios: 1000 in the model and 30 live, if not given. The corpus has its own number. */
  readonly runs?: number;
  /** A word: the same word, the same scenarios. */
  readonly seed?: string;
}

/** What was asked, checked, with every choice made. */
export interface Asked {
  readonly claim: string;
  readonly world: WorldName;
  readonly profile: string | undefined;
  readonly bus: string;
  readonly runs: number;
  readonly seed: string;
}

/** What the runs came to. */
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
}

export type HoldsVerdict =
  | (Held & { readonly verdict: "holds" })
  | (Held & { readonly verdict: "inconclusive"; readonly reason: string })
  | (Held & {
      readonly verdict: "violated";
      readonly reason: string;
      /** To be written by `keepCounterexample`. */
      readonly counterexample: Counterexample;
      /** The shrunk scenario, what became of it, and how it was found. */
      readonly shown: string;
      /** What to add to a replay so that it judges the same. */
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
    refuse(`there is no profile ${JSON.stringify(profile)}; known are ${Object.keys(profiles).join(", ")}.`);
  const bus = world === "model" ? profile : options.bus;
  if (bus === undefined) return refuse(`the ${world} world needs a ${world === "model" ? "profile" : "bus"}.`);
  return { claim, world, profile, bus, runs, seed };
}

/** How the claim reads as a test's name; the seed is left out, so that it is the same from run to run. */
export function titleOf({ claim, world, profile, bus }: Asked): string {
  const where = world === "model" ? `in the model of ${bus}` : `live on ${bus}`;
  return `${claim} holds ${where}${world === "live" && profile !== undefined ? `, as ${profile}` : ""}`;
}

/** More than it ever takes, a first build of the servers included. */
export const boundMs = ({ world, runs }: Asked): number =>
  world === "model" ? 2 * shrinkBoundMs.model + runs * 50 : 30 * 60_000 + runs * 30_000;

/** @throws LiveUnavailable where the live world is not to be had */
export async function verdictOn(
  claim: string,
  options: HoldsOptions,
  onProgress: (line: string) => void = () => {},
): Promise<HoldsVerdict> {
  const asked = readHolds(claim, options);
  const ground = await openGround(asked, onProgress);
  try {
    return claim === "corpus" ? await overCorpus(asked, ground) : await overRandom(asked, ground);
  } finally {
    await ground.close();
  }
}

/** For a person; the last line of a violation is the one that replays the file. */
export function renderHolds(held: HoldsVerdict, file: string): string {
  switch (held.verdict) {
    case "holds":
      return `✓ ${held.claim} held in ${counted(held.runs, "run")}, exercised ${counted(held.exercised, "time")}`;
    case "inconclusive":
      return `? ${held.claim} is inconclusive, which is no pass: ${held.reason}`;
    case "violated":
      return `${held.shown}\n\n${["npx faultline replay", quoted(file), ...held.replayWith.map(quoted)].join(" ")}`;
  }
}

// ---- Where it is held ----

interface Ground {
  readonly stage: Stage;
  readonly profile: Profile;
  /** What the bus says of itself: scenarios are made for that. */
  readonly declared: Profile;
  readonly overridden: boolean;
  readonly versions: Omit<Versions, "faultline" | "node">;
  /** How many cases run at once. */
  readonly lanes: number;
  close(): Promise<void>;
}

async function openGround(
  { claim, world, profile: named, bus, runs }: Asked,
  onProgress: (line: string) => void,
): Promise<Ground> {
  if (world === "model") {
    const profile = profiles[bus];
    if (profile === undefined) throw new Error(`readHolds let pass the profile ${bus}`);
    const stage = openModel(profile);
    return { stage, profile, declared: profile, overridden: false, versions: {}, lanes: 1, close: () => stage.close() };
  }
  const casesMax = claim === "corpus" ? loadCorpus().length : runs;
  const site = await openLive(contextOf(onProgress), { lanes: lanesDefault, backend: "process" }, casesMax);
  try {
    const stage = await site.openBus(bus);
    if (stage.unclaimed !== undefined) onProgress(stage.unclaimed);
    const held = profileOf(stage.greeting.profile, bus, named);
    const { lanes } = stage;
    return { ...held, stage, versions: liveVersions(site, stage), lanes, close: () => site.close() };
  } catch (error) {
    await site.close();
    throw error;
  }
}

/** What the way to the live world asks of a command: here nobody interrupts it, and verdictOn closes what it opens. */
const contextOf = (now: (line: string) => void): Context => ({
  progress: { now, note: now, end: () => {} },
  paint: plain,
  signal: new AbortController().signal,
  say: () => {},
  onLeave: () => {},
});

// ---- Random scenarios ----

interface Failing extends CaseRun {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly broken: string;
}

/** How fast-check came to it. */
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
  const tally = newTally();
  let first: Failing | undefined;
  /** The smallest so far: fast-check goes on from each candidate that fails. */
  let last: Failing | undefined;
  /** It comes every time, so that nothing that comes now and then is taken in its place. */
  let isSteady = false;
  let shrinkBeganMs = 0;
  let shrinkRuns = 0;
  let bug: unknown;

  const attempt = async (scenario: Scenario): Promise<boolean> => {
    if (first !== undefined && performance.now() - shrinkBeganMs > shrinkBoundMs[asked.world]) return true;
    const seed = seedOf(asked, scenario);
    const run = first === undefined ? await ahead.next(scenario) : await runOn(asked, ground, scenario, seed);
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
  /** What is thrown is no counterexample, and not to be shrunk: it ends the runs. */
  const holds = async (scenario: Scenario): Promise<boolean> => {
    try {
      return bug !== undefined || (await attempt(scenario));
    } catch (error) {
      bug = error;
      return true;
    }
  };
  const drawn = scenarios({ profile: ground.declared, capabilities: ground.stage.capabilities });
  const draw = { numRuns: asked.runs, seed: hashText(asked.seed) | 0 };
  const ahead = runAhead(asked, ground, () => fc.sample(drawn, draw));
  const details = await fc.check(fc.asyncProperty(drawn, holds), draw);
  await ahead.end();
  if (bug !== undefined) throw bug;
  if (last === undefined) return concludeRandom(asked, tally);
  const reproduced = await rerun(asked, ground, last, rerunsOfFailure);
  return violated(asked, ground, tally, last, storyOf(asked, details, shrinkRuns, reproduced), reproduced);
}

const seedOf = ({ seed }: Asked, { id }: Scenario): string => `${seed}/${id}`;

interface Ahead {
  /** What the scenario came to, which must be the next of those that are drawn. */
  next(scenario: Scenario): Promise<CaseRun>;
  /** Returns when nothing is under way any more. */
  end(): Promise<void>;
}

/** fast-check runs one scenario after the other. Which it will draw is known beforehand, so where there are lanes they are run ahead of it. */
function runAhead(asked: Asked, ground: Ground, draw: () => readonly Scenario[]): Ahead {
  const run = (scenario: Scenario): Promise<CaseRun> => runOn(asked, ground, scenario, seedOf(asked, scenario));
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

/** A broken promise names what the oracle only calls "not permitted": it is the better case of the same disagreement. */
const isSameBug = (first: string, now: string): boolean => now === first || first === "conformance";

/** How often the shrunk one comes again: live, that is not ours to say. */
async function rerun(asked: Asked, ground: Ground, { scenario, seed, broken }: Failing, n: number): Promise<Rate> {
  if (asked.world === "model") return { k: 1, n: 1 };
  let k = 0;
  for (let i = 0; i < n; i++) {
    const again = brokenBy((await runOn(asked, ground, scenario, seed)).judgement);
    if (again !== undefined && isSameBug(broken, again)) k++;
  }
  return liveRate(k, n);
}

function storyOf({ world, seed, runs }: Asked, found: Found, shrinkRuns: number, reproduced: Rate): string {
  const at = `found at run ${found.numRuns} of ${runs} with seed ${seed}`;
  const fast = `fast-check: seed ${found.seed}, path "${found.counterexamplePath}"`;
  const shrunk = `shrunk ${counted(found.numShrinks, "time")} in ${counted(shrinkRuns, "run")}`;
  return `${at} (${fast}), ${shrunk}${world === "live" ? `, seen again in ${rateText(reproduced)}` : ""}`;
}

/** Never exercised is no pass, however many runs there were. */
function concludeRandom(asked: Asked, tally: Counting): HoldsVerdict {
  const { claim, seed } = asked;
  const { why, ...counts } = tally;
  const held = { claim, seed, ...counts };
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
  const tally = newTally();
  const failing: Failing[] = [];
  const able = loadCorpus()
    .map(({ scenario }) => scenario)
    .filter(scenario => missingCapabilities(scenario, ground.stage.capabilities).length === 0);
  const runs = inLanes(ground.lanes, able, scenario => runOn(asked, ground, scenario, asked.claim));
  for await (const { job: scenario, result: run } of runs) {
    count(tally, asked.claim, run.judgement, scenario.id);
    const broken = brokenBy(run.judgement);
    if (broken !== undefined) failing.push({ ...run, scenario, seed: asked.claim, broken });
  }
  const [first, ...others] = failing;
  if (first !== undefined) {
    const also = others.map(one => `\n  also ${one.scenario.id}: ${one.judgement.reason}`).join("");
    return violated(asked, ground, tally, first, `scenario ${first.scenario.id} of the corpus${also}`, { k: 1, n: 1 });
  }
  const { why, ...counts } = tally;
  const held = { claim: asked.claim, seed: asked.seed, ...counts };
  if (tally.runs === 0)
    return { ...held, verdict: "inconclusive", reason: "vacuous: the bus can do no scenario of the corpus" };
  if (tally.inconclusive === 0) return { ...held, verdict: "holds" };
  const reason = `${tally.inconclusive} of ${counted(tally.runs, "scenario")} proved nothing, the first because ${why}`;
  return { ...held, verdict: "inconclusive", reason };
}

// ---- What it comes to ----

type Counting = { -readonly [key in keyof Tally]: Tally[key] } & {
  /** Of the first run that proved nothing. */
  why: string;
};

const newTally = (): Counting => ({ runs: 0, disturbed: 0, inconclusive: 0, exercised: 0, why: "" });

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
  { claim, world, bus, seed: asked }: Asked,
  { profile, overridden, versions }: Ground,
  tally: Counting,
  { scenario, seed, broken, judgement, events }: Failing,
  story: string,
  reproduced: Rate,
): HoldsVerdict {
  const { why: _why, ...counts } = tally;
  const { reason, ledger: observed, verdict, digest } = judgement;
  const counterexample: Counterexample = {
    version: 1,
    kind: "counterexample",
    scenario,
    bus,
    profile: profile.name,
    world,
    seed,
    property: broken,
    reason,
    verdict,
    expected: runModelCase({ scenario, profile, seed }).judgement.ledger,
    observed,
    answers: explain(planCase(scenario, profile), events).answers,
    digest,
    versions: versionsHere(versions),
    overridden,
    reproduced,
  };
  const why = whyBroken(judgement, broken, scenario.expect[profile.name]);
  const shown = renderFailure({ scenario, broken, reason: why, ledger: observed, events, story }, plain);
  // A replay judges what the profile promises, and conformance; what it does not promise has to be asked for.
  const isPromise = catalogue.some(one => one.id === broken);
  const replayWith = isPromise && !profile.promises.includes(broken) ? ["--require", broken] : [];
  return { claim, seed: asked, ...counts, verdict: "violated", reason, counterexample, shown, replayWith };
}

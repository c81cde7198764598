/**
 * Random scenarios on a real bus, each held against the model: its observation must be one that the oracle admits, and no promise
 * may be broken. Word i follows from (seed, i) alone, so run i of a seed is the same scenario for ever; which way it goes live is
 * not ours to say, so a failure is run again and its rate stated. `compare` and `search --world live` are this.
 */

import { inLiveTime } from "../../../models/policy/times.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Capability, Scenario } from "../../../models/vocabulary/scenario.ts";
import { scenarioUnder } from "../../../properties/arbitraries/policy-scenario.ts";
import { type Broke, brokenBy, brokeOf, brokeText, conformance, isSameBug } from "../../findings/broke.ts";
import { claimedBy, shortfallOf, unprovenReason } from "../../judge/capability.ts";
import type { Judgement, JudgeOptions } from "../../judge/judge.ts";
import { liveRate, type Rate } from "../../judge/rate.ts";
import { type CaseRun, runCase } from "../../judge/run.ts";
import { branches, type Witnessed } from "../../judge/witnessed.ts";
import type { FoundShrunk, Journal } from "../../runs/journal.ts";
import type { Stage } from "../../world.ts";
import type { LiveStage } from "../../worlds/live/index.ts";
import { inLanes } from "../../worlds/live/lanes.ts";
import { shrink } from "../shrink/shrink.ts";
import { type Coverage, coverCase, newCoverage } from "./coverage.ts";

export interface LiveSearch {
  readonly stage: Stage & Pick<LiveStage, "lanes">;
  readonly bus: string;
  /** What the bus is held against. */
  readonly profile: Profile;
  /** What it declares itself: the scenarios are made for that. */
  readonly declared: Profile;
  readonly seed: string;
  readonly runsMax: number;
  readonly budgetMs: number;
  readonly judging: JudgeOptions;
  /** What the bus does around its client. */
  readonly policy: Policy | undefined;
  /** After the first failure, too. */
  readonly keepGoing: boolean;
  /** What it has of cases is not run again. */
  readonly journal: Journal;
}

export interface LiveFailure extends CaseRun {
  readonly scenario: Scenario;
  readonly broken: Broke;
  /** Of runs made only for that, once it was shrunk. */
  readonly reproduced: Rate;
  /** While it was shrunk, what is left failed in every run. */
  readonly steady: boolean;
  /** The scenario as it was found. */
  readonly foundAs: string;
  readonly shrinkRuns: number;
}

/** Grows while the search runs, so that what was found before an interrupt is there. */
export interface LiveFound {
  readonly coverage: Coverage;
  readonly inconclusive: { readonly word: string; readonly reason: string }[];
  /** The inconclusive that only the injector kept from being run. */
  readonly notShown: { readonly scenario: string; readonly missing: readonly Capability[]; readonly reason: string }[];
  /** Every branch of the model, and how often the runs are witnesses of it. */
  witnessed: readonly Witnessed[];
  agree: number;
  disagree: number;
  seconds: number;
  failure?: LiveFailure;
}

export interface LiveListener {
  onCase(index: number, scenario: Scenario, judgement: Judgement): void;
  onShrinking(reason: string, runs: number): void;
  /** Once, with the shrunk one. */
  onFailure(failure: LiveFailure): void;
}

export const newLiveFound = (): LiveFound => ({
  coverage: newCoverage(),
  inconclusive: [],
  notShown: [],
  witnessed: branches([]),
  agree: 0,
  disagree: 0,
  seconds: 0,
});

/** Real clocks do not stop at an edge, and every acknowledgement that does not come is waited for. */
const liveTimes = { grainMs: 600, waitingCountMax: 1 } as const;
const shrinkBounds = { runsMax: 150, budgetMs: 120_000 } as const;
const rerunsOfFailure = 10;

/** The scenario of run i. */
export const wordOf = (seed: string, index: number): string => `${seed}-${index}`;

export async function searchLive(search: LiveSearch, found: LiveFound, listener: LiveListener): Promise<void> {
  const { journal, bus } = search;
  const began = performance.now() - journal.spentMs / search.stage.lanes;
  const elapsedMs = (): number => performance.now() - began;
  let shrinkMs = 0;
  const goesOn = (): boolean => elapsedMs() - shrinkMs < search.budgetMs && !journal.isFull;
  const run = async ({ scenario, missing }: Drawn): Promise<CaseRun | undefined> =>
    missing.length > 0 ? undefined : journal.once(bus, scenario, () => runOn(search, scenario));
  for await (const { job, result } of inLanes(search.stage.lanes, drawn(search, goesOn), run)) {
    const { index, word, scenario, missing } = job;
    if (result === undefined) {
      const reason = unprovenReason(missing);
      found.inconclusive.push({ word, reason });
      found.notShown.push({ scenario: scenario.id, missing, reason });
      continue;
    }
    coverCase(found.coverage, scenario, search.profile, result.judgement);
    count(found, word, result.judgement);
    found.witnessed = branches([...found.witnessed, ...result.judgement.witnessed]);
    found.seconds = (elapsedMs() - shrinkMs) / 1_000;
    listener.onCase(index, scenario, result.judgement);
    if (result.judgement.verdict !== "violated") continue;
    if (found.failure === undefined) {
      const shrinkBegan = performance.now();
      const { broken, ...failure } = await journal.onceShrunk(bus, scenario, async () =>
        recordOf(await smallest(search, scenario, result, listener)),
      );
      found.failure = { ...failure, broken: brokeOf(broken) };
      shrinkMs += performance.now() - shrinkBegan;
      listener.onFailure(found.failure);
    }
    if (!search.keepGoing) return;
  }
}

/** In a journal what broke is a word. */
const recordOf = (failure: LiveFailure): FoundShrunk => ({
  ...failure,
  broken: brokeText(failure.broken),
});

interface Drawn {
  readonly index: number;
  readonly word: string;
  readonly scenario: Scenario;
  /** It is not run where the injector has not shown these. */
  readonly missing: readonly Capability[];
}

/** All that is recorded, and the rest for as long as it goes on. */
function* drawn(
  { seed, bus, runsMax, declared, policy, stage, journal }: LiveSearch,
  goesOn: () => boolean,
): Generator<Drawn> {
  // The space is all that bus and world claim: run i of a seed is the same scenario whether or not the injector has shown its part.
  const space = { profile: declared, capabilities: claimedBy(stage), ...liveTimes };
  const under = policy && inLiveTime(policy);
  let recordedLeft = journal.recordedBefore;
  for (let index = 0; index < runsMax; index++) {
    const word = wordOf(seed, index);
    const scenario = scenarioUnder(word, space, under);
    const isRecorded = journal.has(bus, scenario);
    const shortfall = shortfallOf(scenario, stage);
    if (isRecorded) recordedLeft -= 1;
    else if (!goesOn()) {
      if (recordedLeft === 0) return;
      continue;
    }
    yield { index, word, scenario, missing: !isRecorded && shortfall.kind === "unproven" ? shortfall.missing : [] };
  }
}

const runOn = ({ stage, bus, profile, seed, judging }: LiveSearch, scenario: Scenario): Promise<CaseRun> =>
  runCase(stage, { scenario, bus, profile, seed }, judging);

function count(found: LiveFound, word: string, { verdict, reason }: Judgement): void {
  if (verdict === "holds") found.agree++;
  else if (verdict === "violated") found.disagree++;
  else found.inconclusive.push({ word, reason });
}

/** Shrinks to what still breaks the same promise, and says how often that comes. */
async function smallest(
  search: LiveSearch,
  scenario: Scenario,
  run: CaseRun,
  listener: LiveListener,
): Promise<LiveFailure> {
  const broken = brokenBy(run.judgement) ?? conformance;
  const failing = new Map<Scenario, CaseRun>([[scenario, run]]);
  let runs = 0;
  const fails = async (candidate: Scenario): Promise<boolean> => {
    listener.onShrinking(run.judgement.reason, ++runs);
    const again = await runOn(search, candidate);
    const now = brokenBy(again.judgement);
    const isSame = now !== undefined && isSameBug(broken, now);
    if (isSame) failing.set(candidate, again);
    return isSame;
  };
  const shrunk = await shrink(scenario, fails, shrinkBounds);
  let k = 0;
  for (let i = 0; i < rerunsOfFailure; i++) if (await fails(shrunk.scenario)) k++;
  const last = failing.get(shrunk.scenario) ?? run;
  return {
    ...last,
    scenario: shrunk.scenario,
    broken: brokenBy(last.judgement) ?? broken,
    reproduced: liveRate(k, rerunsOfFailure),
    steady: shrunk.steady,
    foundAs: scenario.id,
    shrinkRuns: shrunk.runs,
  };
}

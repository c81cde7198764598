/**
 * Random scenarios on a real bus, each held against the model. The oracle must admit its observation, and no promise may be broken. Word i
 * follows from (seed, i) alone, so run i of a seed is always the same scenario. Its course live is beyond our control, so a failure is run
 * again and its rate reported. `compare` and `search --world live` use this.
 */

import { sampled } from "../../../models/choice.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Capability, Scenario } from "../../../models/vocabulary/scenario.ts";
import { wordOf } from "../../../properties/arbitraries/runs.ts";
import { type Broke, brokenBy, brokeOf, brokeText, conformance, isSameBug, reasonText } from "../../findings/broke.ts";
import { shortfallOf, unprovenReason } from "../../judge/capability.ts";
import { besidesOf, withoutForetold } from "../../judge/foretold.ts";
import type { Judgement, JudgeOptions } from "../../judge/judge.ts";
import { liveRate, type Rate } from "../../judge/rate.ts";
import { type CaseRun, runCase } from "../../judge/run.ts";
import { branches, type Witnessed } from "../../judge/witnessed.ts";
import { addNotDemanded, type NotDemanded } from "../../report/not-demanded.ts";
import type { FoundShrunk, Journal } from "../../runs/journal.ts";
import type { Stage } from "../../world.ts";
import type { LiveStage } from "../../worlds/live/index.ts";
import { inLanes } from "../../worlds/live/lanes.ts";
import { shrink } from "../shrink/shrink.ts";
import { type Coverage, coverCase, newCoverage } from "./coverage.ts";
import { liveScenarios } from "./live-scenarios.ts";

export interface LiveSearch {
  readonly stage: Stage & Pick<LiveStage, "lanes">;
  readonly bus: string;
  /** The profile that the bus is held against. */
  readonly profile: Profile;
  /** The profile that the bus itself declares: the scenarios are made for it. */
  readonly declared: Profile;
  readonly seed: string;
  readonly runsMax: number;
  readonly budgetMs: number;
  readonly judging: JudgeOptions;
  /** The behaviour that the bus adds around its client. */
  readonly policy: Policy | undefined;
  /** Go on after the first failure. */
  readonly keepGoing: boolean;
  /** Cases that it has are not run again. */
  readonly journal: Journal;
}

export interface LiveFailure extends CaseRun {
  readonly scenario: Scenario;
  readonly broken: Broke;
  /** The rate in runs made only to measure it, after shrinking. */
  readonly reproduced: Rate;
  /** True where the remaining scenario failed in every run of the shrinking. */
  readonly steady: boolean;
  /** The scenario in which it was found. */
  readonly foundAs: string;
  readonly shrinkRuns: number;
}

/** Grows while the search runs, so that earlier findings are there at an interrupt. */
export interface LiveFound {
  readonly coverage: Coverage;
  readonly inconclusive: { readonly word: string; readonly reason: string }[];
  /** The cases that are inconclusive only because the injector could not run them. */
  readonly notShown: { readonly scenario: string; readonly missing: readonly Capability[]; readonly reason: string }[];
  /** Every branch of the model, with the number of runs that are witnesses of it. */
  witnessed: readonly Witnessed[];
  /** Demands of the policy that broke as the model breaks them, with the number of such runs. */
  readonly foretold: Map<string, number>;
  /** Promises that broke and that the policy does not demand. */
  readonly notDemanded: NotDemanded[];
  agree: number;
  disagree: number;
  seconds: number;
  failure?: LiveFailure;
}

export interface LiveListener {
  onCase(index: number, scenario: Scenario, judgement: Judgement): void;
  onShrinking(reason: string, runs: number): void;
  /** Called once, with the shrunk failure. */
  onFailure(failure: LiveFailure): void;
}

export const newLiveFound = (): LiveFound => ({
  coverage: newCoverage(),
  inconclusive: [],
  notShown: [],
  foretold: new Map(),
  notDemanded: [],
  witnessed: branches([]),
  agree: 0,
  disagree: 0,
  seconds: 0,
});

const shrinkBounds = { runsMax: 150, budgetMs: 120_000 } as const;
const rerunsOfFailure = 10;

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
    countBesides(found, scenario, result.judgement);
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

/** A journal holds the word for what broke. */
const recordOf = (failure: LiveFailure): FoundShrunk => ({
  ...failure,
  broken: brokeText(failure.broken),
});

interface Drawn {
  readonly index: number;
  readonly word: string;
  readonly scenario: Scenario;
  /** Capabilities that the injector has not shown; the case is then not run. */
  readonly missing: readonly Capability[];
}

/** All recorded cases, and then new ones for as long as the search goes on. */
function* drawn(
  { seed, bus, runsMax, declared, policy, stage, journal }: LiveSearch,
  goesOn: () => boolean,
): Generator<Drawn> {
  // The space is what bus and world claim. So run i of a seed is the same scenario, even if the injector has not shown its part.
  const scenarioAt = liveScenarios(seed, declared, stage, policy);
  let recordedLeft = journal.recordedBefore;
  for (let index = 0; index < runsMax; index++) {
    const scenario = scenarioAt(index);
    const isRecorded = journal.has(bus, scenario);
    const shortfall = shortfallOf(scenario, stage);
    if (isRecorded) recordedLeft -= 1;
    else if (!goesOn()) {
      if (recordedLeft === 0) return;
      continue;
    }
    yield {
      index,
      word: wordOf(seed, index),
      scenario,
      missing: !isRecorded && shortfall.kind === "unproven" ? shortfall.missing : [],
    };
  }
}

function runOn({ stage, bus, profile, seed, judging }: LiveSearch, scenario: Scenario): Promise<CaseRun> {
  const one = { scenario, bus, profile, seed };
  return runCase(stage, one, judging, run => withoutForetold(stage, one, run, { judging, otherwise: sampled(seed) }));
}

function countBesides(found: LiveFound, scenario: Scenario, judgement: Judgement): void {
  const { foretold, notDemanded } = besidesOf(scenario, judgement);
  for (const { property } of foretold) found.foretold.set(property, (found.foretold.get(property) ?? 0) + 1);
  addNotDemanded(found.notDemanded, notDemanded);
}

function count(found: LiveFound, word: string, judgement: Judgement): void {
  const { verdict } = judgement;
  if (verdict === "holds") found.agree++;
  else if (verdict === "violated") found.disagree++;
  else found.inconclusive.push({ word, reason: reasonText(judgement) });
}

/** Shrinks to a scenario that still breaks the same promise, and measures how often it does. */
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
    listener.onShrinking(reasonText(run.judgement), ++runs);
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

/**
 * Hunts one mutant from one start seed: random scenarios of the declared profile's space, each run on the mutant and judged as a
 * search judges, until one breaks a promise or is not permitted; then that one is shrunk by our reductions. Called by `run.ts`. A scenario
 * in which the true bus is accused as well shows nothing of the mutant: it is no kill and no smaller case, and is told instead.
 */

import { type Asked, leaning, replaying, sampled } from "../../models/choice.ts";
import { planCase } from "../../models/plan/plan.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { scenarioUnder, wordOf } from "../../properties/arbitraries/runs.ts";
import { allBrokenBy, brokenBy, brokeText } from "../../src/findings/broke.ts";
import { type Judgement, judge } from "../../src/judge/judge.ts";
import { runModelCase } from "../../src/judge/run.ts";
import { type Candidate, shrinkNow } from "../../src/search/shrink/shrink.ts";
import { modelCapabilities } from "../../src/worlds/model.ts";
import { type Mutant, runMutant } from "./mutant.ts";

export interface HuntBounds {
  readonly budgetMs: number;
  /** Runs after which the row of the matrix is full: those after the kill say who else would have found it. */
  readonly rowRuns: number;
  /** Runs of the mutant that its shrinking may take. */
  readonly shrinkRunsMax: number;
}

export interface Kill {
  /** The first scenario that found it, and how many were run until then. */
  readonly word: string;
  readonly runs: number;
  readonly seconds: number;
  /** What the shrunk case breaks: it may be another promise than the one that broke first. */
  readonly broken: string;
  readonly shrunk: Candidate;
  readonly shrinkRuns: number;
  /** No reduction of the shrunk case fails any more. */
  readonly isLocalMinimum: boolean;
}

export interface Hunt {
  readonly mutant: Mutant;
  readonly seed: string;
  readonly runs: number;
  readonly kill: Kill | undefined;
  /** How many of the first scenarios were found by each property and by the oracle. */
  readonly found: ReadonlyMap<string, number>;
  /** Cases in which the true bus is accused, by what accuses it: bugs of ours. */
  readonly trueBusAccused: ReadonlyMap<string, Scenario>;
}

/** Every step but those that set the scene. */
export const lengthOf = (scenario: Scenario): number =>
  scenario.steps.filter(one => !setsTheScene.has(one.kind)).length;
const setsTheScene: ReadonlySet<string> = new Set(["start", "subscribe"]);

/** An answer that takes longer than this is none; no mutant needs more. */
const judging = { evaluationsMax: 20_000 } as const;

export function hunt(mutant: Mutant, seed: string, bounds: HuntBounds): Hunt {
  const began = performance.now();
  const found = new Map<string, number>();
  const trueBusAccused = new Map<string, Scenario>();
  let killed: { word: string; runs: number; seconds: number } | undefined;
  let runs = 0;
  const isOver = (): boolean =>
    (killed !== undefined && runs >= bounds.rowRuns) || performance.now() - began >= bounds.budgetMs;
  for (; !isOver(); runs++) {
    const word = wordOf(seed, runs);
    const { judgement } = accusation(mutant, seed, sampledCase(mutant, word), trueBusAccused);
    if (judgement === undefined) continue;
    killed ??= { word, runs: runs + 1, seconds: (performance.now() - began) / 1_000 };
    if (runs >= bounds.rowRuns && found.size > 0) continue;
    // Where it is found later than the row is long, what found it still stands in the row.
    for (const by of allBrokenBy(judgement).map(brokeText)) found.set(by, (found.get(by) ?? 0) + 1);
  }
  if (killed === undefined) return { mutant, seed, runs, kill: undefined, found, trueBusAccused };
  const shrunk = shrinkKill(mutant, seed, sampledCase(mutant, killed.word), bounds.shrinkRunsMax, trueBusAccused);
  return { mutant, seed, runs, kill: { ...killed, ...shrunk }, found, trueBusAccused };
}

interface Accusation {
  /** Undefined: it does not find the mutant, or accuses the true bus as well. */
  readonly judgement: Judgement | undefined;
  readonly asked: readonly Asked[];
}

/** The judgement of a case that finds the mutant, and in which the true bus holds. */
function accusation(
  mutant: Mutant,
  seed: string,
  { scenario, answers, otherwise }: Candidate,
  trueBusAccused: Map<string, Scenario>,
): Accusation {
  const { declared: profile } = mutant;
  const choices = `${seed}/${scenario.id}`;
  const answering = replaying(answers, otherwise === undefined ? sampled(choices) : leaning(otherwise));
  const judgement = judge(planCase(scenario, profile), runMutant(mutant, answering, scenario), judging);
  const { asked } = answering;
  if (judgement.verdict !== "violated") return { judgement: undefined, asked };
  const falsely = brokenBy(runModelCase({ scenario, profile, seed: choices }, judging).judgement);
  if (falsely === undefined) return { judgement, asked };
  const known = trueBusAccused.get(brokeText(falsely));
  if (known === undefined || known.steps.length > scenario.steps.length)
    trueBusAccused.set(brokeText(falsely), scenario);
  return { judgement: undefined, asked };
}

/** A mutant is one bug, so whatever accuses it accuses it of that: the smallest case counts, not the promise that broke first. */
function shrinkKill(
  mutant: Mutant,
  seed: string,
  found: Candidate,
  runsMax: number,
  trueBusAccused: Map<string, Scenario>,
): Pick<Kill, "broken" | "shrunk" | "shrinkRuns" | "isLocalMinimum"> {
  const accuse = (candidate: Candidate): Accusation => accusation(mutant, seed, candidate, trueBusAccused);
  const { scenario, asked, runs, isLocalMinimum } = shrinkNow(
    { scenario: found.scenario, asked: accuse(found).asked },
    candidate => {
      const { judgement, asked } = accuse(candidate);
      return { failed: judgement !== undefined, asked };
    },
    runs => runs < runsMax,
  );
  const shrunk = { scenario, answers: asked };
  const { judgement } = accuse(shrunk);
  const broken = judgement && brokenBy(judgement);
  if (broken === undefined) throw new Error(`${mutant.name}: the shrunk case does not find it again`);
  return { broken: brokeText(broken), shrunk, shrinkRuns: runs, isLocalMinimum };
}

/** As a search first runs it: every answer sampled. */
const sampledCase = (mutant: Mutant, word: string): Candidate => ({
  scenario: scenarioFor(mutant.declared, mutant.where.policy, word),
  answers: [],
});

/** The first scenarios of a seed are the same for every mutant of a client and a policy: they are made once. */
const madeMax = 4_000;
const made = new Map<Profile | Policy, Map<string, Scenario>>();

function scenarioFor(profile: Profile, policy: Policy | undefined, word: string): Scenario {
  const ofBus = made.get(policy ?? profile) ?? new Map<string, Scenario>();
  made.set(policy ?? profile, ofBus);
  const known = ofBus.get(word);
  if (known !== undefined) return known;
  const scenario = scenarioUnder(word, { profile, capabilities: modelCapabilities(profile) }, policy);
  if (ofBus.size < madeMax) ofBus.set(word, scenario);
  return scenario;
}

/** Between two start seeds. */
export const forgetScenarios = (): void => made.clear();

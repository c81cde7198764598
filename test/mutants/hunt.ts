/**
 * Hunts one mutant from one start seed: random scenarios of the declared profile's space, each run on the mutant and judged as a
 * search judges, until one breaks a promise or is not permitted; then that one is shrunk by our reductions. Called by `run.ts`. A scenario
 * in which the true bus is accused as well shows nothing of the mutant: it is no kill and no smaller case, and is told instead.
 */

import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { reductions } from "../../properties/arbitraries/reductions.ts";
import { scenarioOf } from "../../properties/arbitraries/scenario.ts";
import { type Judgement, judge } from "../../src/judge.ts";
import { brokenBy, runModelCase } from "../../src/run.ts";
import { wordOf } from "../../src/search/live.ts";
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
  readonly broken: string;
  readonly shrunk: Scenario;
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

/** Every step but the start. */
export const lengthOf = (scenario: Scenario): number => scenario.steps.filter(one => one.kind !== "start").length;

/** An answer that takes longer than this is none; no mutant needs more. */
const judging = { evaluationsMax: 20_000 } as const;

export function hunt(mutant: Mutant, seed: string, bounds: HuntBounds): Hunt {
  const began = performance.now();
  const found = new Map<string, number>();
  const trueBusAccused = new Map<string, Scenario>();
  const judged = (scenario: Scenario): Judgement | undefined => accusation(mutant, seed, scenario, trueBusAccused);
  let killed: Omit<Kill, "shrunk" | "shrinkRuns" | "isLocalMinimum"> | undefined;
  let runs = 0;
  const isOver = (): boolean =>
    (killed !== undefined && runs >= bounds.rowRuns) || performance.now() - began >= bounds.budgetMs;
  for (; !isOver(); runs++) {
    const word = wordOf(seed, runs);
    const judgement = judged(scenarioFor(mutant.declared, word));
    const broken = judgement && brokenBy(judgement);
    if (judgement === undefined || broken === undefined) continue;
    killed ??= { word, runs: runs + 1, seconds: (performance.now() - began) / 1_000, broken };
    if (runs < bounds.rowRuns) for (const by of killers(judgement)) found.set(by, (found.get(by) ?? 0) + 1);
  }
  if (killed === undefined) return { mutant, seed, runs, kill: undefined, found, trueBusAccused };
  // Found later than the row is long: what found it still stands in the row.
  if (found.size === 0) found.set(killed.broken, 1);
  const shrunk = shrinkKill(scenarioFor(mutant.declared, killed.word), killed.broken, judged, bounds.shrinkRunsMax);
  return { mutant, seed, runs, kill: { ...killed, ...shrunk }, found, trueBusAccused };
}

/** The judgement of a scenario that finds the mutant, and in which the true bus holds. */
function accusation(
  mutant: Mutant,
  seed: string,
  scenario: Scenario,
  trueBusAccused: Map<string, Scenario>,
): Judgement | undefined {
  const { declared: profile } = mutant;
  const choices = `${seed}/${scenario.id}`;
  const judgement = judge(scenario, profile, runMutant(mutant, choices, scenario), judging);
  if (judgement.verdict !== "violated") return undefined;
  const falsely = brokenBy(runModelCase({ scenario, profile, seed: choices }, judging).judgement);
  if (falsely === undefined) return judgement;
  const known = trueBusAccused.get(falsely);
  if (known === undefined || known.steps.length > scenario.steps.length) trueBusAccused.set(falsely, scenario);
  return undefined;
}

/** All that finds it: promised properties, and the oracle. */
export function killers({ properties, conformance }: Judgement): readonly string[] {
  const broken = properties.filter(one => one.verdict === "violated").map(one => one.property);
  return conformance.answer === "not-permitted" ? [...broken, "conformance"] : broken;
}

/** Greedy, largest reduction first. A broken promise is the better case of what the oracle only calls "not permitted". */
function shrinkKill(
  scenario: Scenario,
  broken: string,
  judged: (candidate: Scenario) => Judgement | undefined,
  runsMax: number,
): Pick<Kill, "shrunk" | "shrinkRuns" | "isLocalMinimum"> {
  let runs = 0;
  const fails = (candidate: Scenario): boolean => {
    runs++;
    const judgement = judged(candidate);
    const now = judgement && brokenBy(judgement);
    return now === broken || (broken === "conformance" && now !== undefined);
  };
  // The same scenario is offered by more than one reduction.
  const tried = new Set<string>();
  let shrunk = scenario;
  for (;;) {
    let smaller: Scenario | undefined;
    for (const candidate of reductions(shrunk)) {
      const text = JSON.stringify([candidate.options, candidate.steps]);
      if (tried.has(text)) continue;
      if (runs >= runsMax) return { shrunk, shrinkRuns: runs, isLocalMinimum: false };
      tried.add(text);
      if (!fails(candidate)) continue;
      smaller = candidate;
      break;
    }
    if (smaller === undefined) return { shrunk, shrinkRuns: runs, isLocalMinimum: true };
    shrunk = smaller;
  }
}

/** The first scenarios of a seed are the same for every mutant of a client: they are made once. */
const madeMax = 4_000;
const made = new Map<string, Scenario>();

function scenarioFor(profile: Profile, word: string): Scenario {
  const key = `${profile.name}/${word}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const scenario = scenarioOf(word, { profile, capabilities: modelCapabilities(profile) });
  if (made.size < madeMax) made.set(key, scenario);
  return scenario;
}

/** Between two start seeds. */
export const forgetScenarios = (): void => made.clear();

/**
 * Every mutant at its shortest: all schedules of 3 publishes and 2 faults, the shorter ones first, each run for every way of answering
 * and judged in full. Path by path and with no memory of states, since a mutant may remember what no state shows, or change all that
 * its world has said; whatever a mutant does, nothing shorter than what is found here shows it. Called by `run.ts --exhaust`.
 */
import { brokeText } from "../../src/findings/broke.ts";
import {
  alphabetOf,
  boundsOf,
  type ExplorationSetting,
  scopeOf,
  settingsOf,
  sizesOf,
} from "../../src/search/exhaust/alphabet.ts";
import { type PathsWalked, walkPaths } from "../../src/search/exhaust/paths.ts";
import { type Mutant, runMutant } from "./mutant.ts";

export const exhaustBound = { publishes: 3, faults: 2 } as const;

/** Steps, the start among them: no mutant needs more; one that is said to lie beyond the bound is looked for less far. */
const stepsMax = 6;
const stepsMaxBeyond = 4;
const pathsMax = 3_000_000;

export interface Shortest {
  readonly mutant: Mutant;
  readonly seconds: number;
  readonly walked: PathsWalked;
}

export function shortest(mutant: Mutant, depthMax = mutant.beyond === undefined ? stepsMax : stepsMaxBeyond): Shortest {
  const began = performance.now();
  const { declared: profile } = mutant;
  const { publishes, faults } = exhaustBound;
  const { policy, options } = mutant.where;
  const settings = settingsOf(profile, sizesOf(profile, publishes));
  const [plain] = settings as readonly [ExplorationSetting];
  const walked = walkPaths({
    profile,
    letters: alphabetOf(profile, scopeOf(publishes, policy)),
    // A policy is looked at as the mutant's own scenario has it.
    settings: policy === undefined ? settings : [{ ...plain, name: policy.name, options, policy }],
    bounds: boundsOf(publishes, faults, policy),
    depthMax,
    pathsMax,
    world: (scenario, choose) => runMutant(mutant, choose, scenario),
  });
  return { mutant, seconds: (performance.now() - began) / 1_000, walked };
}

/** Found, or explained; and no explanation is out of date. */
export const isAsSaid = ({ mutant, walked }: Shortest): boolean =>
  (walked.violation === undefined) === (mutant.beyond !== undefined);

export function renderShortest(all: readonly Shortest[]): string {
  const found = all.filter(one => one.walked.violation !== undefined);
  const within = all.filter(one => one.mutant.beyond === undefined);
  return [
    "steps   paths  seconds  a bus that",
    ...all.map(renderOne),
    `${found.length} of ${all.length} mutants found at their shortest within ${exhaustBound.publishes} publishes and ${exhaustBound.faults} faults; ${all.length - within.length} lie beyond`,
  ].join("\n");
}

function renderOne({ mutant, seconds, walked: { violation, paths } }: Shortest): string {
  const steps = violation === undefined ? "-" : String(violation.scenario.steps.length);
  const figures = `${steps.padStart(5)} ${String(paths).padStart(7)} ${seconds.toFixed(2).padStart(8)}`;
  return `${figures}  ${mutant.name}: ${violation === undefined ? unfound(mutant) : `${story(violation.scenario.steps)} (${brokeText(violation.broken)})`}`;
}

const unfound = ({ beyond }: Mutant): string =>
  beyond === undefined ? "NOT FOUND: mend the alphabet, or say in the zoo why it lies beyond" : `beyond: ${beyond}`;

type Steps = NonNullable<PathsWalked["violation"]>["scenario"]["steps"];

const story = (steps: Steps): string =>
  steps
    .map(one => {
      if (one.kind === "fault") return one.fault.kind;
      if (one.kind === "publish") return one.count === 1 ? one.kind : `${one.kind} ${one.count}`;
      return one.kind === "together" ? `together(${story(one.steps)})` : one.kind;
    })
    .join(" ");

export const asJson = (all: readonly Shortest[]) =>
  all.map(({ mutant, seconds, walked: { violation, paths, schedules } }) => ({
    mutant: mutant.name,
    steps: violation?.scenario.steps.length ?? null,
    broken: violation === undefined ? null : brokeText(violation.broken),
    beyond: mutant.beyond ?? null,
    schedules,
    paths,
    seconds: Math.round(seconds * 1_000) / 1_000,
    ...(violation === undefined ? {} : { options: violation.scenario.options, case: violation.scenario.steps }),
  }));

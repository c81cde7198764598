/**
 * How many random scenarios a mutant needs, and whether the command that is named for it finds it. Called by `run-slow.ts` and, with small
 * bounds, by `slow.test.ts`.
 */
import { join } from "node:path";
import { planCase } from "../../models/plan/plan.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { scenariosUnder, wordOf } from "../../properties/arbitraries/runs.ts";
import { loadCorpus } from "../../src/files/corpus.ts";
import { packageRoot } from "../../src/files/package-root.ts";
import { readPolicyFile } from "../../src/files/policies.ts";
import { brokenBy, brokeText } from "../../src/findings/broke.ts";
import { missingCapabilities } from "../../src/judge/capability.ts";
import { judge } from "../../src/judge/judge.ts";
import { runModelCase } from "../../src/judge/run.ts";
import { alphabetOf, boundsOf, scopeOf, settingsOf, sizesOf } from "../../src/search/exhaust/alphabet.ts";
import { exhaust } from "../../src/search/exhaust/exhaust.ts";
import { modelCapabilities } from "../../src/worlds/model.ts";
import { type Mutant, runMutant, stepsOf } from "./mutant.ts";
import type { Finder, SlowMutant } from "./slow.ts";

const judging = { evaluationsMax: 20_000 } as const;

export interface RandomHunt {
  readonly runs: number;
  /** What broke in the last run; undefined where none of them found it. */
  readonly broken: string | undefined;
}

export interface RandomBounds {
  readonly runsMax: number;
  readonly budgetMs?: number;
}

/**
 * Runs the scenarios of a seed, as `hunt` does, until one finds the mutant. Only a run that says something else than the model does under
 * the same answers is judged: any other would accuse the true bus as well. So a long hunt takes a tenth of the time.
 */
export function huntAtRandom(
  mutant: Mutant,
  seed: string,
  { runsMax, budgetMs = Number.POSITIVE_INFINITY }: RandomBounds,
  policy: Policy | undefined = mutant.where.policy,
): RandomHunt {
  const { declared: profile } = mutant;
  const scenarioAt = scenariosUnder(seed, { profile, capabilities: modelCapabilities(profile) }, policy);
  const began = performance.now();
  for (let i = 0; i < runsMax && performance.now() - began < budgetMs; i++) {
    const broken = brokenAtRandom(mutant, scenarioAt(i), `${seed}/random/${wordOf(seed, i)}`);
    if (broken !== undefined) return { runs: i + 1, broken };
  }
  return { runs: runsMax, broken: undefined };
}

/** What one case breaks, if the true bus breaks nothing in it. */
function brokenAtRandom(mutant: Mutant, scenario: Scenario, choices: string): string | undefined {
  const { declared: profile } = mutant;
  const events = runMutant(mutant, choices, scenario);
  const unchanged = runMutant({ ...asDeclared, declared: profile, where: scenario }, choices, scenario);
  if (isSame(events, unchanged)) return undefined;
  const broken = brokenBy(judge(planCase(scenario, profile), events, judging));
  const falsely = broken && brokenBy(runModelCase({ scenario, profile, seed: choices }, judging).judgement);
  return broken === undefined || falsely !== undefined ? undefined : brokeText(broken);
}

/** A mutant that changes nothing. */
const asDeclared = { name: "does all right", row: "", killedBy: [] } as const;

const isSame = (one: readonly Event[], other: readonly Event[]): boolean =>
  one.length === other.length && one.every((event, i) => JSON.stringify(event) === JSON.stringify(other[i]));

// ---- The commands ----

/** The seed of a command that is given none. */
const commandSeed = "1";

export interface Found {
  /** What broke, and in which scenario; undefined: nothing did. */
  readonly broken: string | undefined;
  readonly seconds: number;
}

/** Does what the command does, with the mutant in the place of the model. */
export async function findBy(mutant: SlowMutant, budgetMs: number): Promise<Found> {
  const began = performance.now();
  const broken = await brokenBySearching(mutant, budgetMs);
  return { broken, seconds: (performance.now() - began) / 1_000 };
}

async function brokenBySearching(mutant: SlowMutant, budgetMs: number): Promise<string | undefined> {
  const { foundBy } = mutant;
  switch (foundBy.kind) {
    case "exhaust":
      return brokenInSmallScope(mutant, foundBy, budgetMs);
    case "drill":
      return brokenInCorpus(mutant, foundBy);
    case "search": {
      const policy = readPolicyFile(join(packageRoot(), foundBy.policy), foundBy.policy);
      return huntAtRandom(mutant, commandSeed, { runsMax: Number.POSITIVE_INFINITY, budgetMs }, policy).broken;
    }
  }
}

type Exhausting = Extract<Finder, { readonly kind: "exhaust" }>;

async function brokenInSmallScope(
  mutant: Mutant,
  { publishes, faults }: Exhausting,
  budgetMs: number,
): Promise<string | undefined> {
  const { declared: profile } = mutant;
  const { violations } = await exhaust({
    profile,
    letters: alphabetOf(profile, scopeOf(publishes)),
    settings: settingsOf(profile, sizesOf(profile, publishes)),
    bounds: boundsOf(publishes, faults),
    statesMax: 16_000_000,
    budgetMs,
    world: stepsOf(mutant),
  });
  const [first] = violations;
  return first === undefined ? undefined : brokeText(first.broken);
}

/** The whole corpus, in the order and with the seed of a drill; the named scenario must be among those that show it. */
function brokenInCorpus(mutant: Mutant, { scenario: named }: Extract<Finder, { kind: "drill" }>): string | undefined {
  const { declared: profile } = mutant;
  const possible = modelCapabilities(profile);
  const broken = new Map<string, string>();
  for (const { scenario } of loadCorpus()) {
    if (missingCapabilities(scenario, possible).length > 0) continue;
    const one = brokenBy(judge(planCase(scenario, profile), runMutant(mutant, commandSeed, scenario)));
    if (one !== undefined) broken.set(scenario.id, brokeText(one));
  }
  return broken.get(named);
}

export function commandOf({ declared, foundBy }: SlowMutant): string {
  switch (foundBy.kind) {
    case "exhaust":
      return `faultline exhaust --publishes ${foundBy.publishes} --faults ${foundBy.faults} --profile ${declared.name}`;
    case "drill":
      return `faultline drill (${foundBy.scenario})`;
    case "search":
      return `faultline search --profile ${declared.name} --policy ${foundBy.policy}`;
  }
}

// ---- The figures ----

/** Random search needs more runs than these. */
export const runsListed = 10_000;
const findMs = 300_000;

const runsMaxDefault = 60_000;

/** What `run-slow.ts` is asked for on its command line. */
export interface Measuring {
  readonly mutants: readonly SlowMutant[];
  readonly seeds: readonly string[];
  readonly runsMax: number;
}

/** A sentence where it asks for what there is not. `only`: a part of a mutant's name. */
export function measuring(
  values: {
    readonly seeds?: string | undefined;
    readonly runs?: string | undefined;
    readonly only?: string | undefined;
  },
  all: readonly SlowMutant[],
): Measuring | string {
  const { only = "" } = values;
  const seeds = Number(values.seeds ?? "5");
  const runsMax = Number(values.runs ?? runsMaxDefault);
  if (!Number.isInteger(seeds) || seeds < 1 || !Number.isInteger(runsMax) || runsMax <= runsListed)
    return `--seeds takes a number from 1, and --runs one above ${runsListed}`;
  const mutants = all.filter(({ name }) => name.includes(only));
  if (mutants.length === 0)
    return `--only takes a part of a slow mutant's name; none has ${JSON.stringify(only)} in it`;
  return { mutants, seeds: Array.from({ length: seeds }, (_, i) => String(i + 1)), runsMax };
}

export interface Measured {
  readonly mutant: SlowMutant;
  readonly command: string;
  readonly runsMax: number;
  /** One for each start seed; null: more than `runsMax`. */
  readonly runs: readonly (number | null)[];
  /** The median of these counts; null where it is more than `runsMax`. */
  readonly median: number | null;
  readonly found: Found;
}

export async function measure(mutant: SlowMutant, seeds: readonly string[], runsMax: number): Promise<Measured> {
  const hunts = seeds.map(seed => huntAtRandom(mutant, seed, { runsMax }));
  const runs = hunts.map(one => (one.broken === undefined ? null : one.runs));
  const found = await findBy(mutant, findMs);
  return { mutant, command: commandOf(mutant), runsMax, runs, median: medianOf(runs), found };
}

function medianOf(runs: readonly (number | null)[]): number | null {
  const sorted = runs.toSorted((a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY));
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

export const isAsListed = ({ median, found: { broken, seconds } }: Measured): boolean =>
  (median === null || median > runsListed) && broken !== undefined && seconds * 1_000 <= findMs;

/** One line. */
export function renderMeasured(measured: Measured): string {
  const { mutant, command, runsMax, runs, median, found } = measured;
  const told = (count: number | null): string => (count === null ? `>${runsMax}` : String(count));
  const by = found.broken === undefined ? `NOT FOUND by ${command}` : `found by ${command}`;
  return [
    isAsListed(measured) ? "ok " : "NOT AS LISTED ",
    `median ${told(median)} runs (${runs.map(told).join(" ")}); `,
    `${by} in ${found.seconds.toFixed(1)} s`,
    found.broken === undefined ? "" : ` (${found.broken})`,
    `; a bus that ${mutant.name} [${mutant.modelledOn.split(",")[0]}]`,
  ].join("");
}

export function renderSlow(all: readonly Measured[]): string {
  const listed = all.filter(isAsListed).length;
  const byChance = all.filter(({ mutant }) => mutant.neverDrawn === undefined).length;
  return `${listed} of ${all.length} slow mutants as listed: more than ${runsListed} random runs in the median, and found by a command within ${findMs / 60_000} minutes; random scenarios can show ${byChance} of them, and never draw what the others need`;
}

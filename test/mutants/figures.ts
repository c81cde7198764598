/** What the hunts found, as figures and as text: the kill matrix, the survivors, how fast, how short. Runs nothing. */

import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { nameOf } from "../../src/findings/counterexample.ts";
import type { Candidate } from "../../src/search/shrink/shrink.ts";
import { type Hunt, lengthOf } from "./hunt.ts";
import type { Mutant } from "./mutant.ts";

interface Spread {
  readonly median: number;
  readonly max: number;
}

export interface Survivor {
  readonly mutant: string;
  /** Start seeds from which it was not found. */
  readonly seeds: readonly string[];
  /** Why; undefined where nothing explains it. */
  readonly reason: string | undefined;
}

export interface Figures {
  readonly seeds: readonly string[];
  /** Mutants found from every start seed. */
  readonly killed: number;
  readonly total: number;
  readonly survivors: readonly Survivor[];
  /** Listed as survivors and found all the same. */
  readonly foundThoughListed: readonly string[];
  readonly onlyConformance: readonly string[];
  /** Accusations of the true bus that the hunts came upon, each with its shortest case: bugs of ours, not of a mutant. */
  readonly trueBusAccused: readonly Accused[];
  /** Promises that found no mutant. */
  readonly idleProperties: readonly string[];
  /** By mutant: how many scenarios were found by each property and by the oracle. */
  readonly matrix: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly shrunkLength: Spread;
  readonly shrinkRuns: Spread;
  /** Cases whose shrinking used up its runs before nothing smaller failed. */
  readonly notMinimal: number;
  /** Cases longer than they need be: by more than one step than the shortest known of their mutant, beyond 11 steps by 1.3 times. */
  readonly tooLong: number;
  /** By mutant: how many counterexample files the start seeds end in; 1: they all found the same. */
  readonly files: Spread;
  readonly inOneFile: number;
  readonly killSeconds: Spread;
  readonly killRuns: Spread;
  readonly killedWithin1s: number;
  readonly cases: readonly Case[];
}

interface Case {
  readonly mutant: string;
  readonly row: string;
  readonly seed: string;
  readonly word: string;
  readonly broken: string;
  readonly runs: number;
  readonly seconds: number;
  readonly shrunkLength: number;
  readonly shrinkRuns: number;
  /** The name that its counterexample would have. */
  readonly file: string;
  readonly shrunk: Pick<Scenario, "options" | "steps"> & Pick<Candidate, "answers">;
}

interface Accused {
  readonly profile: string;
  readonly broken: string;
  readonly shortest: Pick<Scenario, "options" | "steps">;
}

const columns: readonly string[] = [...catalogue.map(one => one.id), "conformance"];

export function figuresOf(zoo: readonly Mutant[], seeds: readonly string[], hunts: readonly Hunt[]): Figures {
  const of = (mutant: Mutant): readonly Hunt[] => hunts.filter(one => one.mutant === mutant);
  const survivors = zoo.flatMap<Survivor>(mutant => {
    const missed = of(mutant).flatMap(one => (one.kill === undefined ? [one.seed] : []));
    return missed.length === 0 ? [] : [{ mutant: mutant.name, seeds: missed, reason: mutant.survives }];
  });
  const matrix = Object.fromEntries(zoo.map(mutant => [mutant.name, rowOf(of(mutant))]));
  const cases = hunts.flatMap(caseOf);
  const seconds = cases.map(one => one.seconds);
  const byMutant = [...Map.groupBy(cases, one => one.mutant).values()];
  const files = byMutant.map(found => new Set(found.map(one => one.file)).size);
  return {
    seeds,
    killed: zoo.length - survivors.length,
    total: zoo.length,
    survivors,
    foundThoughListed: zoo
      .filter(one => one.survives !== undefined && of(one).some(({ kill }) => kill !== undefined))
      .map(one => one.name),
    onlyConformance: Object.keys(matrix).filter(name => Object.keys(matrix[name] ?? {}).join() === "conformance"),
    trueBusAccused: accusedIn(hunts),
    idleProperties: catalogue.map(one => one.id).filter(id => !Object.values(matrix).some(row => (row[id] ?? 0) > 0)),
    matrix,
    shrunkLength: spreadOf(cases.map(one => one.shrunkLength)),
    shrinkRuns: spreadOf(cases.map(one => one.shrinkRuns)),
    notMinimal: hunts.filter(one => one.kill?.isLocalMinimum === false).length,
    tooLong: byMutant.flatMap(tooLongOf).length,
    files: spreadOf(files),
    inOneFile: files.filter(count => count === 1).length,
    killSeconds: spreadOf(seconds),
    killRuns: spreadOf(cases.map(one => one.runs)),
    killedWithin1s: seconds.filter(one => one <= 1).length,
    cases,
  };
}

function rowOf(hunts: readonly Hunt[]): Record<string, number> {
  const row: Record<string, number> = {};
  for (const id of columns) {
    const count = hunts.reduce((sum, one) => sum + (one.found.get(id) ?? 0), 0);
    if (count > 0) row[id] = count;
  }
  return row;
}

function accusedIn(hunts: readonly Hunt[]): readonly Accused[] {
  const shortest = new Map<string, Accused>();
  for (const { mutant, trueBusAccused } of hunts) {
    const profile = mutant.declared.name;
    for (const [broken, { options, steps }] of trueBusAccused) {
      const known = shortest.get(`${profile} ${broken}`);
      if (known === undefined || known.shortest.steps.length > steps.length)
        shortest.set(`${profile} ${broken}`, { profile, broken, shortest: { options, steps } });
    }
  }
  return [...shortest.values()];
}

function caseOf({ mutant, seed, kill }: Hunt): readonly Case[] {
  if (kill === undefined) return [];
  const { word, broken, runs, shrinkRuns } = kill;
  const { scenario, answers } = kill.shrunk;
  const seconds = Math.round(kill.seconds * 1_000) / 1_000;
  const { options, steps } = scenario;
  const { name, row, declared } = mutant;
  const file = nameOf({ property: broken, bus: name, profile: declared.name, world: "model", scenario });
  const how = { shrunkLength: lengthOf(scenario), shrinkRuns, file, shrunk: { options, steps, answers } };
  return [{ mutant: name, row, seed, word, broken, runs, seconds, ...how }];
}

/** Of one mutant. */
function tooLongOf(found: readonly Case[]): readonly Case[] {
  const shortest = Math.min(...found.map(one => one.shrunkLength));
  const most = shortest <= 11 ? shortest + 1 : 1.3 * shortest;
  return found.filter(one => one.shrunkLength > most);
}

function spreadOf(list: readonly number[]): Spread {
  const sorted = list.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, max: sorted.at(-1) ?? 0 };
}

/** No mutant survives without a reason, and no reason is out of date. */
export const isAsListed = ({ survivors, foundThoughListed }: Figures): boolean =>
  survivors.every(one => one.reason !== undefined) && foundThoughListed.length === 0;

const letterOf = (column: number): string => String.fromCharCode(97 + column);

export function renderFigures(figures: Figures): string {
  return [renderMatrix(figures), renderSurvivors(figures), renderSummary(figures)].join("\n\n");
}

/** One line a mutant; a letter where that column found it. */
function renderMatrix({ matrix, cases }: Figures): string {
  const header = `${columns.map((_, i) => letterOf(i)).join("")}  seconds   runs  steps  a bus that`;
  const rows = Object.entries(matrix).map(([name, row]) => {
    const marks = columns.map((id, i) => (row[id] === undefined ? "." : letterOf(i))).join("");
    const ofMutant = cases.filter(one => one.mutant === name);
    const worst = (pick: (one: Case) => number): number => Math.max(...ofMutant.map(pick));
    const cells =
      ofMutant.length === 0
        ? "survives".padStart(21)
        : [
            worst(one => one.seconds)
              .toFixed(2)
              .padStart(7),
            String(worst(one => one.runs)).padStart(5),
            String(worst(one => one.shrunkLength)).padStart(5),
          ].join("  ");
    return `${marks}  ${cells}  ${name}`;
  });
  const legend = columns.map((id, i) => `  ${letterOf(i)}  ${id}`);
  return [
    "Who finds which mutant. Seconds, runs until it was found, and steps of the shrunk case: the most over the start seeds.",
    header,
    ...rows,
    ...legend,
  ].join("\n");
}

function renderSurvivors({
  survivors,
  foundThoughListed,
  onlyConformance,
  idleProperties,
  trueBusAccused,
}: Figures): string {
  const lines = survivors.map(
    ({ mutant, seeds, reason }) =>
      `  ${mutant}: ${reason ?? "UNEXPLAINED: strengthen a property or the generator, or say in the zoo why it survives"} (seeds ${seeds.join(", ")})`,
  );
  const stale = foundThoughListed.map(name => `  ${name}: it is found now; take its \`survives\` out of the zoo`);
  return [
    `Survivors: ${lines.length === 0 ? "none" : ""}`,
    ...lines,
    ...stale,
    `Found by the oracle alone: ${onlyConformance.length}`,
    ...onlyConformance.map(name => `  ${name}`),
    `The true bus was accused: ${trueBusAccused.length === 0 ? "never" : "a bug of ours; such cases count for no mutant"}`,
    ...trueBusAccused.map(({ profile, broken, shortest }) => `  ${profile}, ${broken}: ${JSON.stringify(shortest)}`),
    `Promises that find nothing: ${idleProperties.join(", ") || "none"}`,
  ].join("\n");
}

function renderSummary(figures: Figures): string {
  const { killed, total, shrunkLength, shrinkRuns, notMinimal, killSeconds, killRuns, killedWithin1s, cases } = figures;
  const { tooLong, files, inOneFile } = figures;
  return [
    `${killed} of ${total} mutants killed (${((100 * killed) / total).toFixed(1)} %) from each of ${figures.seeds.length} start seeds (${figures.seeds.join(", ")})`,
    `time to kill: median ${killSeconds.median.toFixed(3)} s, most ${killSeconds.max.toFixed(2)} s; ${killedWithin1s} of ${cases.length} within 1 s; runs: median ${killRuns.median}, most ${killRuns.max}`,
    `shrunk case: median ${shrunkLength.median} steps, most ${shrunkLength.max}; ${shrinkRuns.max} runs at most, ${cases.length - notMinimal} of ${cases.length} to where nothing smaller fails; ${tooLong} longer than the shortest known and one`,
    `one bug, one file: ${inOneFile} of ${killed} mutants; ${files.max} files at most`,
  ].join("\n");
}

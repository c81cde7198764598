/**
 * `npm run mutants [-- --seed S] [--seeds N] [--json]`: hunts every mutant of the zoo, prints the kill matrix and keeps it under
 * .faultline/mutants/. `--exhaust` tries all schedules within a bound instead, and prints each mutant's shortest. Ends with 1 where a
 * mutant survives that the zoo does not explain, or is found that it says survives.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { asJson, isAsSaid, renderShortest, shortest } from "./exhaust.ts";
import { figuresOf, isAsListed, renderFigures } from "./figures.ts";
import { forgetScenarios, type Hunt, type HuntBounds, hunt } from "./hunt.ts";
import { type Mutant, zoo } from "./zoo.ts";

const bounds: HuntBounds = { budgetMs: 60_000, rowRuns: 2_000, shrinkRunsMax: 200 };
/** A run under a policy costs several times as much, and shows more of what can go wrong. */
const rowRunsUnderPolicy = 300;
/** Of those that no search can find only this much is spent, to see that it is still so. */
const survivorBudgetMs = 5_000;
const folder = join(import.meta.dirname, "..", "..", ".faultline", "mutants");

function main(): number {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      seeds: { type: "string" },
      json: { type: "boolean" },
      exhaust: { type: "boolean" },
    },
  });
  if (values.exhaust) return exhaustAll(values.json === true);
  const seeds = seedsOf(values.seed ?? "1", Number(values.seeds ?? "1"));
  if (seeds.length === 0) {
    console.error(`--seeds takes a number of start seeds, 1 or more; it was ${values.seeds}`);
    return 2;
  }
  const figures = figuresOf(
    zoo,
    seeds,
    seeds.flatMap((seed, i) => huntAll(seed, i === 0)),
  );
  const json = JSON.stringify(figures, null, 1);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${encodeURIComponent(seeds[0] ?? "")}-${seeds.length}.json`);
  writeFileSync(file, `${json}\n`);
  console.log(values.json ? json : `${renderFigures(figures)}\nkept in ${relative(process.cwd(), file)}`);
  return isAsListed(figures) ? 0 : 1;
}

function exhaustAll(json: boolean): number {
  const all = zoo.map(mutant => shortest(mutant));
  console.log(json ? JSON.stringify(asJson(all), null, 1) : renderShortest(all));
  return all.every(isAsSaid) ? 0 : 1;
}

/** The start seed itself, then `S.1`, `S.2`, … */
const seedsOf = (seed: string, count: number): readonly string[] =>
  Number.isInteger(count) && count >= 1
    ? Array.from({ length: count }, (_, i) => (i === 0 ? seed : `${seed}.${i}`))
    : [];

/** The first start seed fills the matrix; the others only say whether each mutant is found, how soon and how short. */
function huntAll(seed: string, fillsMatrix: boolean): readonly Hunt[] {
  const began = performance.now();
  const hunts = zoo.map(mutant => hunt(mutant, seed, boundsOf(mutant, fillsMatrix)));
  forgetScenarios();
  const found = hunts.filter(one => one.kill !== undefined).length;
  const seconds = (performance.now() - began) / 1_000;
  console.error(`seed ${seed}: ${found} of ${zoo.length} found, in ${seconds.toFixed(0)} s`);
  return hunts;
}

const boundsOf = ({ survives, where }: Mutant, fillsMatrix: boolean): HuntBounds => ({
  budgetMs: survives === undefined ? bounds.budgetMs : survivorBudgetMs,
  rowRuns: !fillsMatrix ? 0 : where.policy === undefined ? bounds.rowRuns : rowRunsUnderPolicy,
  shrinkRunsMax: bounds.shrinkRunsMax,
});

process.exitCode = main();

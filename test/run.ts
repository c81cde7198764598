/**
 * What `npm test` runs: lint, typecheck, then every test. All of them run even if one fails; the last line printed is
 * `N passed, N failed`, in which lint and typecheck count as one each. Arguments are handed to vitest.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { keptResultsIn, type Totals } from "./kept-results.ts";
import { root, run, type ToolEnd, tallyLate } from "./run-timed.ts";

const report = join(root, ".faultline", "test", "vitest.json");
/** A line for each test file that has ended: what is left of a run that is stopped. */
const results = join(root, ".faultline", "test", "results.jsonl");
const msMax = 30 * 60_000;

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

function main(): number {
  const tallies = [
    check("lint", "@biomejs/biome/bin/biome", ["check", "."]),
    check("typecheck", "typescript/bin/tsc", ["--noEmit"]),
    runTests(process.argv.slice(2)),
  ];
  const passed = tallies.reduce((sum, one) => sum + one.passed, 0);
  const failed = tallies.reduce((sum, one) => sum + one.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function check(name: string, program: string, args: readonly string[]): Tally {
  const ok = run(program, args, { msMax }) === 0;
  console.log(`${name} ${ok ? "passed" : "FAILED"}`);
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function runTests(args: readonly string[]): Tally {
  mkdirSync(join(report, ".."), { recursive: true });
  for (const file of [report, results]) rmSync(file, { force: true });
  const keeps = join(import.meta.dirname, "kept-results.ts");
  const reporters = ["--reporter=default", "--reporter=json", `--reporter=${keeps}`, `--outputFile.json=${report}`];
  const end = run("vitest/vitest.mjs", ["run", ...reporters, ...args], { msMax, env: { [keptResultsIn]: results } });
  if (end !== "late") return tally(end);
  const { said, ...late } = tallyLate(results, msMax);
  console.log(said);
  return late;
}

/** Fails also where vitest does so without a failed test: a file that does not load, an error outside any test, no test at all. */
function tally(status: Exclude<ToolEnd, "late">): Tally {
  const { passed, failed, notRun } = totals();
  if (notRun > 0) console.log(`${notRun} tests were not run, and count as failed: no test may be skipped`);
  if (passed + failed === 0) console.log("no test was run, which counts as one failure");
  const counted = failed + notRun;
  const silent = counted === 0 && (status !== 0 || passed === 0) ? 1 : 0;
  return { passed, failed: counted + silent };
}

function totals(): Totals {
  try {
    const said = JSON.parse(readFileSync(report, "utf8")) as Record<string, number>;
    const of = (name: string): number => said[name] ?? 0;
    return {
      passed: of("numPassedTests"),
      failed: of("numFailedTests"),
      notRun: of("numPendingTests") + of("numTodoTests"),
    };
  } catch {
    return { passed: 0, failed: 0, notRun: 0 };
  }
}

process.exitCode = main();

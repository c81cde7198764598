/**
 * A vitest reporter that keeps the results of each file as soon as that has ended: vitest's own JSON is written at the very end, and a run
 * that is stopped before has none.
 */
import { appendFileSync, readFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** The file to which the results go. */
export const keptResultsIn = "FAULTLINE_TEST_RESULTS";

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: number;
}

export interface KeptResults extends Totals {
  /** The number of test files that have ended. */
  readonly files: number;
}

export default class KeepsResults implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    const file = process.env[keptResultsIn];
    if (file === undefined) return;
    const states = [...module.children.allTests()].map(one => one.result().state);
    const of = (state: string): number => states.filter(one => one === state).length;
    const totals: Totals = { passed: of("passed"), failed: of("failed"), notRun: of("skipped") + of("pending") };
    appendFileSync(file, `${JSON.stringify({ file: module.relativeModuleId, ...totals })}\n`);
  }
}

/** The sum over all files that have ended. */
export function keptResults(file: string): KeptResults {
  const lines = linesOf(file).map(line => JSON.parse(line) as Totals);
  const sum = (of: (one: Totals) => number): number => lines.reduce((all, one) => all + of(one), 0);
  return {
    files: lines.length,
    passed: sum(one => one.passed),
    failed: sum(one => one.failed),
    notRun: sum(one => one.notRun),
  };
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}

/**
 * A checker for Stryker that lets only the drawn mutants through: Stryker has no sampling of its own. The others end as
 * "compile errors", which count neither way, and are left out of our report. Loaded by Stryker in a process of its own.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { type Made, placeOf } from "./draw.ts";

interface Candidate extends Made {
  readonly id: string;
  readonly fileName: string;
}
type Answer = { readonly status: "passed" } | { readonly status: "compileError"; readonly reason: string };

function drawnChecker() {
  const drawn = new Set(JSON.parse(readFileSync(process.env.FAULTLINE_DRAWN ?? "", "utf8")) as string[]);
  const isDrawn = ({ fileName, mutatorName, replacement, location: { start, end } }: Candidate): boolean =>
    drawn.has(
      placeOf({
        file: relative(process.cwd(), fileName).replaceAll("\\", "/"),
        start: { line: start.line + 1, column: start.column + 1 },
        end: { line: end.line + 1, column: end.column + 1 },
        mutator: mutatorName,
        replacement,
      }),
    );
  return {
    init: async (): Promise<void> => {},
    group: async (all: readonly Candidate[]): Promise<string[][]> => [all.map(one => one.id)],
    check: async (all: readonly Candidate[]): Promise<Record<string, Answer>> =>
      Object.fromEntries(
        all.map(one => [one.id, isDrawn(one) ? { status: "passed" } : { status: "compileError", reason: "not drawn" }]),
      ),
  };
}

export const strykerPlugins = [
  { kind: "Checker", name: "drawn", factory: Object.assign(drawnChecker, { inject: [] }) },
] as const;

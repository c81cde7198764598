/** The population of mutants and the seeded sample of it. A mutant is known by what it is, not by the line on which it stands. */
import { createHash } from "node:crypto";
import { sliceOf } from "./slices.ts";

/** Line and column from 1, as editors count. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Mutant {
  /** File, a hash of mutator, original and replacement, and which of several equal ones: lines may move, the id stays. */
  readonly id: string;
  readonly slice: string;
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
}

/** A mutant as Stryker makes it; lines and columns from 0. */
export interface Made {
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The mutants of one file, in Stryker's order. */
export function mutantsOf(file: string, text: string, made: readonly Made[]): readonly Mutant[] {
  const seen = new Map<string, number>();
  return made.map(({ mutatorName: mutator, replacement, location: { start, end } }) => {
    const original = text.slice(offsetOf(text, start), offsetOf(text, end));
    const same = `${file}#${digest([mutator, original, replacement].join("\0")).slice(0, 10)}`;
    const nth = seen.get(same) ?? 0;
    seen.set(same, nth + 1);
    const fromOne = ({ line, column }: Position): Position => ({ line: line + 1, column: column + 1 });
    return {
      id: `${same}.${nth}`,
      slice: sliceOf(file),
      file,
      start: fromOne(start),
      end: fromOne(end),
      mutator,
      original,
      replacement,
    };
  });
}

function offsetOf(text: string, { line, column }: Position): number {
  let offset = 0;
  for (let left = line; left > 0; left--) offset = text.indexOf("\n", offset) + 1;
  return offset + column;
}

/** Where it stands and what it becomes: two descriptions of one mutant agree on this as long as the file is the same. */
export const placeOf = ({
  file,
  start,
  end,
  mutator,
  replacement,
}: Omit<Mutant, "id" | "slice" | "original">): string =>
  `${file}:${start.line}:${start.column}-${end.line}:${end.column} ${mutator} ${replacement}`;

/** The `count` mutants whose hash with the seed is smallest: a change of one file hardly redraws the others. */
export function draw(population: readonly Mutant[], count: number, seed: string): readonly Mutant[] {
  const ranked = population.map(mutant => ({ mutant, rank: digest(`${seed}\0${mutant.id}`) }));
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const drawn = new Set(ranked.slice(0, count).map(one => one.mutant));
  return population.filter(mutant => drawn.has(mutant));
}

/** The file's text with this one mutation made. */
export function mutated(text: string, { start, end, replacement }: Mutant): string {
  const at = ({ line, column }: Position): number => offsetOf(text, { line: line - 1, column: column - 1 });
  return text.slice(0, at(start)) + replacement + text.slice(at(end));
}

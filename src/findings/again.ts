/**
 * The lines that a person pastes: what was found again, the same run again, or on from where it ended. Every report has whole lines, and
 * this file alone puts them together.
 */
import { join } from "node:path";

import { bundledNames } from "../runs/profiles.ts";
import { cleaned, lineCharsMax } from "../text/clean.ts";
import type { BackendName } from "../worlds/live/backend.ts";

/** The folder of kept cases where nobody names another: below the current one. */
export const keptFolder: string = join("fixtures", "seeds");

type Value = string | number | boolean | readonly string[] | undefined;

/** Options by name, in the order in which they stand in the line; undefined and false ones are left out. */
export type LineOptions = Readonly<Record<string, Value>>;

export const commandLine = (command: string, options: LineOptions): string => `npx ${bareLine(command, options)}`;

/** The same within a sentence, where no one pastes it. */
export const bareLine = (command: string, options: LineOptions): string =>
  ["faultline", command, ...lineWords(options)].join(" ");

/** Shows a file again: a counterexample, or a scenario. */
export const replayLine = (file: string, options: LineOptions = {}): string =>
  commandLine(`replay ${quoted(file)}`, options);

/** The words of a line that name these options. */
export const lineWords = (options: LineOptions): readonly string[] => Object.entries(options).flatMap(wordsOf);

/** A whole line with words that were made before it. */
export const lineWith = (line: string, words: readonly string[]): string => [line, ...words].join(" ");

/** The backend that a pasted line must name to have its servers in the same place. */
export const backendOption = (backend: BackendName): BackendName | undefined =>
  backend === "process" ? undefined : backend;

/** The bus that a line must name where the file alone would not be run: no command line is taken from data. */
export const ownBus = (bus: string): string | undefined => (bundledNames().includes(bus) ? undefined : bus);

/** The folder of kept cases that a line must name. */
export const ownSeeds = (seeds: string): string | undefined => (seeds === keptFolder ? undefined : seeds);

function wordsOf([name, value]: readonly [string, Value]): readonly string[] {
  if (value === undefined || value === false) return [];
  if (value === true) return [`--${name}`];
  return [value].flat().flatMap(one => [`--${name}`, quoted(String(one))]);
}

/** One argument of a line to paste. */
export const quoted = (word: string): string =>
  /^[\w./:,@%+=-]+$/.test(word) ? word : `'${cleaned(word, lineCharsMax).replaceAll("'", `'\\''`)}'`;

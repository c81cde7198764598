/**
 * The lines that a person pastes: what was found again, the same run again, or on from where it ended. Every report has whole lines, and
 * this file alone puts them together.
 */
type Value = string | number | boolean | readonly string[] | undefined;

/** Options by name, in the order in which they stand in the line; undefined and false ones are left out. */
export type LineOptions = Readonly<Record<string, Value>>;

export const commandLine = (command: string, options: LineOptions): string =>
  ["npx faultline", command, ...Object.entries(options).flatMap(wordsOf)].join(" ");

/** Shows a file again: a counterexample, or a scenario. */
export const replayLine = (file: string, options: LineOptions = {}): string =>
  commandLine(`replay ${quoted(file)}`, options);

function wordsOf([name, value]: readonly [string, Value]): readonly string[] {
  if (value === undefined || value === false) return [];
  if (value === true) return [`--${name}`];
  return [value].flat().flatMap(one => [`--${name}`, quoted(String(one))]);
}

/** One argument of a line to paste. */
export const quoted = (word: string): string =>
  /^[\w./:,@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

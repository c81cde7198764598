/**
 * Sets of subjects, and the shortest subject that some of them have and others have not. A set is a pattern, one subject, or all subjects with a
 * beginning and an end, which may end in the middle of a token. Each is a small automaton over characters, so that what it takes is exact; the
 * answer is found by a walk over all of them at once, shortest subjects first.
 */
import type { ClassifierRule } from "../vocabulary/policy.ts";
import { overlap } from "./pattern.ts";

/** Subjects that all of `all` and none of `none` have. */
export interface SubjectQuery {
  readonly all: readonly ClassifierRule[];
  readonly none: readonly ClassifierRule[];
}

/** `undecided`: there are more combinations than are looked at. */
export type SubjectAnswer =
  | { readonly kind: "some"; readonly subject: string }
  | { readonly kind: "none" }
  | { readonly kind: "undecided" };

/** States are whole numbers from 0, where each begins; `dead`: no text from here on is taken. */
interface Automaton {
  readonly step: (state: number, character: string) => number;
  readonly accepts: (state: number) => boolean;
  /** True where every subject from here on is taken. */
  readonly isAlways: (state: number) => boolean;
}

const dead = -1;
const statesMax = 50_000;
const subjectCharsMax = 128;

/** The shortest such subject; of several of one length, the first in an alphabet in which letters and digits come before other characters. */
export function shortestSubject({ all, none }: SubjectQuery, most: number = statesMax): SubjectAnswer {
  if (all.some((one, i) => all.some((other, j) => j < i && areApart(one, other)))) return { kind: "none" };
  const wanted = [validity, ...all.map(automatonOf)];
  const unwanted = none.filter(one => !all.some(other => areApart(one, other))).map(automatonOf);
  const alphabet = alphabetOf([...all, ...none]);
  const seen = new Set<string>();
  let texts: readonly ReachedText[] = [{ text: "", states: [...wanted, ...unwanted].map(() => 0) }];
  for (let length = 0; length < subjectCharsMax && texts.length > 0; length++) {
    const next: ReachedText[] = [];
    for (const { text, states } of texts)
      for (const character of alphabet) {
        const reached = stepAll(states, character, wanted, unwanted);
        if (reached === undefined) continue;
        const key = reached.join(" ");
        if (seen.has(key)) continue;
        if (seen.size >= most) return { kind: "undecided" };
        seen.add(key);
        const longer = { text: text + character, states: reached };
        if (isTaken(reached, wanted, unwanted)) return { kind: "some", subject: longer.text };
        next.push(longer);
      }
    texts = next;
  }
  return texts.length === 0 ? { kind: "none" } : { kind: "undecided" };
}

interface ReachedText {
  readonly text: string;
  readonly states: readonly number[];
}

/** Undefined where nothing that begins so is an answer. */
function stepAll(
  states: readonly number[],
  character: string,
  wanted: readonly Automaton[],
  unwanted: readonly Automaton[],
): readonly number[] | undefined {
  const reached: number[] = [];
  for (const [i, one] of wanted.entries()) {
    const state = one.step(states[i] ?? dead, character);
    if (state === dead) return undefined;
    reached.push(state);
  }
  for (const [i, one] of unwanted.entries()) {
    const before = states[wanted.length + i] ?? dead;
    const state = before === dead ? dead : one.step(before, character);
    if (state !== dead && one.isAlways(state)) return undefined;
    reached.push(state);
  }
  return reached;
}

const isTaken = (states: readonly number[], wanted: readonly Automaton[], unwanted: readonly Automaton[]): boolean =>
  wanted.every((one, i) => one.accepts(states[i] ?? dead)) &&
  unwanted.every((one, i) => {
    const state = states[wanted.length + i] ?? dead;
    return state === dead || !one.accepts(state);
  });

/** True where two sets surely have no subject in common, which needs no walk. */
function areApart(one: ClassifierRule, other: ClassifierRule): boolean {
  const [a, b] = [headOf(one), headOf(other)];
  if (!a.startsWith(b) && !b.startsWith(a)) return true;
  const [whole, otherWhole] = [one.exact ?? one.pattern, other.exact ?? other.pattern];
  return whole !== undefined && otherWhole !== undefined && !overlap(whole, otherWhole);
}

/** The characters with which each of its subjects begins. */
const headOf = ({ exact, pattern, prefix = "" }: ClassifierRule): string =>
  exact ?? pattern?.replace(/(?<=^|\.)[*>](?=$|\.).*$/, "") ?? prefix;

const automatonOf = ({ exact, pattern, prefix = "", suffix = "" }: ClassifierRule): Automaton =>
  exact !== undefined ? ofPattern(exact) : pattern !== undefined ? ofPattern(pattern) : ofEnds(prefix, suffix);

/** Tokens with characters in them, not beginning with `$`: 0 at the start, 1 within a token, 2 after a dot. */
const validity: Automaton = {
  step: (state, character) => {
    if (character === ".") return state === 1 ? 2 : dead;
    return state === 0 && character === "$" ? dead : 1;
  },
  accepts: state => state === 1,
  isAlways: () => false,
};

/**
 * One state for each place of the pattern's text. A `*` stands at its own place until a character has come, and then behind it; a `>` takes
 * whatever comes, which `validity` holds to be a subject.
 */
function ofPattern(pattern: string): Automaton {
  const rest = pattern.endsWith(">") ? pattern.length : dead;
  const isStar = (place: number): boolean =>
    pattern[place] === "*" && (place === 0 || pattern[place - 1] === ".") && (pattern[place + 1] ?? ".") === ".";
  return {
    step: (state, character) => {
      if (state === rest || (rest > 0 && state === rest - 1)) return rest;
      if (isStar(state)) return character === "." ? dead : state + 1;
      if (state > 0 && isStar(state - 1) && character !== ".") return state;
      return pattern[state] === character ? state + 1 : dead;
    },
    accepts: state => state === pattern.length,
    isAlways: state => state === rest,
  };
}

/** The characters of the beginning that have come, and how many of the end stand last (Knuth, Morris and Pratt). */
function ofEnds(prefix: string, suffix: string): Automaton {
  const width = suffix.length + 1;
  const longest = (text: string): number => {
    for (let length = Math.min(suffix.length, text.length); length > 0; length--)
      if (text.endsWith(suffix.slice(0, length))) return length;
    return 0;
  };
  return {
    step: (state, character) => {
      const [begun, ended] = [Math.floor(state / width), state % width];
      if (begun < prefix.length && prefix[begun] !== character) return dead;
      return Math.min(begun + 1, prefix.length) * width + longest(suffix.slice(0, ended) + character);
    },
    accepts: state => Math.floor(state / width) === prefix.length && state % width === suffix.length,
    isAlways: state => suffix === "" && Math.floor(state / width) === prefix.length,
  };
}

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

/** The characters that any of them tells apart, and one that none does. */
function alphabetOf(rules: readonly ClassifierRule[]): readonly string[] {
  const text = rules
    .map(({ exact, pattern, prefix = "", suffix = "" }) => exact ?? pattern ?? prefix + suffix)
    .join("");
  const own = new Set(text.replaceAll(/[.*>]/g, ""));
  const fresh = [...letters].find(letter => !own.has(letter)) ?? "~";
  return [...own, fresh, "."].toSorted((a, b) => Number(isOther(a)) - Number(isOther(b)) || (a < b ? -1 : 1));
}

const isOther = (character: string): boolean => !/[\p{L}\p{N}]/u.test(character);

/** Cover and overlap of patterns, against all subjects, for every pair of patterns of a small alphabet: 2.9 million pairs. */
import { expect, test } from "vitest";
import { covers, coversAll, overlap } from "../../../models/policy/pattern.ts";

const literals = ["a", "b", "c"];
const textsOf = (tokens: readonly string[], length: number): readonly string[] =>
  length === 0 ? [""] : textsOf(tokens, length - 1).flatMap(text => tokens.map(token => `${text}${token}.`));

/** Up to five tokens. */
const patterns: readonly string[] = [0, 1, 2, 3, 4].flatMap(length =>
  textsOf([...literals, "*"], length).flatMap(before => [...literals, "*", ">"].map(last => before + last)),
);
/** Up to six tokens, one of which no pattern names: what two patterns tell apart is among them. */
const subjects: readonly string[] = [1, 2, 3, 4, 5, 6].flatMap(length =>
  textsOf([...literals, "d"], length).map(text => text.slice(0, -1)),
);

/** One bit for each subject that the pattern covers. */
const maskOf = (pattern: string): bigint =>
  BigInt(`0b${subjects.map(subject => (covers(pattern, subject) ? "1" : "0")).join("")}`);

test("two patterns overlap where they have a subject in common, and one covers another where it has all of its subjects", () => {
  const masks = patterns.map(maskOf);
  expect(patterns.length ** 2).toBeGreaterThan(1_000_000);
  const wrong: string[] = [];
  for (const [i, one] of patterns.entries())
    for (const [j, other] of patterns.entries()) {
      const [a = 0n, b = 0n] = [masks[i], masks[j]];
      const both = a & b;
      if (overlap(one, other) !== (both !== 0n)) wrong.push(`overlap of ${one} and ${other}`);
      if (coversAll(one, other) !== (both === b)) wrong.push(`${one} covers ${other}`);
    }
  expect(wrong.slice(0, 10)).toEqual([]);
}, 300_000);

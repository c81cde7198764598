/** Two subject patterns overlap where one subject matches both. */
import { expect, test } from "vitest";
import { covers, overlap } from "../../../models/policy/pattern.ts";

test.each<[string, string, boolean]>([
  ["a.b", "a.b", true],
  ["a.b", "a.c", false],
  ["a", "a.b", false],
  ["a.*", "a.b", true],
  ["a.*", "*.b", true],
  ["a.*", "b.*", false],
  ["a.*", "a.b.c", false],
  ["a.>", "a.b.c", true],
  ["a.>", "a", false],
  ["a.>", "b.>", false],
  [">", "a.b", true],
])("%s and %s: %s, either way round", (one, other, expected) => {
  expect([overlap(one, other), overlap(other, one)]).toEqual([expected, expected]);
});

test("patterns overlap exactly where some short subject matches both", () => {
  const tokens = ["a", "b"];
  const subjects = [...tokens, ...tokens.flatMap(x => tokens.map(y => `${x}.${y}`))];
  const deep = [...subjects, ...tokens.flatMap(x => subjects.filter(one => one.includes(".")).map(y => `${x}.${y}`))];
  const patterns = [...deep, ">", "*", "*.a", "a.*", "*.*", "a.>", "*.>", "*.*.a", "a.*.b"];
  for (const one of patterns)
    for (const other of patterns)
      expect(overlap(one, other), `${one} and ${other}`).toBe(
        deep.some(subject => covers(one, subject) && covers(other, subject)),
      );
});

/** docs/words.md says each word once, and has the words that output and files use. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { classNames } from "../models/vocabulary/scenario.ts";

const page = readFileSync(new URL("../docs/words.md", import.meta.url), "utf8");

/** The words of a page's tables: the first cell of each row that has three. */
const wordsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^\| ([^|`]+) \|[^|]+\|[^|]*\|$/gm)]
    .flatMap(([, cell = ""]) => cell.split(", "))
    .filter(word => word !== "word");

const twice = (words: readonly string[]): readonly string[] => words.filter((word, i) => words.indexOf(word) !== i);

test("a page that says a word twice is noticed", () => {
  expect(twice(wordsIn("| word | means | elsewhere |\n| a, b | x | |\n| b | y | z |\n"))).toEqual(["b"]);
});

test("each word is said once", () => {
  expect(wordsIn(page).length).toBeGreaterThan(70);
  expect(twice(wordsIn(page))).toEqual([]);
});

test("every class of the ledger is in its table", () => {
  for (const name of classNames) expect(page).toContain(`\`${name}\``);
});

test("every verdict, outcome and phase is explained", () => {
  const explained = ["holds, violated or inconclusive", "accepted", "acked", "rejected", "unsettled"];
  for (const word of [...explained, "disturbed", "healed", "settled"]) expect(page).toContain(word);
});

test("a cell holds a phrase of 25 words at most", () => {
  const cells = page
    .split("\n")
    .filter(line => line.startsWith("|"))
    .flatMap(line => line.split("|"));
  expect(cells.filter(cell => cell.trim().split(/\s+/).length > 25)).toEqual([]);
});

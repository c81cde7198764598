/** docs/facts.md and what cites it: a number leads to one fact, and every citation is a number that is there. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadCorpus } from "../src/files/corpus.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs", "facts.md"), "utf8");
const self = "test/facts-page.test.ts";

/** The numbers that a page gives: to the rows of its tables, to paragraphs, to headings with the day of the finding. */
const numbersGiven = (text: string): readonly string[] =>
  [...text.matchAll(/^(?:\| (F-\d+) \||\*\*(F-\d+)\.\*\* |### (F-\d+), \d{4}-\d\d-\d\d: )/gm)].map(
    ([, row, paragraph, heading]) => row ?? paragraph ?? heading ?? "",
  );

const sectionOf = (text: string, title: string): string => text.split(/^## /m).find(one => one.startsWith(title)) ?? "";

/** Rows and paragraphs that measured something and have no number, as a page might gain them. */
const withoutNumber = (text: string): readonly string[] =>
  text
    .split(/^## /m)
    .filter(one => /^(Table|Read|Barriers|Found)/.test(one))
    .flatMap(one => one.split("\n"))
    .filter(line => /^\| (?!#|F-\d+ \|)/.test(line) || /^(### (?!F-\d+, \d{4}-\d\d-\d\d: )|- )/.test(line));

const twice = (all: readonly string[]): readonly string[] => all.filter((one, i) => all.indexOf(one) < i);

interface Citing {
  readonly path: string;
  readonly text: string;
}

const citationsThatLeadNowhere = (files: readonly Citing[], given: readonly string[]): readonly string[] =>
  files.flatMap(({ path, text }) => [
    ...[...text.matchAll(/\bF-\d+\b/g)].filter(([number]) => !given.includes(number)).map(([one]) => `${path}: ${one}`),
    ...[...text.matchAll(/client-boundaries|facts\.md,\s+(\*\s+)?"?found since/gi)].map(([one]) => `${path}: ${one}`),
  ]);

const citesNothing = (fact: string): boolean =>
  !/\bF-\d+\b/.test(fact) &&
  ![...fact.matchAll(/\btable (\d+)/g)].some(([, number]) => page.includes(`\n## Table ${number}: `));

/** Every text that git has or would have. */
function repository(): Citing[] {
  return execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root })
    .toString()
    .split("\n")
    .filter(path => /\.(ts|mjs|js|go|py|md|json)$/.test(path) && path !== self && existsSync(join(root, path)))
    .map(path => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

describe("the page", () => {
  test("gives each number once", () => {
    expect(numbersGiven(page).length).toBeGreaterThan(130);
    expect(twice(numbersGiven(page))).toEqual([]);
    expect(twice(numbersGiven("| F-1 | a |\n**F-1.** b\n### F-2, 2026-11-22: c\n### F-2, 2026-11-23: d\n"))).toEqual([
      "F-1",
      "F-2",
    ]);
  });

  test("has no row, bullet or finding without a number, and no finding without its day", () => {
    expect(withoutNumber(page)).toEqual([]);
    const bad =
      "## Table 1: a\n| # | b |\n|---|---|\n| c | d |\n## Found since\n- e\n### F-3: f\n### F-4, 2026-11-22: g\n";
    expect(withoutNumber(bad)).toEqual(["| c | d |", "- e", "### F-3: f"]);
    expect(numbersGiven(sectionOf(page, "Found since")).length).toBeGreaterThan(30);
  });
});

test("every fact that is cited anywhere is on the page, by its number", () => {
  expect(citationsThatLeadNowhere(repository(), numbersGiven(page))).toEqual([]);
  const files = [
    { path: "a.ts", text: "// F-1, F-12 and F-2" },
    { path: "b.ts", text: "// client-boundaries 5" },
    { path: "c.ts", text: '(docs/facts.md, "Found since")' },
    { path: "d.ts", text: "UTF-8" },
  ];
  expect(citationsThatLeadNowhere(files, ["F-1", "F-2"])).toEqual([
    "a.ts: F-12",
    "b.ts: client-boundaries",
    'c.ts: facts.md, "Found since',
  ]);
});

test("every expectation of the corpus cites a fact or a table", () => {
  const facts = loadCorpus(root).flatMap(({ file, scenario }) =>
    Object.values(scenario.expect).map(({ fact }) => ({ file, fact })),
  );
  expect(facts.length).toBeGreaterThan(300);
  expect(facts.filter(({ fact }) => citesNothing(fact))).toEqual([]);
  expect(["as seen", "table 99: x", "table 1: x", "F-1"].filter(citesNothing)).toEqual(["as seen", "table 99: x"]);
});

test("no scenario's file gives one fact twice", () => {
  const given = (text: string): readonly string[] =>
    [...text.matchAll(/"fact": "([^"]*)"/g)].map(([, fact]) => fact ?? "");
  for (const { file } of loadCorpus(root))
    expect(twice(given(readFileSync(join(root, file), "utf8"))), file).toEqual([]);
  expect(twice(given('"fact": "a", "fact": "b", "fact": "a"'))).toEqual(["a"]);
});

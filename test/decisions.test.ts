/** DECISIONS.md: its head table has every entry with a status, and a status leads to a later entry that names the earlier one. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

interface Entry {
  readonly number: number;
  /** Title and date, as in the table. */
  readonly row: string;
  readonly body: string;
}

const page = readFileSync(new URL("../DECISIONS.md", import.meta.url), "utf8");

const entriesOf = (text: string): readonly Entry[] =>
  text
    .split(/^(?=## )/m)
    .slice(1)
    .map(section => {
      const [heading = "", ...body] = section.split("\n");
      const [, number = "", title, date] = /^## (\d+)\. (.+) \((\d{4}-\d\d-\d\d)\)$/.exec(heading) ?? [];
      return { number: Number(number), row: `| ${number} | ${title} | ${date} |`, body: body.join("\n") };
    });

/** By number: the row without its status, and the status. */
const tableOf = (text: string): ReadonlyMap<number, readonly [row: string, status: string]> =>
  new Map(
    [...text.matchAll(/^(\| (\d+) \| .+ \| \d{4}-\d\d-\d\d \|) (.+) \|$/gm)].map(
      ([, row = "", number, status = ""]) => [Number(number), [row, status]] as const,
    ),
  );

function complaintsAbout(text: string): readonly string[] {
  const entries = entriesOf(text);
  const table = tableOf(text);
  const complaints: string[] = [];
  entries.forEach(({ number, row }, i) => {
    if (number !== i + 1)
      complaints.push(`entry ${i + 1} in order has the number ${number}, or no number, title and date`);
    if (table.get(number)?.[0] !== row) complaints.push(`the table lacks the row: ${row} accepted |`);
  });
  for (const [number, [, status]] of table) {
    if (entries[number - 1] === undefined) complaints.push(`the table has ${number}, which is no entry`);
    const [, , by] = /^(superseded by (?=\d+$)|amended by )(\d+(?:, \d+)*)$/.exec(status) ?? [];
    if (by === undefined && status !== "accepted") complaints.push(`${number} has the status "${status}"`);
    for (const later of (by ?? "")
      .split(", ")
      .filter(one => one !== "")
      .map(Number)) {
      const names = new RegExp(`\\b${number}\\b`).test(entries[later - 1]?.body ?? "");
      if (later <= number || !names) complaints.push(`${number} is ${status}, and ${later} does not say so`);
    }
  }
  return complaints;
}

test("every decision has a status, and what replaced it names it", () => {
  expect(entriesOf(page).length).toBeGreaterThan(60);
  expect(complaintsAbout(page)).toEqual([]);
});

describe("the check", () => {
  const good = [
    "| 1 | One | 2026-11-22 | superseded by 2 |",
    "| 2 | Two | 2026-11-23 | accepted |",
    "",
    "## 1. One (2026-11-22)",
    "Once.",
    "",
    "## 2. Two (2026-11-23)",
    "Unlike decision 1.",
  ].join("\n");

  test("accepts a page in order", () => {
    expect(complaintsAbout(good)).toEqual([]);
  });

  test.each([
    ["where an entry has no row", "| 2 | Two | 2026-11-23 | accepted |\n", ""],
    ["where a row has no entry", "| 2 | Two", "| 3 | Three | 2026-11-23 | accepted |\n| 2 | Two"],
    ["where row and heading differ", "| 1 | One", "| 1 | Other"],
    ["where a status is unknown", "| accepted |", "| proposed |"],
    ["where a status has two successors", "superseded by 2", "superseded by 2, 2"],
    ["where the successor does not exist", "superseded by 2", "superseded by 3"],
    ["where the successor is an earlier entry", "2026-11-23 | accepted", "2026-11-23 | amended by 1"],
    ["where the successor does not name it", "Unlike decision 1.", "Twice."],
    ["where a heading has no date", "## 2. Two (2026-11-23)", "## 2. Two"],
    ["where a number is left out", "## 2. Two", "## 3. Two"],
  ])("refuses a page %s", (_where, from, to) => {
    expect(good).toContain(from);
    expect(complaintsAbout(good.replace(from, to))).not.toEqual([]);
  });
});

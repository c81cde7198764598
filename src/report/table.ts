/** Aligned columns of text. A row that is one string stands across them all, as a heading of those below. */
import { stripVTControlCharacters } from "node:util";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}
export type Row = readonly string[] | string;

export function renderTable(columns: readonly Column[], rows: readonly Row[], gap = "  "): string {
  const cells = [columns.map(one => one.title), ...rows.filter(row => typeof row !== "string")];
  const widths = columns.map((_, i) => Math.max(...cells.map(row => widthOf(row[i] ?? ""))));
  const renderRow = (row: readonly string[]): string =>
    columns
      .map(({ align }, i) => pad(row[i] ?? "", widths[i] ?? 0, align))
      .join(gap)
      .trimEnd();
  const hasTitles = columns.some(one => one.title !== "");
  return [
    ...(hasTitles ? [renderRow(columns.map(one => one.title))] : []),
    ...rows.map(row => (typeof row === "string" ? row : renderRow(row))),
  ].join("\n");
}

/** Lines of two: what it is, and what there is to say of it. */
export const renderPairs = (pairs: readonly (readonly [string, string])[]): string =>
  renderTable(
    [
      { title: "", align: "left" },
      { title: "", align: "left" },
    ],
    pairs,
  );

const widthOf = (text: string): number => stripVTControlCharacters(text).length;

function pad(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "left" ? text + space : space + text;
}

/** "1 run", "2 runs", "12,000 runs". */
export const counted = (count: number, noun: string, plural: string = `${noun}s`): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? noun : plural}`;

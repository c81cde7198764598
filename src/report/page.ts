/** The one-page durability policy as Markdown, and what has moved since a page was written. */
import type { PageCell, PageLine } from "../desk/page.ts";
import { cleaned } from "../text/clean.ts";
import type { Paint } from "./paint.ts";
import { counted } from "./table.ts";

export interface Drift {
  readonly id: string;
  readonly name: string;
  /** The column, or `its line`. */
  readonly cell: string;
  readonly was: string;
  readonly is: string;
  /** `file:line:column` of what it is now; null where no file says it. */
  readonly place: string | null;
}

interface LineShown {
  readonly id: string;
  readonly name: string;
  readonly cells: readonly { readonly title: string; readonly text: string }[];
}

export interface PageReport {
  readonly policy: string;
  readonly profile: string;
  /** The day on which it was written, such as 2026-12-01. */
  readonly date: string;
  /** The same for the same lines. */
  readonly digest: string;
  readonly families: readonly LineShown[];
  readonly settings: readonly LineShown[];
  /** Null where no page was to be checked. */
  readonly drift: readonly Drift[] | null;
}

export const shownLine = ({ id, name, cells }: PageLine): LineShown => ({
  id,
  name,
  cells: cells.map(({ title, text }) => ({ title, text })),
});

/** The line without what a run has shown. */
export const unobserved = (line: PageLine): PageLine => ({
  ...line,
  cells: line.cells.filter(({ isObserved }) => isObserved !== true),
});

export const renderPage = ({ policy, profile, date, digest, families, settings }: PageReport): string =>
  [
    `# Durability policy of ${policy}`,
    `${date}, digest ${digest}. Costs are the worst of the model of ${profile}, of the messages published in the case; what the last drill of durability has observed was measured.`,
    table("family", families),
    "## Settings",
    table("setting", settings),
  ].join("\n\n");

function table(title: string, lines: readonly LineShown[]): string {
  const titles = [title, ...(lines[0]?.cells ?? []).map(cell => cell.title)];
  return [
    `| ${titles.join(" | ")} |`,
    `|${titles.map(() => "---|").join("")}`,
    ...lines.map(
      ({ id, name, cells }) =>
        `| <a id="${id}"></a>${codeText(name)} | ${cells.map(({ text }) => cellText(text)).join(" | ")} |`,
    ),
  ].join("\n");
}

/** A text that stays one cell of a Markdown table, and makes no HTML. */
const cellText = (text: string): string =>
  text
    .replaceAll("\\", "\\\\")
    .replaceAll("|", "\\|")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/\s+/g, " ")
    .trim();

const codeText = (text: string): string => `\`${text.replaceAll("|", "\\|").replaceAll("`", "'")}\``;

/** The cells of a page's lines by their anchors, the name first, as `renderPage` writes them. */
export function cellsOfPage(text: string): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, readonly string[]>();
  for (const line of text.split(/\r?\n/)) {
    const [, id, rest] = /^\| <a id="([^"]+)"><\/a>(.*) \|\s*$/.exec(line) ?? [];
    if (id !== undefined && rest !== undefined) lines.set(id, rest.split(" | "));
  }
  return lines;
}

export function driftOf(before: ReadonlyMap<string, readonly string[]>, lines: readonly PageLine[]): readonly Drift[] {
  const moved = lines.flatMap(({ id, name, cells }): readonly Drift[] => {
    const [, ...old] = before.get(id) ?? [];
    if (!before.has(id))
      return [{ id, name, cell: "its line", was: "not there", is: "there", place: whereText(cells[0]) }];
    return cells.flatMap((cell, i) => {
      if (cell.isObserved === true) return [];
      // A page holds cleaned texts alone.
      const [was, is] = [old[i] ?? "", cellText(cleaned(cell.text))];
      return was === is ? [] : [{ id, name, cell: cell.title, was, is, place: whereText(cell) }];
    });
  });
  const gone = [...before]
    .filter(([id]) => !lines.some(line => line.id === id))
    .map(
      ([id, [name = ""]]): Drift => ({
        ...{ id, name: name.replaceAll("`", ""), cell: "its line", was: "there", is: "not there", place: null },
      }),
    );
  return [...moved, ...gone];
}

const whereText = (cell: PageCell | undefined): string | null =>
  cell?.place === undefined ? null : `${cell.place.file}:${cell.place.line}:${cell.place.column}`;

export function renderDrift(drift: readonly Drift[], paint: Paint): string {
  if (drift.length === 0) return `${paint("green", "✓")} the page is as the policy is`;
  const lines = drift.map(
    ({ name, cell, was, is, place }) =>
      `${paint("red", "✗")} ${name}, ${cell}: was ${was}; is ${is}${place === null ? "" : ` (${place})`}`,
  );
  return [
    ...lines,
    "",
    `${counted(drift.length, "change")} since the page was written: write it anew, or undo them`,
  ].join("\n");
}

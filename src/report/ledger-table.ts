/** The table of the six classes: a row for each bus below the scenario's name. Decoded in docs: "·" is none. */
import type { Place } from "../../models/vocabulary/event.ts";
import { type ClassName, classNames } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import type { WorldName } from "../worlds/names.ts";
import { classTitles, placesText } from "./fates.ts";
import { markOf, type Paint } from "./paint.ts";
import { type Column, type Row, renderTable } from "./table.ts";

/** One case's ledger, as it stands in JSON. */
export interface LedgerRow {
  readonly scenario: string;
  readonly bus: string;
  readonly profile: string;
  readonly world: WorldName;
  readonly published: number;
  readonly classes: Readonly<Record<ClassName, number>>;
  readonly places: Readonly<Partial<Record<Place, number>>>;
  readonly verdict: Verdict;
  readonly reason: string;
}

const columns: readonly Column[] = [
  { title: "", align: "left" },
  { title: "", align: "left" },
  { title: "published", align: "right" },
  ...classNames.map((name): Column => ({ title: classTitles[name], align: "right" })),
  { title: "where messages that did not arrive ended", align: "left" },
];

export function renderLedger(rows: readonly LedgerRow[], paint: Paint): string {
  const lines: Row[] = [];
  rows.forEach((row, i) => {
    if (row.scenario !== rows[i - 1]?.scenario) lines.push(paint("bold", row.scenario));
    lines.push(cellsOf(row, paint));
    if (row.verdict !== "holds") lines.push(`      ${paint("dim", row.reason)}`);
  });
  return renderTable(columns, lines);
}

function cellsOf(row: LedgerRow, paint: Paint): readonly string[] {
  const { arrived: _arrived, ...elsewhere } = row.places;
  return [
    `  ${markOf(paint, row.verdict)}`,
    row.bus,
    String(row.published),
    ...classNames.map(name => cellOf(name, row.classes[name], paint)),
    placesText(elsewhere),
  ];
}

function cellOf(name: ClassName, count: number, paint: Paint): string {
  if (count === 0) return paint("dim", "·");
  const text = String(count);
  if (name === "silentLoss" || name === "duplicated") return paint("red", text);
  return name === "kept" ? text : paint("yellow", text);
}

/** The gaps of best-effort families that declare how long one may be: as modelled, and beside it as measured. */
import type { GapRow } from "../../drills/gaps.ts";
import { isReal } from "../../worlds/names.ts";
import type { Paint } from "../paint.ts";
import type { UnkeptQuestion } from "../question.ts";
import { type Row, renderTable } from "../table.ts";
import { left } from "./cells.ts";
import { duration } from "./outlasts.ts";

export function renderGaps({ gaps = [] }: UnkeptQuestion, paint: Paint): string {
  const judged = gaps.filter(row => row.judged);
  if (judged.length === 0) return "";
  const rows = judged.map(
    (row): Row => [
      `  ${row.subjects}`,
      isReal(row.world) ? paint("dim", "live, measured") : "own time, modelled",
      gapText(row),
      duration(row.declaredMs),
      row.outageMs === 0 ? "no time" : duration(row.outageMs),
      row.about,
    ],
  );
  const columns = ["  family", "clock", "gap", "declared", "outage in it", "case"].map(left);
  return `${paint("bold", "Gaps")} (from the start of an outage or a restart until a subscriber hears again; live times may be shortened)\n${renderTable(columns, rows)}`;
}

function gapText({ leastMs, mostMs }: GapRow): string {
  if (leastMs === null || mostMs === null) return "not measured";
  if (leastMs === mostMs) return duration(mostMs);
  return leastMs === 0 ? `up to ${duration(mostMs)}` : `${duration(leastMs)} to ${duration(mostMs)}`;
}

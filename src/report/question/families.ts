/** A row for each family of the policy: what arrived, and what the callers were told. */
import type { Paint } from "../paint.ts";
import type { UnkeptQuestion } from "../question.ts";
import { renderTable } from "../table.ts";
import { left, orNone, right } from "./cells.ts";

export function renderFamilies({ families }: UnkeptQuestion, paint: Paint): string {
  const published = families.filter(row => row.published > 0);
  if (published.length === 0) return "";
  const hasDiscarded = published.some(row => row.discarded > 0);
  const columns = [
    ...["published", "arrived", "acked", "accepted", "refused", "left open"],
    ...(hasDiscarded ? ["discarded"] : []),
    ...["not observed", "told ok, and lost"],
  ].map(right);
  const rows = published.map(row => {
    const { acked, accepted, rejected, unsettled } = row.told;
    const lost =
      row.silentLoss === 0
        ? paint("dim", "·")
        : paint(row.declared === "durable" ? "red" : "yellow", String(row.silentLoss));
    return [
      `  ${row.subjects}`,
      row.declared,
      String(row.published),
      String(row.arrived),
      ...[acked, accepted, rejected, unsettled].map(one => orNone(one, paint)),
      ...(hasDiscarded ? [orNone(row.discarded, paint)] : []),
      row.notObserved === 0 ? orNone(0, paint) : paint("yellow", String(row.notObserved)),
      row.silentLoss > 0 && row.declared === "best-effort" ? `${lost} (declared)` : lost,
    ];
  });
  return `${paint("bold", "By family")} (what arrived, and what the callers were told)\n${renderTable([left("  family"), left("declared"), ...columns], rows)}`;
}

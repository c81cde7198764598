/** The worst message of each family that was delivered more than once: most deliveries, and the latest of these. */
import type { RedeliveredRow } from "../../drills/redelivered.ts";
import { isReal } from "../../worlds/names.ts";
import type { Paint } from "../paint.ts";
import type { UnkeptQuestion } from "../question.ts";
import { counted, type Row, renderTable } from "../table.ts";
import { left } from "./cells.ts";
import { duration } from "./outlasts.ts";

export function renderRedelivered({ redelivered }: UnkeptQuestion, paint: Paint): string {
  const judged = redelivered.filter(row => row.judged);
  const families = [...Map.groupBy(judged, row => row.subjects ?? row.subject)];
  if (families.length === 0) return "";
  const rows = families.flatMap(([family, all]) =>
    shownOf(all).map(
      (row, i): Row => [
        i === 0 ? `  ${family}` : "",
        isReal(row.world) ? paint("dim", "live, shortened times") : "own time, modelled",
        timesText(row),
        i === 0 ? row.about : "",
      ],
    ),
  );
  return `${paint("bold", "Delivered again")} (the worst message of each family, in the policy's own rows; time from its publish to each delivery)\n${renderTable([left("  family"), left("clock"), left("deliveries"), left("case")], rows)}`;
}

const shownMax = 6;

function timesText({ afterMs }: RedeliveredRow): string {
  const shown = afterMs.slice(0, shownMax).map(ms => (ms === 0 ? "at once" : duration(ms)));
  const more = afterMs.length > shownMax ? ", …" : "";
  return `${counted(afterMs.length, "delivery", "deliveries")}: ${shown.join(", ")}${more}`;
}

/** The worst row in the model, and the same message live; where the model delivers nothing again, the worst live one. */
function shownOf(rows: readonly RedeliveredRow[]): readonly RedeliveredRow[] {
  const live = rows.filter(row => isReal(row.world));
  const modelled = rows.filter(row => !isReal(row.world));
  const [worst] = worstFirst(modelled.length > 0 ? modelled : live);
  if (worst === undefined) return [];
  const same = live.find(row => row !== worst && row.case === worst.case && row.message === worst.message);
  return same === undefined ? [worst] : [worst, same];
}

const worstFirst = (rows: readonly RedeliveredRow[]): readonly RedeliveredRow[] =>
  rows.toSorted(({ afterMs: one }, { afterMs: other }) => other.length - one.length || lastOf(other) - lastOf(one));
const lastOf = (times: readonly number[]): number => times.at(-1) ?? 0;

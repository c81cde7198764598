/** The branches of the model that live runs were witnesses of, made readable; and those that none was. */
import type { Witnessed } from "../judge/witnessed.ts";
import type { Paint } from "./paint.ts";
import { renderPairs } from "./table.ts";

/** Nothing where nothing was asked: the runs, if any, left the model no choice. */
export function renderWitnessed(branches: readonly Witnessed[], paint: Paint): string {
  const asked = new Set(branches.filter(one => one.witnessed > 0).map(one => one.label));
  if (asked.size === 0) return "";
  const rows = [...asked].map((label): [string, string] => [
    `  ${label}`,
    branches
      .filter(one => one.label === label && one.witnessed > 0)
      .map(one => `${one.answer} ${one.witnessed} (${one.forced})`)
      .join(", "),
  ]);
  const missing = branches
    .filter(one => asked.has(one.label) && one.witnessed === 0)
    .map(one => `${one.label}: ${one.answer}`);
  const unasked = [...new Set(branches.map(one => one.label))].filter(label => !asked.has(label));
  if (missing.length > 0) rows.push(["  without a witness", paint("yellow", missing.join(", "))]);
  if (unasked.length > 0) rows.push(["  never asked", paint("yellow", unasked.join(", "))]);
  const what = "live runs that this answer explains; in brackets, runs that no other answer explains";
  return `${paint("bold", "Permitted and witnessed live")} (${what})\n${renderPairs(rows)}`;
}

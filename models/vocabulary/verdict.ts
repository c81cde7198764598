/** What is concluded from a trace. */

import type { Place } from "./event.ts";
import type { ClassName } from "./scenario.ts";

export type Verdict = "holds" | "violated" | "inconclusive";

/** Worst wins when verdicts merge. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("violated")) return "violated";
  return verdicts.includes("inconclusive") ? "inconclusive" : "holds";
}

export interface PropertyVerdict {
  readonly property: string;
  readonly verdict: Verdict;
  /** How often the property truly applied; 0 is vacuous. */
  readonly exercised: number;
  readonly reason: string;
}

/** What became of every publish of a case; the six classes add up to `published`. */
export interface Ledger {
  readonly published: number;
  readonly classes: Readonly<Record<ClassName, number>>;
  readonly places: Readonly<Partial<Record<Place, number>>>;
}

/** The conclusions that are drawn from a trace. */

import type { Place } from "./event.ts";
import type { ClassName } from "./scenario.ts";

export type Verdict = "holds" | "violated" | "inconclusive";

/** Merges verdicts: the worst one wins. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("violated")) return "violated";
  return verdicts.includes("inconclusive") ? "inconclusive" : "holds";
}

export interface PropertyVerdict {
  readonly property: string;
  readonly verdict: Verdict;
  /** The number of times that the property truly applied; 0 is vacuous. */
  readonly exercised: number;
  readonly reason: string;
}

/** The fate of every publish of a case. The six classes add up to `published`. */
export interface Ledger {
  readonly published: number;
  readonly classes: Readonly<Record<ClassName, number>>;
  readonly places: Readonly<Partial<Record<Place, number>>>;
}

/** The fate ledger: what every caller was told against what arrived. One fold holds it; the properties read it. */
import type { Event, Outcome, Place } from "../models/vocabulary/event.ts";
import type { ClassName } from "../models/vocabulary/scenario.ts";
import type { Ledger } from "../models/vocabulary/verdict.ts";

export interface LedgerState {
  /** By message; undefined where the call never came back. */
  readonly outcomes: (Outcome | undefined)[];
  readonly frameBytes: number[];
  /** By message: times seen by the observer. */
  readonly arrivals: number[];
  readonly places: (Place | undefined)[];
  complete: boolean;
}

export const newLedger = (): LedgerState => ({
  outcomes: [],
  frameBytes: [],
  arrivals: [],
  places: [],
  complete: true,
});

export function recordInLedger(state: LedgerState, event: Event): void {
  switch (event.kind) {
    case "published":
      for (let m = event.first; m < event.first + event.count; m++) {
        state.outcomes[m] = event.outcome;
        state.frameBytes[m] = event.frameBytes;
      }
      return;
    case "delivered":
      for (let m = event.first; m < event.first + event.count; m++) state.arrivals[m] = (state.arrivals[m] ?? 0) + 1;
      return;
    case "ended":
      for (let m = event.first; m < event.first + event.count; m++) state.places[m] = event.place;
      return;
    case "observed":
      state.complete = event.complete;
      return;
    default:
      return;
  }
}

/** The class of one publish. Loss is claimed only where observation was complete. */
export function classOf(outcome: Outcome | undefined, arrivals: number, complete: boolean): ClassName {
  if (outcome?.is === "rejected") return "reportedLoss";
  if (arrivals > 1) return "duplicated";
  const told = outcome?.is === "accepted" || outcome?.is === "acked";
  if (arrivals === 1) return told ? "kept" : "ambiguous";
  if (!complete) return "unknown";
  return told ? "silentLoss" : "ambiguous";
}

export function ledgerOf(state: LedgerState): Ledger {
  const classes: Record<ClassName, number> = {
    kept: 0,
    silentLoss: 0,
    reportedLoss: 0,
    ambiguous: 0,
    duplicated: 0,
    unknown: 0,
  };
  const places: Partial<Record<Place, number>> = {};
  for (let m = 0; m < state.outcomes.length; m++) {
    classes[classOf(state.outcomes[m], state.arrivals[m] ?? 0, state.complete)]++;
    const place = state.places[m];
    if (place !== undefined) places[place] = (places[place] ?? 0) + 1;
  }
  return { published: state.outcomes.length, classes, places };
}

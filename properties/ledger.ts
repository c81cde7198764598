/** The fate ledger: every caller's answer against what arrived. One fold keeps it, and the properties read it. */
import type { Event, Outcome, Place } from "../models/vocabulary/event.ts";
import type { ClassName } from "../models/vocabulary/scenario.ts";
import type { Ledger } from "../models/vocabulary/verdict.ts";
import { better } from "./service/messages.ts";

export interface LedgerState {
  /** Indexed by message; undefined where the call never returned. */
  readonly outcomes: (Outcome | undefined)[];
  readonly frameBytes: number[];
  /** The number of times that the observer saw each message. */
  readonly arrivals: number[];
  readonly places: (Place | undefined)[];
  /**
   * Indexed by message: published through JetStream or not, and the number of streams that hold it. A durable message has arrived where a
   * stream holds it, and where one has held it until its handler acknowledged it.
   */
  readonly durable: boolean[];
  readonly held: number[];
  /** Indexed by message: true where a limit of its stream may have discarded it, or it was never stored. */
  readonly open: boolean[];
  complete: boolean;
}

export const newLedger = (): LedgerState => ({
  outcomes: [],
  frameBytes: [],
  arrivals: [],
  places: [],
  durable: [],
  held: [],
  open: [],
  complete: true,
});

export function recordInLedger(state: LedgerState, event: Event): void {
  switch (event.kind) {
    case "published":
      for (let m = event.first; m < event.first + event.count; m++) {
        state.outcomes[m] = event.again === true ? better(state.outcomes[m], event.outcome) : event.outcome;
        state.frameBytes[m] = event.frameBytes;
        if (event.durable === true) state.durable[m] = true;
      }
      return;
    case "delivered":
      for (let m = event.first; m < event.first + event.count; m++) state.arrivals[m] = (state.arrivals[m] ?? 0) + 1;
      return;
    case "holds":
      for (let m = event.first; m < event.first + event.count; m++) state.held[m] = (state.held[m] ?? 0) + 1;
      return;
    case "discarded":
      for (let m = event.first; m < event.first + event.count; m++) {
        if (event.because === "handled") state.held[m] = (state.held[m] ?? 0) + 1;
        else state.places[m] = event.because === "no-consumer" ? "no consumer" : "stream limit";
      }
      return;
    case "may-be-discarded":
      for (let m = event.first; m < event.first + event.count; m++) state.open[m] = true;
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

/**
 * The number of arrivals. The observer decides on the core path, and the streams on the durable path. So a durable message has not arrived
 * if another with its id has swallowed it, or a limit has discarded it. The table states such loss; what a policy declares is no violation.
 */
const arrivalsOf = ({ durable, held, arrivals }: LedgerState, m: number): number =>
  (durable[m] === true ? held[m] : arrivals[m]) ?? 0;

export const hasArrived = (state: LedgerState, m: number): boolean => arrivalsOf(state, m) > 0;

export const classAt = (state: LedgerState, m: number): ClassName =>
  classOf(state.outcomes[m], arrivalsOf(state, m), state.complete && state.open[m] !== true);

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
    classes[classAt(state, m)]++;
    const place = state.places[m];
    if (place !== undefined) places[place] = (places[place] ?? 0) + 1;
  }
  return { published: state.outcomes.length, classes, places };
}

/**
 * What is known of the messages of one case, held as runs: consecutive messages of which the same is known, so that a burst of
 * 4 000 costs a fold what a burst of one does. The folds of properties hold it; reports read the ledger, message by message.
 */
import type { Event, Outcome, Run } from "../models/vocabulary/event.ts";

export interface KnownRun {
  readonly first: number;
  count: number;
  /** Undefined where no call was told of it. */
  outcome: Outcome | undefined;
  arrivals: number;
  /** Where its first message stands in the order of arrival, the others right after it; -1 where it did not arrive. */
  arrivedAt: number;
  /** For the property that asks: it was under way in a disturbance. */
  atRisk: boolean;
}

export interface Known {
  /** From message 0 on, without a gap. */
  readonly runs: KnownRun[];
  /** The messages below it were published; what arrived beyond was made by nobody. */
  published: number;
  deliveries: number;
  complete: boolean;
}

export const newKnown = (): Known => ({ runs: [], published: 0, deliveries: 0, complete: true });

export function recordRuns(known: Known, event: Event): void {
  switch (event.kind) {
    case "published": {
      const end = event.first + event.count;
      if (end > known.published) known.published = end;
      // Whether it arrived is said by the streams, and judged by the promises of the durable path.
      if (event.durable === true) return;
      const from = splitAt(known, event.first);
      const to = splitAt(known, end);
      for (let i = from; i < to; i++) at(known, i).outcome = event.outcome;
      return;
    }
    case "delivered": {
      const from = splitAt(known, event.first);
      const to = splitAt(known, event.first + event.count);
      for (let i = from; i < to; i++) {
        const run = at(known, i);
        if (run.arrivals === 0) run.arrivedAt = known.deliveries + run.first - event.first;
        run.arrivals++;
      }
      known.deliveries += event.count;
      return;
    }
    case "observed":
      known.complete = event.complete;
      return;
    default:
      return;
  }
}

export function markAtRisk(known: Known, { first, count }: Run): void {
  const from = splitAt(known, first);
  const to = splitAt(known, first + count);
  for (let i = from; i < to; i++) at(known, i).atRisk = true;
}

export const at = (known: Known, index: number): KnownRun => known.runs[index] as KnownRun;

/** The index of the run that `message` is in; the number of runs where it is beyond them all. Near the end is found soonest. */
export function indexOf(known: Known, message: number): number {
  let high = known.runs.length;
  let width = 1;
  while (high - width >= 0 && at(known, high - width).first > message) {
    high -= width;
    width *= 2;
  }
  let low = Math.max(0, high - width);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const run = at(known, middle);
    if (run.first + run.count <= message) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the run that begins at `message`, made if there is none: splitting says nothing new. */
function splitAt(known: Known, message: number): number {
  const { runs } = known;
  const index = indexOf(known, message);
  const run = runs[index];
  if (run === undefined) {
    const last = runs.at(-1);
    const end = last === undefined ? 0 : last.first + last.count;
    if (end === message) return index;
    runs.push(unknownRun(end, message - end));
    return index + 1;
  }
  const before = message - run.first;
  if (before === 0) return index;
  const { outcome, arrivals, arrivedAt, atRisk } = run;
  const rest: KnownRun = {
    first: message,
    count: run.count - before,
    outcome,
    arrivals,
    arrivedAt: arrivals === 0 ? -1 : arrivedAt + before,
    atRisk,
  };
  run.count = before;
  runs.splice(index + 1, 0, rest);
  return index + 1;
}

const unknownRun = (first: number, count: number): KnownRun => ({
  first,
  count,
  outcome: undefined,
  arrivals: 0,
  arrivedAt: -1,
  atRisk: false,
});

/** The caller was told that it was handed on, everything that arrived was seen, and it is not among it. */
export const isSilentlyLost = ({ outcome, arrivals }: KnownRun, complete: boolean): boolean =>
  complete && arrivals === 0 && (outcome?.is === "accepted" || outcome?.is === "acked");

/** The first message of `runs`, in their order, that was silently lost. */
export function firstSilentlyLost(known: Known, runs: readonly Run[]): number | undefined {
  for (const { first, count } of runs) {
    for (let i = indexOf(known, first); i < known.runs.length; i++) {
      const run = at(known, i);
      if (run.first >= first + count) break;
      if (isSilentlyLost(run, known.complete)) return Math.max(run.first, first);
    }
  }
  return undefined;
}

/** The first message of `runs`, in their order, that arrived before the one that stands before it there. */
export function firstOvertaking(known: Known, runs: readonly Run[]): number | undefined {
  let previous = Number.NEGATIVE_INFINITY;
  for (const { first, count } of runs) {
    for (let i = indexOf(known, first); i < known.runs.length; i++) {
      const run = at(known, i);
      if (run.first >= first + count) break;
      const begin = Math.max(run.first, first);
      const end = Math.min(run.first + run.count, first + count);
      // What did not arrive counts as after all others.
      const arrivedAt = run.arrivals === 0 ? Number.POSITIVE_INFINITY : run.arrivedAt - run.first;
      if (arrivedAt + begin < previous) return begin;
      previous = arrivedAt + end - 1;
    }
  }
  return undefined;
}

export const messagesIn = (runs: readonly Run[]): number => {
  let sum = 0;
  for (const { count } of runs) sum += count;
  return sum;
};

/**
 * The facts known about the messages of one case. Consecutive messages with the same facts form a run, so a burst of 4 000 costs a fold as
 * much as a burst of one. Properties read them as `seen.known`; reports read the ledger, message by message.
 */
import type { Outcome, Run } from "../models/vocabulary/event.ts";
import type { Hearing } from "./property.ts";
import { type AtOnce, atOnceAt, atOnceOf, blockAt, isUnordered, splitAtBlocks } from "./publishers.ts";

export interface KnownRun {
  readonly first: number;
  count: number;
  /** Undefined where no call reported it. */
  outcome: Outcome | undefined;
  arrivals: number;
  /** The place of its first message in the order of arrival, with the others right after it; -1 where it did not arrive. */
  arrivedAt: number;
  /** Two facts for the promises that ask: it was under way in a disturbance; it was flushed with nothing wrong since the call. */
  atRisk: boolean;
  due: boolean;
}

export interface Known {
  /** Runs from message 0 on, without a gap. */
  readonly runs: KnownRun[];
  /** Messages below this number were published; one that arrived beyond it has no sender. */
  published: number;
  deliveries: number;
  /** The last message that arrived, and the first that arrived after a later one. */
  last: number;
  disorder: { readonly message: number; readonly after: number } | undefined;
  /** Steps of several publishers, between whose messages there is no order. */
  readonly atOnce: AtOnce[];
  complete: boolean;
  /** The number of messages of each kind in the runs. Only a promise that is broken need search the runs. */
  readonly counts: Counts;
}

export interface Counts {
  arrived: number;
  arrivedTwice: number;
  arrivedUntold: number;
  rejected: number;
  rejectedArrived: number;
  /** Messages that did not arrive, and were handed on as far as their callers know; of these, accepted or acked. */
  lost: number;
  missing: number;
}

export const newKnown = (): Known => ({
  runs: [],
  published: 0,
  deliveries: 0,
  last: -1,
  disorder: undefined,
  atOnce: [],
  complete: true,
  counts: { arrived: 0, arrivedTwice: 0, arrivedUntold: 0, rejected: 0, rejectedArrived: 0, lost: 0, missing: 0 },
});

/** Adds `messages` to the counts of a run like this one, or subtracts them. */
function count(counts: Counts, { outcome, arrivals }: KnownRun, messages: number): void {
  if (arrivals > 0) {
    counts.arrived += messages;
    if (arrivals > 1) counts.arrivedTwice += messages;
    if (outcome === undefined) counts.arrivedUntold += messages;
  }
  if (outcome === undefined) return;
  if (outcome.is === "rejected") {
    counts.rejected += messages;
    if (arrivals > 0) counts.rejectedArrived += messages;
  } else if (arrivals === 0) {
    counts.lost += messages;
    if (isHandedOn(outcome)) counts.missing += messages;
  }
}

const isHandedOn = ({ is }: Outcome): boolean => is === "accepted" || is === "acked";

export const record = {
  published(known, { first, count: messages, outcome, durable }) {
    const end = first + messages;
    if (end > known.published) known.published = end;
    // The streams show whether it arrived, and the promises of the durable path judge it.
    if (durable === true) return;
    const from = splitAt(known, first);
    if (from === known.runs.length) {
      const run = unknownRun(first, messages);
      run.outcome = outcome;
      known.runs.push(run);
      count(known.counts, run, messages);
      return;
    }
    const to = splitFrom(known, from, end);
    for (let i = from; i < to; i++) {
      const run = at(known, i);
      count(known.counts, run, -run.count);
      run.outcome = outcome;
      count(known.counts, run, run.count);
    }
  },
  publishers(known, event) {
    known.atOnce.push(atOnceOf(event));
  },
  delivered(known, event) {
    const { first, count: messages } = event;
    const from = splitAt(known, first);
    const to = splitFrom(known, from, first + messages);
    for (let i = from; i < to; i++) {
      const run = at(known, i);
      count(known.counts, run, -run.count);
      if (run.arrivals === 0) run.arrivedAt = known.deliveries + run.first - first;
      run.arrivals++;
      count(known.counts, run, run.count);
    }
    known.deliveries += messages;
    if (known.atOnce.length > 0) arriveAtOnce(known, event);
    else {
      if (first < known.last) known.disorder ??= { message: first, after: known.last };
      known.last = first + messages - 1;
    }
  },
  observed(known, { complete }) {
    known.complete = complete;
  },
} satisfies Hearing<Known>;

/** The same where several publishers had no order between them. Messages of one publisher that arrived in a row are in order. */
function arriveAtOnce(known: Known, run: Run): void {
  for (const { first: message, count: messages } of splitAtBlocks(known.atOnce, [run])) {
    const block = blockAt(atOnceAt(known.atOnce, message), message);
    const own = block?.last ?? -1;
    const after = isUnordered(known.atOnce, known.last, message) ? own : Math.max(own, known.last);
    if (message < after) known.disorder ??= { message, after };
    known.last = message + messages - 1;
    if (block !== undefined) block.last = known.last;
  }
}

/** Marks the accepted messages from `first` to before `end`; returns their number. */
export function mark(known: Known, first: number, end: number, what: "atRisk" | "due"): number {
  let accepted = 0;
  const from = splitAt(known, first);
  const to = splitFrom(known, from, end);
  for (let i = from; i < to; i++) {
    const run = at(known, i);
    if (run.outcome?.is !== "accepted") continue;
    if (what === "atRisk") run.atRisk = true;
    else run.due = true;
    accepted += run.count;
  }
  return accepted;
}

export const at = (known: Known, index: number): KnownRun => known.runs[index] as KnownRun;

/**
 * The index of the run that `message` is in; the number of runs where it is beyond them all. It searches from the end, where most are
 * found.
 */
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

/** The number of messages among these that did not arrive. */
export function missingAmong(known: Known, { first, count: messages }: Run): number {
  let missing = messages;
  for (let i = indexOf(known, first); i < known.runs.length && at(known, i).first < first + messages; i++) {
    const run = at(known, i);
    const end = Math.min(run.first + run.count, first + messages);
    if (run.arrivals > 0) missing -= end - Math.max(run.first, first);
  }
  return missing;
}

/** The same for one of many messages, mostly in order: the search goes on from `index`. */
function indexFrom(known: Known, index: number, message: number): number {
  const { length } = known.runs;
  let i = index;
  while (i < length && at(known, i).first + at(known, i).count <= message) i++;
  return i < length && at(known, i).first <= message ? i : indexOf(known, message);
}

/** The number below which every message is in a run. */
function endOf(known: Known): number {
  const { length } = known.runs;
  if (length === 0) return 0;
  const last = at(known, length - 1);
  return last.first + last.count;
}

/** The index of the run that begins at `message`, split off if need be: splitting adds no facts. */
function splitAt(known: Known, message: number): number {
  const { runs } = known;
  const end = endOf(known);
  if (message >= end) {
    if (message > end) runs.push(unknownRun(end, message - end));
    return runs.length;
  }
  const index = indexOf(known, message);
  const run = at(known, index);
  const before = message - run.first;
  if (before === 0) return index;
  const { outcome, arrivals, arrivedAt, atRisk, due } = run;
  const rest: KnownRun = {
    first: message,
    count: run.count - before,
    outcome,
    arrivals,
    arrivedAt: arrivals === 0 ? -1 : arrivedAt + before,
    atRisk,
    due,
  };
  run.count = before;
  if (index + 1 === runs.length) runs.push(rest);
  else runs.splice(index + 1, 0, rest);
  return index + 1;
}

/** The same where a run begins at `index`: mostly that run ends at `message`. */
function splitFrom(known: Known, index: number, message: number): number {
  if (index === known.runs.length) return splitAt(known, message);
  const run = at(known, index);
  return run.first + run.count === message ? index + 1 : splitAt(known, message);
}

const unknownRun = (first: number, count: number): KnownRun => ({
  first,
  count,
  outcome: undefined,
  arrivals: 0,
  arrivedAt: -1,
  atRisk: false,
  due: false,
});

/** The caller heard that it was handed on, everything that arrived was seen, and it did not arrive. */
export const isSilentlyLost = ({ outcome, arrivals }: KnownRun, complete: boolean): boolean =>
  complete && arrivals === 0 && outcome !== undefined && isHandedOn(outcome);

/** Every message that was handed on arrived once, in the order of the calls. */
export const allArrivedInOrder = ({ counts, disorder }: Known): boolean =>
  disorder === undefined && counts.missing === 0 && counts.arrivedTwice === 0;

/** The first message of `runs`, in their order, that was silently lost. */
export function firstSilentlyLost(known: Known, runs: readonly Run[]): number | undefined {
  let from = 0;
  for (const { first, count } of runs) {
    from = indexFrom(known, from, first);
    for (let i = from; i < known.runs.length; i++) {
      const run = at(known, i);
      if (run.first >= first + count) break;
      if (isSilentlyLost(run, known.complete)) return Math.max(run.first, first);
    }
  }
  return undefined;
}

/**
 * The first message of `runs` that arrived before the one just before it. A message that did not arrive counts as after all others, unless
 * not everything that arrived was seen.
 */
export function firstOvertaking(known: Known, runs: readonly Run[]): number | undefined {
  let here: PlaceInOrder = { before: Number.NEGATIVE_INFINITY, from: 0, overtaking: undefined };
  let within: AtOnce | undefined;
  let entered = here.before;
  let latest = here.before;
  for (const run of splitAtBlocks(known.atOnce, runs)) {
    const one = atOnceAt(known.atOnce, run.first);
    // Each publisher follows what was before their step, and what comes after it follows all of them.
    if (one !== within) entered = latest;
    if (one !== undefined || within !== undefined) here = { ...here, before: entered };
    within = one;
    here = follow(known, run, here);
    if (here.overtaking !== undefined) return here.overtaking;
    latest = one === undefined ? here.before : Math.max(latest, here.before);
  }
  return undefined;
}

interface PlaceInOrder {
  /** The place of the message before in the order of arrival. */
  readonly before: number;
  /** The run in which to go on. */
  readonly from: number;
  /** The first message that arrived before the one before it. */
  readonly overtaking: number | undefined;
}

function follow(known: Known, { first, count }: Run, { before, from: start }: PlaceInOrder): PlaceInOrder {
  const from = indexFrom(known, start, first);
  let previous = before;
  for (let i = from; i < known.runs.length; i++) {
    const run = at(known, i);
    if (run.first >= first + count) break;
    const begin = Math.max(run.first, first);
    const end = Math.min(run.first + run.count, first + count);
    if (run.arrivals === 0 && !known.complete) continue;
    const arrivedAt = run.arrivals === 0 ? Number.POSITIVE_INFINITY : run.arrivedAt - run.first;
    if (arrivedAt + begin < previous) return { before: previous, from, overtaking: begin };
    previous = arrivedAt + end - 1;
  }
  return { before: previous, from, overtaking: undefined };
}

export const messagesIn = (runs: readonly Run[]): number => {
  let sum = 0;
  for (const { count } of runs) sum += count;
  return sum;
};

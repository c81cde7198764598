/**
 * Facts about numbered messages. Consecutive messages with the same facts form a span and share one value, so a burst costs a fold what one
 * message does. A value is never changed, only replaced.
 */
import type { Run } from "../models/vocabulary/event.ts";

export interface Span<Value> {
  readonly first: number;
  count: number;
  value: Value;
}

/** Spans from message 0 on, without a gap. */
export type Spans<Value> = Span<Value>[];

/** Gives every message of the run its next value; a message that is new starts from `fresh`. */
export function change<Value>(
  spans: Spans<Value>,
  { first, count }: Run,
  fresh: Value,
  next: (value: Value) => Value,
): void {
  const from = beginAt(spans, first, fresh);
  const to = beginAt(spans, first + count, fresh);
  for (let i = from; i < to; i++) {
    const span = spans[i] as Span<Value>;
    span.value = next(span.value);
  }
}

/** The number of messages of the run with such a value; messages that are not in a span count as `fresh`. */
export function countOf<Value>(
  spans: Spans<Value>,
  { first, count }: Run,
  fresh: Value,
  has: (value: Value) => boolean,
): number {
  let met = 0;
  let fitting = 0;
  for (let i = indexOf(spans, first); i < spans.length; i++) {
    const span = spans[i] as Span<Value>;
    if (span.first >= first + count) break;
    const within = Math.min(span.first + span.count, first + count) - Math.max(span.first, first);
    met += within;
    if (has(span.value)) fitting += within;
  }
  return has(fresh) ? fitting + count - met : fitting;
}

/** The index of the span that `message` is in; the number of spans where it is beyond them all. */
function indexOf<Value>(spans: Spans<Value>, message: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const span = spans[middle] as Span<Value>;
    if (span.first + span.count <= message) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the span that begins at `message`, split off if need be: splitting adds no facts. */
function beginAt<Value>(spans: Spans<Value>, message: number, fresh: Value): number {
  const index = indexOf(spans, message);
  const span = spans[index];
  if (span === undefined) {
    const last = spans.at(-1);
    const end = last === undefined ? 0 : last.first + last.count;
    if (end < message) spans.push({ first: end, count: message - end, value: fresh });
    return spans.length;
  }
  const before = message - span.first;
  if (before === 0) return index;
  spans.splice(index + 1, 0, { first: message, count: span.count - before, value: span.value });
  span.count = before;
  return index + 1;
}

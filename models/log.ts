/** The content of a stream, as runs of messages that were stored one after the other, oldest first. */
import { covers } from "./policy/pattern.ts";
import type { Run } from "./vocabulary/event.ts";

export interface Stored extends Run {
  readonly subject: string;
  /** Published through JetStream; otherwise captured on the way to other listeners, with whom it arrived. */
  readonly durable: boolean;
  /** The bytes that the server counts for each, where the stream has a limit of bytes. */
  readonly bytes?: number;
  /** The moment at which it was stored, on the clock of windows and ages, which goes on within calls. */
  readonly atMs: number;
}

export const lengthOf = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.count, 0);

export const bytesOf = (log: readonly Stored[]): number =>
  log.reduce((sum, { bytes = 0, count }) => sum + bytes * count, 0);

export function append(log: Stored[], run: Stored): void {
  const last = log.at(-1);
  if (
    last !== undefined &&
    last.subject === run.subject &&
    last.durable === run.durable &&
    last.bytes === run.bytes &&
    last.atMs === run.atMs &&
    last.first + last.count === run.first
  )
    log[log.length - 1] = { ...last, count: last.count + run.count };
  else log.push(run);
}

/** Takes the first `count` messages off the list. */
export function takeFirst<One extends Run>(log: One[], count: number): One[] {
  const taken: One[] = [];
  let left = count;
  while (left > 0) {
    const head = log[0];
    if (head === undefined) break;
    const part = Math.min(left, head.count);
    taken.push({ ...head, count: part });
    if (part === head.count) log.shift();
    else log[0] = { ...head, first: head.first + part, count: head.count - part };
    left -= part;
  }
  return taken;
}

/** The part of a stream and its consumers that changes with what is taken out of it. */
interface Holding {
  readonly log: Stored[];
  unconfirmed: number;
  synced: number;
}

/** A consumer of that stream, which has given the first of its messages. */
interface Giver {
  readonly subject: string;
  given: number;
}

/** Takes `count` messages out of the run at `at`, from the `skipped`th of it on. */
export function takeOut(
  stream: Holding,
  consumers: readonly Giver[],
  { at, skipped, count }: { readonly at: number; readonly skipped: number; readonly count: number },
): void {
  const { log } = stream;
  const found = log[at];
  if (found === undefined) return;
  const before = lengthOf(log.slice(0, at)) + skipped;
  const confirmed = lengthOf(log) - stream.unconfirmed;
  stream.unconfirmed -= Math.max(0, before + count - Math.max(before, confirmed));
  stream.synced -= Math.max(0, Math.min(count, stream.synced - before));
  for (const consumer of consumers) {
    if (!covers(consumer.subject, found.subject)) continue;
    const mine = lengthOf(log.slice(0, at).filter(one => covers(consumer.subject, one.subject))) + skipped;
    consumer.given -= Math.max(0, Math.min(count, consumer.given - mine));
  }
  const rest = [
    { ...found, count: skipped },
    { ...found, first: found.first + skipped + count, count: found.count - skipped - count },
  ];
  log.splice(at, 1, ...rest.filter(one => one.count > 0));
}

/**
 * The end of a message by the retention of its stream. A work queue lets a message go once its consumer has acknowledged it, wherever it
 * stands in the stream (F-210 of docs/facts.md). One with retention by interest does so once all of its consumers have, and is judged with one
 * for each message. Streams that keep what is handled are in server.ts.
 */
import { type Stored, takeOut } from "./log.ts";
import { messagesOf } from "./observation.ts";
import { covers, overlap } from "./policy/pattern.ts";
import { acknowledgesAll, effective } from "./policy/two-sides.ts";
import type { Consumer, Delivery, ModelServer, Stream } from "./server.ts";
import type { Emit, Run } from "./vocabulary/event.ts";

/**
 * The server has the consumer's acknowledgement of these messages, and with ack policy `all` that of everything before them. They are gone where
 * the stream does not keep them.
 */
export function acknowledge(server: ModelServer, consumer: Consumer, run: Run, emit: Emit): void {
  const stream = server.streams.find(({ policy, exists }) => exists && policy.name === consumer.stream);
  if (!consumer.exists || stream === undefined) return;
  const isForAll = acknowledgesAll(effective(server.policy.consume));
  const along = isForAll ? takeAlong(consumer, stream.log, run.first + run.count - 1) : [];
  if ((stream.policy.retention ?? "limits") === "limits") return;
  for (const one of along) letAllGo(server, stream, one, emit);
  letAllGo(server, stream, run, emit);
}

function letAllGo(server: ModelServer, stream: Stream, run: Run, emit: Emit): void {
  for (let first = run.first; first < run.first + run.count; ) {
    const gone = letGo(server, stream, { first, count: run.first + run.count - first });
    if (gone > 0) emit({ kind: "discarded", stream: stream.policy.name, because: "handled", first, count: gone });
    // A limit, or the end of the server, may have taken it before.
    first += Math.max(1, gone);
  }
}

/**
 * No message that stands before this one in the stream is given again, and a handler that is at work goes on. Returns those for whose acknowledgement
 * the server waited. One that has had its last delivery, and the wait after it, is not among them (F-282 of docs/facts.md).
 */
export function takeAlong({ open }: Consumer, log: readonly Stored[], message: number): readonly Delivery[] {
  if (open.length === 0) return [];
  const before = messagesBefore(log, message);
  const rest = open.flatMap(one =>
    Array.from({ length: one.count }, (_, i) => ({ ...one, first: one.first + i, count: 1 })),
  );
  const given = rest.flatMap((one): readonly Delivery[] => {
    if (!before.has(one.first)) return [one];
    return one.endsMs === undefined ? [] : [{ ...one, unawaited: true }];
  });
  open.splice(0, open.length, ...given);
  return rest.filter(one => before.has(one.first));
}

/** Empty where the stream does not hold the message any more. */
function messagesBefore(log: readonly Stored[], message: number): ReadonlySet<number> {
  const all = log.flatMap(messagesOf);
  return new Set(all.slice(0, Math.max(0, all.indexOf(message))));
}

/** The consumer is gone: what its stream has kept for it alone goes along (F-212 of docs/facts.md). Each message has one consumer at most. */
export function dropUnwanted(
  { streams, consumers }: ModelServer,
  { stream: name, subject }: Consumer,
  emit: Emit,
): void {
  const stream = streams.find(({ policy, exists }) => exists && policy.name === name);
  if (stream?.policy.retention !== "interest") return;
  const mine = consumers.filter(one => one.stream === name);
  for (let at = stream.log.length - 1; at >= 0; at--) {
    const found = stream.log[at];
    if (found === undefined || !covers(subject, found.subject)) continue;
    const { first, count, durable } = found;
    takeOut(stream, mine, { at, skipped: 0, count });
    emit({ kind: "discarded", stream: name, because: "no-consumer", first, count });
    if (durable) emit({ kind: "ended", place: "no consumer", first, count });
  }
}

/** Takes the first messages of the run out of the stream, as many as stand together. Returns their number. */
function letGo({ consumers }: ModelServer, stream: Stream, { first, count }: Run): number {
  const { log, policy } = stream;
  const at = log.findIndex(one => first >= one.first && first < one.first + one.count);
  const found = log[at];
  if (found === undefined) return 0;
  const skipped = first - found.first;
  const gone = Math.min(count, found.count - skipped);
  const mine = consumers.filter(one => one.stream === policy.name);
  takeOut(stream, mine, { at, skipped, count: gone });
  return gone;
}

/** True where the server refuses the consumer: its subjects overlap with those of another one of the same work queue. */
export const isSecondConsumer = (server: ModelServer, { policy }: Stream, subject: string): boolean =>
  policy.retention === "workqueue" &&
  server.consumers.some(
    one => one.exists && one.stream === policy.name && one.subject !== subject && overlap(one.subject, subject),
  );

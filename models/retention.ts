/**
 * The end of a message by the retention of its stream. A work queue lets a message go once its consumer has acknowledged it, wherever it
 * stands in the stream (F-210 of docs/facts.md). One with retention by interest does so once all of its consumers have, and is judged with one
 * for each message. Streams that keep what is handled are in server.ts.
 */
import { takeOut } from "./log.ts";
import { overlap } from "./policy/pattern.ts";
import type { Consumer, ModelServer, Stream } from "./server.ts";
import type { Emit, Run } from "./vocabulary/event.ts";

/** The server has the consumer's acknowledgement of these messages, which are gone where the stream does not keep them. */
export function acknowledge(server: ModelServer, consumer: Consumer, run: Run, emit: Emit): void {
  const stream = server.streams.find(({ policy, exists }) => exists && policy.name === consumer.stream);
  if (!consumer.exists || stream === undefined || (stream.policy.retention ?? "limits") === "limits") return;
  for (let first = run.first; first < run.first + run.count; ) {
    const gone = letGo(server, stream, { first, count: run.first + run.count - first });
    if (gone > 0) emit({ kind: "discarded", stream: consumer.stream, because: "handled", first, count: gone });
    // A limit, or the end of the server, may have taken it before.
    first += Math.max(1, gone);
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

/**
 * The limits of a stream: what it refuses beyond them, what goes to make room for what is new, and what is too old. nats-server 2.15.2,
 * filestore.go and memstore.go, storeRawMsg and expireMsgs; live, F-206, F-240 and F-242 of docs/facts.md.
 */
import type { Choose } from "./choice.ts";
import { append, bytesOf, lengthOf, type Stored, takeOut } from "./log.ts";
import { ageMsOf, ageSlackMs } from "./policy/limits.ts";
import { acknowledgesAll, effective } from "./policy/two-sides.ts";
import { takeAlong } from "./retention.ts";
import { type Consumer, type Delivery, type ModelServer, notGiven, type Stream } from "./server.ts";
import type { Emit, Run } from "./vocabulary/event.ts";

/** True where the stream refuses the message. One that would take the place of the oldest of its subject only has to find its bytes there. */
export function isRefused({ policy, log }: Stream, { subject, bytes = 0 }: Stored): boolean {
  if (policy.discard !== "new") return false;
  const { messagesMax = Number.POSITIVE_INFINITY, bytesMax = Number.POSITIVE_INFINITY } = policy;
  const ofSubject = isFullOf({ policy, log }, subject) ? log.find(one => one.subject === subject) : undefined;
  if (ofSubject !== undefined && policy.discardsNewPerSubject === true) return true;
  if (lengthOf(log) >= messagesMax && ofSubject === undefined) return true;
  return bytesOf(log) + bytes > bytesMax && (ofSubject?.bytes ?? 0) < bytes;
}

/** True where one more message of the subject is beyond its limit. */
const isFullOf = ({ policy, log }: Pick<Stream, "policy" | "log">, subject: string): boolean =>
  policy.messagesPerSubjectMax !== undefined &&
  lengthOf(log.filter(one => one.subject === subject)) >= policy.messagesPerSubjectMax;

/** True where the message, once it is stored, makes others go. */
export const makesRoom = ({ policy, log }: Stream, { subject, bytes = 0 }: Stored): boolean =>
  isFullOf({ policy, log }, subject) || isBeyond({ policy, log }, 1, bytes);

/** True where a stream that discards the oldest has too much with so much more. */
const isBeyond = ({ policy, log }: Pick<Stream, "policy" | "log">, messages: number, bytes: number): boolean =>
  policy.discard === "old" &&
  ((policy.messagesMax !== undefined && lengthOf(log) + messages > policy.messagesMax) ||
    (policy.bytesMax !== undefined && bytesOf(log) + bytes > policy.bytesMax));

/** Stores one message. What is then beyond a limit goes, and so does the message itself where it is larger than its stream. */
export function put(server: ModelServer, stream: Stream, stored: Stored, emit: Emit): void {
  const { log } = stream;
  const { subject } = stored;
  const replaced = isFullOf(stream, subject) ? log.findIndex(one => one.subject === subject) : -1;
  append(log, stored);
  stream.unconfirmed++;
  if (replaced >= 0) discard(server, stream, replaced, emit);
  while (isBeyond(stream, 0, 0)) discard(server, stream, 0, emit);
}

/**
 * Messages of that age are gone, the oldest first. The server comes to them some time after it, and until then each may still be there. `nowMs`
 * counts the time that calls have waited.
 */
export function expire(server: ModelServer, nowMs: number, choose: Choose, emit: Emit): void {
  for (const stream of server.streams) {
    const ageMs = ageMsOf(stream.policy);
    if (ageMs === undefined) continue;
    const olderThan = (ms: number): number => lengthOf(stream.log.filter(({ atMs }) => atMs + ms <= nowMs));
    const surely = olderThan(ageMs + ageSlackMs);
    const perhaps = olderThan(ageMs);
    if (perhaps === 0) continue;
    const gone = choose("expired", surely, perhaps, { kind: "held", runs: stream.log.slice(), which: "rest" });
    for (let i = 0; i < gone; i++) discard(server, stream, 0, emit);
  }
}

/**
 * The first message of this run of the stream goes. One that was given and not acknowledged is not given again; a handler that is at work on it
 * goes on.
 */
function discard(server: ModelServer, stream: Stream, at: number, emit: Emit): void {
  const gone = stream.log[at];
  if (gone === undefined) return;
  const { name } = stream.policy;
  const consumers = server.consumers.filter(one => one.stream === name);
  const waiting = consumers.flatMap(consumer => {
    const given = openDeliveryOf(consumer, stream, gone);
    return given === undefined ? [] : [{ consumer, given }];
  });
  for (const { consumer, given } of waiting) {
    const { open } = consumer;
    open.splice(0, open.length, ...open.flatMap(one => (one === given ? without(one, gone.first) : [one])));
    // The server ends such a delivery as an acknowledgement does.
    if (acknowledgesAll(effective(server.policy.consume))) takeAlong(consumer, stream.log, gone.first);
  }
  takeOut(stream, consumers, { at, skipped: 0, count: 1 });
  const { first, durable } = gone;
  emit({ kind: "discarded", stream: name, first, count: 1 });
  if (durable) emit({ kind: "ended", place: "stream limit", first, count: 1 });
}

/**
 * The delivery of this copy that has no acknowledgement, where the consumer has given it. A message that was stored twice has a delivery for each
 * copy, and those of one moment are given, and go, in their order.
 */
function openDeliveryOf(consumer: Consumer, stream: Stream, { first, atMs }: Stored): Delivery | undefined {
  const isCopy = (one: Run & { readonly atMs: number }): boolean => isIn(one, first) && one.atMs === atMs;
  const open = consumer.open.filter(one => isIn(one, first) && one.storedMs === atMs);
  const copies = stream.log.filter(isCopy).length - notGiven(stream, consumer).filter(isCopy).length;
  return open.length >= copies ? open[0] : undefined;
}

const isIn = ({ first, count }: Run, message: number): boolean => message >= first && message < first + count;

function without(delivery: Delivery, message: number): readonly Delivery[] {
  const { first, count } = delivery;
  if (!isIn(delivery, message)) return [delivery];
  // A handler that takes time has one message.
  if (delivery.endsMs !== undefined) return [{ ...delivery, unawaited: true }];
  const after = { ...delivery, first: message + 1, count: first + count - message - 1 };
  return [{ ...delivery, count: message - first }, after].filter(one => one.count > 0);
}

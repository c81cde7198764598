/**
 * The limits of a stream: what it refuses beyond them, and what goes to make room for what is new. nats-server 2.15.2, filestore.go and
 * memstore.go, storeRawMsg; live, F-206 and F-240 of docs/facts.md.
 */
import { append, bytesOf, lengthOf, type Stored, takeOut } from "./log.ts";
import type { ModelServer, Stream } from "./server.ts";
import type { Emit } from "./vocabulary/event.ts";

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

/** The first message of this run of the stream goes. */
function discard(server: ModelServer, stream: Stream, at: number, emit: Emit): void {
  const gone = stream.log[at];
  if (gone === undefined) return;
  const { name } = stream.policy;
  takeOut(
    stream,
    server.consumers.filter(one => one.stream === name),
    { at, skipped: 0, count: 1 },
  );
  const { first, durable } = gone;
  emit({ kind: "discarded", stream: name, first, count: 1 });
  if (durable) emit({ kind: "ended", place: "stream limit", first, count: 1 });
}

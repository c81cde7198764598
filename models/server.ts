/**
 * The server: what its streams hold, which ids they remember, which consumers they feed. Everything that arrives comes through `receive`,
 * whichever way it was published, since a stream captures by subject alone.
 */
import type { About, Choose } from "./choice.ts";
import { lengthOf, type Stored, takeFirst } from "./log.ts";
import { waitMsOf } from "./policy/deliveries.ts";
import { messageId } from "./policy/ids.ts";
import { isTooLarge, type StoredMessage, storedBytes } from "./policy/limits.ts";
import { covers } from "./policy/pattern.ts";
import { isTapped, streamOf } from "./policy/streams.ts";
import { syncIntervalMs } from "./policy/times.ts";
import { effective } from "./policy/two-sides.ts";
import { expire, isRefused, makesRoom, put } from "./stream-limits.ts";
import type { Emit, Place, Run } from "./vocabulary/event.ts";
import { idHeaderBytes } from "./vocabulary/frame.ts";
import type { Policy, StreamPolicy } from "./vocabulary/policy.ts";
import type { Handler } from "./vocabulary/scenario.ts";

/** The facts about a publish that its frame does not show. */
export interface Via {
  readonly subject: string;
  readonly payloadBytes: number;
  readonly key?: string;
  /** Published through JetStream: the sender waits for an acknowledgement, and the observer looks for the message in the stream. */
  readonly durable: boolean;
  /** One message id for the whole run, which is then one message; `each`: every message has a different one. */
  readonly id?: string;
  readonly each?: true;
  /** Sent without waiting for the previous acknowledgement. */
  readonly async?: true;
}

/** The fields of an event that tell how its messages were published. */
export const saysVia = (via: Via | undefined): { subject?: string; key?: string; durable?: true } =>
  via === undefined
    ? {}
    : {
        subject: via.subject,
        ...(via.key === undefined ? {} : { key: via.key }),
        ...(via.durable ? { durable: true as const } : {}),
      };

/** An id that was seen; without `id`, one for each message of the run. */
interface SeenId extends Run {
  readonly id?: string;
  /** Acknowledged, and not kept: there was no consumer for it. */
  readonly unkept?: true;
  readonly atMs: number;
  /** The moment at which a server that started has read it from its store. */
  readonly readMs?: number;
}

export interface Stream {
  readonly policy: StreamPolicy;
  exists: boolean;
  /** Oldest first. */
  log: Stored[];
  /** The number of newest messages that no acknowledgement has followed: the server may not have stored them yet. */
  unconfirmed: number;
  /** The number of oldest messages that are on disk. */
  synced: number;
  seen: SeenId[];
}

/** A durable consumer: one for each subject that is subscribed to. */
export interface Consumer {
  readonly stream: string;
  readonly subject: string;
  /** The replica whose process made it and will delete it; -1: the operator, or a process that has ended. */
  creator: number;
  exists: boolean;
  /** The server has deleted it, since nobody used it. */
  isDeleted?: true;
  /** The number of messages of the stream delivered so far, oldest first, discarded ones included. */
  given: number;
  readonly members: Member[];
  readonly open: Delivery[];
}

export interface Member {
  readonly replica: number;
  readonly handler: Handler;
  /** The time that its handler takes for each message. */
  readonly takesMs: number;
  /** The delay that its handler asks for, where it naks; otherwise 0. */
  readonly nakDelayMs: number;
}

/** Messages given to a handler and not yet acknowledged. */
export interface Delivery extends Run {
  readonly replica: number;
  readonly delivery: number;
  /** The moment at which it was stored (`Stored.atMs`). */
  readonly storedMs: number;
  readonly dueMs: number;
  /** Handled, but the acknowledgement waits in a link that holds it. */
  readonly ackHeld: boolean;
  /** Handled while its client was down, which keeps the acknowledgement until it is back. */
  readonly ackKept?: true;
  /** The moment at which its handler, which is still at work, will be through with it. */
  readonly endsMs?: number;
  /** That handler has acknowledged it already. */
  readonly ackedEarly?: true;
  /** The server waits for no acknowledgement of it. */
  readonly unawaited?: true;
}

export interface ModelServer {
  readonly policy: Policy;
  streams: Stream[];
  consumers: Consumer[];
  /** The moment up to which everything stored has reached the disk. */
  syncedMs: number;
  /** The time that callers have waited for acknowledgements that never came. Duplicate windows and ages go on meanwhile. */
  spentMs: number;
}

export const newServer = (policy: Policy): ModelServer => ({
  policy,
  streams: policy.streams.map(stream => newStream(stream, stream.made === "present")),
  consumers: [],
  syncedMs: 0,
  spentMs: 0,
});

const newStream = (policy: StreamPolicy, exists: boolean): Stream => ({
  policy,
  exists,
  log: [],
  unconfirmed: 0,
  synced: 0,
  seen: [],
});

export const copyServer = (server: ModelServer): ModelServer => ({
  ...server,
  streams: server.streams.map(stream => ({ ...stream, log: stream.log.slice(), seen: stream.seen.slice() })),
  consumers: server.consumers.map(one => ({ ...one, members: one.members.slice(), open: one.open.slice() })),
});

export const keyOfServer = ({ streams, consumers, syncedMs, spentMs }: ModelServer): string =>
  JSON.stringify([streams.map(({ policy: _, ...rest }) => rest), consumers, syncedMs, spentMs]);

/** The bus makes the streams that its policy lets it make. An existing stream is as good. */
export function makeStreams(server: ModelServer): void {
  for (const stream of server.streams) if (stream.policy.made === "created") stream.exists = true;
}

/** True where everything that the policy publishes through JetStream would be stored. */
export const isUsable = (server: ModelServer): boolean => server.streams.every(stream => stream.exists);

/** The reply to a publish through JetStream; `silence` where a listener or a stream is there that never answers. */
export type StreamReply = "stored" | "duplicate" | "full" | "too-large" | "no-responders" | "silence";

/** The part of the world around the server that a dealing depends on. */
export interface At {
  readonly nowMs: number;
  readonly jetStream: boolean;
}

/** The arguments of a receipt besides the messages. */
export interface Dealing {
  readonly server: ModelServer;
  readonly at: At;
  readonly choose: Choose;
  readonly emit: Emit;
  /** Gives the consumers in reach what there is. */
  readonly feed: () => void;
  /** The giving of the stream's next message to a handler in reach that may acknowledge it; undefined where there is none. */
  readonly nextGiving: (stream: Stream) => (() => void) | undefined;
}

/** Messages arrive. Emits where each ended, and returns the reply to its sender. */
export function receive(dealing: Dealing, run: Run, via: Via): StreamReply[] {
  const { server, at, choose, emit } = dealing;
  const { first, count } = run;
  expire(server, at.nowMs, choose, emit);
  if (!via.durable) {
    emit({ kind: "delivered", first, count });
    emit({ kind: "ended", place: "arrived", first, count });
  }
  const stream = at.jetStream ? capturing(server, via.subject) : undefined;
  if (stream === undefined) {
    if (via.durable) emit({ kind: "ended", place: "no stream", first, count });
    const answer = isTapped(server.policy, via.subject) ? "silence" : "no-responders";
    return new Array<StreamReply>(count).fill(answer);
  }
  const replies: StreamReply[] = [];
  for (let message = first; message < first + count; message++) {
    const answer = store(dealing, stream, message, via);
    replies.push(stream.policy.noAck === true ? "silence" : answer);
  }
  return replies;
}

function store(
  dealing: Dealing,
  stream: Stream,
  message: number,
  via: Via,
): "stored" | "duplicate" | "full" | "too-large" {
  const { choose, emit, server, feed } = dealing;
  const { nowMs } = dealing.at;
  const one = { first: message, count: 1 };
  if (stream.policy.messageBytesMax !== undefined && isTooLarge(stream.policy, sizeOf(server.policy, message, via))) {
    tellLost([{ ...one, durable: via.durable }], "stream limit", emit);
    return "too-large";
  }
  const known = remembered(stream, message, via, nowMs, choose);
  if (known !== undefined) {
    const place = known.unkept === true ? "no consumer" : "arrived";
    const isItself = known.id === undefined || known.first === message;
    emit({ kind: "ended", place: isItself ? place : "dedupe window", ...one });
    confirm(stream, via);
    return "duplicate";
  }
  const { subject, durable } = via;
  const stored = { ...one, subject, durable, ...bytesOfOne(server.policy, stream, message, via), atMs: nowMs };
  const isKept = hasInterest(server, stream, subject);
  // What is not kept needs no room.
  if (isKept && isRefused(stream, stored) && !hasRoomByThen(dealing, stream, stored)) {
    tellLost([stored], "stream limit", emit);
    return "full";
  }
  const unkept = isKept ? {} : { unkept: true as const };
  if (isKept) {
    // A handler comes to a message before the next one is published.
    if (makesRoom(stream, stored)) feed();
    if (via.durable) emit({ kind: "ended", place: "arrived", ...one });
    put(server, stream, stored, emit);
  }
  if (via.id !== undefined) stream.seen.push({ ...one, ...unkept, id: via.id, atMs: nowMs });
  else if (via.each === true) remember(stream.seen, { ...one, ...unkept, atMs: nowMs });
  confirm(stream, via);
  if (!isKept) {
    if (via.durable) emit({ kind: "discarded", stream: stream.policy.name, because: "no-consumer", ...one });
    tellLost([stored], "no consumer", emit);
  }
  return "stored";
}

/**
 * True where handlers make room for a publish of a burst in a stream that is full. They go on meanwhile, so its answer alone shows whether they
 * had come so far. Between bursts none has anything left to do.
 */
function hasRoomByThen({ choose, nextGiving }: Dealing, stream: Stream, stored: Stored): boolean {
  if ((stream.policy.retention ?? "limits") === "limits") return false;
  const about: About = { kind: "ended-as", runs: [stored], outcome: { is: "acked" } };
  while (isRefused(stream, stored)) {
    const give = nextGiving(stream);
    if (give === undefined || choose("room-made", 0, 1, about) === 0) return false;
    give();
  }
  return true;
}

function sizeOf(policy: Policy, message: number, { subject, key, payloadBytes, durable }: Via): StoredMessage {
  const id = durable ? messageId(policy, subject, key, message) : undefined;
  return { subject, payloadBytes, headerBytes: idHeaderBytes(id) };
}

/** Counted only where a limit needs them. */
const bytesOfOne = (policy: Policy, { policy: its }: Stream, message: number, via: Via): Pick<Stored, "bytes"> =>
  its.bytesMax === undefined ? {} : { bytes: storedBytes(its, sizeOf(policy, message, via)) };

/** An acknowledgement follows all that was stored before it. */
function confirm(stream: Stream, via: Via): void {
  if (via.durable) stream.unconfirmed = 0;
}

function capturing(server: ModelServer, subject: string): Stream | undefined {
  const policy = streamOf(server.policy, subject);
  return server.streams.find(stream => stream.policy === policy && stream.exists);
}

/** True where the stream keeps the message for somebody: one with retention by interest does so for its consumers alone. */
const hasInterest = ({ consumers }: ModelServer, { policy }: Stream, subject: string): boolean =>
  policy.retention !== "interest" ||
  consumers.some(one => one.exists && one.stream === policy.name && covers(one.subject, subject));

/** The message that first had the id, if the window still knows it. At the very end of the window it may or may not. */
function remembered(
  stream: Stream,
  message: number,
  { id, each }: Via,
  nowMs: number,
  choose: Choose,
): SeenId | undefined {
  if (id === undefined && each !== true) return undefined;
  const first = stream.seen.findLast(seen => (id === undefined ? isWithin(seen, message) : seen.id === id));
  if (first === undefined) return undefined;
  const { atMs, readMs = atMs } = first;
  const isRead = isWithinWindow(stream, atMs, readMs, choose);
  return isRead && isWithinWindow(stream, readMs, nowMs, choose) ? first : undefined;
}

function isWithinWindow({ policy }: Stream, fromMs: number, nowMs: number, choose: Choose): boolean {
  const leftMs = fromMs + policy.duplicateWindowMs - nowMs;
  return leftMs > 0 || (leftMs === 0 && choose("window-ended", 0, 1) === 0);
}

const isWithin = (seen: SeenId, message: number): boolean =>
  seen.id === undefined && message >= seen.first && message < seen.first + seen.count;

/**
 * The server's process is killed and comes back. Its memory is gone; of the messages that were never acknowledged, any tail may be lost.
 */
export function killServer(server: ModelServer, choose: Choose, emit: Emit): void {
  for (const stream of server.streams) {
    if (stream.policy.storage === "memory") loseStream(stream, emit);
    else keepOldest(stream, lengthOf(stream.log) - stream.unconfirmed, choose, "stored-before-kill", emit);
  }
  forgetConsumers(server);
}

/**
 * Core messages that a stream captures on their way to other listeners. A server that ends may have stored some without passing them on
 * (F-130 of docs/facts.md). `lost`: those under way that did not reach the others.
 */
export function storeUnseen(
  server: ModelServer,
  underWay: readonly (Run & { readonly via?: Via })[],
  lost: readonly Run[],
  { nowMs, choose, emit }: { readonly nowMs: number; readonly choose: Choose; readonly emit: Emit },
): void {
  for (const { first, count, via } of underWay) {
    const stream = via === undefined || via.durable ? undefined : capturing(server, via.subject);
    if (stream === undefined || via === undefined) continue;
    const unseen = lost.find(run => run.first >= first && run.first + run.count <= first + count);
    if (unseen === undefined) continue;
    const stored = choose("stored-unseen", 0, unseen.count, { kind: "held", runs: [unseen], which: "counted" });
    const bytes = bytesOfOne(server.policy, stream, unseen.first, via);
    const one = { count: 1, subject: via.subject, durable: false, ...bytes, atMs: nowMs + server.spentMs };
    for (let i = 0; i < stored; i++) put(server, stream, { ...one, first: unseen.first + i }, emit);
  }
}

/**
 * The server stops in order: its disk has everything that was there `before`, and everything that it has acknowledged. JetStream ends
 * before the connections do. So core messages that raced with the stop may have been passed on and not stored (F-130 of docs/facts.md).
 */
export function stopServer(server: ModelServer, before: readonly number[], choose: Choose, emit: Emit): void {
  for (const [i, stream] of server.streams.entries()) {
    if (stream.policy.storage === "memory") loseStream(stream, emit);
    else {
      const confirmed = lengthOf(stream.log) - stream.unconfirmed;
      keepOldest(stream, Math.max(confirmed, before[i] ?? 0), choose, "stored-before-stop", emit);
    }
  }
  forgetConsumers(server);
}

/** The server is started anew with nothing under way, and then once more as it was before. */
export function restartServer(server: ModelServer, choose: Choose, emit: Emit): void {
  const all = server.streams.map(({ log }) => lengthOf(log));
  stopServer(server, all, choose, emit);
}

/**
 * A server that starts reads the ids of the messages that are within their window, and keeps them for one more window (F-312 of docs/facts.md).
 * Whether it reads an id at the very end of its window is asked where that id is published again.
 */
export function readIds({ streams, spentMs }: ModelServer, viewMs: number): void {
  const readMs = viewMs + spentMs;
  for (const stream of streams)
    stream.seen = stream.seen
      .filter(one => one.atMs + stream.policy.duplicateWindowMs >= readMs)
      .map(one => ({ ...one, readMs }));
}

/** The operator makes the streams that the policy calls present. An existing one is as good. */
export function operate(server: ModelServer): void {
  for (const stream of server.streams) if (stream.policy.made === "present") stream.exists = true;
}

/** The machine loses power. A file keeps what was synced for certain; of the rest, any tail may be lost. Ids go with their messages. */
export function losePower(server: ModelServer, choose: Choose, emit: Emit): void {
  for (const stream of server.streams) {
    if (stream.policy.storage === "memory") loseStream(stream, emit);
    else keepOldest(stream, stream.synced, choose, "synced-before-power-loss", emit);
  }
  forgetConsumers(server);
}

/** The server comes back without its disk. */
export function loseStore(server: ModelServer, emit: Emit): void {
  for (const stream of server.streams) loseStream(stream, emit);
  server.consumers = [];
}

function keepOldest(
  stream: Stream,
  least: number,
  choose: Choose,
  label: "stored-before-stop" | "stored-before-kill" | "synced-before-power-loss",
  emit: Emit,
): void {
  const all = lengthOf(stream.log);
  const kept = least >= all ? all : choose(label, least, all, { kind: "held", runs: stream.log, which: "counted" });
  const lost = stream.log.slice();
  stream.log = takeFirst(lost, kept);
  tellLost(lost, "server's store", emit);
  // A server that starts reads the ids from the messages that it holds (F-211 of docs/facts.md).
  stream.seen = stream.seen.flatMap(one => stream.log.flatMap(held => common(one, held)));
  stream.unconfirmed = 0;
  stream.synced = Math.min(stream.synced, kept);
}

function tellLost(stored: readonly (Run & Pick<Stored, "durable">)[], place: Place, emit: Emit): void {
  for (const { first, count, durable } of stored) if (durable) emit({ kind: "ended", place, first, count });
}

function loseStream(stream: Stream, emit: Emit): void {
  tellLost(stream.log, "server's store", emit);
  Object.assign(stream, newStream(stream.policy, false));
}

/** Consumers of a lost stream are lost with it; the others were given no more than their stream still holds. */
function forgetConsumers(server: ModelServer): void {
  const logOf = (one: Consumer): readonly Stored[] | undefined =>
    server.streams.find(stream => stream.policy.name === one.stream && stream.exists)?.log;
  server.consumers = server.consumers.filter(one => logOf(one) !== undefined);
  for (const one of server.consumers) {
    one.given = Math.min(one.given, lengthOf((logOf(one) ?? []).filter(stored => covers(one.subject, stored.subject))));
    countFromStored(server, one);
  }
}

/**
 * The disk has the moment at which each message was stored, in the place of the moment at which it was delivered: its ack wait is counted from
 * there, and over where it was given again before (F-308 of docs/facts.md). What is due comes in the order of the
 * stream. A nak writes a moment of its own, and meets no restart (plan/naks.ts).
 */
function countFromStored({ policy, spentMs }: ModelServer, { open }: Consumer): void {
  const consume = effective(policy.consume);
  const counted = open.map(one => {
    const dueMs = one.storedMs - spentMs + waitMsOf(consume, one.delivery);
    return dueMs >= one.dueMs ? one : { ...one, dueMs };
  });
  open.splice(
    0,
    open.length,
    ...counted.sort((one, other) => one.storedMs - other.storedMs || one.first - other.first),
  );
}

/** Time has passed, including the moments at which the server writes its files out. */
export function syncStreams(server: ModelServer, nowMs: number): void {
  if (nowMs < server.syncedMs + syncIntervalMs) return;
  server.syncedMs = nowMs - (nowMs % syncIntervalMs);
  for (const stream of server.streams) stream.synced = lengthOf(stream.log);
}

/** Emits the content of every stream. */
export function tellStreams(server: ModelServer, nowMs: number, choose: Choose, emit: Emit): void {
  expire(server, nowMs + server.spentMs, choose, emit);
  for (const { policy, log } of server.streams)
    for (const { first, count } of log) emit({ kind: "holds", stream: policy.name, first, count });
}

/** The messages of a stream that a consumer of `subject` gets, from the `given`th of them on. */
export function notGiven(stream: Stream, { subject, given }: Pick<Consumer, "subject" | "given">): Stored[] {
  const mine = stream.log.filter(one => covers(subject, one.subject));
  takeFirst(mine, given);
  return mine;
}

/** The part of a run that another run has too. */
function common<One extends Run>(run: One, other: Run): One[] {
  const first = Math.max(run.first, other.first);
  const count = Math.min(run.first + run.count, other.first + other.count) - first;
  return count > 0 ? [{ ...run, first, count }] : [];
}

function remember(seen: SeenId[], run: SeenId): void {
  const last = seen.at(-1);
  const isSame = last?.atMs === run.atMs && last.readMs === run.readMs && last.unkept === run.unkept;
  if (last !== undefined && isSame && last.id === undefined && last.first + last.count === run.first)
    seen[seen.length - 1] = { ...last, count: last.count + run.count };
  else seen.push(run);
}

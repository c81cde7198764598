/**
 * Consumers: who is given the messages of a stream, and what comes of them. All replicas that subscribe to a subject share one durable
 * consumer, as plain and queue subscribers of one durable name do. Each message goes to one of them.
 */
import type { About, Choose } from "./choice.ts";
import { lengthOf } from "./log.ts";
import type { ConsumerUse } from "./plan/plan.ts";
import { mayBeLetGo, nakWaitMsOf, roomOf, waitMsOf } from "./policy/deliveries.ts";
import { covers } from "./policy/pattern.ts";
import { streamOf } from "./policy/streams.ts";
import {
  acknowledgesNothing,
  areMadeByOperator,
  beginsLate,
  effective,
  isCreationRefused,
  isUpdateRefused,
} from "./policy/two-sides.ts";
import { acknowledge, dropUnwanted, isSecondConsumer } from "./retention.ts";
import { type Consumer, type Delivery, type Member, type ModelServer, notGiven, type Stream } from "./server.ts";
import { expire } from "./stream-limits.ts";
import type { Emit, HandledOutcome } from "./vocabulary/event.ts";
import type { Policy } from "./vocabulary/policy.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { Handler, SubscribeStep } from "./vocabulary/scenario.ts";

/** The replicas that a delivery can reach. */
export interface Reach {
  readonly nowMs: number;
  /** Replica 0 can do nothing; be given messages whose acknowledgements a hold keeps; do everything. */
  readonly first: "away" | "held" | "here";
  /** The server answers the other replicas. */
  readonly others: boolean;
}

/** The replica subscribes. Returns false where there is no stream, or the consumer is refused or is not there. */
export function subscribe(
  server: ModelServer,
  { replica, subject, handler, takesMs = 0, nakDelayMs = 0 }: Omit<SubscribeStep, "id" | "kind">,
  madeOverAnother: Profile["jetStream"]["madeOverAnother"],
): boolean {
  const policy = streamOf(server.policy, subject);
  const stream = server.streams.find(one => one.policy === policy && one.exists);
  if (stream === undefined) return false;
  const known = consumerOf(server, subject);
  if (known === undefined && isSecondConsumer(server, stream, subject)) return false;
  // The server has deleted it, and the operator makes no other.
  if (known === undefined && server.policy.consume.durables === "bound" && isDeleted(server, subject)) return false;
  const consumer = known ?? newConsumer(server, stream, subject, replica);
  // The operator's own is there, with other settings.
  if (isCreationRefused(server.policy.consume) && madeOverAnother === "refused") return false;
  if (isUpdateRefused(server.policy.consume) && !isDeleted(server, subject)) return false;
  consumer.members.push({ replica, handler, takesMs, nakDelayMs });
  return true;
}

function newConsumer(server: ModelServer, stream: Stream, subject: string, replica: number): Consumer {
  // Only a subscription that has created it deletes it.
  const creator = areMadeByOperator(server.policy) || server.policy.consume.durables === "updated" ? -1 : replica;
  const { name } = stream.policy;
  const given = givenAtFirst(server.policy, stream, subject);
  const consumer: Consumer = { stream: name, subject, creator, exists: true, given, members: [], open: [] };
  server.consumers.push(consumer);
  return consumer;
}

/** The number of messages before the first that a new consumer gives. The operator makes his before there is any. */
function givenAtFirst(policy: Policy, stream: Stream, subject: string): number {
  if (!beginsLate(policy)) return 0;
  const stored = lengthOf(notGiven(stream, { subject, given: 0 }));
  return policy.consume.deliverPolicy === "new" ? stored : Math.max(0, stored - 1);
}

const consumerOf = (server: ModelServer, subject: string): Consumer | undefined =>
  server.consumers.find(one => one.subject === subject && one.exists);

/** True for the consumers from which a replica had drained its subscription when it ended. */
export type HasDrained = (consumer: Consumer) => boolean;

/**
 * The replica is gone. Its library deletes the durable consumers that it had made and drained from. Other replicas on them are given
 * nothing more, and the next subscriber starts from the beginning of the stream. Ephemeral consumers have nobody else.
 */
export function leave(server: ModelServer, replica: number, hasDrained: HasDrained): void {
  const isEphemeral = server.policy.consume.durables === "ephemeral";
  for (const consumer of server.consumers) {
    if (consumer.creator === replica) {
      if (isEphemeral || hasDrained(consumer)) consumer.exists = false;
      // The next process of the replica finds it there, and a library deletes only what it has made (F-238).
      consumer.creator = -1;
    }
    const stays = consumer.members.filter(member => member.replica !== replica);
    consumer.members.splice(0, consumer.members.length, ...stays);
    leaveWork(consumer, replica);
  }
}

/** Nobody has used these consumers for so long that the server has deleted them. Subscribers that come back are given nothing more. */
export function deleteUnused(server: ModelServer, uses: readonly ConsumerUse[], emit: Emit): void {
  for (const { subject, isGone } of uses) {
    const consumer = isGone ? consumerOf(server, subject) : undefined;
    if (consumer === undefined) continue;
    const { stream } = consumer;
    consumer.exists = false;
    consumer.isDeleted = true;
    emit({ kind: "consumer-deleted", stream, subject });
    dropUnwanted(server, consumer, emit);
  }
}

const isDeleted = ({ consumers }: ModelServer, subject: string): boolean =>
  consumers.some(one => one.subject === subject && one.isDeleted === true);

/** The work of the replica ends in the middle, and acknowledgements that its client has kept are gone. A message that it has acknowledged already is not given again. */
function leaveWork({ open }: Consumer, replica: number): void {
  const isLeft = (one: Delivery): boolean =>
    one.replica === replica && (one.endsMs !== undefined || one.ackKept === true);
  if (!open.some(isLeft)) return;
  const left = open.flatMap((one): readonly Delivery[] => {
    if (!isLeft(one)) return [one];
    const { endsMs: _, ackKept: _kept, ackedEarly, unawaited, ...delivery } = one;
    return ackedEarly === true || unawaited === true ? [] : [delivery];
  });
  open.splice(0, open.length, ...left);
}

/** The time for which a handler of the replica will go on working; 0 where none is at work. */
export const handlersRunMs = ({ consumers }: Pick<ModelServer, "consumers">, replica: number, nowMs: number): number =>
  Math.max(0, ...running(consumers, replica).map(({ endsMs = nowMs }) => endsMs - nowMs));

const running = (consumers: readonly Consumer[], replica: number): readonly Delivery[] =>
  consumers.flatMap(({ exists, open }) =>
    exists ? open.filter(one => one.endsMs !== undefined && one.replica === replica) : [],
  );

/** The fate of an acknowledgement that replica 0 sends: a link holds it, or a client that is down keeps it for its next connection, or loses it. */
export type AckFate = "sent" | "held" | "kept" | "lost";

/** The handlers that are through by `nowMs` acknowledge their messages, if they have not yet; `replica`: those of this one alone. */
export function endHandlers(
  server: ModelServer,
  nowMs: number,
  emit: Emit,
  { replica, first = "sent" }: { readonly replica?: number; readonly first?: AckFate } = {},
): void {
  for (const consumer of server.consumers) {
    const { open, members, subject } = consumer;
    const done = open.filter(
      ({ endsMs, replica: its }) => endsMs !== undefined && endsMs <= nowMs && (replica ?? its) === its,
    );
    for (const one of done) {
      open.splice(open.indexOf(one), 1);
      const { replica: its, delivery, count, ackedEarly } = one;
      const outcome = ackedEarly === true ? "worked" : "acked";
      const tookMs = members.find(member => member.replica === its)?.takesMs ?? 0;
      emit({ kind: "handled", replica: its, subject, delivery, outcome, tookMs, first: one.first, count });
      if (ackedEarly === true) continue;
      if (its > 0 || first === "sent") acknowledge(server, consumer, one, emit);
      else open.push(unheard(one, first));
    }
  }
}

/** The delivery as the server sees it, to which the acknowledgement has not come. */
function unheard({ endsMs: _, ...one }: Delivery, fate: Exclude<AckFate, "sent">): Delivery {
  if (fate === "held") return { ...one, ackHeld: true };
  return fate === "kept" ? { ...one, ackKept: true } : one;
}

/** The client is back, and sends the acknowledgements that it has kept. */
export function sendKeptAcks(server: ModelServer, emit: Emit): void {
  for (const consumer of server.consumers) {
    const { open } = consumer;
    const kept = open.filter(one => one.ackKept === true);
    if (kept.length === 0) continue;
    open.splice(0, open.length, ...open.filter(one => one.ackKept !== true));
    for (const one of kept) acknowledge(server, consumer, one, emit);
  }
}

/** True where a handler of the replica will not return. */
export const hasHungHandler = (server: ModelServer, replica: number): boolean =>
  server.consumers.some(one => isHung(one, replica));

/** The same for one consumer. */
export const isHung = (consumer: Consumer, replica: number): boolean =>
  consumer.exists &&
  consumer.open.some(({ replica: its, ackHeld }) => its === replica && !ackHeld && hangs(consumer, its));

const hangs = ({ members }: Consumer, replica: number): boolean =>
  members.some(member => member.replica === replica && member.handler === "hangs");

/** The circumstances in which a message is delivered. */
export interface Giving {
  readonly server: ModelServer;
  readonly reach: Reach;
  readonly choose: Choose;
  readonly emit: Emit;
}

/** Delivers everything that can be delivered now: new messages, and those whose acknowledgement is overdue. */
export function deliver(server: ModelServer, reach: Reach, choose: Choose, emit: Emit): void {
  const giving: Giving = { server, reach, choose, emit };
  expire(server, reach.nowMs + server.spentMs, choose, emit);
  for (const consumer of server.consumers) {
    if (!consumer.exists) continue;
    const members = reached(consumer, reach);
    if (members.length === 0) continue;
    const stream = server.streams.find(({ policy, exists }) => exists && policy.name === consumer.stream);
    if (stream === undefined) continue;
    giveAgain(giving, consumer, members);
    giveFresh(giving, consumer, members, stream);
    giveAgain(giving, consumer, members);
  }
}

/**
 * The giving of one new message of the stream to a consumer with a handler that may acknowledge it, alone and before all that wait after it;
 * undefined where there is none.
 */
export function nextGiving(giving: Giving, stream: Stream): (() => void) | undefined {
  const { server, reach } = giving;
  const consume = effective(server.policy.consume);
  const room = roomOf(consume) ?? Number.POSITIVE_INFINITY;
  for (const consumer of server.consumers) {
    if (!consumer.exists || consumer.stream !== stream.policy.name || pendingOf(consumer) >= room) continue;
    const members = reached(consumer, reach);
    const [next] = notGiven(stream, consumer);
    if (next === undefined || !members.some(({ handler }) => mayBeLetGo(handler, consume))) continue;
    return () => {
      consumer.given++;
      give(giving, consumer, members, { first: next.first, count: 1, storedMs: next.atMs }, 1);
    };
  }
  return undefined;
}

/** Messages that were stored at one moment. */
type StoredRun = Pick<Delivery, "first" | "count" | "storedMs">;

/** New messages, as far as there is room for what is not acknowledged. */
function giveFresh(giving: Giving, consumer: Consumer, members: readonly Member[], stream: Stream): void {
  const room = roomOf(effective(giving.server.policy.consume));
  const fresh = notGiven(stream, consumer);
  if (room === undefined) {
    consumer.given += lengthOf(fresh);
    for (const { first, count, atMs } of fresh) give(giving, consumer, members, { first, count, storedMs: atMs }, 1);
    return;
  }
  for (const run of fresh) {
    for (let message = run.first; message < run.first + run.count; message++) {
      if (pendingOf(consumer) >= room) return;
      consumer.given++;
      give(giving, consumer, members, { first: message, count: 1, storedMs: run.atMs }, 1);
    }
  }
}

/** The number of messages for whose acknowledgement the server waits. */
const pendingOf = ({ open }: Consumer): number => lengthOf(open.filter(one => one.ackedEarly !== true));

/** Gives what is due again until nothing is: a handler that naks without a delay gets its message again at once. */
function giveAgain(giving: Giving, consumer: Consumer, members: readonly Member[]): void {
  for (;;) {
    const again = redeliverable(consumer, effective(giving.server.policy.consume).deliverMax, giving.reach.nowMs);
    if (again.length === 0) return;
    for (const one of again) give(giving, consumer, members, one, one.delivery + 1);
  }
}

const reached = ({ members }: Consumer, { first, others }: Reach): readonly Member[] =>
  members.filter(({ replica }) => (replica === 0 ? first !== "away" : others));

/** True where a message of the subject would be given to a replica now. */
export const hasHandler = ({ consumers }: ModelServer, subject: string, reach: Reach): boolean =>
  consumers.some(one => one.exists && covers(one.subject, subject) && reached(one, reach).length > 0);

/** Takes out the messages that are due again. One that has had its last delivery stays unacknowledged for good. */
function redeliverable(consumer: Consumer, deliverMax: number, nowMs: number): Delivery[] {
  const due = consumer.open.filter(
    one => one.dueMs <= nowMs && !one.ackHeld && one.ackKept !== true && one.endsMs === undefined,
  );
  for (const one of due) consumer.open.splice(consumer.open.indexOf(one), 1);
  return due.filter(one => deliverMax < 0 || one.delivery < deliverMax);
}

function give(
  giving: Giving,
  consumer: Consumer,
  members: readonly Member[],
  { first, count, storedMs }: StoredRun,
  delivery: number,
): void {
  const [only] = members;
  if (only !== undefined && members.length === 1) {
    giveRun(giving, consumer, only, { first, count, storedMs }, delivery);
    return;
  }
  const { subject } = consumer;
  const replicas = members.map(one => one.replica);
  for (let message = first; message < first + count; message++) {
    const about: About = { kind: "handled-by", subject, message, replicas };
    const member = members[giving.choose("handled-by", 0, members.length - 1, about)] as Member;
    giveRun(giving, consumer, member, { first: message, count: 1, storedMs }, delivery);
  }
}

function giveRun(
  { server, reach, emit }: Giving,
  consumer: Consumer,
  { replica, handler, takesMs, nakDelayMs }: Member,
  { first, count, storedMs }: StoredRun,
  delivery: number,
): void {
  const { subject, open } = consumer;
  const consume = effective(server.policy.consume);
  const waitMs = handler === "naks" ? nakWaitMsOf(consume, delivery, nakDelayMs) : waitMsOf(consume, delivery);
  const dueMs = reach.nowMs + waitMs;
  const waits = !acknowledgesNothing(consume);
  if (takesMs > 0) {
    // Code that acknowledges nothing is through with the server at once. Other code does not know that it is.
    const isEarly = handler === "acks-early" || acknowledgesNothing(server.policy.consume);
    emit({ kind: "handled", replica, subject, delivery, outcome: isEarly ? "acked-early" : "begun", first, count });
    const work = {
      endsMs: reach.nowMs + takesMs,
      ...(isEarly ? { ackedEarly: true as const } : {}),
      ...(waits ? {} : { unawaited: true as const }),
    };
    open.push({ first, count, replica, delivery, storedMs, dueMs, ackHeld: false, ...work });
    if (isEarly || !waits) acknowledge(server, consumer, { first, count }, emit);
    return;
  }
  const outcome = outcomeOf(server, handler);
  emit({ kind: "handled", replica, subject, delivery, outcome, first, count });
  if (!waits) {
    acknowledge(server, consumer, { first, count }, emit);
    return;
  }
  const isDone = !leavesOpen.has(outcome);
  const ackHeld = isDone && replica === 0 && reach.first === "held";
  if (isDone && !ackHeld) {
    acknowledge(server, consumer, { first, count }, emit);
    return;
  }
  open.push({ first, count, replica, delivery, storedMs, dueMs, ackHeld });
}

/** Outcomes after which the server still waits for an acknowledgement, or is to give the message again. */
const leavesOpen: ReadonlySet<HandledOutcome> = new Set(["failed", "hung", "nak-sent", "ack-lost"]);

function outcomeOf(server: ModelServer, handler: Handler): HandledOutcome {
  switch (handler) {
    case "acks":
    case "acks-early":
    case "in-progress":
      return "acked";
    case "hangs":
      return "hung";
    case "naks":
      return "nak-sent";
    case "terminates":
      return "terminated";
    case "loses-ack":
      return "ack-lost";
    case "fails":
      return failureOf(server);
  }
}

function failureOf(server: ModelServer): HandledOutcome {
  const { failures, deadLetterSubject } = server.policy.consume;
  // Without acknowledgements there is no next delivery to leave it to.
  const left = acknowledgesNothing(server.policy.consume) ? "acknowledged-failed" : "failed";
  if (failures === "acknowledged") return "acknowledged-failed";
  if (failures === "redelivered") return left;
  const kept = deadLetterSubject !== undefined && streamOf(server.policy, deadLetterSubject) !== undefined;
  return kept ? "dead-lettered" : left;
}

/** The link has released what it held, so those acknowledgements reach the server. */
export function releaseAcks(server: ModelServer, emit: Emit): void {
  for (const consumer of server.consumers) {
    const { open } = consumer;
    const held = open.filter(one => one.ackHeld);
    const rest = open.filter(one => !one.ackHeld);
    open.splice(0, open.length, ...rest);
    for (const one of held) acknowledge(server, consumer, one, emit);
  }
}

/** The connection has ended: acknowledgements that the link held are lost with it, and their messages will be redelivered. */
export function loseAcks(server: ModelServer): void {
  for (const { open } of server.consumers) {
    const all = open.map(one => (one.ackHeld ? { ...one, ackHeld: false } : one));
    open.splice(0, open.length, ...all);
  }
}

/** The moment at which the next message is delivered again, or the next handler is through; undefined where there is none. */
export function nextHandlingMs(server: ModelServer, nowMs: number): number | undefined {
  const consume = effective(server.policy.consume);
  const { deliverMax } = consume;
  // A message that has had its last delivery makes room for another one when its wait is over.
  const isRoomLimited = roomOf(consume) !== undefined;
  const due = server.consumers.flatMap(({ exists, members, open }) =>
    exists && members.length > 0
      ? open.flatMap(({ ackHeld, ackKept, endsMs, delivery, dueMs }) => {
          if (endsMs !== undefined) return [endsMs];
          return !ackHeld && ackKept !== true && (isRoomLimited || deliverMax < 0 || delivery < deliverMax)
            ? [dueMs]
            : [];
        })
      : [],
  );
  const later = due.filter(ms => ms > nowMs);
  return later.length === 0 ? undefined : Math.min(...later);
}

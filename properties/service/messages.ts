/**
 * The record of each message in a run under a policy: what its callers were told, what the streams hold of it, and what its handlers
 * made of it. These are values for spans.ts; track.ts says when they change.
 */
import type { Event, HandledOutcome, Outcome } from "../../models/vocabulary/event.ts";
import type { ServiceRecord } from "./record.ts";

type PublishedEvent = Extract<Event, { readonly kind: "published" }>;
type Handling = Extract<Event, { readonly kind: "handled" }>;

/** The number of times that the server has ended so far, by way of ending. */
export interface ServerEnds {
  /** Stopped, killed or without power: the content of its memory is lost. */
  readonly all: number;
  readonly powerLosses: number;
  /** The moment of each of them. */
  readonly powerLostAtMs: readonly number[];
  readonly storesLost: number;
}

export interface Handled {
  readonly outcome: HandledOutcome;
  readonly atMs: number;
  /** The delivery count given to the last handler, and the highest given to any. */
  readonly delivery: number;
  readonly deliveries: number;
  readonly failures: number;
  /** A handler failed and acknowledged it nevertheless, or terminated it; or it was acknowledged with a later one. */
  readonly dropped: boolean;
  /** The delivery at which a handler first was through with its work, and the disruptions of its consumers by then. */
  readonly finished: { readonly delivery: number; readonly disruptions: number } | undefined;
  /** A later delivery came after that, with no disruption between the two. */
  readonly givenAgain: boolean;
  /** The number of processes started when a handler first acknowledged it; undefined: none has. */
  readonly doneAtStart: number | undefined;
  /** It was delivered anew after that and another start: its count of deliveries began again. */
  readonly replayed: boolean;
}

export interface Message {
  /** Undefined: it was not published. */
  readonly subject: string | undefined;
  readonly key: string | undefined;
  /** The message was published through JetStream. */
  readonly durable: boolean;
  readonly again: boolean;
  /** The best answer that any of its callers got: a later call says nothing about what an earlier one handed on. */
  readonly told: Outcome | undefined;
  /** The answer to the last call that was made while nothing was wrong. */
  readonly toldCalmly: Outcome | undefined;
  /** A call was answered "accepted": as core NATS. */
  readonly accepted: boolean;
  /** A call through JetStream failed, and its caller was told that all is well. */
  readonly errorDropped: boolean;
  readonly firstAtMs: number;
  /** The moment at which its last call was surely over; infinite while one may still arrive. */
  readonly lastAtMs: number;
  /** Ends of the server, and unannounced ends of the process, before its last and first acknowledgement. */
  readonly endsAtAck: ServerEnds | undefined;
  readonly killsAtAck: number;
  /** The number of disruptions of its consumers when it was published. */
  readonly disruptions: number;
  readonly delivered: boolean;
  /** The number of copies that streams hold, or have held until a handler acknowledged them. */
  readonly held: number;
  /** Acknowledged by a stream that keeps messages for its consumers alone, and had none for it. */
  readonly unkept: boolean;
  /** Discarded by a limit of its stream; `maybe`: discarded or never stored. */
  readonly discarded: "no" | "maybe" | "yes";
  readonly handled: Handled | undefined;
}

export const unmet: Message = {
  subject: undefined,
  key: undefined,
  durable: false,
  again: false,
  told: undefined,
  toldCalmly: undefined,
  accepted: false,
  errorDropped: false,
  firstAtMs: 0,
  lastAtMs: 0,
  endsAtAck: undefined,
  killsAtAck: 0,
  disruptions: 0,
  delivered: false,
  held: 0,
  unkept: false,
  discarded: "no",
  handled: undefined,
};

/** The circumstances in which a message is published. */
export interface Circumstances {
  readonly subject: string;
  readonly calm: boolean;
  readonly nowMs: number;
  readonly ends: ServerEnds;
  readonly kills: number;
  readonly disruptions: number;
  /** The caller of a durable publish is told of no error. */
  readonly dropsErrors: boolean;
}

export function publishedAt(
  message: Message,
  { outcome, key, durable, again }: PublishedEvent,
  at: Circumstances,
): Message {
  const isFirst = message.subject === undefined;
  const acked = outcome.is === "acked";
  const errorDropped = isErrorDropped({ outcome, durable }, at.dropsErrors);
  return {
    ...message,
    subject: at.subject,
    key,
    durable: message.durable || durable === true,
    again: message.again || again === true,
    told: better(message.told, outcome),
    toldCalmly: at.calm ? outcome : message.toldCalmly,
    accepted: message.accepted || (outcome.is === "accepted" && !errorDropped),
    errorDropped: message.errorDropped || errorDropped,
    firstAtMs: isFirst ? at.nowMs : message.firstAtMs,
    lastAtMs: overAtMs(message, outcome, errorDropped, at.nowMs),
    endsAtAck: acked ? at.ends : message.endsAtAck,
    killsAtAck: acked && message.endsAtAck === undefined ? at.kills : message.killsAtAck,
    disruptions: isFirst ? at.disruptions : message.disruptions,
  };
}

/** A bus that drops errors accepts through JetStream what it could not publish; any other accepts as core NATS alone. */
export const isErrorDropped = (
  { outcome, durable }: Pick<PublishedEvent, "outcome"> & { readonly durable?: true | undefined },
  dropsErrors: boolean,
): boolean => dropsErrors && outcome.is === "accepted" && durable === true;

/** An acknowledged message has arrived, and so has everything sent before it on that connection; a refusal hands nothing on. */
function overAtMs({ lastAtMs }: Message, { is }: Outcome, errorDropped: boolean, nowMs: number): number {
  if (is === "rejected") return lastAtMs;
  // A dropped error may be that of a call which was still under way.
  return is === "unsettled" || errorDropped ? Number.POSITIVE_INFINITY : nowMs;
}

/** A rank from outcomes that prove nothing was handed on to those that prove it was stored as itself. */
function rank(outcome: Outcome): number {
  switch (outcome.is) {
    case "rejected":
      return 0;
    case "unsettled":
      return 1;
    case "accepted":
      return 2;
    case "acked":
      return outcome.duplicate === true ? 3 : 4;
  }
}

/** The one of two outcomes of the same message that says more about what was handed on. */
export const better = (before: Outcome | undefined, now: Outcome): Outcome =>
  before === undefined || rank(now) > rank(before) ? now : before;

const failures: ReadonlySet<HandledOutcome> = new Set([
  "acknowledged-failed",
  "dead-lettered",
  "failed",
  "nak-sent",
  "terminated",
]);
/** The server gives it to nobody any more, and its handler is through with it. */
const ends: ReadonlySet<HandledOutcome> = new Set([
  "acked",
  "acknowledged-failed",
  "dead-lettered",
  "terminated",
  "worked",
]);
/** The work is done, or the message is kept for somebody to look at. */
const finishes: ReadonlySet<HandledOutcome> = new Set(["acked", "worked", "ack-lost", "dead-lettered"]);
const drops: ReadonlySet<HandledOutcome> = new Set(["acknowledged-failed", "terminated"]);

/** The circumstances in which a message is handled. */
type HandlingAt = Pick<ServiceRecord, "nowMs" | "starts" | "disruptions">;

export function handledAt(message: Message, { outcome, delivery }: Handling, at: HandlingAt): Message {
  const { nowMs, starts, disruptions } = at;
  const before = message.handled;
  const finished = before?.finished;
  const isAgain = finished !== undefined && delivery > finished.delivery && disruptions === finished.disruptions;
  const doneAtStart = before?.doneAtStart;
  // A delivery after a lost acknowledgement counts on; one by a consumer made anew begins again.
  const anew = before !== undefined && delivery <= before.delivery && doneAtStart !== undefined && starts > doneAtStart;
  const handled: Handled = {
    outcome,
    atMs: nowMs,
    delivery,
    deliveries: Math.max(delivery, before?.deliveries ?? 0),
    failures: (before?.failures ?? 0) + (failures.has(outcome) ? 1 : 0),
    dropped: before?.dropped === true || drops.has(outcome),
    finished: finished ?? (finishes.has(outcome) ? { delivery, disruptions } : undefined),
    givenAgain: before?.givenAgain === true || isAgain,
    doneAtStart: doneAtStart ?? (ends.has(outcome) ? starts : undefined),
    replayed: before?.replayed === true || anew,
  };
  return { ...message, handled };
}

/** The server has an acknowledgement after it, of that message or of it. */
export const acknowledges = (outcome: HandledOutcome): boolean => ends.has(outcome) || outcome === "acked-early";

/** A later message was acknowledged, and this one with it. */
export function acknowledgedAlong(message: Message): Message {
  const { handled } = message;
  if (handled === undefined || handled.finished !== undefined || handled.outcome === "begun") return message;
  return { ...message, handled: { ...handled, dropped: true } };
}

/**
 * What a run under a policy has shown of each message: what its callers were told, what the streams hold of it, what its handlers made
 * of it. Values for spans.ts; track.ts says when.
 */
import type { Event, HandledOutcome, Outcome } from "../../models/vocabulary/event.ts";

type PublishedEvent = Extract<Event, { readonly kind: "published" }>;
type Handling = Extract<Event, { readonly kind: "handled" }>;

/** How often the server has ended in each way so far. */
export interface ServerEnds {
  /** Stopped, killed or without power: what its memory held is gone. */
  readonly all: number;
  readonly powerLosses: number;
  /** When each of them was. */
  readonly powerLostAtMs: readonly number[];
  readonly storesLost: number;
}

export interface Handled {
  readonly outcome: HandledOutcome;
  readonly atMs: number;
  /** Deliveries as the last handler was told, and the most that any was. */
  readonly delivery: number;
  readonly deliveries: number;
  readonly failures: number;
  /** A handler failed and acknowledged it all the same. */
  readonly dropped: boolean;
  /** Processes started so far when a handler first acknowledged it; undefined: none has. */
  readonly doneAtStart: number | undefined;
  /** After that, and after another start, it was delivered anew: its count of deliveries began again. */
  readonly replayed: boolean;
}

export interface Message {
  /** Undefined: nobody published it. */
  readonly subject: string | undefined;
  readonly key: string | undefined;
  /** It was published through JetStream. */
  readonly durable: boolean;
  readonly again: boolean;
  /** The best that any of its callers was told: a later call says nothing of what an earlier one handed on. */
  readonly told: Outcome | undefined;
  /** What the last call was told that was made while nothing was wrong. */
  readonly toldCalmly: Outcome | undefined;
  /** A call was told "accepted": as core NATS. */
  readonly accepted: boolean;
  readonly firstAtMs: number;
  /** When the last of its calls was surely over; infinite while one may still arrive. */
  readonly lastAtMs: number;
  /** The server's ends, and the ends without a word of the process, before it was acknowledged last and first. */
  readonly endsAtAck: ServerEnds | undefined;
  readonly killsAtAck: number;
  /** Times that its consumers had been disrupted when it was published. */
  readonly disruptions: number;
  readonly delivered: boolean;
  /** How often streams hold it. */
  readonly held: number;
  /** By a limit of its stream; `maybe`: it was, or it was never stored. */
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
  firstAtMs: 0,
  lastAtMs: 0,
  endsAtAck: undefined,
  killsAtAck: 0,
  disruptions: 0,
  delivered: false,
  held: 0,
  discarded: "no",
  handled: undefined,
};

/** What is so when a message is published. */
export interface Circumstances {
  readonly subject: string;
  readonly calm: boolean;
  readonly nowMs: number;
  readonly ends: ServerEnds;
  readonly kills: number;
  readonly disruptions: number;
}

export function publishedAt(
  message: Message,
  { outcome, key, durable, again }: PublishedEvent,
  at: Circumstances,
): Message {
  const isFirst = message.subject === undefined;
  const acked = outcome.is === "acked";
  return {
    ...message,
    subject: at.subject,
    key,
    durable: message.durable || durable === true,
    again: message.again || again === true,
    told: better(message.told, outcome),
    toldCalmly: at.calm ? outcome : message.toldCalmly,
    accepted: message.accepted || outcome.is === "accepted",
    firstAtMs: isFirst ? at.nowMs : message.firstAtMs,
    lastAtMs: overAtMs(message, outcome, at.nowMs),
    endsAtAck: acked ? at.ends : message.endsAtAck,
    killsAtAck: acked && message.endsAtAck === undefined ? at.kills : message.killsAtAck,
    disruptions: isFirst ? at.disruptions : message.disruptions,
  };
}

/** What is acknowledged has arrived, and so has whatever was sent before it on that connection; a refusal hands nothing on. */
function overAtMs({ lastAtMs }: Message, { is }: Outcome, nowMs: number): number {
  if (is === "rejected") return lastAtMs;
  return is === "unsettled" ? Number.POSITIVE_INFINITY : nowMs;
}

/** From what proves that nothing was handed on to what proves that it was stored as itself. */
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

/** The one of two outcomes of the same message that says more of what was handed on. */
export const better = (before: Outcome | undefined, now: Outcome): Outcome =>
  before === undefined || rank(now) > rank(before) ? now : before;

export function handledAt(message: Message, { outcome, delivery }: Handling, nowMs: number, starts: number): Message {
  const before = message.handled;
  const isDone = outcome === "acked" || outcome === "acknowledged-failed" || outcome === "dead-lettered";
  const doneAtStart = before?.doneAtStart;
  // A delivery after a lost acknowledgement counts on; one by a consumer made anew begins again.
  const anew = before !== undefined && delivery <= before.delivery && doneAtStart !== undefined && starts > doneAtStart;
  const handled: Handled = {
    outcome,
    atMs: nowMs,
    delivery,
    deliveries: Math.max(delivery, before?.deliveries ?? 0),
    failures: (before?.failures ?? 0) + (outcome === "acked" || outcome === "hung" ? 0 : 1),
    dropped: before?.dropped === true || outcome === "acknowledged-failed",
    doneAtStart: doneAtStart ?? (isDone ? starts : undefined),
    replayed: before?.replayed === true || anew,
  };
  return { ...message, handled };
}

/**
 * The evidence that a message is gone as the retention of its stream says: its handler acknowledged it, or it never had a consumer. Three
 * witnesses tell of it: the handler's own report, the stream that does not hold the message, and the numbers of that stream, which has given
 * one to each message that it stored.
 *
 * The numbers count in one life of the stream only. Where the server has ended in the case, they may be too low, and the handler's report
 * decides: a message that it was given had been stored.
 */
import { sharedId } from "../../../models/policy/ids.ts";
import { covers } from "../../../models/policy/pattern.ts";
import { attemptsInAll } from "../../../models/policy/publishing.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import { acknowledgesAll, acknowledgesNothing, effective } from "../../../models/policy/two-sides.ts";
import type { Event, HandledOutcome, Run } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { type StreamEnd, serverHasEnded } from "./sequences.ts";

type Discarded = Extract<Event, { readonly kind: "discarded" }>;

/** The messages that a stream has let go for another reason than a limit, as far as the bus has told of them. */
export interface LetGo {
  /** The greatest number of copies of each message that handlers have acknowledged. */
  readonly done: ReadonlyMap<number, number>;
  /** Those of them that the stream does not hold. */
  readonly notHeld: readonly number[];
  /** Acknowledged to their publisher before there was a consumer, or before the server deleted it, and not kept. */
  readonly unkept: readonly number[];
  /** Those of them that were told of when that happened. */
  readonly told: ReadonlySet<number>;
  /** The least and the greatest number of copies that are gone for it. */
  readonly least: number;
  readonly most: number;
  /** The most copies of messages without an acknowledgement that may have come before there was a consumer. */
  readonly open: number;
}

/** The count of a stream's numbers whose messages are gone for one reason. */
export interface NumbersGone {
  readonly least: number;
  readonly most: number;
}

export interface Acknowledged {
  readonly gone: readonly Discarded[];
  /** The reason to hold nothing against the client: more messages are gone than the bus has told of. */
  readonly doubt?: string;
}

/** A stream that keeps what is acknowledged lets nothing go. */
export function letGoIn(
  policy: Policy,
  stream: StreamPolicy,
  told: readonly Event[],
  runs: readonly Run[] | undefined,
): LetGo {
  const isHeld = (message: number): boolean =>
    runs?.some(({ first, count }) => message >= first && message < first + count) === true;
  const done = withEachStored(copiesDone(policy, stream, told), isHeld, policy, stream, told);
  const notHeld = [...done].filter(([message]) => !isHeld(message)).map(([message]) => message);
  const { acked, dropped, open } = withoutConsumer(policy, stream, told);
  const unkept = [...dropped, ...acked.filter(one => !dropped.has(one) && !isHeld(one) && !done.has(one))];
  const copies = [...done.values()].reduce((sum, count) => sum + count, 0);
  const least = notHeld.length + unkept.length;
  return { done, notHeld, unkept, told: dropped, least, most: copies + unkept.length + open, open };
}

/** A stream that keeps what is acknowledged gives nothing. `byLimit`: those that its own limits have taken. */
export function acknowledgedIn(end: StreamEnd, byLimit: NumbersGone = { least: 0, most: 0 }): Acknowledged {
  const { policy, stream, told, held, removals } = end;
  if ((stream.retention ?? "limits") === "limits") return { gone: [] };
  const { done, notHeld, unkept, open, ...others } = letGoIn(policy, stream, told, held?.runs);
  const untold = unkept.filter(message => !others.told.has(message));
  const before = runsOf(stream.name, untold, "no-consumer");
  const once = [...before, ...runsOf(stream.name, notHeld, "handled")];
  if (held === undefined) return { gone: once };
  const { lastNumber, messages } = held.state;
  const least = others.least + byLimit.least;
  const most = others.most + byLimit.most;
  const gone = lastNumber - messages;
  if (gone === least) return { gone: once };
  // An acknowledgement may be lost on its way, and a message may be stored twice.
  if (gone === others.most - open + byLimit.least)
    return { gone: [...before, ...runsOf(stream.name, everyCopy(done), "handled")] };
  if (serverHasEnded(told)) return { gone: once };
  // The bus has told of messages that the stream never had.
  if (gone < least) return { gone: [] };
  // Somebody was heard to take messages away: whose finding that is, sequences.ts says.
  if (removals.some(one => one.stream === stream.name)) return { gone: once };
  // What was not acknowledged may have come all the same, before there was a consumer, or before a limit took it.
  const isOnce = others.most - open === others.least;
  if (isOnce && most > least && gone <= most) return { gone: once };
  const doubt =
    `${gone} of the ${lastNumber} messages that ${stream.name} has numbered are gone, and the bus has told of ` +
    `${least === most ? most : `${least} to ${most}`} that were acknowledged by a handler or had no consumer: whether the others were too, or were removed, cannot be told`;
  return { gone: once, doubt };
}

/**
 * Messages of a stream that keeps them for its consumers alone, published while no consumer of theirs was there. `dropped`: those that went with
 * their consumer. `open`: the most copies of others that may have come then without an acknowledgement. One that is acknowledged later as a
 * duplicate of itself had come, and before there was a consumer if none has subscribed since.
 */
function withoutConsumer(policy: Policy, stream: StreamPolicy, told: readonly Event[]) {
  const acked = new Set<number>();
  const unanswered = new Set<number>();
  const dropped = new Set<number>();
  const subjects = new Set<string>();
  let open = 0;
  for (const event of stream.retention === "interest" ? told : []) {
    if (event.kind === "subscribed") {
      subjects.add(event.subject);
      // What is still on its way may come to it.
      unanswered.clear();
    }
    if (event.kind === "consumer-deleted") subjects.delete(event.subject);
    if (event.kind === "discarded" && event.stream === stream.name && event.because === "no-consumer")
      for (let message = event.first; message < event.first + event.count; message++) dropped.add(message);
    if (event.kind !== "published" || streamOf(policy, event.subject ?? "") !== stream) continue;
    const { first, count, outcome, subject = "", key } = event;
    const isItself = sharedId(policy, subject, key) === undefined;
    if ([...subjects].some(one => covers(one, subject)) || outcome.is === "rejected") continue;
    const isStored = outcome.is === "acked" && outcome.duplicate !== true;
    if (!isStored) open += count * attemptsInAll(policy.publish);
    for (let message = first; message < first + count; message++) {
      if (isStored || (isItself && outcome.is === "acked" && unanswered.has(message))) acked.add(message);
      else if (outcome.is === "unsettled") unanswered.add(message);
    }
  }
  return { acked: [...acked], dropped, open };
}

/**
 * The number of copies done of each message, where its publisher was told how many are stored, none is held, and handlers have acknowledged it as
 * often. Deliveries of two copies have different numbers where one copy was given again and the other was not.
 */
function withEachStored(
  done: ReadonlyMap<number, number>,
  isHeld: (message: number) => boolean,
  policy: Policy,
  stream: StreamPolicy,
  told: readonly Event[],
): ReadonlyMap<number, number> {
  const stored = new Map<number, number>();
  const acknowledged = new Map<number, number>();
  const count = (counts: Map<number, number>, { first, count }: Run): void => {
    for (let message = first; message < first + count; message++) counts.set(message, (counts.get(message) ?? 0) + 1);
  };
  for (const event of told) {
    if (event.kind !== "handled" && event.kind !== "published") continue;
    if (streamOf(policy, event.subject ?? "") !== stream) continue;
    if (event.kind === "handled") {
      if (endings.includes(event.outcome)) count(acknowledged, event);
    } else if (event.outcome.is === "acked" && event.outcome.duplicate !== true) count(stored, event);
  }
  const copiesOf = (message: number, known: number): number =>
    isHeld(message) ? known : Math.max(known, Math.min(stored.get(message) ?? 0, acknowledged.get(message) ?? 0));
  return new Map([...done].map(([message, known]) => [message, copiesOf(message, known)]));
}

const everyCopy = (copies: ReadonlyMap<number, number>): readonly number[] =>
  [...copies].flatMap(([message, count]) => Array.from({ length: count }, () => message));

const endings: readonly HandledOutcome[] = [
  "acked",
  "acked-early",
  "acknowledged-failed",
  "dead-lettered",
  "terminated",
];

/**
 * The greatest number of copies of each message that handlers have acknowledged, or that count as acknowledged: what is delivered with ack policy
 * none, and with ack policy all what was delivered before one that is acknowledged. Two deliveries of one copy have different numbers, unless
 * its consumer was made anew.
 */
function copiesDone(policy: Policy, stream: StreamPolicy, told: readonly Event[]): ReadonlyMap<number, number> {
  const times = new Map<string, number>();
  const copies = new Map<number, number>();
  const consume = effective(policy.consume);
  const givenOn = new Map<string, Set<number>>();
  for (const event of told) {
    if (event.kind !== "handled" || streamOf(policy, event.subject) !== stream) continue;
    if (acknowledgesAll(consume)) {
      const given = givenOn.get(event.subject) ?? new Set();
      givenOn.set(event.subject, given);
      for (let message = event.first; message < event.first + event.count; message++) given.add(message);
      if (endings.includes(event.outcome))
        for (const before of given) if (before < event.first) copies.set(before, Math.max(1, copies.get(before) ?? 0));
    }
    const isDone = acknowledgesNothing(consume) ? event.tookMs === undefined : endings.includes(event.outcome);
    if (!isDone) continue;
    for (let message = event.first; message < event.first + event.count; message++) {
      const delivery = `${message}/${event.delivery}`;
      times.set(delivery, (times.get(delivery) ?? 0) + 1);
      copies.set(message, Math.max(copies.get(message) ?? 0, times.get(delivery) ?? 0));
    }
  }
  return copies;
}

/** Runs of consecutive messages, in their order; a message that stands twice is in two of them. */
function runsOf(
  stream: string,
  messages: readonly number[],
  because: NonNullable<Discarded["because"]>,
): readonly Discarded[] {
  const runs: Run[] = [];
  for (const message of messages.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === message)
      runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ first: message, count: 1 });
  }
  return runs.map(run => ({ kind: "discarded", stream, because, ...run }));
}

/**
 * The evidence that a message of a work queue is gone because its handler acknowledged it. Three witnesses tell of it: the handler's own
 * report, the stream that does not hold the message, and the numbers of that stream, which has given one to each message that it stored.
 *
 * The numbers count in one life of the stream only. Where the server has ended in the case, they may be too low, and the handler's report
 * decides: a message that it was given had been stored.
 */
import { streamOf } from "../../../models/policy/streams.ts";
import type { Event, HandledOutcome, Run } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { type StreamEnd, serverHasEnded } from "./sequences.ts";

type Discarded = Extract<Event, { readonly kind: "discarded" }>;

export interface Acknowledged {
  readonly gone: readonly Discarded[];
  /** The reason to hold nothing against the client: more messages are gone than handlers have told of. */
  readonly doubt?: string;
}

/** A stream that keeps what is acknowledged gives nothing. */
export function acknowledgedIn({ policy, stream, told, held, removals }: StreamEnd): Acknowledged {
  if (stream.retention !== "workqueue") return { gone: [] };
  const copies = copiesDone(policy, stream, told);
  const isHeld = (message: number): boolean =>
    held?.runs.some(({ first, count }) => message >= first && message < first + count) === true;
  const notHeld = [...copies].filter(([message]) => !isHeld(message)).map(([message]) => message);
  const once = runsOf(stream.name, notHeld);
  if (held === undefined) return { gone: once };
  const { lastNumber, messages } = held.state;
  const gone = lastNumber - messages;
  if (gone === notHeld.length) return { gone: once };
  const most = [...copies.values()].reduce((sum, count) => sum + count, 0);
  // An acknowledgement may be lost on its way, and a message may be stored twice.
  if (gone === most) return { gone: runsOf(stream.name, everyCopy(copies)) };
  if (serverHasEnded(told)) return { gone: once };
  // Handlers have told of messages that the stream never had.
  if (gone < notHeld.length) return { gone: [] };
  // Somebody was heard to take messages away: whose finding that is, sequences.ts says.
  if (removals.some(one => one.stream === stream.name)) return { gone: once };
  const doubt =
    `${gone} of the ${lastNumber} messages that ${stream.name} has numbered are gone, and handlers have told of ` +
    `${notHeld.length === most ? most : `${notHeld.length} to ${most}`} that they have acknowledged: whether the others were acknowledged too, or removed, cannot be told`;
  return { gone: once, doubt };
}

const everyCopy = (copies: ReadonlyMap<number, number>): readonly number[] =>
  [...copies].flatMap(([message, count]) => Array.from({ length: count }, () => message));

const endings: readonly HandledOutcome[] = ["acked", "acknowledged-failed", "dead-lettered"];

/**
 * The greatest number of copies of each message that handlers have acknowledged. Two deliveries of one copy have different numbers, unless
 * its consumer was made anew.
 */
function copiesDone(policy: Policy, stream: StreamPolicy, told: readonly Event[]): ReadonlyMap<number, number> {
  const times = new Map<string, number>();
  const copies = new Map<number, number>();
  for (const event of told) {
    if (event.kind !== "handled" || !endings.includes(event.outcome)) continue;
    if (streamOf(policy, event.subject) !== stream) continue;
    for (let message = event.first; message < event.first + event.count; message++) {
      const delivery = `${message}/${event.delivery}`;
      times.set(delivery, (times.get(delivery) ?? 0) + 1);
      copies.set(message, Math.max(copies.get(message) ?? 0, times.get(delivery) ?? 0));
    }
  }
  return copies;
}

/** Runs of consecutive messages, in their order; a message that stands twice is in two of them. */
function runsOf(stream: string, messages: readonly number[]): readonly Discarded[] {
  const runs: Run[] = [];
  for (const message of messages.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === message)
      runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ first: message, count: 1 });
  }
  return runs.map(run => ({ kind: "discarded", stream, because: "handled", ...run }));
}

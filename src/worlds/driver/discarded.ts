/**
 * What a stream's own limit has discarded, concluded at the end of a case from what the server says of it. A stream that discards the
 * oldest and is at its limit has discarded every message below the first number that it holds, and no other. Which those were it does
 * not say: it is known where as many messages were acknowledged, and can have stood there, as there are numbers. A message that was
 * acknowledged and never stored has no number, so that then one is missing, and it is not excused. Where some of the numbers may be
 * those of messages that nobody was told the fate of, nobody can tell.
 */

import { messageId } from "../../../models/policy/ids.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import type { Event, Run } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { Held } from "./rig.ts";

type PublishedEvent = Extract<Event, { readonly kind: "published" }>;
type Discards = Extract<Event, { readonly kind: "discarded" | "may-be-discarded" }>;

/** What is known of one message of the stream. */
interface KnownMessage {
  readonly message: number;
  /** An acknowledgement says that the stream which is there now had this very message. */
  acked: boolean;
  /** It was acknowledged, but by the id of another message, or while the stream was being lost. */
  doubtful: boolean;
  /** How often it can have been stored, in the stream that is there now and in those that were lost since. */
  copies: number;
  copiesBefore: number;
}

/** What the events so far say of the messages of the stream, in the order in which they were first published. */
interface ToldOfStream {
  readonly messages: readonly KnownMessage[];
  readonly deadLetters: number;
}

/** `held` undefined: the stream is not there. Nothing is said of one that has no limit, or refuses what is new. */
export function discardsOf(
  policy: Policy,
  stream: StreamPolicy,
  events: readonly Event[],
  held: Held | undefined,
): readonly Discards[] {
  const { name, messagesMax, discard } = stream;
  if (messagesMax === undefined || discard !== "old") return [];
  const told = readTold(policy, stream, events);
  const copies = copiesHeld(held?.runs ?? []);
  const isAbsent = ({ message }: KnownMessage): boolean => !copies.has(message);
  return [
    ...runsOf("may-be-discarded", name, pushedOut(told.messages, messagesMax).filter(isAbsent)),
    ...(held === undefined ? [] : inNumbers(name, held, messagesMax, told, copies)),
  ];
}

/** Of the stream that is there: which messages stood in the numbers below the first that it holds. */
function inNumbers(
  name: string,
  { state, runs, foreign }: Held,
  messagesMax: number,
  { messages, deadLetters }: ToldOfStream,
  copies: ReadonlyMap<number, number>,
): readonly Discards[] {
  const numbers = state.firstNumber - 1;
  // A stream that has ever discarded is full ever after.
  if (state.messages < messagesMax || numbers === 0) return [];
  const fitting = older(messages, copies);
  const absent = fitting.filter(one => !copies.has(one.message));
  const claims = absent.filter(one => one.acked);
  // The older of what was acknowledged may have stood there; the rest has no number.
  if (numbers < claims.length) return runsOf("may-be-discarded", name, claims.slice(0, numbers));
  const deadLettersHeld = state.messages - foreign - sumOf(runs, run => run.count);
  const places =
    sumOf(fitting, one => Math.max(0, one.copies - (copies.get(one.message) ?? 0))) +
    Math.max(0, deadLetters - deadLettersHeld);
  const isKnown = numbers === places && foreign === 0 && state.deleted === 0;
  const open = absent.filter(one => one.doubtful && one.copies > 0);
  return runsOf(isKnown ? "discarded" : "may-be-discarded", name, [...claims, ...open]);
}

/** Those that can stand before all that is held: not published after a message that is held and was stored by then. */
function older(messages: readonly KnownMessage[], copies: ReadonlyMap<number, number>): readonly KnownMessage[] {
  const stored = messages.findIndex(one => one.acked && one.copies === 1 && copies.has(one.message));
  return stored < 0 ? messages : messages.slice(0, stored);
}

/**
 * Of what was acknowledged in a stream that was lost since: those after which as many may have been stored as the limit takes. The
 * others were still there when it was lost.
 */
function pushedOut(messages: readonly KnownMessage[], messagesMax: number): readonly KnownMessage[] {
  // What nobody acknowledged may have been stored late, after whatever was published since.
  let after = sumOf(messages, one => (isGone(one) ? 0 : one.copiesBefore));
  const found: KnownMessage[] = [];
  for (const one of messages.toReversed()) {
    if (!isGone(one)) continue;
    if (after >= messagesMax) found.push(one);
    after += one.copiesBefore;
  }
  return found;
}

const isGone = ({ acked, doubtful, copies, copiesBefore }: KnownMessage): boolean =>
  copiesBefore > 0 && !acked && (copies === 0 || doubtful);

// ---- What was told ----

function readTold(policy: Policy, stream: StreamPolicy, events: readonly Event[]): ToldOfStream {
  const known = new Map<number, KnownMessage>();
  const { deadLetterSubject } = policy.consume;
  const takesDeadLetters = deadLetterSubject !== undefined && streamOf(policy, deadLetterSubject) === stream;
  let deadLetters = 0;
  // From the fault that ends the server to its heal: an acknowledgement may be that of the stream before.
  let isEnding = false;
  for (const event of events) {
    if (event.kind === "fault" && event.phase === "installed" && losesStream(event, stream)) {
      for (const one of known.values()) loseStored(one);
      isEnding = true;
    } else if (event.kind === "healed") isEnding = false;
    else if (event.kind === "published" && streamOf(policy, event.subject ?? "") === stream) {
      for (let message = event.first; message < event.first + event.count; message++) {
        const one = known.get(message) ?? { message, acked: false, doubtful: false, copies: 0, copiesBefore: 0 };
        known.set(message, one);
        addCall(one, event, policy, isEnding);
      }
    } else if (event.kind === "handled" && event.outcome === "dead-lettered" && takesDeadLetters)
      deadLetters += event.count;
  }
  return { messages: [...known.values()], deadLetters };
}

/** A file outlives every end of the server, unless its disk or the power goes with it. */
const losesStream = ({ fault, store }: Extract<Event, { kind: "fault" }>, { storage }: StreamPolicy): boolean =>
  fault === "power-loss" || (fault === "stop-server" && (storage === "memory" || store === "lost"));

/** What was not acknowledged may still be on its way, and be stored in the next. */
function loseStored(one: KnownMessage): void {
  one.copiesBefore += one.copies;
  if (one.acked) one.copies = 0;
  one.acked = false;
}

function addCall(one: KnownMessage, call: PublishedEvent, policy: Policy, isEnding: boolean): void {
  const { outcome } = call;
  const copies = copiesOf(call, policy);
  one.copies += copies;
  if (isEnding) one.copiesBefore += copies;
  if (outcome.is !== "acked") return;
  const isItself = !isEnding && !(outcome.duplicate === true && sharesItsId(policy, call));
  one.acked ||= isItself;
  one.doubtful = !one.acked;
  if (isItself) one.copies = Math.max(1, one.copies);
}

/** How often this call can have stored its message. */
function copiesOf({ outcome, durable, again, subject = "", key, first }: PublishedEvent, policy: Policy): number {
  if (outcome.is === "rejected") return 0;
  const { attemptsMax, ackTimeoutMs } = policy.publish;
  const windowMs = streamOf(policy, subject)?.duplicateWindowMs ?? 0;
  const isOnce = messageId(policy, subject, key, first) !== undefined && attemptsMax * ackTimeoutMs < windowMs;
  const attempts = durable === true && !isOnce ? attemptsMax : 1;
  if (outcome.is !== "acked" || outcome.duplicate !== true) return attempts;
  return again === true || attemptsMax === 1 ? 0 : attempts;
}

/** Two messages with its subject and key have one id. */
const sharesItsId = (policy: Policy, { subject = "", key }: PublishedEvent): boolean =>
  messageId(policy, subject, key, 0) !== undefined &&
  messageId(policy, subject, key, 0) === messageId(policy, subject, key, 1);

// ---- Runs ----

const sumOf = <One>(list: readonly One[], of: (one: One) => number): number =>
  list.reduce((sum, one) => sum + of(one), 0);

function copiesHeld(runs: readonly Run[]): ReadonlyMap<number, number> {
  const copies = new Map<number, number>();
  for (const { first, count } of runs)
    for (let m = first; m < first + count; m++) copies.set(m, (copies.get(m) ?? 0) + 1);
  return copies;
}

function runsOf(kind: Discards["kind"], stream: string, messages: readonly KnownMessage[]): readonly Discards[] {
  const runs: { first: number; count: number }[] = [];
  for (const message of messages.map(one => one.message).toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === message) last.count += 1;
    else runs.push({ first: message, count: 1 });
  }
  return runs.map(run => ({ kind, stream, ...run }));
}

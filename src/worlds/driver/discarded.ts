/**
 * The messages that a stream's own limit has discarded, concluded at the end of a case from the server's state of the stream. A stream that
 * discards the oldest and is at its limit has discarded every message below the first number that it holds, and no other. The server does
 * not name them. They are known where as many messages were acknowledged, and can have stood there, as there are numbers. An acknowledged
 * message that was never stored has no number, so one is then missing, and it is not excused. Where some numbers may belong to messages of
 * unknown fate, the answer is unknown.
 */

import { messageId, sharedId } from "../../../models/policy/ids.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import type { Event, Run } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { Held } from "./rig.ts";

type PublishedEvent = Extract<Event, { readonly kind: "published" }>;
type Discards = Extract<Event, { readonly kind: "discarded" | "may-be-discarded" }>;

/** The facts known about one message of the stream. */
interface KnownMessage {
  readonly message: number;
  /** An acknowledgement proves that the present stream had this very message. */
  acked: boolean;
  /** It was acknowledged, but by the id of another message, or while the stream was being lost. */
  doubtful: boolean;
  /** The greatest number of copies that can have been stored, in the present stream and in those that were lost since. */
  copies: number;
  copiesBefore: number;
}

/** The facts that the events so far show about the stream's messages, in the order of their first publish. */
interface ToldOfStream {
  readonly messages: readonly KnownMessage[];
  readonly deadLetters: number;
}

/** `held` is undefined where the stream does not exist. A stream without a limit, or one that refuses new messages, gives nothing. */
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

/** The messages of the present stream that stood in the numbers below the first that it holds. */
function inNumbers(
  name: string,
  { state, runs, foreign }: Held,
  messagesMax: number,
  { messages, deadLetters }: ToldOfStream,
  copies: ReadonlyMap<number, number>,
): readonly Discards[] {
  const numbers = state.firstNumber - 1;
  // A stream that has ever discarded stays full.
  if (state.messages < messagesMax || numbers === 0) return [];
  const fitting = older(messages, copies);
  const absent = fitting.filter(one => !copies.has(one.message));
  const claims = absent.filter(one => one.acked);
  // The older acknowledged messages may have stood there; the rest have no number.
  if (numbers < claims.length) return runsOf("may-be-discarded", name, claims.slice(0, numbers));
  const deadLettersHeld = state.messages - foreign - sumOf(runs, run => run.count);
  const places =
    sumOf(fitting, one => Math.max(0, one.copies - (copies.get(one.message) ?? 0))) +
    Math.max(0, deadLetters - deadLettersHeld);
  const isKnown = numbers === places && foreign === 0 && state.deleted === 0;
  const open = absent.filter(one => one.doubtful && one.copies > 0);
  return runsOf(isKnown ? "discarded" : "may-be-discarded", name, [...claims, ...open]);
}

/** The messages that can stand before everything held: not published after a message that is held and was stored by then. */
function older(messages: readonly KnownMessage[], copies: ReadonlyMap<number, number>): readonly KnownMessage[] {
  const stored = messages.findIndex(one => one.acked && one.copies === 1 && copies.has(one.message));
  return stored < 0 ? messages : messages.slice(0, stored);
}

/**
 * Messages acknowledged in a stream that was lost since, and pushed out: at least as many as the limit takes may have been stored after
 * them. The others were still there when it was lost.
 */
function pushedOut(messages: readonly KnownMessage[], messagesMax: number): readonly KnownMessage[] {
  // Messages without an acknowledgement may have been stored late, after everything published since.
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

// ---- What the events tell ----

function readTold(policy: Policy, stream: StreamPolicy, events: readonly Event[]): ToldOfStream {
  const known = new Map<number, KnownMessage>();
  const { deadLetterSubject } = policy.consume;
  const takesDeadLetters = deadLetterSubject !== undefined && streamOf(policy, deadLetterSubject) === stream;
  let deadLetters = 0;
  // True from the fault that ends the server to its heal, when an acknowledgement may come from the previous stream.
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

/** A file survives every end of the server, unless its disk or the power is lost too. */
export const losesStream = ({ fault, store }: Extract<Event, { kind: "fault" }>, { storage }: StreamPolicy): boolean =>
  fault === "power-loss" || (fault === "stop-server" && (storage === "memory" || store === "lost"));

/** Messages without an acknowledgement may still be on their way, and be stored in the next stream. */
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
  const isItself =
    !isEnding && !(outcome.duplicate === true && sharedId(policy, call.subject ?? "", call.key) !== undefined);
  one.acked ||= isItself;
  one.doubtful = !one.acked;
  if (isItself) one.copies = Math.max(1, one.copies);
}

/** The greatest number of times that this call can have stored its message. */
function copiesOf({ outcome, durable, again, subject = "", key, first }: PublishedEvent, policy: Policy): number {
  if (outcome.is === "rejected") return 0;
  const { attemptsMax, ackTimeoutMs } = policy.publish;
  const windowMs = streamOf(policy, subject)?.duplicateWindowMs ?? 0;
  const isOnce = messageId(policy, subject, key, first) !== undefined && attemptsMax * ackTimeoutMs < windowMs;
  const attempts = durable === true && !isOnce ? attemptsMax : 1;
  if (outcome.is !== "acked" || outcome.duplicate !== true) return attempts;
  return again === true || attemptsMax === 1 ? 0 : attempts;
}

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

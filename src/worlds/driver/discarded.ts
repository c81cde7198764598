/**
 * The messages that a stream's own limits have discarded, concluded at the end of a case from the server's state of the stream. A limit of
 * messages, of bytes or of age takes the oldest; one for each subject takes the oldest there, and leaves a gap in the numbers. The server does not
 * name them. They are known where as many messages were acknowledged, and can have been taken, as numbers are gone. An acknowledged
 * message that was never stored has no number, so one is then missing, and it is not excused. Where some numbers may belong to messages of
 * unknown fate, the answer is unknown, except for a message that the stream was seen to hold.
 *
 * A stream that lets go of what is handled leaves gaps, too. The numbers of what handlers have acknowledged are taken off first
 * (acknowledged.ts), and the rest belongs to its limits. Such a stream does not stay full, so what a limit can have taken is known by what may
 * have been stored since alone.
 */

import { messageId, sharedId } from "../../../models/policy/ids.ts";
import { ageMsOf, limitsThatDiscard, mayDiscard, storedBytes } from "../../../models/policy/limits.ts";
import { attemptsInAll, timedOutMs } from "../../../models/policy/publishing.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import type { Content, Event, Run } from "../../../models/vocabulary/event.ts";
import { idHeaderBytes } from "../../../models/vocabulary/frame.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { StepId } from "../../../models/vocabulary/scenario.ts";
import { type LetGo, letGoIn, type NumbersGone } from "./acknowledged.ts";
import type { Held } from "./rig.ts";
import { serverHasEndedSince } from "./sequences.ts";

type PublishedEvent = Extract<Event, { readonly kind: "published" }>;
type Discards = Extract<Event, { readonly kind: "discarded" | "may-be-discarded" }>;

/** The facts known about one message of the stream. */
interface KnownMessage {
  readonly message: number;
  readonly subject: string;
  /** The bytes that the server counts for one copy. */
  readonly bytes: number;
  /** The time between its first publish and the end of the case: it is no older. */
  readonly ageMs: number;
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
  /** Something may have been stored between the last look at a stream and its loss. */
  readonly isOpenAtLoss: boolean;
}

type Limits = ReturnType<typeof limitsThatDiscard> & { readonly ageMs?: number | undefined };

/** The messages that the bus was told to send, and when, by the scenario's time with what its calls have waited. */
export interface Sent {
  readonly contents: readonly (Run & Content)[];
  readonly toldAtMs: ReadonlyMap<StepId, number>;
  readonly atEndMs: number;
  /** The messages that the stream was seen to hold in the course of the case, or proven to have discarded. */
  readonly seen: ReadonlySet<number>;
  /** Those of streams of its name that were lost since. */
  readonly lost: LostHeld;
  /** Calls that are proven to have stored nothing. */
  readonly unstored: ReadonlySet<Event>;
}

/** The messages of lost streams by the last look at each: what it held, and what it had held and discarded before. */
export interface LostHeld {
  readonly held: ReadonlySet<number>;
  readonly discarded: ReadonlySet<number>;
}

/** The messages that limits have taken or may have taken, and how many of the numbers that are gone are theirs. */
export interface TakenByLimits extends NumbersGone {
  readonly says: readonly Discards[];
}

/** `held` is undefined where the stream does not exist. A stream without a limit, or one that refuses new messages, gives nothing. */
export function discardsOf(
  policy: Policy,
  stream: StreamPolicy,
  events: readonly Event[],
  held: Held | undefined,
  sent: Sent,
): TakenByLimits {
  if (!mayDiscard(stream)) return { says: [], least: 0, most: 0 };
  const { name, retention = "limits" } = stream;
  const limits = { ...limitsThatDiscard(stream), ageMs: ageMsOf(stream) };
  const told = readTold(policy, stream, events, sent);
  const copies = copiesHeld(held?.runs ?? []);
  const letGo = retention === "limits" ? undefined : letGoIn(policy, stream, events, held?.runs);
  const isAbsent = ({ message }: KnownMessage): boolean => !copies.has(message) && letGo?.done.has(message) !== true;
  const { lost } = sent;
  const wasLostWithIt = ({ message }: KnownMessage): boolean => !told.isOpenAtLoss && lost.held.has(message);
  const out = pushedOut(told.messages, limits).filter(one => isAbsent(one) && !wasLostWithIt(one));
  const isKnown = (one: KnownMessage): boolean =>
    lost.discarded.has(one.message) || (!one.doubtful && isLargerThan(limits, one));
  const maybe = out.filter(one => !isKnown(one));
  const pushed = [...runsOf("discarded", name, out.filter(isKnown)), ...runsOf("may-be-discarded", name, maybe)];
  if (held === undefined) return { says: pushed, least: 0, most: 0 };
  const isOneLife = !serverHasEndedSince(events);
  const { says, ...span } = inNumbers(name, held, limits, told, { copies, seen: sent.seen, letGo, isOneLife });
  return { says: [...pushed, ...says], ...span };
}

interface Witnesses {
  readonly copies: ReadonlyMap<number, number>;
  readonly seen: ReadonlySet<number>;
  /** Absent where the stream keeps what is handled. */
  readonly letGo: LetGo | undefined;
  readonly isOneLife: boolean;
}

/** The messages of the present stream that had the numbers which are gone. */
function inNumbers(
  name: string,
  held: Held,
  limits: Limits,
  told: ToldOfStream,
  { copies, seen, letGo, isOneLife }: Witnesses,
): TakenByLimits {
  const { state, runs, foreign } = held;
  // Only a limit of each subject leaves gaps, and an acknowledgement.
  const leavesGaps = limits.messagesPerSubjectMax !== undefined || letGo !== undefined;
  const numbers = leavesGaps ? state.lastNumber - state.messages - (letGo?.least ?? 0) : state.firstNumber - 1;
  const fitting = letGo === undefined ? takenBy(limits, told, held, copies) : takenFromQueue(limits, told, copies);
  // The numbers count in one life of such a stream only.
  const areCounted = letGo === undefined || isOneLife;
  if (fitting.length === 0 || (numbers <= 0 && areCounted)) return { says: [], least: 0, most: 0 };
  const gone = (one: KnownMessage): number => (copies.get(one.message) ?? 0) + (letGo?.done.get(one.message) ?? 0);
  const unkept = new Set(letGo?.unkept);
  const absent = fitting.filter(one => gone(one) === 0 && !unkept.has(one.message));
  const claims = absent.filter(one => one.acked);
  const isSeen = (one: KnownMessage): boolean => seen.has(one.message);
  const isKnownToBeGone = (one: KnownMessage): boolean => isSeen(one) || (!areCounted && isLargerThan(limits, one));
  const known = claims.filter(isKnownToBeGone);
  const unseen = claims.filter(one => !isKnownToBeGone(one));
  const deadLettersHeld = state.messages - foreign - sumOf(runs, run => run.count);
  const places =
    sumOf(fitting, one => (unkept.has(one.message) ? 0 : Math.max(0, one.copies - gone(one)))) +
    Math.max(0, told.deadLetters - deadLettersHeld);
  const saying = (discarded: readonly KnownMessage[], maybe: readonly KnownMessage[]): TakenByLimits => ({
    says: [...runsOf("discarded", name, discarded), ...runsOf("may-be-discarded", name, maybe)],
    least: discarded.length,
    most: Math.max(discarded.length, places),
  });
  // The older acknowledged messages may have stood there; the rest have no number.
  if (numbers < claims.length && areCounted) return saying(known, unseen.slice(0, Math.max(0, numbers - known.length)));
  const isExact = letGo === undefined ? leavesGaps || state.deleted === 0 : areCounted && letGo.least === letGo.most;
  const isKnown = numbers === places && foreign === 0 && isExact;
  const open = absent.filter(one => one.doubtful && one.copies > 0);
  return isKnown ? saying([...claims, ...open], []) : saying(known, [...unseen, ...open]);
}

/** True for a message that is larger than its stream: it is gone as soon as it is stored, whatever the numbers tell (F-240 of docs/facts.md). */
const isLargerThan = ({ bytesMax = Number.POSITIVE_INFINITY }: Limits, { bytes }: KnownMessage): boolean =>
  bytes > bytesMax;

/** The messages that a limit may have taken from a stream out of which handlers take others. */
function takenFromQueue(
  limits: Limits,
  { messages, deadLetters }: ToldOfStream,
  copies: ReadonlyMap<number, number>,
): readonly KnownMessage[] {
  const { messagesPerSubjectMax, ...shared } = limits;
  const copiesOfOne = (one: KnownMessage): number => one.copies;
  const ofAll = new Set(beyond(shared, messages, copiesOfOne));
  const mayBeTooMuch = deadLetters > 0 && (shared.bytesMax !== undefined || shared.messagesMax !== undefined);
  const ofSubject = new Set(
    messagesPerSubjectMax === undefined ? [] : beyond({ messagesPerSubjectMax }, messages, copiesOfOne),
  );
  const ofEach = Map.groupBy(messages, one => one.subject);
  const taken = new Set([
    ...older(messages, copies).filter(one => mayBeTooMuch || ofAll.has(one)),
    ...[...ofEach.values()].flatMap(list => older(list, copies)).filter(one => ofSubject.has(one)),
  ]);
  return messages.filter(one => taken.has(one));
}

/**
 * The messages that a limit may have taken. Nothing that it would have taken before is held, and enough was stored since. A stream that has
 * ever been at its limit of messages, or of one subject's, stays full by it.
 */
function takenBy(
  limits: Limits,
  { messages, deadLetters }: ToldOfStream,
  { state, runs }: Held,
  copies: ReadonlyMap<number, number>,
): readonly KnownMessage[] {
  const { messagesMax, bytesMax, messagesPerSubjectMax, ageMs = Number.POSITIVE_INFINITY } = limits;
  const isFull = messagesMax !== undefined && state.messages >= messagesMax;
  const tooMuch = new Set(bytesMax === undefined ? [] : beyond({ bytesMax }, messages, one => one.copies));
  // The size of a dead letter is not known.
  const mayBeTooMuch = bytesMax !== undefined && deadLetters > 0;
  const isTaken = (one: KnownMessage): boolean => isFull || mayBeTooMuch || tooMuch.has(one) || one.ageMs >= ageMs;
  const oldest = older(messages, copies).filter(isTaken);
  if (messagesPerSubjectMax === undefined) return oldest;
  const heldOf = (subject: string): number => sumOf(runs, run => (run.subject === subject ? run.count : 0));
  const subjects = [...new Set(messages.map(one => one.subject))];
  const replaced = subjects
    .filter(subject => heldOf(subject) >= messagesPerSubjectMax)
    .flatMap(subject =>
      older(
        messages.filter(one => one.subject === subject),
        copies,
      ),
    );
  const taken = new Set([...oldest, ...replaced]);
  return messages.filter(one => taken.has(one));
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
const pushedOut = (messages: readonly KnownMessage[], limits: Limits): readonly KnownMessage[] => {
  const found = new Set(beyond(limits, messages, one => one.copiesBefore, isGone));
  return messages.filter(one => isGone(one) && found.has(one));
};

/**
 * The messages that are old enough, or after which enough to reach a limit may have been stored. `isPlaced`: it stood where it was published. Any other may have been
 * stored late, after everything published since.
 */
function beyond(
  { messagesMax, bytesMax, messagesPerSubjectMax, ageMs = Number.POSITIVE_INFINITY }: Limits,
  messages: readonly KnownMessage[],
  copiesOfOne: (one: KnownMessage) => number,
  isPlaced: (one: KnownMessage) => boolean = one => one.acked,
): readonly KnownMessage[] {
  const later = { messages: 0, bytes: 0, ofSubject: new Map<string, number>() };
  const add = (one: KnownMessage): void => {
    const count = copiesOfOne(one);
    later.messages += count;
    later.bytes += count * one.bytes;
    later.ofSubject.set(one.subject, (later.ofSubject.get(one.subject) ?? 0) + count);
  };
  for (const one of messages) if (!isPlaced(one)) add(one);
  const found: KnownMessage[] = [];
  for (const one of messages.toReversed()) {
    // The last copy of a message stands after its others.
    const others = isPlaced(one) ? Math.max(0, copiesOfOne(one) - 1) : 0;
    const isBeyond =
      one.ageMs >= ageMs ||
      (messagesMax !== undefined && later.messages + others >= messagesMax) ||
      (bytesMax !== undefined && later.bytes + (others + 1) * one.bytes > bytesMax) ||
      (messagesPerSubjectMax !== undefined &&
        (later.ofSubject.get(one.subject) ?? 0) + others >= messagesPerSubjectMax);
    if (isBeyond) found.push(one);
    if (isPlaced(one)) add(one);
  }
  return found;
}

const isGone = ({ acked, doubtful, copies, copiesBefore }: KnownMessage): boolean =>
  copiesBefore > 0 && !acked && (copies === 0 || doubtful);

// ---- What the events tell ----

function readTold(policy: Policy, stream: StreamPolicy, events: readonly Event[], sent: Sent): ToldOfStream {
  const known = new Map<number, KnownMessage>();
  const { deadLetterSubject } = policy.consume;
  const takesDeadLetters = deadLetterSubject !== undefined && streamOf(policy, deadLetterSubject) === stream;
  let deadLetters = 0;
  let isOpenAtLoss = false;
  // The step that ends the server, as long as it goes on. A call that it overlaps may be acknowledged by the stream that is lost.
  let ending: StepId | undefined;
  for (const event of events) {
    if (event.kind === "fault" && event.phase === "installed" && losesStream(event, stream)) {
      isOpenAtLoss ||= [...known.values()].some(one => one.copies > 0 && !one.acked);
      for (const one of known.values()) loseStored(one);
      ending = event.step;
    } else if (event.kind === "healed" || (event.kind === "step" && event.phase === "ended" && event.step === ending))
      ending = undefined;
    else if (event.kind === "published" && streamOf(policy, event.subject ?? "") === stream) {
      for (let message = event.first; message < event.first + event.count; message++) {
        const one = known.get(message) ?? newKnown(policy, stream, event, message, sent);
        known.set(message, one);
        const copies = sent.unstored.has(event) ? 0 : copiesOf(event, policy);
        addCall(one, event, { policy, copies, isEnding: ending !== undefined });
        isOpenAtLoss ||= ending !== undefined && copies > 0;
      }
    } else if (event.kind === "handled" && event.outcome === "dead-lettered" && takesDeadLetters)
      deadLetters += event.count;
  }
  return { messages: [...known.values()], deadLetters, isOpenAtLoss };
}

function newKnown(
  policy: Policy,
  stream: StreamPolicy,
  { step, subject = "", key, durable }: PublishedEvent,
  message: number,
  { contents, toldAtMs, atEndMs }: Sent,
): KnownMessage {
  const payloadBytes = contents.find(({ first, count }) => message >= first && message < first + count)?.bytes ?? 0;
  const headerBytes = idHeaderBytes(durable === true ? messageId(policy, subject, key, message) : undefined);
  const bytes = storedBytes(stream, { subject, headerBytes, payloadBytes });
  const ageMs = atEndMs - (toldAtMs.get(step) ?? 0);
  return { message, subject, bytes, ageMs, acked: false, doubtful: false, copies: 0, copiesBefore: 0 };
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

interface Calling {
  readonly policy: Policy;
  readonly copies: number;
  readonly isEnding: boolean;
}

function addCall(one: KnownMessage, call: PublishedEvent, { policy, copies, isEnding }: Calling): void {
  const { outcome } = call;
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
  const attemptsMax = attemptsInAll(policy.publish);
  const windowMs = streamOf(policy, subject)?.duplicateWindowMs ?? 0;
  const isOnce = messageId(policy, subject, key, first) !== undefined && timedOutMs(policy.publish) < windowMs;
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

/** Promises of the reconnect buffer. Each is judged only on outages in which the client was surely down when publish was called. */
import type { CallOutcome, Event, Run, Unsent } from "../models/vocabulary/event.ts";
import { payloadBytesOf, pingBytes } from "../models/vocabulary/frame.ts";
import { isCalm, isSurelyDown } from "./disturbance.ts";
import { allArrivedInOrder, firstOvertaking, firstSilentlyLost, missingAmong } from "./message-runs.ts";
import {
  type Declared,
  type Ending,
  ending,
  type Hearing,
  type OwnedProperty,
  ownedProperty,
  type Property,
  type Wording,
} from "./property.ts";
import { newSeen, onSeen, type Seen } from "./seen.ts";

/** Consecutive messages published while the client was surely down. */
interface KeptRun extends Run {
  /** Absent: that of the options. */
  readonly subject: string | undefined;
  readonly frameBytes: number;
  readonly accepted: boolean;
  /** Bytes in the buffer before the first of them. */
  readonly heldBytes: number;
  /** The fate of the accepted messages: waiting for the reconnect, then on their way, then due; `gone` where they may be lost for good. */
  now: "waiting" | "sent" | "due" | "gone";
  /** It is one of several publishers that filled the buffer, so any of its messages may have been the last taken. */
  readonly mayBeLast: boolean;
}

type SharedCall = Extract<Event, { kind: "published" }>;

export interface Outages {
  readonly declared: Declared;
  readonly limitBytes: number;
  readonly seen: Seen;
  /** True where the content of the buffer is known, which it is not after a burst that raced with the cut. */
  heldIsKnown: boolean;
  heldBytes: number;
  /** Everything that the client sends is dropped. */
  isSilent: boolean;
  readonly all: KeptRun[];
  /** The calls told so far of several publishers at once, whose messages end before `end`. */
  atOnce: { readonly first: number; readonly end: number; readonly told: SharedCall[] } | undefined;
  /** The word of a drain on what it has left unsent, and what had surely been kept by then. */
  drain: { readonly told: Unsent | undefined; readonly kept: readonly KeptRun[] } | undefined;
  /** The runs before this index are decided: it is known whether they are due. */
  open: number;
}

/** Computed here and not taken from the model, so that the property is independent of it. */
function declaredLimitBytes({ profile, options }: Declared): number {
  const { reconnectBuffer: buffer } = profile;
  if (buffer.kind !== "kept") return Number.POSITIVE_INFINITY;
  const asked = options.reconnectBufferBytesMax;
  if (asked === undefined || (asked === 0 && buffer.zero === "default")) return buffer.bytesMaxDefault;
  return Math.max(0, asked);
}

/** The number of bytes held at which a message of this frame is still taken: its client's limit less the bytes that it claims. */
function takenBelowBytes({ declared: { profile, options }, limitBytes }: Outages, run: KeptRun): number {
  const { subject = options.subject, frameBytes } = run;
  const { reconnectBuffer: buffer } = profile;
  if (buffer.kind !== "kept" || buffer.refuses === "at-limit") return limitBytes;
  return limitBytes - (payloadBytesOf(subject, frameBytes, profile) ?? frameBytes) + 1;
}

export const startOutages = (declared: Declared, seen = newSeen()): Outages => ({
  declared,
  limitBytes: declaredLimitBytes(declared),
  seen,
  heldIsKnown: true,
  heldBytes: 0,
  isSilent: false,
  all: [],
  atOnce: undefined,
  drain: undefined,
  open: 0,
});

export const hearsOutages = {
  fault(state, { phase, fault }) {
    if (fault === "blackhole") state.isSilent = true;
    // Messages not flushed by now may be lost with the connection.
    if (phase === "installed") move(state, "sent", "gone");
  },
  connection(state, { change }) {
    if (change === "disconnected") {
      state.heldBytes = 0;
      if (state.isSilent && state.declared.profile.reconnect.silentDialPing === "counted") state.heldIsKnown = false;
      move(state, "waiting", "gone");
    }
    if (change === "reconnected") {
      move(state, "waiting", "sent");
      state.heldIsKnown = true;
    }
  },
  called(state, { call, outcome, unsent }) {
    if (call === "drain" && keepsWhileDown(state)) state.drain = { told: unsent, kept: state.all.filter(isWaiting) };
    if (call === "flush") onFlush(state, outcome);
    else if (call !== "start" && call !== "subscribe") move(state, "waiting", "gone");
    // Messages not flushed by then may be lost with the socket.
    if (call === "close" || call === "exit") move(state, "sent", "gone");
  },
  healed(state) {
    state.isSilent = false;
  },
  process(state, { replica }) {
    if (replica !== 0) return;
    // The buffer ends with its process.
    move(state, "waiting", "gone");
    move(state, "sent", "gone");
  },
  published(state, event) {
    const { now } = state.seen;
    if (now.inForce === 0) return;
    // Durable publishes wait in the same buffer, and their size there is unknown.
    if (event.durable === true) state.heldIsKnown = false;
    if (event.step !== now.step || !now.downAtStep || !isSurelyDown(now)) state.heldIsKnown = false;
    if (!state.heldIsKnown) return;
    if (isAtOnce(state, event)) holdAtOnce(state, event);
    else hold(state, event);
  },
  publishers(state, { first, count }) {
    state.atOnce = { first, end: first + count, told: [] };
  },
  phase(state, { phase }) {
    if (phase === "settled") move(state, "sent", "due");
  },
} satisfies Hearing<Outages>;
export const trackOutages = onSeen<Outages>(hearsOutages);

function move(state: Outages, from: KeptRun["now"], to: KeptRun["now"]): void {
  const { all } = state;
  let settled = true;
  for (let i = state.open; i < all.length; i++) {
    const run = all[i] as KeptRun;
    if (run.now === from) run.now = to;
    settled &&= run.now === "due" || run.now === "gone";
    if (settled) state.open = i + 1;
  }
}

/** A flush that timed out while down leaves its PING in the buffer; one that was in flight at the cut never got there. */
function onFlush(state: Outages, outcome: CallOutcome): void {
  if (outcome.is === "ok" && isCalm(state.seen.now)) move(state, "sent", "due");
  else if (state.declared.profile.flush.whileDown !== "waits") return;
  else if (isSurelyDown(state.seen.now) && outcome.is === "failed" && outcome.kind === "timeout")
    state.heldBytes += pingBytes;
}

const isAtOnce = ({ atOnce }: Outages, { first }: SharedCall): boolean =>
  atOnce !== undefined && first >= atOnce.first && first < atOnce.end;

/** The time of a call of one of several publishers is unknown. Their frames have one size, so a full buffer refuses all that come later. */
function holdAtOnce(state: Outages, event: SharedCall): void {
  const { atOnce } = state;
  if (atOnce === undefined) return;
  atOnce.told.push(event);
  if (event.first + event.count < atOnce.end) return;
  const taken = atOnce.told.filter(({ outcome }) => outcome.is === "accepted");
  const takenBytes = taken.reduce((sum, { count, frameBytes }) => sum + count * frameBytes, 0);
  const mayBeLast = state.heldBytes + takenBytes >= state.limitBytes;
  for (const one of taken) hold(state, one, mayBeLast);
  for (const one of atOnce.told) if (!taken.includes(one)) hold(state, one);
}

function hold(state: Outages, event: SharedCall, mayBeLast = false): void {
  const { first, count, frameBytes, outcome, subject } = event;
  const accepted = outcome.is === "accepted";
  // A call refused for another reason proves nothing about the buffer.
  if (!accepted && !(outcome.is === "rejected" && outcome.kind === "buffer-full")) return;
  const { heldBytes } = state;
  const now = accepted ? "waiting" : "gone";
  state.all.push({ first, count, frameBytes, subject, accepted, heldBytes, now, mayBeLast });
  if (accepted) state.heldBytes += count * frameBytes;
}

/** The number of accepted messages of the run, from its first on, kept while the buffer held less than `bytes`. Mostly all, or none. */
function keptBelow({ count, frameBytes, heldBytes }: KeptRun, bytes: number): number {
  const roomBytes = bytes - heldBytes;
  if (roomBytes <= 0) return 0;
  return (count - 1) * frameBytes < roomBytes ? count : Math.ceil(roomBytes / frameBytes);
}

/** The number of messages in the runs of `all` that fit. */
function messagesIn(all: readonly KeptRun[], fits: (run: KeptRun) => boolean): number {
  let sum = 0;
  for (const run of all) if (fits(run)) sum += run.count;
  return sum;
}

const isWaiting = ({ now, accepted }: KeptRun): boolean => now === "waiting" && accepted;
const isDue = ({ now }: KeptRun): boolean => now === "due";
const isAccepted = ({ accepted }: KeptRun): boolean => accepted;
const isRefused = ({ accepted }: KeptRun): boolean => !accepted;

const keepsWhileDown = (state: Outages): boolean => state.declared.profile.reconnectBuffer.kind === "kept";

/** A property over outages; `broken` names the first message that breaks it. */
function ofOutages(
  id: string,
  wording: Wording,
  expectation: "always" | "eventually",
  judge: (state: Outages) => Ending,
  more: Pick<Property, "restsOnBytes"> = {},
): OwnedProperty {
  return ownedProperty<Outages>({
    ...more,
    id: `reconnect-buffer/${id}`,
    ...wording,
    expectation,
    start: startOutages,
    on: trackOutages,
    end: state => (state.all.length === 0 ? { exercised: 0 } : judge(state)),
  });
}

export const reconnectBuffer: readonly OwnedProperty[] = [
  ofOutages(
    "below-the-limit-all-arrive-in-order",
    {
      promise: "What is published while down, below the limit, arrives after the reconnect, in order.",
      owner: "client",
      causes:
        "The client has no reconnect buffer: nats.js accepts what is published while down, and wipes it at each dial (F-20).",
    },
    "eventually",
    ({ all, seen: { known }, limitBytes }) => {
      if (!Number.isFinite(limitBytes)) return { exercised: 0 };
      // The buffer is still below the limit with the message in it.
      const belowLimit = (run: KeptRun): number => (run.mayBeLast ? 0 : keptBelow(run, limitBytes - run.frameBytes));
      let exercised = 0;
      for (const run of all) if (isDue(run)) exercised += belowLimit(run);
      if (allArrivedInOrder(known)) return { exercised };
      const below = all.filter(isDue).map(run => ({ first: run.first, count: belowLimit(run) }));
      const lost = firstSilentlyLost(known, below);
      if (lost !== undefined)
        return ending(exercised, `message ${lost} was kept below the limit of ${limitBytes} bytes and did not arrive`);
      const early = firstOvertaking(known, below);
      return ending(
        exercised,
        early === undefined ? undefined : `message ${early} arrived before one that was kept before it`,
      );
    },
    { restsOnBytes: true },
  ),
  ofOutages(
    "the-first-refusal-is-where-predicted",
    {
      promise: "A publish while down is refused exactly when the bytes kept have reached what the client declares.",
      owner: "client",
      causes:
        "The limit is another one than was meant: 0 is the default in nats.go and disables the buffer in nats-py (F-19, F-22). Headers that a wrapper adds make each frame longer.",
    },
    "always",
    state => {
      const { all, limitBytes } = state;
      if (!Number.isFinite(limitBytes)) return { exercised: 0 };
      const refused = messagesIn(all, isRefused);
      const taken = (run: KeptRun): number => keptBelow(run, takenBelowBytes(state, run));
      const wrong = all.find(run => (run.accepted ? taken(run) < run.count : taken(run) > 0));
      if (wrong === undefined) return { exercised: refused };
      const before = wrong.accepted ? taken(wrong) : 0;
      const heldBytes = wrong.heldBytes + before * wrong.frameBytes;
      return ending(
        Math.max(refused, 1),
        `message ${wrong.first + before} was ${wrong.accepted ? "accepted" : "refused"} with ${heldBytes} of ${limitBytes} bytes kept`,
      );
    },
    { restsOnBytes: true },
  ),
  ofOutages(
    "disabled-refuses-every-publish",
    {
      promise: "With the buffer disabled every publish while down is refused.",
      owner: "client",
      causes:
        "The option does not disable the buffer: in nats.go only a negative limit does, and 0 means 8,388,608 bytes (F-19).",
    },
    "always",
    ({ all, limitBytes }) => {
      if (limitBytes > 0) return { exercised: 0 };
      const wrong = all.find(run => run.accepted);
      return ending(
        messagesIn(all, () => true),
        wrong && `message ${wrong.first} was accepted while down, and the buffer is disabled`,
      );
    },
  ),
  ofOutages(
    "never-holds-more-than-limit-and-one-frame",
    {
      promise: "The buffer never holds more than its limit and one frame.",
      owner: "client",
      causes:
        "The client compares only some of its appends with the limit, or leaves bytes out of its count. nats.go compares before each append, so it goes over by one frame at most (F-18).",
    },
    "always",
    ({ all, limitBytes }) => {
      if (!Number.isFinite(limitBytes)) return { exercised: 0 };
      const exercised = messagesIn(all, isAccepted);
      const over = all.find(run => run.accepted && keptBelow(run, limitBytes) < run.count);
      if (over === undefined) return { exercised };
      const before = keptBelow(over, limitBytes);
      const heldBytes = over.heldBytes + (before + 1) * over.frameBytes;
      return ending(
        exercised,
        `with message ${over.first + before} it holds ${heldBytes} bytes; limit ${limitBytes}, frame ${over.frameBytes}`,
      );
    },
  ),
  ofOutages(
    "what-was-accepted-while-down-is-not-dropped-in-silence",
    {
      promise: "A bus that promises buffering delivers what it accepted while down.",
      owner: "client",
      causes: "nats.js accepts what is published while down, and drops it at the next dial without an error (F-20).",
    },
    "eventually",
    state => {
      const { known } = state.seen;
      const due = messagesIn(state.all, isDue);
      const lost = due > 0 && known.counts.missing > 0 ? firstSilentlyLost(known, state.all.filter(isDue)) : undefined;
      return ending(
        keepsWhileDown(state) || lost !== undefined ? due : 0,
        lost === undefined ? undefined : `message ${lost} was accepted while down and did not arrive`,
      );
    },
  ),
  ofOutages(
    "a-drain-tells-of-all-that-it-leaves-unsent",
    {
      promise:
        "A bus that says what its drain has left unsent leaves out nothing that was kept while down and did not arrive.",
      owner: "service",
      causes:
        "It asks its client after the drain, which has thrown away by then what it kept. Or it counts what is left of its socket's buffer, and not of the reconnect buffer (F-256).",
    },
    "always",
    ({ drain, seen: { known } }) => {
      if (drain === undefined || !known.complete) return { exercised: 0 };
      const lost = drain.kept.map(run => ({ messages: missingAmong(known, run), frameBytes: run.frameBytes }));
      const messages = lost.reduce((sum, one) => sum + one.messages, 0);
      const bytes = lost.reduce((sum, one) => sum + one.messages * one.frameBytes, 0);
      const { told = {} } = drain;
      const saysAll = messages <= (told.messages ?? messages) && bytes <= (told.bytes ?? bytes);
      return ending(
        messagesIn(drain.kept, () => true),
        saysAll
          ? undefined
          : `the drain lost ${messages} messages of ${bytes} bytes that were kept while down, and the bus told of ${unsentText(told)}`,
      );
    },
  ),
];

export const unsentText = ({ messages, bytes }: Unsent): string =>
  [
    ...(messages === undefined ? [] : [`${messages} messages`]),
    ...(bytes === undefined ? [] : [`${bytes} bytes`]),
  ].join(" and ");

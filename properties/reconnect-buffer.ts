/** Promises of the reconnect buffer. Each is judged only on outages in which the client was surely down when publish was called. */
import type { CallOutcome, Event, Run } from "../models/vocabulary/event.ts";
import { pingBytes } from "../models/vocabulary/frame.ts";
import { type Disturbance, isCalm, isSurelyDown, newDisturbance, trackDisturbance } from "./disturbance.ts";
import { firstOvertaking, firstSilentlyLost, type Known, messagesIn, newKnown, recordRuns } from "./message-runs.ts";
import { type Declared, type Ending, ending, type Property, property } from "./property.ts";

/** Messages published one after the other while the client was surely down. */
interface KeptRun extends Run {
  readonly frameBytes: number;
  readonly accepted: boolean;
  /** Bytes in the buffer before the first. */
  readonly heldBytes: number;
}

interface Outages {
  readonly declared: Declared;
  readonly limitBytes: number;
  readonly known: Known;
  readonly now: Disturbance;
  /** Whether what the buffer holds can be told: not after a burst that raced with the cut. */
  heldIsKnown: boolean;
  heldBytes: number;
  readonly all: KeptRun[];
  /** Accepted in this outage, waiting for the reconnect; then on their way; then due. */
  waiting: KeptRun[];
  sent: KeptRun[];
  readonly due: KeptRun[];
}

/** Computed here and not taken from the model: the property is to be independent of it. */
function declaredLimitBytes({ profile, options }: Declared): number {
  if (profile.reconnectBuffer.kind !== "kept") return Number.POSITIVE_INFINITY;
  const asked = options.reconnectBufferBytesMax;
  if (asked === undefined || asked === 0) return profile.reconnectBuffer.bytesMaxDefault;
  return Math.max(0, asked);
}

const startOutages = (declared: Declared): Outages => ({
  declared,
  limitBytes: declaredLimitBytes(declared),
  known: newKnown(),
  now: newDisturbance(),
  heldIsKnown: true,
  heldBytes: 0,
  all: [],
  waiting: [],
  sent: [],
  due: [],
});

function trackOutages(state: Outages, event: Event): void {
  recordRuns(state.known, event);
  const running = state.now.step;
  trackDisturbance(state.now, event);
  switch (event.kind) {
    case "fault":
      // What is not flushed by now may be lost with the connection.
      if (event.phase === "installed") state.sent = [];
      return;
    case "connection":
      if (event.change === "disconnected") beginOutage(state);
      if (event.change === "reconnected") {
        state.sent.push(...state.waiting.splice(0));
        state.heldIsKnown = true;
      }
      return;
    case "called":
      if (event.call === "flush") onFlush(state, event.outcome);
      else if (event.call !== "start" && event.call !== "subscribe") state.waiting = [];
      // What was not flushed by then may be lost with the socket.
      if (event.call === "close" || event.call === "exit") state.sent = [];
      return;
    case "process":
      if (event.replica !== 0) return;
      // The buffer ends with its process.
      state.waiting = [];
      state.sent = [];
      return;
    case "published":
      if (state.now.inForce.length === 0) return;
      // What asks for an acknowledgement waits in the same buffer, and does not say for how many bytes.
      if (event.durable === true) state.heldIsKnown = false;
      if (event.step !== running || !state.now.downAtStep || !isSurelyDown(state.now)) state.heldIsKnown = false;
      if (state.heldIsKnown) hold(state, event);
      return;
    case "phase":
      if (event.phase === "settled") state.due.push(...state.sent.splice(0));
      return;
    default:
      return;
  }
}

function beginOutage(state: Outages): void {
  state.heldBytes = 0;
  state.waiting = [];
}

/** A flush that timed out while down leaves its PING in the buffer; one that was in flight at the cut never came so far. */
function onFlush(state: Outages, outcome: CallOutcome): void {
  if (outcome.is === "ok" && isCalm(state.now)) state.due.push(...state.sent.splice(0));
  else if (isSurelyDown(state.now) && outcome.is === "failed" && outcome.kind === "timeout")
    state.heldBytes += pingBytes;
}

function hold(state: Outages, { first, count, frameBytes, outcome }: Extract<Event, { kind: "published" }>): void {
  const accepted = outcome.is === "accepted";
  // A call refused for another reason says nothing of the buffer.
  if (!accepted && !(outcome.is === "rejected" && outcome.kind === "buffer-full")) return;
  const kept: KeptRun = { first, count, frameBytes, accepted, heldBytes: state.heldBytes };
  state.all.push(kept);
  if (!accepted) return;
  state.heldBytes += count * frameBytes;
  state.waiting.push(kept);
}

/** How many accepted messages of the run, from its first, were kept while the buffer held less than `bytes`. */
const keptBelow = ({ count, frameBytes, heldBytes }: KeptRun, bytes: number): number =>
  Math.max(0, Math.min(count, Math.ceil((bytes - heldBytes) / frameBytes)));

const keepsWhileDown = (state: Outages): boolean => state.declared.profile.reconnectBuffer.kind === "kept";

/** A property over outages; `broken` names the first message that breaks it. */
function ofOutages(
  id: string,
  promise: string,
  expectation: "always" | "eventually",
  judge: (state: Outages) => Ending,
): Property {
  return property<Outages>({
    id: `reconnect-buffer/${id}`,
    promise,
    expectation,
    start: startOutages,
    on: trackOutages,
    end: judge,
  });
}

export const reconnectBuffer: readonly Property[] = [
  ofOutages(
    "below-the-limit-all-arrive-in-order",
    "What is published while down, below the limit, arrives after the reconnect, in order.",
    "eventually",
    ({ due, known, limitBytes }) => {
      if (!Number.isFinite(limitBytes)) return { exercised: 0 };
      // With the message itself it is still below the limit.
      const below = due.map(run => ({ first: run.first, count: keptBelow(run, limitBytes - run.frameBytes) }));
      const lost = firstSilentlyLost(known, below);
      if (lost !== undefined)
        return ending(
          messagesIn(below),
          `message ${lost} was kept below the limit of ${limitBytes} bytes and did not arrive`,
        );
      const early = firstOvertaking(known, below);
      return ending(
        messagesIn(below),
        early === undefined ? undefined : `message ${early} arrived before one that was kept before it`,
      );
    },
  ),
  ofOutages(
    "the-first-refusal-is-where-predicted",
    "A publish while down is refused exactly when the bytes kept have reached the limit.",
    "always",
    ({ all, limitBytes }) => {
      if (!Number.isFinite(limitBytes)) return { exercised: 0 };
      const refused = messagesIn(all.filter(run => !run.accepted));
      const wrong = all.find(run =>
        run.accepted ? keptBelow(run, limitBytes) < run.count : run.heldBytes < limitBytes,
      );
      if (wrong === undefined) return { exercised: refused };
      const before = wrong.accepted ? keptBelow(wrong, limitBytes) : 0;
      const heldBytes = wrong.heldBytes + before * wrong.frameBytes;
      return ending(
        Math.max(refused, 1),
        `message ${wrong.first + before} was ${wrong.accepted ? "accepted" : "refused"} with ${heldBytes} of ${limitBytes} bytes kept`,
      );
    },
  ),
  ofOutages(
    "disabled-refuses-every-publish",
    "With the buffer disabled every publish while down is refused.",
    "always",
    ({ all, declared }) => {
      if ((declared.options.reconnectBufferBytesMax ?? 0) >= 0) return { exercised: 0 };
      const wrong = all.find(run => run.accepted);
      return ending(
        messagesIn(all),
        wrong && `message ${wrong.first} was accepted while down, and the buffer is disabled`,
      );
    },
  ),
  ofOutages(
    "never-holds-more-than-limit-and-one-frame",
    "The buffer never holds more than its limit and one frame.",
    "always",
    ({ all, limitBytes }) => {
      if (!Number.isFinite(limitBytes)) return { exercised: 0 };
      const accepted = all.filter(run => run.accepted);
      const over = accepted.find(run => keptBelow(run, limitBytes) < run.count);
      if (over === undefined) return { exercised: messagesIn(accepted) };
      const before = keptBelow(over, limitBytes);
      const heldBytes = over.heldBytes + (before + 1) * over.frameBytes;
      return ending(
        messagesIn(accepted),
        `with message ${over.first + before} it holds ${heldBytes} bytes; limit ${limitBytes}, frame ${over.frameBytes}`,
      );
    },
  ),
  ofOutages(
    "what-was-accepted-while-down-is-not-dropped-in-silence",
    "A bus that promises buffering delivers what it accepted while down.",
    "eventually",
    state => {
      const lost = firstSilentlyLost(state.known, state.due);
      return ending(
        keepsWhileDown(state) || lost !== undefined ? messagesIn(state.due) : 0,
        lost === undefined ? undefined : `message ${lost} was accepted while down and did not arrive`,
      );
    },
  ),
];

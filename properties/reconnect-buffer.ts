/** Promises of the reconnect buffer. Each is judged only on outages in which the client was surely down when publish was called. */
import type { Event, Outcome } from "../models/vocabulary/event.ts";
import { pingBytes } from "../models/vocabulary/frame.ts";
import { type Disturbance, isCalm, isSurelyDown, newDisturbance, trackDisturbance } from "./disturbance.ts";
import { classOf, type LedgerState, newLedger, recordInLedger } from "./ledger.ts";
import { type Declared, type Property, property } from "./property.ts";

/** One message published while the client was surely down. */
interface Kept {
  readonly message: number;
  readonly frameBytes: number;
  readonly accepted: boolean;
  /** Bytes in the buffer before it. */
  readonly heldBytes: number;
}

interface Outages {
  readonly declared: Declared;
  readonly limitBytes: number;
  readonly ledger: LedgerState;
  readonly now: Disturbance;
  /** Whether what the buffer holds can be told: not after a burst that raced with the cut. */
  known: boolean;
  heldBytes: number;
  readonly all: Kept[];
  /** Accepted in this outage, waiting for the reconnect; then on their way; then due. */
  waiting: Kept[];
  sent: Kept[];
  readonly due: Kept[];
  readonly arrivalOrder: Map<number, number>;
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
  ledger: newLedger(),
  now: newDisturbance(),
  known: true,
  heldBytes: 0,
  all: [],
  waiting: [],
  sent: [],
  due: [],
  arrivalOrder: new Map(),
});

function trackOutages(state: Outages, event: Event): void {
  recordInLedger(state.ledger, event);
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
        state.known = true;
      }
      return;
    case "called":
      if (event.call === "flush") onFlush(state, event.outcome.is === "ok");
      else if (event.call !== "start") state.waiting = [];
      // What was not flushed by then may be lost with the socket.
      if (event.call === "close") state.sent = [];
      return;
    case "published":
      if (state.now.inForce.length === 0) return;
      if (event.step !== running || !state.now.downAtStep || !isSurelyDown(state.now)) state.known = false;
      if (state.known)
        for (let m = event.first; m < event.first + event.count; m++) hold(state, m, event.frameBytes, event.outcome);
      return;
    case "delivered":
      for (let m = event.first; m < event.first + event.count; m++) {
        if (!state.arrivalOrder.has(m)) state.arrivalOrder.set(m, state.arrivalOrder.size);
      }
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

function onFlush(state: Outages, ok: boolean): void {
  if (ok && isCalm(state.now)) state.due.push(...state.sent.splice(0));
  else if (isSurelyDown(state.now)) state.heldBytes += pingBytes;
}

function hold(state: Outages, message: number, frameBytes: number, outcome: Outcome): void {
  const accepted = outcome.is === "accepted";
  // A call refused for another reason says nothing of the buffer.
  if (!accepted && !(outcome.is === "rejected" && outcome.kind === "buffer-full")) return;
  const kept: Kept = { message, frameBytes, accepted, heldBytes: state.heldBytes };
  state.all.push(kept);
  if (!accepted) return;
  state.heldBytes += frameBytes;
  state.waiting.push(kept);
}

/** The place in the order of arrival; after all others where it did not arrive. */
const arrivalOf = (state: Outages, one: Kept | undefined): number =>
  (one && state.arrivalOrder.get(one.message)) ?? Number.POSITIVE_INFINITY;

const missing = (state: Outages, list: readonly Kept[]): Kept | undefined =>
  list.find(
    one =>
      classOf(state.ledger.outcomes[one.message], state.ledger.arrivals[one.message] ?? 0, state.ledger.complete) ===
      "silentLoss",
  );

const keepsWhileDown = (state: Outages): boolean => state.declared.profile.reconnectBuffer.kind === "kept";

/** A property over outages; `broken` names the first message that breaks it. */
function ofOutages(
  id: string,
  promise: string,
  expectation: "always" | "eventually",
  judge: (state: Outages) => { exercised: number; broken?: string },
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

const verdict = (exercised: number, broken: string | undefined): { exercised: number; broken?: string } =>
  broken === undefined ? { exercised } : { exercised, broken };

export const reconnectBuffer: readonly Property[] = [
  ofOutages(
    "below-the-limit-all-arrive-in-order",
    "What is published while down, below the limit, arrives after the reconnect, in order.",
    "eventually",
    state => {
      if (!Number.isFinite(state.limitBytes)) return { exercised: 0 };
      const below = state.due.filter(one => one.heldBytes + one.frameBytes < state.limitBytes);
      const lost = missing(state, below);
      const early = below.find((one, i) => i > 0 && arrivalOf(state, one) < arrivalOf(state, below[i - 1]));
      return verdict(
        below.length,
        lost
          ? `message ${lost.message} was kept below the limit of ${state.limitBytes} bytes and did not arrive`
          : early && `message ${early.message} arrived before one that was kept before it`,
      );
    },
  ),
  ofOutages(
    "the-first-refusal-is-where-predicted",
    "A publish while down is refused exactly when the bytes kept have reached the limit.",
    "always",
    state => {
      if (!Number.isFinite(state.limitBytes)) return { exercised: 0 };
      const wrong = state.all.find(one => one.accepted !== one.heldBytes < state.limitBytes);
      const exercised = state.all.filter(one => !one.accepted).length;
      return verdict(
        Math.max(exercised, wrong ? 1 : 0),
        wrong &&
          `message ${wrong.message} was ${wrong.accepted ? "accepted" : "refused"} with ${wrong.heldBytes} of ${state.limitBytes} bytes kept`,
      );
    },
  ),
  ofOutages(
    "disabled-refuses-every-publish",
    "With the buffer disabled every publish while down is refused.",
    "always",
    state => {
      if ((state.declared.options.reconnectBufferBytesMax ?? 0) >= 0) return { exercised: 0 };
      const wrong = state.all.find(one => one.accepted);
      return verdict(
        state.all.length,
        wrong && `message ${wrong.message} was accepted while down, and the buffer is disabled`,
      );
    },
  ),
  ofOutages(
    "never-holds-more-than-limit-and-one-frame",
    "The buffer never holds more than its limit and one frame.",
    "always",
    state => {
      if (!Number.isFinite(state.limitBytes)) return { exercised: 0 };
      const accepted = state.all.filter(one => one.accepted);
      const over = accepted.find(one => one.heldBytes >= state.limitBytes);
      return verdict(
        accepted.length,
        over &&
          `with message ${over.message} it holds ${over.heldBytes + over.frameBytes} bytes; limit ${state.limitBytes}, frame ${over.frameBytes}`,
      );
    },
  ),
  ofOutages(
    "what-was-accepted-while-down-is-not-dropped-in-silence",
    "A bus that promises buffering delivers what it accepted while down.",
    "eventually",
    state => {
      const lost = missing(state, state.due);
      return verdict(
        keepsWhileDown(state) || lost ? state.due.length : 0,
        lost && `message ${lost.message} was accepted while down and did not arrive`,
      );
    },
  ),
];

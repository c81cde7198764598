/** Promises of the core path. */
import { type Disturbance, isCalm, newDisturbance, trackDisturbance } from "./disturbance.ts";
import { classOf, type LedgerState, newLedger, recordInLedger } from "./ledger.ts";
import { type Property, property } from "./property.ts";

const lostSilently = (state: LedgerState, message: number): boolean =>
  classOf(state.outcomes[message], state.arrivals[message] ?? 0, state.complete) === "silentLoss";

const noMessageIsDeliveredTwice = property<LedgerState>({
  id: "core-path/no-message-is-delivered-twice",
  promise: "The client alone never makes a core message arrive twice.",
  expectation: "always",
  start: newLedger,
  on: recordInLedger,
  end(state) {
    const twice = state.arrivals.findIndex(times => times > 1);
    const exercised = state.arrivals.filter(times => times > 0).length;
    return twice < 0 ? { exercised } : { exercised, broken: `message ${twice} arrived ${state.arrivals[twice]} times` };
  },
});

const orderIsKept = property<{ last: number; seen: number; broken: string | undefined }>({
  id: "core-path/order-is-kept",
  promise: "Messages of one publisher arrive in the order of their publish calls.",
  expectation: "always",
  start: () => ({ last: -1, seen: 0, broken: undefined }),
  on(state, event) {
    if (event.kind !== "delivered") return;
    if (event.first < state.last && state.broken === undefined)
      state.broken = `message ${event.first} arrived after message ${state.last}`;
    state.seen += event.count;
    state.last = event.first + event.count - 1;
  },
  end: state => ({
    exercised: Math.max(0, state.seen - 1),
    ...(state.broken === undefined ? {} : { broken: state.broken }),
  }),
});

const nothingIsFabricated = property<{ ledger: LedgerState; foreign: number }>({
  id: "core-path/nothing-is-fabricated",
  promise: "Everything that arrives was published.",
  expectation: "always",
  start: () => ({ ledger: newLedger(), foreign: 0 }),
  on(state, event) {
    recordInLedger(state.ledger, event);
    if (event.kind === "foreign") state.foreign += event.count;
  },
  end({ ledger, foreign }) {
    const exercised = ledger.arrivals.filter(times => times > 0).length + foreign;
    if (foreign > 0) return { exercised, broken: `${foreign} messages arrived that no one published` };
    const made = ledger.arrivals.findIndex((times, m) => times > 0 && m >= ledger.outcomes.length);
    return made < 0 ? { exercised } : { exercised, broken: `message ${made} arrived and was never published` };
  },
});

interface OneCut {
  readonly ledger: LedgerState;
  outages: number;
  shutdowns: number;
}
const lossAroundOneCutIsOneBlock = property<OneCut>({
  id: "core-path/loss-around-one-cut-is-one-block",
  promise: "What one outage loses is one contiguous block of the messages that were handed on.",
  expectation: "always",
  start: () => ({ ledger: newLedger(), outages: 0, shutdowns: 0 }),
  on(state, event) {
    recordInLedger(state.ledger, event);
    if (event.kind === "fault" && event.phase === "installed" && event.fault !== "hold") state.outages++;
    if (event.kind === "called" && (event.call === "close" || event.call === "drain")) state.shutdowns++;
  },
  end({ ledger, outages, shutdowns }) {
    if (outages !== 1 || shutdowns > 0 || !ledger.complete) return { exercised: 0 };
    const handedOn = ledger.outcomes.flatMap((outcome, m) => (outcome?.is === "rejected" ? [] : [m]));
    const lost = handedOn.map(m => (ledger.arrivals[m] ?? 0) === 0);
    const begins = lost.filter((is, i) => is && lost[i - 1] !== true).length;
    const exercised = begins > 0 ? 1 : 0;
    return begins <= 1 ? { exercised } : { exercised, broken: `one outage lost ${begins} separate blocks of messages` };
  },
});

interface Flushed {
  readonly ledger: LedgerState;
  readonly now: Disturbance;
  sent: number[];
  readonly due: number[];
}
const flushedMessagesArrive = property<Flushed>({
  id: "core-path/flushed-messages-arrive",
  promise: "What was accepted while nothing was wrong, and flushed before anything went wrong, arrives.",
  expectation: "eventually",
  start: () => ({ ledger: newLedger(), now: newDisturbance(), sent: [], due: [] }),
  on(state, event) {
    recordInLedger(state.ledger, event);
    trackDisturbance(state.now, event);
    if (!isCalm(state.now)) state.sent = [];
    else if (event.kind === "published" && event.outcome.is === "accepted") {
      for (let m = event.first; m < event.first + event.count; m++) state.sent.push(m);
    } else if (event.kind === "called" && event.call === "flush" && event.outcome.is === "ok") {
      state.due.push(...state.sent.splice(0));
    }
  },
  end({ ledger, due }) {
    const missing = due.find(m => lostSilently(ledger, m));
    return missing === undefined
      ? { exercised: due.length }
      : { exercised: due.length, broken: `message ${missing} was flushed and did not arrive` };
  },
});

interface AtRisk {
  readonly ledger: LedgerState;
  readonly now: Disturbance;
  unflushed: number[];
  readonly atRisk: Set<number>;
  /** A flush has succeeded on this connection. */
  roundTripped: boolean;
}
const silentLossOnlyInsideADisturbance = property<AtRisk>({
  id: "core-path/silent-loss-only-inside-a-disturbance",
  promise:
    "No accepted message is lost that was neither under way while a fault was in force nor handed to a connection closed before its first round trip.",
  expectation: "always",
  start: () => ({ ledger: newLedger(), now: newDisturbance(), unflushed: [], atRisk: new Set(), roundTripped: false }),
  on(state, event) {
    recordInLedger(state.ledger, event);
    trackDisturbance(state.now, event);
    if (event.kind === "called" && event.call === "flush" && event.outcome.is === "ok" && isCalm(state.now)) {
      state.unflushed = [];
      state.roundTripped = true;
    }
    if (event.kind === "published") {
      for (let m = event.first; m < event.first + event.count; m++) state.unflushed.push(m);
    }
    const disturbed = state.now.inForce.length > 0 || state.now.outage;
    if (disturbed) state.roundTripped = false;
    const closedFresh = event.kind === "called" && event.call === "close" && !state.roundTripped;
    if (disturbed || closedFresh) {
      for (const m of state.unflushed) state.atRisk.add(m);
      state.unflushed = [];
    }
  },
  end({ ledger, atRisk }) {
    const calm = ledger.outcomes.flatMap((outcome, m) => (outcome?.is === "accepted" && !atRisk.has(m) ? [m] : []));
    const lost = calm.find(m => lostSilently(ledger, m));
    return lost === undefined
      ? { exercised: calm.length }
      : { exercised: calm.length, broken: `message ${lost} was accepted with no fault in force and did not arrive` };
  },
});

const anErrorThatProvesNothingHappenedIsTrue = property<LedgerState>({
  id: "core-path/an-error-that-proves-nothing-happened-is-true",
  promise: "A message whose publish was rejected never arrives.",
  expectation: "always",
  start: newLedger,
  on: recordInLedger,
  end(state) {
    const rejected = state.outcomes.flatMap((outcome, m) => (outcome?.is === "rejected" ? [m] : []));
    const arrived = rejected.find(m => (state.arrivals[m] ?? 0) > 0);
    return arrived === undefined
      ? { exercised: rejected.length }
      : { exercised: rejected.length, broken: `message ${arrived} was rejected, and arrived` };
  },
});

export const corePath: readonly Property[] = [
  noMessageIsDeliveredTwice,
  orderIsKept,
  nothingIsFabricated,
  lossAroundOneCutIsOneBlock,
  flushedMessagesArrive,
  silentLossOnlyInsideADisturbance,
  anErrorThatProvesNothingHappenedIsTrue,
];

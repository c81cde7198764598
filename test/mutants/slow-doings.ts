/**
 * How the slow mutants do a step otherwise. Those of a bare client remember nothing outside the state, so that `exhaust`, which merges equal
 * states, sees all that they do.
 */
import { closeForGood } from "../../models/connection.ts";
import { lengthOf } from "../../models/log.ts";
import { dialsBeforeGivingUp } from "../../models/policy/attempts.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsPy } from "../../models/profiles/nats-py.ts";
import { bufferBytesMax } from "../../models/reconnect-buffer.ts";
import type { Delivery } from "../../models/server.ts";
import { type BusState, countOf, lose, part } from "../../models/state.ts";
import type { Event, Run } from "../../models/vocabulary/event.ts";
import { frameBytes } from "../../models/vocabulary/frame.ts";
import { type Doing, type Go, isConnection, isFault, isHeal, type Moment, makesCall } from "./mutant.ts";

const isWhileDown = ({ state, planned }: Moment): boolean =>
  state.client === "disconnected" && planned.before.link === "down";

// ---- At a boundary ----

/** A PING that brings the buffer exactly to its limit is not counted. */
export const fillingPingUncounted: Doing = (moment, go) => {
  const { state, options } = moment;
  const before = state.pendingBytes;
  go();
  const fills = state.pendingBytes === bufferBytesMax(natsGo, options) && before > 0;
  if (makesCall(moment, "flush") && isWhileDown(moment) && fills) state.pendingBytes = before;
};

/** The frame of a publish that meets an empty buffer while down; 0 for every other step. */
function firstFrame(moment: Moment): number {
  const { state, planned, profile, options } = moment;
  const { step } = planned;
  if (step.kind !== "publish" || !isWhileDown(moment) || state.pendingBytes > 0) return 0;
  return frameBytes(options.subject, step.bytes, profile);
}

const withLimit = ({ options }: Moment, reconnectBufferBytesMax: number): Parameters<Go>[0] => ({
  options: { ...options, reconnectBufferBytesMax },
});

export const refusesByteTooMany: Doing = (moment, go) =>
  go(firstFrame(moment) === bufferBytesMax(natsGo, moment.options) + 1 ? withLimit(moment, -1) : {});

export const acceptsByteTooMany: Doing = (moment, go) => {
  const { step } = moment.planned;
  const limitBytes = bufferBytesMax(natsPy, moment.options);
  const isOver = step.kind === "publish" && firstFrame(moment) > 0 && step.bytes === limitBytes + 1;
  go(isOver ? withLimit(moment, limitBytes + 1) : {});
};

/** Each of several publishers checks before any of them appends. Only a single byte that is left lets them all pass. */
export const pastItsLimit: Doing = (moment, go) => {
  const { state, options, planned } = moment;
  const { step } = planned;
  if (step.kind !== "publish" || (step.publishers ?? 1) < 2 || !isWhileDown(moment)) return go();
  const limitBytes = bufferBytesMax(natsGo, options);
  const frame = frameBytes(options.subject, step.bytes, natsGo);
  const wholeBytes = limitBytes - 1 - state.pendingBytes;
  const isTight = wholeBytes > 0 && wholeBytes % frame === 0 && wholeBytes / frame < step.count;
  go(isTight ? withLimit(moment, limitBytes + frame) : {});
};

/** A burst of one frame, at whose last byte the link ends, while the buffer refuses everything. */
export const endsWithItsFrame = ({ planned: { step, before }, options }: Moment): boolean =>
  step.kind === "publish" &&
  step.count === 1 &&
  before.hindrance === "limit" &&
  before.limitBytesLeft === frameBytes(options.subject, step.bytes, natsGo) &&
  bufferBytesMax(natsGo, options) === 0;

// ---- In an outage ----

/** A mark at the front of what is kept: a run of no messages, which the model overlooks and which tells one state from another. */
const mark = (state: BusState): void => void state.pending.unshift({ first: 0, count: 0, frameBytes: 0 });
const isMarked = ({ pending }: BusState): boolean => pending[0]?.count === 0;

/** Once it says that it is connected again, and before it replays. */
const atReconnect = ({ emit }: Moment, change: (reconnected: Event) => void): Parameters<Go>[0] => ({
  emit: event => {
    emit(event);
    if (isConnection(event, "reconnected")) change(event);
  },
});

function loseFirstKept({ state, emit }: Moment): void {
  const [first, ...rest] = state.pending.filter(run => run.count > 0);
  if (first === undefined) return;
  lose([part(first, first.first, 1)], "reconnect buffer", emit);
  state.pending = [part(first, first.first + 1, first.count - 1), ...rest];
}

function loseAllKept({ state, emit }: Moment): void {
  lose(state.pending, "reconnect buffer", emit);
  state.pending = [];
}

const writeBufferBytes = 32_768;

/** The write buffer cannot hold two of the frames under way, so it was written in the midst of one. */
const isHalfWritten = ({ state: { wire, open } }: Moment): boolean =>
  [...wire, ...(open === undefined ? [] : [open])].some(run => 2 * run.frameBytes > writeBufferBytes);

export const spoilsFirstKept: Doing = (moment, go) => {
  const { state } = moment;
  const leavesPart = isFault(moment, "cut", "stop-server") && isHalfWritten(moment);
  const isSpoilt = isMarked(state);
  go(isSpoilt ? atReconnect(moment, () => loseFirstKept(moment)) : {});
  if (leavesPart) mark(state);
};

/** Where publishes are made in the handshake, the first of them writes what was kept, and nothing is lost. */
export const writesBeforeHandshake: Doing = (moment, go) => {
  const { client, open } = moment.state;
  const isQuiet = isHeal(moment) && client === "dialled" && open === undefined;
  go(isQuiet ? atReconnect(moment, () => loseAllKept(moment)) : {});
};

export const inheritsPings: Doing = (moment, go) => {
  const { state, options, emit } = moment;
  const inherits = isMarked(state);
  const dropsAgain = (reconnected: Event): void => {
    emit({ kind: "connection", change: "disconnected" });
    emit(reconnected);
  };
  go(inherits ? atReconnect(moment, dropsAgain) : {});
  if (isFault(moment, "cut") && options.pingIntervalMs !== undefined) mark(state);
};

/** The one message of a connection without a round trip, behind a link that holds it, where the buffer is disabled. */
const holdsLoneMessage = ({ state: { fresh, wire }, planned, options }: Moment): boolean =>
  planned.before.hindrance === "hold" && fresh && countOf(wire) === 1 && bufferBytesMax(natsGo, options) === 0;

export const closesTwice: Doing = (moment, go) => {
  const closesAgain = isHeal(moment) && moment.state.client === "closed" && holdsLoneMessage(moment);
  go();
  if (closesAgain) moment.emit({ kind: "connection", change: "closed" });
};

/** The default of nats.js. */
const attemptsByDefault = 10;

/**
 * A round trip begins its count anew unless its last attempt alone has brought it back. Two such outages cost an attempt of the next one; a
 * message that is written in between puts that right.
 */
export function countsRecoveries(): Doing {
  let recoveries = 0;
  let isByLast = false;
  return (moment, go) => {
    const { state, planned, profile, options, emit } = moment;
    const { dialsAwaited } = planned.before;
    const isConnected = state.client === "connected";
    if (isConnected && makesCall(moment, "publish")) [recoveries, isByLast] = [0, false];
    if (isConnected && makesCall(moment, "flush") && isByLast) [recoveries, isByLast] = [recoveries + 1, false];
    const isEarly = recoveries >= 2 && options.reconnectAttemptsMax === attemptsByDefault;
    if (isHeal(moment) && dialsAwaited > 0) {
      isByLast = dialsAwaited === dialsBeforeGivingUp(profile, options) - 1;
      if (isEarly && isByLast && state.client !== "closed")
        closeForGood(state, profile.close.events.down, "reconnect buffer", emit);
    }
    const givesUpEarly = (event: Event): Event =>
      event.kind === "dialled" && event.end === "gave-up" ? { ...event, count: event.count - 1 } : event;
    go(isEarly ? { emit: event => emit(givesUpEarly(event)) } : {});
  };
}

// ---- In JetStream ----

const storedIn = ({ service }: BusState): number =>
  (service?.server.streams ?? []).reduce((sum, { log }) => sum + lengthOf(log), 0);

/** No stream knows the id of this message any more; an id that several messages share is left alone. */
function forgetId({ service }: BusState, message: number): void {
  for (const stream of service?.server.streams ?? [])
    stream.seen = stream.seen.flatMap(one => {
      const end = one.first + one.count;
      if (one.id !== undefined || message < one.first || message >= end) return [one];
      const before = { ...one, count: message - one.first };
      const after = { ...one, first: message + 1, count: end - message - 1 };
      return [before, after].filter(({ count }) => count > 0);
    });
}

/** A message that arrives while no stream grows is one that its stream held already. */
export const forgetsAtDuplicate: Doing = ({ state, emit }, go) => {
  let stored = storedIn(state);
  go({
    emit: event => {
      emit(event);
      if (event.kind !== "ended") return;
      if (storedIn(state) === stored && event.place === "arrived") forgetId(state, event.first);
      stored = storedIn(state);
    },
  });
};

const restarts = (moment: Moment): boolean => isHeal(moment) && !moment.planned.before.serverUp;

/** The number of ids that a server drops at once. */
const idsDropped = 5;

/** A server that has restarted drops ids that came together in the last millisecond of their window. */
export function dropsIdsTooEarly(): Doing {
  let isRestarted = false;
  return (moment, go) => {
    const { state, planned } = moment;
    const { step, before } = planned;
    const isRetry = step.kind === "publish" && step.again !== undefined && step.async === true;
    for (const stream of isRestarted && isRetry ? (state.service?.server.streams ?? []) : []) {
      const { duplicateWindowMs } = stream.policy;
      stream.seen = stream.seen.filter(
        ({ count, atMs }) => count < idsDropped || atMs + duplicateWindowMs - before.nowMs !== 1,
      );
    }
    if (restarts(moment)) isRestarted = true;
    go();
  };
}

/** A delivery after which its message is never given again, though nothing has acknowledged it. */
const isSpent = (event: Event, { state }: Moment): event is Extract<Event, { kind: "handled" }> =>
  event.kind === "handled" &&
  event.delivery === state.service?.server.policy.consume.deliverMax &&
  (event.outcome === "hung" || event.outcome === "failed");

/** A restart of the server brings the spent deliveries back as due. */
export function givesBackSpent(): Doing {
  const spent: (Run & { readonly replica: number; readonly subject: string; readonly delivery: number })[] = [];
  return (moment, go) => {
    const { state, emit } = moment;
    for (const { subject, first, count, replica, delivery } of restarts(moment) ? spent.splice(0) : [])
      state.service?.server.consumers
        .find(one => one.subject === subject)
        ?.open.push({ first, count, replica, delivery: delivery - 1, storedMs: 0, dueMs: 0, ackHeld: false });
    go({
      emit: event => {
        emit(event);
        if (isSpent(event, moment)) spent.push(event);
      },
    });
  };
}

export function stopsAtSpent(): Doing {
  const stuck = new Set<string>();
  return (moment, go) =>
    go({
      emit: event => {
        if (event.kind === "handled" && event.delivery === 1 && stuck.has(event.subject)) return;
        moment.emit(event);
        if (isSpent(event, moment)) stuck.add(event.subject);
      },
    });
}

/** What a replica holds in its last delivery comes back as due when it is stopped or killed. */
export const givesOnWhatWasHeld: Doing = ({ state, planned: { step } }, go) => {
  const { consumers = [], policy } = state.service?.server ?? {};
  const isHeld = ({ replica, delivery }: Delivery): boolean =>
    step.kind === "signal" && replica === step.replica && delivery === policy?.consume.deliverMax;
  const held = consumers.map(({ open }) => open.filter(isHeld));
  go();
  for (const [i, { open }] of consumers.entries())
    for (const [at, one] of open.entries())
      if (held[i]?.some(({ first }) => first === one.first) && isHeld(one))
        open[at] = { ...one, delivery: one.delivery - 1, dueMs: 0 };
};

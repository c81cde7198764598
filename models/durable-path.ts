/**
 * The durable path: a publish through JetStream is a request, and its sender waits for the stream's acknowledgement. It uses the same
 * buffers as a core publish. So a call that ends in a timeout proves nothing: the message may be stored, lost, or stored later.
 */
import type { About } from "./choice.ts";
import { arrivalOf, notice, reconnect } from "./connection.ts";
import { failWrites, writeFailed } from "./dead-socket.ts";
import { connectPends } from "./plan/plan.ts";
import { messageId, sharedId } from "./policy/ids.ts";
import { askingAgain, attemptAtMs, attemptsInAll, dropsErrors, never, timedOutMs } from "./policy/publishing.ts";
import { isUnacknowledged, streamOf } from "./policy/streams.ts";
import { accepts, keep } from "./reconnect-buffer.ts";
import { type StreamReply, saysVia, type Via } from "./server.ts";
import { append, arrive, type Bus, countOf, type FrameRun, lose, type OpenBurst, part, take } from "./state.ts";
import type { Outcome } from "./vocabulary/event.ts";
import { frameBytes, requestFrameBytes } from "./vocabulary/frame.ts";
import type { NoRespondersPolicy, Policy } from "./vocabulary/policy.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { PublishStep, StepId } from "./vocabulary/scenario.ts";

const timeout: Outcome = { is: "unsettled", kind: "timeout" };
const noResponders: Outcome = { is: "rejected", kind: "no-responders" };
const unsaid: Outcome = { is: "accepted" };
type Refused = Exclude<StreamReply, "silence" | "stored" | "duplicate">;
/** The stream shows which of the messages that an answer counts were stored. */
const heldOf = (runs: readonly FrameRun[]): About => ({ kind: "held", runs, which: "counted" });

/** The subject, id and frame with which the bus publishes the messages of a step. */
export function viaOf(
  policy: Policy,
  profile: Profile,
  step: PublishStep,
  { subject, durable, first }: { readonly subject: string; readonly durable: boolean; readonly first: number },
): { via: Via; frameBytes: number } {
  const { key } = step;
  const about = {
    subject,
    payloadBytes: step.bytes,
    durable,
    ...(key === undefined ? {} : { key }),
    ...(step.async === true ? { async: true as const } : {}),
  };
  if (!durable) return { via: about, frameBytes: frameBytes(subject, step.bytes, profile) };
  const id = messageId(policy, subject, key, first);
  const size = requestFrameBytes(subject, profile.jetStream.replyBytes, step.bytes, id);
  if (id === undefined) return { via: about, frameBytes: size };
  const isShared = sharedId(policy, subject, key) !== undefined;
  return { via: { ...about, ...(isShared ? { id } : { each: true as const }) }, frameBytes: size };
}

/** Makes the calls of one step, each waiting for its own answer; asynchronous ones are made all at once. */
export function publishDurable(bus: Bus, step: StepId, burst: FrameRun): void {
  const { state, profile } = bus;
  const rest = [burst];
  const told = teller(bus, step);
  if (state.client === "closed") {
    told.refuse(rest, "closed");
    return;
  }
  if (state.stuck) {
    told.refuse(rest, "draining");
    return;
  }
  if (bus.view.process === "waiting") {
    const hasHeaders = burst.via?.id !== undefined || burst.via?.each === true;
    if (connectPends(bus.view, profile)) told.refuse(rest, "not-connected");
    else if (hasHeaders && profile.firstConnect.headersRefused) told.refuse(rest, "no-headers");
    else for (const run of rest) keepOrLose(bus, run, told);
    return;
  }
  if (state.service !== undefined) state.service.hasInbox = true;
  settleConnection(bus, step, rest, told);
  if (rest.length === 0) return;
  if (state.client === "connected") publishConnected(bus, rest, told);
  else for (const run of rest) keepOrLose(bus, run, told);
}

interface Teller {
  tell(run: FrameRun, outcome: Outcome, tookMs?: number): void;
  /** Each time that the message was published ended in this refusal, `answeredMs` later. */
  tellRefused(run: FrameRun, outcome: Outcome, answeredMs: number): void;
  refuse(runs: readonly FrameRun[], kind: "closed" | "draining" | "not-connected" | "no-headers" | "buffer-full"): void;
  /** Called after all attempts. */
  timeOut(run: FrameRun): void;
}

function teller(bus: Bus, step: StepId): Teller {
  const { state, emit } = bus;
  const { policy } = bus.view;
  const again = isAgain(bus, step);
  const isDropped = policy !== undefined && dropsErrors(policy.publish);
  let hasWaited = false;
  const spend = ({ count, via }: FrameRun, tookMs: number): void => {
    // Asynchronous calls wait beside each other, and others one after another.
    const calls = via?.async !== true ? count : hasWaited ? 0 : 1;
    if (state.service !== undefined) state.service.server.spentMs += calls * tookMs;
    if (count > 0) hasWaited = true;
  };
  const tell: Teller["tell"] = ({ first, count, frameBytes: bytes, via }, returned, tookMs) => {
    if (count === 0) return;
    const outcome = isDropped && returned.is !== "acked" ? unsaid : returned;
    if (outcome.is === "acked" && state.service !== undefined) state.service.unanswered = 0;
    emit({
      kind: "published",
      step,
      first,
      count,
      frameBytes: bytes,
      outcome,
      ...saysVia(via),
      ...(again ? { again } : {}),
      ...(tookMs === undefined || tookMs === 0 ? {} : { tookMs }),
    });
  };
  const tellRefused: Teller["tellRefused"] = (run, outcome, answeredMs) => {
    const { retries, waitMs } = policy === undefined ? never : askingAgain(policy.publish, run.via?.async);
    tell(run, outcome, answeredMs * (1 + retries) + waitMs * retries);
    if (retries > 0) spend(run, waitMs * retries);
  };
  return {
    tell,
    refuse: (runs, kind) => {
      for (const run of runs) tellRefused(run, { is: "rejected", kind }, 0);
      lose(runs, "refused", emit);
    },
    tellRefused,
    timeOut: run => {
      const tookMs = policy === undefined ? 0 : timedOutMs(policy.publish, run.via?.async);
      tell(run, timeout, tookMs);
      spend(run, tookMs);
    },
  };
}

/** True where the step repeats what an earlier one published. */
const isAgain = ({ state }: Bus, step: StepId): boolean =>
  state.service?.asked.some(one => one.step === step) === false;

/**
 * A call that waits for seconds lasts until the client has noticed the end of its connection, and has reconnected if the link is up again.
 * Only the first call can meet the old connection.
 */
function settleConnection(bus: Bus, step: StepId, rest: FrameRun[], told: Teller): void {
  const { state, profile, choose, emit } = bus;
  const linkIsUp = bus.view.link === "up";
  if (state.client === "lost") {
    if (choose("noticed-at", 0, 1) === 1) {
      const [first] = take(rest, 1);
      if (first !== undefined) {
        lose([first], "outbound or socket", emit);
        if (linkIsUp) retryConnected(bus, first, told);
        else told.timeOut(first);
      }
    }
    notice(state, emit);
  }
  if (state.client !== "disconnected" || !linkIsUp) return;
  if (rest.length > 0 && choose("dialled-at", 0, 1) === 1) {
    const [first] = take(rest, 1);
    if (first !== undefined) waitForReconnect(bus, step, first, told);
  }
  reconnect(state, profile, emit);
}

/** The first attempt went into the old connection; the bus's next attempt, if it makes one, meets the new one. */
function retryConnected(bus: Bus, run: FrameRun, told: Teller): void {
  const { state, profile, emit } = bus;
  if (attemptsMax(bus, run) < 2) {
    told.timeOut(run);
    return;
  }
  reconnect(state, profile, emit);
  publishConnected(bus, [run], told, true);
}

/** Calls made while down that still wait when the client is connected again: what was kept is stored, and what a dial reset is lost. */
export function waitForReconnect(bus: Bus, step: StepId, run: FrameRun, told: Teller = teller(bus, step)): void {
  const { state, profile, options, emit } = bus;
  if (profile.reconnectBuffer.kind === "kept" && accepts(state.pendingBytes, run, profile, options) < 1) {
    told.refuse([run], "buffer-full");
    return;
  }
  reconnect(state, profile, emit);
  if (profile.reconnectBuffer.kind === "kept") {
    publishConnected(bus, [run], told);
    return;
  }
  lose([run], "reset at dial", emit);
  retryConnected(bus, run, told);
}

/** The attempts of a call that have timed out when the fault ends, and where they are. */
interface Within {
  readonly afterAttempts: number;
  readonly isDown: boolean;
}

/**
 * The fault ends while a call makes another attempt than its first. Those before it have timed out: a link that held them, or a buffer that
 * kept them, lets them go first. What a dial resets takes the attempt under way, too, and only the one after it meets the new connection.
 */
export function healWithin(bus: Bus, { step, ...run }: OpenBurst, { afterAttempts, isDown }: Within): void {
  const { state, profile, emit } = bus;
  const told = teller(bus, step);
  const attempts = attemptsMax(bus, run);
  const isKept = profile.reconnectBuffer.kind === "kept";
  const before = Math.min(afterAttempts, attempts);
  if (!isDown) for (let i = 0; i < before; i++) append(state.wire, run);
  else {
    const isRefused = isKept && accepts(state.pendingBytes, run, profile, bus.options) === 0;
    if (isKept && !isRefused) for (let i = 0; i < before; i++) keep(state, run);
    reconnect(state, profile, emit);
    if (!isKept) lose([run], "reset at dial", emit);
    if (isRefused) {
      // The one under way as the fault ends is refused, and the next one comes after the reconnect.
      if (bus.view.policy === undefined || askingAgain(bus.view.policy.publish).retries <= afterAttempts)
        told.refuse([run], "buffer-full");
      else publishConnected(bus, [run], told);
      return;
    }
  }
  const needed = afterAttempts + (isDown && !isKept ? 2 : 1);
  if (attempts < needed) told.timeOut(run);
  else publishConnected(bus, [run], told, true);
}

function publishConnected(bus: Bus, rest: FrameRun[], told: Teller, isRepeated = false): void {
  const { state } = bus;
  switch (bus.view.hindrance) {
    case "none":
      for (const run of rest.splice(0)) {
        if (run.via?.async !== true && isStoredUnacknowledged(bus, run)) attemptInFull(bus, run, told);
        else answered(bus, run, told, isRepeated);
      }
      return;
    case "lose-ack":
      loseAck(bus, rest, told);
      return;
    case "limit":
      throw new Error("a durable publish under a limit");
    case "hold":
    case "pause":
    case "blackhole":
      while (rest.length > 0) {
        // The copies of one message are sent before the next call begins.
        const [one] = take(rest, 1) as [FrameRun];
        for (let attempt = 0; attempt < attemptsMax(bus, one); attempt++) append(state.wire, one);
        told.timeOut(one);
      }
      return;
  }
}

const attemptsMax = ({ view }: Bus, { via }: FrameRun): number =>
  view.policy === undefined ? 1 : attemptsInAll(view.policy.publish, via?.async);

/** True where a stream takes each attempt and answers none, so that the bus makes them all. */
const isStoredUnacknowledged = (bus: Bus, run: FrameRun): boolean => {
  const { policy, jetStream } = bus.view;
  const subject = run.via?.subject;
  if (policy === undefined || subject === undefined || !jetStream || !isUnacknowledged(policy, subject)) return false;
  const stream = streamOf(policy, subject);
  return bus.state.service?.server.streams.some(one => one.exists && one.policy === stream) === true;
};

/** The attempts of one call are over before the next call begins. */
function attemptInFull(bus: Bus, run: FrameRun, told: Teller): void {
  const { policy } = bus.view;
  const attempts = attemptsMax(bus, run);
  arrive(bus, take(bus.state.wire, countOf(bus.state.wire)));
  bus.state.fresh = false;
  for (let message = run.first; message < run.first + run.count; message++) {
    const one = part(run, message, 1);
    for (let i = 0; i < attempts; i++) arrive(bus, [one], policy === undefined ? 0 : attemptAtMs(policy.publish, i));
    told.timeOut(one);
  }
}

/**
 * The way is clear: everything sent before has arrived, and each message gets its answer. After an attempt that timed out, a refusal proves
 * nothing about that attempt, unless both have the same id. A stream that had stored the first would acknowledge the second.
 */
function answered(bus: Bus, run: FrameRun, told: Teller, isRepeated = false): void {
  const { state } = bus;
  arrive(bus, take(state.wire, countOf(state.wire)));
  state.fresh = false;
  const answers = arrive(bus, [run]);
  const { via } = run;
  const { retries, waitMs } = noRespondersOf(bus);
  const askedAgainMs = via?.async === true ? 0 : retries * waitMs;
  // nats.go 1.55.0, PublishMsg takes the waits off the caller's time: live, 500 ms or less end in a timeout, 501 return the refusal.
  const isCutShort = askedAgainMs > 0 && askedAgainMs >= (bus.view.policy?.publish.ackTimeoutMs ?? 0);
  const provesNothing = isRepeated && via?.id === undefined && via?.each !== true;
  const isOpen = (answer: StreamReply): boolean =>
    answer === "silence" ||
    (answer === "no-responders" && (isCutShort || provesNothing)) ||
    (answer === "full" && provesNothing);
  const rest = [run];
  for (let i = 0; i < answers.length; ) {
    const answer = answers[i] as StreamReply;
    let same = 1;
    while (answers[i + same] === answer) same++;
    i += same;
    for (const part of take(rest, same)) {
      if (isOpen(answer)) told.timeOut(part);
      else if (answer === "stored" || answer === "duplicate") told.tell(part, outcomeOf(answer));
      else told.tellRefused(part, outcomeOf(answer as Refused), answer === "no-responders" ? askedAgainMs : 0);
    }
  }
}

const noRespondersOf = ({ view: { policy }, profile: { jetStream } }: Bus): NoRespondersPolicy =>
  policy?.publish.noResponders ?? { retries: jetStream.noRespondersRetries, waitMs: jetStream.noRespondersWaitMs };

function outcomeOf(answer: Exclude<StreamReply, "silence">): Outcome {
  switch (answer) {
    case "stored":
      return { is: "acked" };
    case "duplicate":
      return { is: "acked", duplicate: true };
    case "full":
      return { is: "rejected", kind: "stream-full" };
    case "too-large":
      return { is: "rejected", kind: "too-large" };
    case "no-responders":
      return noResponders;
  }
}

/**
 * The first message is stored. Its acknowledgement is cut off with the connection, and the others meet a link that is down. Asynchronous
 * ones are already under way if they were sent before the client noticed the cut.
 */
function loseAck(bus: Bus, rest: FrameRun[], told: Teller): void {
  const { state, choose, emit } = bus;
  arrive(bus, take(state.wire, countOf(state.wire)));
  const isAsync = rest[0]?.via?.async === true;
  const [first] = isAsync ? [] : take(rest, 1);
  if (first !== undefined) arrive(bus, [first]);
  else {
    const underWay = Math.max(1, sentBeforeNotice(bus, rest));
    const arrived = choose("ack-lost", 1, underWay, heldOf(rest));
    silence(bus, rest, { underWay, arrived, sentBefore: 0 }, told, isAsync);
  }
  emit({ kind: "fault", step: bus.view.limitStep, fault: "lose-ack", phase: "took-effect" });
  state.client = "lost";
  notice(state, emit);
  if (first !== undefined) keepOrLose(bus, first, told, attemptsMax(bus, first) - 1);
  for (const run of rest.splice(0)) keepOrLose(bus, run, told);
}

/** Publishes made while the link is down, and given up before it comes back. The copies that are kept still go out. */
function keepOrLose(bus: Bus, run: FrameRun, told: Teller, attempts: number = attemptsMax(bus, run)): void {
  const { state, profile, options, emit } = bus;
  if (profile.reconnectBuffer.kind === "reset-at-dial") {
    if (attempts > 0) lose([run], "reset at dial", emit);
    told.timeOut(run);
    return;
  }
  const rest = [run];
  if (attempts === 0) {
    told.timeOut(run);
    return;
  }
  while (rest.length > 0) {
    // Each call keeps its copies before the next call begins.
    const [one] = take(rest, 1) as [FrameRun];
    let kept = 0;
    for (; kept < attempts && accepts(state.pendingBytes, one, profile, options) > 0; kept++) keep(state, one);
    // A refusal proves nothing if an earlier attempt was handed on.
    if (kept === 0 && attempts === attemptsMax(bus, run)) told.refuse([one], "buffer-full");
    else told.timeOut(one);
  }
}

/**
 * Overlapped publishes and the cut that they raced with. Synchronous calls wait one at a time: some were acknowledged, the one under way
 * may have arrived, and the others meet a link that is down. Asynchronous calls are all under way at once.
 */
export function raceDurableWithCut(bus: Bus, burst: OpenBurst, serverStops: boolean): void {
  const { state, choose, emit } = bus;
  const isAsync = burst.via?.async === true;
  const told = teller(bus, burst.step);
  const { step: _, ...run } = burst;
  const rest: FrameRun[] = [run];
  const acked = choose(
    "acked-before-cut",
    0,
    burst.count,
    isAgain(bus, burst.step) ? undefined : { kind: "answered", runs: [run] },
  );
  const isBehindAll = landBefore(bus, acked > 0);
  for (const one of take(rest, acked)) answered(bus, one, told);
  if (serverStops && isBehindAll) refuseAtStop(bus, rest, told, isAsync);
  const underWay = isAsync ? sentInRace(bus, rest, acked) : Math.min(1, countOf(rest));
  const arrived = isBehindAll ? choose("ack-lost", 0, underWay, heldOf(rest)) : 0;
  silence(bus, rest, { underWay, arrived, sentBefore: acked }, told, isAsync);
  state.client = "lost";
  notice(state, emit);
  for (const one of rest.splice(0)) keepOrLose(bus, one, told);
}

/**
 * Lets arrive what was sent before the burst: all of it where an answer to the burst has come, since one connection keeps order; else as much as
 * arrived before the cut (F-318 of docs/facts.md). Returns whether it was all.
 */
function landBefore(bus: Bus, isAnswered: boolean): boolean {
  const { state, choose, emit } = bus;
  const before = take(state.wire, countOf(state.wire));
  const count = countOf(before);
  const arrived = isAnswered || count === 0 ? count : choose("arrived-before-cut", 0, count, arrivalOf(before));
  arrive(bus, take(before, arrived));
  lose(before, "outbound or socket", emit);
  return arrived === count;
}

/**
 * A server that stops ends JetStream first, and for a moment nothing answers for its subjects (F-125, F-130 of docs/facts.md). A tap does not
 * keep that from happening, since its connection may end before the publisher's (F-270). A client that asks again after a wait meets a
 * connection that has ended by then.
 */
function refuseAtStop(bus: Bus, rest: FrameRun[], told: Teller, isAsync: boolean): void {
  const { choose, emit } = bus;
  const asksAgain = !isAsync && noRespondersOf(bus).retries > 0;
  if (asksAgain || countOf(rest) === 0) return;
  const left = isAsync ? leaveAtStop(bus, rest, told) : 0;
  const refusedMin = left > 0 ? 1 : 0;
  const about: About = { kind: "ended-as", runs: rest, outcome: noResponders };
  const refused = take(rest, choose("refused-before-stop", refusedMin, countOf(rest), about));
  for (const run of refused) told.tell(run, noResponders);
  lose(refused, "no stream", emit);
}

/**
 * Messages that wait in a stream's queues when it stops get no answer, stored or not, and later ones find no stream. nats-server 2.15.2,
 * server/stream.go: internalLoop, which stores and sends the answers, ends with the stream. Returns their number.
 */
function leaveAtStop(bus: Bus, rest: FrameRun[], told: Teller): number {
  const { profile, choose, emit } = bus;
  const count = choose("refused-from", 0, countOf(rest) - 1, { kind: "answered", runs: rest });
  const left = take(rest, count);
  const stored = take(left, choose("ack-lost", 0, count, heldOf(left)));
  arrive(bus, stored);
  lose(left, "no stream", emit);
  for (const one of [...stored, ...left]) unanswered(profile, one, told);
  return count;
}

interface Silenced {
  /** The number of calls under way, from the first on. */
  readonly underWay: number;
  readonly arrived: number;
  /** The number of calls before them that were answered. */
  readonly sentBefore: number;
}

/** Ends the calls under way, some of whose messages have arrived, without an answer to any. */
function silence(
  bus: Bus,
  rest: FrameRun[],
  { underWay, arrived, sentBefore }: Silenced,
  told: Teller,
  isAsync: boolean,
): void {
  const { state, emit, profile } = bus;
  const silenced = take(rest, arrived);
  arrive(bus, silenced);
  const beyond = take(rest, underWay - arrived);
  const lost = take(beyond, countOf(beyond) - (isAsync ? keptThough(bus, beyond) : 0));
  lose(lost, "outbound or socket", emit);
  for (const one of beyond) keep(state, one);
  if (!isAsync) {
    // The attempts after the one that met the end are made while the client is down (F-273 of docs/facts.md).
    for (const one of [...silenced, ...lost, ...beyond]) keepOrLose(bus, one, told, attemptsMax(bus, one) - 1);
    return;
  }
  const bufferedBytes = (sentBefore + arrived) * (lost[0]?.frameBytes ?? 0);
  for (const one of silenced) unanswered(profile, one, told);
  failWrites(bus, lost, bufferedBytes, {
    written: one => unanswered(profile, one, told),
    failed: one => told.tell(one, writeFailed),
  });
  for (const one of beyond) unanswered(profile, one, told);
}

/**
 * The last of the asynchronous calls that a disconnect fails are kept, and stored later; returns their number. nats.go keeps what is
 * published once it is reconnecting. js.go fails what is pending a moment later, when it hears of that: F-124 of docs/facts.md.
 */
function keptThough({ state, choose, profile, options }: Bus, beyond: readonly FrameRun[]): number {
  const [run] = beyond;
  if (run === undefined || profile.jetStream.asyncAtDisconnect !== "fails-all") return 0;
  const count = countOf(beyond);
  const room = profile.reconnectBuffer.kind === "kept" ? accepts(state.pendingBytes, run, profile, options) : 0;
  return (
    count - choose("kept-from", count - Math.min(count, room), count, { kind: "held", runs: beyond, which: "rest" })
  );
}

/**
 * The number of asynchronous calls sent before the client noticed. Later ones wait through the outage like any other: nats.go, F-127 of
 * docs/facts.md.
 */
function sentBeforeNotice({ profile, choose }: Bus, rest: readonly FrameRun[]): number {
  const count = countOf(rest);
  const outcome = asyncTold[profile.jetStream.asyncAtDisconnect];
  return outcome === undefined || count === 0
    ? count
    : choose("noticed-at", 0, count, {
        kind: "ended-as",
        runs: rest,
        outcome,
        ...(profile.writeErrorsReturned ? { or: writeFailed } : {}),
      });
}

/**
 * The same in a race with the cut. A bus that makes all of the calls in one turn may come to them only once its client has noticed: nats-py, F-258
 * of docs/facts.md. They are kept or refused then, as any others while down.
 */
function sentInRace(bus: Bus, rest: readonly FrameRun[], acked: number): number {
  const { profile, choose } = bus;
  const mayBeLate =
    profile.jetStream.asyncAtDisconnect === "waits-for-timeout" && profile.reconnectBuffer.kind === "kept";
  if (!mayBeLate || acked > 0 || rest.length === 0) return sentBeforeNotice(bus, rest);
  return choose("noticed-at", 0, 1) * countOf(rest);
}

const asyncTold: Readonly<Record<Profile["jetStream"]["asyncAtDisconnect"], Outcome | undefined>> = {
  "fails-all": { is: "unsettled", kind: "disconnected" },
  "waits-for-timeout": undefined,
};

/** Ends a call whose acknowledgement will not come. */
function unanswered(profile: Profile, run: FrameRun, told: Teller): void {
  switch (profile.jetStream.asyncAtDisconnect) {
    case "fails-all":
      told.tell(run, { is: "unsettled", kind: "disconnected" });
      return;
    case "waits-for-timeout":
      told.timeOut(run);
      return;
  }
}

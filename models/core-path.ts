/** Core NATS: a publish that returns proves no more than "appended to a client buffer"; a flush is a round trip. */
import type { About } from "./choice.ts";
import { arrivalOf, notice, reconnect } from "./connection.ts";
import { failWrites, writeFailed } from "./dead-socket.ts";
import { connectPends } from "./plan/plan.ts";
import { refusedMs } from "./policy/publishing.ts";
import { amongPublishers, inTurns } from "./publishers.ts";
import { accepts, bufferBytesMax, inlineFlushBytes, keep } from "./reconnect-buffer.ts";
import { saysVia } from "./server.ts";
import { append, arrive, type Bus, countOf, type FrameRun, lose, type OpenBurst, take } from "./state.ts";
import type { CallOutcome, Outcome, RejectKind } from "./vocabulary/event.ts";
import { pingBytes } from "./vocabulary/frame.ts";
import type { FlushStep, StepId } from "./vocabulary/scenario.ts";

const accepted: Outcome = { is: "accepted" };
const rejected = (kind: RejectKind): Outcome => ({ is: "rejected", kind });

/** Makes `burst.count` publish calls in one loop, or in the loops of several publishers. */
export function publish(bus: Bus, step: StepId, burst: FrameRun, publishers = 1): void {
  if (publishers === 1) {
    publishInOrder(bus, step, [burst]);
    return;
  }
  // A client that refuses everything shows no turns.
  const isEnded = bus.state.client === "closed" || bus.state.stuck;
  amongPublishers(bus, step, burst, publishers, among =>
    publishInOrder(among, step, isEnded ? [burst] : inTurns(among, burst, publishers)),
  );
}

/** Makes the calls in this order. The client's state may change in the middle, so the burst is consumed piece by piece. */
function publishInOrder(bus: Bus, step: StepId, burst: FrameRun[]): void {
  const { state } = bus;
  if (state.client === "closed") {
    for (const run of burst) refuse(bus, step, run, "closed");
  } else if (state.stuck) {
    for (const run of burst) refuse(bus, step, run, "draining");
  } else if (connectPends(bus.view, bus.profile)) {
    for (const run of burst) refuse(bus, step, run, "not-connected");
  } else if (bus.view.hindrance === "limit") publishUnderLimit(bus, step, burst);
  else while (burst.length > 0) publishPiece(bus, step, burst);
}

/** Says how the calls of these messages ended. */
function tell({ state, emit }: Bus, step: StepId, run: FrameRun, outcome: Outcome, tookMs = 0): void {
  const { first, count, frameBytes, via } = run;
  if (count === 0) return;
  if (state.service !== undefined && outcome.is === "accepted") state.service.unanswered += count;
  if (via === undefined) emit({ kind: "published", step, first, count, frameBytes, outcome });
  else {
    const took = tookMs === 0 ? {} : { tookMs };
    emit({ kind: "published", step, first, count, frameBytes, outcome, ...saysVia(via), ...took });
  }
}

/** The end of a call whose caller may have made it again and again, with the same answer each time. */
function refuse(bus: Bus, step: StepId, run: FrameRun, kind: RejectKind): void {
  const { policy } = bus.view;
  const waitedMs = policy === undefined ? 0 : refusedMs(policy.publish, run.via?.async);
  if (bus.state.service !== undefined) bus.state.service.server.spentMs += waitedMs * run.count;
  tell(bus, step, run, rejected(kind), waitedMs);
  lose([run], "refused", bus.emit);
}

/** Takes the messages that are published before the client's state changes off `rest`. */
function publishPiece(bus: Bus, step: StepId, rest: FrameRun[]): void {
  const { state, profile, emit } = bus;
  const linkIsUp = bus.view.link === "up";
  switch (state.client) {
    case "connected":
      for (const run of take(rest, countOf(rest))) send(bus, step, run);
      return;
    case "dialled": {
      // nats.go blocks the call until the handshake ends; nats.js keeps what follows the start of a dial. Both send it.
      const before = profile.duringHandshake === "kept" ? piece(bus, "dialled-at", rest, true) : 0;
      for (const run of take(rest, before)) keepOrReset(bus, step, run);
      if (rest.length > 0) reconnect(state, profile, emit);
      return;
    }
    case "lost": {
      const before = piece(bus, "noticed-at", rest, linkIsUp);
      for (const run of take(rest, before)) writeToDeadSocket(bus, step, run);
      if (rest.length > 0) noticeAmidst(bus, step, rest);
      return;
    }
    case "disconnected": {
      const before = linkIsUp ? piece(bus, "dialled-at", rest, true) : countOf(rest);
      for (const run of take(rest, before)) keepOrReset(bus, step, run);
      if (rest.length > 0) reconnect(state, profile, emit);
      return;
    }
    case "none":
    case "closed":
      throw new Error(`publish in state ${state.client}`);
  }
}

/**
 * The number of messages of `rest` that come before the client's state changes. A loop that cannot be interrupted comes wholly before or
 * after.
 */
function piece(bus: Bus, label: "noticed-at" | "dialled-at", rest: readonly FrameRun[], changes: boolean): number {
  const { profile, options, state, choose } = bus;
  const count = countOf(rest);
  const keeps = profile.reconnectBuffer.kind === "kept";
  if (label === "noticed-at" && !keeps && !changes) return count;
  if (label === "dialled-at" && keeps) {
    // The message is kept on both sides of the reconnect. Only a limit within reach shows on which side it fell.
    const whole = rest.reduce((sum, run) => sum + run.count * run.frameBytes, 0);
    if (state.pendingBytes + whole <= bufferBytesMax(profile, options) - 1) return count;
  }
  if (label === "noticed-at" && profile.burst.interruptible === "at-inline-flush") return noticedAtFlush(bus, rest);
  if (profile.burst.interruptible !== true) return choose(label, 0, 1) * count;
  return choose(label, 0, count, label === "noticed-at" && keeps ? { kind: "rest-is-kept", runs: rest } : undefined);
}

/**
 * The loop yields only in a call that writes, so only whole blocks come before the notice. The first block may have begun earlier;
 * `writtenMin` is 1 where that block is known to have been written.
 */
function noticedAtFlush(
  bus: Bus,
  rest: readonly FrameRun[],
  writtenMin = bus.state.unwrittenBytes > 0 ? 1 : 0,
): number {
  const { state, profile, options, choose } = bus;
  const count = countOf(rest);
  const frame = rest[0]?.frameBytes ?? 1;
  const blockBytes = inlineFlushBytes(profile, options);
  const first = Math.min(count, Math.ceil((blockBytes - state.unwrittenBytes) / frame));
  const block = Math.min(count, Math.ceil(blockBytes / frame));
  const writtenMax = first < count ? 1 + Math.ceil((count - first) / block) : 1;
  const before = (written: number): number => (written === 0 ? 0 : Math.min(count, first + (written - 1) * block));
  const keeps = profile.reconnectBuffer.kind === "kept";
  const about: About | undefined = keeps ? { kind: "rest-is-kept-in-blocks", runs: rest, before } : undefined;
  return before(choose("noticed-at", writtenMin, writtenMax, about));
}

/** Bytes of the block that the client has not yet written after this many messages of a burst. */
function unwrittenAfter(messages: number, frame: number, { profile, options }: Bus): number {
  const blockBytes = inlineFlushBytes(profile, options);
  return Number.isFinite(blockBytes) ? (messages % Math.ceil(blockBytes / frame)) * frame : messages * frame;
}

function send(bus: Bus, step: StepId, run: FrameRun): void {
  const { state, profile } = bus;
  append(state.wire, run);
  tell(bus, step, run, accepted);
  // The inline flush happens in the call that fills the buffer to the threshold, so whole blocks are written.
  const blockBytes = inlineFlushBytes(profile, bus.options);
  const perBlock = Math.ceil(Math.max(0, blockBytes - state.unwrittenBytes) / run.frameBytes);
  if (run.count < perBlock) {
    state.unwrittenMessages += run.count;
    state.unwrittenBytes += run.count * run.frameBytes;
    return;
  }
  const fullBlock = Math.ceil(blockBytes / run.frameBytes);
  const after = (run.count - perBlock) % fullBlock;
  state.unwrittenBytes = after * run.frameBytes;
  // A flusher may have run at any moment, and the next block began there. So the unwritten part is any tail shorter than a block.
  const tail = (run.count < fullBlock ? state.unwrittenMessages + run.count : fullBlock) - 1;
  state.unwrittenMessages = profile.exit.unwritten === "racy" ? tail : after;
}

/** The connection has ended and the client does not know it. What it accepts is lost; an inline write may fail and return the error. */
function writeToDeadSocket(bus: Bus, step: StepId, run: FrameRun): void {
  lose([run], "outbound or socket", bus.emit);
  failWrites(bus, [run], bus.state.unwrittenBytes, {
    written: part => tell(bus, step, part, accepted),
    failed: part => tell(bus, step, part, writeFailed),
  });
}

function keepOrReset(bus: Bus, step: StepId, run: FrameRun): void {
  const { state, profile, options, emit } = bus;
  if (profile.reconnectBuffer.kind === "reset-at-dial") {
    tell(bus, step, run, accepted);
    lose([run], "reset at dial", emit);
    return;
  }
  const rest = [run];
  for (const part of take(rest, accepts(state.pendingBytes, run, profile, options))) {
    keep(state, part);
    tell(bus, step, part, accepted);
  }
  for (const part of rest) refuse(bus, step, part, "buffer-full");
}

/** A byte anchor: what fits arrives to the byte, and the rest of what is sent on that connection is lost. */
function publishUnderLimit(bus: Bus, step: StepId, burst: readonly FrameRun[]): void {
  const { state, profile, choose, emit } = bus;
  const left = bus.view.limitBytesLeft;
  // All calls of one step have frames of one size.
  const { frameBytes } = burst[0] as FrameRun;
  const bytes = countOf(burst) * frameBytes;
  if (bytes < left) {
    for (const run of burst) send(bus, step, run);
    return;
  }
  const fits = Math.floor(left / frameBytes);
  arrive(bus, take(state.wire, countOf(state.wire)));
  const rest = burst.slice();
  const through = take(rest, fits);
  for (const run of through) tell(bus, step, run, accepted);
  arrive(bus, through);
  const { interruptible } = profile.burst;
  const sent = countOf(rest);
  // Messages that end within the limit may reach it alone; otherwise it took bytes of the message after them.
  const written = fits > 0 && fits * frameBytes === left ? 0 : 1;
  let before = sent;
  if (interruptible === "at-inline-flush" && sent > 0) {
    state.unwrittenBytes = unwrittenAfter(fits, frameBytes, bus);
    // The bytes that reached the limit have been written, and their block with them.
    before = noticedAtFlush(bus, rest, state.unwrittenBytes === 0 ? written : 1);
  } else if (interruptible === true) {
    state.unwrittenBytes = Math.min(fits * frameBytes, inlineFlushBytes(profile, bus.options) - 1);
    const keeps = profile.reconnectBuffer.kind === "kept";
    const about: About | undefined = keeps ? { kind: "rest-is-kept", runs: rest } : undefined;
    before = choose("noticed-at", Math.min(written, sent), sent, about);
  }
  state.client = "lost";
  emit({ kind: "fault", step: bus.view.limitStep, fault: "limit", phase: "took-effect" });
  for (const run of take(rest, before)) {
    if (interruptible !== false) writeToDeadSocket(bus, step, run);
    else {
      tell(bus, step, run, accepted);
      lose([run], "link", emit);
    }
  }
  noticeAmidst(bus, step, rest);
  for (const run of rest) keepOrReset(bus, step, run);
}

/** The client notices a disconnect in a burst. Takes what waited to be written, and is kept beyond the limit of its buffer, off `rest`. */
function noticeAmidst(bus: Bus, step: StepId, rest: FrameRun[]): void {
  const { state, profile, options, choose, emit, publishers = 1 } = bus;
  notice(state, emit);
  const unwrittenMax = publishers === 1 ? 0 : Math.min(countOf(rest), publishers * profile.burst.unwrittenOfEach);
  const first = rest[0];
  if (unwrittenMax === 0 || first === undefined) return;
  // Within the limit they are kept anyway.
  const within = { ...first, count: unwrittenMax };
  if (accepts(state.pendingBytes, within, profile, options) === unwrittenMax) return;
  const about: About = { kind: "until-ended-as", runs: rest, outcome: rejected("buffer-full") };
  for (const run of take(rest, choose("unwritten-at-notice", 0, unwrittenMax, about))) {
    keep(state, run);
    tell(bus, step, run, accepted);
  }
}

/**
 * An overlapped burst and the cut that it raced with. One question covers both what was in flight already and the beginning of the burst.
 * The rest of the burst meets a connection that has ended.
 */
export function raceWithCut(bus: Bus, burst: OpenBurst): void {
  const { step, publishers = 1, ...run } = burst;
  if (publishers === 1) raceInOrder(bus, step, [run]);
  else amongPublishers(bus, step, run, publishers, among => raceInOrder(among, step, inTurns(among, run, publishers)));
}

function raceInOrder(bus: Bus, step: StepId, burst: readonly FrameRun[]): void {
  const { state, profile, choose, emit } = bus;
  const earlier = countOf(state.wire);
  const flight = state.wire.concat(burst);
  const { frameBytes } = burst[0] as FrameRun;
  const arrived = choose("arrived-before-cut", 0, countOf(flight), arrivalOf(flight));
  const sent = Math.max(0, arrived - earlier);
  arrive(bus, take(flight, arrived));
  lose(take(flight, Math.max(0, earlier - arrived)), "outbound or socket", emit);
  for (const run of take(burst.slice(), sent)) tell(bus, step, run, accepted);
  state.wire = [];
  state.wireFree = 0;
  state.client = "lost";
  state.unwrittenBytes =
    profile.burst.interruptible === "at-inline-flush"
      ? unwrittenAfter(sent, frameBytes, bus)
      : Math.min(sent * frameBytes, inlineFlushBytes(profile, bus.options) - 1);
  if (flight.length > 0) publishInOrder(bus, step, flight);
}

/** A round trip: ok means that the server has processed everything sent on this connection. */
export function flush(bus: Bus, step: FlushStep): void {
  const outcome = flushOutcome(bus);
  if (bus.state.service !== undefined && outcome.is === "ok") bus.state.service.unanswered = 0;
  bus.emit({ kind: "called", step: step.id, call: "flush", outcome });
}

function flushOutcome(bus: Bus): CallOutcome {
  const { state, profile, choose, emit } = bus;
  const timeout: CallOutcome = { is: "failed", kind: "timeout" };
  const disconnected: CallOutcome = { is: "failed", kind: "disconnected" };
  const { whileDown, inFlight, covers } = profile.flush;
  const keeps = whileDown === "waits";
  const covered = countOf(state.wire) - (covers === "written" ? state.unwrittenMessages : 0);
  state.unwrittenMessages = 0;
  state.unwrittenBytes = 0;
  if (state.client === "connected") {
    if (bus.view.hindrance !== "none") {
      // Its answer comes later, perhaps to a socket that has been closed.
      state.fresh = true;
      return timeout;
    }
    state.fresh = false;
    arrive(bus, take(state.wire, covered));
    return { is: "ok" };
  }
  if (state.client === "lost") {
    const wasInFlight = choose("noticed-at", 0, 1) === 1;
    notice(state, emit);
    if (wasInFlight && inFlight !== "as-while-down") return inFlight === "timeout" ? timeout : disconnected;
  }
  if (whileDown === "says-ok") return { is: "ok" };
  if (bus.view.link === "down") {
    if (keeps) {
      state.pendingBytes += pingBytes;
      return timeout;
    }
    return choose("timed-out-first", 0, 1) === 1 ? timeout : disconnected;
  }
  // The link is back, and the scenario did not wait for the client.
  if (choose("timed-out-first", 0, 1) === 1) {
    if (keeps) state.pendingBytes += pingBytes;
    return timeout;
  }
  if (!keeps && choose("dialled-at", 0, 1) === 1) return disconnected;
  reconnect(state, profile, emit);
  state.fresh = false;
  arrive(bus, take(state.wire, countOf(state.wire)));
  return { is: "ok" };
}

/** The ends of a connection by its owner, close and drain, and those of a process, by its own code or by a signal. */
import { closeForGood, notice } from "./connection.ts";
import { endHandlers, type HasDrained, handlersRunMs, hasHungHandler, leave } from "./consumers.ts";
import { drainInTurn } from "./drains.ts";
import { finish, type Served } from "./lifecycle.ts";
import { termToKillMs } from "./policy/stops.ts";
import { arrive, type Bus, countOf, lose, take } from "./state.ts";
import type { ProbeName } from "./vocabulary/event.ts";
import type { Policy } from "./vocabulary/policy.ts";
import type { ExitStep, StepId } from "./vocabulary/scenario.ts";

/**
 * Ends the connection at once, without waiting. The profile says whether messages that the client has not yet written are written or lost.
 */
export function close(bus: Bus, step: StepId): void {
  const { state, profile, choose, emit } = bus;
  if (state.client === "connected") {
    if (profile.close.unwritten === "lost") dropUnwritten(bus);
    state.reset = state.fresh && profile.close.socket === "reset-if-unread";
    closeForGood(state, profile.close.events.connected, "reconnect buffer", emit);
  } else {
    // Only the client's events show whether it had noticed.
    const unnoticed = state.client === "lost" && choose("noticed-at", 0, 1) === 1;
    if (!unnoticed) notice(state, emit);
    const { connected, down } = profile.close.events;
    const fails = profile.close.keptWhileDown === "fails-unsaid" && state.pendingBytes > 0;
    closeForGood(state, fails ? [] : unnoticed ? connected : down, "reconnect buffer", emit);
    if (fails) {
      emit({ kind: "called", step, call: "close", outcome: { is: "failed", kind: "disconnected" } });
      return;
    }
  }
  emit({ kind: "called", step, call: "close", outcome: { is: "ok" } });
}

function dropUnwritten(bus: Bus, kept = 0, place: "client outbound" | "process exit" = "client outbound"): void {
  const { state, emit } = bus;
  const written = take(state.wire, countOf(state.wire) - state.unwrittenMessages + kept);
  lose(state.wire, place, emit);
  state.wire = written;
  state.wireFree = Math.min(state.wireFree, countOf(written));
}

/** Flushes, then ends the connection. While down it does what the profile says, and what was kept is lost. */
export function drain(bus: Bus, step: StepId): void {
  const { state, profile, emit } = bus;
  if (state.client === "connected") {
    arrive(bus, take(state.wire, countOf(state.wire)));
    closeForGood(state, profile.close.events.connected, "reconnect buffer", emit);
    emit({ kind: "called", step, call: "drain", outcome: { is: "ok" } });
    return;
  }
  const { whileDown, tellsUnsent } = profile.drain;
  const { tells, leaves } = whileDown;
  const unsent = tellsUnsent && tells !== "ok" ? { unsent: { bytes: state.pendingBytes } } : {};
  if (leaves === "closed") closeForGood(state, profile.close.events.down, "reconnect buffer", emit);
  if (leaves === "stuck") state.stuck = true;
  const outcome = tells === "ok" ? ({ is: "ok" } as const) : ({ is: "failed", kind: tells } as const);
  emit({ kind: "called", step, call: "drain", outcome, ...unsent });
}

/** The process ends in the middle of its code, and what its client has not written is lost, unless its drain has just written it. */
export function exitAtOnce(bus: Bus, { id: step, after }: ExitStep): void {
  const { state, profile, choose, emit } = bus;
  const isWritten = after === "drain" && profile.exit.drainWrites && state.service?.hasInbox === true;
  if (state.client === "connected" && !isWritten) {
    const racy = profile.exit.unwritten === "racy" && state.unwrittenMessages > 0;
    dropUnwritten(bus, racy ? choose("written-before-exit", 0, state.unwrittenMessages) : 0, "process exit");
  }
  emit({ kind: "called", step, call: "exit", outcome: { is: "ok" } });
  finish(bus, { because: "exit", code: 0, tookMs: 0, forced: false, toldLost: 0, atMs: bus.view.nowMs });
}

/** The exit code that a shell reports for a process ended by SIGKILL. */
export const killedCode = 137;

/** SIGKILL: the process stops running at once. What its socket has taken is still sent. */
export function kill(bus: Bus): void {
  finish(bus, {
    because: "killed",
    code: killedCode,
    tookMs: 0,
    forced: false,
    toldLost: 0,
    atMs: bus.view.nowMs,
  });
}

/** The course of a stop: the time it would take if nothing ended it, and what it has done by then. */
interface StopCourse {
  readonly tookMs: number;
  /** Those of the subscriptions that have drained by its end: the library has deleted the consumers that it had made. */
  readonly hasDrained: (end: StopEnd) => HasDrained;
  /** The server has taken in everything that was sent. */
  readonly flushed: boolean;
  /** The client says so, whether it is true or not. */
  readonly saysFlushed: boolean;
  /** Handlers that were at work are through by its end. */
  readonly handled: (end: StopEnd) => boolean;
}

interface StopEnd {
  readonly tookMs: number;
  /** True where it ended by itself, and not by its budget or its supervisor. */
  readonly ended: boolean;
}

const noneDrained = (): HasDrained => () => false;
const atOnce: StopCourse = {
  tookMs: 0,
  hasDrained: noneDrained,
  flushed: false,
  saysFlushed: false,
  handled: () => false,
};

const forEver = Number.POSITIVE_INFINITY;

/**
 * SIGTERM: the policy's shutdown runs until it ends, its budget runs out, or the supervisor kills it. `probe`: the one that has failed.
 * `meanwhile`: what the application does while it runs.
 */
export function stop(bus: Served, probe: ProbeName | undefined, meanwhile: () => void = () => {}): void {
  const { state, view, service, policy, emit } = bus;
  const atMs = view.nowMs;
  const asked = probe === undefined ? {} : { probe };
  emit({ kind: "process", change: "stopping", replica: 0, ...asked, atMs });
  const course = courseOf(bus, 0, reachOf(bus));
  const { ended, ...end } = endOf(course, policy);
  const { tookMs } = end;
  meanwhile();
  if (course.flushed && ended) {
    arrive(bus, take(state.wire, countOf(state.wire)));
    state.fresh = false;
  }
  if (course.saysFlushed && ended) service.unanswered = 0;
  const toldLost = policy.shutdown.tellsLoss && end.because === "stopped" ? service.unanswered : 0;
  const ran = endedBeside(bus, 0, course.handled({ tookMs, ended }));
  finish(bus, { ...end, ...ran, toldLost, atMs }, course.hasDrained({ tookMs, ended }));
}

/** The handlers at work when the replica was told to stop: it has waited for them, or they end with it. */
function endedBeside({ service, view, emit }: Served, replica: number, waited: boolean): { handlerRanMs?: number } {
  const runMs = handlersRunMs(service.server, replica, view.nowMs);
  if (runMs === 0) return {};
  if (waited) endHandlers(service.server, view.nowMs + runMs, emit, { replica });
  // Time passes by its own steps alone, so the handler had just begun.
  return { handlerRanMs: 0 };
}

/** The end of a stop that takes this long: by itself, by its budget where that is enforced, or by its supervisor. */
function endOf({ tookMs: ownMs }: StopCourse, { shutdown, supervisor }: Policy) {
  const killMs = termToKillMs(supervisor);
  const forced = shutdown.forced && ownMs > shutdown.budgetMs && shutdown.budgetMs <= killMs;
  const isKilled = !forced && ownMs > killMs;
  const tookMs = forced ? shutdown.budgetMs : Math.min(ownMs, killMs);
  const because = isKilled ? ("killed" as const) : ("stopped" as const);
  return { because, code: isKilled ? killedCode : 0, tookMs, forced, ended: ownMs <= tookMs };
}

/** The reach of the process to the server when it is told to stop. */
type ServerReach = "up" | "held" | "down";

function reachOf({ state, view }: Bus): ServerReach {
  if (state.client !== "connected") return "down";
  return view.hindrance === "none" ? "up" : "held";
}

function courseOf({ profile, policy, service, view }: Served, replica: number, reach: ServerReach): StopCourse {
  const hung = hasHungHandler(service.server, replica);
  const runMs = hung ? forEver : handlersRunMs(service.server, replica, view.nowMs);
  const isUp = reach === "up";
  switch (policy.shutdown.strategy) {
    case "exit":
    case "close":
    // The subscriptions were told to drain and the connection was closed at once, so nothing has drained.
    case "subscriptions-then-close":
    // As an exit: the drain has only begun.
    case "drain-not-awaited":
      return atOnce;
    case "subscriptions-waited-then-close": {
      const { drainTimeoutMs: timeoutMs = 0 } = policy.shutdown;
      const serverMs = isUp ? 0 : profile.drain.subscriptionWaitMs;
      const { tookMs, endsMs } = drainInTurn(service.server, { replica, nowMs: view.nowMs, timeoutMs, serverMs });
      // A drain that is waited for no more goes on beside the others.
      const hasDrained = (end: StopEnd): HasDrained =>
        isUp ? one => (endsMs.get(one) ?? forEver) <= end.tookMs : () => false;
      return { tookMs, hasDrained, flushed: false, saysFlushed: false, handled: end => runMs <= end.tookMs };
    }
    case "drain": {
      // While down it ends at once. A client that then says that all went well is believed.
      if (reach === "down") return { ...atOnce, saysFlushed: profile.drain.whileDown.tells === "ok" };
      const handlersMs = Math.min(runMs, profile.drain.handlersWaitMs ?? forEver);
      const flushMs = isUp ? 0 : (profile.drain.flushWaitMs ?? forEver);
      const { drainTimeoutMs = forEver } = policy.shutdown;
      if (handlersMs + flushMs > drainTimeoutMs)
        return { ...atOnce, tookMs: drainTimeoutMs, handled: end => runMs <= end.tookMs };
      const handled = ({ ended }: StopEnd): boolean => ended && handlersMs === runMs;
      return { tookMs: handlersMs + flushMs, hasDrained: ifEnded(isUp), flushed: isUp, saysFlushed: isUp, handled };
    }
    case "four-steps":
      return {
        tookMs: isUp ? runMs : forEver,
        hasDrained: ifEnded(isUp),
        flushed: isUp,
        saysFlushed: isUp,
        handled: ({ ended }) => ended,
      };
  }
}

const ifEnded =
  (isUp: boolean) =>
  ({ ended }: StopEnd): HasDrained =>
  () =>
    isUp && ended;

/** A replica beyond 0 ends, which it does only while nothing is wrong with the server. */
export function endPeer(bus: Served, replica: number, signal: "TERM" | "KILL"): void {
  const { service, policy, profile, view, emit } = bus;
  const atMs = view.nowMs;
  const exited = { kind: "process", change: "exited", replica, toldLost: 0, atMs } as const;
  if (signal === "KILL") {
    leave(service.server, replica, () => false);
    emit({ ...exited, because: "killed", code: killedCode, tookMs: 0, forced: false });
    return;
  }
  emit({ kind: "process", change: "stopping", replica, atMs });
  const course = courseOf(bus, replica, "up");
  const { ended, ...end } = endOf(course, policy);
  const { tookMs } = end;
  const ran = endedBeside(bus, replica, course.handled({ tookMs, ended }));
  const hasDrained = course.hasDrained({ tookMs, ended });
  leave(service.server, replica, one => profile.jetStream.drainDeletesItsDurable && hasDrained(one));
  emit({ ...exited, ...end, ...ran });
}

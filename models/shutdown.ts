/** How a connection is ended by its owner, close and drain, and how a process is: by its own code, by a signal. */
import { closeForGood, notice } from "./connection.ts";
import { hasHungHandler, leave } from "./consumers.ts";
import { finish, type Served } from "./lifecycle.ts";
import { arrive, type Bus, countOf, lose, take } from "./state.ts";
import type { Policy } from "./vocabulary/policy.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/** Ends the connection at once. What the client has not yet written is written or lost, by profile; nothing is waited for. */
export function close(bus: Bus, step: StepId): void {
  const { state, profile, choose, emit } = bus;
  if (state.client === "connected") {
    if (profile.close.unwritten === "lost") dropUnwritten(bus);
    state.reset = state.fresh && profile.close.socket === "reset-if-unread";
    closeForGood(state, profile.close.events.connected, "reconnect buffer", emit);
  } else {
    // Whether the client had noticed shows only in its events.
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

/** Flushes, then ends the connection; while down it does what the profile says, and what was kept is gone. */
export function drain(bus: Bus, step: StepId): void {
  const { state, profile, emit } = bus;
  if (state.client === "connected") {
    arrive(bus, take(state.wire, countOf(state.wire)));
    closeForGood(state, profile.close.events.connected, "reconnect buffer", emit);
    emit({ kind: "called", step, call: "drain", outcome: { is: "ok" } });
    return;
  }
  const { tells, leaves } = profile.drain.whileDown;
  if (leaves === "closed") closeForGood(state, profile.close.events.down, "reconnect buffer", emit);
  if (leaves === "stuck") state.stuck = true;
  emit({ kind: "called", step, call: "drain", outcome: tells === "ok" ? { is: "ok" } : { is: "failed", kind: tells } });
}

/** The process ends in the midst of its own code: what its client has not written by then dies with it. */
export function exitAtOnce(bus: Bus, step: StepId): void {
  const { state, profile, choose, emit } = bus;
  if (state.client === "connected") {
    const racy = profile.exit.unwritten === "racy" && state.unwrittenMessages > 0;
    dropUnwritten(bus, racy ? choose("written-before-exit", 0, state.unwrittenMessages) : 0, "process exit");
  }
  emit({ kind: "called", step, call: "exit", outcome: { is: "ok" } });
  finish(bus, { because: "exit", code: 0, tookMs: 0, forced: false, toldLost: 0, atMs: bus.view.nowMs });
}

/** What a shell says of a process that SIGKILL has ended. */
export const killedCode = 137;

/** SIGKILL: nothing of the process runs any more. What its socket has taken is still sent. */
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

/** How a stop goes: how long it would take if nothing ended it, and what it has done by then. */
interface StopCourse {
  readonly tookMs: number;
  /** Its subscriptions have drained: the library has deleted the consumers it had made. */
  readonly drained: boolean;
  /** The server has taken in all that was sent. */
  readonly flushed: boolean;
}

const forEver = Number.POSITIVE_INFINITY;

/** SIGTERM: the policy's shutdown runs, until it ends, its budget does, or the supervisor's patience. */
export function stop(bus: Served): void {
  const { state, view, service, policy, emit } = bus;
  const atMs = view.nowMs;
  emit({ kind: "process", change: "stopping", replica: 0, atMs });
  const course = courseOf(bus, 0, reachOf(bus));
  const { ended, ...end } = endOf(course, policy);
  if (course.flushed && ended) {
    arrive(bus, take(state.wire, countOf(state.wire)));
    state.fresh = false;
    service.unanswered = 0;
  }
  const toldLost = policy.shutdown.tellsLoss && end.because === "stopped" ? service.unanswered : 0;
  finish(bus, { ...end, toldLost, atMs }, course.drained && ended);
}

/** What ends a stop that takes so long: itself, its budget where that is enforced, or its supervisor. */
function endOf({ tookMs: ownMs }: StopCourse, { shutdown, supervisor }: Policy) {
  const forced = shutdown.forced && ownMs > shutdown.budgetMs;
  const isKilled = !forced && ownMs > supervisor.killAfterMs;
  const tookMs = forced ? shutdown.budgetMs : Math.min(ownMs, supervisor.killAfterMs);
  const because = isKilled ? ("killed" as const) : ("stopped" as const);
  return { because, code: isKilled ? killedCode : 0, tookMs, forced, ended: ownMs <= tookMs };
}

/** What of the server the process can reach when it is told to stop. */
type ServerReach = "up" | "held" | "down";

function reachOf({ state, view }: Bus): ServerReach {
  if (state.client !== "connected") return "down";
  return view.hindrance === "none" ? "up" : "held";
}

function courseOf({ profile, policy, service }: Served, replica: number, reach: ServerReach): StopCourse {
  const hung = hasHungHandler(service.server, replica);
  const isUp = reach === "up";
  switch (policy.shutdown.strategy) {
    case "exit":
    case "close":
    // Told to drain and closed in the same breath, a subscription has not drained: nothing was waited for.
    case "subscriptions-then-close":
      return { tookMs: 0, drained: false, flushed: false };
    case "drain": {
      // While down it ends at once, whatever it says.
      if (reach === "down") return { tookMs: 0, drained: false, flushed: false };
      const handlersMs = hung ? (profile.drain.handlersWaitMs ?? forEver) : 0;
      const flushMs = isUp ? 0 : (profile.drain.flushWaitMs ?? forEver);
      return { tookMs: handlersMs + flushMs, drained: isUp, flushed: isUp };
    }
    case "four-steps":
      return { tookMs: isUp && !hung ? 0 : forEver, drained: isUp, flushed: isUp };
  }
}

/** A replica beyond 0 ends; it does so only while nothing is wrong with the server. */
export function endPeer(bus: Served, replica: number, signal: "TERM" | "KILL"): void {
  const { service, policy, profile, view, emit } = bus;
  const atMs = view.nowMs;
  const exited = { kind: "process", change: "exited", replica, toldLost: 0, atMs } as const;
  if (signal === "KILL") {
    leave(service.server, replica, false);
    emit({ ...exited, because: "killed", code: killedCode, tookMs: 0, forced: false });
    return;
  }
  emit({ kind: "process", change: "stopping", replica, atMs });
  const course = courseOf(bus, replica, "up");
  const { ended, ...end } = endOf(course, policy);
  leave(service.server, replica, course.drained && ended && profile.jetStream.drainDeletesItsDurable);
  emit({ ...exited, ...end });
}

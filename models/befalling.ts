/** The life of the process as the plan has it, applied to its client, and the effects of time. */
import { land } from "./connection.ts";
import { type AckFate, deleteUnused, deliver, endHandlers, nextHandlingMs } from "./consumers.ts";
import { closeUnasked, connectFirst, finish, type Served, tellProbe } from "./lifecycle.ts";
import type { Life, Pass } from "./plan/plan.ts";
import { syncStreams } from "./server.ts";
import { stop } from "./shutdown.ts";
import { reachOf } from "./state.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/** Applies what happens to the process to its client. */
export function live(bus: Served, life: readonly Life[]): void {
  for (const one of life) befall(bus, one);
}

function befall(bus: Served, one: Life): void {
  const { state, emit } = bus;
  switch (one.what) {
    case "started":
      land(bus);
      state.client = "disconnected";
      state.stuck = false;
      state.reset = false;
      bus.service.unanswered = 0;
      bus.service.hasInbox = false;
      emit({ kind: "process", change: "started", replica: 0, by: one.by, atMs: one.atMs });
      return;
    case "connected":
      connectFirst(bus, one.path);
      return;
    case "client-closed":
      closeUnasked(bus);
      return;
    case "killed": {
      const killed = { ...bus, view: one.view };
      // The supervisor has asked before it kills.
      tellProbe(killed);
      stop(killed, one.by);
      return;
    }
    case "exited":
      if (one.because === "client-closed") closeUnasked(bus);
      finish(bus, {
        because: one.because,
        code: 1,
        tookMs: one.tookMs,
        forced: false,
        toldLost: bus.policy.shutdown.tellsLoss ? bus.service.unanswered : 0,
        atMs: one.atMs,
      });
      return;
  }
}

/** A client that is down keeps what it is to send, or resets it at its next dial, acknowledgements too (F-254 of docs/facts.md). */
function ackFate({ state, view, profile }: Served, nowMs: number): AckFate {
  const { first } = reachOf(state, view, nowMs);
  if (first !== "away") return first === "held" && view.hindrance === "hold" ? "held" : "sent";
  return profile.reconnectBuffer.kind === "reset-at-dial" ? "lost" : "kept";
}

/** Time passes for the process, for messages that wait for an acknowledgement, and for the server's disk. */
export function spendTime(bus: Served, step: StepId, { ms, life, after }: Pass): void {
  const { state, view, service, choose, emit } = bus;
  // Messages on their way arrive before any time limit is reached, and the time of those that are handled begins there.
  if (view.link === "up" && view.hindrance === "none" && state.wire.length > 0) {
    land(bus);
    deliver(service.server, reachOf(bus.state, bus.view, view.nowMs), choose, emit);
  }
  const untilMs = view.nowMs + ms;
  live(bus, life);
  for (let nowMs = nextHandlingMs(service.server, view.nowMs); nowMs !== undefined && nowMs <= untilMs; ) {
    emit({ kind: "advanced", step, atMs: nowMs });
    endHandlers(service.server, nowMs, emit, { first: ackFate(bus, nowMs) });
    deliver(service.server, reachOf(bus.state, bus.view, nowMs), choose, emit);
    nowMs = nextHandlingMs(service.server, nowMs);
  }
  syncStreams(service.server, untilMs);
  emit({ kind: "advanced", step, atMs: untilMs });
  deleteUnused(service.server, after.uses, emit);
}

/** A flush or a drain that is pending while the next step is done: the connection ends under it, or the way becomes clear. */
import { closeForGood } from "./connection.ts";
import { drain } from "./shutdown.ts";
import { arrive, type Bus, countOf, take } from "./state.ts";
import type { CallOutcome } from "./vocabulary/event.ts";
import type { DrainStep, FlushStep } from "./vocabulary/scenario.ts";

type PendingCall = FlushStep | DrainStep;

/** A flush without a hindrance may have been answered just before the connection ends. */
export function answerPending(bus: Bus): void {
  const { state, view, choose } = bus;
  if (state.call?.kind !== "flush" || view.hindrance !== "none") return;
  if (choose("answered-before-cut", 0, 1) === 1) succeed(bus, takeCall(bus) as FlushStep);
}

/** The connection has ended, and the client knows it. */
export function cutPending(bus: Bus): void {
  const { state, profile, emit } = bus;
  const call = takeCall(bus);
  if (call === undefined) return;
  if (call.kind === "flush") {
    const kind = profile.flush.inFlight === "timeout" ? "timeout" : "disconnected";
    tell(bus, call, { is: "failed", kind });
    return;
  }
  const end = profile.drain.atDisconnect;
  if (end.tells === "timers") throw new Error("a drain that only its timers end");
  if (end.leaves === "closed") closeForGood(state, ["closed"], "reconnect buffer", emit);
  else state.stuck = true;
  tell(bus, call, end.tells === "ok" ? { is: "ok" } : { is: "failed", kind: end.tells });
}

/** The way is clear for what a link or a server has kept, and for the round trip. */
export function letPendingGoOn(bus: Bus): void {
  const call = takeCall(bus);
  if (call?.kind === "flush") succeed(bus, call);
  else if (call !== undefined) drain(bus, call.id);
}

function takeCall({ state }: Bus): PendingCall | undefined {
  const { call } = state;
  state.call = undefined;
  return call;
}

function succeed(bus: Bus, call: FlushStep): void {
  const { state } = bus;
  state.fresh = false;
  arrive(bus, take(state.wire, countOf(state.wire)));
  tell(bus, call, { is: "ok" });
}

const tell = ({ emit }: Bus, { id, kind }: PendingCall, outcome: CallOutcome): void =>
  emit({ kind: "called", step: id, call: kind, outcome });

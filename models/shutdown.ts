/** How a connection is ended by its owner: close and drain. */
import { closeForGood, notice } from "./connection.ts";
import type { Bus } from "./core-path.ts";
import { arrive, countOf, lose, take } from "./state.ts";
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
    closeForGood(state, unnoticed ? connected : down, "reconnect buffer", emit);
  }
  emit({ kind: "called", step, call: "close", outcome: { is: "ok" } });
}

function dropUnwritten(bus: Bus): void {
  const { state, emit } = bus;
  const written = take(state.wire, countOf(state.wire) - state.unwrittenMessages);
  lose(state.wire, "client outbound", emit);
  state.wire = written;
  state.wireFree = Math.min(state.wireFree, countOf(written));
}

/** Flushes, then ends the connection; while down it does what the profile says, and what was kept is gone. */
export function drain(bus: Bus, step: StepId): void {
  const { state, profile, emit } = bus;
  if (state.client === "connected") {
    arrive(take(state.wire, countOf(state.wire)), emit);
    closeForGood(state, profile.close.events.connected, "reconnect buffer", emit);
    emit({ kind: "called", step, call: "drain", outcome: { is: "ok" } });
    return;
  }
  const { tells, leaves } = profile.drain.whileDown;
  if (leaves === "closed") closeForGood(state, profile.close.events.down, "reconnect buffer", emit);
  else state.stuck = true;
  emit({ kind: "called", step, call: "drain", outcome: tells === "ok" ? { is: "ok" } : { is: "failed", kind: tells } });
}

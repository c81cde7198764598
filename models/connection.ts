/** The connection: how it ends, when the client notices, how it comes back. */
import type { About } from "./choice.ts";
import { replay } from "./reconnect-buffer.ts";
import { arrive, type Bus, type BusState, countOf, type FrameRun, lose, take } from "./state.ts";
import type { Emit, Place } from "./vocabulary/event.ts";
import type { Profile } from "./vocabulary/profile.ts";

/**
 * The present connection ends. A prefix of what was sent before any fault in force arrived; whatever a hold or a blackhole has is lost with
 * it. TCP keeps order, so the loss on one connection is one suffix.
 */
export function endConnection(bus: Bus): void {
  const { state, choose, emit } = bus;
  const { hindrance } = bus.view;
  const free = hindrance === "none" || hindrance === "limit" ? countOf(state.wire) : state.wireFree;
  const raced = take(state.wire, free);
  const arrived = free === 0 ? 0 : choose("arrived-before-cut", 0, free, arrivalOf(raced));
  arrive(bus, take(raced, arrived));
  lose(raced, "outbound or socket", emit);
  lose(state.wire, "link", emit);
  state.wire = [];
  state.wireFree = 0;
  if (state.client === "connected") state.client = "lost";
}

/** The place where the arrival of messages in flight shows: the observer, or a stream once some of them are durable. */
export const arrivalOf = (flight: readonly FrameRun[]): About =>
  flight.some(one => one.via?.durable === true)
    ? { kind: "held", runs: flight, which: "counted" }
    : { kind: "arrived", runs: flight };

/** The way is clear: all that is under way arrives, except what the client's own reset may have dropped. */
export function land(bus: Bus): void {
  const { state } = bus;
  if (state.reset && state.wire.length > 0) endConnection(bus);
  arrive(bus, take(state.wire, countOf(state.wire)));
}

/** The client learns that its connection has ended. */
export function notice(state: BusState, emit: Emit): void {
  if (state.client !== "lost") return;
  state.client = "disconnected";
  emit({ kind: "connection", change: "disconnected" });
}

/** The client is connected again. What it kept goes out first. */
export function reconnect(state: BusState, profile: Profile, emit: Emit): void {
  notice(state, emit);
  if (state.client !== "disconnected" && state.client !== "dialled") return;
  state.client = "connected";
  state.fresh = !profile.reconnect.roundTrips;
  emit({ kind: "connection", change: "reconnected" });
  replay(state);
}

/** The client closes for good, and what it kept is lost. */
export function closeForGood(
  state: BusState,
  events: readonly ("disconnected" | "closed")[],
  place: Place,
  emit: Emit,
): void {
  lose(state.pending, place, emit);
  state.pending = [];
  state.pendingBytes = 0;
  for (const change of events) emit({ kind: "connection", change });
  state.client = "closed";
}

/** The client has used up its attempts. */
export function giveUp(state: BusState, profile: Profile, emit: Emit): void {
  notice(state, emit);
  closeForGood(state, profile.close.events.down, "reconnect buffer", emit);
}

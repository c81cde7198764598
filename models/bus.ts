/**
 * The bus: its concerns composed into one transition system. `step` changes only the state it is given and is a function of
 * (state, step, answers). Start here.
 */
import type { Choose } from "./choice.ts";
import { endConnection, giveUp, land, notice, reconnect } from "./connection.ts";
import { type Bus, flush, publish, raceWithCut } from "./core-path.ts";
import { advance, callsMade, type PlannedStep, settleId } from "./plan.ts";
import { close, drain } from "./shutdown.ts";
import { arrive, type BusState, countOf, type FrameRun, take } from "./state.ts";
import type { Emit } from "./vocabulary/event.ts";
import { frameBytes } from "./vocabulary/frame.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { CallStep, Fault, FaultAwait, Options, PublishStep, Step, StepId } from "./vocabulary/scenario.ts";

/** Does one planned step. */
export function step(
  state: BusState,
  planned: PlannedStep,
  profile: Profile,
  options: Options,
  choose: Choose,
  emit: Emit,
): void {
  const bus: Bus = { state, profile, options, choose, emit };
  const { step, overlapping } = planned;
  if (planned.skipped !== undefined) {
    emit({ kind: "skipped", step: step.id, what: step.kind, reason: planned.skipped });
    return;
  }
  emit({ kind: "step", step: step.id, phase: "began" });
  if (overlapping && step.kind === "publish") state.open = { step: step.id, ...numbered(bus, step) };
  else perform(bus, step);
  advance(state.view, step, overlapping, options, profile);
  emit({ kind: "step", step: step.id, phase: "ended" });
}

function perform(bus: Bus, step: Step): void {
  const { state, emit } = bus;
  switch (step.kind) {
    case "start":
      state.client = "connected";
      state.fresh = true;
      emit({ kind: "connection", change: "connected" });
      emit({ kind: "called", step: step.id, call: "start", outcome: { is: "ok" } });
      return;
    case "together":
      for (const part of callsMade(step.steps)) call(bus, part);
      endTick(state);
      return;
    case "publish":
    case "flush":
    case "drain":
    case "close":
      call(bus, step);
      endTick(state);
      return;
    case "fault":
      performFault(bus, step.id, step.fault);
      return;
    case "await-noticed":
      emit({ kind: "awaits-notice", step: step.id });
      goStale(bus);
      return;
    case "heal":
      heal(bus, step.id, step.awaits);
      return;
  }
}

/** The client's own loop has run: nothing waits in its buffer for the tick to end. */
function endTick(state: BusState): void {
  state.unwrittenMessages = 0;
  state.unwrittenBytes = 0;
}

function call(bus: Bus, step: CallStep): void {
  switch (step.kind) {
    case "publish":
      publish(bus, step.id, numbered(bus, step));
      return;
    case "flush":
      flush(bus, step);
      return;
    case "drain":
      drain(bus, step.id);
      return;
    case "close":
      close(bus, step.id);
      return;
  }
}

function numbered(bus: Bus, step: PublishStep): FrameRun {
  const first = bus.state.nextMessage;
  bus.state.nextMessage += step.count;
  return { first, count: step.count, frameBytes: frameBytes(bus.options.subject, step.bytes) };
}

function performFault(bus: Bus, step: StepId, fault: Fault): void {
  const { state, emit } = bus;
  emit({ kind: "fault", step, fault: fault.kind, phase: "installed" });
  switch (fault.kind) {
    case "limit":
      // It takes effect at the publish that reaches it.
      return;
    case "hold":
    case "blackhole":
    case "pause-server":
      state.wireFree = countOf(state.wire);
      break;
    case "cut":
    case "stop-server":
      goDown(bus, fault.awaits);
      break;
  }
  emit({ kind: "fault", step, fault: fault.kind, phase: "took-effect" });
}

function goDown(bus: Bus, awaits: FaultAwait): void {
  const { state, profile, choose, emit } = bus;
  const burst = state.open;
  state.open = undefined;
  // The calls that race with it meet the link as it is from now on.
  state.view.link = "down";
  if (burst !== undefined) raceWithCut(bus, burst);
  else endConnection(state, choose, emit);
  endTick(state);
  if (state.client === "closed" || awaits === "none") return;
  notice(state, emit);
  if (awaits === "gave-up") giveUp(state, profile, emit);
}

/** The client's own PINGs stay unanswered until it gives the connection up. A blackhole has dropped what was sent; a paused server keeps it. */
function goStale(bus: Bus): void {
  const { state, choose, emit } = bus;
  if (state.view.hindrance === "blackhole") endConnection(state, choose, emit);
  else state.client = "lost";
  notice(state, emit);
}

function heal(bus: Bus, step: StepId, awaits: "connected" | "handshake" | "none"): void {
  const { state, choose, emit } = bus;
  const { view } = state;
  if (view.hindrance === "blackhole") endConnection(state, choose, emit);
  // A paused server reads what the kernel kept for it before the client's next connection is let through.
  if (view.hindrance === "pause" && state.client !== "connected") arrive(take(state.wire, countOf(state.wire)), emit);
  state.wireFree = 0;
  if (awaits === "handshake") {
    state.client = "dialled";
    return;
  }
  const burst = state.open;
  state.open = undefined;
  if (awaits === "connected" && state.client !== "closed") reconnect(state, emit);
  // Publishes made while a dial is in its handshake go out on the connection that it becomes.
  if (burst !== undefined) publish(bus, burst.step, burst);
  endTick(state);
  emit({ kind: "healed", step });
}

/** Heal all, settle, observe: what is on its way arrives. */
export function settle(state: BusState, profile: Profile, options: Options, choose: Choose, emit: Emit): void {
  const bus: Bus = { state, profile, options, choose, emit };
  const { view } = state;
  if (view.started && (view.link !== "up" || view.hindrance !== "none" || view.client !== "connected")) {
    emit({ kind: "phase", phase: "healed" });
    heal(bus, settleId, "connected");
    view.hindrance = "none";
  }
  land(state, choose, emit);
  emit({ kind: "phase", phase: "settled" });
}

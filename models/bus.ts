/**
 * The bus: its concerns composed into one transition system. `step` changes only the state it is given and is a function of
 * (state, step, answers). Start here.
 */
import type { Choose } from "./choice.ts";
import { endConnection, giveUp, land, notice, reconnect } from "./connection.ts";
import { loseAcks, releaseAcks, subscribe } from "./consumers.ts";
import { type Bus, flush, publish, raceWithCut } from "./core-path.ts";
import { publishDurable, raceDurableWithCut, viaOf, waitForReconnect } from "./durable-path.ts";
import { connectFirst, live, lookAround, type Served, served, settleWaitsMs, spendTime } from "./lifecycle.ts";
import { advance } from "./plan/advance.ts";
import { clientClosed, passTime, startProcess } from "./plan/life.ts";
import { callsMade, type PlannedStep, settleId } from "./plan/plan.ts";
import { copyView, isDurable } from "./plan/view.ts";
import { killServer, losePower, loseStore, makeStreams, stopServer, storeUnseen, tellStreams } from "./server.ts";
import { close, drain, endPeer, exitAtOnce, kill, stop } from "./shutdown.ts";
import { arrive, type BusState, countOf, type FrameRun, type OpenBurst, take } from "./state.ts";
import type { CallOutcome, Emit, EmitStep, Run } from "./vocabulary/event.ts";
import { frameBytes, pingBytes } from "./vocabulary/frame.ts";
import type { Profile } from "./vocabulary/profile.ts";
import {
  type CallStep,
  type Fault,
  type Options,
  type PublishStep,
  replicaOf,
  type Step,
  type StepId,
} from "./vocabulary/scenario.ts";

/** Does one planned step; `emitStep` is for who hears that steps begin and end, nearly half of all events, apart from all else. */
export function step(
  state: BusState,
  planned: PlannedStep,
  profile: Profile,
  options: Options,
  choose: Choose,
  emit: Emit,
  emitStep: EmitStep = emit,
): void {
  const { step, overlapping } = planned;
  const { id } = step;
  if (planned.skipped !== undefined) {
    emit({ kind: "skipped", step: id, what: step.kind, reason: planned.skipped });
    return;
  }
  const bus: Bus = { state, profile, options, choose, emit };
  emitStep({ kind: "step", step: id, phase: "began" });
  if (overlapping && step.kind === "publish") state.open = { step: id, ...numbered(bus, step) };
  else perform(bus, step);
  advance(state.view, step, overlapping, options, profile);
  const service = served(bus);
  if (service !== undefined && !overlapping) lookAround(service);
  emitStep({ kind: "step", step: id, phase: "ended" });
}

function perform(bus: Bus, step: Step): void {
  const { state, choose, emit } = bus;
  // What is on its way is there before another process is asked for anything.
  if (replicaOf(step) > 0) land(state, choose, emit);
  switch (step.kind) {
    case "start":
      start(bus, step.id, replicaOf(step));
      return;
    case "subscribe":
    case "signal":
    case "advance":
      serve(bus, step);
      return;
    case "together":
      for (const part of callsMade(step.steps)) call(bus, part);
      endTick(state);
      return;
    case "publish":
    case "flush":
    case "drain":
    case "close":
    case "exit":
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

function start(bus: Bus, step: StepId, replica: number): void {
  const { state, emit } = bus;
  const service = served(bus);
  if (service === undefined) {
    state.client = "connected";
    state.fresh = true;
    emit({ kind: "connection", change: "connected" });
    emit({ kind: "called", step, call: "start", outcome: { is: "ok" } });
    return;
  }
  if (replica === 0) live(service, startProcess(copyView(state.view), service, "scenario"));
  else {
    emit({ kind: "process", change: "started", replica, by: "scenario", atMs: state.view.nowMs });
    makeStreams(service.service.server);
  }
}

/** The steps that only a bus with a policy can be asked for. */
function serve(bus: Bus, step: Extract<Step, { kind: "subscribe" | "signal" | "advance" }>): void {
  const service = served(bus);
  if (service === undefined) throw new Error(`${step.kind} without a policy`);
  switch (step.kind) {
    case "advance":
      spendTime(service, step.id, step.ms);
      return;
    case "subscribe": {
      const { replica, subject, handler } = step;
      const isTaken = subscribe(service.service.server, replica, subject, handler);
      if (isTaken) bus.emit({ kind: "subscribed", replica, subject, handler });
      const outcome: CallOutcome = isTaken ? { is: "ok" } : { is: "failed", kind: "other" };
      bus.emit({ kind: "called", step: step.id, call: "subscribe", outcome });
      return;
    }
    case "signal":
      if (step.replica > 0) endPeer(service, step.replica, step.signal);
      else if (step.signal === "TERM") stop(service);
      else kill(bus);
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
    case "publish": {
      const burst = numbered(bus, step);
      if (burst.via?.durable === true) publishDurable(bus, step.id, burst);
      else publish(bus, step.id, burst);
      return;
    }
    case "exit":
      exitAtOnce(bus, step.id);
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

/** The step's messages: new ones, or those of the step that it does again. */
function numbered(bus: Bus, step: PublishStep): FrameRun {
  const { state, profile, options } = bus;
  const { count } = step;
  const known = state.service?.asked.find(one => one.step === step.again);
  const first = known?.first ?? state.nextMessage;
  if (known === undefined) state.nextMessage += count;
  const { policy } = state.view;
  if (state.service === undefined || policy === undefined)
    return { first, count, frameBytes: frameBytes(options.subject, step.bytes, profile) };
  if (known === undefined) state.service.asked = [...state.service.asked, { step: step.id, first }];
  return {
    first,
    count,
    ...viaOf(policy, profile, step, step.subject ?? options.subject, isDurable(state.view, step), first),
  };
}

function performFault(bus: Bus, step: StepId, fault: Fault): void {
  const { state, emit } = bus;
  const store = fault.kind === "stop-server" && fault.store === "lost" ? { store: fault.store } : {};
  emit({ kind: "fault", step, fault: fault.kind, phase: "installed", ...store });
  switch (fault.kind) {
    case "limit":
    case "lose-ack":
      // It takes effect at the publish that reaches it.
      return;
    case "no-jetstream":
    case "refuse-credentials":
    case "silent-handshake":
      break;
    case "hold":
    case "blackhole":
    case "pause-server":
      state.wireFree = countOf(state.wire);
      break;
    case "cut":
    case "stop-server":
    case "power-loss":
      endServer(bus, fault, goDown(bus, fault));
      break;
  }
  emit({ kind: "fault", step, fault: fault.kind, phase: "took-effect" });
}

/** What the streams keep of a server that ends; `before`: what they held when that began. */
function endServer({ state, choose, emit }: Bus, fault: Fault, before: readonly number[]): void {
  const server = state.service?.server;
  if (server === undefined) return;
  if (fault.kind === "power-loss") losePower(server, choose, emit);
  if (fault.kind !== "stop-server") return;
  if (fault.signal === "TERM") stopServer(server, before, choose, emit);
  else killServer(server, choose, emit);
  if (fault.store === "lost") loseStore(server, emit);
}

type EndingFault = Extract<Fault, { readonly kind: "cut" | "stop-server" | "power-loss" }>;

/** Gives back how much each stream held before. */
function goDown(bus: Bus, fault: EndingFault): readonly number[] {
  const { state, choose, emit } = bus;
  const server = state.service?.server;
  if (server === undefined) {
    endClient(bus, fault);
    return [];
  }
  const held = server.streams.map(({ log }) => countOf(log));
  const underWay = state.open === undefined ? state.wire : [...state.wire, state.open];
  const lost: Run[] = [];
  const noted: Emit = event => {
    if (event.kind === "ended" && event.place === "outbound or socket") lost.push(event);
    emit(event);
  };
  endClient({ ...bus, emit: noted }, fault);
  if (fault.kind === "stop-server") storeUnseen(server, underWay, lost, choose);
  return held;
}

function endClient(bus: Bus, fault: EndingFault): void {
  const { state, profile, choose, emit } = bus;
  const { awaits } = fault;
  const burst = state.open;
  state.open = undefined;
  // The calls that race with it meet the link as it is from now on.
  state.view.link = "down";
  if (burst === undefined) endConnection(state, choose, emit);
  else if (burst.via?.durable === true)
    raceDurableWithCut(bus, burst, fault.kind === "stop-server" && fault.signal === "TERM");
  else raceWithCut(bus, burst);
  endTick(state);
  if (state.service !== undefined) loseAcks(state.service.server);
  if (state.client === "closed" || state.client === "none" || awaits === "none") return;
  notice(state, emit);
  if (awaits !== "gave-up") return;
  giveUp(state, profile, emit);
  const service = served(bus);
  if (service !== undefined)
    live(service, clientClosed(copyView(state.view), service.policy.startup.whenClosed, "client-closed"));
}

/** The client's own PINGs stay unanswered until it gives the connection up. A blackhole has dropped what was sent; a paused server keeps it. */
function goStale(bus: Bus): void {
  const { state, profile, choose, emit } = bus;
  const isSilent = state.view.hindrance === "blackhole";
  if (isSilent) endConnection(state, choose, emit);
  else state.client = "lost";
  notice(state, emit);
  // Its next dial may reach the silent link before that is taken down.
  if (isSilent && profile.reconnect.silentDialPing === "counted")
    state.pendingBytes += choose("ping-counted", 0, 1) * pingBytes;
}

function heal(bus: Bus, step: StepId, awaits: "connected" | "handshake" | "none"): void {
  const { state, profile, choose, emit } = bus;
  const { view } = state;
  const service = served(bus);
  if (service !== undefined) healServer(service);
  if (view.hindrance === "blackhole") endConnection(state, choose, emit);
  // A paused server reads what the kernel kept for it before the client's next connection is let through.
  if (view.hindrance === "pause" && state.client !== "connected")
    arrive(state, take(state.wire, countOf(state.wire)), choose, emit);
  state.wireFree = 0;
  if (awaits === "handshake") {
    state.client = "dialled";
    return;
  }
  const burst = state.open;
  state.open = undefined;
  const isDurableBurst = burst?.via?.durable === true;
  if (burst !== undefined && isDurableBurst) outlast(bus, burst);
  else if (burst !== undefined && profile.duringHandshake === "kept") publish(bus, burst.step, burst);
  if (service !== undefined && view.process === "waiting") connectFirst(service, view.path);
  else if (awaits === "connected" && state.client !== "closed") reconnect(state, profile, emit);
  // Publishes made while a dial is in its handshake go out on the connection that it becomes.
  if (burst !== undefined && !isDurableBurst && profile.duringHandshake === "sent-after")
    publish(bus, burst.step, burst);
  endTick(state);
  emit({ kind: "healed", step });
}

/** The first of the publishes that wait through an outage was made while down; the others follow on the connection that comes back. */
function outlast(bus: Bus, burst: OpenBurst): void {
  const { step, ...run } = burst;
  bus.state.view.link = "up";
  const rest: FrameRun[] = [run];
  for (const one of take(rest, Math.min(1, run.count))) waitForReconnect(bus, step, one);
  for (const one of rest) publishDurable(bus, step, one);
}

/** What the server does when the fault ends: the link lets go of acknowledgements; JetStream comes with a restart of the server. */
function healServer({ state, service, policy, choose, emit }: Served): void {
  const { view } = state;
  if (view.hindrance === "hold") releaseAcks(service.server);
  else loseAcks(service.server);
  if (view.jetStream) return;
  view.jetStream = true;
  if (view.process !== "running" || state.client === "closed") return;
  endConnection(state, choose, emit);
  if (policy.startup.jetStreamProbe === "until-usable") makeStreams(service.server);
}

/** Heal all, settle, observe: what is on its way arrives. */
export function settle(state: BusState, profile: Profile, options: Options, choose: Choose, emit: Emit): void {
  const bus: Bus = { state, profile, options, choose, emit };
  const { view } = state;
  const isWrong = view.link !== "up" || view.hindrance !== "none" || !view.jetStream;
  if ((view.started || view.process === "exited") && (isWrong || (view.started && view.client !== "connected"))) {
    emit({ kind: "phase", phase: "healed" });
    heal(bus, settleId, "connected");
    advance(view, { id: settleId, kind: "heal", awaits: "connected" }, false, options, profile);
  }
  land(state, choose, emit);
  const service = served(bus);
  if (service !== undefined) settleService(service);
  emit({ kind: "phase", phase: "settled" });
}

/** A failed process is started again, and what waits for its acknowledgement is given again, as often as that can happen. */
function settleService(bus: Served): void {
  const { state, service, policy, emit } = bus;
  lookAround(bus);
  for (const ms of settleWaitsMs(policy)) {
    spendTime(bus, settleId, ms);
    passTime(state.view, ms, bus);
    lookAround(bus);
  }
  tellStreams(service.server, emit);
}

/**
 * The bus: its concerns composed into one transition system. `step` changes only the state it is given, and is a function of (state, step,
 * answers). Start here.
 */
import { live, spendTime } from "./befalling.ts";
import { endConnection, giveUp, land, notice, reconnect } from "./connection.ts";
import { loseAcks, releaseAcks, sendKeptAcks, subscribe } from "./consumers.ts";
import { flush, publish, raceWithCut } from "./core-path.ts";
import { healWithin, publishDurable, raceDurableWithCut, viaOf, waitForReconnect } from "./durable-path.ts";
import { kindOf } from "./faults/index.ts";
import { handleUnderWay, lookAround, type Served, served } from "./lifecycle.ts";
import { answerPending, cutPending, letPendingGoOn } from "./pending-calls.ts";
import {
  callsMade,
  healStartsServer,
  isDurable,
  type Life,
  type PlannedStep,
  type ScenarioStep,
  type SettleStep,
  type View,
} from "./plan/plan.ts";
import { dialsBeforeGivingUp } from "./policy/attempts.ts";
import { beginsLate } from "./policy/two-sides.ts";
import {
  killServer,
  losePower,
  loseStore,
  makeStreams,
  readIds,
  saysVia,
  stopServer,
  storeUnseen,
  tellStreams,
} from "./server.ts";
import { close, drain, endPeer, exitAtOnce, kill, stop } from "./shutdown.ts";
import { arrive, type Bus, type BusState, countOf, type FrameRun, lose, type OpenBurst, take } from "./state.ts";
import type { CallOutcome, Emit, EmitStep, Run } from "./vocabulary/event.ts";
import { frameBytes, pingBytes } from "./vocabulary/frame.ts";
import {
  type CallStep,
  type Fault,
  type HealStep,
  type PublishStep,
  replicaOf,
  type Step,
  type StepId,
} from "./vocabulary/scenario.ts";

/** The arguments of a step besides its plan. */
export interface Given extends Omit<Bus, "view"> {
  /** Receives the beginnings and ends of steps, which are nearly half of all events; absent: `emit` receives them. */
  readonly emitStep?: EmitStep;
}

/** Does one planned step; the last one is the end of the case. */
export function step(planned: PlannedStep, given: Given): void {
  if (planned.kind === "settle") settle(planned, given);
  else if (planned.skipped === undefined) doStep(planned, given);
  else {
    const { step, skipped } = planned;
    given.emit({ kind: "skipped", step: step.id, what: step.kind, reason: skipped.reason });
  }
}

function doStep(planned: ScenarioStep, given: Given): void {
  const { step, overlapping, before, after } = planned;
  const { state, profile, options, choose, emit, emitStep = emit } = given;
  const { id } = step;
  const bus: Bus = { state, view: before, profile, options, choose, emit };
  emitStep({ kind: "step", step: id, phase: "began" });
  if (overlapping && step.kind === "publish") state.open = openBurst(bus, step);
  else if (overlapping && (step.kind === "flush" || step.kind === "drain")) state.call = step;
  else perform(bus, planned);
  if (state.service !== undefined && !overlapping) seeWhatIsThere({ ...bus, view: after });
  emitStep({ kind: "step", step: id, phase: "ended" });
}

const openBurst = (bus: Bus, step: PublishStep): OpenBurst => {
  const burst = { step: step.id, ...numbered(bus, step) };
  return step.publishers === undefined ? burst : { ...burst, publishers: step.publishers };
};

function seeWhatIsThere(bus: Bus): void {
  const service = served(bus);
  if (service !== undefined) lookAround(service);
}

function perform(bus: Bus, planned: ScenarioStep): void {
  const { state, emit } = bus;
  const { step } = planned;
  const service = served(bus);
  if (service !== undefined && mayEndHandling(step)) handleUnderWay(service);
  // Messages on their way arrive before another process is asked for anything.
  if (state.service !== undefined && replicaOf(step) > 0) land(bus);
  switch (step.kind) {
    case "start":
      start(bus, step.id, replicaOf(step), planned.life);
      return;
    case "subscribe":
    case "signal":
    case "advance":
      serve(bus, step, planned);
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
      performFault(bus, step.id, step.fault, planned);
      return;
    case "await-noticed":
      emit({ kind: "awaits-notice", step: step.id });
      goStale(bus);
      return;
    case "heal":
      heal(bus, step.id, step, planned);
      return;
  }
}

/** True for a step after which a replica may be given nothing more, or cannot acknowledge it. */
const mayEndHandling = ({ kind }: Step): boolean =>
  kind === "fault" ||
  kind === "signal" ||
  kind === "close" ||
  kind === "drain" ||
  kind === "exit" ||
  kind === "together";

function start(bus: Bus, step: StepId, replica: number, life: readonly Life[]): void {
  const { state, view, emit } = bus;
  const service = served(bus);
  if (service === undefined) {
    state.client = "connected";
    state.fresh = true;
    emit({ kind: "connection", change: "connected" });
    emit({ kind: "called", step, call: "start", outcome: { is: "ok" } });
    return;
  }
  if (replica === 0) live(service, life);
  else {
    emit({ kind: "process", change: "started", replica, by: "scenario", atMs: view.nowMs });
    makeStreams(service.service.server);
  }
}

/** Does the steps that need a bus with a policy. */
function serve(
  bus: Bus,
  step: Extract<Step, { kind: "subscribe" | "signal" | "advance" }>,
  { life, after }: Befalling,
): void {
  const service = served(bus);
  if (service === undefined) throw new Error(`${step.kind} without a policy`);
  switch (step.kind) {
    case "advance":
      spendTime(service, step.id, { ms: step.ms, life, after });
      return;
    case "subscribe": {
      const { replica, subject, handler, takesMs } = step;
      const takes = takesMs === undefined ? {} : { takesMs };
      // What was sent before it on the same connection is stored before the consumer is made.
      if (beginsLate(service.service.server.policy)) land(bus);
      const isTaken = subscribe(service.service.server, step, bus.profile.jetStream.madeOverAnother);
      if (isTaken) bus.emit({ kind: "subscribed", replica, subject, handler, ...takes });
      const outcome: CallOutcome = isTaken ? { is: "ok" } : { is: "failed", kind: "other" };
      bus.emit({ kind: "called", step: step.id, call: "subscribe", outcome });
      return;
    }
    case "signal":
      if (step.replica > 0) endPeer(service, step.replica, step.signal);
      else if (step.signal === "TERM") stop(service, undefined, () => publishMeanwhile(service, step.meanwhile ?? []));
      else kill(bus);
      return;
  }
}

/** Publishes of a process that was told to stop: its bus refuses them, or hands them to the client as before. */
function publishMeanwhile(bus: Served, steps: readonly PublishStep[]): void {
  const { policy, state, emit } = bus;
  for (const step of steps) {
    if (policy.shutdown.intake === "open") {
      call(bus, step);
      endTick(state);
      continue;
    }
    const { via, ...run } = numbered(bus, step);
    const outcome = { is: "rejected", kind: "closed" } as const;
    emit({ kind: "published", step: step.id, ...run, outcome, ...saysVia(via) });
    lose([run], "refused", emit);
  }
}

/** The client's own loop has run, so nothing waits in its buffer for the tick to end. */
function endTick(state: BusState): void {
  state.unwrittenMessages = 0;
  state.unwrittenBytes = 0;
}

function call(bus: Bus, step: CallStep): void {
  switch (step.kind) {
    case "publish": {
      const burst = numbered(bus, step);
      if (burst.via?.durable === true) publishDurable(bus, step.id, burst);
      else publish(bus, step.id, burst, step.publishers);
      return;
    }
    case "exit":
      exitAtOnce(bus, step);
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

/** The messages of the step: new ones, or those of the step that it repeats. */
function numbered(bus: Bus, step: PublishStep): FrameRun {
  const { state, view, profile, options } = bus;
  const { count } = step;
  const known = state.service?.asked.find(one => one.step === step.again);
  const first = known?.first ?? state.nextMessage;
  if (known === undefined) state.nextMessage += count;
  const { policy } = view;
  if (state.service === undefined || policy === undefined)
    return { first, count, frameBytes: frameBytes(options.subject, step.bytes, profile) };
  if (known === undefined) state.service.asked = [...state.service.asked, { step: step.id, first }];
  return {
    first,
    count,
    ...viaOf(policy, profile, step, {
      subject: step.subject ?? options.subject,
      durable: isDurable(view, step),
      first,
    }),
  };
}

function performFault(bus: Bus, step: StepId, fault: Fault, befalling: Befalling): void {
  const { profile, options, emit } = bus;
  if (fault.kind === "stop-server" && fault.store === "lost")
    emit({ kind: "fault", step, fault: fault.kind, phase: "installed", store: fault.store });
  else emit({ kind: "fault", step, fault: fault.kind, phase: "installed" });
  const kind = kindOf(fault);
  kind.harm({ bus, fault, goDown: () => goDown(bus, fault as EndingFault, befalling) });
  if (kind.takesEffect !== "at-a-publish") emit({ kind: "fault", step, fault: fault.kind, phase: "took-effect" });
  if (fault.kind === "cut" && fault.dials === "all")
    emit({ kind: "dialled", step, count: dialsBeforeGivingUp(profile, options), end: "gave-up" });
}

/** Takes the link down, and the server with it where the fault ends that. */
function goDown(bus: Bus, fault: EndingFault, befalling: Befalling): void {
  endServer(bus, fault, endLink(bus, fault, befalling));
}

/** Applies the end of the server to its streams; `before` is what they held when it began. */
function endServer({ state, choose, emit }: Bus, fault: EndingFault, before: readonly number[]): void {
  const server = state.service?.server;
  if (server === undefined) return;
  if (fault.kind === "power-loss") losePower(server, choose, emit);
  if (fault.kind !== "stop-server") return;
  if (fault.signal === "TERM") stopServer(server, before, choose, emit);
  else killServer(server, choose, emit);
  if (fault.store === "lost") loseStore(server, emit);
}

/** The plan's answer to what a step does to process and link. */
type Befalling = Pick<ScenarioStep, "life" | "after">;

type EndingFault = Extract<Fault, { readonly kind: "cut" | "stop-server" | "power-loss" | "cut-server" }>;

/** Returns the number of messages that each stream held before. */
function endLink(bus: Bus, fault: EndingFault, befalling: Befalling): readonly number[] {
  const { state, choose, emit } = bus;
  const server = state.service?.server;
  if (server === undefined) {
    endClient(bus, fault, befalling);
    return [];
  }
  const held = server.streams.map(({ log }) => countOf(log));
  const underWay = state.open === undefined ? state.wire : [...state.wire, state.open];
  const lost: Run[] = [];
  const noted: Emit = event => {
    if (event.kind === "ended" && event.place === "outbound or socket") lost.push(event);
    emit(event);
  };
  endClient({ ...bus, emit: noted }, fault, befalling);
  if (fault.kind === "stop-server") storeUnseen(server, underWay, lost, { nowMs: bus.view.nowMs, choose, emit });
  return held;
}

function endClient(bus: Bus, fault: EndingFault, { life, after }: Befalling): void {
  const { state, profile, emit } = bus;
  const awaits = fault.kind === "cut-server" ? "noticed" : fault.awaits;
  const burst = state.open;
  state.open = undefined;
  answerPending(bus);
  if (burst === undefined) endConnection(bus);
  else race({ ...bus, view: after }, burst, fault);
  endTick(state);
  if (state.service !== undefined) loseAcks(state.service.server);
  if (state.client === "closed" || state.client === "none" || awaits === "none") return;
  notice(state, emit);
  cutPending(bus);
  if (awaits !== "gave-up") return;
  giveUp(state, profile, emit);
  const service = served({ ...bus, view: after });
  if (service !== undefined) live(service, life);
}

/** The calls that race with the end of the link meet it as it is from now on. */
function race(down: Bus, burst: OpenBurst, fault: EndingFault): void {
  if (burst.via?.durable !== true) raceWithCut(down, burst);
  else raceDurableWithCut(down, burst, fault.kind === "stop-server" && fault.signal === "TERM");
}

/**
 * The client's own PINGs stay unanswered until it gives the connection up. A blackhole has dropped the bytes sent; a paused server keeps
 * them.
 */
function goStale(bus: Bus): void {
  const { state, view, profile, choose, emit } = bus;
  const isSilent = view.hindrance === "blackhole";
  if (isSilent) endConnection(bus);
  else state.client = "lost";
  notice(state, emit);
  // The next dial may reach the silent link before the link is taken down.
  if (isSilent && profile.reconnect.silentDialPing === "counted")
    state.pendingBytes += choose("ping-counted", 0, 1) * pingBytes;
}

type Healing = Pick<HealStep, "awaits" | "afterAttempts">;

function heal(before: Bus, step: StepId, { awaits, afterAttempts }: Healing, { life, after }: Befalling): void {
  const bus = withJetStream(before);
  const { state, view, profile, emit } = bus;
  const service = served(bus);
  if (view.dialsAwaited > 0 && view.ended !== "closed")
    emit({ kind: "dialled", step, count: view.dialsAwaited, end: "healed" });
  if (service !== undefined) healServer(service, before.view);
  if (view.hindrance === "blackhole") {
    endConnection(bus);
    cutPending(bus);
  } else letPendingGoOn(bus);
  // A paused server reads what the kernel kept for it before the client's next connection is let through.
  if (view.hindrance === "pause" && state.client !== "connected") arrive(bus, take(state.wire, countOf(state.wire)));
  state.wireFree = 0;
  if (awaits === "handshake") {
    state.client = "dialled";
    return;
  }
  const burst = state.open;
  state.open = undefined;
  const isDurableBurst = burst?.via?.durable === true;
  // What was refused while down is published again once the client is connected.
  const isMadeBefore = profile.duringHandshake === "kept" && afterAttempts === undefined;
  if (burst !== undefined && isDurableBurst && afterAttempts !== undefined)
    healWithin({ ...bus, view: after }, burst, { afterAttempts, isDown: view.link === "down" });
  else if (burst !== undefined && isDurableBurst) outlast({ ...bus, view: after }, burst);
  else if (burst !== undefined && isMadeBefore) publishOpen(bus, burst);
  if (service !== undefined && (view.process === "waiting" || view.isOutside)) live(service, life);
  else if (awaits === "connected" && state.client !== "closed") reconnect(state, profile, emit);
  // Publishes made while a dial is in its handshake go out on the resulting connection.
  if (burst !== undefined && !isDurableBurst && !isMadeBefore) publishOpen(bus, burst);
  endTick(state);
  emit({ kind: "healed", step });
}

const publishOpen = (bus: Bus, { step, publishers, ...burst }: OpenBurst): void =>
  publish(bus, step, burst, publishers);

/**
 * The first of the publishes that wait through an outage was made while down; the others follow on the new connection. Asynchronous ones were
 * all made while down, and what a dial resets takes them all.
 */
function outlast(bus: Bus, burst: OpenBurst): void {
  const { step, ...run } = burst;
  const rest: FrameRun[] = [run];
  const isAllReset = run.via?.async === true && bus.profile.reconnectBuffer.kind === "reset-at-dial";
  for (const one of take(rest, isAllReset ? run.count : Math.min(1, run.count))) waitForReconnect(bus, step, one);
  for (const one of rest) publishDurable(bus, step, one);
}

/** A restart of the server brings JetStream, before anything else. */
const withJetStream = (bus: Bus): Bus =>
  bus.view.jetStream ? bus : { ...bus, view: { ...bus.view, jetStream: true } };

/** The server's part when the fault ends. The link lets go of acknowledgements; a server that was restarted has no connections. */
function healServer(bus: Served, before: View): void {
  const { state, view, service, policy } = bus;
  const { server } = service;
  if (view.hindrance === "hold") releaseAcks(server, bus.emit);
  else loseAcks(server);
  sendKeptAcks(server, bus.emit);
  if (healStartsServer(before)) readIds(server, view.nowMs);
  if (before.jetStream || view.process !== "running" || state.client === "closed") return;
  // What arrives before the server is started anew meets the one without JetStream.
  endConnection({ ...bus, view: { ...view, jetStream: false } });
  if (policy.startup.jetStreamProbe === "until-usable") makeStreams(server);
}

/** Heals all, settles and observes: everything on its way arrives. */
function settle(planned: SettleStep, { state, profile, options, choose, emit }: Given): void {
  const { step, before, heals, life, healed } = planned;
  const bus: Bus = { state, view: before, profile, options, choose, emit };
  if (heals) {
    emit({ kind: "phase", phase: "healed" });
    heal(bus, step.id, { awaits: "connected" }, { life, after: healed });
  }
  const calm: Bus = heals ? { state, view: healed, profile, options, choose, emit } : bus;
  land(calm);
  if (state.service !== undefined) settleService(calm, planned);
  if (planned.after.ended === "closed" && state.client === "closed") emit({ kind: "closed-client", is: "gone" });
  emit({ kind: "phase", phase: "settled" });
}

/** A failed process is started again, and unacknowledged messages are redelivered, as often as that can happen. */
function settleService(calm: Bus, { step, passes }: SettleStep): void {
  let bus = calm;
  seeWhatIsThere(bus);
  for (const pass of passes) {
    const service = served(bus);
    if (service !== undefined) spendTime(service, step.id, pass);
    bus = { ...bus, view: pass.after };
    seeWhatIsThere(bus);
  }
  const server = bus.state.service?.server;
  if (server !== undefined) tellStreams(server, bus.view.nowMs, bus.choose, bus.emit);
}

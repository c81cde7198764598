/**
 * What the events say about the disturbance: is a fault in force, is the client surely down, did every fault take effect while
 * messages were under way. Properties build on the first two; the last decides between a verdict and "inconclusive".
 */
import type { Event } from "../models/vocabulary/event.ts";
import type { StepId } from "../models/vocabulary/scenario.ts";

export interface Disturbance {
  /** Steps whose fault has not been healed. */
  inForce: StepId[];
  /** A fault that may end the connection was put in force and the client has not said since that it is back. */
  outage: boolean;
  /** The client's last word. */
  client: "none" | "connected" | "disconnected" | "closed";
  /** The step that is being done; a publish told under another step was overlapped. */
  step: StepId;
  /** The client was surely down when that step began. */
  downAtStep: boolean;
}

export const newDisturbance = (): Disturbance => ({
  inForce: [],
  outage: false,
  client: "none",
  step: "",
  downAtStep: false,
});

export function trackDisturbance(state: Disturbance, event: Event): void {
  switch (event.kind) {
    case "step":
      state.step = event.step;
      if (event.phase === "began") state.downAtStep = isSurelyDown(state);
      return;
    case "fault":
      if (event.phase !== "installed") return;
      state.inForce.push(event.step);
      if (event.fault !== "hold") state.outage = true;
      return;
    case "healed":
      state.inForce = [];
      return;
    case "connection":
      state.client = event.change === "reconnected" ? "connected" : event.change;
      if (state.client === "connected") state.outage = false;
      return;
    default:
      return;
  }
}

/** No fault is in force, none is left to be noticed, and the client says that it is connected. */
export const isCalm = (state: Disturbance): boolean =>
  state.inForce.length === 0 && !state.outage && state.client === "connected";

/** The client has said that it is down, and nothing that could let it back has begun. */
export const isSurelyDown = (state: Disturbance): boolean =>
  state.inForce.length > 0 && state.client === "disconnected";

/** Whether the run shows anything: faults with their proof, and messages under way meanwhile. */
export interface EffectState {
  readonly now: Disturbance;
  readonly installed: Map<StepId, { fault: string; tookEffect: boolean; touched: number }>;
  unflushed: number;
  /** Acknowledged by a stream: what the end of a server may take. */
  stored: number;
  published: number;
  /** Processes that started while a fault was in force, or ended: what a run without a message may be about. */
  processes: number;
  publishedWhileDown: number;
  disconnects: number;
  reconnects: number;
  readonly notAwaited: string[];
  /** Faults that the scenario names and that could not be done there. */
  readonly skippedFaults: string[];
  /** The application has closed or drained: what the client says of its connection is no outage any more. */
  ended: boolean;
}

export const newEffect = (): EffectState => ({
  now: newDisturbance(),
  installed: new Map(),
  unflushed: 0,
  stored: 0,
  published: 0,
  processes: 0,
  publishedWhileDown: 0,
  disconnects: 0,
  reconnects: 0,
  notAwaited: [],
  skippedFaults: [],
  ended: false,
});

export function trackEffect(state: EffectState, event: Event): void {
  trackDisturbance(state.now, event);
  switch (event.kind) {
    case "fault": {
      const known = state.installed.get(event.step);
      if (event.phase === "took-effect" && known !== undefined) known.tookEffect = true;
      // Publishes sent since the last flush may still be under way when the fault comes.
      if (event.phase === "installed") {
        const touched = state.unflushed + (endsServer(event.fault) ? state.stored : 0);
        state.installed.set(event.step, { fault: event.fault, tookEffect: false, touched });
      }
      return;
    }
    case "published":
      state.published += event.count;
      state.unflushed += event.count;
      if (event.outcome.is === "acked") state.stored += event.count;
      // A call refused because the application itself had ended the connection met no fault.
      if (state.ended && event.outcome.is === "rejected" && event.outcome.kind !== "buffer-full") return;
      for (const step of state.now.inForce) touch(state, step, event.count);
      if (isSurelyDown(state.now)) state.publishedWhileDown += event.count;
      return;
    case "called":
      if (event.call === "flush" && event.outcome.is === "ok") state.unflushed = 0;
      if (event.call === "close" || event.call === "drain") state.ended = true;
      return;
    case "skipped":
      if (event.what === "fault") state.skippedFaults.push(`the fault of ${event.step} was skipped: ${event.reason}`);
      return;
    case "process":
      if (event.change === "stopping") return;
      if (event.change === "started") for (const step of state.now.inForce) touch(state, step, 1);
      if (event.change === "exited" || state.now.inForce.length > 0) state.processes++;
      return;
    case "connection":
      if (event.change === "disconnected" && !state.ended) state.disconnects++;
      if (event.change === "reconnected") state.reconnects++;
      return;
    case "not-awaited":
      state.notAwaited.push(`${event.step} waited in vain for ${event.what}`);
      return;
    default:
      return;
  }
}

function touch(state: EffectState, step: StepId, count: number): void {
  const known = state.installed.get(step);
  if (known !== undefined) known.touched += count;
}

const endsServer = (fault: string): boolean => fault === "stop-server" || fault === "power-loss";

/** Faults proven to have taken effect while messages were under way or stored, or a process was starting. */
export const isDisturbed = (state: EffectState): boolean =>
  [...state.installed.values()].some(one => one.tookEffect && one.touched > 0);

/** Why the run proves nothing, or undefined. */
export function whyVacuous(state: EffectState): string | undefined {
  if (state.published === 0 && state.processes === 0) return "nothing was published";
  const [skipped] = state.skippedFaults;
  if (skipped !== undefined) return skipped;
  const [wait] = state.notAwaited;
  if (wait !== undefined) return wait;
  for (const [step, one] of state.installed) {
    if (!one.tookEffect) return `the fault of ${step} (${one.fault}) never took effect`;
    if (one.touched === 0)
      return `the fault of ${step} (${one.fault}) met no message: none was under way and none was published until it was healed`;
  }
  return undefined;
}

/**
 * The evidence in a run: did every fault take effect while messages were under way? It decides between a verdict and "inconclusive", and is
 * no promise.
 */
import { type Fault, isMomentary, type StepId } from "../models/vocabulary/scenario.ts";
import { isSurelyDown } from "./disturbance.ts";
import type { Hearing } from "./property.ts";
import { newSeen, onSeen, type Seen } from "./seen.ts";

export interface Installed {
  readonly step: StepId;
  readonly fault: Fault["kind"];
  /** The fault is over at once, and never in force. */
  readonly momentary: boolean;
  tookEffect: boolean;
  /** Messages under way when it came, or published while it was in force. */
  touched: number;
}

export interface EffectState {
  readonly seen: Seen;
  /** Listed in the order in which they came: those in force are the last. */
  readonly installed: Installed[];
  /** Faults that were over at once, and that nothing has met yet. */
  readonly unmet: Installed[];
  unflushed: number;
  /** Messages acknowledged by a stream, which the end of a server may take. */
  stored: number;
  published: number;
  /** Processes that started or ended while a fault was in force: the subject of a run without messages. */
  processes: number;
  publishedWhileDown: number;
  disconnects: number;
  reconnects: number;
  readonly notAwaited: string[];
  /** Faults that the scenario names and that could not be done there. */
  readonly skippedFaults: string[];
  /** The application has closed or drained, so its client's reports no longer mean an outage. */
  ended: boolean;
}

export const newEffect = (seen: Seen = newSeen()): EffectState => ({
  seen,
  installed: [],
  unmet: [],
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

export const hearsEffect = {
  fault({ installed, unmet, unflushed, stored }, { step, fault, phase }) {
    if (phase === "installed") {
      // Publishes sent since the last flush may still be under way when the fault comes.
      const touched = unflushed + (endsServer(fault) ? stored : 0);
      const one = { step, fault, momentary: isMomentary(fault), tookEffect: false, touched };
      installed.push(one);
      // One that cuts off a server of a pool may be over by the next publish, too.
      if (one.momentary || fault === "cut-server") unmet.push(one);
      return;
    }
    for (let i = installed.length - 1; i >= 0; i--) {
      const one = installed[i] as Installed;
      if (one.step !== step) continue;
      one.tookEffect = true;
      return;
    }
  },
  published(state, { count, outcome }) {
    state.published += count;
    state.unflushed += count;
    if (outcome.is === "acked") state.stored += count;
    // A call refused because the application itself had ended the connection met no fault.
    if (state.ended && outcome.is === "rejected" && outcome.kind !== "buffer-full") return;
    touchInForce(state, count);
    if (isSurelyDown(state.seen.now)) state.publishedWhileDown += count;
  },
  called(state, { call, outcome }) {
    if (call === "flush" && outcome.is === "ok") state.unflushed = 0;
    if (call === "close" || call === "drain") state.ended = true;
  },
  skipped({ skippedFaults }, { what, step, reason }) {
    if (what === "fault") skippedFaults.push(`the fault of ${step} was skipped: ${reason}`);
  },
  process(state, { change }) {
    if (change === "stopping") return;
    if (change === "started") touchInForce(state, 1);
    if (change === "exited" || state.seen.now.inForce > 0) state.processes++;
  },
  connection(state, { change }) {
    if (change === "disconnected" && !state.ended) state.disconnects++;
    if (change === "reconnected") state.reconnects++;
  },
  "not-awaited"({ notAwaited }, { step, what }) {
    notAwaited.push(`${step} gave up waiting for ${what}`);
  },
} satisfies Hearing<EffectState>;
export const trackEffect = onSeen<EffectState>(hearsEffect);

function touchInForce({ seen, installed, unmet }: EffectState, count: number): void {
  for (let i = installed.length - 1, left = seen.now.inForce; i >= 0 && left > 0; i--) {
    const one = installed[i] as Installed;
    if (one.momentary) continue;
    one.touched += count;
    left--;
  }
  if (unmet.length === 0) return;
  // A fault that is over at once is met by what is published next.
  for (const one of unmet) one.touched += count;
  unmet.length = 0;
}

const endsServer = (fault: string): boolean => fault === "stop-server" || fault === "power-loss";

/** Faults proven to have taken effect while messages were under way or stored, or a process was starting. */
export const isDisturbed = ({ installed }: EffectState): boolean =>
  installed.some(one => one.tookEffect && one.touched > 0);

/**
 * The reason why the run proves nothing, or undefined. A case that broke something once is worth its verdict without a message: it is the
 * course that counts.
 */
export function whyVacuous(
  { published, processes, installed, skippedFaults, notAwaited }: EffectState,
  { isRegression = false }: { readonly isRegression?: boolean | undefined } = {},
): string | undefined {
  const [wait] = notAwaited;
  if (published === 0 && processes === 0 && !isRegression) return wait ?? "nothing was published";
  const [skipped] = skippedFaults;
  if (skipped !== undefined) return skipped;
  if (wait !== undefined) return wait;
  for (const { step, fault, tookEffect, touched } of installed) {
    if (!tookEffect) return `the fault of ${step} (${fault}) never took effect`;
    if (touched === 0 && !isRegression)
      return `the fault of ${step} (${fault}) met no message: none was under way and none was published until it was healed`;
  }
  return undefined;
}

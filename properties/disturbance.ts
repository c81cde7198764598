/** Disturbances according to the events: is a fault in force, and is the client surely down? Read as `seen.now`. */
import { isMomentary, type StepId } from "../models/vocabulary/scenario.ts";
import { type Hearing, onEach } from "./property.ts";

export interface Disturbance {
  /** Faults that have not been healed. */
  inForce: number;
  /** A fault that may end the connection was put in force, and the client has not reported since that it is back. */
  outage: boolean;
  /** The last fault cut off one server of a pool: it is over for a client that is back. */
  hops: boolean;
  /** The client's last report. */
  client: "none" | "connected" | "disconnected" | "closed";
  /** The step under way; a publish reported under another step was overlapped. */
  step: StepId;
  /** The client was surely down when that step began. */
  downAtStep: boolean;
}

export const newDisturbance = (): Disturbance => ({
  inForce: 0,
  outage: false,
  hops: false,
  client: "none",
  step: "",
  downAtStep: false,
});

export const disturb = {
  step(state, { step, phase }) {
    state.step = step;
    if (phase === "began") state.downAtStep = isSurelyDown(state);
  },
  fault(state, { fault, phase }) {
    // A momentary fault shows in the client's reports, or not at all.
    if (phase !== "installed" || isMomentary(fault)) return;
    state.inForce++;
    state.hops = fault === "cut-server";
    if (fault !== "hold") state.outage = true;
  },
  healed(state) {
    state.inForce = 0;
  },
  connection(state, { change }) {
    state.client = change === "reconnected" ? "connected" : change;
    if (state.client !== "connected") return;
    state.outage = false;
    if (state.hops) state.inForce = 0;
  },
} satisfies Hearing<Disturbance>;

/** The `on` for a fold that has no `seen`. */
export const trackDisturbance = onEach<Disturbance>(disturb);

/** No fault is in force, none is left to be noticed, and the client reports that it is connected. */
export const isCalm = (state: Disturbance): boolean =>
  state.inForce === 0 && !state.outage && state.client === "connected";

/** The client has reported that it is down, and nothing that could bring it back has begun. */
export const isSurelyDown = (state: Disturbance): boolean => state.inForce > 0 && state.client === "disconnected";

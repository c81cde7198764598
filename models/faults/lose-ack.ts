/** The next acknowledgement of a stream is cut off, and its connection with it; every dial is refused until the heal. */
import { faultInForce, givesUp, notStarted, pings, timersRace, unjudgeable } from "../plan/reasons.ts";
import { bitOf } from "../plan/view.ts";
import { type FaultKind, type FaultOf, noLife, onlyLetter } from "./fault.ts";

const givenCounts = unjudgeable("what the process is given would count against it");

export const loseAck: FaultKind<FaultOf<"lose-ack">> = {
  kind: "lose-ack",
  capability: "lose-ack",
  needsPolicy: true,
  takesEffect: "at-a-publish",
  notEnabledBeforeStart: () => notStarted,
  notEnabled(view, _fault, setting) {
    if (view.hindrance !== "none") return faultInForce;
    if ((view.subscribed & bitOf(0)) > 0) return givenCounts;
    return pings(setting) || givesUp(setting) ? timersRace : undefined;
  },
  install(view, step) {
    view.hindrance = "lose-ack";
    view.limitStep = step;
    return noLife;
  },
  harm() {},
  words: () => "cut the link at the next acknowledgement",
  letters: () => onlyLetter({ kind: "lose-ack" }),
};

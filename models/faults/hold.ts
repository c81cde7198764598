/** Upstream bytes are kept in the link, in order, until the heal. */
import { faultInForce, givesUp, notStarted, pings, timersRace } from "../plan/reasons.ts";
import { countOf } from "../state.ts";
import { type FaultKind, type FaultOf, noLife, onlyLetter } from "./fault.ts";

export const hold: FaultKind<FaultOf<"hold">> = {
  kind: "hold",
  capability: "hold",
  notEnabledBeforeStart: () => notStarted,
  notEnabled(view, _fault, setting) {
    if (view.hindrance !== "none") return faultInForce;
    return pings(setting) || givesUp(setting) ? timersRace : undefined;
  },
  install(view) {
    view.hindrance = "hold";
    return noLife;
  },
  harm({ bus: { state } }) {
    state.wireFree = countOf(state.wire);
  },
  words: () => "hold what the client sends",
  letters: () => onlyLetter({ kind: "hold" }),
};

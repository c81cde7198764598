/** Upstream bytes are dropped silently. The heal ends the connection. */
import { faultInForce, givesUp, givingUpRaces, notStarted } from "../plan/reasons.ts";
import { countOf } from "../state.ts";
import { type FaultKind, type FaultOf, noLife, onlyLetter } from "./fault.ts";

export const blackhole: FaultKind<FaultOf<"blackhole">> = {
  kind: "blackhole",
  capability: "blackhole",
  greetsDials: true,
  notEnabledBeforeStart: () => notStarted,
  notEnabled(view, _fault, setting) {
    if (view.hindrance !== "none") return faultInForce;
    return givesUp(setting) ? givingUpRaces : undefined;
  },
  install(view) {
    view.hindrance = "blackhole";
    return noLife;
  },
  harm({ bus: { state } }) {
    state.wireFree = countOf(state.wire);
  },
  words: () => "drop what the client sends",
  letters: () => onlyLetter({ kind: "blackhole" }),
};

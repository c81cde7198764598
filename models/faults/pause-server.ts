/** The server process stands still, and the kernel keeps what is sent to it; the heal lets it go on. */
import { faultInForce, givesUp, givingUpRaces, notStarted, resetDrops, resets } from "../plan/reasons.ts";
import { countOf } from "../state.ts";
import { type FaultKind, type FaultOf, noLife, onlyLetter } from "./fault.ts";

export const pauseServer: FaultKind<FaultOf<"pause-server">> = {
  kind: "pause-server",
  capability: "pause-server",
  // The server greets when it goes on, and the dial's time may be over by then.
  greetsDials: true,
  notEnabledBeforeStart: () => notStarted,
  notEnabled(view, _fault, setting) {
    if (view.hindrance !== "none") return faultInForce;
    if (resets(setting)) return resetDrops;
    return givesUp(setting) ? givingUpRaces : undefined;
  },
  install(view) {
    view.hindrance = "pause";
    return noLife;
  },
  harm({ bus: { state } }) {
    state.wireFree = countOf(state.wire);
  },
  words: () => "pause the server",
  letters: () => onlyLetter({ kind: "pause-server" }),
};

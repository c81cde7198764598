/** The server refuses the bus's credentials until the heal. It is possible only before a process starts. */
import { processStarted } from "../plan/reasons.ts";
import { restartServer } from "../server.ts";
import { type FaultKind, type FaultOf, noLife, onlyLetter } from "./fault.ts";

export const refuseCredentials: FaultKind<FaultOf<"refuse-credentials">> = {
  kind: "refuse-credentials",
  capability: "refuse-credentials",
  needsPolicy: true,
  notEnabledBeforeStart: () => undefined,
  notEnabled: () => processStarted,
  install(view) {
    view.mayLackStreams = true;
    view.link = "down";
    view.door = "refuses";
    return noLife;
  },
  harm({ bus: { state, choose, emit } }) {
    if (state.service !== undefined) restartServer(state.service.server, choose, emit);
  },
  words: () => "the server refuses the credentials",
  letters: () => onlyLetter({ kind: "refuse-credentials" }),
};

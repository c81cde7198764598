/** The server runs without JetStream until the heal. It is possible only before a process starts. */
import { processStarted } from "../plan/reasons.ts";
import { operate, restartServer } from "../server.ts";
import { type FaultKind, type FaultOf, noLife, onlyLetter } from "./fault.ts";

export const noJetStream: FaultKind<FaultOf<"no-jetstream">> = {
  kind: "no-jetstream",
  capability: "no-jetstream",
  needsPolicy: true,
  notEnabledBeforeStart: () => undefined,
  notEnabled: () => processStarted,
  install(view) {
    view.mayLackStreams = true;
    view.jetStream = false;
    return noLife;
  },
  /** Its operator makes the streams again when it has one, and nobody can look for them before. */
  harm({ bus: { state, choose, emit } }) {
    if (state.service === undefined) return;
    restartServer(state.service.server, choose, emit);
    operate(state.service.server);
  },
  words: () => "the server has no JetStream",
  letters: () => onlyLetter({ kind: "no-jetstream" }),
};

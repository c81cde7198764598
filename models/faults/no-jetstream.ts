/** The server runs without JetStream until the heal. It is possible only before a process starts. */
import { processStarted } from "../plan/reasons.ts";
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
  harm() {},
  words: () => "the server has no JetStream",
  letters: () => onlyLetter({ kind: "no-jetstream" }),
};

/** Dials are accepted, and the server never greets until the heal. It is possible only before a process starts. */
import { processStarted } from "../plan/reasons.ts";
import { type FaultKind, type FaultOf, noLife, onlyLetter } from "./fault.ts";

export const silentHandshake: FaultKind<FaultOf<"silent-handshake">> = {
  kind: "silent-handshake",
  capability: "silent-handshake",
  needsPolicy: true,
  notEnabledBeforeStart: () => undefined,
  notEnabled: () => processStarted,
  install(view) {
    view.link = "down";
    view.door = "silent";
    return noLife;
  },
  harm() {},
  words: () => "the server accepts dials and never greets",
  letters: () => onlyLetter({ kind: "silent-handshake" }),
};

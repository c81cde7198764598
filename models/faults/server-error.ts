/**
 * The server says `-ERR` on the client's connection, and may end it. The fault is over at once, and its consequences depend on the client
 * (F-138 to F-141 of docs/facts.md). The link is flushed before, so nothing is under way.
 */
import { closeForGood, endConnection, notice, reconnect } from "../connection.ts";
import {
  faultInForce,
  givesUp,
  notStarted,
  pings,
  resetDrops,
  resets,
  timersRace,
  unjudgeable,
} from "../plan/reasons.ts";
import { isCalm } from "../plan/view.ts";
import type { Profile } from "../vocabulary/profile.ts";
import { serverErrorTexts } from "../vocabulary/scenario.ts";
import { type FaultKind, type FaultOf, noLife } from "./fault.ts";

type ServerError = FaultOf<"server-error">;

const needsFlush = unjudgeable("what is under way as the server says it may be lost or not");
const underPolicy = unjudgeable("what a service does at it was not measured");
const saidTwice = unjudgeable("what a client makes of a second refusal depends on the first");

/** The client stays connected, connects anew, or closes for good. */
export const outcomeOf = ({ serverError }: Profile, { text, closes }: ServerError): "kept" | "reconnects" | "closes" =>
  serverError[text] === "kept" && closes ? "reconnects" : serverError[text];

export const serverError: FaultKind<ServerError> = {
  kind: "server-error",
  capability: "server-error",
  notEnabledBeforeStart: () => notStarted,
  notEnabled(view, { text, closes }, setting) {
    if (view.policy !== undefined) return underPolicy;
    if (!isCalm(view)) return faultInForce;
    if (pings(setting) || givesUp(setting)) return timersRace;
    if (!view.quiet) return needsFlush;
    if (text === "authorization" && view.refused) return saidTwice;
    return closes && resets(setting) ? resetDrops : undefined;
  },
  install(view, _step, fault, { profile }) {
    const outcome = outcomeOf(profile, fault);
    view.refused ||= fault.text === "authorization";
    if (outcome === "reconnects") view.quiet = false;
    if (outcome !== "closes") return noLife;
    view.ended = "closed";
    view.client = "disconnected";
    return noLife;
  },
  harm({ bus, fault }) {
    const { state, profile, emit } = bus;
    const outcome = outcomeOf(profile, fault);
    if (outcome === "kept") {
      // The link was flushed before, and that is a round trip.
      state.fresh = false;
      return;
    }
    endConnection(bus);
    notice(state, emit);
    if (outcome === "reconnects") reconnect(state, profile, emit);
    else closeForGood(state, ["closed"], "reconnect buffer", emit);
  },
  words: ({ text, closes }) =>
    `the server says -ERR, ${wordsFor[text]}, and ${closes ? "ends the connection" : "goes on"}`,
  letters: ({ policy }) =>
    (policy === undefined ? serverErrorTexts : []).flatMap(text =>
      [false, true].map(closes => {
        const fault = { kind: "server-error", text, closes } as const;
        return {
          name: `server-error, ${text}${closes ? ", and the end of the connection" : ""}`,
          fault: () => fault,
          // A refusal is remembered by the server.
          consequences: profile => `${outcomeOf(profile, fault)}${text === "authorization" ? ", refused" : ""}`,
        };
      }),
    ),
};

const wordsFor: Readonly<Record<ServerError["text"], string>> = {
  unknown: "an unknown text",
  stale: "stale connection",
  authorization: "authorization violation",
  permissions: "permissions violation",
};

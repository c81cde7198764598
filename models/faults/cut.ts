/** The connection ends, and every dial is refused until the heal. */
import { advanceDown } from "../plan/down.ts";
import { clientClosed } from "../plan/life.ts";
import {
  awaitNotEnabled,
  awaitNotEnabledBeforeStart,
  connectionEnded,
  dialsNotEnabled,
  faultInForce,
  impossible,
  pings,
  pingsRace,
  unjudgeable,
} from "../plan/reasons.ts";
import { isSilent } from "../plan/view.ts";
import type { FaultAwait } from "../vocabulary/scenario.ts";
import { type FaultKind, type FaultLetter, type FaultOf, noLife } from "./fault.ts";

const serverPaused = unjudgeable("the server is paused");
const nobodyDials = impossible("there is no client whose dials could be counted");

export const awaitable: readonly FaultAwait[] = ["noticed", "none", "gave-up"];
export const awaitText = (awaits: FaultAwait): string =>
  awaits === "none" ? "waiting for nothing" : `await ${awaits}`;

const dialsText = (dials: number | "all"): string =>
  dials === "all" ? ", every dial counted" : `, for ${dials} dial${dials === 1 ? "" : "s"}`;

/** Two outages of one dial take the two attempts of a client that does not begin to count anew. */
const countedLetters: readonly FaultLetter<FaultOf<"cut">>[] = [
  { name: "cut, for 1 dial", fault: () => ({ kind: "cut", awaits: "noticed", dials: 1 }) },
  { name: "cut, every dial counted", fault: () => ({ kind: "cut", awaits: "gave-up", dials: "all" }) },
];

export const cut: FaultKind<FaultOf<"cut">> = {
  kind: "cut",
  capability: "cut",
  outlivesClient: true,
  notEnabledBeforeStart: ({ awaits, dials }) =>
    dials === undefined ? awaitNotEnabledBeforeStart(awaits) : nobodyDials,
  notEnabled(view, { awaits, dials }, setting) {
    if (view.ended === "closed" && dials !== undefined) return nobodyDials;
    if (view.ended !== "no") return view.ended === "stuck" ? connectionEnded : undefined;
    if (view.hindrance === "pause") return serverPaused;
    if (isSilent(view) && pings(setting)) return pingsRace;
    if (dials !== undefined)
      return view.hindrance === "none"
        ? dialsNotEnabled(view.policy !== undefined, awaits, dials, setting)
        : faultInForce;
    return awaitNotEnabled(view.policy !== undefined, awaits, setting);
  },
  install(view, _step, { awaits, dials }) {
    advanceDown(view, awaits);
    if (typeof dials === "number") view.dialsAwaited = dials;
    if (view.policy === undefined) return noLife;
    view.serverUp = true;
    return awaits === "gave-up" ? clientClosed(view, view.policy, "client-closed") : noLife;
  },
  harm: ({ goDown }) => goDown(),
  words: ({ awaits, dials }) => `cut the link, ${awaitText(awaits)}${dials === undefined ? "" : dialsText(dials)}`,
  letters: ({ policy }) => [
    ...awaitable.map(awaits => ({ name: `cut, await ${awaits}`, fault: () => ({ kind: "cut", awaits }) as const })),
    ...(policy === undefined ? countedLetters : []),
  ],
};

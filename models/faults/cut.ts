/** The connection ends, and every dial is refused until the heal. */
import { advanceDown } from "../plan/down.ts";
import { clientClosed } from "../plan/life.ts";
import {
  awaitNotEnabled,
  awaitNotEnabledBeforeStart,
  connectionEnded,
  pings,
  pingsRace,
  unjudgeable,
} from "../plan/reasons.ts";
import { isSilent } from "../plan/view.ts";
import type { FaultAwait } from "../vocabulary/scenario.ts";
import { type FaultKind, type FaultOf, noLife } from "./fault.ts";

const serverPaused = unjudgeable("the server is paused");

export const awaitable: readonly FaultAwait[] = ["noticed", "none", "gave-up"];
export const awaitText = (awaits: FaultAwait): string =>
  awaits === "none" ? "waiting for nothing" : `await ${awaits}`;

export const cut: FaultKind<FaultOf<"cut">> = {
  kind: "cut",
  capability: "cut",
  outlivesClient: true,
  notEnabledBeforeStart: ({ awaits }) => awaitNotEnabledBeforeStart(awaits),
  notEnabled(view, { awaits }, setting) {
    if (view.ended !== "no") return view.ended === "stuck" ? connectionEnded : undefined;
    if (view.hindrance === "pause") return serverPaused;
    if (isSilent(view) && pings(setting)) return pingsRace;
    return awaitNotEnabled(view.policy !== undefined, awaits, setting);
  },
  install(view, _step, { awaits }) {
    advanceDown(view, awaits);
    if (view.policy === undefined) return noLife;
    view.serverUp = true;
    return awaits === "gave-up" ? clientClosed(view, view.policy.startup.whenClosed, "client-closed") : noLife;
  },
  harm: ({ goDown }) => goDown(),
  words: ({ awaits }) => `cut the link, ${awaitText(awaits)}`,
  letters: () =>
    awaitable.map(awaits => ({ name: `cut, await ${awaits}`, fault: () => ({ kind: "cut", awaits }) as const })),
};

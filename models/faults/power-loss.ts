/** The machine of the server loses power: a stated crash model, which no live world runs. */
import { advanceDown } from "../plan/down.ts";
import { clientClosed } from "../plan/life.ts";
import { awaitNotEnabled, faultInForce, notStarted } from "../plan/reasons.ts";
import { hasQueueConsumer } from "../plan/view.ts";
import { awaitText } from "./cut.ts";
import { type FaultKind, type FaultOf, noLife, onlyLetter } from "./fault.ts";
import { acksUnknown } from "./stop-server.ts";

export const powerLoss: FaultKind<FaultOf<"power-loss">> = {
  kind: "power-loss",
  capability: "power-loss",
  needsPolicy: true,
  notEnabledBeforeStart: () => notStarted,
  notEnabled(view, { awaits }, setting) {
    if (view.hindrance !== "none") return faultInForce;
    if (hasQueueConsumer(view)) return acksUnknown;
    return awaitNotEnabled(view.policy !== undefined, awaits, setting);
  },
  install(view, _step, { awaits }) {
    advanceDown(view, awaits);
    if (view.policy === undefined) return noLife;
    view.serverUp = false;
    view.mayLackStreams = true;
    return awaits === "gave-up" ? clientClosed(view, view.policy, "client-closed") : noLife;
  },
  harm: ({ goDown }) => goDown(),
  words: ({ awaits }) => `the server loses power, ${awaitText(awaits)}`,
  letters: () => onlyLetter({ kind: "power-loss", awaits: "noticed" }),
};

/** The server process ends and comes back at the heal, with its streams or without. */
import { advanceDown } from "../plan/down.ts";
import { clientClosed } from "../plan/life.ts";
import { awaitNotEnabled, awaitNotEnabledBeforeStart, faultInForce, unjudgeable } from "../plan/reasons.ts";
import { hasQueueConsumer } from "../plan/view.ts";
import { awaitable, awaitText } from "./cut.ts";
import { type FaultKind, type FaultLetter, type FaultOf, noLife } from "./fault.ts";

type StopServer = FaultOf<"stop-server">;

export const acksUnknown = unjudgeable("which acknowledgements its disk has is not known");

export const storeLost: StopServer = { kind: "stop-server", signal: "KILL", awaits: "noticed", store: "lost" };

export const stopServer: FaultKind<StopServer> = {
  kind: "stop-server",
  capability: "stop-server",
  notEnabledBeforeStart: ({ awaits }) => awaitNotEnabledBeforeStart(awaits),
  notEnabled(view, { signal, awaits }, setting) {
    if (view.hindrance !== "none") return faultInForce;
    if (signal === "KILL" && (view.subscribed > 0 || hasQueueConsumer(view))) return acksUnknown;
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
  words: ({ signal, store, awaits }) =>
    `stop the server by SIG${signal}${store === "lost" ? ", its disk lost" : ""}, ${awaitText(awaits)}`,
  /** TERM and KILL leave the same state: the server is gone. */
  letters: ({ policy }) => [
    ...awaitable.map(
      (awaits): FaultLetter<StopServer> => ({
        name: `stop-server, await ${awaits}`,
        fault: () => ({ kind: "stop-server", signal: "TERM", awaits }),
      }),
    ),
    ...(policy === undefined ? [] : [{ name: "stop-server, its store is lost", fault: () => storeLost }]),
  ],
};

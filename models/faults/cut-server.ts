/**
 * The server of the pool that the client is connected to is cut off, and the client goes on to another one. Its dials go round the pool, so
 * until the last server is cut off the next one is always open (F-290 of docs/facts.md).
 */
import { reconnect } from "../connection.ts";
import { advanceDown } from "../plan/down.ts";
import {
  awaitNotEnabled,
  faultInForce,
  impossible,
  type NotEnabled,
  notStarted,
  pings,
  pingsRace,
  poolRemembers,
  resetDrops,
  resets,
  unjudgeable,
} from "../plan/reasons.ts";
import type { Setting } from "../plan/setting.ts";
import type { View } from "../plan/view.ts";
import { dialsBeforeGivingUp } from "../policy/attempts.ts";
import { type FaultKind, type FaultOf, noLife, onlyLetter } from "./fault.ts";

const noOther = impossible("the client has a single server");
const leavesPool = unjudgeable("a server that is lost once may be out of the pool");

/** True for the last server of the pool that is open. */
const isLast = ({ serversCut, servers }: View): boolean => serversCut + 1 >= servers;

/** A server that leaves the pool by being lost may be the only one that is open later. */
function poolNotEnabled(view: View, { profile, options }: Setting): NotEnabled | undefined {
  if (view.poolSpent) return poolRemembers;
  const { firstDial, attemptsScope } = profile.reconnect;
  const servers = attemptsScope === "server" ? view.servers : 1;
  const leastDials = firstDial === "lost" ? 2 : 1;
  return dialsBeforeGivingUp(profile, options) < leastDials * servers ? leavesPool : undefined;
}

export const cutServer: FaultKind<FaultOf<"cut-server">> = {
  kind: "cut-server",
  capability: "cut-server",
  notEnabledBeforeStart: () => notStarted,
  notEnabled(view, _fault, setting) {
    if (view.servers < 2) return noOther;
    if (view.hindrance !== "none") return faultInForce;
    if (pings(setting)) return pingsRace;
    if (resets(setting)) return resetDrops;
    return (
      poolNotEnabled(view, setting) ??
      (isLast(view) ? awaitNotEnabled(view.policy !== undefined, "noticed", setting) : undefined)
    );
  },
  install(view) {
    view.quiet = false;
    view.landed = view.policy === undefined;
    if (!isLast(view)) {
      view.serversCut++;
      return noLife;
    }
    view.serversCut = 0;
    advanceDown(view, "noticed");
    return noLife;
  },
  harm({ bus, goDown }) {
    goDown();
    if (!isLast(bus.view)) reconnect(bus.state, bus.profile, bus.emit);
  },
  words: () => "cut off the server that the client is connected to",
  letters: ({ policy }) => ((policy?.client.servers ?? 1) > 1 ? onlyLetter({ kind: "cut-server" }) : []),
};

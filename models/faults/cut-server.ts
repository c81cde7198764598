/**
 * The server of the pool that the client is connected to is cut off, and the client goes on to another one. With attempts that never end the
 * next server that is open is always found. With others a server may have left the pool, and a client may close although one is open.
 */
import { giveUp, reconnect } from "../connection.ts";
import { advanceDown } from "../plan/down.ts";
import { afterLoss, dialsOfEach, type ServerPool } from "../plan/pool.ts";
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
import type { View } from "../plan/view.ts";
import type { Profile } from "../vocabulary/profile.ts";
import type { Options } from "../vocabulary/scenario.ts";
import { type FaultKind, type FaultOf, noLife } from "./fault.ts";

type CutServer = FaultOf<"cut-server">;

const noOther = impossible("the client has a single server");
const leavesPool = unjudgeable("a service whose client closes beside a server that is open was not measured");
const noAttempts = unjudgeable("a client without attempts was not measured with several servers");

/**
 * The consequence for the client. `hops`: it is connected to another server, or to the same one that has stayed. `down`: every server is cut
 * off. `closes`: those that are open have left its pool.
 */
export type Loss = "hops" | "down" | "closes";

type Client = Readonly<{ profile: Profile; options: Options }>;

export function lossOf(view: Readonly<View>, fault: CutServer, client: Client): Loss {
  const stays = fault.stays === true;
  if (!stays && view.serversCut + 1 >= view.servers) return "down";
  const { pool } = view;
  if (typeof pool === "string") return "hops";
  return lost(pool, stays, client).length > 0 ? "hops" : "closes";
}

const lost = (
  pool: Exclude<ServerPool, string>,
  stays: boolean,
  { profile, options }: Client,
): Exclude<ServerPool, string> => afterLoss(pool, stays, dialsOfEach(profile.reconnect, options));

function notEnabledOf(view: View, loss: Loss, noDials: boolean): NotEnabled | undefined {
  if (view.pool === "unknown") return poolRemembers;
  if (noDials) return noAttempts;
  return loss === "closes" && view.policy !== undefined ? leavesPool : undefined;
}

export const cutServer: FaultKind<CutServer> = {
  kind: "cut-server",
  capability: "cut-server",
  notEnabledBeforeStart: () => notStarted,
  notEnabled(view, fault, setting) {
    if (view.servers < 2) return noOther;
    if (view.hindrance !== "none") return faultInForce;
    if (pings(setting)) return pingsRace;
    if (resets(setting)) return resetDrops;
    const loss = lossOf(view, fault, setting);
    const noDials = dialsOfEach(setting.profile.reconnect, setting.options) === 0;
    const hasPolicy = view.policy !== undefined;
    return (
      notEnabledOf(view, loss, noDials) ??
      (loss === "down" ? awaitNotEnabled(hasPolicy, "noticed", setting) : undefined)
    );
  },
  install(view, _step, fault, setting) {
    const stays = fault.stays === true;
    const loss = lossOf(view, fault, setting);
    view.quiet = false;
    view.landed = view.policy === undefined;
    if (loss === "down") {
      view.serversCut = 0;
      advanceDown(view, "noticed");
      return noLife;
    }
    if (!stays) view.serversCut++;
    if (typeof view.pool !== "string") view.pool = lost(view.pool, stays, setting);
    if (loss === "closes") {
      view.ended = "closed";
      view.client = "disconnected";
    }
    return noLife;
  },
  harm({ bus, fault, goDown }) {
    const loss = lossOf(bus.view, fault, bus);
    goDown();
    if (loss === "hops") reconnect(bus.state, bus.profile, bus.emit);
    if (loss === "closes") giveUp(bus.state, bus.profile, bus.emit);
  },
  words: ({ stays }) =>
    stays === true ? "end the connection to a server that stays" : "cut off the server that the client is connected to",
  letters: ({ policy }) =>
    (policy?.client.servers ?? 1) < 2
      ? []
      : [
          { name: "cut-server", fault: () => ({ kind: "cut-server" }) },
          { name: "cut-server, it stays", fault: () => ({ kind: "cut-server", stays: true }) },
        ],
};

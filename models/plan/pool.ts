/**
 * The servers of a client's pool, each with the failed dials that count against it. A client goes round: it dials the server at the head of its
 * list and puts it at the end, unless its attempts are spent (F-290 of docs/facts.md).
 */
import { dialsBeforeGivingUp } from "../policy/attempts.ts";
import type { Profile } from "../vocabulary/profile.ts";
import type { Options } from "../vocabulary/scenario.ts";

export interface PoolServer {
  /** The dials that have failed since it was last connected to. */
  readonly failed: number;
  /** Its dials are refused. */
  readonly isCut: boolean;
  /** The client is connected to it. */
  readonly isAt: boolean;
}

/**
 * The servers in the order of the next dials. `unknown`: an outage has taken an unknown number of attempts from each. `unlimited`: there is one
 * server alone, or no end to the attempts.
 */
export type ServerPool = readonly PoolServer[] | "unknown" | "unlimited";

/** The pool of a client that has just connected to the first server. */
export function newPool({ reconnect }: Profile, options: Options): ServerPool {
  const { servers = 1 } = options;
  if (servers < 2 || dialsOfEach(reconnect, options) === Number.POSITIVE_INFINITY) return "unlimited";
  const others: readonly PoolServer[] = Array.from({ length: servers - 1 }, () => untried);
  const first: PoolServer = { ...untried, isAt: true };
  return reconnect.firstDial === "lost" ? [first, ...others] : [...others, first];
}

const untried: PoolServer = { failed: 0, isCut: false, isAt: false };

/** The dials of one server that may fail in a row before it leaves the pool. */
export const dialsOfEach = (reconnect: Profile["reconnect"], options: Options): number =>
  dialsBeforeGivingUp({ reconnect }, { ...options, servers: 1 });

/** The pool with every server open again. */
export const opened = (pool: ServerPool): ServerPool =>
  typeof pool === "string" ? pool : pool.map(one => ({ ...one, isCut: false }));

/** The pool after the client has lost its server, which from now on refuses dials unless it `stays`. Empty: it has none left to dial. */
export function afterLoss(pool: readonly PoolServer[], stays: boolean, dialsMax: number): readonly PoolServer[] {
  const next = pool.map(one => (one.isAt ? { ...one, isAt: false, isCut: !stays } : one));
  // Without an open server in the list it dials until all attempts are spent.
  if (next.every(one => one.isCut)) return [];
  for (let head = next.shift(); head !== undefined; head = next.shift()) {
    if (!head.isCut) return [...next, { ...head, failed: 0, isAt: true }];
    const failed = head.failed + 1;
    if (failed < dialsMax) next.push({ ...head, failed });
  }
  return [];
}

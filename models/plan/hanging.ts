/**
 * A client's drain may delete the durable of a subscription as soon as no callback of its runs (F-314 of docs/facts.md). A handler that hangs in
 * the callback keeps it. A service that hands its messages to a pool of workers loses it, though its stop waits for them. What a durable does after
 * such a stop is not judged.
 */
import { type NotEnabled, unjudgeable } from "./reasons.ts";
import type { Setting } from "./setting.ts";
import { bitOf, type View } from "./view.ts";

const hangsWhere = unjudgeable("whether a handler hangs in its client's callback decides what the drain deletes");

/** True where the stop of this replica may delete a durable, or not. */
export function mayDeleteBesideHang({ policy, hanging }: View, replica: number, { profile }: Setting): boolean {
  if (policy === undefined || (hanging & bitOf(replica)) === 0) return false;
  const { strategy } = policy.shutdown;
  const waits = strategy === "drain" || strategy === "four-steps";
  return waits && policy.consume.durables === "created" && profile.jetStream.drainDeletesItsDurable;
}

/** The reason against a stop whose durable others go on to use. */
export function hangNotEnabled(view: View, replica: number, setting: Setting): NotEnabled | undefined {
  if (!mayDeleteBesideHang(view, replica, setting)) return undefined;
  return (view.subscribed & ~bitOf(replica)) === 0 ? undefined : hangsWhere;
}

export const lacksDurable = ({ mayLackDurables }: View): NotEnabled | undefined =>
  mayLackDurables ? hangsWhere : undefined;

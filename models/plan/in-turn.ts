/** Stops that drain one subscription after the other: which of them end too close to their bound, or to a handler, on a busy machine. */
import { stopBoundMs } from "../policy/stops.ts";
import { beyond, type NotEnabled } from "./reasons.ts";
import type { Setting } from "./setting.ts";
import { bitOf, type View } from "./view.ts";

const endsWithBound = beyond("machine-load", "on a busy machine its waits may end before the stop's bound or after it");
const endsWithHandler = beyond(
  "machine-load",
  "on a busy machine a handler may end before the wait for it or after it",
);
const roomMs = 300;

export function inTurnNotEnabled(view: View, replica: number, { limits }: Setting): NotEnabled | undefined {
  const { policy } = view;
  const drainTimeoutMs = policy?.shutdown.drainTimeoutMs;
  if (policy === undefined || drainTimeoutMs === undefined) return undefined;
  if (!limits.has("machine-load") || (view.subscribed & bitOf(replica)) === 0) return undefined;
  const boundMs = stopBoundMs(policy);
  const waitsMs = view.consumed.map((_, i) => (i + 1) * drainTimeoutMs);
  const isClose = (ms: number, otherMs: number): boolean => Math.abs(ms - otherMs) < roomMs;
  if (waitsMs.some(ms => isClose(ms, boundMs))) return endsWithBound;
  const atWork = view.slow.filter(one => view.nowMs < one.busyUntilMs);
  return atWork.some(({ takesMs }) => waitsMs.some(ms => isClose(ms, takesMs))) ? endsWithHandler : undefined;
}

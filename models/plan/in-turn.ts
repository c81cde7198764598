/** Stops whose drains have a timeout: which of them end too close to their bound, or to a handler, on a busy machine. */
import { longestWaitMs } from "../policy/attempts.ts";
import { stopBoundMs } from "../policy/stops.ts";
import { beyond, type NotEnabled, unjudgeable } from "./reasons.ts";
import type { Setting } from "./setting.ts";
import { bitOf, type SlowSubject, type View } from "./view.ts";

const endsWithBound = beyond("machine-load", "on a busy machine its waits may end before the stop's bound or after it");
const endsWithHandler = beyond(
  "machine-load",
  "on a busy machine a handler may end before the wait for it or after it",
);
const endsAtDial = unjudgeable("whether the stop ends before its bound depends on when the client dials next");
const roomMs = 300;

/** The reason against a stop by drain while down, of a client whose drain fails at its next dial (F-305 of docs/facts.md). */
export function drainWhileDownNotEnabled(view: View, { options, profile }: Setting): NotEnabled | undefined {
  const { policy } = view;
  const isDown = view.link === "down" && view.client === "disconnected" && view.process === "running";
  if (policy === undefined || !isDown || policy.shutdown.strategy !== "drain") return undefined;
  if (profile.flush.whileDown !== "fails-at-dial") return undefined;
  const { drainTimeoutMs = Number.POSITIVE_INFINITY } = policy.shutdown;
  return longestWaitMs(options) + roomMs > Math.min(stopBoundMs(policy), drainTimeoutMs) ? endsAtDial : undefined;
}

export function inTurnNotEnabled(view: View, replica: number, { limits, profile }: Setting): NotEnabled | undefined {
  const { policy } = view;
  const drainTimeoutMs = policy?.shutdown.drainTimeoutMs;
  if (policy === undefined || drainTimeoutMs === undefined) return undefined;
  const isWhole = policy.shutdown.strategy === "drain";
  if (!limits.has("machine-load") || (!isWhole && (view.subscribed & bitOf(replica)) === 0)) return undefined;
  const boundMs = stopBoundMs(policy);
  const waitsMs = isWhole ? [drainTimeoutMs] : view.consumed.map((_, i) => (i + 1) * drainTimeoutMs);
  const isClose = (ms: number, otherMs: number): boolean => Math.abs(ms - otherMs) < roomMs;
  if (waitsMs.some(ms => isClose(ms, boundMs))) return endsWithBound;
  const { handlersWaitMs = 0, flushWaitMs = 0 } = profile.drain;
  const ofClient = isWhole ? [handlersWaitMs, flushWaitMs, handlersWaitMs + flushWaitMs] : [];
  if (ofClient.some(ms => isClose(ms, drainTimeoutMs))) return endsWithBound;
  const atWork = view.slow.filter(one => view.nowMs < one.busyUntilMs);
  const ends = ({ takesMs }: SlowSubject): readonly number[] =>
    isWhole ? [takesMs, takesMs + flushWaitMs] : [takesMs];
  return atWork.some(one => waitsMs.some(ms => ends(one).some(end => isClose(ms, end)))) ? endsWithHandler : undefined;
}

/**
 * Gaps of core messages: the time from the start of an outage, or of the end of replica 0's process, until its client is connected again. It is
 * read off the events of a run, in the scenario's own time. Worlds and promises share it, so both mean the same gaps.
 */
import type { Event, TookMs } from "../vocabulary/event.ts";
import type { Policy } from "../vocabulary/policy.ts";
import { isMomentary } from "../vocabulary/scenario.ts";

/** A gap that is over. */
export interface Gap {
  /** The scenario's time at which it began. */
  readonly sinceMs: number;
  /** The first message that was published since. */
  readonly from: number;
  /** The scenario's time that it took. */
  readonly tookMs: number;
  /** The part of it in which link or server were down. */
  readonly outageMs: number;
  /** The time that the process took to stop, of which the scenario's own knows nothing. */
  readonly stopMs: number;
  /** The client had to dial again, and waits before a dial. */
  readonly dials: boolean;
}

/** The gap that has begun, and what may begin one. */
export interface GapTrack {
  nowMs: number;
  published: number;
  /** The client of replica 0 has been connected, so something can be missed. */
  wasConnected: boolean;
  /** The application has closed its client, and no process has started since. */
  isClosed: boolean;
  /** Faults in force. */
  inForce: number;
  downSinceMs: number | undefined;
  startedWhileDown: boolean;
  /** `isKnown`: it began with an end of link, server or process, and no other fault has come to it. */
  open:
    | {
        readonly sinceMs: number;
        readonly from: number;
        readonly isKnown: boolean;
        readonly outageMs: number;
        readonly stopMs: number;
      }
    | undefined;
}

export const newGapTrack = (): GapTrack => ({
  nowMs: 0,
  published: 0,
  wasConnected: false,
  isClosed: false,
  inForce: 0,
  downSinceMs: undefined,
  startedWhileDown: false,
  open: undefined,
});

/** The families that declare how long a gap may be. */
export const familiesWithGap = ({ families }: Policy): readonly (Policy["families"][number] & { gapMs: number })[] =>
  families.flatMap(family => (family.gapMs === undefined ? [] : [{ ...family, gapMs: family.gapMs }]));

/** The faults that end link or server, and with it the connection. */
const endsConnection: ReadonlySet<string> = new Set(["cut", "stop-server", "power-loss"]);

/** Takes in the next event. Returns the gap that it ends, where all is known that has made it. */
export function trackGaps(track: GapTrack, event: Event): Gap | undefined {
  if ("atMs" in event) track.nowMs = Math.max(track.nowMs, event.atMs);
  switch (event.kind) {
    case "published":
      track.published = Math.max(track.published, event.first + event.count);
      return undefined;
    case "fault":
      if (event.phase === "installed" && !isMomentary(event.fault)) onFault(track, endsConnection.has(event.fault));
      return undefined;
    case "healed":
      endOutage(track);
      track.inForce = 0;
      return undefined;
    case "dialled":
      // Its length was counted in dials.
      if (track.open !== undefined) track.open = { ...track.open, isKnown: false };
      return undefined;
    case "called":
      if (event.call !== "close" && event.call !== "drain") return undefined;
      track.isClosed = true;
      track.open = undefined;
      return undefined;
    case "process":
      if (event.replica === 0) onProcess(track, event);
      return undefined;
    case "connection":
      if (event.change === "connected" || event.change === "reconnected") return endGap(track, event.change);
      if (track.open === undefined) begin(track, false);
      return undefined;
    default:
      return undefined;
  }
}

function begin(track: GapTrack, isKnown: boolean): void {
  const { nowMs, published, wasConnected, isClosed } = track;
  if (!wasConnected || isClosed) return;
  track.open = { sinceMs: nowMs, from: published, isKnown, outageMs: 0, stopMs: 0 };
}

function onFault(track: GapTrack, ends: boolean): void {
  const { open, inForce } = track;
  if (open !== undefined && (!ends || inForce > 0)) track.open = { ...open, isKnown: false };
  if (open === undefined && ends) begin(track, inForce === 0);
  if (ends) track.downSinceMs ??= track.nowMs;
  track.inForce++;
}

function endOutage(track: GapTrack): void {
  const { open, downSinceMs, nowMs } = track;
  if (open !== undefined && downSinceMs !== undefined)
    track.open = { ...open, outageMs: open.outageMs + nowMs - Math.max(downSinceMs, open.sinceMs) };
  track.downSinceMs = undefined;
}

function onProcess(track: GapTrack, event: Extract<Event, { readonly kind: "process" }>): void {
  if (event.change === "started") {
    track.isClosed = false;
    track.startedWhileDown = track.downSinceMs !== undefined;
    return;
  }
  // A fault of another kind may have kept messages back before it.
  if (track.open === undefined) begin(track, track.inForce === 0);
  const { open } = track;
  if (open === undefined) return;
  // A stop for the sake of a probe takes some of the scenario's time.
  if (event.change === "stopping" && event.probe !== undefined) track.open = { ...open, isKnown: false };
  const isStop = event.change === "exited" && (event.because === "stopped" || event.because === "killed");
  if (isStop) track.open = { ...open, stopMs: open.stopMs + event.tookMs };
}

function endGap(track: GapTrack, change: "connected" | "reconnected"): Gap | undefined {
  const { downSinceMs, nowMs, startedWhileDown } = track;
  endOutage(track);
  const { open } = track;
  // The heal is told of after the connection.
  if (downSinceMs !== undefined) track.downSinceMs = nowMs;
  track.open = undefined;
  track.wasConnected = true;
  if (open === undefined || !open.isKnown) return undefined;
  const { isKnown: _, ...gap } = open;
  return { ...gap, tookMs: nowMs - open.sinceMs, dials: change === "reconnected" || startedWhileDown };
}

/** The time that a busy machine may add to a gap. */
export const gapLateMsMax = 1_000;

/** The finding of a clock on a gap; `unclear`: a busy machine may have made it as long. */
export const gapAgainst = ({ leastMs, mostMs }: TookMs, gapMs: number): "kept" | "broken" | "unclear" =>
  mostMs <= gapMs ? "kept" : leastMs > gapMs + gapLateMsMax ? "broken" : "unclear";

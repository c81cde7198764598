/** The client's buffer of publishes made while it knows that it is disconnected. */
import { append, type BusState, type FrameRun } from "./state.ts";
import { payloadBytesOf } from "./vocabulary/frame.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { Options } from "./vocabulary/scenario.ts";

/** The size in bytes at which the buffer refuses. 0: it refuses everything; infinite: it refuses nothing. */
export function bufferBytesMax(profile: Profile, options: Options): number {
  const buffer = profile.reconnectBuffer;
  if (buffer.kind === "reset-at-dial") return Number.POSITIVE_INFINITY;
  const asked = options.reconnectBufferBytesMax;
  if (asked === undefined || (asked === 0 && buffer.zero === "default")) return buffer.bytesMaxDefault;
  return Math.max(0, asked);
}

/**
 * The number of messages of the burst that the buffer takes. A message is refused iff the bytes kept and those it claims reach the limit.
 */
export function accepts(pendingBytes: number, burst: FrameRun, profile: Profile, options: Options): number {
  const roomBytes = bufferBytesMax(profile, options) - pendingBytes - claimBytes(burst, profile, options);
  return Math.max(0, Math.min(burst.count, Math.ceil(roomBytes / burst.frameBytes)));
}

function claimBytes({ frameBytes, via }: FrameRun, profile: Profile, { subject }: Options): number {
  const { reconnectBuffer: buffer } = profile;
  if (buffer.kind !== "kept" || buffer.refuses === "at-limit") return 0;
  // The payload may reach the limit, and must not exceed it.
  return (via?.payloadBytes ?? payloadBytesOf(subject, frameBytes, profile) ?? frameBytes) - 1;
}

/** The bytes waiting in the client at which a publish writes them itself. */
export function inlineFlushBytes(profile: Profile, options: Options): number {
  if (profile.inlineFlushBytes !== "over-limit") return profile.inlineFlushBytes;
  const limitBytes = bufferBytesMax(profile, options);
  return limitBytes === 0 ? Number.POSITIVE_INFINITY : limitBytes + 1;
}

export function keep(state: BusState, run: FrameRun): void {
  append(state.pending, run);
  state.pendingBytes += run.count * run.frameBytes;
}

/** The reconnect: everything kept goes out on the new connection, in order. */
export function replay(state: BusState): void {
  for (const run of state.pending) append(state.wire, run);
  state.pending = [];
  state.pendingBytes = 0;
}

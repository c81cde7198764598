/** What the client keeps of the publishes made while it knows that it is disconnected. */
import { append, type BusState, type FrameRun } from "./state.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { Options } from "./vocabulary/scenario.ts";

/** Bytes at which the buffer refuses; 0: it refuses everything; infinite where nothing is ever refused. */
export function bufferBytesMax(profile: Profile, options: Options): number {
  const buffer = profile.reconnectBuffer;
  if (buffer.kind === "reset-at-dial") return Number.POSITIVE_INFINITY;
  const asked = options.reconnectBufferBytesMax ?? 0;
  if (asked === 0) return buffer.bytesMaxDefault;
  return asked < 0 ? 0 : asked;
}

/** How many of the burst the buffer takes: a message is refused iff what is kept already reaches the limit. */
export function accepts(pendingBytes: number, limitBytes: number, burst: FrameRun): number {
  if (pendingBytes >= limitBytes) return 0;
  return Math.min(burst.count, Math.ceil((limitBytes - pendingBytes) / burst.frameBytes));
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

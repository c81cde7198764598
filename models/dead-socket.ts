/** Writes of a client to a connection that has ended, before the client knows it. nats.go, appendBufs; F-12 and F-316 of docs/facts.md. */
import { inlineFlushBytes } from "./reconnect-buffer.ts";
import { type Bus, countOf, type FrameRun, take } from "./state.ts";
import type { Outcome } from "./vocabulary/event.ts";

export const writeFailed: Outcome = { is: "unsettled", kind: "write-failed" };

/** The ends of a publish whose frame the client has taken, and of one whose call returns the error of an inline write. */
interface Written {
  written(run: FrameRun): void;
  failed(run: FrameRun): void;
}

/** `bufferedBytes`: what may stand in the buffer before these runs. */
export function failWrites(bus: Bus, runs: readonly FrameRun[], bufferedBytes: number, told: Written): void {
  const { profile, choose, options } = bus;
  const rest = [...runs];
  let buffered = bufferedBytes;
  while (rest.length > 0) {
    const [{ frameBytes }] = rest as [FrameRun];
    const count = countOf(rest);
    // The write happens in the call that fills the buffer. A failed one empties it, so the next is a whole buffer away.
    const earliest = Math.max(1, Math.ceil((inlineFlushBytes(profile, options) - buffered) / frameBytes)) - 1;
    const mayFail = profile.writeErrorsReturned && earliest < count;
    const before = mayFail
      ? choose("write-error-at", earliest, count, { kind: "until-ended-as", runs: rest, outcome: writeFailed })
      : count;
    for (const part of take(rest, before)) told.written(part);
    if (rest.length > 0) for (const part of take(rest, 1)) told.failed(part);
    buffered = 0;
  }
}

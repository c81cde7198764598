/** The waits between the deliveries of one message, and the room for messages that are not acknowledged. */
import type { ConsumePolicy } from "../vocabulary/policy.ts";
import type { Handler } from "../vocabulary/scenario.ts";

/** The wait for the acknowledgement of the nth delivery; the last wait of a backoff holds for all that follow. */
export const waitMsOf = (
  { ackWaitMs, backoffMs = [] }: Pick<ConsumePolicy, "ackWaitMs" | "backoffMs">,
  delivery: number,
): number => backoffMs[Math.min(delivery, backoffMs.length) - 1] ?? ackWaitMs;

/**
 * The time from a nak of the nth delivery to the next one. The server counts a delay from the first wait of a backoff, so that later ones are
 * longer than what was asked for by the difference of the two waits (F-236 of docs/facts.md).
 */
export const nakWaitMsOf = (consume: ConsumePolicy, delivery: number, delayMs: number): number =>
  delayMs === 0 ? 0 : Math.max(1, delayMs + waitMsOf(consume, delivery) - waitMsOf(consume, 1));

export const shortestWaitMs = ({ ackWaitMs, backoffMs = [ackWaitMs] }: ConsumePolicy): number => Math.min(...backoffMs);
export const longestWaitMs = ({ ackWaitMs, backoffMs = [ackWaitMs] }: ConsumePolicy): number => Math.max(...backoffMs);

/** The server's own limit where a consumer states none; no scenario comes to a higher one. */
const pendingMaxDefault = 1_000;

/** The room for messages that are delivered and not acknowledged; undefined where no scenario fills it. */
export const roomOf = ({ ackPendingMax = -1, ackPolicy }: ConsumePolicy): number | undefined =>
  ackPolicy !== "none" && ackPendingMax > 0 && ackPendingMax < pendingMaxDefault ? ackPendingMax : undefined;

/** True for a handler after which a stream that keeps messages for its consumers may let go of what it was given. */
export function mayBeLetGo(handler: Handler, { ackPolicy, failures }: ConsumePolicy): boolean {
  if (ackPolicy === "none") return true;
  if (handler === "fails") return failures !== "redelivered";
  return handler !== "hangs" && handler !== "naks" && handler !== "loses-ack";
}

/** A server writes down when it delivered a message in whole seconds. So it may give it again this much sooner after a restart (F-304 of docs/facts.md). */
export const soonerAfterRestartMs = 1_000;

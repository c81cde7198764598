/** A stop that drains one subscription after the other and waits for each, but not for longer than its policy says. */
import { handlersRunMs, isHung } from "./consumers.ts";
import type { Consumer, ModelServer } from "./server.ts";

export interface DrainsInTurn {
  /** The time until the last one is over, or is waited for no more. */
  readonly tookMs: number;
  /** The moment at which the drain of a consumer's subscription ends, from the beginning of the stop. */
  readonly endsMs: ReadonlyMap<Consumer, number>;
}

interface Drained {
  readonly replica: number;
  readonly nowMs: number;
  /** The longest wait for one of them. */
  readonly timeoutMs: number;
  /** The time for which each waits for the server. */
  readonly serverMs: number;
}

export function drainInTurn(server: ModelServer, { replica, nowMs, timeoutMs, serverMs }: Drained): DrainsInTurn {
  const endsMs = new Map<Consumer, number>();
  let tookMs = 0;
  for (const consumer of inOrder(server, replica, nowMs)) {
    const handledMs = isHung(consumer, replica) ? Number.POSITIVE_INFINITY : runsMs(consumer, replica, nowMs);
    const overMs = Math.max(tookMs + serverMs, handledMs);
    endsMs.set(consumer, overMs);
    tookMs = Math.min(overMs, tookMs + timeoutMs);
  }
  return { tookMs, endsMs };
}

/** A replica subscribes with a handler that takes time before all others; the order of the rest makes no difference. */
const inOrder = ({ consumers }: ModelServer, replica: number, nowMs: number): readonly Consumer[] =>
  consumers
    .filter(({ members }) => members.some(member => member.replica === replica))
    .toSorted((a, b) => runsMs(b, replica, nowMs) - runsMs(a, replica, nowMs));

const runsMs = (consumer: Consumer, replica: number, nowMs: number): number =>
  handlersRunMs({ consumers: [consumer] }, replica, nowMs);

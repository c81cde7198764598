/** The longest outage that each patience of a policy outlasts, if it begins with the outage. */
import type { ConsumePolicy, Policy } from "../vocabulary/policy.ts";
import { waitMsOf } from "./deliveries.ts";
import { timedOutMs } from "./publishing.ts";
import { effective } from "./two-sides.ts";

/** Milliseconds; null where there is no end. */
export interface Outlasts {
  /** A durable publish with all its attempts, and those that its caller asks for: it is told of a timeout then. */
  readonly publishMs: number;
  /** The time from the first delivery of a message to its last, if no handler acknowledges it meanwhile. */
  readonly deliveriesMs: number | null;
  /** The client dials, and closes for good then; absent where the policy leaves that to the client's defaults. */
  readonly dialsMs?: number | null;
  /** A process that starts without its server; 0: it ends after one pass. */
  readonly startMs: number | null;
}

export function outlastsOf(policy: Policy): Outlasts {
  const { publish, startup } = policy;
  // The server goes by its own side.
  const consume = effective(policy.consume);
  return {
    publishMs: timedOutMs(publish),
    deliveriesMs: consume.deliverMax < 0 ? null : deliveriesMs(consume),
    ...dialsOf(policy),
    startMs: startMs(startup),
  };
}

function startMs({ strategy, deadlineMs = 0 }: Policy["startup"]): number | null {
  if (strategy === "retry-forever") return null;
  return strategy === "retry-with-deadline" ? deadlineMs : 0;
}

/** The last wait of a backoff holds for all deliveries after it. */
function deliveriesMs(consume: ConsumePolicy): number {
  const waits = consume.deliverMax - 1;
  const listed = Math.min(waits, consume.backoffMs?.length ?? 1);
  const listedMs = Array.from({ length: listed }, (_, i) => waitMsOf(consume, i + 1)).reduce((sum, ms) => sum + ms, 0);
  return listedMs + (waits - listed) * waitMsOf(consume, waits);
}

function dialsOf({ client }: Policy): Pick<Outlasts, "dialsMs"> {
  const { reconnectAttemptsMax, reconnectWaitMs } = client;
  if (reconnectAttemptsMax === undefined) return {};
  if (reconnectAttemptsMax < 0) return { dialsMs: null };
  return reconnectWaitMs === undefined ? {} : { dialsMs: reconnectAttemptsMax * reconnectWaitMs };
}

/** A policy's times: what a power loss takes, and the same policy in the time of a live run. */
import type { Policy } from "../vocabulary/policy.ts";

/**
 * nats-server, filestore.go: defaultSyncInterval, 2 minutes. The stated crash model of a power loss: what was stored in a file before the
 * last sync is kept, of what came since any tail may be gone.
 */
export const syncIntervalMs = 120_000;

/** Between what a busy machine keeps and what a run can wait for. */
const between = (ms: number, least: number, most: number): number => Math.min(most, Math.max(least, ms));
const liveTimeFactor = 100;

/**
 * The policy in the time of a live run: its waits a hundredth of what they are, none shorter than a busy machine keeps or longer than a run
 * can wait for; a wait that is short enough stays. Of a stop's two ends, budget and supervisor, the same one still comes first; of waits of
 * different kinds another may be the longer, and model and real parts are run in the same times. A policy in live time stays as it is.
 */
export function inLiveTime(policy: Policy): Policy {
  const scaled = (ms: number, least: number, most: number): number =>
    ms <= most ? Math.max(ms, least) : between(Math.round(ms / liveTimeFactor), least, most);
  const { publish, consume, startup, shutdown, supervisor, client } = policy;
  const budgetMs = scaled(shutdown.budgetMs, 1_000, 2_000);
  const killRatio = supervisor.killAfterMs / shutdown.budgetMs;
  const reconnectWaitMs =
    client.reconnectWaitMs === undefined ? {} : { reconnectWaitMs: scaled(client.reconnectWaitMs, 20, 50) };
  return {
    ...policy,
    streams: policy.streams.map(stream => ({
      ...stream,
      duplicateWindowMs: scaled(stream.duplicateWindowMs, 8_000, 8_000),
    })),
    publish: { ...publish, ackTimeoutMs: scaled(publish.ackTimeoutMs, 700, 1_000) },
    consume: { ...consume, ackWaitMs: scaled(consume.ackWaitMs, 2_500, 4_000) },
    startup: {
      ...startup,
      connectTimeoutMs: scaled(startup.connectTimeoutMs, 600, 1_000),
      ...(startup.deadlineMs === undefined ? {} : { deadlineMs: scaled(startup.deadlineMs, 2_500, 4_000) }),
    },
    shutdown: { ...shutdown, budgetMs },
    supervisor: {
      restartMs: scaled(supervisor.restartMs, 50, 500),
      killAfterMs: Math.round(budgetMs * (killRatio > 1 ? Math.max(killRatio, 1.5) : killRatio)),
    },
    client: { ...client, ...reconnectWaitMs },
  };
}

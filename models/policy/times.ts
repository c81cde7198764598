/** The times of a policy: what a power loss takes, and the same policy in the time of a live run. */
import type { Policy } from "../vocabulary/policy.ts";

/**
 * nats-server, filestore.go: defaultSyncInterval, 2 minutes. This is the stated crash model of a power loss. A file keeps what was stored
 * before the last sync; of what came after, any tail may be gone.
 */
export const syncIntervalMs = 120_000;

/** The value, bounded by the shortest wait that a busy machine keeps and the longest that a run can afford. */
const between = (ms: number, least: number, most: number): number => Math.min(most, Math.max(least, ms));
const liveTimeFactor = 100;

/**
 * The policy in the time of a live run. Each wait is a hundredth of what it was, but no shorter than a busy machine keeps and no longer
 * than a run can afford. A wait that is short enough stays. Budget and supervisor still end a stop in the same order, but waits of
 * different kinds may change places. Model and real parts run in the same times. A policy in live time stays as it is.
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

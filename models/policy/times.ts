/** The times of a policy: what a power loss takes, and the same policy in the time of a live run. */
import type {
  ConsumePolicy,
  ConsumerSettings,
  KillingProbe,
  Policy,
  PublishPolicy,
  ShutdownPolicy,
  StreamPolicy,
} from "../vocabulary/policy.ts";
import type { Profile } from "../vocabulary/profile.ts";
import { familiesWithGap } from "./gaps.ts";
import { ageMsOf } from "./limits.ts";
import { failsForMs } from "./probes.ts";
import { timedOutMs } from "./publishing.ts";
import { restartWaitsMs } from "./restarts.ts";
import { termToKillMs } from "./stops.ts";
import { effective } from "./two-sides.ts";

/**
 * nats-server, filestore.go: defaultSyncInterval, 2 minutes. This is the stated crash model of a power loss. A file keeps what was stored
 * before the last sync; of what came after, any tail may be gone.
 */
export const syncIntervalMs = 120_000;

/** The value, bounded by the shortest wait that a busy machine keeps and the longest that a run can afford. */
const between = (ms: number, least: number, most: number): number => Math.min(most, Math.max(least, ms));
const liveTimeFactor = 100;
const ackTimeoutLeastMs = 700;

/**
 * The policy in the time of a live run. Each wait is a hundredth of what it was, but no shorter than a busy machine keeps and no longer
 * than a run can afford. A wait that is short enough stays. Budget and supervisor still end a stop in the same order, and a client that
 * counts its attempts still gives up before or after the same waits. Other waits may change places: see `reorderedInLiveTime`. Model and
 * real parts run in the same times. A policy in live time stays as it is.
 */
export function inLiveTime(policy: Policy): Policy {
  const scaled = (ms: number, least: number, most: number): number =>
    ms <= most ? Math.max(ms, least) : between(Math.round(ms / liveTimeFactor), least, most);
  const { publish, consume, startup, shutdown, supervisor, client } = policy;
  const budgetMs = budgetInLiveTime(policy);
  const ackTimeoutMs = scaled(publish.ackTimeoutMs, ackTimeoutLeastMs, 1_000);
  const livePublish: PublishPolicy = {
    ...publish,
    ackTimeoutMs,
    ...noRespondersInLiveTime(publish, ackTimeoutMs),
    ...askingAgainInLiveTime(publish, scaled),
  };
  const killRatio = termToKillMs(supervisor) / shutdown.budgetMs;
  const { preStopMs } = supervisor;
  const livePreStopMs = preStopMs === undefined ? 0 : Math.round((preStopMs * budgetMs) / shutdown.budgetMs);
  const live: Policy = {
    ...policy,
    streams: policy.streams.map(stream => ({
      ...stream,
      duplicateWindowMs: windowInLiveTime(stream, publish, livePublish),
    })),
    publish: { ...livePublish, ...outlastsInLiveTime(publish, livePublish) },
    consume: { ...consume, ...consumeWaits(consume, scaled) },
    startup: {
      ...startup,
      connectTimeoutMs: scaled(startup.connectTimeoutMs, 600, 1_000),
      ...(startup.deadlineMs === undefined ? {} : { deadlineMs: scaled(startup.deadlineMs, 2_500, 4_000) }),
    },
    shutdown: { ...shutdown, budgetMs, ...drainTimeoutOf(shutdown, budgetMs) },
    supervisor: {
      ...supervisor,
      restartMs:
        typeof supervisor.restartMs === "number" ? scaled(supervisor.restartMs, 50, 500) : supervisor.restartMs,
      killAfterMs: livePreStopMs + Math.round(budgetMs * (killRatio > 1 ? Math.max(killRatio, 1.5) : killRatio)),
      ...(preStopMs === undefined ? {} : { preStopMs: livePreStopMs }),
    },
  };
  const supervised = supervisorInLiveTime(policy, agesInLiveTime(policy, live));
  if (client.reconnectWaitMs === undefined) return gapsInLiveTime(policy, supervised);
  const isKept = keepsItsWait(policy);
  const waitMs = isKept ? client.reconnectWaitMs : scaled(client.reconnectWaitMs, 20, 50);
  const reconnectWaitMs = keepingOrder(policy, live, waitMs);
  return gapsInLiveTime(policy, {
    ...supervised,
    client: { ...client, reconnectWaitMs, ...jitterInLiveTime(client, reconnectWaitMs) },
  });
}

const stopLeastMs = 1_000;
const stopMostMs = 2_000;

/** The budget of a stop. Where SIGKILL comes sooner, it leaves a busy machine the shortest budget too, and their ratio stays. */
function budgetInLiveTime(policy: Policy): number {
  const { budgetMs, drainTimeoutMs } = policy.shutdown;
  const killMs = Math.max(1, termToKillMs(policy.supervisor));
  // Several waits in a row must fit into the budget, or not, as in the policy's own time.
  const shortened =
    budgetMs <= stopMostMs || drainTimeoutMs !== undefined ? budgetMs : Math.round(budgetMs / liveTimeFactor);
  const liveMs = between(shortened, stopLeastMs, stopMostMs);
  return killMs < budgetMs ? Math.max(liveMs, Math.ceil((stopLeastMs * budgetMs) / killMs)) : liveMs;
}

/** The jitter keeps its ratio to the wait. */
const jitterInLiveTime = (
  { reconnectWaitMs, reconnectJitterMs }: Policy["client"],
  liveWaitMs: number,
): Pick<Policy["client"], "reconnectJitterMs"> =>
  reconnectWaitMs === undefined || reconnectJitterMs === undefined || liveWaitMs === reconnectWaitMs
    ? {}
    : { reconnectJitterMs: Math.max(1, Math.round((reconnectJitterMs * liveWaitMs) / reconnectWaitMs)) };

/**
 * The times of a supervisor that backs off or kills, all shortened alike, so that their ratios stay. They cost a live run no time, since its
 * harness is the supervisor; they only have to end before or after the same other waits as in the own time.
 */
function supervisorInLiveTime(own: Policy, live: Policy): Policy {
  const { restartMs, liveness, startupProbe } = own.supervisor;
  const times = supervisedOf(own);
  if (times.length === 0) return live;
  const waits = waitsOf(own).map(({ ms }, i) => ({ ms, liveMs: waitsOf(live)[i]?.ms ?? ms }));
  if (waits.every(({ ms, liveMs }) => ms === liveMs)) return live;
  const pairs = times.flatMap(({ ms }) => waits.map(wait => ({ ms, wait })));
  const divisors = (pick: (ms: number, ownMs: number) => boolean, room: number): readonly number[] =>
    pairs.filter(({ ms, wait }) => ms > 0 && pick(ms, wait.ms)).map(({ ms, wait }) => (room * ms) / wait.liveMs);
  const least = Math.max(1, ...divisors((ms, ownMs) => ms < ownMs, margin));
  const most = Math.min(Number.MAX_SAFE_INTEGER, ...divisors((ms, ownMs) => ms > ownMs, 1 / margin));
  const divisor = least <= most ? between(liveTimeFactor, least, most) : Math.sqrt(least * most);
  const shorter = (ms: number): number => Math.round(ms / divisor);
  const asked = <Probe extends KillingProbe>(probe: Probe): Probe => ({
    ...probe,
    ...(probe.initialDelayMs === undefined ? {} : { initialDelayMs: shorter(probe.initialDelayMs) }),
    periodMs: Math.max(1, shorter(probe.periodMs)),
  });
  return {
    ...live,
    supervisor: {
      ...live.supervisor,
      restartMs: typeof restartMs === "number" ? shorter(restartMs) : restartMs.map(shorter),
      ...(liveness === undefined ? {} : { liveness: asked(liveness) }),
      ...(startupProbe === undefined ? {} : { startupProbe: asked(startupProbe) }),
    },
  };
}

/** Long enough for a busy machine to publish again within it. */
const liveWindowMs = 8_000;

/** The server refuses a shorter one. */
const windowLeastMs = 100;

/** A window that the attempts of a publish outlast is in the same ratio to them as in the own time; any other outlasts them. */
function windowInLiveTime(
  { duplicateWindowMs }: Pick<StreamPolicy, "duplicateWindowMs">,
  publish: PublishPolicy,
  livePublish: PublishPolicy,
): number {
  const attemptsMs = timedOutMs(publish);
  const liveAttemptsMs = timedOutMs(livePublish);
  if (duplicateWindowMs <= attemptsMs)
    return Math.max(windowLeastMs, Math.round((duplicateWindowMs * liveAttemptsMs) / attemptsMs));
  return Math.max(liveWindowMs, Math.min(liveWaitsMaxMs, Math.ceil(margin * liveAttemptsMs)));
}

/** The waits before a publish asks again keep their ratio to the ack timeout, against which they count. */
const noRespondersInLiveTime = (
  { noResponders, ackTimeoutMs }: PublishPolicy,
  liveAckTimeoutMs: number,
): Pick<PublishPolicy, "noResponders"> =>
  noResponders === undefined || ackTimeoutMs === liveAckTimeoutMs
    ? {}
    : {
        noResponders: {
          ...noResponders,
          waitMs: Math.max(1, Math.round((noResponders.waitMs * liveAckTimeoutMs) / ackTimeoutMs)),
        },
      };

const askingAgainInLiveTime = (
  { onError }: PublishPolicy,
  scaled: (ms: number, least: number, most: number) => number,
): Pick<PublishPolicy, "onError"> =>
  typeof onError === "object" ? { onError: { ...onError, waitMs: scaled(onError.waitMs, 50, 600) } } : {};

/** The outage that a publish is to outlast keeps its ratio to all attempts together, and is clearly longer than they are where it is longer. */
function outlastsInLiveTime(own: PublishPolicy, live: PublishPolicy): Pick<PublishPolicy, "outlastsMs"> {
  const { outlastsMs } = own;
  const [attemptsMs, liveAttemptsMs] = [timedOutMs(own), timedOutMs(live)];
  if (outlastsMs === undefined || attemptsMs === liveAttemptsMs) return {};
  const liveMs = Math.max(1, Math.round((outlastsMs * liveAttemptsMs) / attemptsMs));
  return { outlastsMs: outlastsMs > attemptsMs ? Math.max(liveMs, Math.ceil(margin * liveAttemptsMs)) : liveMs };
}

/**
 * The policy in the time of a live run with one client. A policy that leaves it to the client how often it asks again has the client's waits
 * written down, where they use up the ack timeout and would not use up the longer one of a live run.
 */
export function inLiveTimeOf(policy: Policy, { jetStream }: Profile): Policy {
  const { publish } = policy;
  const retries = jetStream.noRespondersRetries;
  const waitMs = Math.min(jetStream.noRespondersWaitMs, publish.ackTimeoutMs);
  const isUsedUp = retries * waitMs >= publish.ackTimeoutMs;
  const isRaised = publish.ackTimeoutMs < ackTimeoutLeastMs;
  if (retries === 0 || publish.noResponders !== undefined || !isUsedUp || !isRaised) return inLiveTime(policy);
  return inLiveTime({ ...policy, publish: { ...publish, noResponders: { retries, waitMs } } });
}

/** Short enough for a run, and long enough for a busy machine to read a stream before its messages are too old. */
const liveAgeMs = 12_000;
const liveAgeLeastMs = 4_000;

/** Each age ends before or after the same other waits as in the own time, where it can. A window is never longer than its stream's age. */
function agesInLiveTime(own: Policy, live: Policy): Policy {
  if (own.streams.every(one => ageMsOf(one) === undefined)) return live;
  const waits = callWaitsOf(own).map(({ ms }, i) => ({ ms, liveMs: callWaitsOf(live)[i]?.ms ?? ms }));
  const isKept = waits.every(({ ms, liveMs }) => ms === liveMs);
  const ageInLiveTime = (ageMs: number): number => {
    if (isKept && ageMs >= liveAgeLeastMs && ageMs <= liveWaitsMaxMs) return ageMs;
    const longestBefore = Math.max(0, ...waits.filter(({ ms }) => ms < ageMs).map(one => one.liveMs));
    const shortestAfter = Math.min(...waits.filter(({ ms }) => ms > ageMs).map(one => one.liveMs), liveWaitsMaxMs);
    const wishedMs = ageMs <= liveWaitsMaxMs ? ageMs : liveAgeMs;
    return Math.max(
      liveAgeLeastMs,
      between(wishedMs, Math.ceil(margin * longestBefore), Math.floor(shortestAfter / margin)),
    );
  };
  return {
    ...live,
    streams: live.streams.map((stream, i) => {
      const ageMs = ageMsOf(own.streams[i] ?? stream);
      if (ageMs === undefined) return stream;
      const ageMaxMs = ageInLiveTime(ageMs);
      return { ...stream, ageMaxMs, duplicateWindowMs: Math.min(stream.duplicateWindowMs, ageMaxMs) };
    }),
  };
}

/** A gap that a run can afford, and so long that a busy machine adds little to it. */
const liveGapMostMs = 10_000;

/** The wait before a dial is what a gap mostly is, so it stays where a run can afford it. */
const keepsItsWait = (policy: Policy): boolean =>
  familiesWithGap(policy).length > 0 &&
  (policy.client.reconnectAttemptsMax ?? -1) < 0 &&
  dialWaitMs(policy) <= reconnectWaitMsMax;

const dialWaitMs = ({ client: { reconnectWaitMs = 0, reconnectJitterMs = 0 } }: Policy): number =>
  reconnectWaitMs + reconnectJitterMs;

/** The waits that a gap is made of. */
const gapWaitsOf = (policy: Policy): readonly number[] => [
  dialWaitMs(policy),
  ...restartWaitsMs(policy.supervisor),
  policy.shutdown.budgetMs,
];

/** A declared gap is longer or shorter than the same waits as in the own time, where it can be. */
function gapsInLiveTime(own: Policy, live: Policy): Policy {
  if (familiesWithGap(own).length === 0) return live;
  const liveWaits = gapWaitsOf(live);
  const waits = gapWaitsOf(own).map((ms, i) => ({ ms, liveMs: liveWaits[i] ?? ms }));
  const isKept = waits.every(({ ms, liveMs }) => ms === liveMs);
  const gapInLiveTime = (gapMs: number): number => {
    if (isKept && gapMs <= liveGapMostMs) return gapMs;
    const longestBefore = Math.max(0, ...waits.filter(({ ms }) => ms <= gapMs).map(({ liveMs }) => liveMs));
    const shortestAfter = Math.min(liveGapMostMs, ...waits.filter(({ ms }) => ms > gapMs).map(({ liveMs }) => liveMs));
    const wishedMs = Math.min(gapMs, liveGapMostMs);
    return Math.max(1, between(wishedMs, Math.ceil(margin * longestBefore), Math.floor(shortestAfter / margin)));
  };
  const families = live.families.map(family =>
    family.gapMs === undefined ? family : { ...family, gapMs: gapInLiveTime(family.gapMs) },
  );
  return { ...live, families };
}

/**
 * The ack wait scaled. Where there are several waits, of a backoff or of the two sides of the consumer, their order is kept, each rank half a
 * second longer than the one before.
 */
function consumeWaits(
  consume: ConsumePolicy,
  scaled: (ms: number, least: number, most: number) => number,
): Partial<ConsumePolicy> {
  const { stands } = consume;
  const ranks = [...new Set([consume, stands ?? {}].flatMap(waitsOfSide))].sort((one, other) => one - other);
  const live = ranks.length < 2 ? (ms: number) => scaled(ms, ackWaitLeastMs, ackWaitMostMs) : inOrder(ranks);
  return {
    ...sideInLiveTime(consume, live),
    ...(stands === undefined ? {} : { stands: { ...stands, ...sideInLiveTime(stands, live) } }),
  };
}

function inOrder(ranks: readonly number[]): (ms: number) => number {
  const mostMs = ackWaitMostMs + backoffStepMs * ranks.length;
  const isKept = ranks.every(
    (ms, i) => ms >= ackWaitLeastMs && ms <= mostMs && ms - (ranks[i - 1] ?? 0) >= backoffStepMs,
  );
  return ms => (isKept ? ms : ackWaitLeastMs + backoffStepMs * ranks.indexOf(ms));
}

/** A server that deletes what nobody uses does so by its own clock; no run comes to the end of so long a wait. */
const liveThresholdMs = 600_000;

const waitsOfSide = ({ ackWaitMs, backoffMs = [] }: Partial<ConsumerSettings>): readonly number[] => [
  ...(ackWaitMs === undefined ? [] : [ackWaitMs]),
  ...backoffMs,
];

const sideInLiveTime = (
  { ackWaitMs, backoffMs, inactiveThresholdMs }: Partial<ConsumerSettings>,
  live: (ms: number) => number,
): Partial<ConsumerSettings> => ({
  ...(ackWaitMs === undefined ? {} : { ackWaitMs: live(ackWaitMs) }),
  ...(backoffMs === undefined ? {} : { backoffMs: backoffMs.map(live) }),
  ...(inactiveThresholdMs === undefined ? {} : { inactiveThresholdMs: Math.max(liveThresholdMs, inactiveThresholdMs) }),
});

const ackWaitLeastMs = 2_500;
const ackWaitMostMs = 4_000;
const backoffStepMs = 500;

/** A shorter wait for a subscription is not told from none on a busy machine. */
export const drainTimeoutMsMin = 300;

/** Scaled as the budget is. */
function drainTimeoutOf({ drainTimeoutMs, budgetMs: ownMs }: ShutdownPolicy, budgetMs: number) {
  if (drainTimeoutMs === undefined) return {};
  return { drainTimeoutMs: Math.max(drainTimeoutMsMin, Math.round((drainTimeoutMs * budgetMs) / ownMs)) };
}

/** A wait of a policy, or several of them in a row, with its name in the file. */
interface Named {
  readonly name: string;
  readonly ms: number;
}

/** The waits that a client's attempts may outlast, in the same order for every policy of the same streams. */
const waitsOf = (policy: Policy): readonly Named[] => [
  ...callWaitsOf(policy),
  ...policy.streams.map(({ name, duplicateWindowMs }) => ({
    name: `duplicateWindowMs of ${name}`,
    ms: duplicateWindowMs,
  })),
];

const callWaitsOf = ({ startup, shutdown, consume, publish }: Policy): readonly Named[] => [
  { name: "startup.deadlineMs", ms: startup.deadlineMs ?? Number.POSITIVE_INFINITY },
  { name: "shutdown.budgetMs", ms: shutdown.budgetMs },
  { name: "consume.ackWaitMs", ms: effective(consume).ackWaitMs },
  { name: "publish.ackTimeoutMs × attemptsMax", ms: timedOutMs(publish) },
];

/** The ages that a scenario may see the end of. */
const agesOf = ({ streams }: Policy): readonly Named[] =>
  streams.flatMap(stream => {
    const ms = ageMsOf(stream);
    return ms === undefined ? [] : [{ name: `ageMaxMs of ${stream.name}`, ms }];
  });

/** The room between two waits that keeps their order on a busy machine. */
const margin = 1.25;
/** A scenario's longest wait between two dials. */
const reconnectWaitMsMax = 3_000;
/** The longest time that a run can afford for a client to give up. */
const liveWaitsMaxMs = 20_000;

/** The wait between two dials, moved as far as needed for all attempts together to end before or after the same waits as in the own time. */
function keepingOrder(own: Policy, live: Policy, waitMs: number): number {
  const { reconnectWaitMs = waitMs, reconnectJitterMs = 0, reconnectAttemptsMax = -1 } = own.client;
  if (reconnectAttemptsMax <= 0) return waitMs;
  const allMs = reconnectWaitMs * reconnectAttemptsMax;
  const waits = waitsOf(own).map(({ ms }, i) => ({ ms, liveMs: waitsOf(live)[i]?.ms ?? ms }));
  // Nothing was scaled, so the order is that of the policy as it stands.
  if (waits.every(({ ms, liveMs }) => ms === liveMs)) return reconnectWaitMs;
  const longestBefore = Math.max(0, ...waits.filter(({ ms }) => ms < allMs).map(one => one.liveMs));
  const shortestAfter = Math.min(...waits.filter(({ ms }) => ms > allMs).map(one => one.liveMs), liveWaitsMaxMs);
  // A client makes one attempt less or two more, by how it counts.
  const least = Math.ceil((margin * longestBefore) / Math.max(1, reconnectAttemptsMax - 1));
  const most = Math.floor(
    shortestAfter / margin / (reconnectAttemptsMax + 2) / (1 + reconnectJitterMs / reconnectWaitMs),
  );
  if (least <= most) return Math.max(1, Math.min(Math.max(waitMs, least), most, reconnectWaitMsMax));
  const between = Math.round((longestBefore + shortestAfter) / 2 / reconnectAttemptsMax);
  return Math.max(1, Math.min(between, reconnectWaitMsMax));
}

/** The pairs of waits that a live run has in another order than the policy's own time, each as "one and other". */
export function reorderedInLiveTime(policy: Policy): readonly string[] {
  const live = inLiveTime(policy);
  const own = [...attemptsOf(policy), ...supervisedOf(policy), ...waitsOf(policy), ...agesOf(policy)];
  const scaled = [...attemptsOf(live), ...supervisedOf(live), ...waitsOf(live), ...agesOf(live)];
  return own.flatMap((one, i) =>
    own.slice(i + 1).flatMap((other, k) => {
      const after = (scaled[i]?.ms ?? 0) - (scaled[i + 1 + k]?.ms ?? 0);
      return (one.ms - other.ms) * after < 0 ? [`${one.name} and ${other.name}`] : [];
    }),
  );
}

/** The times that only the supervisor measures. */
const supervisedOf = ({ supervisor: { restartMs, liveness, startupProbe } }: Policy): readonly Named[] => [
  ...(typeof restartMs === "number" ? [] : restartMs.map((ms, i) => ({ name: `supervisor.restartMs[${i}]`, ms }))),
  ...[
    { name: "supervisor.liveness", probe: liveness },
    { name: "supervisor.startupProbe", probe: startupProbe },
  ].flatMap(({ name, probe }) =>
    probe === undefined ? [] : [{ name: `${name}: period × threshold`, ms: failsForMs(probe) }],
  ),
];

const attemptsOf = ({ client: { reconnectWaitMs, reconnectAttemptsMax = -1 } }: Policy): readonly Named[] =>
  reconnectAttemptsMax <= 0 || reconnectWaitMs === undefined
    ? []
    : [{ name: "client.reconnectWaitMs × reconnectAttemptsMax", ms: reconnectWaitMs * reconnectAttemptsMax }];

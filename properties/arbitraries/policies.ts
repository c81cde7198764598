/**
 * Random policies, as a fast-check Arbitrary: buses that declare one thing and now and then do another. Each family of subjects is
 * classified, and stored in a stream, mostly as it is declared. No two streams overlap, and a dead letter has a subject of its own.
 */
import type fc from "fast-check";
import { mayDiscard } from "../../models/policy/limits.ts";
import type {
  ClassifierRule,
  ConsumePolicy,
  ConsumerSettings,
  Family,
  IdRule,
  KillingProbe,
  Policy,
  PublishPolicy,
  ShutdownPolicy,
  StartupPolicy,
  StreamPolicy,
  SupervisorPolicy,
} from "../../models/vocabulary/policy.ts";
import { drawn, randomFrom } from "./drawn.ts";
import { plainerPolicies } from "./plainer-policies.ts";
import type { Random } from "./random.ts";

export interface PolicyKinds {
  /** Families of subjects at most, from 1 to 6; absent: 3. */
  readonly familiesMax?: number;
  /** Absent or true: durable families, streams and message ids come, too. False: everything is core NATS. */
  readonly durable?: boolean;
  /** The ways in which the process may start; absent: all. */
  readonly startup?: readonly StartupPolicy["strategy"][];
  /** The ways in which it may stop; absent: all. */
  readonly shutdown?: readonly ShutdownPolicy["strategy"][];
  /** The possible fates of a message whose handler fails; absent: all. */
  readonly failures?: readonly ConsumePolicy["failures"][];
  /** True where the bus sets options of its client; absent: now and then. Its own PINGs are never set, since they race with most faults. */
  readonly client?: boolean;
  /** Promises of the catalogue, of which each policy demands some; absent: none is demanded. */
  readonly demands?: readonly string[];
}

const tokens = ["audit", "events", "job", "orders", "state", "worker"] as const;
const strategies: readonly StartupPolicy["strategy"][] = [
  ...(["fail-fast", "retry-with-deadline", "retry-forever", "wait-outside"] as const),
];
const stops: readonly ShutdownPolicy["strategy"][] = [
  ...(["exit", "close", "subscriptions-then-close", "subscriptions-waited-then-close", "drain", "four-steps"] as const),
];
/** The last is shared by messages about one thing on any subject. */
const ids: readonly IdRule["id"][] = ["event", "event", "key", [{ constant: "thing" }, "key"]];
const deadLetters = "dead.letters";
const endings: readonly ConsumePolicy["failures"][] = ["acknowledged", "dead-letter", "redelivered"];

/** Policies of what was asked for. They shrink towards one best-effort family. @throws RangeError where nothing is left to choose from */
export function policies(kinds: PolicyKinds = {}): fc.Arbitrary<Policy> {
  const allowed = allowedBy(kinds);
  return drawn({
    draw: chance => policyOf(randomFrom(chance), allowed),
    isOne: (value): value is Policy =>
      typeof value === "object" && value !== null && "families" in value && "classifier" in value && "startup" in value,
    *smaller(policy) {
      for (const one of plainerPolicies(policy)) if (fits(one, allowed)) yield one;
    },
  });
}

type Allowed = Required<Omit<PolicyKinds, "client">> & Pick<PolicyKinds, "client">;

function allowedBy(kinds: PolicyKinds): Allowed {
  const { familiesMax = 3, startup = strategies, shutdown = stops, failures = endings } = kinds;
  if (!Number.isSafeInteger(familiesMax) || familiesMax < 1 || familiesMax > tokens.length)
    throw new RangeError(`familiesMax must be a whole number from 1 to ${tokens.length}; it is ${familiesMax}`);
  for (const [name, list] of Object.entries({ startup, shutdown, failures }))
    if (list.length === 0) throw new RangeError(`${name} must allow something`);
  return { durable: true, demands: [], ...kinds, familiesMax, startup, shutdown, failures };
}

const fits = ({ startup, shutdown, consume }: Policy, allowed: Allowed): boolean =>
  allowed.startup.includes(startup.strategy) &&
  allowed.shutdown.includes(shutdown.strategy) &&
  allowed.failures.includes(consume.failures);

// ---- Drawing ----

/** One random policy out of what is allowed; absent: everything. */
export function policyOf(random: Random, allowed: Allowed = allowedBy({})): Policy {
  const families = familiesOf(random, allowed);
  const consume = consumeOf(random, allowed);
  const policy: Policy = {
    version: 1,
    name: "random",
    why: "made at random",
    families,
    classifier: families.flatMap(family => ruleOf(random, family, allowed)),
    streams: allowed.durable ? streamsOf(random, families, consume) : [],
    taps: families.filter(() => random.chance(0.2)).map(one => one.subjects),
    publish: publishingOf(random, families, allowed),
    consume,
    startup: startupOf(random, allowed),
    shutdown: shutdownOf(random, allowed),
    supervisor: supervisorOf(random),
    client: clientOf(random, allowed),
    demands: allowed.demands.filter(() => random.chance(0.5)),
  };
  // Drawn last, so that the rest of a seed's policy stays as it is.
  return withGap(random, withServers(random, allowed, withOutage(random, allowed, policy)));
}

function withOutage(random: Random, { durable }: Allowed, policy: Policy): Policy {
  if (!durable || random.chance(0.85)) return policy;
  return { ...policy, publish: { ...policy.publish, outlastsMs: random.pick([400, 5_000, 12_000]) } };
}

function withGap(random: Random, policy: Policy): Policy {
  if (random.chance(0.85)) return policy;
  const gapMs = random.pick([300, 1_000, 5_000]);
  return {
    ...policy,
    families: policy.families.map(family => (family.durability === "durable" ? family : { ...family, gapMs })),
  };
}

function withServers(random: Random, { client }: Allowed, policy: Policy): Policy {
  if (client === false || random.chance(0.8)) return policy;
  return { ...policy, client: { ...policy.client, servers: random.int(2, 3) } };
}

/** Each under a token that no other has, so that no two overlap. */
function familiesOf(random: Random, { familiesMax, durable }: Allowed): readonly Family[] {
  const first = random.int(0, tokens.length - 1);
  return Array.from({ length: random.int(1, familiesMax) }, (_, i) => {
    const token = tokens[(first + i) % tokens.length] as string;
    return {
      subjects: `${token}${random.pick([".>", ".>", ".*", ".*.done"])}`,
      durability: durable && random.chance(0.6) ? "durable" : "best-effort",
      reason: "made at random",
    };
  });
}

/** The code's treatment of a family: mostly the declared one, by a rule that may be off by a token. */
function ruleOf(random: Random, { subjects, durability }: Family, { durable }: Allowed): readonly ClassifierRule[] {
  const isThrough = (durability === "durable") === random.chance(0.9);
  if (!durable || !isThrough) return [];
  const [token = ""] = subjects.split(".");
  return [
    random.pick<ClassifierRule>([
      { pattern: subjects },
      { pattern: subjects },
      { prefix: `${token}.` },
      { prefix: `${token}.`, suffix: ".done" },
      { exact: `${token}.a` },
    ]),
  ];
}

function streamsOf(random: Random, families: readonly Family[], consume: ConsumePolicy): readonly StreamPolicy[] {
  const stored = families.filter(({ durability }) => random.chance(durability === "durable" ? 0.9 : 0.15));
  const subjects = stored.map(one => one.subjects);
  // Together in one stream, or each in its own.
  const parted = random.chance(0.5) ? subjects.map(one => [one]) : subjects.length > 0 ? [subjects] : [];
  const { deadLetterSubject } = consume;
  const kept = deadLetterSubject !== undefined && random.chance(0.9) ? [[deadLetterSubject]] : [];
  return [...parted, ...kept].map((taken, i) => fitting(streamOf(random, `STREAM_${i}`, taken), consume));
}

/**
 * The stream as its consumers need it. A work queue has consumers that begin at its first message, and acknowledge each. A consumer that the
 * operator makes is there before the bus, and so is its stream.
 */
function fitting({ retention, ...stream }: StreamPolicy, consume: ConsumePolicy): StreamPolicy {
  const { durables, deliverPolicy, ackPolicy } = consume;
  const isUsual = deliverPolicy === undefined && ackPolicy === undefined;
  const isTaken = retention === "workqueue" ? isUsual : ackPolicy !== "all" || !mayDiscard(stream);
  const isPresent = durables === "bound" || consume.stands !== undefined;
  return {
    ...stream,
    ...(retention === undefined || durables === "ephemeral" || !isTaken ? {} : { retention }),
    ...(isPresent ? { made: "present" } : {}),
  };
}

function streamOf(random: Random, name: string, subjects: readonly string[]): StreamPolicy {
  const discard = random.pick(["old", "new"] as const);
  const duplicateWindowMs = random.pick([500, 2_000, 120_000]);
  const limits = {
    ...(random.chance(0.2) ? { messagesMax: random.pick([5, 100, 1_000_000]) } : {}),
    ...(random.chance(0.15) ? { bytesMax: random.pick([500, 5_000, 100_000]) } : {}),
    ...(random.chance(0.15) ? perSubject(random, discard) : {}),
    // The server refuses a window that is longer.
    ...(random.chance(0.1) ? { ageMaxMs: random.pick([duplicateWindowMs, 600_000, 604_800_000]) } : {}),
  };
  const retention = random.chance(0.3) ? random.pick(["workqueue", "interest"] as const) : undefined;
  return {
    name,
    subjects,
    storage: random.chance(0.7) ? "file" : "memory",
    duplicateWindowMs,
    ...limits,
    ...(retention === undefined ? {} : { retention }),
    ...(random.chance(0.1) ? { messageBytesMax: random.pick([64, 1_000]) } : {}),
    ...(random.chance(0.05) && !subjects.includes(deadLetters) ? { noAck: true } : {}),
    discard,
    made: random.pick(["created", "present"]),
  };
}

const perSubject = (random: Random, discard: StreamPolicy["discard"]): Partial<StreamPolicy> => ({
  messagesPerSubjectMax: random.pick([1, 5, 100]),
  ...(discard === "new" && random.chance(0.6) ? { discardsNewPerSubject: true } : {}),
});

const publishingOf = (random: Random, families: readonly Family[], { durable }: Allowed): PublishPolicy => ({
  messageIds: families
    .filter(() => durable && random.chance(0.7))
    .map(({ subjects }): IdRule => ({ subjects, id: random.pick(ids) })),
  ackTimeoutMs: random.pick([500, 5_000]),
  attemptsMax: random.int(1, 3),
  ...(random.chance(0.2) ? { onError: onErrorOf(random) } : {}),
  ...(random.chance(0.15) ? { noResponders: { retries: random.int(0, 3), waitMs: random.pick([50, 200]) } } : {}),
});

function onErrorOf(random: Random): NonNullable<PublishPolicy["onError"]> {
  const asking = { retries: random.int(1, 3), waitMs: 100 };
  return random.pick(["dropped", asking, { ...asking, lastError: "dropped" }]);
}

function consumeOf(random: Random, allowed: Allowed): ConsumePolicy {
  const failures = random.pick(allowed.failures);
  const consume: ConsumePolicy = {
    durables: random.chance(0.1) ? "ephemeral" : random.pick(["created", "bound", "created", "bound", "updated"]),
    ackWaitMs: random.pick([1_000, 30_000]),
    deliverMax: random.pick([-1, 1, 3]),
    failures,
    ...(failures === "dead-letter" ? { deadLetterSubject: deadLetters } : {}),
  };
  const whole: ConsumePolicy = {
    ...consume,
    ...(random.chance(0.15) ? { ackPendingMax: random.pick([1, 2, 5, 1_000]) } : {}),
    ...(random.chance(0.15) ? { backoffMs: backoffOf(random, consume) } : {}),
  };
  const isEphemeral = consume.durables === "ephemeral";
  if (!isEphemeral && random.chance(0.1)) return { ...whole, stands: standingBeside(random, whole) };
  const isUnacked = random.chance(0.05);
  return {
    ...whole,
    ...(consume.durables !== "bound" && random.chance(0.1)
      ? { deliverPolicy: random.pick(["new", "last", "last-per-subject"] as const) }
      : {}),
    ...(isUnacked ? { ackPolicy: random.pick(["none", "all"] as const) } : {}),
    ...(random.chance(0.1) ? { inactiveThresholdMs: random.pick([10_000, 600_000]) } : {}),
  };
}

/** One setting or two in which the operator's consumer is another one. A backoff stays, and with it the waits. */
function standingBeside(
  random: Random,
  { ackWaitMs, deliverMax, backoffMs }: ConsumePolicy,
): Partial<ConsumerSettings> {
  const waits = { ackWaitMs: ackWaitMs === 1_000 ? 30_000 : 1_000 };
  const limit = { deliverMax: deliverMax < 0 ? 5 : -1 };
  if (backoffMs !== undefined) return limit;
  return random.pick([waits, limit, { ...waits, ...limit }]);
}

/** The waits of a backoff: as many as there may be deliveries at most, the first of them the ack wait. */
function backoffOf(random: Random, { ackWaitMs, deliverMax }: ConsumePolicy): readonly number[] {
  const length = random.int(1, deliverMax < 0 ? 3 : deliverMax);
  return Array.from({ length }, (_, i) => (i === 0 ? ackWaitMs : random.pick([2_000, 10_000, 60_000])));
}

function startupOf(random: Random, allowed: Allowed): StartupPolicy {
  const strategy = random.pick(allowed.startup);
  return {
    strategy,
    ...(strategy === "retry-with-deadline" ? { deadlineMs: random.pick([1_000, 5_000, 30_000]) } : {}),
    connectTimeoutMs: random.pick([200, 2_000]),
    jetStreamProbe: random.pick(allowed.durable ? ["once", "until-usable", "none"] : ["none"]),
    readiness: random.pick(["process", "connected", "connected-and-durable"]),
    liveness: random.pick(["independent", "independent", "as-readiness"]),
    whenClosed: random.pick(["exit", "ignore"]),
  };
}

function shutdownOf(random: Random, allowed: Allowed): ShutdownPolicy {
  const strategy = random.pick(allowed.shutdown);
  return {
    strategy,
    budgetMs: random.pick([500, 5_000, 10_000]),
    forced: random.chance(0.7),
    tellsLoss: random.chance(0.5),
    ...(strategy === "subscriptions-waited-then-close" || (strategy === "drain" && random.chance(0.3))
      ? { drainTimeoutMs: random.pick([400, 2_000, 6_000]) }
      : {}),
  };
}

/** Its list rises, and repeats its last wait. */
const restarts: readonly SupervisorPolicy["restartMs"][] = [0, 200, 1_000, [0, 200, 400, 3_000]];

const supervisorOf = (random: Random): SupervisorPolicy => ({
  restartMs: random.pick(restarts),
  killAfterMs: random.pick([1_000, 30_000]),
  ...(random.chance(0.2) ? { preStopMs: random.pick([100, 300]) } : {}),
  ...(random.chance(0.3) ? { liveness: killingProbe(random) } : {}),
  ...(random.chance(0.2)
    ? { startupProbe: { ...killingProbe(random), ...(random.chance(0.5) ? { asks: "readiness" } : {}) } }
    : {}),
});

const killingProbe = (random: Random): KillingProbe => ({
  ...(random.chance(0.3) ? { initialDelayMs: 500 } : {}),
  periodMs: random.pick([100, 1_000]),
  failureThreshold: random.int(1, 3),
});

function clientOf(random: Random, { client }: Allowed): Policy["client"] {
  const sets = (): boolean => client !== false && random.chance(0.2);
  const sent: Policy["client"] = {
    ...(sets() ? { reconnectBufferBytesMax: random.pick([-1, 0, 100, 65_536]) } : {}),
    ...(sets() ? { reconnectWaitMs: random.pick([50, 500]) } : {}),
    ...(sets() ? { reconnectAttemptsMax: random.pick([-1, 3, 60]) } : {}),
    ...(sets() ? { reconnectJitterMs: random.pick([50, 1_000]) } : {}),
  };
  return client === true && Object.keys(sent).length === 0 ? { reconnectWaitMs: 50 } : sent;
}

/**
 * Smaller policies: less in every list, and a plainer choice in the place of another. The plainest is what the bundled policy
 * `core-only` has: one best-effort family, a process that dials for ever and stops in four steps.
 */
import { stoppedBy } from "../../models/policy/under.ts";
import type { ConsumePolicy, Policy } from "../../models/vocabulary/policy.ts";

/** The value to which each choice shrinks; lists get shorter instead. */
const plain = {
  consume: { durables: "bound", ackWaitMs: 30_000, deliverMax: -1, failures: "redelivered" },
  startup: {
    strategy: "retry-forever",
    connectTimeoutMs: 2_000,
    jetStreamProbe: "none",
    readiness: "connected",
    liveness: "independent",
    whenClosed: "exit",
  },
  shutdown: { strategy: "four-steps", budgetMs: 10_000, forced: true, tellsLoss: true },
  supervisor: { restartMs: 1_000, killAfterMs: 30_000 },
} as const;

export function* plainerPolicies(policy: Policy): Generator<Policy> {
  yield* fewerFamilies(policy);
  yield* shorterLists(policy);
  yield* plainerParts(policy);
  yield* plainerStreams(policy);
  yield* plainerPublishing(policy);
  for (const name of Object.keys(policy.client) as (keyof Policy["client"])[])
    yield { ...policy, client: without(policy.client, name) };
}

/** A family goes with all that is said of its pattern; a family that is left becomes best-effort. */
function* fewerFamilies(policy: Policy): Generator<Policy> {
  const { families } = policy;
  if (families.length > 1)
    for (const [i, { subjects }] of families.entries()) {
      const streams = policy.streams
        .map(stream => ({ ...stream, subjects: stream.subjects.filter(one => one !== subjects) }))
        .filter(one => one.subjects.length > 0);
      const taps = policy.taps.filter(one => one !== subjects);
      const messageIds = policy.publish.messageIds.filter(one => one.subjects !== subjects);
      const publish = { ...policy.publish, messageIds };
      yield { ...policy, families: families.toSpliced(i, 1), streams, taps, publish };
    }
  for (const [i, family] of families.entries())
    if (family.gapMs !== undefined) yield { ...policy, families: families.with(i, without(family, "gapMs")) };
  for (const [i, family] of families.entries())
    if (family.durability === "durable")
      yield { ...policy, families: families.with(i, { ...family, durability: "best-effort" }) };
}

function* shorterLists(policy: Policy): Generator<Policy> {
  for (const classifier of shorter(policy.classifier)) yield { ...policy, classifier };
  for (const streams of shorter(policy.streams)) yield { ...policy, streams };
  for (const taps of shorter(policy.taps)) yield { ...policy, taps };
  for (const messageIds of shorter(policy.publish.messageIds))
    yield { ...policy, publish: { ...policy.publish, messageIds } };
  for (const demands of shorter(policy.demands)) yield { ...policy, demands };
}

/** None, and then all but one. */
function* shorter<T>(list: readonly T[]): Generator<readonly T[]> {
  if (list.length > 1) yield [];
  for (let i = 0; i < list.length; i++) yield list.toSpliced(i, 1);
}

/** A backoff begins with the ack wait and has no more waits than there are deliveries; one that does not is left out. */
function waitingFor(consume: ConsumePolicy): ConsumePolicy {
  const { backoffMs, ackWaitMs, deliverMax } = consume;
  const isWhole = backoffMs?.[0] === ackWaitMs && (deliverMax < 0 || backoffMs.length <= deliverMax);
  return backoffMs === undefined || isWhole ? consume : without(consume, "backoffMs");
}

function* plainerParts(policy: Policy): Generator<Policy> {
  for (const startup of plainer(policy.startup, plain.startup))
    yield { ...policy, startup: startup.strategy === "retry-with-deadline" ? startup : without(startup, "deadlineMs") };
  if (policy.shutdown.strategy === "drain" && policy.shutdown.drainTimeoutMs !== undefined)
    yield { ...policy, shutdown: without(policy.shutdown, "drainTimeoutMs") };
  for (const shutdown of plainer(policy.shutdown, plain.shutdown))
    yield { ...policy, shutdown: stoppedBy({ ...policy, shutdown }, shutdown.strategy) };
  for (const name of ["stands", "deliverPolicy", "ackPolicy", "inactiveThresholdMs"] as const)
    if (policy.consume[name] !== undefined) yield { ...policy, consume: without(policy.consume, name) };
  const isMadeByBus = policy.streams.some(({ made }) => made === "created");
  // What a change of one side makes of the other is not looked at: the two sides first become one.
  for (const consume of policy.consume.stands === undefined ? plainer(policy.consume, plain.consume) : []) {
    // There is nothing to bind to on a stream that the bus itself makes.
    if (consume.durables === "bound" && isMadeByBus) continue;
    yield {
      ...policy,
      consume: waitingFor(consume.failures === "dead-letter" ? consume : without(consume, "deadLetterSubject")),
    };
  }
  for (const supervisor of plainer(policy.supervisor, plain.supervisor)) yield { ...policy, supervisor };
  for (const name of ["preStopMs", "liveness", "startupProbe"] as const)
    if (policy.supervisor[name] !== undefined) yield { ...policy, supervisor: without(policy.supervisor, name) };
}

/** One choice at a time becomes the plainest. */
function* plainer<Part extends object>(part: Part, plainest: Partial<Part>): Generator<Part> {
  for (const name of Object.keys(plainest) as (keyof Part)[])
    if (part[name] !== plainest[name]) yield { ...part, [name]: plainest[name] };
}

const plainStream = { storage: "file", duplicateWindowMs: 120_000, discard: "old", made: "present" } as const;

function* plainerStreams(policy: Policy): Generator<Policy> {
  for (const [i, stream] of policy.streams.entries()) {
    const put = (one: typeof stream): Policy => ({ ...policy, streams: policy.streams.with(i, one) });
    for (const name of ["messagesMax", "bytesMax", "messageBytesMax", "ageMaxMs", "noAck", "retention"] as const)
      if (stream[name] !== undefined) yield put(without(stream, name));
    const { messagesPerSubjectMax, discardsNewPerSubject: _, ...others } = stream;
    if (messagesPerSubjectMax !== undefined) yield put(others);
    for (const one of plainer(stream, plainStream)) if (isPossible(one)) yield put(one);
    if (stream.subjects.length > 1)
      for (const subjects of shorter(stream.subjects)) if (subjects.length > 0) yield put({ ...stream, subjects });
  }
}

/** The server takes it, and the model knows it. */
function isPossible(stream: Policy["streams"][number]): boolean {
  const { discard, discardsNewPerSubject, duplicateWindowMs, ageMaxMs = Number.POSITIVE_INFINITY } = stream;
  return (discard === "new" || discardsNewPerSubject !== true) && duplicateWindowMs <= ageMaxMs;
}

function* plainerPublishing(policy: Policy): Generator<Policy> {
  const { publish } = policy;
  for (const one of plainer(publish, { ackTimeoutMs: 5_000, attemptsMax: 1 })) yield { ...policy, publish: one };
  if (publish.noResponders !== undefined) yield { ...policy, publish: without(publish, "noResponders") };
  if (publish.outlastsMs !== undefined) yield { ...policy, publish: without(publish, "outlastsMs") };
  if (typeof publish.onError === "object" && publish.onError.lastError !== undefined)
    yield { ...policy, publish: { ...publish, onError: without(publish.onError, "lastError") } };
  if (publish.onError !== undefined) yield { ...policy, publish: without(publish, "onError") };
  for (const [i, rule] of publish.messageIds.entries())
    if (rule.id !== "event")
      yield { ...policy, publish: { ...publish, messageIds: publish.messageIds.with(i, { ...rule, id: "event" }) } };
}

/** Only of what may be absent. */
function without<Part extends object>(part: Part, name: keyof Part): Part {
  const { [name]: _gone, ...rest } = part;
  return rest as Part;
}

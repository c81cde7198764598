/** The kinds of episode under a policy: each is about one concern of it, with waits just under, at and over its own time limits. */
import { longestWaitMs } from "../../models/policy/attempts.ts";
import { familiesWithGap } from "../../models/policy/gaps.ts";
import { ageMsOf, storedBytes } from "../../models/policy/limits.ts";
import { isUnacknowledged, streamOf } from "../../models/policy/streams.ts";
import { deletedAfterMs, effective, goneAfterMs, isDeletedUnused } from "../../models/policy/two-sides.ts";
import type { Policy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import type { Capability } from "../../models/vocabulary/scenario.ts";
import {
  advanceAround,
  again,
  before,
  durableSubject,
  fault,
  flush,
  hasLostStreams,
  hasRetention,
  heal,
  isForgotten,
  isHandled,
  mayHandleItself,
  nextKey,
  type PolicyDraft,
  publish,
  signal,
  sometimes,
  start,
  subscribe,
} from "./policy-draft.ts";
import { stop } from "./policy-ending.ts";

export interface PolicyEpisode {
  readonly name: string;
  readonly needs: readonly Capability[];
  /** Only where some subject is published through JetStream into a stream. */
  readonly durable?: true;
  add(draft: PolicyDraft): void;
}

const windowEdge = ({ random, policy }: PolicyDraft): number =>
  random.pick(policy.streams.map(one => one.duplicateWindowMs));
const ackEdge = ({ random, policy }: PolicyDraft): number =>
  policy.publish.ackTimeoutMs * random.int(1, policy.publish.attemptsMax);

export const policyEpisodes: readonly PolicyEpisode[] = [
  {
    name: "published while up",
    needs: [],
    add(draft) {
      for (let left = draft.random.int(1, 3); left > 0; left--) publish(draft);
    },
  },
  {
    name: "published while down",
    needs: ["cut"],
    add(draft) {
      before(draft);
      fault(draft, { kind: "cut", awaits: "noticed" });
      for (let left = draft.random.int(1, 3); left > 0; left--) publish(draft);
      sometimes(draft, 0.3, () => advanceAround(draft, ackEdge(draft)));
      // A publish that waits for its acknowledgement can outlast the outage.
      sometimes(draft, 0.3, () => publish(draft, { overlap: true }));
      heal(draft);
    },
  },
  {
    name: "burst and cut",
    needs: ["cut"],
    add(draft) {
      publish(draft, { most: 300, overlap: true });
      fault(draft, { kind: "cut", awaits: "noticed" });
      sometimes(draft, 0.4, () => publish(draft));
      heal(draft);
    },
  },
  {
    name: "held",
    needs: ["hold", "cut"],
    add(draft) {
      before(draft);
      fault(draft, { kind: "hold" });
      publish(draft);
      sometimes(draft, 0.5, () => fault(draft, { kind: "cut", awaits: "noticed" }));
      heal(draft);
    },
  },
  {
    name: "an acknowledgement is lost",
    needs: ["lose-ack"],
    durable: true,
    add(draft) {
      sometimes(draft, 0.3, () => publish(draft));
      if (draft.isDowngraded || draft.isSubscribed || hasLostStreams(draft) || isForgotten(draft)) return;
      const subject = durableSubject(draft);
      // There is no acknowledgement to be lost.
      if (isUnacknowledged(draft.policy, subject)) return;
      fault(draft, { kind: "lose-ack" });
      const first = publish(draft, { subject, most: 5 });
      sometimes(draft, 0.2, () => publish(draft));
      heal(draft);
      sometimes(draft, 0.5, () => advanceAround(draft, windowEdge(draft)));
      sometimes(draft, 0.8, () => again(draft, first));
    },
  },
  {
    name: "two messages about one thing",
    needs: [],
    durable: true,
    add(draft) {
      const key = nextKey(draft);
      const subject = durableSubject(draft);
      publish(draft, { subject, key, most: 2 });
      sometimes(draft, 0.5, () => advanceAround(draft, windowEdge(draft)));
      publish(draft, { subject: draft.random.chance(0.8) ? subject : durableSubject(draft), key, most: 2 });
    },
  },
  {
    name: "published again",
    needs: [],
    durable: true,
    add(draft) {
      const first = publish(draft, { subject: durableSubject(draft), most: 5 });
      sometimes(draft, 0.6, () => advanceAround(draft, windowEdge(draft)));
      again(draft, first);
    },
  },
  {
    name: "the server stops",
    needs: ["stop-server"],
    add(draft) {
      const { random } = draft;
      if (hasRetention(draft, "interest") || isForgotten(draft)) return;
      const first = random.chance(0.8) ? publish(draft) : undefined;
      const isFlushed = first === undefined || random.chance(0.4);
      if (first !== undefined && isFlushed) flush(draft);
      const store = random.chance(0.3) ? { store: "lost" as const } : {};
      fault(draft, {
        kind: "stop-server",
        signal: random.pick(isHandled(draft) ? ["TERM"] : ["TERM", "KILL", "KILL"]),
        awaits: "noticed",
        ...store,
      });
      // Where nothing is under way any more, only this meets the fault.
      sometimes(draft, isFlushed ? 1 : 0.4, () => publish(draft));
      heal(draft);
      if (first !== undefined) sometimes(draft, 0.3, () => again(draft, first));
      sometimes(draft, 0.3, () => publish(draft));
    },
  },
  {
    name: "the server loses power",
    needs: ["power-loss"],
    add(draft) {
      if (
        hasRetention(draft, "interest") ||
        (hasRetention(draft, "workqueue") && isHandled(draft)) ||
        isForgotten(draft)
      )
        return;
      const first = publish(draft);
      const isFlushed = draft.random.chance(0.4);
      if (isFlushed) flush(draft);
      fault(draft, { kind: "power-loss", awaits: "noticed" });
      sometimes(draft, isFlushed ? 1 : 0.4, () => publish(draft));
      heal(draft);
      sometimes(draft, 0.3, () => again(draft, first));
    },
  },
  {
    name: "stopped and started again",
    needs: ["signal"],
    add(draft) {
      stop(draft);
      start(draft);
      draft.isDowngraded = false;
      draft.isSubscribed = false;
      sometimes(draft, 0.7, () => publish(draft));
    },
  },
  {
    name: "replicas of one durable",
    needs: ["replicas", "subscribe", "signal"],
    durable: true,
    add: replicasOfOneDurable,
  },
  {
    name: "a handler, its own or a replica's",
    needs: ["subscribe"],
    durable: true,
    add(draft) {
      const { random, policy, capabilities } = draft;
      const subject = durableSubject(draft);
      const isOwn =
        !draft.isSubscribed && mayHandleItself(draft) && (!capabilities.has("replicas") || random.chance(0.4));
      const replica = isOwn ? 0 : freeReplica(draft);
      if (replica > 0 && !capabilities.has("replicas")) return;
      if (replica > 0) start(draft, replica);
      else draft.isSubscribed = true;
      sometimes(draft, 0.3, () => publish(draft, { subject, most: 5 }));
      subscribe(draft, replica, filterOf(draft, subject), random.pick(["acks", "fails", "hangs"]));
      publish(draft, { subject, most: 5 });
      for (let left = random.int(0, 3); left > 0; left--) advanceAround(draft, effective(policy.consume).ackWaitMs);
    },
  },
];

/** A stream whose limit is higher is not filled by a scenario. */
export const filledMax = 2_000;
export const streamAtItsLimit: PolicyEpisode = {
  name: "a stream at its limit",
  needs: [],
  durable: true,
  add: fillAStream,
};

/** The number of messages of one subject, by a guess at their size, that the stream holds before it refuses one, or discards one. */
export function messagesMaxOf(stream: StreamPolicy | undefined): number {
  const { messagesMax = filledMax, messagesPerSubjectMax = filledMax, bytesMax, storage = "file" } = stream ?? {};
  const oneBytes = storedBytes({ storage }, { subject: "a.subject", headerBytes: 0, payloadBytes: 16 });
  const fitting = bytesMax === undefined ? filledMax : Math.max(1, Math.floor(bytesMax / oneBytes));
  return Math.min(messagesMax, messagesPerSubjectMax, fitting);
}

export const gapOfAFamily: PolicyEpisode = {
  name: "a gap as long as declared",
  needs: ["cut", "advance"],
  add(draft) {
    const { random, options, policy, subjects } = draft;
    const declared = familiesWithGap(policy);
    if (declared.length === 0 || subjects.core.length === 0) return;
    const subject = random.pick(subjects.core);
    publish(draft, { subject });
    fault(draft, { kind: "cut", awaits: "noticed" });
    sometimes(draft, 0.5, () => publish(draft, { subject }));
    const { gapMs } = random.pick(declared);
    sometimes(draft, 0.7, () =>
      advanceAround(draft, random.pick([gapMs, Math.max(1, gapMs - longestWaitMs(options))])),
    );
    heal(draft);
    publish(draft, { subject });
  },
};

export const streamWithAnAge: PolicyEpisode = {
  name: "messages that grow too old",
  needs: ["advance"],
  durable: true,
  add: growOld,
};

/** The servers of the pool are lost one after the other, some of them or all. */
export const serversLost: PolicyEpisode = {
  name: "servers of the pool are lost",
  needs: ["cut-server"],
  add: loseServers,
};

function loseServers(draft: PolicyDraft): void {
  const { random, options, steps } = draft;
  const { servers = 1, reconnectAttemptsMax } = options;
  // What an outage leaves of the attempts is not known.
  if (reconnectAttemptsMax >= 0 && steps.some(one => one.kind === "fault")) return;
  for (let left = random.int(1, servers); left > 0; left--) {
    before(draft);
    sometimes(draft, 0.2, () => fault(draft, { kind: "cut-server", stays: true }));
    sometimes(draft, 0.4, () => publish(draft));
    fault(draft, { kind: "cut-server" });
  }
  publish(draft);
  heal(draft);
}

/** The ages that may end in a scenario. */
export const agesIn = ({ streams }: Policy): readonly number[] => streams.flatMap(one => ageMsOf(one) ?? []);

export const unusedConsumer: PolicyEpisode = {
  name: "a consumer that nobody uses",
  needs: ["advance", "subscribe", "signal", "replicas"],
  durable: true,
  add: leaveConsumer,
};

/** True where the server may delete a durable consumer in a scenario. */
export const hasThreshold = ({ consume }: Policy): boolean =>
  consume.durables !== "ephemeral" && isDeletedUnused(consume);

/** One process handles a subject, ends, and comes back before or after the server has deleted its consumer. */
function leaveConsumer(draft: PolicyDraft): void {
  const { random, policy } = draft;
  const only = freeReplica(draft);
  const subject = durableSubject(draft);
  start(draft, only);
  subscribe(draft, only, subject, random.chance(0.8) ? "acks" : "hangs");
  publish(draft, { subject, most: 3 });
  signal(draft, only, random.chance(0.5) ? "TERM" : "KILL");
  sometimes(draft, 0.5, () => publish(draft, { subject, most: 3 }));
  advanceAround(draft, random.pick([deletedAfterMs(policy.consume), goneAfterMs(policy.consume)]));
  start(draft, only);
  subscribe(draft, only, subject, "acks");
  sometimes(draft, 0.6, () => publish(draft, { subject, most: 3 }));
}

/** Published just before, at or after the end of the age of what came before; now and then handled, or published once more. */
function growOld(draft: PolicyDraft): void {
  const { random, policy } = draft;
  const subject = durableSubject(draft);
  const first = publish(draft, { subject, most: 3 });
  sometimes(draft, 0.4, () => publish(draft, { most: 3 }));
  advanceAround(draft, random.pick(agesIn(policy)));
  sometimes(draft, 0.3, () => again(draft, first));
  sometimes(draft, 0.6, () => publish(draft, { subject, most: 3 }));
}

/** Just under, at, or just over the limit of a stream. */
function fillAStream(draft: PolicyDraft): void {
  const { random, policy } = draft;
  const subject = durableSubject(draft);
  const most = messagesMaxOf(streamOf(policy, subject));
  if (most >= filledMax) return;
  publish(draft, { subject, count: most + random.pick([0, 1, 2]) - (most > 1 ? 1 : 0) });
  for (let left = random.int(0, 2); left > 0; left--) publish(draft, { subject, most: 2 });
}

/** The subject, and on a work queue now and then a wider filter, which overlaps with the consumers of other handlers. */
function filterOf({ random, policy }: PolicyDraft, subject: string): string {
  if (streamOf(policy, subject)?.retention !== "workqueue" || random.chance(0.6)) return subject;
  return [...subject.split(".").slice(0, -1), random.pick(["*", ">"])].join(".");
}

const replicaMax = 15;

/** One that was never started in this scenario; the last one where all were. */
function freeReplica({ steps }: PolicyDraft): number {
  const used = steps.map(one => (one.kind === "start" ? (one.replica ?? 0) : 0));
  return Math.min(replicaMax, Math.max(0, ...used) + 1);
}

/** Two or three handle one subject; one of them is stopped, and now and then comes back. */
function replicasOfOneDurable(draft: PolicyDraft): void {
  const { random, policy } = draft;
  if (policy.consume.durables === "ephemeral") return;
  const first = freeReplica(draft);
  const replicas = Array.from({ length: random.int(2, 3) }, (_, i) => first + i).filter(one => one <= replicaMax);
  const subject = durableSubject(draft);
  for (const replica of replicas) {
    start(draft, replica);
    subscribe(draft, replica, subject, random.chance(0.9) ? "acks" : random.pick(["fails", "hangs"]));
    sometimes(draft, 0.3, () => publish(draft, { subject, most: 5 }));
  }
  const stopped = random.chance(0.6) ? replicas[0] : random.pick(replicas);
  if (stopped === undefined) return;
  signal(draft, stopped, random.chance(0.8) ? "TERM" : "KILL");
  publish(draft, { subject, most: 5 });
  sometimes(draft, 0.4, () => advanceAround(draft, effective(policy.consume).ackWaitMs));
  sometimes(draft, 0.4, () => {
    start(draft, stopped);
    subscribe(draft, stopped, subject, "acks");
    sometimes(draft, 0.5, () => publish(draft, { subject, most: 5 }));
  });
}

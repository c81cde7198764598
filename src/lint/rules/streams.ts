/** Rules on streams: what may take an acknowledged message away. */
import { declaredDurability, isClassifiedDurable } from "../../../models/policy/classifier.ts";
import { overlap } from "../../../models/policy/pattern.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import { subjectsOf } from "../../../models/policy/subjects.ts";
import { syncIntervalMs } from "../../../models/policy/times.ts";
import { asStands } from "../../../models/policy/two-sides.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { type Draft, heal, publish, start } from "../../drills/drill.ts";
import { placeOf } from "../../files/import/spot.ts";
import { msText } from "../../text/durations.ts";
import { type Hit, type Rule, when } from "../rule.ts";

/** A stream with a subject in it that is declared durable. */
interface DurableStream {
  readonly stream: StreamPolicy;
  readonly index: number;
  readonly subject: string;
}

export const durableStreams = (policy: Policy): readonly DurableStream[] =>
  policy.streams.flatMap((stream, index) => {
    const isIn = (subject: string): boolean =>
      streamOf(policy, subject) === stream &&
      declaredDurability(policy, subject) === "durable" &&
      isClassifiedDurable(policy, subject);
    const subject = subjectsOf(policy)
      .filter(isIn)
      .toSorted((a, b) => a.length - b.length)[0];
    return subject === undefined ? [] : [{ stream, index, subject }];
  });

const hitsOf = (policy: Policy, hit: (one: DurableStream) => readonly Hit[]): readonly Hit[] =>
  durableStreams(policy).flatMap(hit);

const serverRestarts: readonly Draft[] = [
  { kind: "fault", fault: { kind: "stop-server", signal: "TERM", awaits: "noticed" } },
  heal,
];

const inMemory: Rule = {
  id: "P013",
  name: "durable-family-in-memory",
  says: "The stream of a durable family has memory storage, or its servers lose their disk with their pod.",
  why: "Every message that was acknowledged is gone with the server's process.",
  source: "F-59",
  hits: ({ policy }) =>
    hitsOf(policy, ({ stream, index, subject }) => [
      ...when(stream.storage === "memory", () => ({
        message: `the stream ${stream.name} keeps the durable ${subject} in memory`,
        remedy: 'Give the stream storage "file".',
        at: ["streams", index, "storage"],
        witness: {
          promise: "durable-path/acked-is-never-lost",
          steps: () => [start(), publish(subject, 3), ...serverRestarts],
        },
      })),
      ...when(stream.storage === "file" && policy.server?.keepsDisk === false, () => ({
        message: `the stream ${stream.name} is on a disk that goes with the pod of its server`,
        remedy: "Give the servers a persistent volume.",
        at: ["server", "keepsDisk"],
      })),
    ]),
};

const oneReplica: Rule = {
  id: "P034",
  name: "durable-family-on-one-server",
  says: "The stream of a durable family has one replica although there are several servers, or more replicas than servers.",
  why: "With one replica a family is away as long as its server is, and gone with its disk; with too many the server refuses the stream.",
  source: "users-and-reliability E, P013",
  hits: ({ policy }) => {
    const { count = 1 } = policy.server ?? {};
    return hitsOf(policy, ({ stream, index, subject }) => {
      const { replicas = 1 } = stream;
      return [
        ...when(replicas === 1 && count > 1, () => ({
          message: `the stream ${stream.name} keeps the durable ${subject} on 1 of ${count} servers`,
          remedy: "Give the stream 3 replicas.",
          at: ["streams", index, "replicas"],
        })),
        ...when(policy.server?.count !== undefined && replicas > count, () => ({
          message: `the stream ${stream.name} asks for ${replicas} replicas, and there ${count === 1 ? "is 1 server" : `are ${count} servers`}`,
          remedy: `Run at least ${replicas} servers, or give the stream ${count} replicas.`,
          at: ["streams", index, "replicas"],
        })),
      ];
    });
  },
};

const unsynced: Rule = {
  id: "P014",
  name: "power-loss-within-the-sync-interval",
  says: "Acknowledged messages on one replica are written to the disk later than the policy demands.",
  why: "What was acknowledged since the last write is gone when the machine of its server loses power.",
  source: "nats-server 2.15.2, sync_interval",
  hits: ({ policy }) => {
    const demanded = policy.demands.includes("durable-path/synced-survives-power-loss");
    const { syncMs = syncIntervalMs } = policy.server ?? {};
    return hitsOf(policy, ({ stream, index }) =>
      when(demanded && syncMs > syncIntervalMs && (stream.replicas ?? 1) === 1, () => ({
        message: `the server writes ${stream.name} to its disk every ${msText(syncMs)}, and the demand allows ${msText(syncIntervalMs)}`,
        remedy: `Set sync_interval to ${msText(syncIntervalMs)} or less, or give the stream 3 replicas.`,
        at: policy.server?.syncMs === undefined ? ["streams", index] : ["server", "syncMs"],
      })),
    );
  },
};

/** The most messages that a case publishes to come to a limit. */
const fillMax = 200;

const discarded: Rule = {
  id: "P020",
  name: "limit-shorter-than-the-outage",
  says: "A limit or an age of a stream takes messages away that its consumer has not handled yet.",
  why: "What was acknowledged is gone, and nothing reports it.",
  source: "F-240, F-242",
  hits: ({ policy }) =>
    hitsOf(policy, ({ stream, index, subject }) => {
      const { ageMaxMs, messagesMax, discard, name } = stream;
      const { outlastsMs } = policy.consume;
      const retries = longestRetryMs(policy);
      const lag = outlastsMs ?? retries;
      return [
        ...when(ageMaxMs !== undefined && lag !== undefined && ageMaxMs < lag, () => ({
          message: `${name} drops a message after ${msText(ageMaxMs ?? 0)}, and its consumer may come to it after ${msText(lag ?? 0)}`,
          remedy: `Give ${name} a max_age above ${msText(lag ?? 0)}.`,
          at: ["streams", index, "ageMaxMs"],
          witness: {
            promise: "durable-path/a-message-given-up-is-a-dead-letter",
            steps: scaled => [
              start(),
              { kind: "subscribe", replica: 0, subject, handler: "hangs" },
              publish(subject, 1),
              { kind: "advance", ms: Math.round((scaled.streams[index]?.ageMaxMs ?? 1) * 1.5) + 1_000 },
            ],
          },
        })),
        ...when(messagesMax !== undefined && discard === "old" && messagesMax <= fillMax, () => ({
          message: `${name} keeps ${messagesMax} messages and drops the oldest for the next, handled or not`,
          remedy: `Raise messagesMax of ${name} above what comes while no consumer is there, or set discard "new", so that the publisher learns of it.`,
          at: ["streams", index, "messagesMax"],
          witness: {
            promise: "durable-path/a-message-given-up-is-a-dead-letter",
            steps: () => [
              start(),
              { kind: "subscribe", replica: 0, subject, handler: "hangs" },
              publish(subject, (messagesMax ?? 0) + 1),
            ],
          },
        })),
      ];
    }),
};

/** The longest time for which a message may still be given again; undefined where that has no end. */
function longestRetryMs({ consume }: Policy): number | undefined {
  const { deliverMax, ackWaitMs, backoffMs = [ackWaitMs] } = asStands(consume);
  if (deliverMax < 0) return undefined;
  const last = backoffMs.at(-1) ?? ackWaitMs;
  return Array.from({ length: Math.min(deliverMax, 10_000) }, (_, i) => backoffMs[i] ?? last).reduce(
    (a, b) => a + b,
    0,
  );
}

const twoConsumers: Rule = {
  id: "P028",
  name: "second-consumer-on-a-work-queue",
  says: "Two consumers of a work queue take the same subjects.",
  why: "The server refuses the second: its service starts without a subscription.",
  source: "F-210",
  hits: ({ policy, source }) =>
    policy.streams.flatMap((stream, index): readonly Hit[] => {
      if (stream.retention !== "workqueue") return [];
      const own = source.consumers.filter(({ given }) => given.stream === stream.name);
      const filters = (i: number): readonly string[] => {
        const { filterSubjects = [] } = own[i]?.given ?? {};
        return filterSubjects.length === 0 ? stream.subjects : filterSubjects;
      };
      const second = own.findIndex((_, i) => own.some((_one, j) => j < i && meets(filters(i), filters(j))));
      const where = own[second];
      if (where === undefined) return [];
      return [
        {
          message: `the work queue ${stream.name} has a second consumer, ${where.given.name ?? "without a name"} at ${placeOf(where.where)}, for the same subjects`,
          remedy: `Give each consumer of ${stream.name} filter subjects that no other has, or let the services share one.`,
          at: ["streams", index, "retention"],
        },
      ];
    }),
};

const meets = (some: readonly string[], others: readonly string[]): boolean =>
  some.some(one => others.some(other => overlap(one, other)));

const ofInterest: Rule = {
  id: "P035",
  name: "interest-without-a-consumer",
  says: "A stream keeps messages only for the consumers that it has, and its consumer comes with its subscriber.",
  why: "What is published before the consumer is there is acknowledged and stored nowhere.",
  source: "F-212",
  hits: ({ policy }) =>
    hitsOf(policy, ({ stream, index, subject }) =>
      when(stream.retention === "interest" && policy.consume.durables !== "bound", () => ({
        message: `${stream.name} keeps ${subject} by interest, and its consumer is there only after the first subscriber`,
        remedy: "Make the consumer before anything is published, and let the code bind to it.",
        at: ["streams", index, "retention"],
        witness: {
          promise: "durable-path/acked-is-never-lost",
          steps: () => [start(), publish(subject, 1)],
        },
      })),
    ),
};

export const streamRules: readonly Rule[] = [inMemory, unsynced, discarded, twoConsumers, oneReplica, ofInterest];

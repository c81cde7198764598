/**
 * The parts of a policy that the model leaves out. They are named in every answer about the policy. Where an answer could be false without
 * them, there is none: the policy is refused with the sentence.
 */
import type { ConsumePolicy, ConsumerSettings, Policy, StreamExtra, StreamPolicy } from "../vocabulary/policy.ts";
import { roomOf } from "./deliveries.ts";
import { effective, isUnacknowledged } from "./two-sides.ts";

/** One of them. */
export interface NotModelled {
  /** The path in the policy's file. */
  readonly place: readonly (string | number)[];
  /** A sentence: what the server does, and what the answer therefore does not say. */
  readonly means: string;
  /** An answer could be false without it. */
  readonly falsifies: boolean;
}

/** More than any scenario brings to one stream. */
export const beyondScenarios = { messages: 100_000, bytes: 100_000_000, ageMs: 86_400_000 };

export function notModelled(policy: Policy): readonly NotModelled[] {
  const ofStreams = policy.streams.flatMap((stream, i) =>
    ofStream(stream).map(one => ({ ...one, place: ["streams", i, ...one.place] })),
  );
  return [...ofStreams, ...ofConsumer(policy)];
}

function ofConsumer({ consume, streams }: Policy): readonly NotModelled[] {
  const given = effective(consume);
  const found: (NotModelled | undefined)[] = [
    ofRoom(consume),
    ofPush(consume),
    given.ackPolicy === "all" || consume.ackPolicy === "all"
      ? {
          place: placeOf(consume, "ackPolicy"),
          means: "one acknowledgement takes all messages before it along; here each is acknowledged by itself",
          falsifies: true,
        }
      : undefined,
    isUnacknowledged(consume) && !isUnacknowledged(given)
      ? {
          place: placeOf(consume, "ackPolicy"),
          means:
            "the code acknowledges nothing, and the server gives every message again; here such code has a consumer like it",
          falsifies: true,
        }
      : undefined,
    consume.durables === "ephemeral" && streams.some(one => (one.retention ?? "limits") !== "limits")
      ? {
          place: ["consume", "durables"],
          means:
            "a stream keeps messages for an ephemeral consumer until the server has deleted it; here it is gone with its process",
          falsifies: true,
        }
      : undefined,
    streams.some(one => one.retention === "interest") && isUnusual(given)
      ? {
          place: placeOf(consume, isUnacknowledged(given) ? "ackPolicy" : "deliverPolicy"),
          means:
            "which messages a stream with retention by interest keeps depends on it; here its consumers begin at the first message and acknowledge each",
          falsifies: true,
        }
      : undefined,
  ];
  return found.filter(one => one !== undefined);
}

/** The reason against a consumer that pushes without a group: a second subscriber is refused there. */
function ofPush({ deliverSubject, deliverGroup }: ConsumePolicy): NotModelled | undefined {
  if (deliverSubject === undefined) return undefined;
  return deliverGroup === undefined
    ? {
        place: ["consume", "deliverSubject"],
        means:
          "the server pushes to one subscriber and a client refuses the second; here all replicas share the messages",
        falsifies: true,
      }
    : {
        place: ["consume", "deliverGroup"],
        means:
          "the server pushes to the members of a queue group; here the replicas share the messages of a consumer that they ask",
        falsifies: false,
      };
}

const isUnusual = (given: ConsumePolicy): boolean =>
  isUnacknowledged(given) || (given.deliverPolicy ?? "all") !== "all";

function ofRoom(consume: ConsumePolicy): NotModelled | undefined {
  const given = effective(consume);
  const { ackPendingMax = -1 } = given;
  if (ackPendingMax < 0 || isUnacknowledged(given) || roomOf(given) !== undefined) return undefined;
  const means = `the server gives no more messages while ${ackPendingMax} are not acknowledged; handlers here are given every message`;
  return { place: placeOf(consume, "ackPendingMax"), means, falsifies: false };
}

/** The side of the consumer that is effective in the setting. */
const placeOf = ({ stands = {} }: ConsumePolicy, setting: keyof ConsumerSettings): readonly string[] =>
  stands[setting] === undefined ? ["consume", setting] : ["consume", "stands", setting];

function ofStream(stream: StreamPolicy): readonly NotModelled[] {
  const { ageMaxMs, noAck, replicas = 1, declared = [] } = stream;
  const found: (NotModelled | undefined)[] = [
    ofLimitedQueue(stream),
    ageMaxMs === undefined
      ? undefined
      : {
          place: ["ageMaxMs"],
          means: `a message is gone after ${ageMaxMs} ms; messages here have no age`,
          falsifies: ageMaxMs < beyondScenarios.ageMs,
        },
    ofBytes(stream),
    ofSubjects(stream),
    noAck === true
      ? {
          place: ["noAck"],
          means: "the stream acknowledges no publish, so each publish through JetStream times out",
          falsifies: true,
        }
      : undefined,
    replicas > 1
      ? {
          place: ["replicas"],
          means: `${replicas} servers hold the stream; here it is one server, so the loss of a server says nothing about a cluster`,
          falsifies: false,
        }
      : undefined,
    ...declared.map((extra, i) => ({ place: ["declared", i], ...extras[extra] })),
  ];
  return found.filter(one => one !== undefined);
}

/** The numbers of a stream from which messages go for two reasons do not tell which of them took one. */
function ofLimitedQueue({ retention, messagesMax, discard }: StreamPolicy): NotModelled | undefined {
  if ((retention ?? "limits") === "limits" || messagesMax === undefined || discard === "new") return undefined;
  const means = `the oldest messages make room beyond ${messagesMax}, handled or not; here only an acknowledgement takes a message out of such a stream`;
  return { place: ["messagesMax"], means, falsifies: messagesMax < beyondScenarios.messages };
}

function ofBytes({ bytesMax, discard }: StreamPolicy): NotModelled | undefined {
  if (bytesMax === undefined || discard === "new") return undefined;
  const means = `the oldest messages make room beyond ${bytesMax} bytes; here only a limit of messages discards the oldest`;
  return { place: ["bytesMax"], means, falsifies: bytesMax < beyondScenarios.bytes };
}

function ofSubjects({ messagesPerSubjectMax, discard, discardsNewPerSubject }: StreamPolicy): NotModelled | undefined {
  if (messagesPerSubjectMax === undefined || (discard === "new" && discardsNewPerSubject === true)) return undefined;
  const means = `a message takes the place of the oldest of its subject beyond ${messagesPerSubjectMax}; here none does`;
  return { place: ["messagesPerSubjectMax"], means, falsifies: messagesPerSubjectMax < beyondScenarios.messages };
}

const extras: Record<StreamExtra, Omit<NotModelled, "place">> = {
  mirror: {
    means: "the stream gets its messages from another one, and takes none that is published here",
    falsifies: true,
  },
  sources: {
    means: "the stream also gets messages from others; here it gets only those published to it",
    falsifies: false,
  },
  subject_transform: {
    means: "a message is stored under another subject, so its consumers are others; here it keeps its subject",
    falsifies: true,
  },
  republish: {
    means: "stored messages are published again as core NATS; nobody looks at those here",
    falsifies: false,
  },
};

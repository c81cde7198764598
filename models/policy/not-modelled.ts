/**
 * The parts of a policy that the model leaves out. They are named in every answer about the policy. Where an answer could be false without
 * them, there is none: the policy is refused with the sentence.
 */
import type { ConsumePolicy, ConsumerSettings, Policy, StreamExtra, StreamPolicy } from "../vocabulary/policy.ts";
import { roomOf } from "./deliveries.ts";
import { ageMsOf, limitsInReach, mayDiscard } from "./limits.ts";
import { covers } from "./pattern.ts";
import { acknowledgesAll, acknowledgesNothing, drifted, effective } from "./two-sides.ts";

/** One of them. */
export interface NotModelled {
  /** The path in the policy's file. */
  readonly place: readonly (string | number)[];
  /** A sentence: what the server does, and what the answer therefore does not say. */
  readonly means: string;
  /** An answer could be false without it. */
  readonly falsifies: boolean;
}

export function notModelled(policy: Policy): readonly NotModelled[] {
  const ofStreams = policy.streams.flatMap((stream, i) =>
    [...ofStream(stream), ...ofDeadLetters(policy, stream)].map(one => ({
      ...one,
      place: ["streams", i, ...one.place],
    })),
  );
  return [...ofStreams, ...ofConsumer(policy), ...ofPool(policy)];
}

function ofPool({ client: { servers = 1 } }: Policy): readonly NotModelled[] {
  const means = `${servers} addresses lead to one server here, so a stream is there behind each of them, and a cluster that loses a server is not shown`;
  return servers > 1 ? [{ place: ["client", "servers"], means, falsifies: false }] : [];
}

function ofConsumer({ consume, streams }: Policy): readonly NotModelled[] {
  const given = effective(consume);
  const found: (NotModelled | undefined)[] = [
    ofRoom(consume),
    ofPush(consume),
    acknowledgesNothing(consume) && !acknowledgesNothing(given)
      ? {
          place: placeOf(consume, "ackPolicy"),
          means:
            "the code acknowledges nothing, and the server gives every message again; here such code has a consumer like it",
          falsifies: true,
        }
      : undefined,
    ...ofUpdate(consume),
    consume.durables === "ephemeral" && streams.some(one => (one.retention ?? "limits") !== "limits")
      ? {
          place: ["consume", "durables"],
          means:
            "a stream keeps messages for an ephemeral consumer until the server has deleted it; here it is gone with its process",
          falsifies: true,
        }
      : undefined,
    streams.some(one => one.retention === "interest" && mayDiscard(one)) && acknowledgesAll(given)
      ? {
          place: placeOf(consume, "ackPolicy"),
          means:
            "what a limit or an age takes from a stream with retention by interest may take along what stands before it; here it goes alone",
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

/** Clients differ in what an update makes of a setting that stands and that the code does not name (F-281 of docs/facts.md). */
function ofUpdate(consume: ConsumePolicy): readonly NotModelled[] {
  if (consume.durables !== "updated") return [];
  return drifted(consume)
    .filter(name => consume[name] === undefined && name !== "deliverPolicy" && name !== "ackPolicy")
    .map(name => ({
      place: ["consume", "stands", name],
      means: `the code does not name ${name}: an update of nats.js leaves the one that stands, and those of the other clients put the server's default in its place`,
      falsifies: true,
    }));
}

function ofRoom(consume: ConsumePolicy): NotModelled | undefined {
  const given = effective(consume);
  const { ackPendingMax = -1 } = given;
  if (ackPendingMax < 0 || acknowledgesNothing(given) || roomOf(given) !== undefined) return undefined;
  const means = `the server gives no more messages while ${ackPendingMax} are not acknowledged; handlers here are given every message`;
  return { place: placeOf(consume, "ackPendingMax"), means, falsifies: false };
}

/** The side of the consumer that is effective in the setting. */
const placeOf = ({ stands = {}, durables }: ConsumePolicy, setting: keyof ConsumerSettings): readonly string[] =>
  stands[setting] === undefined || durables === "updated" ? ["consume", setting] : ["consume", "stands", setting];

function ofStream(stream: StreamPolicy): readonly NotModelled[] {
  const { ageMaxMs, replicas = 1, declared = [] } = stream;
  const found: (NotModelled | undefined)[] = [
    ageMaxMs === undefined || ageMsOf(stream) !== undefined
      ? undefined
      : {
          place: ["ageMaxMs"],
          means: `a message is gone after ${ageMaxMs} ms, which is longer than a scenario lasts; messages here have no age`,
          falsifies: false,
        },
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

/** A dead letter is published and waited for, and only then is its message acknowledged. Here it takes up no room. */
function ofDeadLetters({ consume }: Policy, stream: StreamPolicy): readonly NotModelled[] {
  const { subjects, noAck } = stream;
  const { deadLetterSubject } = consume;
  if (deadLetterSubject === undefined || !subjects.some(one => covers(one, deadLetterSubject))) return [];
  const { messagesPerSubjectMax: _, ...shared } = limitsInReach(stream);
  const isShared = subjects.some(one => one !== deadLetterSubject);
  const taking = (isShared ? Object.entries(shared) : []).map(([field, limit]) => ({
    place: [field],
    means: `dead letters take up room in the stream, and ${stream.discard === "new" ? "others are refused" : "push others out"} beyond a ${field} of ${limit}; here they take up none`,
    falsifies: true,
  }));
  const means =
    "the stream acknowledges no dead letter, so what becomes of the failed message is for the code to say; here its dead letter is acknowledged";
  return noAck === true ? [...taking, { place: ["noAck"], means, falsifies: true }] : taking;
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

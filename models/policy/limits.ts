/** The limits of a stream in the sizes that the server counts. */
import type { StreamPolicy } from "../vocabulary/policy.ts";

/** The part of a message that its size depends on. `headerBytes`: 0 where it has none. */
export interface StoredMessage {
  readonly subject: string;
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

/**
 * The bytes that the server counts for one message in its stream: nats-server 2.15.2, filestore.go, fileStoreMsgSizeRaw, and memstore.go,
 * memStoreMsgSizeRaw; live, F-206 of docs/facts.md.
 */
export function storedBytes(
  { storage }: Pick<StreamPolicy, "storage">,
  { subject, headerBytes, payloadBytes }: StoredMessage,
): number {
  if (storage === "memory") return 16 + subject.length + headerBytes + payloadBytes;
  return 30 + subject.length + (headerBytes === 0 ? 0 : 4 + headerBytes) + payloadBytes;
}

/** True where the server refuses the message for its size, whatever the stream holds: stream.go, processJetStreamMsg. */
export const isTooLarge = (
  { messageBytesMax }: Pick<StreamPolicy, "messageBytesMax">,
  { headerBytes, payloadBytes }: Omit<StoredMessage, "subject">,
): boolean => messageBytesMax !== undefined && headerBytes + payloadBytes > messageBytesMax;

/** More than any scenario brings to one stream. */
export const beyondScenarios = { messages: 100_000, bytes: 100_000_000, ageMs: 86_400_000 };

type Limits = Pick<
  StreamPolicy,
  "discard" | "messagesMax" | "bytesMax" | "messagesPerSubjectMax" | "discardsNewPerSubject"
>;

type LimitsOfAll = Pick<StreamPolicy, "messagesMax" | "bytesMax" | "messagesPerSubjectMax">;

/** The limits that a scenario may reach. */
export function limitsInReach({ messagesMax, bytesMax, messagesPerSubjectMax }: LimitsOfAll): LimitsOfAll {
  const within = (limit: number | undefined, beyond: number): limit is number => limit !== undefined && limit < beyond;
  return {
    ...(within(messagesMax, beyondScenarios.messages) ? { messagesMax } : {}),
    ...(within(bytesMax, beyondScenarios.bytes) ? { bytesMax } : {}),
    ...(within(messagesPerSubjectMax, beyondScenarios.messages) ? { messagesPerSubjectMax } : {}),
  };
}

/** Those of them at which messages that the stream has stored make room for others. */
export function limitsThatDiscard(stream: Limits): LimitsOfAll {
  const { messagesPerSubjectMax, ...others } = limitsInReach(stream);
  const isOld = stream.discard === "old";
  // Also with discard "new", unless it counts for each subject.
  const isOldOfSubject = isOld || stream.discardsNewPerSubject !== true;
  return {
    ...(isOld ? others : {}),
    ...(isOldOfSubject && messagesPerSubjectMax !== undefined ? { messagesPerSubjectMax } : {}),
  };
}

/** True where messages make room for others in the stream. */
export const makesRoomIn = (stream: Limits): boolean => Object.keys(limitsThatDiscard(stream)).length > 0;

/** The age at which a message of the stream is gone; undefined where no scenario lasts so long. */
export const ageMsOf = ({ ageMaxMs }: Pick<StreamPolicy, "ageMaxMs">): number | undefined =>
  ageMaxMs !== undefined && ageMaxMs < beyondScenarios.ageMs ? ageMaxMs : undefined;

/**
 * The server looks for messages that are too old at most every 250 ms, by a clock that may be 100 ms behind (nats-server 2.15.2, filestore.go,
 * resetAgeChk and expireMsgs; F-242 of docs/facts.md).
 */
export const ageSlackMs = 400;

/** True where a limit that the policy declares, or an age, may take a message that the stream has acknowledged. */
export const mayDiscard = (stream: Limits & Pick<StreamPolicy, "ageMaxMs">): boolean =>
  makesRoomIn(stream) || ageMsOf(stream) !== undefined;

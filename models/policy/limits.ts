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

/** Sizes on the wire, in protocol bytes: limits and cuts count these. */
import type { Profile } from "./profile.ts";

/** The part of a profile that says how a client frames its publishes. */
type Framing = Pick<Profile, "frame">;

/** `PUB <subject> <n>\r\n<payload>\r\n`. */
export function frameBytes(subject: string, payloadBytes: number, { frame }: Framing): number {
  return 4 + subject.length + frame.spacesWithoutReply + digitsOf(payloadBytes) + 2 + payloadBytes + 2;
}

function digitsOf(bytes: number): number {
  let digits = 1;
  for (let rest = bytes; rest >= 10; rest /= 10) digits++;
  return digits;
}

/** The payload within a frame of this size; undefined where no payload makes such a frame. */
export function payloadBytesOf(subject: string, bytes: number, framing: Framing): number | undefined {
  const withoutPayload = frameBytes(subject, 0, framing) - 1;
  for (let digits = 1; digits <= 10; digits++) {
    const payloadBytes = bytes - withoutPayload - digits;
    if (payloadBytes >= 0 && String(payloadBytes).length === digits) return payloadBytes;
  }
  return undefined;
}

/** `PING\r\n`, what a flush sends. */
export const pingBytes = 6;

/** The framing of most clients, and of all of them where there is a reply subject. */
export const oneSpace: Framing = { frame: { spacesWithoutReply: 1 } };

/** `NATS/1.0\r\nNats-Msg-Id: <id>\r\n\r\n`; nothing where there is no id. */
export const idHeaderBytes = (id: string | undefined): number =>
  id === undefined ? 0 : 10 + "Nats-Msg-Id: ".length + id.length + 4;

/** `PUB <subject> <reply> <n>\r\n<payload>\r\n`; with a message id `HPUB <subject> <reply> <h> <h+n>\r\nNATS/1.0\r\nNats-Msg-Id: <id>\r\n\r\n<payload>\r\n`. */
export function requestFrameBytes(subject: string, replyBytes: number, payloadBytes: number, id?: string): number {
  if (id === undefined) return frameBytes(subject, payloadBytes, oneSpace) + 1 + replyBytes;
  const headerBytes = idHeaderBytes(id);
  const whole = headerBytes + payloadBytes;
  return (
    5 + subject.length + 1 + replyBytes + 1 + String(headerBytes).length + 1 + String(whole).length + 2 + whole + 2
  );
}

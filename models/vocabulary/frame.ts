/** Sizes on the wire, in protocol bytes: limits and cuts count these. */

/** `PUB <subject> <n>\r\n<payload>\r\n`. */
export function frameBytes(subject: string, payloadBytes: number): number {
  return 4 + subject.length + 1 + String(payloadBytes).length + 2 + payloadBytes + 2;
}

/** `PING\r\n`, what a flush sends. */
export const pingBytes = 6;

/** `PUB <subject> <reply> <n>\r\n<payload>\r\n`; with a message id `HPUB <subject> <reply> <h> <h+n>\r\nNATS/1.0\r\nNats-Msg-Id: <id>\r\n\r\n<payload>\r\n`. */
export function requestFrameBytes(subject: string, replyBytes: number, payloadBytes: number, id?: string): number {
  if (id === undefined) return frameBytes(subject, payloadBytes) + replyBytes + 1;
  const headerBytes = 10 + "Nats-Msg-Id: ".length + id.length + 4;
  const whole = headerBytes + payloadBytes;
  return (
    5 + subject.length + 1 + replyBytes + 1 + String(headerBytes).length + 1 + String(whole).length + 2 + whole + 2
  );
}

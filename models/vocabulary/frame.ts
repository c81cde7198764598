/** Sizes on the wire, in protocol bytes: limits and cuts count these. */

/** `PUB <subject> <n>\r\n<payload>\r\n`. */
export function frameBytes(subject: string, payloadBytes: number): number {
  return 4 + subject.length + 1 + String(payloadBytes).length + 2 + payloadBytes + 2;
}

/** `PING\r\n`, what a flush sends. */
export const pingBytes = 6;

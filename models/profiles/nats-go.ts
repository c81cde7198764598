/**
 * nats.go, 1.55.0 live, v1.53.1 read. "T1".."T4" are tables 1 to 4 of docs/facts.md: runs of the real client behind a real
 * nats-server 2.15.2 and Toxiproxy.
 */
import type { Profile } from "../vocabulary/profile.ts";

export const natsGo: Profile = {
  name: "nats-go",
  client: "nats.go",
  // T2; nats.go, natsWriter.atLimitIfUsingPending: refuses iff pending.Len() >= plimit, before the append.
  reconnectBuffer: { kind: "kept", bytesMaxDefault: 8_388_608, zero: "default", negative: "refuse-all" },
  // T1 and its correction on Toxiproxy 2.12.0: the later part of a burst lands in the reconnect buffer. Byte-exact cuts within
  // 32 KiB of burst were exact in every one of 1,788 runs.
  burst: { interruptible: true, interruptibleAfterBytes: 32_768 },
  // nats.go, natsWriter.appendBufs: flushes inline at defaultBufSize, 32768; T3: ceil(32768 / frame) messages a block.
  inlineFlushBytes: 32_768,
  // T1, correction: 2 to 7 calls of a burst above 32 KiB returned "write: broken pipe".
  writeErrorsReturned: true,
  // T2: a flush while down adds PING\r\n to the buffer and succeeds after the reconnect if its timeout is long enough.
  flush: { whileDown: "waits" },
  close: {
    // T3: close right after a burst delivers all 1000: Close writes the 32 KiB buffer once.
    unwritten: "written",
    // Live, nats.go 1.55.0: a reconnect, then a burst of 339 kB and Close in one breath lost a tail in 78 of 150 runs under strace,
    // and Toxiproxy's read of the client's socket ended in ECONNRESET in the same 78; with a flush between, 0 of 60.
    socket: "reset-if-unread",
    // Live: a clean close raises both handlers; a close while reconnecting only the closed one.
    events: { connected: ["disconnected", "closed"], down: ["closed"] },
  },
  // T4: "nats: connection reconnecting" at once, connection closed, 0 of 20.
  drain: { whileDown: { tells: "reconnecting", leaves: "closed" } },
  promises: [
    "core-path/no-message-is-delivered-twice",
    "core-path/order-is-kept",
    "core-path/nothing-is-fabricated",
    "core-path/loss-around-one-cut-is-one-block",
    "core-path/flushed-messages-arrive",
    "core-path/silent-loss-only-inside-a-disturbance",
    "core-path/an-error-that-proves-nothing-happened-is-true",
    "reconnect-buffer/below-the-limit-all-arrive-in-order",
    "reconnect-buffer/the-first-refusal-is-where-predicted",
    "reconnect-buffer/disabled-refuses-every-publish",
    "reconnect-buffer/never-holds-more-than-limit-and-one-frame",
    "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
    "connection/only-legal-transitions",
    "connection/every-healed-outage-ends-connected",
    "connection/giving-up-is-visible",
    "connection/a-silent-link-is-noticed",
  ],
};

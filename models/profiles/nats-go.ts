/**
 * nats.go 1.55.0. "F-12" is a fact of docs/facts.md: mostly runs of the real client behind a real nats-server 2.15.2 and Toxiproxy.
 */
import type { Profile } from "../vocabulary/profile.ts";

export const natsGo: Profile = {
  name: "nats-go",
  client: "nats.go",
  clientVersion: "1.55.0",
  // F-18, F-19; nats.go, natsWriter.atLimitIfUsingPending: refuses iff pending.Len() >= plimit, before the append.
  reconnectBuffer: {
    kind: "kept",
    bytesMaxDefault: 8_388_608,
    refuses: "at-limit",
    zero: "default",
    negative: "refuse-all",
  },
  // F-17; nats.go, publish().
  frame: { spacesWithoutReply: 1 },
  // F-2: the call blocks until the handshake ends, and then sends.
  duringHandshake: "sent-after",
  // F-12: the later part of a burst lands in the reconnect buffer. The same holds where a byte anchor ends the connection in the middle of
  // 15 messages of 25 bytes: F-126.
  burst: { interruptible: true, amongPublishers: true, unwrittenOfEach: 0 },
  // nats.go, natsWriter.appendBufs: flushes inline at defaultBufSize, 32768; F-37: ceil(32768 / frame) messages a block.
  inlineFlushBytes: 32_768,
  // F-12: 2 to 13 calls of a burst above 32 KiB returned "write: broken pipe".
  writeErrorsReturned: true,
  // F-26: a flush while down adds PING\r\n to the buffer and succeeds after the reconnect if its timeout is long enough.
  // F-27, in flight at the cut: "nats: connection closed" at once, though it is only reconnecting (clearPendingFlushCalls).
  flush: { whileDown: "waits", inFlight: "disconnected", covers: "all" },
  close: {
    // F-31: close right after a burst delivers all 1000, since Close writes the 32 KiB buffer once.
    unwritten: "written",
    keptWhileDown: "dropped",
    // F-100: a reconnect, then a burst of 339 kB and Close at once, lost a tail in 78 of 150 runs under strace. Toxiproxy's read of the
    // client's socket ended in ECONNRESET in the same 78; with a flush between, in 0 of 60.
    socket: "reset-if-unread",
    // Seen live: a clean close calls both handlers, a close while reconnecting only the closed one.
    events: { connected: ["disconnected", "closed"], down: ["closed"] },
  },
  // F-39: "nats: connection reconnecting" at once, connection closed, 0 of 20. F-88: DrainTimeout, 30 s by default, bounds the handlers
  // only; the flush after it has another 5 s.
  drain: {
    whileDown: { tells: "reconnecting", leaves: "closed" },
    // F-197; processOpErr: a connection that drains is closed and not dialled anew.
    atDisconnect: { tells: "ok", leaves: "closed" },
    handlersWaitMs: 30_000,
    flushWaitMs: 5_000,
    // F-256; Conn.Buffered.
    tellsUnsent: true,
    // F-208; checkDrained begins with Flush, of 10 s.
    subscriptionWaitMs: 10_000,
  },
  // F-34, F-35, F-37: exit at once after a burst loses any suffix of up to 32 KiB: 0, 61 to 72 or 100 of 100, 727 to 1000 of 1000.
  // A drain begins in a goroutine: F-145.
  exit: { unwritten: "racy", drainWrites: false },
  // F-67: Connect returns at once, RECONNECTING; F-68: publish with headers fails before the first INFO ("headers not supported").
  // F-69: with 3 attempts, never up: the closed event. F-90: the second refusal of the credentials ends it.
  firstConnect: { retry: "background", countsAttempts: true, headersRefused: true, authErrorsMax: 2 },
  // F-86: 60 attempts per server, then it leaves the pool; 2 s + 100 ms; sleeps before the first dial with one server. PINGs: F-87.
  reconnect: {
    takesJitter: true,
    waitMsDefault: 2_000,
    jitterMsDefault: 100,
    attemptsMaxDefault: 60,
    attemptsScope: "server",
    dialsBeyondMax: 0,
    zeroMeans: "give-up",
    firstWait: "whole",
    firstDial: "next",
    roundTrips: false,
    silentDialPing: "forgotten",
    // F-201; doReconnect pushes each callback once, and close() another "disconnected" if the last dial got a socket, which a handshake that fails leaves in nc.conn.
    reports: { greetedDials: "nothing", disconnectedAtClose: true, reconnected: "once" },
    pingIntervalMsDefault: 120_000,
    pingsOutMaxDefault: 2,
  },
  // F-138 to F-141; nats.go, processErr: an unknown error closes the connection for good.
  serverError: { unknown: "closes", stale: "reconnects", authorization: "kept", permissions: "kept" },
  // F-46: "no response from stream" after 500 ms: 2 retries of 250 ms. newRespInbox: "_INBOX." + 22 + "." + 8 characters. F-54: every
  // pending future fails at RECONNECTING, but what the reconnect buffer holds is stored all the same. A drain deletes the durable that the
  // client made: nats.go#874; F-83.
  jetStream: {
    noRespondersRetries: 2,
    noRespondersWaitMs: 250,
    replyBytes: 38,
    madeOverAnother: "refused",
    drainDeletesItsDurable: true,
    asyncAtDisconnect: "fails-all",
  },
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
    "reconnect-buffer/a-drain-tells-of-all-that-it-leaves-unsent",
    "connection/only-legal-transitions",
    "connection/every-healed-outage-ends-connected",
    "connection/giving-up-is-visible",
    "connection/it-gives-up-after-its-attempts",
    "connection/a-silent-link-is-noticed",
    "connection/a-closed-client-stays-closed",
  ],
};

/**
 * nats.js 3 (`@nats-io/transport-node` 3.4.0) with a `status()` iterator held open, as our bus does; without one, close() loses
 * the unwritten tail as nats-js-2 does (F-31). "F-31" is a fact of docs/facts.md.
 */
import type { Profile } from "../vocabulary/profile.ts";

export const natsJs3: Profile = {
  name: "nats-js-3",
  client: "@nats-io/transport-node",
  clientVersion: "3.4.0",
  // F-1, F-20: 0 of 50 published while down arrive, every call accepted; core/src/protocol.ts, prepare() → resetOutbound() at each dial.
  reconnectBuffer: { kind: "reset-at-dial" },
  // F-17; core/src/protocol.ts, publish().
  frame: { spacesWithoutReply: 1 },
  // F-2: 10 of 10: outbound was wiped when the dial began.
  duringHandshake: "sent-after",
  // One synchronous loop: no event of the socket is handled in the middle of it.
  burst: { interruptible: false, amongPublishers: false, unwrittenOfEach: 0 },
  // core/src/protocol.ts, sendCommand: flushes inline when outbound holds 32 KiB; F-14: whole blocks of 964 frames of 34 bytes.
  inlineFlushBytes: 32_768,
  // transport-node/src/node_transport.ts, send: write errors are swallowed.
  writeErrorsReturned: false,
  // F-28: rejected at the next dial, not at the disconnect; or by the caller's own timeout if that ends first.
  flush: { whileDown: "fails-at-dial", inFlight: "as-while-down", covers: "all" },
  close: {
    // F-31: 1000 of 1000 with a status() iterator open: its awaits let the microtask flush run before the socket closes.
    unwritten: "written",
    // Nothing is kept.
    keptWhileDown: "dropped",
    // F-100: 0 of 150 in the same scenario: Node ends the socket gracefully.
    socket: "fin",
    events: { connected: ["closed"], down: ["closed"] },
  },
  // F-39: rejects "connection disconnected" at the next dial, reconnects, and from then on refuses every publish. In a blackhole it hangs
  // for longer than 9 s, until its PINGs stay unanswered. F-82: it resolves even when a handler hangs.
  drain: {
    whileDown: { tells: "disconnected", leaves: "stuck" },
    // F-197.
    atDisconnect: { tells: "disconnected", leaves: "stuck" },
    handlersWaitMs: 0,
    flushWaitMs: undefined,
    tellsUnsent: false,
    // F-208; the messages of a pull consumer end with their iterator.
    subscriptionWaitMs: 0,
  },
  // F-34, F-35: exit at once gives 822 of 1000 (frames of 120 bytes), or 0 of 100: all that waits for the microtask flush is lost.
  // F-262: a drain flushes for each subscription at once, in the same tick; without one it flushes later, F-145.
  exit: { unwritten: "lost", drainWrites: true },
  // F-67, F-69: with waitOnFirstConnect connect() pends, forever if need be: attempts are ignored before the first connection.
  firstConnect: { retry: "pending", countsAttempts: false, headersRefused: false, authErrorsMax: 2 },
  // F-89: 10 attempts per server; dials at once if the last dial is older than the wait. PINGs: F-87.
  reconnect: {
    takesJitter: true,
    waitMsDefault: 2_000,
    jitterMsDefault: 100,
    attemptsMaxDefault: 10,
    attemptsScope: "server",
    dialsBeyondMax: 0,
    zeroMeans: "give-up",
    firstWait: "elapsed",
    firstDial: "lost",
    roundTrips: false,
    silentDialPing: "forgotten",
    // F-201; core/src/protocol.ts: prepare() has disconnected() called for each transport that got an INFO and then closed, and each of
    // these calls waits for the one dialLoop() under way and then says "reconnect". A close while down says nothing of it.
    reports: { greetedDials: "disconnected", disconnectedAtClose: false, reconnected: "for-each-disconnected" },
    pingIntervalMsDefault: 120_000,
    pingsOutMaxDefault: 2,
  },
  // F-138 to F-141: an error for the status iterator; one about credentials ends the connection.
  serverError: { unknown: "kept", stale: "kept", authorization: "reconnects", permissions: "kept" },
  // F-46: JetStreamNotEnabled at once, no retry. core/src/muxsubscription.ts: "_INBOX." + 22 + "." + a growing token, 1 character at first.
  // F-54: the promise waits for its own timeout. A drain deletes no durable: F-83.
  jetStream: {
    noRespondersRetries: 0,
    noRespondersWaitMs: 0,
    replyBytes: 31,
    madeOverAnother: "refused",
    drainDeletesItsDurable: false,
    asyncAtDisconnect: "waits-for-timeout",
  },
  promises: [
    "core-path/no-message-is-delivered-twice",
    "core-path/order-is-kept",
    "core-path/nothing-is-fabricated",
    "core-path/loss-around-one-cut-is-one-block",
    "core-path/flushed-messages-arrive",
    "core-path/silent-loss-only-inside-a-disturbance",
    "core-path/an-error-that-proves-nothing-happened-is-true",
    "connection/only-legal-transitions",
    "connection/every-healed-outage-ends-connected",
    "connection/giving-up-is-visible",
    "connection/it-gives-up-after-its-attempts",
    "connection/a-silent-link-is-noticed",
    "connection/a-closed-client-stays-closed",
  ],
};

/**
 * nats-py 2.16.0, on asyncio's own event loop. "F-21" is a fact of docs/facts.md; functions are those of
 * nats/aio/client.py unless another file is named.
 */
import type { Profile } from "../vocabulary/profile.ts";

export const natsPy: Profile = {
  name: "nats-py",
  client: "nats-py",
  clientVersion: "2.16.0",
  // F-23; nats/protocol/command.py, pub_cmd: the empty reply subject stands between two spaces.
  frame: { spacesWithoutReply: 2 },
  // F-21, F-22; publish(): refuses iff len(payload) + _pending_data_size > _max_pending_size, or that is 0 or less. DEFAULT_PENDING_SIZE.
  reconnectBuffer: {
    kind: "kept",
    bytesMaxDefault: 2_097_152,
    refuses: "payload-over-limit",
    zero: "refuse-all",
    negative: "refuse-all",
  },
  // publish(): CONNECTING is not connected, so the limit holds until the handshake's PONG. F-2: 10 of 10.
  duringHandshake: "kept",
  // F-13: all or nothing in 58 of 58. _send_command awaits the flusher in the call that takes the buffer over its limit, and nowhere else.
  // F-272: publishers take turns while the flusher waits, and a limit of 0 or less refuses only once the client knows that it is down.
  burst: { interruptible: "at-inline-flush", amongPublishers: true, unwrittenOfEach: 1 },
  // _send_command: pending_size is the limit of the reconnect buffer and of the buffer while connected alike.
  inlineFlushBytes: "over-limit",
  // The flusher writes, not the caller: its OSError goes to error_cb (_flusher).
  writeErrorsReturned: false,
  // flush(): once the read loop has ended it only wakes the flusher, which is not connected. _attempt_reconnect forgets the PONGs waited
  // for, so a flush in flight runs into its own timeout (F-29). F-30: _send_ping writes past what waits for the flusher.
  flush: { whileDown: "says-ok", inFlight: "timeout", covers: "written" },
  close: {
    // F-31: 1000 of 1000; _close writes what is pending.
    unwritten: "written",
    // F-38: _close writes what is pending to the closed transport, and raises ConnectionResetError before its callbacks.
    keptWhileDown: "fails-unsaid",
    // F-110: hold, a flush that timed out, a burst of 360 kB and close() at once, release. A tail was lost in 86 of 150 runs, as asyncio
    // closes the socket at once and the PONG meets it closed. Right after start, where it could be the second INFO: 0 of 150.
    socket: "reset-if-unread",
    // F-200: 2 of 150 closes right after a cut. _attempt_reconnect handles a dial that fails as its task is cancelled, and goes on.
    undoneByDial: true,
    // _close calls both callbacks when up. When down, "disconnected" was reported before.
    events: { connected: ["disconnected", "closed"], down: ["closed"] },
  },
  // F-39: ConnectionReconnectingError at once, and nothing else: what was kept arrives, 20 of 20.
  // At a disconnect nothing ends the flush of a drain but its timeout: drain() and _process_op_err.
  // F-261, a pull subscription: its messages are handled by tasks of the service, for which drain() does not wait. Behind a silent server
  // the flush of each subscription, the inbox of requests among them, takes 10 s, and that of the connection 10 s more. Unsubscribing
  // asks the server nothing.
  drain: {
    whileDown: { tells: "reconnecting", leaves: "open" },
    atDisconnect: { tells: "timers" },
    handlersWaitMs: 0,
    flushWaitMs: 20_000,
    // F-256; Client.pending_data_size.
    tellsUnsent: true,
    subscriptionWaitMs: 0,
  },
  // F-34, F-35: exit at once after a burst gives 0 of 1000: all that waits for the flusher is lost.
  // A drain begins with a turn of the loop: drain().
  exit: { unwritten: "lost", drainWrites: false },
  // F-91: connect() itself retries, and returns when connected. No server error ends that; only its attempts do.
  firstConnect: {
    retry: "pending",
    countsAttempts: true,
    headersRefused: false,
    authErrorsMax: Number.MAX_SAFE_INTEGER,
  },
  // F-91, F-122; _select_next_server: 0 and less mean forever. A server leaves the pool when more than its attempts have failed. Waits are
  // whole, unless its last dial is longer ago than that. _attempt_reconnect flushes before reconnected_cb: F-110, a reconnect, 2850 x 100 B
  // and close() at once, 150 of 150 whole. _process_connect_init takes the end of its connection for the PONG, and the flush after it
  // (_send_ping) counts 6 bytes: F-118, 13 of 20. PINGs: F-87.
  reconnect: {
    takesJitter: false,
    waitMsDefault: 2_000,
    jitterMsDefault: 0,
    attemptsMaxDefault: 60,
    attemptsScope: "server",
    dialsBeyondMax: 1,
    zeroMeans: "for-ever",
    firstWait: "elapsed",
    firstDial: "next",
    roundTrips: true,
    silentDialPing: "counted",
    // F-201; _process_op_err begins a new _attempt_reconnect where a dial dies in the flush after its handshake, and each says so once;
    // reconnected_cb is called at the end of the one that gets through. _close calls disconnected_cb whatever its state.
    reports: { greetedDials: "disconnected", disconnectedAtClose: true, reconnected: "once" },
    pingIntervalMsDefault: 120_000,
    pingsOutMaxDefault: 2,
  },
  // F-138 to F-141; _process_err: an error that is neither stale nor about permissions closes the connection for good.
  serverError: { unknown: "closes", stale: "reconnects", authorization: "closes", permissions: "kept" },
  // F-46: NoStreamResponseError at once. _request_new_style: "_INBOX." + 22 + "." + 22 + 4. F-261: calls of publish() made beside each other
  // wait for their own timeouts. Futures of publish_async have none, and never end after a disconnect (F-54). A drain deletes no durable:
  // nothing in nats/js deletes a consumer unasked.
  jetStream: {
    noRespondersRetries: 0,
    noRespondersWaitMs: 0,
    replyBytes: 56,
    madeOverAnother: "bound",
    drainDeletesItsDurable: false,
    asyncAtDisconnect: "waits-for-timeout",
  },
  // Not promised: the arrival of flushed messages. A flush in the tick of a burst overtakes it.
  promises: [
    "core-path/no-message-is-delivered-twice",
    "core-path/order-is-kept",
    "core-path/nothing-is-fabricated",
    "core-path/loss-around-one-cut-is-one-block",
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

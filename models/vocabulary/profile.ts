/**
 * A profile: the declared behaviour of one client, as data. The model reads nothing else about a client, and never its name. Each fact in
 * `models/profiles/` cites the client's file and version, or the live run, that shows it.
 */

import type { ServerErrorText } from "./scenario.ts";

/** The fate of a publish made while the client knows that it is disconnected. */
export type ReconnectBuffer =
  /** Kept up to a limit and replayed at the reconnect. */
  | {
      readonly kind: "kept";
      readonly bytesMaxDefault: number;
      /**
       * The condition under which a message is refused. `at-limit`: iff the bytes already kept are at or over the limit, so the last one
       * accepted may overshoot by a frame. `payload-over-limit`: iff those bytes and its payload together exceed the limit; its framing is
       * not counted.
       */
      readonly refuses: "at-limit" | "payload-over-limit";
      /** The meaning of an option of 0. */
      readonly zero: "default" | "refuse-all";
      /** The meaning of a negative option. */
      readonly negative: "refuse-all";
    }
  /** Accepted without limit, and wiped at the start of every dial, including the one that succeeds. */
  | { readonly kind: "reset-at-dial" };

export interface Profile {
  readonly name: string;
  readonly client: string;
  /** The version of the client whose behaviour this is. */
  readonly clientVersion: string;
  /** Spaces between subject and size where there is no reply subject: `PUB subject 16` or `PUB subject  16`. */
  readonly frame: { readonly spacesWithoutReply: 1 | 2 };
  readonly reconnectBuffer: ReconnectBuffer;
  /**
   * The fate of a publish while a redial is in its handshake. `sent-after`: goes out whatever the buffer's limit; `kept`: as while down.
   */
  readonly duringHandshake: "sent-after" | "kept";
  /** A burst is a number of publishes in one loop. `interruptible`: the client can notice a disconnect in the middle of it. */
  readonly burst: {
    /** `at-inline-flush`: only in the calls that write, which wait for the write. */
    readonly interruptible: boolean | "at-inline-flush";
    /** The same for the calls of several publishers. After each of its calls a publisher lets the others run. */
    readonly amongPublishers: boolean;
    /**
     * The messages of each of several publishers that may wait to be written when the client notices a disconnect. Its reconnect buffer keeps
     * them, whatever the limit.
     */
    readonly unwrittenOfEach: number;
  };
  /** The client writes to its socket inside publish() once this much is waiting. `over-limit`: more than its reconnect buffer may hold. */
  readonly inlineFlushBytes: number | "over-limit";
  /** The publish call whose inline write fails returns the error, and everything that waited with it is gone. */
  readonly writeErrorsReturned: boolean;
  readonly flush: {
    /**
     * A flush called while down. `waits`: a PING is kept like a publish (6 bytes) and answered after the reconnect. `fails-at-dial`:
     * rejected at the next dial. `says-ok`: nothing is sent, and the call succeeds.
     */
    readonly whileDown: "waits" | "fails-at-dial" | "says-ok";
    /** The answer to a flush in flight when the connection ends; `as-while-down`: the same as for one called then. */
    readonly inFlight: "disconnected" | "as-while-down" | "timeout";
    /** `written`: the PING overtakes publishes of the same tick that are not yet written, so ok proves nothing about those. */
    readonly covers: "all" | "written";
  };
  readonly close: {
    /** The fate of messages that are buffered but not yet written when close() is called in the same tick. */
    readonly unwritten: "written" | "lost";
    /**
     * A close while down with messages kept. `dropped`: they are dropped. `fails-unsaid`: it also raises an error and emits none of its
     * events.
     */
    readonly keptWhileDown: "dropped" | "fails-unsaid";
    /**
     * `reset-if-unread`: the socket is closed at once. If the server's second INFO waits unread, the kernel sends RST, and bytes on their
     * way may be dropped. Until a round trip has shown that it was read, a close may lose any tail.
     */
    readonly socket: "fin" | "reset-if-unread";
    /** A close while down may be undone by a dial that is under way: a known fault of the client, and no finding about a bus. */
    readonly undoneByDial?: true;
    /** The client's events for a close while connected, and for one while down. */
    readonly events: {
      readonly connected: readonly ("disconnected" | "closed")[];
      readonly down: readonly ("disconnected" | "closed")[];
    };
  };
  readonly drain: {
    /**
     * A drain called while down. `tells` is the caller's answer, `leaves` the connection's state. `closed`: it ends; `stuck`: it
     * reconnects, but refuses every publish; `open`: nothing has happened.
     */
    readonly whileDown: {
      readonly tells: "ok" | "reconnecting" | "disconnected";
      readonly leaves: "closed" | "stuck" | "open";
    };
    /** The same for a drain that waits for its flush when the connection ends. `timers`: only its timers end it. */
    readonly atDisconnect:
      | { readonly tells: "ok" | "disconnected"; readonly leaves: "closed" | "stuck" }
      | { readonly tells: "timers" };
    /** The bound on waiting for handlers, and on waiting for a silent server to take what was published; undefined: none. */
    readonly handlersWaitMs: number | undefined;
    readonly flushWaitMs: number | undefined;
    /** True where the bus tells of the bytes that the client still has when its drain fails. */
    readonly tellsUnsent: boolean;
    /** The time for which the drain of one subscription waits for a server that does not answer; 0 where it does not ask the server. */
    readonly subscriptionWaitMs: number;
  };
  readonly exit: {
    /** The loss at an exit in the middle of a burst, out of what the client has not written. `lost`: all of it; `racy`: any part of it. */
    readonly unwritten: "lost" | "racy";
    /** A drain called just before such an exit writes all of it, where the connection has a subscription. */
    readonly drainWrites: boolean;
  };
  readonly firstConnect: {
    /**
     * The behaviour when set to retry. `background`: the call returns at once and publishes are taken. `pending`: it returns when
     * connected.
     */
    readonly retry: "background" | "pending";
    /** True where dials before the first connection count as attempts. */
    readonly countsAttempts: boolean;
    /** True where, before the first connection, a publish with headers (one with a message id) is refused. */
    readonly headersRefused: boolean;
    /** The number of refusals of its credentials in a row after which the client closes for good, retry or not. */
    readonly authErrorsMax: number;
  };
  readonly reconnect: {
    /** True where the client can be told to add a time by chance to each wait. */
    readonly takesJitter: boolean;
    /** The waits and attempts of a client that is told nothing of them. The harness always tells it. */
    readonly waitMsDefault: number;
    readonly jitterMsDefault: number;
    readonly attemptsMaxDefault: number;
    /** `server`: every server of the pool has its own attempts, and leaves the pool when they are spent. */
    readonly attemptsScope: "server" | "connection";
    /** Failed dials that each scope allows beyond the attempts before the client gives up. */
    readonly dialsBeyondMax: 0 | 1;
    /** The meaning of 0 attempts. */
    readonly zeroMeans: "give-up" | "for-ever";
    /** The wait before the first dial after a loss, with one server. `elapsed`: it counts from the last dial, so it may be over already. */
    readonly firstWait: "whole" | "elapsed";
    /**
     * The server of a pool that is dialled first after the first loss: the `next` one, or the one that was `lost`, which costs that an attempt.
     * From then on every client goes round.
     */
    readonly firstDial: "next" | "lost";
    /** The client reports that it is connected again only after it has made a round trip. */
    readonly roundTrips: boolean;
    /**
     * A dial that ends while it waits for the PONG of a silent server leaves its PING behind. `counted`: it takes 6 bytes of the reconnect
     * buffer until the next connection.
     */
    readonly silentDialPing: "forgotten" | "counted";
    /** Reports of an outage beyond one "disconnected" and one "reconnected". `models/repeated.ts` makes bounds of them. */
    readonly reports: {
      /** The report of a dial that dies after the server has greeted it. */
      readonly greetedDials: "nothing" | "disconnected";
      /** A close while down, and giving up, may say "disconnected" once more. */
      readonly disconnectedAtClose: boolean;
      /** `once`: for each connection that it makes. `for-each-disconnected`: as often as it has said "disconnected" in that outage. */
      readonly reconnected: "once" | "for-each-disconnected";
    };
    readonly pingIntervalMsDefault: number;
    readonly pingsOutMaxDefault: number;
  };
  /**
   * The fate of the connection when the server says `-ERR` with that text. `kept`: the client goes on, unless the server ends the
   * connection. `reconnects`: it ends the connection itself and dials. `closes`: it closes for good.
   */
  readonly serverError: Readonly<Record<ServerErrorText, "kept" | "reconnects" | "closes">>;
  readonly jetStream: {
    /** The number of times that the client itself asks again after "no responders", and the wait before each. */
    readonly noRespondersRetries: number;
    readonly noRespondersWaitMs: number;
    /** The size of the reply subject in a frame. */
    readonly replyBytes: number;
    /**
     * The end of a subscription whose library is to make a consumer, where one of that name stands with other settings. `bound`: the library
     * finds it, and takes it as it is.
     */
    readonly madeOverAnother: "refused" | "bound";
    /** A subscription that drains deletes the durable consumer that the library had made for it. */
    readonly drainDeletesItsDurable: boolean;
    /** The end of an asynchronous publish that is still unanswered when the connection is lost. */
    readonly asyncAtDisconnect: "fails-all" | "waits-for-timeout";
  };
  /** Ids of the properties that this client must hold, beyond conformance. */
  readonly promises: readonly string[];
}

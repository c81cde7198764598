/**
 * A profile: what one client is declared to do, as data. The model reads nothing else about a client, and never its name.
 * Each fact in `models/profiles/` cites the client's file and version, or the live run, that shows it.
 */

import type { ServerErrorText } from "./scenario.ts";

/** What becomes of a publish made while the client knows that it is disconnected. */
export type ReconnectBuffer =
  /** Kept up to a limit and replayed at the reconnect. */
  | {
      readonly kind: "kept";
      readonly bytesMaxDefault: number;
      /**
       * When a message is refused. `at-limit`: iff the bytes already kept are at or over the limit, so the last one accepted may
       * overshoot by a frame. `payload-over-limit`: iff they exceed it together with its payload, its framing not counted.
       */
      readonly refuses: "at-limit" | "payload-over-limit";
      /** What an option of 0 means. */
      readonly zero: "default" | "refuse-all";
      /** What a negative option means. */
      readonly negative: "refuse-all";
    }
  /** Accepted without limit, and wiped at the start of every dial, the successful one too. */
  | { readonly kind: "reset-at-dial" };

export interface Profile {
  readonly name: string;
  readonly client: string;
  /** Between subject and size, where there is no reply subject: `PUB subject 16` or `PUB subject  16`. */
  readonly frame: { readonly spacesWithoutReply: 1 | 2 };
  readonly reconnectBuffer: ReconnectBuffer;
  /** Published while a redial is in its handshake. `sent-after`: goes out whatever the buffer's limit; `kept`: as while down. */
  readonly duringHandshake: "sent-after" | "kept";
  /** A burst of publishes in one loop: can the client notice a disconnect in its midst? */
  readonly burst: {
    /** `at-inline-flush`: only in the calls that write, which wait for it. */
    readonly interruptible: boolean | "at-inline-flush";
  };
  /** The client writes to its socket inside publish() once so many bytes wait; `over-limit`: more than its reconnect buffer may hold. */
  readonly inlineFlushBytes: number | "over-limit";
  /** An inline write that fails is returned by that publish call, and what waited with it is gone. */
  readonly writeErrorsReturned: boolean;
  readonly flush: {
    /**
     * `waits`: a PING is kept like a publish (6 bytes) and answered after the reconnect. `fails-at-dial`: rejected at the next dial.
     * `says-ok`: nothing is sent, and the caller is told that it is done.
     */
    readonly whileDown: "waits" | "fails-at-dial" | "says-ok";
    /** What a flush in flight is told when the connection ends; `as-while-down`: what one called then is told. */
    readonly inFlight: "disconnected" | "as-while-down" | "timeout";
    /** `written`: its PING overtakes what was published in the same tick and not yet written, so ok says nothing of that. */
    readonly covers: "all" | "written";
  };
  readonly close: {
    /** What is buffered but not yet written when close() is called in the same tick. */
    readonly unwritten: "written" | "lost";
    /** A close while down with messages kept: they are dropped, or it also raises an error and none of its events is told. */
    readonly keptWhileDown: "dropped" | "fails-unsaid";
    /**
     * `reset-if-unread`: the socket is closed at once, so while the server's second INFO waits unread the kernel sends RST, and
     * what is still on its way may be dropped. Until a round trip has shown that it was read, a close may lose any tail.
     */
    readonly socket: "fin" | "reset-if-unread";
    /** The client's events for a close while connected, and while down. */
    readonly events: {
      readonly connected: readonly ("disconnected" | "closed")[];
      readonly down: readonly ("disconnected" | "closed")[];
    };
  };
  readonly drain: {
    /** `ok` and `failed` are what the caller is told while down; `closed`: the connection ends; `stuck`: it reconnects, but refuses every publish; `open`: nothing has happened. */
    readonly whileDown: {
      readonly tells: "ok" | "reconnecting" | "disconnected";
      readonly leaves: "closed" | "stuck" | "open";
    };
    /** How long it waits for handlers, and for what was published to reach a server that does not answer; undefined: for ever. */
    readonly handlersWaitMs: number | undefined;
    readonly flushWaitMs: number | undefined;
  };
  /** What the process loses that ends in the midst of a burst, of what its client has not written. `all`: nothing was written by then; `racy`: any of it. */
  readonly exit: { readonly unwritten: "lost" | "racy" };
  readonly firstConnect: {
    /** Told to retry: `background`: the call returns at once and publishes are taken; `pending`: it returns when connected. */
    readonly retry: "background" | "pending";
    /** Whether dials before the first connection count as attempts. */
    readonly countsAttempts: boolean;
    /** Before its first connection a publish with headers (one with a message id) is refused. */
    readonly headersRefused: boolean;
    /** After so many refusals of its credentials in a row the client closes for good, retry or not. */
    readonly authErrorsMax: number;
  };
  readonly reconnect: {
    /** `server`: every server of the pool has its own attempts, and leaves the pool when they are spent. */
    readonly attemptsScope: "server" | "connection";
    /** Dials that may fail beyond the attempts allowed, for each of the same scope, before it gives up. */
    readonly dialsBeyondMax: 0 | 1;
    /** What 0 attempts mean. */
    readonly zeroMeans: "give-up" | "for-ever";
    /** Before the first dial after a loss, with one server. `elapsed`: the wait counts from the last dial, so it may be over already. */
    readonly firstWait: "whole" | "elapsed";
    /** It says that it is connected again only after a round trip of its own. */
    readonly roundTrips: boolean;
    /**
     * A dial that ends while it waits for the PONG of a silent server leaves its PING behind. `counted`: for 6 bytes of the reconnect
     * buffer, until the next connection.
     */
    readonly silentDialPing: "forgotten" | "counted";
    readonly pingIntervalMsDefault: number;
    readonly pingsOutMaxDefault: number;
  };
  /**
   * What becomes of the connection when the server says `-ERR` on it with that text. `kept`: the client goes on, unless the server ends
   * the connection; `reconnects`: it ends the connection itself and dials; `closes`: it closes for good.
   */
  readonly serverError: Readonly<Record<ServerErrorText, "kept" | "reconnects" | "closes">>;
  readonly jetStream: {
    /** How often the client itself asks again when nobody answers, and how long it waits before each. */
    readonly noRespondersRetries: number;
    readonly noRespondersWaitMs: number;
    /** Bytes of the reply subject in a frame. */
    readonly replyBytes: number;
    /** A subscription that drains deletes the durable consumer that the library had made for it. */
    readonly drainDeletesItsDurable: boolean;
    /** What ends an asynchronous publish still unanswered when the connection is lost. */
    readonly asyncAtDisconnect: "fails-all" | "waits-for-timeout" | "never-ends";
  };
  /** Ids of the properties this client is held to, beyond conformance. */
  readonly promises: readonly string[];
}

/** The events that a world emits while it runs a case. Ledger, properties, digest and recorder are listeners that cannot answer back. */
import type { Fault, Handler, Step, StepId } from "./scenario.ts";

/** The reason why a call proves that it handed nothing on. */
export type RejectKind =
  | "buffer-full"
  | "closed"
  | "draining"
  | "too-large"
  | "not-connected"
  /** No stream takes the subject, and it has no other listener. */
  | "no-responders"
  /** The client has not met its server yet, and does not know whether that takes headers. */
  | "no-headers"
  /** The stream is at its limit and refuses what is new. */
  | "stream-full";
/** The reason why a call leaves the fate of its message open. */
export type UnsettledKind =
  | "timeout"
  | "disconnected"
  | "write-failed"
  | "closed"
  | "never-returned"
  | "reconnecting"
  | "other";

/** The answer that the caller got. `rejected` only where the error proves that this call handed nothing on. */
export type Outcome =
  | { readonly is: "accepted" }
  /** A stream says that it stored the message; with `duplicate`, that it already held one with the same id. */
  | { readonly is: "acked"; readonly duplicate?: true }
  | { readonly is: "rejected"; readonly kind: RejectKind }
  | { readonly is: "unsettled"; readonly kind: UnsettledKind };

/** The messages, or their bytes on the wire, that a client still has when its drain ends. One of the two is there, or both. */
export interface Unsent {
  readonly messages?: number;
  readonly bytes?: number;
}

/** The answer that start, flush, drain and close gave. `ok` is the client's word, not a proof. */
export type CallOutcome = { readonly is: "ok" } | { readonly is: "failed"; readonly kind: UnsettledKind };

/** The client's own status events, in one vocabulary. */
export type ConnectionChange = "connected" | "disconnected" | "reconnected" | "closed";

/** The place where a message ended: known in the model world, and in live and sim the oracle's explanation. */
export type Place =
  | "arrived"
  | "refused"
  | "reconnect buffer"
  | "reset at dial"
  | "client outbound"
  | "outbound or socket"
  | "link"
  | "no stream"
  | "dedupe window"
  /** The stream keeps messages for its consumers alone, and had none for this one. */
  | "no consumer"
  | "stream limit"
  | "server's store"
  | "process exit";

/** A run of `count` messages from `first` on. Messages are numbered from 0 in the order of the calls. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

/**
 * `acked`: done; `acknowledged-failed`: failed, acknowledged and gone; `dead-lettered`; `failed`: left to the next delivery; `hung`.
 * `nak-sent`: failed, and asked for again; `terminated`: failed, and given to nobody again; `ack-lost`: done, and not acknowledged.
 * `begun`: a handler that takes time has the message, and ends with another outcome of the same delivery. `acked-early`: the same, and the
 * message is acknowledged already; it ends with `worked`.
 */
export const handledOutcomes = [
  "acked",
  "acknowledged-failed",
  "dead-lettered",
  "failed",
  "hung",
  "nak-sent",
  "terminated",
  "ack-lost",
  "begun",
  "acked-early",
  "worked",
] as const;
export type HandledOutcome = (typeof handledOutcomes)[number];

/** The life of one process of the bus; `atMs` is the scenario's own time, moved by its `advance` steps. */
/** A probe of the supervisor that can end a process. */
export type ProbeName = "liveness" | "startup-probe";

export type ProcessEvent =
  | {
      readonly kind: "process";
      readonly change: "started";
      readonly replica: number;
      readonly by: "scenario" | "supervisor";
      readonly atMs: number;
    }
  /** SIGTERM was sent: from here on nothing may be accepted. */
  | {
      readonly kind: "process";
      readonly change: "stopping";
      readonly replica: number;
      /** The probe that had failed often enough; absent: the scenario asked for the stop. */
      readonly probe?: ProbeName;
      readonly atMs: number;
    }
  | {
      readonly kind: "process";
      readonly change: "exited";
      readonly replica: number;
      readonly code: number;
      /**
       * `startup`: the strategy gave up. `credentials`: the server refused them and said so. `client-closed`: the client had closed for
       * good.
       */
      readonly because: "stopped" | "startup" | "credentials" | "client-closed" | "killed" | "exit";
      /** Measured from the signal, or from the start for `startup` and `credentials`. */
      readonly tookMs: number;
      /** The process was ended because its budget ran out. */
      readonly forced: boolean;
      /** The number of accepted messages that the process reports as lost. */
      readonly toldLost: number;
      /** A handler was running when the process was told to stop, for at most so long. */
      readonly handlerRanMs?: number;
      readonly atMs: number;
    };

/** The content of a message apart from its number: the subject, and the length of its payload in bytes. Headers are the bus's own. */
export interface Content {
  readonly subject: string;
  readonly bytes: number;
}

export type Phase = "disturbed" | "healed" | "settled";

export type Event =
  | { readonly kind: "step"; readonly step: StepId; readonly phase: "began" | "ended" }
  | { readonly kind: "skipped"; readonly step: StepId; readonly what: Step["kind"]; readonly reason: string }
  /** The harness waits until the client notices, by its own PINGs, that the link is silent. */
  | { readonly kind: "awaits-notice"; readonly step: StepId }
  /** `count` publish calls in a row, from message `first`, all with this outcome; `frameBytes` each on the wire. */
  | ({
      readonly kind: "published";
      readonly step: StepId;
      readonly frameBytes: number;
      readonly outcome: Outcome;
      /** Set under a policy only. */
      readonly subject?: string;
      readonly key?: string;
      /** Published through JetStream. Its arrival shows in `holds`, not in `delivered`. */
      readonly durable?: true;
      /** Published before, with the same content and id. */
      readonly again?: true;
      /** The time that each of these calls took, where it waited for a timeout. */
      readonly tookMs?: number;
      /** The client's own words for the error, for a reader; never compared. */
      readonly text?: string;
    } & Run)
  /**
   * These messages are shared by several `publishers`, which publish at once: each has consecutive ones, as `blocksOf` says. It comes before
   * everything else about them.
   */
  | ({ readonly kind: "publishers"; readonly step: StepId; readonly publishers: number } & Run)
  | {
      readonly kind: "called";
      readonly step: StepId;
      readonly call: "start" | "flush" | "drain" | "close" | "exit" | "subscribe";
      readonly outcome: CallOutcome;
      /** The bus's own word on what a drain has left unsent; never compared. */
      readonly unsent?: Unsent;
      /** The client's own words for the error, for a reader; never compared. */
      readonly text?: string;
    }
  /** A status event of replica 0's client, the one behind the link. */
  | { readonly kind: "connection"; readonly change: ConnectionChange }
  /**
   * The client is connected again after an outage or the end of its process. `took`: the least and the most time since that began, by the
   * harness's clock; absent where it could not be measured. Said under a policy that declares how long a gap may be; a model never says it.
   */
  | { readonly kind: "gap"; readonly took?: TookMs }
  /** The scenario's own time has reached `atMs`. Whatever happens to a process on the way has an event. */
  | { readonly kind: "advanced"; readonly step: StepId; readonly atMs: number }
  /** The replica starts to handle what the subject's stream holds, until its process stops or exits. */
  | {
      readonly kind: "subscribed";
      readonly replica: number;
      readonly subject: string;
      readonly handler: Handler;
      readonly takesMs?: number;
    }
  /** The server has deleted the consumer of the subject, since nobody had used it for as long as its policy says. */
  | { readonly kind: "consumer-deleted"; readonly stream: string; readonly subject: string }
  /** The content of a stream once all has settled, oldest first; copies on the dead-letter subject are left out. */
  | ({ readonly kind: "holds"; readonly stream: string } & Run)
  /**
   * The limit of a stream has discarded these messages, as declared. `because` names another declared end of what was stored: its
   * handler has acknowledged it (`handled`), or the stream keeps messages for its consumers alone, and none was there, or none is left
   * (`no-consumer`).
   */
  | ({ readonly kind: "discarded"; readonly stream: string; readonly because?: "handled" | "no-consumer" } & Run)
  /**
   * Acknowledged messages that the stream does not hold: its limit may have discarded them, or they were never stored. Nothing seen tells
   * which.
   */
  | ({ readonly kind: "may-be-discarded"; readonly stream: string } & Run)
  /** A handler was given these messages, as their nth `delivery`; `outcome` says how that ended. */
  | ({
      readonly kind: "handled";
      readonly replica: number;
      readonly subject: string;
      readonly delivery: number;
      readonly outcome: HandledOutcome;
      /** The time since the handler had begun, where it takes time. */
      readonly tookMs?: number;
    } & Run)
  | ProcessEvent
  /**
   * The answers of the process's probes, beside the truth: the client is connected; a durable publish would be acknowledged. Emitted
   * whenever one of the four changes.
   */
  | {
      readonly kind: "probe";
      readonly replica: number;
      readonly ready: boolean;
      readonly live: boolean;
      readonly connected: boolean;
      readonly durable: boolean;
      readonly atMs: number;
    }
  /** The observer received these, in this order. */
  | ({ readonly kind: "delivered" } & Run)
  /** The observer received something that the scenario did not publish. */
  | { readonly kind: "foreign"; readonly count: number }
  /** These arrived, at the observer or in that stream, with another content than they were published with. */
  | ({
      readonly kind: "altered";
      readonly stream?: string;
      readonly published: Content;
      readonly arrived: Content;
    } & Run)
  /** A handler said that it stored these as dead letters, and the stream that takes dead letters does not hold them. */
  | ({ readonly kind: "dead-letter-missing"; readonly stream: string } & Run)
  /** `took-effect` only with proof: the client, the proxy or the server itself said so. */
  | {
      readonly kind: "fault";
      readonly step: StepId;
      readonly fault: Fault["kind"];
      readonly phase: "installed" | "took-effect";
      /** The server comes back without its disk. */
      readonly store?: "lost";
      readonly proof?: string;
    }
  /**
   * The dials that an outage had refused, counted at its end. `gave-up`: the client then closed. `went-on`: it had dialled more often than
   * its attempts allow, and had not closed. `healed`: the next dial was let through.
   */
  | {
      readonly kind: "dialled";
      readonly step: StepId;
      readonly count: number;
      readonly end: "gave-up" | "went-on" | "healed";
    }
  /** Every fault in force has ended. */
  | { readonly kind: "healed"; readonly step: StepId }
  /**
   * The server's list of connections, read several times at the end, once the client had closed. `back`: a new connection of that client
   * is in it, and stays.
   */
  | { readonly kind: "closed-client"; readonly is: "gone" | "back"; readonly proof?: string }
  /**
   * The client came back and lost its connection that often after everything had healed, with the link open and nothing on it and the server
   * running. A model never says it.
   */
  | { readonly kind: "healed-link-lost"; readonly times: number; readonly proof: string }
  /**
   * The server's counts of a consumer and the bus's own reports did not come together within their bound, with nothing wrong. The case
   * ends there. A model never says it.
   */
  | {
      readonly kind: "consumer-behind";
      readonly step: StepId;
      readonly subject: string;
      readonly is: "unhandled" | "unacknowledged" | "not-redelivered" | "acknowledged-though-failed";
      readonly proof: string;
    }
  /**
   * The server's figures of a stream prove why acknowledged messages are not held. `never-numbered`: more acknowledgements were told than the
   * stream has numbered messages. `holds-all`: it holds all that it has numbered. `removed-by-the-bus`: the bus has asked the server to
   * remove messages. A model never says it.
   */
  | {
      readonly kind: "stream-lacks";
      readonly stream: string;
      readonly is: "never-numbered" | "holds-all" | "removed-by-the-bus";
      readonly proof: string;
    }
  /**
   * A line that the server logged about the client of replica 0, as an error or a warning: mostly the reason for an `-ERR` that it sent. The
   * server knows a client's name once it has accepted it, so refused credentials are not among them. The line is for a reader, and is never
   * compared or judged. A model never says it.
   */
  | { readonly kind: "server-logged"; readonly text: string }
  /** The process of replica 0 ended by itself in the middle of the case, though no one told it to. `owed`: the calls that it had not answered. */
  | {
      readonly kind: "crashed";
      readonly step: StepId;
      readonly code: number | null;
      readonly signal: string | null;
      readonly owed: string;
      /** The end of what it wrote to stderr. */
      readonly lastWords: readonly string[];
    }
  /** A wait of the scenario was not met within its bound. `byHarness`: its machine, servers or faults failed, whatever the bus did. */
  | { readonly kind: "not-awaited"; readonly step: StepId; readonly what: string; readonly byHarness?: true }
  | { readonly kind: "phase"; readonly phase: Phase }
  /** The place where these messages ended. */
  | ({ readonly kind: "ended"; readonly place: Place } & Run)
  /**
   * `complete`: everything that arrived was seen. Otherwise no loss is claimed. `contradicted`: two witnesses of the world differ, so nothing
   * that the run shows is held against the client. `linkSpoilt`: two of those are the ends of the link. `headerBytes`: a bare client's messages
   * arrived with headers. A model never says it.
   */
  | {
      readonly kind: "observed";
      readonly complete: boolean;
      readonly why?: string;
      readonly contradicted?: true;
      readonly linkSpoilt?: true;
      readonly headerBytes?: HeaderBytes;
    }
  /** The oracle's answer. */
  | {
      readonly kind: "conformance";
      readonly answer: "permitted" | "not-permitted" | "undecided";
      readonly reason: string;
    };

/** A time that is known to lie between two others. */
export interface TookMs {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** The least and the most bytes of headers that one of the messages had; a message without headers has 0. */
export interface HeaderBytes {
  readonly least: number;
  readonly most: number;
}

export type Emit = (event: Event) => void;
export type EmitStep = (event: Extract<Event, { readonly kind: "step" }>) => void;

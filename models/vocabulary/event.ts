/** What a world says while it runs a case. Ledger, properties, digest and recorder are listeners that cannot answer back. */
import type { Fault, Handler, Step, StepId } from "./scenario.ts";

/** Why a call proves that it handed nothing on. */
export type RejectKind =
  | "buffer-full"
  | "closed"
  | "draining"
  | "too-large"
  | "not-connected"
  /** No stream takes the subject and nobody else listens to it. */
  | "no-responders"
  /** The client has not met its server yet, and does not know whether that takes headers. */
  | "no-headers"
  /** The stream is at its limit and refuses what is new. */
  | "stream-full";
/** Why a call leaves open what became of it. */
export type UnsettledKind =
  | "timeout"
  | "disconnected"
  | "write-failed"
  | "closed"
  | "never-returned"
  | "reconnecting"
  | "other";

/** What the caller was told. `rejected` only where the error proves that this call handed nothing on. */
export type Outcome =
  | { readonly is: "accepted" }
  /** A stream says that it has the message; `duplicate`: that it had one with the same id already. */
  | { readonly is: "acked"; readonly duplicate?: true }
  | { readonly is: "rejected"; readonly kind: RejectKind }
  | { readonly is: "unsettled"; readonly kind: UnsettledKind };

/** What start, flush, drain and close told the caller. `ok` is the client's word, not a proof. */
export type CallOutcome = { readonly is: "ok" } | { readonly is: "failed"; readonly kind: UnsettledKind };

/** The client's own status events, in one vocabulary. */
export type ConnectionChange = "connected" | "disconnected" | "reconnected" | "closed";

/** Where a message ended. In the model world known, in live and sim the oracle's explanation. */
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
  | "stream limit"
  | "server's store"
  | "process exit";

/** Messages are numbered from 0 in the order of the calls; a run is `count` of them from `first`. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

/** `acked`: done; `acknowledged-failed`: failed, acknowledged and gone; `dead-lettered`; `failed`: left to the next delivery; `hung`. */
export type HandledOutcome = "acked" | "acknowledged-failed" | "dead-lettered" | "failed" | "hung";

/** The life of one process of the bus; `atMs` is the scenario's own time, moved by its `advance` steps. */
export type ProcessEvent =
  | {
      readonly kind: "process";
      readonly change: "started";
      readonly replica: number;
      readonly by: "scenario" | "supervisor";
      readonly atMs: number;
    }
  /** SIGTERM was given: from here on nothing may be accepted. */
  | { readonly kind: "process"; readonly change: "stopping"; readonly replica: number; readonly atMs: number }
  | {
      readonly kind: "process";
      readonly change: "exited";
      readonly replica: number;
      readonly code: number;
      /** `startup`: the strategy gave up; `credentials`: refused, and said so; `client-closed`: its client had closed for good. */
      readonly because: "stopped" | "startup" | "credentials" | "client-closed" | "killed" | "exit";
      /** From the signal, or from the start for `startup` and `credentials`. */
      readonly tookMs: number;
      /** The end of the budget ended it. */
      readonly forced: boolean;
      /** How many accepted messages it says are lost. */
      readonly toldLost: number;
      readonly atMs: number;
    };

/** What a message carries apart from its number: the subject, and the length of its payload in bytes. Headers are the bus's own. */
export interface Content {
  readonly subject: string;
  readonly bytes: number;
}

export type Phase = "disturbed" | "healed" | "settled";

export type Event =
  | { readonly kind: "step"; readonly step: StepId; readonly phase: "began" | "ended" }
  | { readonly kind: "skipped"; readonly step: StepId; readonly what: Step["kind"]; readonly reason: string }
  /** The harness waits for the client to notice, by its own PINGs, that the link is silent. */
  | { readonly kind: "awaits-notice"; readonly step: StepId }
  /** `count` publish calls in a row, from message `first`, all with this outcome; `frameBytes` each on the wire. */
  | ({
      readonly kind: "published";
      readonly step: StepId;
      readonly frameBytes: number;
      readonly outcome: Outcome;
      /** Under a policy. */
      readonly subject?: string;
      readonly key?: string;
      /** Published through JetStream: whether it arrived is said by `holds`, not by `delivered`. */
      readonly durable?: true;
      /** Published before, with the same content and id. */
      readonly again?: true;
      /** How long each of these calls took, where it waited out a time. */
      readonly tookMs?: number;
    } & Run)
  | {
      readonly kind: "called";
      readonly step: StepId;
      readonly call: "start" | "flush" | "drain" | "close" | "exit" | "subscribe";
      readonly outcome: CallOutcome;
    }
  /** Of replica 0, the one behind the link. */
  | { readonly kind: "connection"; readonly change: ConnectionChange }
  /** So much of the scenario's own time has passed by now; what befalls a process says so itself. */
  | { readonly kind: "advanced"; readonly step: StepId; readonly atMs: number }
  /** From now on, and until its process stops or exits, the replica handles what the subject's stream holds. */
  | { readonly kind: "subscribed"; readonly replica: number; readonly subject: string; readonly handler: Handler }
  /** What a stream holds when all has settled, oldest first; copies on the dead-letter subject are left out. */
  | ({ readonly kind: "holds"; readonly stream: string } & Run)
  /** The limit of a stream has discarded these, as declared. */
  | ({ readonly kind: "discarded"; readonly stream: string } & Run)
  /** Acknowledged and not held: the limit may have discarded these, or they were never stored, and nobody can tell. */
  | ({ readonly kind: "may-be-discarded"; readonly stream: string } & Run)
  /** A handler was given these, `delivery` for the nth time; and what came of it. */
  | ({
      readonly kind: "handled";
      readonly replica: number;
      readonly subject: string;
      readonly delivery: number;
      readonly outcome: HandledOutcome;
    } & Run)
  | ProcessEvent
  /** What the process's probes say, beside what is true: the client is connected; a durable publish would be acknowledged. Said whenever one of the four changes. */
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
  /** The observer received something that nobody published. */
  | { readonly kind: "foreign"; readonly count: number }
  /** These arrived, at the observer or in that stream, with another content than they were published with. */
  | ({
      readonly kind: "altered";
      readonly stream?: string;
      readonly published: Content;
      readonly arrived: Content;
    } & Run)
  /** `took-effect` only with proof: what the client, the proxy or the server itself said. */
  | {
      readonly kind: "fault";
      readonly step: StepId;
      readonly fault: Fault["kind"];
      readonly phase: "installed" | "took-effect";
      /** The server comes back without its disk. */
      readonly store?: "lost";
      readonly proof?: string;
    }
  /** Every fault in force has ended. */
  | { readonly kind: "healed"; readonly step: StepId }
  /** A wait of the scenario that was not met within its bound. */
  | { readonly kind: "not-awaited"; readonly step: StepId; readonly what: string }
  | { readonly kind: "phase"; readonly phase: Phase }
  /** Where messages ended. */
  | ({ readonly kind: "ended"; readonly place: Place } & Run)
  /** Whether everything that arrived was seen; without it no loss is claimed. */
  | { readonly kind: "observed"; readonly complete: boolean; readonly why?: string }
  /** The oracle's answer. */
  | {
      readonly kind: "conformance";
      readonly answer: "permitted" | "not-permitted" | "undecided";
      readonly reason: string;
    };

export type Emit = (event: Event) => void;
export type EmitStep = (event: Extract<Event, { readonly kind: "step" }>) => void;

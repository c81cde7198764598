/** What a world says while it runs a case. Ledger, properties, digest and recorder are listeners that cannot answer back. */
import type { Fault, Step, StepId } from "./scenario.ts";

/** Why a call proves that it handed nothing on. */
export type RejectKind = "buffer-full" | "closed" | "draining" | "too-large" | "not-connected";
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
  | { readonly is: "acked" }
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
  | "link";

/** Messages are numbered from 0 in the order of the calls; a run is `count` of them from `first`. */
export interface Run {
  readonly first: number;
  readonly count: number;
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
    } & Run)
  | {
      readonly kind: "called";
      readonly step: StepId;
      readonly call: "start" | "flush" | "drain" | "close";
      readonly outcome: CallOutcome;
    }
  | { readonly kind: "connection"; readonly change: ConnectionChange }
  /** The observer received these, in this order. */
  | ({ readonly kind: "delivered" } & Run)
  /** The observer received something that nobody published. */
  | { readonly kind: "foreign"; readonly count: number }
  /** `took-effect` only with proof: what the client, the proxy or the server itself said. */
  | {
      readonly kind: "fault";
      readonly step: StepId;
      readonly fault: Fault["kind"];
      readonly phase: "installed" | "took-effect";
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

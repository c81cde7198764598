/**
 * A policy: what a team's own bus does around its client, as data. Which subjects are declared durable and which the code treats
 * so, the streams, the ids of messages, how the process starts and stops, what its probes say. Read by the model, the properties
 * and the reference buses; a scenario without one is a bare client.
 */
import type { Options } from "./scenario.ts";

/** What a family of subjects is promised to those who publish on it. */
export type Durability = "durable" | "best-effort";

/** A family as declared to people; the first whose pattern covers a subject counts. */
export interface Family {
  /** A NATS subject pattern with `*` and `>`. */
  readonly subjects: string;
  readonly durability: Durability;
  readonly reason: string;
}

/**
 * One line of the bus's own classifier: a subject that matches is published through JetStream; what no rule matches goes out as core
 * NATS. Exactly one of `exact`, `pattern` and `prefix`/`suffix` is used.
 */
export interface ClassifierRule {
  readonly exact?: string;
  readonly pattern?: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

export interface StreamPolicy {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: "file" | "memory";
  /** Within it a second message with the same id is acknowledged as a duplicate and not stored. */
  readonly duplicateWindowMs: number;
  /** Absent: no limit. At the limit `old` discards the oldest message, `new` refuses the new one. */
  readonly messagesMax?: number;
  readonly discard: "old" | "new";
  /** `created`: by the bus at its start, and where it asks until usable by its readiness probe too. `present`: by the operator, before any bus starts. */
  readonly made: "created" | "present";
}

/** Which id a durable message carries; the first rule whose pattern covers the subject counts, none: no id. */
export interface IdRule {
  readonly subjects: string;
  /** `event`: unique for every message. `key`: subject and key, so that two messages about one thing share it. */
  readonly id: "event" | "key";
}

export interface PublishPolicy {
  readonly messageIds: readonly IdRule[];
  /** How long one attempt waits for its acknowledgement. */
  readonly ackTimeoutMs: number;
  /** Attempts of the bus itself after a timeout, the first included; each carries the same id. */
  readonly attemptsMax: number;
}

export interface ConsumePolicy {
  /** `created`: made by the library for the first subscriber, which deletes it when it drains. `bound`: made by the operator, only bound to. */
  readonly durables: "created" | "bound";
  readonly ackWaitMs: number;
  /** Deliveries of one message at most; -1: no bound. */
  readonly deliverMax: number;
  /** A handler that fails for good: `acknowledged` and gone; `dead-letter`: stored on `deadLetterSubject` first; `redelivered`: left to the next delivery. */
  readonly failures: "acknowledged" | "dead-letter" | "redelivered";
  readonly deadLetterSubject?: string;
}

export interface StartupPolicy {
  /**
   * `fail-fast`: one pass over the servers, then the process exits. `retry-with-deadline`: dials on until `deadlineMs`, then exits.
   * `retry-forever`: dials on.
   */
  readonly strategy: "fail-fast" | "retry-with-deadline" | "retry-forever";
  /** For `retry-with-deadline`: servers × passes × connect timeout + margin. */
  readonly deadlineMs?: number;
  readonly connectTimeoutMs: number;
  /**
   * `once`: JetStream is asked for at the start, and on failure the bus publishes as core NATS for the rest of its life. `until-usable`: asked
   * for again until it answers. `none`: never asked; durable subjects are published through JetStream whatever it is.
   */
  readonly jetStreamProbe: "once" | "until-usable" | "none";
  /** What readiness means: the process runs; the client is connected; connected and the durable path usable. */
  readonly readiness: "process" | "connected" | "connected-and-durable";
  /** `independent` of NATS, or failing whenever readiness does. */
  readonly liveness: "independent" | "as-readiness";
  /** What the process does when its client closes for good without having been asked to. */
  readonly whenClosed: "exit" | "ignore";
}

export interface ShutdownPolicy {
  /**
   * What SIGTERM starts. `exit`: the process ends without another word. `close`: the connection is closed. `subscriptions-then-close`:
   * every subscription is told to drain, which is not waited for, then close. `drain`: the client's own drain, waited for. `four-steps`:
   * intake is stopped, subscriptions are drained and their handlers waited for, what was published is flushed, then close.
   */
  readonly strategy: "exit" | "close" | "subscriptions-then-close" | "drain" | "four-steps";
  /** From the signal to the end of the process. At its end a stop still running is forced. */
  readonly budgetMs: number;
  /** Whether the end of the budget is enforced. */
  readonly forced: boolean;
  /** Whether what is still unsent at the end is counted and told as lost. */
  readonly tellsLoss: boolean;
}

export interface SupervisorPolicy {
  /** Wait before a process that failed is started again. */
  readonly restartMs: number;
  /** From SIGTERM to SIGKILL, for a stop that does not end by itself. */
  readonly killAfterMs: number;
}

export interface Policy {
  readonly $schema?: string;
  readonly version: 1;
  /** Kebab case, as the file's name. */
  readonly name: string;
  readonly why: string;
  readonly families: readonly Family[];
  readonly classifier: readonly ClassifierRule[];
  readonly streams: readonly StreamPolicy[];
  /** Subjects that some other service listens to as core NATS: there a publish that no stream takes has a listener, and so no "no responders". */
  readonly taps: readonly string[];
  readonly publish: PublishPolicy;
  readonly consume: ConsumePolicy;
  readonly startup: StartupPolicy;
  readonly shutdown: ShutdownPolicy;
  readonly supervisor: SupervisorPolicy;
  /** Client options that the bus sets. */
  readonly client: Partial<
    Pick<
      Options,
      "reconnectBufferBytesMax" | "reconnectWaitMs" | "reconnectAttemptsMax" | "pingIntervalMs" | "pingsOutMax"
    >
  >;
  /** Ids of the properties that a bus of this policy is held to, beyond the client's promises. */
  readonly demands: readonly string[];
}

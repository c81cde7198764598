/**
 * A policy: the behaviour that a team's own bus adds around its client, as data. It says which subjects are declared durable and which the
 * code treats so. It also covers streams, message ids, start, stop and probes. The model, the properties and the reference buses read it; a
 * scenario without one is a bare client.
 */
import type { FamilyExpectation, ServerPolicy } from "./expectation.ts";
import type { Options } from "./scenario.ts";

/** The promise that a family of subjects makes to its publishers. */
export type Durability = "durable" | "best-effort";

/** A family as declared to people, with what they expect of it. The first one whose pattern covers a subject counts. */
export interface Family extends FamilyExpectation {
  /** A NATS subject pattern with `*` and `>`. */
  readonly subjects: string;
  readonly durability: Durability;
  readonly reason: string;
  /**
   * The longest time for which a subscriber of a best-effort family hears nothing around an outage or a restart, while somebody goes on
   * publishing. An outage that is longer by itself is not meant. Absent: nothing is declared.
   */
  readonly gapMs?: number;
}

/**
 * One line of the bus's own classifier. A subject that matches is published through JetStream; one that no rule matches goes out as core
 * NATS. Exactly one of `exact`, `pattern` and `prefix`/`suffix` is used.
 */
export interface ClassifierRule {
  readonly exact?: string;
  readonly pattern?: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

/** The features of a stream that are declared and never modelled. */
export type StreamExtra = "mirror" | "sources" | "subject_transform" | "republish";

export interface StreamPolicy {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: "file" | "memory";
  /** The duplicate window: a second message with the same id within it is acknowledged as a duplicate and not stored. */
  readonly duplicateWindowMs: number;
  /** Absent: no limit. At the limit, `old` discards the oldest message and `new` refuses the new one. */
  readonly messagesMax?: number;
  /** The bytes that the server counts for its messages: `storedBytes`. Absent: no limit. */
  readonly bytesMax?: number;
  /** The number of messages that it keeps for each subject; one more takes the place of the oldest there. Absent: no limit. */
  readonly messagesPerSubjectMax?: number;
  /** True: with `discard` new, a message beyond the limit of its subject is refused. */
  readonly discardsNewPerSubject?: boolean;
  /** The bytes of headers and payload that one message may have. Absent: no limit. */
  readonly messageBytesMax?: number;
  /** The age at which a message is gone, handled or not; no shorter than the duplicate window. Absent: no limit. */
  readonly ageMaxMs?: number;
  readonly discard: "old" | "new";
  /**
   * The end of a message other than a limit. Absent: `limits`, which alone keep it. `workqueue`: it is gone once acknowledged. `interest`: it
   * is gone once every consumer has acknowledged it, and at once where there is none.
   */
  readonly retention?: "limits" | "workqueue" | "interest";
  /** True: the stream acknowledges no publish, so that each attempt ends in its timeout although the message is stored. */
  readonly noAck?: boolean;
  /** The number of servers of a cluster that hold it. Absent: 1. */
  readonly replicas?: number;
  /** Features declared for it besides, in the words of the JetStream API: `mirror`, `sources`, `subject_transform`, `republish`. */
  readonly declared?: readonly StreamExtra[];
  /**
   * `created`: the bus makes it at its start, and its readiness probe makes it too where it asks until usable. `present`: the operator
   * makes it before any bus starts.
   */
  readonly made: "created" | "present";
}

/**
 * A part of an id. `event`: unique for every message. `key`: the thing that the message is about; a message about nothing has its number
 * there. `subject`: the subject that it is published on. `constant`: a text of the team's own.
 */
export type IdPart = "event" | "key" | "subject" | { readonly constant: string };

/** The id that a durable message carries. The first rule whose pattern covers the subject counts; none means no id. */
export interface IdRule {
  readonly subjects: string;
  /**
   * Parts, in their order. An id without `event` is shared by all messages about one key, and one without `subject` also by messages on
   * different subjects of one stream. The word `event` alone is the same as ["event"], and `key` the same as ["subject", "key"].
   */
  readonly id: "event" | "key" | readonly IdPart[];
}

/** A client that asks again after "no responders": how often, and the wait before each time. */
export interface NoRespondersPolicy {
  readonly retries: number;
  readonly waitMs: number;
}

/** A caller that publishes a message again after any error, with the same id: how often, and the wait before each time. */
export interface AskingAgain {
  readonly retries: number;
  readonly waitMs: number;
}

/** The same, and the fate of the last error: `returned`, also where it is absent, or `dropped`, as where nobody asks again. */
export interface PublishingAgain extends AskingAgain {
  readonly lastError?: "returned" | "dropped";
}

export interface PublishPolicy {
  readonly messageIds: readonly IdRule[];
  /** The time that one attempt waits for its acknowledgement. */
  readonly ackTimeoutMs: number;
  /** The attempts that the bus itself makes after timeouts, the first included; each carries the same id. */
  readonly attemptsMax: number;
  /**
   * The outage that a durable publish is declared to outlast, if it begins with the outage: it is not given up sooner. Absent: nothing is
   * declared. An asynchronous publish makes one attempt, and is not meant.
   */
  readonly outlastsMs?: number;
  /**
   * The times that a publish asks again within one attempt where nobody answers for its subject. The waits count against `ackTimeoutMs`: if
   * they use it up, the attempt has timed out. Absent: the client's default, which is two times after 250 ms for nats.go and none for the
   * others. An asynchronous publish is not asked again.
   */
  readonly noResponders?: NoRespondersPolicy;
  /**
   * The fate of the error of a publish. `returned`, also where absent: the caller gets it. `dropped`: the code logs or ignores that of a
   * publish through JetStream, and the caller takes the message for published. `retries` and `waitMs`: it publishes the message again after any
   * error, core NATS or JetStream, and `lastError` says what becomes of the last one. An asynchronous publish is not published again.
   */
  readonly onError?: "returned" | "dropped" | PublishingAgain;
}

/** The settings of a consumer on the server. */
export interface ConsumerSettings {
  readonly ackWaitMs: number;
  /**
   * The waits after the first, second and later deliveries, in place of the ack wait; the last one holds for all that follow. Its first wait is
   * `ackWaitMs`, as the server has it.
   */
  readonly backoffMs?: readonly number[];
  /** The greatest number of deliveries of one message; -1: no bound. */
  readonly deliverMax: number;
  /** The greatest number of messages that are delivered and not acknowledged; the server gives no more until one is. Absent: 1000. */
  readonly ackPendingMax?: number;
  /**
   * The first message that a new consumer gives to its handlers. `all`, also where absent: the first of the stream. `new`: the next one to be
   * stored. `last`: the last one of its subjects. `last-per-subject`: the last one of each of them.
   */
  readonly deliverPolicy?: "all" | "new" | "last" | "last-per-subject";
  /**
   * The acknowledgements that the server waits for. `explicit`, also where absent: one for each message. `none`: a message counts as
   * acknowledged once it is delivered. `all`: one acknowledges all messages before it, too.
   */
  readonly ackPolicy?: "explicit" | "none" | "all";
  /** The time without any subscriber after which the server deletes it. Absent: never, or 5 s where it has no durable name. */
  readonly inactiveThresholdMs?: number;
}

/** The consumer as the code asks for it, and what the code does beside it. */
export interface ConsumePolicy extends ConsumerSettings {
  /**
   * `created`: the library makes it for the first subscriber, which deletes it when it drains. `bound`: the operator makes it, and the bus
   * only binds. `updated`: each subscriber makes it, or updates the one that stands to what the code asks for. `ephemeral`: every subscriber
   * has one for itself, without a durable name, and begins anew with it.
   */
  readonly durables: "created" | "bound" | "updated" | "ephemeral";
  /**
   * The settings that the operator's consumer has and the code does not ask for; any other is as the code asks. An empty list of waits is no
   * backoff. Absent: the two sides agree, or nobody has made it before an update.
   */
  readonly stands?: Partial<ConsumerSettings>;
  /** The subject to which the server pushes, and the queue group that shares what comes there; both are declared and not modelled. */
  readonly deliverSubject?: string;
  readonly deliverGroup?: string;
  /**
   * The fate of a message whose handler fails for good. `acknowledged`: gone. `dead-letter`: stored on `deadLetterSubject` first.
   * `redelivered`: left to the next delivery.
   */
  readonly failures: "acknowledged" | "dead-letter" | "redelivered";
  readonly deadLetterSubject?: string;
  /** The longest time that a handler works on one message. Absent: nobody has said. The model does not read it. */
  readonly handlerMs?: number;
  /**
   * The outage of what the handlers need, such as a database, that a message is declared to outlast: its deliveries are not used up sooner.
   * Absent: nothing is declared. The model does not read it.
   */
  readonly outlastsMs?: number;
}

export interface StartupPolicy {
  /**
   * `fail-fast`: one pass over the servers, then the process exits. `retry-with-deadline`: dials until `deadlineMs`, then exits.
   * `retry-forever`: dials on. `wait-outside`: something else waits until NATS answers, such as an init container, and the process then fails
   * fast; a restart of the process is not waited for.
   */
  readonly strategy: "fail-fast" | "retry-with-deadline" | "retry-forever" | "wait-outside";
  /** The deadline of `retry-with-deadline`: servers × passes × connect timeout + margin. */
  readonly deadlineMs?: number;
  readonly connectTimeoutMs: number;
  /**
   * `once`: the bus asks for JetStream at the start, and on failure publishes as core NATS for the rest of its life. `until-usable`: it
   * asks again until JetStream answers. `none`: it never asks, and always publishes durable subjects through JetStream.
   */
  readonly jetStreamProbe: "once" | "until-usable" | "none";
  /** The meaning of ready: the process runs; the client is connected; it is connected and the durable path is usable. */
  readonly readiness: "process" | "connected" | "connected-and-durable";
  /** Liveness is `independent` of NATS, or fails whenever readiness does. */
  readonly liveness: "independent" | "as-readiness";
  /** The reaction of the process when its client closes for good without having been asked to. */
  readonly whenClosed: "exit" | "ignore";
}

export interface ShutdownPolicy {
  /**
   * The stop that SIGTERM starts. `exit`: the process ends at once. `close`: the connection is closed. `subscriptions-then-close`: every
   * subscription starts to drain, and close follows without waiting. `subscriptions-waited-then-close`: one subscription after the other
   * drains and is waited for, each for `drainTimeoutMs` at most, and close follows. `drain`: the client's own drain, waited for, for
   * `drainTimeoutMs` at most where that is there, and close follows.
   * `drain-not-awaited`: the same, and the process ends without waiting for it. `four-steps`: stop intake, drain subscriptions and wait for
   * their handlers, flush, close.
   */
  readonly strategy:
    | "exit"
    | "close"
    | "subscriptions-then-close"
    | "subscriptions-waited-then-close"
    | "drain"
    | "drain-not-awaited"
    | "four-steps";
  /** The longest wait for one subscription, with `subscriptions-waited-then-close`, which needs it; for the whole drain, with `drain`. */
  readonly drainTimeoutMs?: number;
  /**
   * The fate of a publish between the signal and the end. `refused`, also where absent: the bus refuses it. `open`: it goes to the client,
   * as before.
   */
  readonly intake?: "refused" | "open";
  /** The time from the signal to the end of the process. A stop that is still running then is forced. */
  readonly budgetMs: number;
  /** True where the end of the budget is enforced. */
  readonly forced: boolean;
  /** True where messages still unsent at the end are counted and reported as lost. */
  readonly tellsLoss: boolean;
}

/** A probe that a supervisor asks again and again. It tells the process to stop once it has failed so often in a row. */
export interface KillingProbe {
  /** The time from the start of the process during which it is not asked. Absent: 0. */
  readonly initialDelayMs?: number;
  readonly periodMs: number;
  readonly failureThreshold: number;
}

/** The probe that is asked until it first succeeds. The liveness probe waits for that. */
export interface StartupProbe extends KillingProbe {
  /** The question that it asks the process. Absent: liveness. */
  readonly asks?: "liveness" | "readiness";
}

export interface SupervisorPolicy {
  /**
   * The wait before a process that failed is started again. A list has one wait for each failure in a row, of which the last repeats. A
   * process that ran for more than twice the last wait has no failure before it.
   */
  readonly restartMs: number | readonly number[];
  /** The grace period: the time from the order to stop to SIGKILL. SIGTERM comes with the order, or after `preStopMs`. */
  readonly killAfterMs: number;
  /** The wait before SIGTERM, in which the process runs on. It is a part of the grace period. Absent: 0. */
  readonly preStopMs?: number;
  /** Asks whether the process is live. Absent: nobody asks. */
  readonly liveness?: KillingProbe;
  readonly startupProbe?: StartupProbe;
  /** The processes that it keeps running. Absent: nobody has said. */
  readonly replicas?: number;
  /** The memory that one process may take. Absent: nobody has said. */
  readonly memoryBytesMax?: number;
}

/** The options of a scenario that are options of the client itself. */
export type ClientOptions = Pick<
  Options,
  | "reconnectBufferBytesMax"
  | "reconnectWaitMs"
  | "reconnectJitterMs"
  | "reconnectAttemptsMax"
  | "servers"
  | "pingIntervalMs"
  | "pingsOutMax"
>;

export interface Policy {
  readonly $schema?: string;
  readonly version: 1;
  /** The name in kebab case, the same as the file's. */
  readonly name: string;
  readonly why: string;
  readonly families: readonly Family[];
  readonly classifier: readonly ClassifierRule[];
  readonly streams: readonly StreamPolicy[];
  /**
   * Subjects that another service listens to as core NATS. A publish there that no stream takes has a listener, so "no responders" is never
   * returned.
   */
  readonly taps: readonly string[];
  readonly publish: PublishPolicy;
  readonly consume: ConsumePolicy;
  readonly startup: StartupPolicy;
  readonly shutdown: ShutdownPolicy;
  readonly supervisor: SupervisorPolicy;
  /** Client options that the bus sets. */
  readonly client: Partial<ClientOptions>;
  /** Absent: nothing is known of the servers. */
  readonly server?: ServerPolicy;
  /** Ids of the properties that a bus of this policy must hold, beyond the client's promises. */
  readonly demands: readonly string[];
}

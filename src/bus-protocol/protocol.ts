/**
 * Bus protocol 1, as types: the messages between the harness and a bus, one JSON object a line, over the bus's stdin and stdout.
 * `schema.ts` validates them, `bus-client.ts` is the harness's end, and `serve.ts` the end of a bus written in TypeScript. Authors of a bus
 * in another language read fixtures/buses/protocol.md.
 *
 *   harness → bus   a command: an `id` and what to `do`
 *   bus → harness   a reply with the same `id`, in any order; or an event, without one, in the order the client raised them
 *
 * A bus *begins* commands in the order received, and answers each when it has ended: a publish that blocks delays no other command.
 */
import type { CallOutcome, ConnectionChange, HandledOutcome, Outcome, Unsent } from "../../models/vocabulary/event.ts";
import type { AskingAgain, ClientOptions, NoRespondersPolicy, Policy } from "../../models/vocabulary/policy.ts";
import type { Capability, Handler, ProfileName } from "../../models/vocabulary/scenario.ts";

export const protocolVersion = 1;

/** A longer line is garbage, no matter who sends it. */
export const lineBytesMax: number = 1024 * 1024;
/** The most events of one case. */
export const eventsMax = 100_000;

/** The number of decimal digits of the message's number, which opens a payload. The rest is filled with `x`. */
export const numberDigits = 8;

/** The capabilities that a bus may have; the others belong to a world. */
export const busCapabilities: readonly [BusCapability, ...BusCapability[]] = [
  "publish",
  "flush",
  "drain",
  "close",
  "together",
  "publishers",
  "reconnect-buffer-limit",
  "reconnect-attempts-limit",
  "reconnect-jitter",
  "stale-detection",
  "exit",
  "policy",
  "slow-handlers",
  "all-handlers",
  "publish-while-stopping",
  "exit-after-drain",
  "attempts-told",
];
export type BusCapability = Extract<
  Capability,
  | "publish"
  | "flush"
  | "drain"
  | "close"
  | "together"
  | "publishers"
  | "reconnect-buffer-limit"
  | "reconnect-attempts-limit"
  | "reconnect-jitter"
  | "stale-detection"
  | "exit"
  | "policy"
  | "slow-handlers"
  | "all-handlers"
  | "publish-while-stopping"
  | "exit-after-drain"
  | "attempts-told"
>;

// ---- Commands -------------------------------------------------------------------------------------------------------

export interface HelloCommand {
  readonly do: "hello";
  /** The protocol versions that the harness speaks. */
  readonly versions: readonly number[];
}

export interface StartOptions extends ClientOptions {
  /** The time that one dial may take: a dial into a blackhole ends by it. */
  readonly connectTimeoutMs: number;
}

/** Opens the one connection of a case. Under a policy it begins a process's life by its startup strategy. */
export interface StartCommand {
  readonly do: "start";
  readonly case: number;
  /** Several servers are separated by commas, in the order in which the client is to have them. */
  readonly url: string;
  /** The connection's name at the server. It is unique, since the harness finds the connection by it. */
  readonly name: string;
  readonly options: StartOptions;
  /** The bus does all of the policy's part, and answers at once: events report how the start goes. */
  readonly policy?: Policy;
}

/**
 * A whole burst: `count` publish calls in one loop that does not yield, numbered from `first`. With `publishers` it is as many loops at
 * once, each with consecutive messages, and each lets the others run after every call.
 */
export interface PublishCall {
  readonly do: "publish";
  readonly subject: string;
  readonly first: number;
  readonly count: number;
  /** Payload bytes of each message. */
  readonly bytes: number;
  readonly publishers?: number;
  /** The thing that the messages are about, under a policy. */
  readonly key?: string;
  /** Durable subjects under a policy: all messages are sent before any acknowledgement is waited for. */
  readonly async?: true;
  /** The policy's part of it, where the greeting asked for that. */
  readonly resolved?: ResolvedPublish;
}
export type ResolvedPublish =
  | { readonly via: "core"; readonly onError?: AskingAgain }
  | {
      readonly via: "jetstream";
      /** The bus publishes a message again after any error. Absent: it does not. */
      readonly onError?: AskingAgain;
      /** The texts between which a message's number stands in its id. One text: all have this id. Absent: they have none. */
      readonly idTexts?: readonly string[];
      /** The wait for each acknowledgement. */
      readonly ackTimeoutMs: number;
      /** The attempts in all. */
      readonly attemptsMax: number;
      /** The times that an attempt asks again where nobody answers. Absent: as the client does by default. */
      readonly noResponders?: NoRespondersPolicy;
    };
/** The process ends at once, from its own code. All earlier commands are answered first. */
export interface ExitCall {
  readonly do: "exit";
  /** The client's drain is called first, and not waited for. */
  readonly after?: "drain";
}
/** The calls that wait, each up to a timeout. */
export interface WaitingCall<Name extends string> {
  readonly do: Name;
  readonly timeoutMs: number;
}
export type Call = PublishCall | ExitCall | WaitingCall<"flush"> | WaitingCall<"drain"> | WaitingCall<"close">;

/** Each call begins as soon as the one before has settled, without a yield beyond those of that call itself. */
export interface TogetherCommand {
  readonly do: "together";
  readonly calls: readonly Call[];
}

export interface StatusCommand {
  readonly do: "status";
}
/** The replica handles what the subject's stream holds, by the shared durable consumer of that subject. */
export interface SubscribeCommand {
  readonly do: "subscribe";
  readonly subject: string;
  readonly handler: Handler;
  /** The time that a handler works on each message. */
  readonly takesMs?: number;
  /** The delay that a handler which naks asks for. */
  readonly nakDelayMs?: number;
  /** The policy's part of it, where the greeting asked for that. */
  readonly resolved?: ResolvedSubscription;
}
export interface ResolvedSubscription {
  /** Absent where no stream takes the subject. */
  readonly stream?: string;
  /** The name of the consumer that all processes share. */
  readonly durable: string;
}
/** Asks for the present answers of the process's probes. */
export interface ProbeCommand {
  readonly do: "probe";
}
/** Ends the case whatever its state. No event of it follows the reply, and the process can be used for another case. */
export interface EndCommand {
  readonly do: "end";
}
/** The bus answers, and then the process ends with exit code 0. */
export interface QuitCommand {
  readonly do: "quit";
}

export type Command =
  | HelloCommand
  | StartCommand
  | Call
  | TogetherCommand
  | StatusCommand
  | SubscribeCommand
  | ProbeCommand
  | EndCommand
  | QuitCommand;

/** A command as it stands on the line. */
export type NumberedCommand = Command & { readonly id: number };

// ---- Replies --------------------------------------------------------------------------------------------------------

/** An outcome may carry the client's own wording, which is shown and never compared. */
export type Said<Kind> = Kind & { readonly text?: string };

export interface Greeting {
  readonly protocol: typeof protocolVersion;
  /** The bus's name, `go-nats-go`. */
  readonly bus: string;
  readonly profile: ProfileName;
  /** `version` is read from the library, not typed in. */
  readonly client: { readonly name: string; readonly version: string };
  readonly capabilities: readonly BusCapability[];
  /** Choices of the wrapper that change what its client does, in free words: `status-iterator-open`. */
  readonly traits?: readonly string[];
  /** The bus has one behaviour, whatever strategy or size a policy names: a question of `drill` asks it the policy's own rows only. */
  readonly fixed?: true;
  /** The bus knows no rules of a policy: each command is to say what the policy says of it. */
  readonly resolved?: true;
  /** The bus's own process id, since the harness may have started it through a wrapper. */
  readonly pid?: number;
}

export interface CallReply {
  readonly outcome: Said<CallOutcome>;
  /** A drain alone has it: the part that it has left in the client, where the bus can tell. */
  readonly unsent?: Unsent;
}

/** The outcome of `count` calls in a row. */
export interface OutcomeRun {
  readonly count: number;
  readonly outcome: Said<Outcome>;
}
/** The counts add up to the calls asked for. */
export interface PublishReply {
  readonly outcomes: readonly OutcomeRun[];
}

/** One for each call, in their order. */
export interface TogetherReply {
  readonly replies: readonly (CallReply | PublishReply)[];
}

export interface StatusReply {
  readonly connected: boolean;
  readonly closed: boolean;
}

export interface ProbeReply {
  readonly ready: boolean;
  readonly live: boolean;
}

/** The bus could not make sense of the command: an error of the protocol, not of the client. */
export interface Refusal {
  readonly error: string;
}

interface Replies {
  readonly hello: Greeting;
  readonly start: CallReply;
  readonly publish: PublishReply;
  readonly flush: CallReply;
  readonly drain: CallReply;
  readonly close: CallReply;
  readonly together: TogetherReply;
  readonly status: StatusReply;
  readonly exit: CallReply;
  readonly subscribe: CallReply;
  readonly probe: ProbeReply;
  readonly end: CallReply;
  readonly quit: CallReply;
}
export type ReplyTo<Asked extends Command> = Replies[Asked["do"]];
export type Reply = Replies[Command["do"]];

/** A reply as it stands on the line. */
export type NumberedReply = (Reply | Refusal) & { readonly id: number };

// ---- Events ---------------------------------------------------------------------------------------------------------

export type BusEvent =
  /** Every disconnect and reconnect that the client itself reports, and one `connected` before the reply to start. */
  | { readonly event: "connection"; readonly case: number; readonly change: ConnectionChange }
  /** The client gave up waiting for PONGs; its disconnect follows. */
  | { readonly event: "stale"; readonly case: number }
  /** The client's call to connect has returned before it is connected, under a policy. Publishes are taken from now on. */
  | { readonly event: "opened"; readonly case: number }
  /**
   * The way in which durable subjects are published from now on, under a policy. Emitted once JetStream was asked for, and again at each
   * change.
   */
  | { readonly event: "path"; readonly case: number; readonly path: "jetstream" | "core" }
  /** A handler has finished with a message, or hangs over it, or has begun to work on it. */
  | {
      readonly event: "handled";
      readonly case: number;
      readonly subject: string;
      /** The number in the payload. */
      readonly message: number;
      /** The delivery's count, from the server. */
      readonly delivery: number;
      readonly outcome: HandledOutcome;
    }
  /** A durable publish has timed out, and its next attempt begins, from the second on. */
  | { readonly event: "attempt"; readonly case: number; readonly message: number; readonly attempt: number }
  /** A stop has begun: publishes are treated as its policy says from now on, and no message is asked for any more. */
  | { readonly event: "stopping"; readonly case: number }
  /** The last event of a process that ends by itself or after SIGTERM. */
  | {
      readonly event: "ending";
      readonly case: number;
      readonly because: "stopped" | "startup" | "credentials" | "client-closed";
      /** The process was ended because its budget ran out. */
      readonly forced: boolean;
      /** The number of core messages accepted and unconfirmed: no round trip has succeeded since. */
      readonly toldLost: number;
    };

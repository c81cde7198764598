/**
 * What a case runs on, as the driver sees it: a clock, the link, the server, its streams, an observer, and the processes of the
 * bus. Live builds it of processes or containers, sim and tests in memory. Each interface holds what the driver calls and no more.
 *
 * A rig belongs to one case. Every call returns when what it asks for is so. What the driver asks about is read anew, never
 * remembered: an injector that did not do what it was told must be found out.
 */
import type { Content, Run } from "../../../models/vocabulary/event.ts";
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { BusEvent, Command, Reply, ReplyTo } from "../../bus-protocol/protocol.ts";

/** The time that the bus and the server live in: the machine's, or a simulated one. */
export interface Clock {
  nowMs(): number;
  wait(ms: number): Promise<void>;
  /** Whether `done` settles within `boundMs`. */
  isDoneWithin(done: Promise<unknown>, boundMs: number): Promise<boolean>;
}

/** What can be laid on a link. */
export type Hindrance =
  | "hold"
  | "limit"
  | "blackhole"
  | "hold-downstream"
  | "lose-downstream"
  | "silent-handshake"
  | "closes-with-rst";

export interface Opening {
  /** How a later cut ends the client's socket. */
  readonly closesWith: "fin" | "rst";
  /** Nothing comes down until `hold-downstream` is lifted. */
  readonly heldDownstream?: boolean;
  /** Dials are accepted, and the server's INFO is dropped. */
  readonly silentHandshake?: boolean;
  /** `say` will be asked for. */
  readonly speaks?: boolean;
}

/** There is a link on that port already: it is not as closed as it was thought to be. */
export class LinkTaken extends Error {
  override readonly name = "LinkTaken";
}

/** The path from the clients of replica 0 to the server. */
export interface Link {
  /** Where replica 0 dials. */
  readonly port: number;
  readonly isOpen: boolean;
  /** @throws LinkTaken where there is a link already, no matter who opened it */
  open(opening: Opening): Promise<void>;
  /** Ends every connection, drops what is held, and refuses every dial. */
  cut(): Promise<void>;
  /** `amount`: the bytes that a limit lets through. */
  lay(hindrance: Hindrance, amount?: number): Promise<void>;
  lift(hindrance: Hindrance): Promise<void>;
  /**
   * Says `-ERR '<text>'` to the client of that name, between two frames of what the server sends, and with `closes` ends its connection.
   * On how many connections.
   */
  say(name: string, text: string, closes: boolean): Promise<number>;
  /**
   * Whether the reply to the call that laid it showed the hindrance as it was to be: in that direction, by that amount, on all
   * connections. This asks no one.
   */
  shows(hindrance: Hindrance, amount?: number): boolean;
  /** Whether the link, asked anew, is hindered by what its replies have shown, these among it, and by nothing else. */
  stillShows(...hindrances: readonly Hindrance[]): Promise<boolean>;
}

/** How a start differs from the ordinary one: with JetStream, for anyone, on the store that there is. */
export interface Restart {
  readonly jetStream?: boolean;
  readonly authorization?: { readonly user: string; readonly password: string };
  readonly store?: "kept" | "lost";
}

/** A connection as the server sees it. One that has not sent CONNECT yet has no name. */
export interface ServerConnection {
  readonly cid: number;
  readonly name: string | undefined;
}

export interface Server {
  /** Where the replicas beyond 0 dial, beside the link. */
  readonly port: number;
  readonly isRunning: boolean;
  /** It runs, and no thread of it does. */
  readonly isHalted: boolean;
  connections(): Promise<readonly ServerConnection[]>;
  state(): Promise<{ readonly hasJetStream: boolean; readonly requiresCredentials: boolean }>;
  stop(signal: "TERM" | "KILL"): Promise<void>;
  /** The server again on the same port; the observers and the streams follow it, unless it wants credentials. */
  restart(as?: Restart): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** Messages that turned up one after the other, numbered without a gap, with one content. */
export interface ArrivedRun extends Run, Content {}

/** Messages as they turn up at an observer or in a stream, in that order. */
export interface Arrived {
  readonly runs: readonly ArrivedRun[];
  /** Messages that no bus of ours can have sent. */
  readonly foreign: number;
}

/** As the server counts: the first message that a stream stores has number 1. */
export interface StreamState {
  /** Of the messages that it holds. */
  readonly firstNumber: number;
  readonly messages: number;
  /** Gone from between those that it holds: no limit does that. */
  readonly deleted: number;
}

export interface Held extends Arrived {
  readonly state: StreamState;
}

/** A subscription beside the link, so that no fault of the link touches it. */
export interface Observer {
  /** All that the server had when it was asked is counted. Rejects where the list may have gaps. */
  flush(): Promise<void>;
  arrived(): Arrived;
}

export interface ConsumerState {
  readonly numPending: number;
  readonly numAckPending: number;
  /** Deliveries so far, each of a message that was given several times. */
  readonly delivered: number;
}

export interface BoundConsumer {
  readonly subject: string;
  readonly ackWaitMs: number;
  readonly deliverMax: number;
}

/** JetStream as the operator has it. */
export interface Streams {
  create(streams: readonly StreamPolicy[]): Promise<void>;
  bind(consumer: BoundConsumer): Promise<void>;
  names(): Promise<readonly string[]>;
  held(stream: string): Promise<Held>;
  /** Undefined where the subject has no consumer, or no stream. */
  consumer(subject: string): Promise<ConsumerState | undefined>;
}

/** The harness's end of the bus protocol (`BusClient`). */
export interface Conversation {
  call<Asked extends Command>(command: Asked, boundMs: number): Promise<ReplyTo<Asked>>;
  /** From now on the end of the process is no breach of the protocol. */
  mayEnd(): void;
  mark(): number;
  markAt(reply: Reply): number;
  eventsSince(mark: number): readonly BusEvent[];
  waitFor(fits: (event: BusEvent) => boolean, mark: number, boundMs: number): Promise<boolean>;
}

export interface Memory {
  readonly residentBytes: number;
  readonly peakBytes: number;
}

/** Neither code nor signal: what wraps the process does not tell how it ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** On the rig's clock. */
  readonly atMs: number;
}

/** One process of the bus. */
export interface Process {
  readonly client: Conversation;
  readonly exited: Promise<Exit>;
  /** Why its process cannot be known; it then hears no signal. */
  readonly unclaimed: string | undefined;
  /** Undefined where it is not known. */
  memory(): Memory | undefined;
  signal(signal: "TERM" | "KILL"): void;
  /** Whether it may be dialling the port right now. */
  isDialling(port: number): boolean;
  /** It is connected, and no dial is expected of it: the sockets that it has are past that. */
  dialsAreOver(): void;
}

export interface Processes {
  /** The process that serves every case which does not end its own. */
  readonly shared: Process;
  /** Another one, of this case alone. */
  spawn(): Promise<Process>;
  /** Ends a process of this case, or the case within the shared one. */
  release(process: Process): Promise<void>;
}

export interface Rig {
  readonly clock: Clock;
  readonly link: Link;
  readonly server: Server;
  readonly streams: Streams;
  readonly processes: Processes;
  /** Returns when the subscriptions are in force; no two of them may match one subject. */
  observe(subjects: readonly string[]): Promise<Observer>;
  /** Ends what the case has opened: observers, and with `deleteStreams` every stream of the server. */
  close(deleteStreams: boolean): Promise<void>;
}

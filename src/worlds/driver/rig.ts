/**
 * The parts that a case runs on, as the driver sees them: a clock, the link, the server, its streams, an observer, and the processes of the
 * bus. Live builds it of processes or containers, sim and tests in memory. Each interface holds what the driver calls and no more.
 *
 * A rig belongs to one case. Every call returns when its effect is in force. Every question is answered anew, never from memory: an
 * injector that did not do what it was asked must be found out.
 */
import type { Content, HeaderBytes, Run } from "../../../models/vocabulary/event.ts";
import type { ConsumerSettings, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { BusEvent, Command, Reply, ReplyTo } from "../../bus-protocol/protocol.ts";

/** The time in which the bus and the server live: the machine's, or a simulated one. */
export interface Clock {
  nowMs(): number;
  wait(ms: number): Promise<void>;
  /** True if `done` settles within `boundMs`. */
  isDoneWithin(done: Promise<unknown>, boundMs: number): Promise<boolean>;
}

/** Hindrances that can be laid on a link. */
export type Hindrance =
  | "hold"
  | "limit"
  | "blackhole"
  | "hold-downstream"
  | "lose-downstream"
  | "silent-handshake"
  | "closes-with-rst";

export interface Opening {
  /** The way in which a later cut ends the client's socket. */
  readonly closesWith: "fin" | "rst";
  /** Nothing comes down until `hold-downstream` is lifted. */
  readonly heldDownstream?: boolean;
  /** Dials are accepted, and the server's INFO is dropped. */
  readonly silentHandshake?: boolean;
  /** `say` will be called. */
  readonly speaks?: boolean;
  /** `refuseDials` will be called. */
  readonly countsDials?: boolean;
}

/** The dials that a link has refused so far. */
export interface RefusedDials {
  readonly count: number;
  /** The longest time without one: from the beginning, between two of them, or since the last. */
  readonly longestGapMs: number;
}

/** The bytes that a link has carried from the client to the server, as they are known at its two ends. */
export interface Wire {
  /** The openings in order; undefined where the link cannot tell one from another. */
  readonly openings: readonly (Carried | undefined)[];
  /** The number of the first byte of a connection that was given otherwise than taken; undefined where none was, or none was recorded. */
  readonly differsAt?: number;
}

/** The bytes that the ended connections of one opening carried from the client to the server, counted at both ends of the link. */
export interface Carried {
  /** The bytes that came from the client. */
  readonly taken: number;
  /** The bytes that went to the server. */
  readonly given: number;
}

/** A link is on that port already, so it is not as closed as it was thought to be. */
export class LinkTaken extends Error {
  override readonly name = "LinkTaken";
}

/** The path from the clients of replica 0 to the server. */
export interface Link {
  /** The ports that replica 0 dials, one for each server of its pool, in their order. */
  readonly ports: readonly number[];
  /** True where one of them is open. */
  readonly isOpen: boolean;
  isOpenAt(port: number): boolean;
  /** @throws LinkTaken where there is a link already, no matter who opened it */
  open(opening: Opening): Promise<void>;
  /** Ends every connection, drops what is held, and refuses every dial. */
  cut(): Promise<void>;
  /** Does the same at one port alone. */
  cutAt(port: number): Promise<void>;
  /** Ends the connections of that port, and goes on taking dials there. */
  endAt(port: number): Promise<void>;
  /** Opens the ports that were cut off alone. */
  openRest(): Promise<void>;
  /** `amount`: the bytes that a limit lets through. */
  lay(hindrance: Hindrance, amount?: number): Promise<void>;
  /** Ends every connection, refuses every dial and counts them. The link stays open, with whatever is laid on it. */
  refuseDials(): Promise<void>;
  /** Undefined where dials are let through. */
  refusedDials(): RefusedDials | undefined;
  /**
   * Lets dials through again. 0: at once, and a call that still waits ends too. Else in the moment in which `after` dials have been refused in
   * all, the last of them since this call. Returns the refused dials once the others are let through.
   */
  acceptDials(after: number): Promise<RefusedDials>;
  lift(hindrance: Hindrance): Promise<void>;
  /**
   * Sends `-ERR '<text>'` to the client of that name, between two frames of the server's, and ends its connection with `closes`. Returns
   * the number of connections.
   */
  say(name: string, text: string, closes: boolean): Promise<number>;
  /**
   * True where the reply to the call that laid the hindrance showed it as requested: in that direction, by that amount, on all connections.
   * It asks no process.
   */
  shows(hindrance: Hindrance, amount?: number): boolean;
  /** True where the link, asked anew, has the hindrances that its replies have shown, these among them, and no others. */
  stillShows(...hindrances: readonly Hindrance[]): Promise<boolean>;
  carried(): Promise<Wire>;
}

/** The differences of a start from the ordinary one: with JetStream, open to all, on the existing store. */
export interface Restart {
  readonly jetStream?: boolean;
  readonly authorization?: { readonly user: string; readonly password: string };
  readonly store?: "kept" | "lost";
}

/** A connection as the server sees it. It has no name until it has sent CONNECT. */
export interface ServerConnection {
  readonly cid: number;
  readonly name: string | undefined;
}

export interface Server {
  /** The port that replicas beyond 0 dial, beside the link. */
  readonly port: number;
  readonly isRunning: boolean;
  /** It runs, and all of its threads stand still. */
  readonly isHalted: boolean;
  connections(): Promise<readonly ServerConnection[]>;
  /** The server's word for the end of that connection: "Client Closed" where all that was sent was read; undefined where it knows of none. */
  endOf(cid: number): Promise<string | undefined>;
  state(): Promise<{ readonly hasJetStream: boolean; readonly requiresCredentials: boolean }>;
  /** The errors and warnings that it has logged so far about clients of that name, each once. */
  loggedAbout(name: string): readonly string[];
  stop(signal: "TERM" | "KILL"): Promise<void>;
  /** Starts the server again on the same port. The observers and the streams follow it, unless it wants credentials. */
  restart(as?: Restart): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** Messages that turned up one after the other, numbered without a gap, with one content. */
export interface ArrivedRun extends Run, Content {}

/** Messages as they arrive at an observer or in a stream, in that order. */
export interface Arrived {
  readonly runs: readonly ArrivedRun[];
  /** The number of messages that the bus cannot have sent. */
  readonly foreign: number;
  /** The headers of the messages that it can have sent. Absent where none had any, and of a stream, where headers are not looked at. */
  readonly headerBytes?: HeaderBytes;
}

/** The state as the server counts: the first message that a stream stores has number 1. */
export interface StreamState {
  /** The number of the oldest message held; one more than `lastNumber` where it holds none. */
  readonly firstNumber: number;
  /** The number of the last message that it has stored, held or not; 0: it has stored none. */
  readonly lastNumber: number;
  readonly messages: number;
  /** Numbers missing from `firstNumber` on, which no limit causes. */
  readonly deleted: number;
  /**
   * The greatest number of messages that it keeps, by its settings at the server. The oldest go beyond it; infinite: none goes. Undefined
   * where messages go for another reason, such as their age.
   */
  readonly keepsMax: number | undefined;
}

/** A message that a handler stored for good because it had failed. `of` is what its id says; `number` is that of its payload, if it has one. */
export interface DeadLetter extends Content {
  readonly of: { readonly subject: string; readonly message: number };
  readonly number: number | undefined;
}

/** The messages of a stream. `runs` are without the dead letters. */
export interface HeldContent extends Arrived {
  readonly deadLetters: readonly DeadLetter[];
  /** The stream's own numbers of the oldest and the newest message that were read; undefined: there was none. */
  readonly numbers: { readonly first: number; readonly last: number } | undefined;
}

export interface Held extends HeldContent {
  readonly state: StreamState;
}

/** A request that the server has carried out, and that may have taken messages from a stream. */
export interface Removal {
  readonly stream: string;
  /** The request: delete one message, all of them, or the stream; change its settings. */
  readonly what: "message" | "messages" | "stream" | "settings";
  /** The name of the client that asked; empty: it has none. */
  readonly by: string;
}

/** The messages on an observer's present connection. */
export interface ObserverCounts {
  readonly read: number;
  /** The server's own count; undefined where it has none of that connection. */
  readonly sent: number | undefined;
}

/** A subscription beside the link, so that no fault of the link touches it. */
export interface Observer {
  /** Counts everything that the server had when it was asked. Rejects where the list may have gaps. */
  flush(): Promise<void>;
  arrived(): Arrived;
  /** The messages that another subscription, with a connection and code of its own, had seen at the last flush; undefined where it is gone. */
  second(): Arrived | undefined;
  counts(): Promise<ObserverCounts>;
}

export interface ConsumerState {
  readonly numPending: number;
  readonly numAckPending: number;
  /** The number of deliveries so far; each redelivery counts. */
  readonly delivered: number;
}

export interface BoundConsumer extends ConsumerSettings {
  readonly subject: string;
}

/** JetStream as the operator sees it. */
export interface Streams {
  create(streams: readonly StreamPolicy[]): Promise<void>;
  bind(consumer: BoundConsumer): Promise<void>;
  names(): Promise<readonly string[]>;
  held(stream: string): Promise<Held>;
  /** The same messages, read one by one by their numbers; undefined where there are too many. */
  heldByNumber(stream: string): Promise<HeldContent | undefined>;
  /** All since it was first asked for, except the harness's own, by the server's word. Those during a restart are not heard. */
  removals(): Promise<readonly Removal[]>;
  /** Undefined where the subject has no consumer, or no stream. */
  consumer(subject: string): Promise<ConsumerState | undefined>;
}

/** The harness's end of the bus protocol (`BusClient`). */
export interface Conversation {
  call<Asked extends Command>(command: Asked, boundMs: number): Promise<ReplyTo<Asked>>;
  /** The end of the process is no breach of the protocol from now on. */
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

/** The exit of a process. It has neither code nor signal where the wrapper of the process does not report how it ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** A moment on the rig's clock. */
  readonly atMs: number;
  /** Its output was given up before its end. */
  readonly isCut?: true;
}

/** One process of the bus. */
export interface Process {
  readonly client: Conversation;
  readonly exited: Promise<Exit>;
  /** The reason why its process cannot be known; it then gets no signals. */
  readonly unclaimed: string | undefined;
  /** Undefined where it is unknown. */
  memory(): Memory | undefined;
  signal(signal: "TERM" | "KILL"): void;
  /** True where it may be dialling the port right now. */
  isDialling(port: number): boolean;
  /** True where something on this machine, which can only be its client, is connected to the port. False where that cannot be known. */
  isConnectedTo(port: number): boolean;
  /** It is connected and no dial is expected of it: its present sockets have finished dialling. */
  dialsAreOver(): void;
}

export interface Processes {
  /** The process that serves every case which does not end its own. */
  readonly shared: Process;
  /** Starts another process, for this case alone. */
  spawn(): Promise<Process>;
  /** Ends a process of this case, or the case within the shared one. */
  release(process: Process): Promise<void>;
  /** The shared process serves no case after this one. */
  retire(): void;
}

export interface Rig {
  readonly clock: Clock;
  readonly link: Link;
  readonly server: Server;
  readonly streams: Streams;
  readonly processes: Processes;
  /** Returns when the subscriptions are in force. No two of them may match one subject. */
  observe(subjects: readonly string[]): Promise<Observer>;
  /** Ends the observers that the case has opened, and with `deleteStreams` every stream of the server. */
  close(deleteStreams: boolean): Promise<void>;
}

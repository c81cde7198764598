/**
 * A scenario: plain data that says what a bus is asked to do, and what happens to it meanwhile. Every world reads it, and its steps name no
 * client. Faults are anchored to events and bytes, never to times.
 */

import type { Policy } from "./policy.ts";

export type StepId = string;

/** The name of a client's declared behaviour: `nats-go`, `nats-js-2`, `nats-js-3`. */
export type ProfileName = string;

/** Things that a bus or a world can do or show. A case that needs a missing one is not run, and never passes. */
export const capabilities = [
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
  "cut",
  "cut-with-rst",
  "hold",
  "limit",
  "blackhole",
  "stop-server",
  "pause-server",
  "handshake",
  "policy",
  "exit",
  "signal",
  "replicas",
  "subscribe",
  "slow-handlers",
  "all-handlers",
  "publish-while-stopping",
  "exit-after-drain",
  "attempts-told",
  "advance",
  "lose-ack",
  "no-jetstream",
  "power-loss",
  "refuse-credentials",
  "silent-handshake",
  "cold-start",
  "server-error",
  "count-dials",
  "cut-server",
] as const;
export type Capability = (typeof capabilities)[number];

/** The options that every client is started with. */
export interface Options {
  /** The subject of every publish. A world may rename it but keeps its length, since sizes are protocol bytes. */
  readonly subject: string;
  /** Absent: the client's default. 0 and -1 mean whatever the client takes them to mean. */
  readonly reconnectBufferBytesMax?: number;
  /** The wait between two dials of the same server. */
  readonly reconnectWaitMs: number;
  /** The most that the client adds to that wait, by chance. Absent: 0, so that all chance comes from the harness. */
  readonly reconnectJitterMs?: number;
  /**
   * Servers in the client's pool, 1 if absent. Each is an address of its own, in the order in which the client is given them, and behind
   * all of them is one server. Every fault is about all of them, except `cut-server`.
   */
  readonly servers?: number;
  /** Dials before the client gives up, counted as its profile says; -1: it never does. */
  readonly reconnectAttemptsMax: number;
  /** The interval of the client's own PINGs; absent: the client's default, 2 minutes. */
  readonly pingIntervalMs?: number;
  /** Unanswered PINGs after which the connection counts as stale. */
  readonly pingsOutMax?: number;
  /** The way in which a cut ends the client's socket. */
  readonly cutsWith: "fin" | "rst";
}

/**
 * The event that a fault or heal waits for before the next step. `noticed`: the client's own disconnect event. `gave-up`: its closed event.
 * `connected`: its (re)connect event. `handshake`: a dial has reached the server and is kept waiting for INFO. `none`: nothing, so the next
 * step races with it.
 */
export type FaultAwait = "noticed" | "gave-up" | "none";
export type HealAwait = "connected" | "handshake" | "none";

export type Fault =
  /**
   * Ends the connection and refuses every dial until healed. Bytes held by a `hold` are dropped. With `dials` the refused dials are counted:
   * a number is the least that the heal waits for, and `all` are those that the client makes before it gives up.
   */
  | { readonly kind: "cut"; readonly awaits: FaultAwait; readonly dials?: number | "all" }
  /** Upstream bytes are kept in the link, in order. A heal releases them; a cut drops them. */
  | { readonly kind: "hold" }
  /** Exactly `bytes` more upstream bytes get through, then the link is cut. It needs a quiescent link and counts from the next publish. */
  | { readonly kind: "limit"; readonly bytes: number }
  /** Upstream bytes are dropped silently. The heal ends the connection. */
  | { readonly kind: "blackhole" }
  /** The server process ends, and comes back on the same port at the heal; with `store: "lost"` its disk comes back empty. */
  | {
      readonly kind: "stop-server";
      readonly signal: "TERM" | "KILL";
      readonly awaits: FaultAwait;
      readonly store?: "lost";
    }
  /** The server process is stopped (SIGSTOP): half-open, and the kernel keeps what was sent. The heal lets it go on. */
  | { readonly kind: "pause-server" }
  /** The next acknowledgement of a stream is cut off, and its connection with it; every dial is refused until healed. */
  | { readonly kind: "lose-ack" }
  /**
   * The machine of the server loses power: file storage keeps what was synced, memory nothing. A stated crash model, which no live world
   * runs.
   */
  | { readonly kind: "power-loss"; readonly awaits: FaultAwait }
  /** The server runs without JetStream. Possible only before a process starts. */
  | { readonly kind: "no-jetstream" }
  /** The server refuses the bus's credentials. Possible only before a process starts. */
  | { readonly kind: "refuse-credentials" }
  /** Dials are accepted and the server never greets. Possible only before a process starts. */
  | { readonly kind: "silent-handshake" }
  /** The server says `-ERR` to a client that is connected and flushed, and with `closes` ends the connection. It is over at once. */
  | { readonly kind: "server-error"; readonly text: ServerErrorText; readonly closes: boolean }
  /**
   * Ends the connection, and refuses every dial of the one server of the pool that the client is connected to. The client goes on to another
   * one, and the step ends once it is connected there. Where none is left the link is down, as after a cut that the client has noticed. With
   * `stays` the connection alone ends, and dials of that server are taken.
   */
  | { readonly kind: "cut-server"; readonly stays?: true };

/** Texts of a server error, each named by its subject; `unknown`: a text that no client knows. */
export const serverErrorTexts = ["unknown", "stale", "authorization", "permissions"] as const;
export type ServerErrorText = (typeof serverErrorTexts)[number];

/** True for faults that are over as soon as they are done, and so need no heal. */
export const isMomentary = (kind: Fault["kind"]): boolean => kind === "server-error";

/** Faults that end with another start of the server. */
export const restartsServer: ReadonlySet<Fault["kind"]> = new Set([
  "stop-server",
  "no-jetstream",
  "refuse-credentials",
]);

export interface PublishStep {
  readonly id: StepId;
  readonly kind: "publish";
  readonly count: number;
  /** The payload of each message; its first 8 bytes carry the message's number. */
  readonly bytes: number;
  /** The step does not wait for the calls to return: they race with the next step, where that is a fault or a heal. */
  readonly overlap?: true;
  /**
   * The number of publishers that share the messages and publish at once on the one connection, without a policy. Each has consecutive
   * messages and keeps their order; between publishers there is none. Absent: one.
   */
  readonly publishers?: number;
  /** The subject under a policy, if not the one of the options. Its family decides between JetStream and core NATS. */
  readonly subject?: string;
  /** The thing that the messages are about under a policy, such as a job's id. Absent: every message is about a different thing. */
  readonly key?: string;
  /** Durable subjects under a policy: all messages are sent before any acknowledgement is waited for. */
  readonly async?: true;
  /** Publishes the messages of that earlier step again under a policy, with the same content and ids. */
  readonly again?: StepId;
}
export interface FlushStep {
  readonly id: StepId;
  readonly kind: "flush";
  /** The time that the caller waits for the round trip. */
  readonly timeoutMs: number;
  /** The step ends once the call has begun: it is pending while the next step, a cut or a heal, is done. */
  readonly overlap?: true;
}
export interface DrainStep {
  readonly id: StepId;
  readonly kind: "drain";
  /** The same behind a hold, without which a drain is over too soon. */
  readonly overlap?: true;
}
export interface CloseStep {
  readonly id: StepId;
  readonly kind: "close";
}
/** The process ends at once, from its own code. */
export interface ExitStep {
  readonly id: StepId;
  readonly kind: "exit";
  /** The client's own drain is called first, and nothing waits for it. */
  readonly after?: "drain";
}
export type CallStep = PublishStep | FlushStep | DrainStep | CloseStep | ExitStep;

/**
 * The handler's treatment of each message. `acks`: works and acknowledges. `fails`: fails for good, and the policy says what follows. `hangs`:
 * never answers. `naks`: fails and asks for another delivery. `terminates`: fails and asks for no other delivery. `acks-early`: acknowledges
 * and works afterwards. `loses-ack`: works, and its acknowledgement reaches nobody. `in-progress`: says again and again that it is at work,
 * then acknowledges.
 */
export const handlers = [
  "acks",
  "fails",
  "hangs",
  "naks",
  "terminates",
  "acks-early",
  "loses-ack",
  "in-progress",
] as const;
export type Handler = (typeof handlers)[number];

/** True for handlers whose work takes time: with `takesMs` they may, and two of them must. */
export const mayTakeTime = (handler: Handler): boolean => handler === "acks" || mustTakeTime(handler);
export const mustTakeTime = (handler: Handler): boolean => handler === "acks-early" || handler === "in-progress";

/** A signal to a process. TERM starts the policy's shutdown and waits for the process to end; KILL ends it. */
export interface SignalStep {
  readonly id: StepId;
  readonly kind: "signal";
  readonly replica: number;
  readonly signal: "TERM" | "KILL";
  /** Calls of replica 0 after it was told to stop and before its end, one after the other. */
  readonly meanwhile?: readonly PublishStep[];
}

/**
 * The replica handles what a durable subject's stream holds. Replicas of one subject share one durable consumer. A subject with `*` or `>` is
 * a consumer's filter, and has a consumer of its own.
 */
export interface SubscribeStep {
  readonly id: StepId;
  readonly kind: "subscribe";
  readonly replica: number;
  readonly subject: string;
  readonly handler: Handler;
  /** The time that a handler which acknowledges works on each message, one message after the other. Absent: none. */
  readonly takesMs?: number;
  /** The delay that a handler which naks asks for. Absent: it is given the message again at once. */
  readonly nakDelayMs?: number;
}

/** Ends every fault in force. */
export interface HealStep {
  readonly id: StepId;
  readonly kind: "heal";
  readonly awaits: HealAwait;
  /** The attempts of the durable publish before it, which overlaps it, that have timed out by then; the next one is under way. */
  readonly afterAttempts?: number;
}

export type Step =
  /** The start of a process. Processes of one bus are told apart by `replica`; 0 publishes and is the one behind the link. */
  | { readonly id: StepId; readonly kind: "start"; readonly replica?: number }
  | CallStep
  | SubscribeStep
  | SignalStep
  /**
   * This much time passes: dedupe windows, ack waits, startup deadlines and the supervisor's waits run on. Calls take no time against them.
   */
  | { readonly id: StepId; readonly kind: "advance"; readonly ms: number }
  /** The bus does these calls as one command, without yielding to its event loop or scheduler between them. */
  | { readonly id: StepId; readonly kind: "together"; readonly steps: readonly CallStep[] }
  | { readonly id: StepId; readonly kind: "fault"; readonly fault: Fault }
  /** Waits until the client's own PINGs have shown that the link is silent. After a blackhole the link then refuses dials. */
  | { readonly id: StepId; readonly kind: "await-noticed" }
  | HealStep;

/** The calls within a step, which have ids of their own. */
export function partsOf(step: Step): readonly CallStep[] {
  if (step.kind === "together") return step.steps;
  return step.kind === "signal" ? (step.meanwhile ?? noParts) : noParts;
}
const noParts: readonly CallStep[] = [];

/** The replica that a step is about. It is 0, whose client is watched, for steps that concern no replica. */
export function replicaOf(step: Step): number {
  switch (step.kind) {
    case "start":
      return step.replica ?? 0;
    case "subscribe":
    case "signal":
      return step.replica;
    default:
      return 0;
  }
}

/** An event that must have taken place for a verdict to mean anything; otherwise the verdict is inconclusive. */
export type MustHappen =
  | { readonly kind: "disconnected" }
  | { readonly kind: "reconnected" }
  | { readonly kind: "fault-took-effect"; readonly step: StepId }
  | { readonly kind: "published-while-down"; readonly atLeast: number };

export type ClassName = "kept" | "silentLoss" | "reportedLoss" | "ambiguous" | "duplicated" | "unknown";
export const classNames: readonly ClassName[] = [
  "kept",
  "silentLoss",
  "reportedLoss",
  "ambiguous",
  "duplicated",
  "unknown",
];

/** An exact count, or the least and the most where the fact is racy. A class that is not named must be 0. */
export type ExpectedCount = number | readonly [least: number, most: number];

/** An expectation, typed in by hand from a cited fact; never computed. */
export interface Expectation {
  /** The fact that shows it, by its number in docs/facts.md. A file may name a fact once for several expectations. */
  readonly fact: string;
  readonly classes: Readonly<Partial<Record<ClassName, ExpectedCount>>>;
}

export interface Scenario {
  readonly $schema?: string;
  readonly version: 1;
  /** `<concern>/<claim>`, the same as the file's path. */
  readonly id: string;
  readonly why: string;
  /** Capabilities needed beyond those that the steps and options imply. */
  readonly requires: readonly Capability[];
  readonly options: Options;
  /** The behaviour that the bus adds around its client. Absent: none. */
  readonly policy?: Policy;
  readonly steps: readonly Step[];
  readonly mustHappen: readonly MustHappen[];
  readonly expect: Readonly<Record<ProfileName, Expectation>>;
}

/**
 * A scenario: plain data saying what a bus is asked to do and what befalls it meanwhile.
 * Read by every world; names no client in its steps. Faults are anchored to events and bytes, never to times.
 */

import type { Policy } from "./policy.ts";

export type StepId = string;

/** Names a client's declared behaviour, `nats-go`, `nats-js-2`, `nats-js-3`. */
export type ProfileName = string;

/** What a bus or a world can do or show. A case that needs a missing one is not run, never passed. */
export const capabilities = [
  "publish",
  "flush",
  "drain",
  "close",
  "together",
  "reconnect-buffer-limit",
  "reconnect-attempts-limit",
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
  "advance",
  "lose-ack",
  "no-jetstream",
  "power-loss",
  "refuse-credentials",
  "silent-handshake",
  "cold-start",
  "server-error",
] as const;
export type Capability = (typeof capabilities)[number];

/** Options every client is started with. Jitter is always 0: all chance is ours. */
export interface Options {
  /** Subject of every publish. A world may rename it, keeping its length: sizes are protocol bytes. */
  readonly subject: string;
  /** Absent: the client's default. 0 and -1 mean what the client says they mean. */
  readonly reconnectBufferBytesMax?: number;
  /** Wait between two dials of the same server. */
  readonly reconnectWaitMs: number;
  /** Servers in the client's pool, 1 if absent. All of them share the link, so all are down together. */
  readonly servers?: number;
  /** Dials before the client gives up, counted as its profile says; -1: never. */
  readonly reconnectAttemptsMax: number;
  /** Interval of the client's own PINGs; absent: the client's default, 2 minutes. */
  readonly pingIntervalMs?: number;
  /** PINGs without an answer before the connection counts as stale. */
  readonly pingsOutMax?: number;
  /** How a cut ends the client's socket. */
  readonly cutsWith: "fin" | "rst";
}

/**
 * What a fault or heal waits for before the next step.
 * `noticed`: the client's own disconnect event; `gave-up`: its closed event; `connected`: its (re)connect event;
 * `handshake`: a dial that has reached the server and is kept waiting for INFO; `none`: nothing, so what follows races with it.
 */
export type FaultAwait = "noticed" | "gave-up" | "none";
export type HealAwait = "connected" | "handshake" | "none";

export type Fault =
  /** Ends the connection and refuses every dial until healed. Bytes held by a `hold` are dropped. */
  | { readonly kind: "cut"; readonly awaits: FaultAwait }
  /** Upstream bytes are kept in the link, in order. Heal releases them; a cut drops them. */
  | { readonly kind: "hold" }
  /** Lets exactly `bytes` more upstream bytes through, then cuts. Needs a quiescent link; counts from the next publish. */
  | { readonly kind: "limit"; readonly bytes: number }
  /** Upstream bytes are dropped and nothing else is said. Its heal ends the connection. */
  | { readonly kind: "blackhole" }
  /** The server process ends and comes back at the heal, on the same port; with `store: "lost"` with no stream left on its disk. */
  | {
      readonly kind: "stop-server";
      readonly signal: "TERM" | "KILL";
      readonly awaits: FaultAwait;
      readonly store?: "lost";
    }
  /** The server process is stopped (SIGSTOP): half-open, and the kernel keeps what was sent. Heal lets it go on. */
  | { readonly kind: "pause-server" }
  /** The next acknowledgement of a stream is cut off, and its connection with it; every dial is refused until healed. */
  | { readonly kind: "lose-ack" }
  /** The machine of the server loses power: file storage keeps what was synced, memory nothing. A stated crash model: no live world does it. */
  | { readonly kind: "power-loss"; readonly awaits: FaultAwait }
  /** The server runs without JetStream. Before a process starts. */
  | { readonly kind: "no-jetstream" }
  /** The server refuses the bus's credentials. Before a process starts. */
  | { readonly kind: "refuse-credentials" }
  /** Dials are accepted and the server never greets. Before a process starts. */
  | { readonly kind: "silent-handshake" }
  /** The server says `-ERR` to a client that is connected and flushed, and with `closes` ends the connection. It is over at once. */
  | { readonly kind: "server-error"; readonly text: ServerErrorText; readonly closes: boolean };

/** What a server says, by what it is about; `unknown`: a text that no client has heard of. */
export const serverErrorTexts = ["unknown", "stale", "authorization", "permissions"] as const;
export type ServerErrorText = (typeof serverErrorTexts)[number];

/** Faults that are over as soon as they are done: nothing is left to be healed. */
export const isMomentary = (kind: Fault["kind"]): boolean => kind === "server-error";

export interface PublishStep {
  readonly id: StepId;
  readonly kind: "publish";
  readonly count: number;
  /** Payload bytes of each message; the first 8 carry its number. */
  readonly bytes: number;
  /** Does not wait for the calls to return: they race with the next step, where that is a fault or a heal. */
  readonly overlap?: true;
  /** Under a policy: the subject, if not the one of the options. Its family decides between JetStream and core NATS. */
  readonly subject?: string;
  /** Under a policy: what the messages are about, a job's id. Absent: every message is about something of its own. */
  readonly key?: string;
  /** Under a policy, on a durable subject: all are sent before any acknowledgement is waited for. */
  readonly async?: true;
  /** Under a policy: the messages of that earlier publish step once more, with the same content and ids. */
  readonly again?: StepId;
}
export interface FlushStep {
  readonly id: StepId;
  readonly kind: "flush";
  /** How long the caller waits for the round trip. */
  readonly timeoutMs: number;
}
export interface DrainStep {
  readonly id: StepId;
  readonly kind: "drain";
}
export interface CloseStep {
  readonly id: StepId;
  readonly kind: "close";
}
/** The process ends at once, from within its own code. */
export interface ExitStep {
  readonly id: StepId;
  readonly kind: "exit";
}
export type CallStep = PublishStep | FlushStep | DrainStep | CloseStep | ExitStep;

/** What a handler does with each message: `fails` for good, or `hangs` and never answers. */
export type Handler = "acks" | "fails" | "hangs";

export type Step =
  /** Under a policy, processes of one bus are told apart by `replica`; 0 publishes and is the one behind the link. */
  | { readonly id: StepId; readonly kind: "start"; readonly replica?: number }
  | CallStep
  /** Under a policy: that replica handles what a durable subject's stream holds. Replicas of one subject share one durable consumer. */
  | {
      readonly id: StepId;
      readonly kind: "subscribe";
      readonly replica: number;
      readonly subject: string;
      readonly handler: Handler;
    }
  /** Under a policy: TERM starts the policy's shutdown and waits for the process to end; KILL ends it. */
  | { readonly id: StepId; readonly kind: "signal"; readonly replica: number; readonly signal: "TERM" | "KILL" }
  /** So much time passes: dedupe windows, ack waits, startup deadlines and the supervisor's waits run on. Calls take no time against them. */
  | { readonly id: StepId; readonly kind: "advance"; readonly ms: number }
  /** Done by the bus as one command, without yielding to its event loop or scheduler between calls. */
  | { readonly id: StepId; readonly kind: "together"; readonly steps: readonly CallStep[] }
  | { readonly id: StepId; readonly kind: "fault"; readonly fault: Fault }
  /** Waits until the client's own PINGs have told it that the link is silent. After a blackhole the link then refuses dials. */
  | { readonly id: StepId; readonly kind: "await-noticed" }
  /** Ends every fault in force. */
  | { readonly id: StepId; readonly kind: "heal"; readonly awaits: HealAwait };

/** The process that a step is about: 0, whose client is watched, also for what concerns none. */
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

/** What must have taken place for a verdict to mean anything; else it is inconclusive. */
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

/** An exact count, or the least and the most where the fact is racy. A class not named must be 0. */
export type ExpectedCount = number | readonly [least: number, most: number];

/** Typed in by hand from a cited fact; never computed. */
export interface Expectation {
  /** What shows it, by its number in docs/facts.md. A file may say once what several expectations share. */
  readonly fact: string;
  readonly classes: Readonly<Partial<Record<ClassName, ExpectedCount>>>;
}

export interface Scenario {
  readonly $schema?: string;
  readonly version: 1;
  /** `<concern>/<claim>`, as the file's place. */
  readonly id: string;
  readonly why: string;
  /** Beyond what the steps and options themselves need. */
  readonly requires: readonly Capability[];
  readonly options: Options;
  /** What the bus does around its client. Absent: nothing. */
  readonly policy?: Policy;
  readonly steps: readonly Step[];
  readonly mustHappen: readonly MustHappen[];
  readonly expect: Readonly<Record<ProfileName, Expectation>>;
}

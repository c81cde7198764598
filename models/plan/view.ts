/**
 * The view: what the harness knows before it does a step. It follows from scenario and profile alone, and leaves out what only the client
 * knows.
 */

import { isClassifiedDurable } from "../policy/classifier.ts";
import { streamOf } from "../policy/streams.ts";
import type { Policy } from "../vocabulary/policy.ts";
import type { Profile } from "../vocabulary/profile.ts";
import type { Handler, PublishStep, Step, StepId } from "../vocabulary/scenario.ts";
import type { ServerPool } from "./pool.ts";

export interface View {
  started: boolean;
  /** The way in which the connection ended for good; `stuck` reconnects but refuses every publish. */
  ended: "no" | "closed" | "stuck";
  link: "up" | "handshake" | "down";
  /** The other disturbance of link or server while `link` is up. */
  hindrance: "none" | "hold" | "limit" | "blackhole" | "pause" | "lose-ack";
  limitBytesLeft: number;
  /** The step that set the limit. */
  limitStep: StepId;
  /** Bytes published into a link or server that keeps them. */
  keptBytes: number;
  /** The client's state as awaited; `unsure` after an un-awaited cut or heal. */
  client: "connected" | "disconnected" | "unsure";
  /** A drain has begun and waits for its round trip. */
  draining: boolean;
  /** The server has refused the client's authorization; the client's reaction to a second refusal depends on that. */
  refused: boolean;
  /** Nothing was sent since the last flush that succeeded. A byte anchor counts only what follows. */
  quiet: boolean;
  /** All that was published under a policy has arrived, and the handlers in reach have come to it. */
  landed: boolean;
  /**
   * The process: none yet; `waiting` for its first connection; running since it connected; or exited. Without a policy there is only its
   * end.
   */
  process: "none" | "waiting" | "running" | "exited";
  /** The scenario's own time, moved by `advance`. */
  nowMs: number;
  startedAtMs: number;
  /** The two moments between which the dials of this outage run out. */
  givesUp: { readonly fromMs: number; readonly byMs: number } | undefined;
  /** The refused dials that the heal of a counted outage waits for; 0 where none is in force. */
  dialsAwaited: number;
  /** The moment at which it failed; undefined where it will not be started again. */
  exitedAtMs: number | undefined;
  /** Its failures in a row, by which its supervisor backs off. */
  failures: number;
  /** The process is to start once NATS answers, which something outside waits for. */
  isOutside: boolean;
  /** The startup probe of the process has succeeded. */
  hasStarted: boolean;
  /** The moment since which the probe that may kill the process fails; undefined where it succeeds, or there is none. */
  failsSinceMs: number | undefined;
  /** The server may have lost a stream. */
  mayLackStreams: boolean;
  /** The answer to a dial while the link is down: nothing, a server that never greets, or one that refuses the credentials. */
  door: "shut" | "silent" | "refuses";
  /** The server runs with JetStream. */
  jetStream: boolean;
  /** The way in which this process publishes what its classifier calls durable. */
  path: "jetstream" | "core";
  /** The publish steps done so far, for later steps that repeat one. */
  published: readonly PublishStep[];
  /** The attempts that a durable publish which still runs can make; 0 where none does. */
  attempting: number;
  /** Replicas that have a consumer, one bit each: the server sends them messages unasked. */
  subscribed: number;
  /** Those of them with a handler that hangs. */
  hanging: number;
  /** A stop may have deleted the durable of a handler that hung (hanging.ts). */
  mayLackDurables: boolean;
  /** Consumers that the server deletes once nobody has used them for long enough. */
  uses: readonly ConsumerUse[];
  /** Every subject that has been subscribed to. */
  consumed: readonly string[];
  /** Those of them with a handler that does not acknowledge what it is given. */
  unacked: readonly string[];
  /** Those of them with a handler after which the server may let go of a message. */
  freed: readonly string[];
  /** Those of them with a handler that naks. */
  nakked: readonly string[];
  /** Those of `unacked` that something was published on, and the moment from which handlers were given it. */
  filling: readonly { readonly subject: string; readonly atMs: number }[];
  /** Subjects with handlers that take time. */
  slow: readonly SlowSubject[];
  /** The server's process runs. */
  serverUp: boolean;
  /** Replicas beyond 0 that run, one bit each. */
  peers: number;
  /** Servers of the pool whose dials are refused while the client has another one; 0 while the link is down. */
  serversCut: number;
  /** The servers that its client goes round. */
  pool: ServerPool;
  /** Servers in the client's pool. */
  readonly servers: number;
  readonly policy: Policy | undefined;
}

/** The use of one consumer by its subscribers. */
export interface ConsumerUse {
  readonly subject: string;
  /** The replicas that have subscribed and run on, one bit each. */
  readonly replicas: number;
  /** The last moment at which it was surely used, and the number of these. */
  readonly lastMs: number;
  readonly times: number;
  /** The moment since which nobody has used it; undefined while somebody does. */
  readonly unusedMs: number | undefined;
  /** The server has deleted it. */
  readonly isGone: boolean;
}

/** A subject whose handlers take time, and the moment from which none of them can be at work. */
export interface SlowSubject {
  readonly subject: string;
  readonly takesMs: number;
  /** The replicas with such a handler, one bit each. */
  readonly replicas: number;
  readonly busyUntilMs: number;
  /** The moment at which the message that it is at, or was at last, was stored. */
  readonly storedAtMs: number;
  readonly handler: Handler;
  /** The connection was cut while one of them was at work, and is not back. */
  readonly isCutOff: boolean;
  /** A replica may have ended in the middle of its work, so another comes to it when the ack wait is over. */
  readonly isStray: boolean;
}

export const newView = (policy?: Policy, servers = 1, pool: ServerPool = "unlimited"): View => ({
  started: false,
  ended: "no",
  link: "up",
  hindrance: "none",
  limitBytesLeft: 0,
  limitStep: "",
  keptBytes: 0,
  client: "disconnected",
  draining: false,
  refused: false,
  quiet: true,
  landed: true,
  process: "none",
  nowMs: 0,
  startedAtMs: 0,
  givesUp: undefined,
  dialsAwaited: 0,
  exitedAtMs: undefined,
  failures: 0,
  isOutside: false,
  hasStarted: false,
  failsSinceMs: undefined,
  mayLackStreams: false,
  door: "shut",
  jetStream: true,
  path: "jetstream",
  published: [],
  attempting: 0,
  subscribed: 0,
  hanging: 0,
  mayLackDurables: false,
  uses: [],
  consumed: [],
  unacked: [],
  freed: [],
  nakked: [],
  filling: [],
  slow: [],
  serverUp: true,
  peers: 0,
  serversCut: 0,
  pool,
  servers,
  policy,
});

/** Copies field by field: a view is copied twice a step, and a spread costs several times as much. */
export const copyView = (view: Readonly<View>): View => ({
  started: view.started,
  ended: view.ended,
  link: view.link,
  hindrance: view.hindrance,
  limitBytesLeft: view.limitBytesLeft,
  limitStep: view.limitStep,
  keptBytes: view.keptBytes,
  client: view.client,
  draining: view.draining,
  refused: view.refused,
  quiet: view.quiet,
  landed: view.landed,
  process: view.process,
  nowMs: view.nowMs,
  startedAtMs: view.startedAtMs,
  givesUp: view.givesUp,
  dialsAwaited: view.dialsAwaited,
  exitedAtMs: view.exitedAtMs,
  failures: view.failures,
  isOutside: view.isOutside,
  hasStarted: view.hasStarted,
  failsSinceMs: view.failsSinceMs,
  mayLackStreams: view.mayLackStreams,
  door: view.door,
  jetStream: view.jetStream,
  path: view.path,
  published: view.published,
  attempting: view.attempting,
  subscribed: view.subscribed,
  hanging: view.hanging,
  mayLackDurables: view.mayLackDurables,
  uses: view.uses,
  consumed: view.consumed,
  unacked: view.unacked,
  freed: view.freed,
  nakked: view.nakked,
  filling: view.filling,
  slow: view.slow,
  serverUp: view.serverUp,
  peers: view.peers,
  serversCut: view.serversCut,
  pool: view.pool,
  servers: view.servers,
  policy: view.policy,
});

/**
 * Overwrites a view that is no longer needed with a copy of another of the same plan. Without a policy the last fields never change, and
 * need no copy.
 */
export function overwriteView(old: View, view: Readonly<View>): View {
  old.started = view.started;
  old.ended = view.ended;
  old.link = view.link;
  old.hindrance = view.hindrance;
  old.limitBytesLeft = view.limitBytesLeft;
  old.limitStep = view.limitStep;
  old.keptBytes = view.keptBytes;
  old.client = view.client;
  old.draining = view.draining;
  old.refused = view.refused;
  old.quiet = view.quiet;
  old.process = view.process;
  old.dialsAwaited = view.dialsAwaited;
  old.door = view.door;
  old.serverUp = view.serverUp;
  old.serversCut = view.serversCut;
  old.pool = view.pool;
  old.givesUp = view.givesUp;
  if (view.policy === undefined) return old;
  old.nowMs = view.nowMs;
  old.startedAtMs = view.startedAtMs;
  old.landed = view.landed;
  old.exitedAtMs = view.exitedAtMs;
  old.failures = view.failures;
  old.isOutside = view.isOutside;
  old.hasStarted = view.hasStarted;
  old.failsSinceMs = view.failsSinceMs;
  old.mayLackStreams = view.mayLackStreams;
  old.jetStream = view.jetStream;
  old.path = view.path;
  old.published = view.published;
  old.attempting = view.attempting;
  old.subscribed = view.subscribed;
  old.hanging = view.hanging;
  old.mayLackDurables = view.mayLackDurables;
  old.uses = view.uses;
  old.consumed = view.consumed;
  old.unacked = view.unacked;
  old.freed = view.freed;
  old.nakked = view.nakked;
  old.filling = view.filling;
  old.slow = view.slow;
  old.peers = view.peers;
  return old;
}

export const isSilent = (view: View): boolean => view.hindrance === "blackhole" || view.hindrance === "pause";
export const isDown = (view: View): boolean => view.link !== "up";
/** Nothing is wrong with link or server. */
export const isCalm = (view: View): boolean => view.link === "up" && view.hindrance === "none" && view.jetStream;

/** True where a heal starts the server, or starts it anew. One that awaits a handshake has done so before. */
export const healStartsServer = ({ link, serverUp, jetStream, door }: View): boolean =>
  link !== "handshake" && (!serverUp || !jetStream || door === "refuses");

/** True where a handler may have acknowledged messages of a stream that lets them go for that. */
export const hasQueueConsumer = ({ policy, consumed }: View): boolean =>
  policy !== undefined && consumed.some(one => (streamOf(policy, one)?.retention ?? "limits") !== "limits");

/** A replica has ended, and its handlers with it. */
export function unsubscribe(view: View, replica: number): void {
  view.subscribed &= ~bitOf(replica);
  view.hanging &= ~bitOf(replica);
}

/** The bit of a replica in `subscribed`, `hanging` and `peers`. */
export const bitOf = (replica: number): number => 1 << replica;

/** True where the plan knows as much as the client about its connection, and nothing delays an answer to a probe. */
export const isProbed = (view: Readonly<View>): boolean =>
  (view.process === "waiting" || view.process === "running") &&
  view.client !== "unsure" &&
  view.hindrance === "none" &&
  view.link !== "handshake";

/** True where the step publishes through JetStream. */
export function isDurable(view: View, step: Step): boolean {
  if (view.policy === undefined || step.kind !== "publish" || step.subject === undefined) return false;
  return view.path === "jetstream" && isClassifiedDurable(view.policy, step.subject);
}

/**
 * True while the call to connect has not returned (nats.go, F-128 of docs/facts.md). A call that retries in the background first makes one
 * pass over the servers. Each that never greets takes the whole connect timeout.
 */
export function connectPends({ process, door, nowMs, startedAtMs, servers, policy }: View, profile: Profile): boolean {
  if (process !== "waiting") return false;
  if (profile.firstConnect.retry === "pending") return true;
  return door === "silent" && nowMs < startedAtMs + servers * (policy?.startup.connectTimeoutMs ?? 0);
}

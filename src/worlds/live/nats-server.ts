/**
 * One nats-server on fixed ports. It can be started, ended, killed, and brought back on the same store or on an empty one. It runs with
 * JetStream or without, open to all or for those with credentials. It can be halted and let go on, and sent away as a lame duck. Every call
 * returns when its effect is in force: a server that listens, a process that is gone, threads that stand still. Every question is answered
 * anew.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ServerFailed } from "../../errors.ts";
import { type Backend, processBackend, type ServerProcess } from "./backend.ts";
import { isDoneWithin } from "./guard.ts";
import { JsonApi } from "./json-api.ts";
import { ClientLog } from "./server-log.ts";

export interface NatsServerOptions {
  readonly program: string;
  /** The place where it runs; absent: a child process. */
  readonly backend?: Backend;
  readonly port: number;
  readonly monitorPort: number;
  /** JetStream's store lies in it and survives restarts; so does a configuration file, for settings that have no flag. */
  readonly folder: string;
  /**
   * Bytes kept for a client that does not read before it counts as a slow consumer. At least 1 MiB, the largest payload; absent: the
   * default, 64 MiB.
   */
  readonly maxPendingBytes?: number;
  readonly cluster?: ClusterMember;
}

export interface ClusterMember {
  readonly clusterName: string;
  /** Unique in the cluster. */
  readonly serverName: string;
  readonly port: number;
  /** The cluster ports of all its members. */
  readonly routePorts: readonly number[];
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The differences of a start from the ordinary one: with JetStream, open to all, on the existing store. */
export interface StartedAs {
  readonly jetStream?: boolean;
  /** Every client must connect with these. */
  readonly authorization?: Credentials;
  /** `lost`: the streams on its disk are removed first. */
  readonly store?: "kept" | "lost";
}

/** The server's report about itself. */
export interface ServerState {
  readonly hasJetStream: boolean;
  readonly requiresCredentials: boolean;
  /** Connections closed since its start because they did not read. */
  readonly slowConsumers: number;
  readonly streams: number;
  readonly messages: number;
  /** The name of the cluster's JetStream leader; undefined without a leader or without a cluster. */
  readonly metaLeader: string | undefined;
}

/** A connection as the server sees it. It has no name until it has sent CONNECT. */
export interface OpenConnection {
  readonly cid: number;
  readonly name: string | undefined;
  readonly inMsgs: number;
  readonly inBytes: number;
  readonly pendingBytes: number;
}

interface Connz {
  readonly connections: readonly {
    readonly cid: number;
    readonly name?: string;
    readonly in_msgs: number;
    readonly in_bytes: number;
    readonly out_msgs: number;
    readonly pending_bytes: number;
    /** The word for its end, where it has ended. */
    readonly reason?: string;
  }[];
}

interface Varz {
  readonly auth_required?: boolean;
  readonly slow_consumers: number;
}

interface Jsz {
  readonly disabled?: boolean;
  readonly streams?: number;
  readonly messages?: number;
  readonly meta_cluster?: { readonly leader?: string };
}

/** The least that the server accepts. It closes clients one by one over this time, at most a second apart. */
const lameDuckDurationMs = 30_000;
const lameDuckGraceMs = 1_000;
const startBoundMs = 10_000;
const startTriesMax = 4;
const startAgainMs = 500;
const stopBoundMs = 10_000;
const pauseBoundMs = 2_000;
const lameDuckBoundMs = 5_000;
const connectionsMax = 4096;

export class NatsServer {
  readonly port: number;
  readonly #options: NatsServerOptions;
  #process: ServerProcess | undefined;
  readonly #monitor: JsonApi;
  /** Kept after the end of a process, for the message that reports it. */
  #tail: () => readonly string[] = () => [];
  readonly #listeners = new Set<(line: string) => void>();
  readonly #log = new ClientLog();

  private constructor(options: NatsServerOptions) {
    this.port = options.port;
    this.#options = options;
    this.#monitor = new JsonApi(options.monitorPort, 1);
  }

  static async start(options: NatsServerOptions, as: StartedAs = {}): Promise<NatsServer> {
    const server = new NatsServer(options);
    await server.#start(as);
    return server;
  }

  /** Undefined while the server is stopped. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The last 50 lines of its log. */
  logTail(): readonly string[] {
    return this.#tail();
  }

  /** Returns when the process is gone. A halted one is let go on, so that it can receive TERM. */
  async stop(signal: "TERM" | "KILL"): Promise<void> {
    const running = this.#running();
    await running.signal(`SIG${signal}`);
    await running.signal("SIGCONT");
    if (!(await isDoneWithin(running.exited, stopBoundMs))) throw this.#error(`did not end at SIG${signal}`);
  }

  /**
   * Starts it again on the same port, stopping it first if it still runs. Without `as` it is the ordinary server again, whatever it was.
   */
  async restart(as: StartedAs = {}): Promise<void> {
    if (this.#process !== undefined) await this.stop("TERM");
    await this.#start(as);
  }

  /**
   * Begins to take no new client, and tells its present ones to go elsewhere. After a second it closes them one by one, and then it ends.
   * Returns when this has begun; `untilEnded` waits for the rest.
   */
  async lameDuck(): Promise<void> {
    const began = this.#untilSaid("Entering lame duck mode");
    await this.#running().signal("SIGUSR2");
    if (!(await isDoneWithin(began, lameDuckBoundMs))) throw this.#error("did not enter lame duck mode");
  }

  /** Waits for the end of a lame duck. */
  async untilEnded(): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    const boundMs = lameDuckGraceMs + lameDuckDurationMs + stopBoundMs;
    if (!(await isDoneWithin(running.exited, boundMs))) throw this.#error(`did not end within ${boundMs} ms`);
  }

  /** Halts it with its connections open: the kernel keeps taking bytes. Returns when it stands still. */
  async pause(): Promise<void> {
    const { pid, signal } = this.#running();
    await signal("SIGSTOP");
    const until = performance.now() + pauseBoundMs;
    while (!standsStill(pid)) {
      if (performance.now() > until) throw this.#error("did not halt at SIGSTOP");
      await wait(1);
    }
  }

  async resume(): Promise<void> {
    await this.#running().signal("SIGCONT");
  }

  /** True where it runs and all of its threads stand still. */
  get isHalted(): boolean {
    return this.#process !== undefined && standsStill(this.#process.pid);
  }

  async state(): Promise<ServerState> {
    const varz = (await this.#monitor.json("GET", "/varz")) as Varz;
    const jsz = (await this.#monitor.json("GET", "/jsz")) as Jsz;
    return {
      hasJetStream: jsz.disabled !== true,
      requiresCredentials: varz.auth_required === true,
      slowConsumers: varz.slow_consumers,
      streams: jsz.streams ?? 0,
      messages: jsz.messages ?? 0,
      metaLeader: jsz.meta_cluster?.leader || undefined,
    };
  }

  /** The lack that its health check reports; undefined where all its streams and consumers are up to date. */
  async unhealthy(): Promise<string | undefined> {
    // An unhealthy server answers 503.
    const { text } = await this.#monitor.call("GET", "/healthz");
    const { status, error } = JSON.parse(text) as Readonly<Record<string, string>>;
    return status === "ok" ? undefined : (error ?? status ?? "no status");
  }

  /** The errors and warnings about clients of that name, without time and connection, each once; of the last 200 that it has logged. */
  loggedAbout(name: string): readonly string[] {
    return this.#log.about(name);
  }

  async connectionsOpen(): Promise<readonly OpenConnection[]> {
    const path = `/connz?state=open&limit=${connectionsMax}`;
    const { connections } = (await this.#monitor.json("GET", path)) as Connz;
    return connections.map(connection => ({
      cid: connection.cid,
      name: connection.name,
      inMsgs: connection.in_msgs,
      inBytes: connection.in_bytes,
      pendingBytes: connection.pending_bytes,
    }));
  }

  /** The number of messages that it has sent over that connection; undefined where it has no such connection. */
  async sentTo(cid: number): Promise<number | undefined> {
    const { connections } = (await this.#monitor.json("GET", `/connz?cid=${cid}`)) as Connz;
    return connections.find(one => one.cid === cid)?.out_msgs;
  }

  /** The server's word for the end of that connection, such as "Client Closed"; undefined where it knows of none. */
  async endOf(cid: number): Promise<string | undefined> {
    const { connections } = (await this.#monitor.json("GET", `/connz?cid=${cid}&state=closed`)) as Connz;
    return connections.find(one => one.cid === cid)?.reason;
  }

  /** Ends it whatever its state. */
  async end(): Promise<void> {
    await this.#process?.end();
    this.#process = undefined;
  }

  /** A port may be taken for a moment: by a connection that is dialled, or by the server before, which the kernel still lets go of. */
  async #start(as: StartedAs): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#startOnce(as);
      } catch (error) {
        const isTaken = this.logTail().some(line => line.includes("address already in use"));
        if (!isTaken || tries === startTriesMax) throw error;
        await wait(startAgainMs);
      }
    }
  }

  async #startOnce(as: StartedAs): Promise<void> {
    const { program, folder, backend = processBackend } = this.#options;
    if (as.store === "lost") rmSync(storeIn(folder), { recursive: true, force: true });
    const onLine = (line: string): void => {
      this.#log.add(line);
      for (const listener of this.#listeners) listener(line);
    };
    const ready = this.#untilSaid("Server is ready");
    const started = await backend.start(program, argumentsOf(this.#options, as), { folder, onLine });
    this.#tail = started.tail;
    const readyOrGone = Promise.race([ready, started.exited.then(() => false)]);
    if (!(await isDoneWithin(readyOrGone, startBoundMs)) || !(await readyOrGone)) {
      await started.end();
      throw this.#error("did not start");
    }
    this.#process = started;
    void started.exited.then(() => {
      if (this.#process === started) this.#process = undefined;
    });
  }

  #untilSaid(words: string): Promise<true> {
    return new Promise(resolve => {
      const listener = (line: string): void => {
        if (!line.includes(words)) return;
        this.#listeners.delete(listener);
        resolve(true);
      };
      this.#listeners.add(listener);
    });
  }

  #running(): ServerProcess {
    if (this.#process === undefined) throw this.#error("is not running");
    return this.#process;
  }

  #error(what: string): ServerFailed {
    return new ServerFailed(
      [`nats-server on port ${this.port} ${what}. The end of its log:`, ...this.logTail()].join("\n"),
    );
  }
}

/**
 * The room that streams may reserve by their limits of bytes, far more than any has. The server refuses a stream beyond it, and its default depends
 * on the machine. Nothing of it is taken before messages are there, and those of a case are bounded.
 */
const storeBytesMax = 2 ** 50;

const storeIn = (folder: string): string => join(folder, "store");

function argumentsOf(options: NatsServerOptions, { jetStream = true, authorization }: StartedAs): readonly string[] {
  const { port, monitorPort, cluster } = options;
  return [
    ...["-a", "127.0.0.1", "-p", `${port}`, "-m", `${monitorPort}`, "-c", writeConfiguration(options, jetStream)],
    ...(authorization === undefined ? [] : ["--user", authorization.user, "--pass", authorization.password]),
    ...(cluster === undefined ? [] : clusterArguments(cluster)),
  ];
}

const clusterArguments = ({ clusterName, serverName, port, routePorts }: ClusterMember): readonly string[] => [
  ...["--name", serverName, "--cluster_name", clusterName, "--cluster", `nats://127.0.0.1:${port}`],
  ...["--routes", routePorts.map(routePort => `nats://127.0.0.1:${routePort}`).join(",")],
];

/** Settings that have no flag. */
function writeConfiguration({ folder, maxPendingBytes }: NatsServerOptions, jetStream: boolean): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "nats-server.conf");
  const lines = [
    `lame_duck_grace_period: "${lameDuckGraceMs}ms"`,
    `lame_duck_duration: "${lameDuckDurationMs}ms"`,
    ...(maxPendingBytes === undefined ? [] : [`max_pending: ${maxPendingBytes}`]),
    ...(jetStream
      ? [
          `jetstream: { store_dir: ${JSON.stringify(storeIn(folder))}, max_file_store: ${storeBytesMax}, max_memory_store: ${storeBytesMax} }`,
        ]
      : []),
  ];
  writeFileSync(file, lines.map(line => `${line}\n`).join(""));
  return file;
}

/** Checks every thread, since a signal reaches one after another. Without /proc the signal has to do. */
export function standsStill(pid: number): boolean {
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks).every(task => /\) [tT] /.test(readFileSync(join(tasks, task, "stat"), "latin1")));
  } catch {
    return true;
  }
}

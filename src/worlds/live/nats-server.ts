/**
 * One nats-server on fixed ports: started, ended, killed, brought back on the same store, halted and let go on.
 * Every call returns when what it asks for is so: a server that listens, a process that is gone, threads that stand still.
 */
import { readdirSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Guarded, isDoneWithin, spawnGuarded } from "./guard.ts";

export interface NatsServerOptions {
  readonly program: string;
  readonly port: number;
  readonly monitorPort: number;
  /** JetStream's store lies in it and outlives restarts. */
  readonly folder: string;
}

/** A connection as the server sees it. One that has not sent CONNECT yet has no name. */
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
    readonly pending_bytes: number;
  }[];
}

const startBoundMs = 10_000;
const stopBoundMs = 10_000;
const pauseBoundMs = 2_000;
const answerBoundMs = 5_000;
const connectionsMax = 4096;

export class NatsServer {
  readonly port: number;
  readonly #options: NatsServerOptions;
  #process: Guarded | undefined;
  /** Kept beyond the end of a process, for the message that tells of it. */
  #tail: () => readonly string[] = () => [];

  private constructor(options: NatsServerOptions) {
    this.port = options.port;
    this.#options = options;
  }

  static async start(options: NatsServerOptions): Promise<NatsServer> {
    const server = new NatsServer(options);
    await server.#start();
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

  /** Returns when the process is gone. A halted one is let go on, so that it can hear TERM. */
  async stop(signal: "TERM" | "KILL"): Promise<void> {
    const running = this.#running();
    running.kill(`SIG${signal}`);
    running.kill("SIGCONT");
    if (!(await isDoneWithin(running.exited, stopBoundMs))) throw this.#error(`did not end at SIG${signal}`);
    this.#process = undefined;
  }

  /** Back on the same port and store. Stops it first if it still runs. */
  async restart(): Promise<void> {
    if (this.#process !== undefined) await this.stop("TERM");
    await this.#start();
  }

  /** Halts it with its connections open: the kernel keeps taking what is sent. Returns when it stands still. */
  async pause(): Promise<void> {
    const { pid, kill } = this.#running();
    kill("SIGSTOP");
    const until = performance.now() + pauseBoundMs;
    while (!standsStill(pid)) {
      if (performance.now() > until) throw this.#error("did not halt at SIGSTOP");
      await wait(1);
    }
  }

  resume(): void {
    this.#running().kill("SIGCONT");
  }

  async connectionsOpen(): Promise<readonly OpenConnection[]> {
    const path = `/connz?state=open&limit=${connectionsMax}`;
    const { connections } = (await getJson(this.#options.monitorPort, path)) as Connz;
    return connections.map(connection => ({
      cid: connection.cid,
      name: connection.name,
      inMsgs: connection.in_msgs,
      inBytes: connection.in_bytes,
      pendingBytes: connection.pending_bytes,
    }));
  }

  /** Whatever its state. */
  async end(): Promise<void> {
    await this.#process?.end();
    this.#process = undefined;
  }

  async #start(): Promise<void> {
    const { program, port, monitorPort, folder } = this.#options;
    const args = ["-a", "127.0.0.1", "-p", `${port}`, "-m", `${monitorPort}`, "-js", "-sd", join(folder, "store")];
    let sayReady = (): void => {};
    const ready = new Promise<true>(resolve => {
      sayReady = () => resolve(true);
    });
    const onLine = (line: string): void => {
      if (line.endsWith("Server is ready")) sayReady();
    };
    const started = spawnGuarded(program, args, { onStdoutLine: onLine, onStderrLine: onLine });
    started.child.stdin.end();
    this.#tail = started.tail;
    const readyOrGone = Promise.race([ready, started.exited.then(() => false)]);
    if (!(await isDoneWithin(readyOrGone, startBoundMs)) || !(await readyOrGone)) {
      await started.end();
      throw this.#error("did not start");
    }
    this.#process = started;
  }

  #running(): Guarded {
    if (this.#process === undefined) throw this.#error("is not running");
    return this.#process;
  }

  #error(what: string): Error {
    return new Error([`nats-server on port ${this.port} ${what}. The end of its log:`, ...this.logTail()].join("\n"));
  }
}

/** Every thread, since a signal reaches one after the other. Without /proc the signal has to do. */
function standsStill(pid: number): boolean {
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks).every(task => /\) [tT] /.test(readFileSync(join(tasks, task, "stat"), "latin1")));
  } catch {
    return true;
  }
}

/** On a connection of its own, since a kept one would not survive a restart of the server. */
function getJson(port: number, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path, agent: false, timeout: answerBoundMs }, async response => {
      try {
        resolve(JSON.parse((await response.setEncoding("utf8").toArray()).join("")));
      } catch (error) {
        reject(error);
      }
    });
    request.once("timeout", () =>
      request.destroy(new Error(`No answer to ${path} on port ${port} within ${answerBoundMs} ms.`)),
    );
    request.once("error", reject);
  });
}

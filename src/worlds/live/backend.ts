/**
 * Where the two servers of the live world run: as child processes, or in containers (containers.ts). Both are asked for the same
 * program with the same arguments, on the same ports of 127.0.0.1 and the same folder; whatever is done to a server is done by signals.
 * NatsServer and Toxiproxy know which they have started, and know nothing of where.
 */
import { spawnGuarded } from "./guard.ts";

export type BackendName = "process" | "container";

export interface ServerStart {
  /** Of the lease: what the server reads and writes lies in it. */
  readonly folder: string;
  /** Beside what it has anyhow. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** One program that runs, as a process of this machine whatever stands around it. */
export interface ServerProcess {
  readonly pid: number;
  /** Once it has ended and its output was read. Never rejects. */
  readonly exited: Promise<unknown>;
  /** The last lines that it said. */
  tail(): readonly string[];
  /** Signals it alone. No error if it has ended already. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Whatever its state; returns when it has ended. */
  end(): Promise<unknown>;
}

export interface Backend {
  start(program: string, args: readonly string[], options: ServerStart): Promise<ServerProcess>;
  /** What it has started must have ended; what it leaves elsewhere is removed. */
  close(): Promise<void>;
}

export const processBackend: Backend = {
  async start(program, args, { env, onLine }) {
    const guarded = spawnGuarded(program, args, {
      ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
      onStdoutLine: onLine,
      onStderrLine: onLine,
    });
    guarded.child.stdin.end();
    const { pid, exited, tail, kill, end } = guarded;
    return { pid, exited, tail, signal: async signal => void kill(signal), end };
  },
  async close() {},
};

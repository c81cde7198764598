/**
 * The place where the two servers of the live world run: child processes, or containers (containers.ts). Both run the same program with the
 * same arguments, on the same ports of 127.0.0.1 and the same folder. Everything done to a server is done by signals. NatsServer and
 * Toxiproxy know which program they started, and not where it runs.
 */
import { spawnGuarded } from "./guard.ts";

export type BackendName = "process" | "container";

export interface ServerStart {
  /** The folder of the lease: everything that the server reads and writes lies in it. */
  readonly folder: string;
  /** Variables beyond those that it has anyway. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** One running program, which is a process of this machine whatever surrounds it. */
export interface ServerProcess {
  readonly pid: number;
  /** Settles once it has ended and its output was read. Never rejects. */
  readonly exited: Promise<unknown>;
  /** The last lines of its output. */
  tail(): readonly string[];
  /** Signals this process alone. No error if it has ended already. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Ends it whatever its state; returns when it has ended. */
  end(): Promise<unknown>;
}

export interface Backend {
  start(program: string, args: readonly string[], options: ServerStart): Promise<ServerProcess>;
  /** Removes what it leaves elsewhere. The programs that it started must have ended. */
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

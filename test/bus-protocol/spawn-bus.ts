/** Starts a bus as a plain child process, for the tests of the protocol. The live world has its own way, with a leash. */
import { spawn } from "node:child_process";
import type { BusExit, BusLink } from "../../src/bus-protocol/bus-client.ts";

export interface SpawnedBus extends BusLink {
  readonly pid: number | undefined;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly stop: () => void;
}

export function spawnBus(describe: string, command: readonly [string, ...string[]], folder: string): SpawnedBus {
  const [program, ...rest] = command;
  const child = spawn(program, rest, { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  child.stderr.resume();
  const exited = new Promise<BusExit>(resolve => {
    child.on("error", error => resolve({ code: null, signal: null, error: error.message }));
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  const signal = (name: NodeJS.Signals): void => void child.kill(name);
  const { pid, stdin, stdout } = child;
  return { describe, pid, stdin, stdout, exited, signal, stop: () => signal("SIGKILL") };
}

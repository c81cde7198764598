/**
 * Starts every child process of the harness, and sees to it that none outlives the harness, however that ends.
 *
 * 1. `sh` is started as leader of a new session and process group, with a lifeline on fd 3: a pipe whose other end only the harness holds.
 * 2. Before anything else it leaves a watcher in that group, which does nothing but read the lifeline.
 * 3. Then it becomes the command (`exec`): the pid, the exit code and the three standard streams are the command's own.
 * 4. The lifeline ends when the harness ends, kill -9 included, or when the command has ended. The watcher then kills its whole group,
 *    itself included: the command, stopped or not, and everything that the command has started.
 *
 * A child exists only after its watcher does, so there is no moment at which it is not guarded. A guard cannot reach a grandchild that
 * makes itself a new session.
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { ServerFailed } from "../../errors.ts";

/**
 * The watcher is forked twice, so that the command does not find a child that it knows nothing about. It ignores the signals that would kill
 * the guard first. It never holds one of the standard streams, so that they end with the command: they are closed before it is forked, since
 * a busy machine may let the command end before the watcher has run at all.
 */
const script = `( { trap '' HUP INT TERM; read -r _; kill -KILL 0; } <&3 3<&- & ) >/dev/null 2>&1; exec "$@" 3<&-`;

/** The time between SIGTERM and SIGKILL. Toxiproxy waits up to 30 s for calls in progress, whose answers are not needed. */
const graceMs = 500;
/** The time between the command's end and giving up on output that a grandchild out of reach may hold open. */
const outputGraceMs = 1000;
/** The number of output lines that are kept of a child. A child that floods us costs time, but neither memory nor disk. */
const tailLinesMax = 50;
const lineCharsMax = 4_096;

export interface CommandExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The moment at which it ended, as `performance.now()` counts. Its output may have been read later. */
  readonly atMs: number;
  /** Its output was given up before its end: somebody else holds it open. */
  readonly isCut?: true;
}

export interface GuardOptions {
  readonly cwd?: string;
  /** The whole environment of the child; the harness's own if absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A stream without a handler is left to the caller, who must read it: a full pipe stalls the child. */
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
}

export interface Guarded {
  readonly pid: number;
  readonly child: ChildProcessWithoutNullStreams;
  /** Settles once the command has ended and its output was read. A command that cannot be run exits 126 or 127, as in any shell. */
  readonly exited: Promise<CommandExit>;
  /** The last lines of the streams that have a handler, for error messages; long lines are cut off. */
  tail(): readonly string[];
  /** Signals the command alone. Returns false if it has ended already. */
  kill(signal: NodeJS.Signals): boolean;
  /** SIGTERM, a short wait, SIGKILL of the whole group; returns when the command has ended. */
  end(): Promise<CommandExit>;
}

export function spawnGuarded(command: string, args: readonly string[], options: GuardOptions = {}): Guarded {
  const child = spawn("/bin/sh", ["-c", script, "guard", command, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    detached: true,
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  }) as ChildProcessWithoutNullStreams;
  const lifeline = child.stdio[3] as Duplex | undefined;
  if (child.pid === undefined || lifeline === undefined) {
    child.on("error", () => {});
    const missing = `/bin/sh or the folder ${options.cwd ?? process.cwd()} is missing`;
    throw new ServerFailed(
      `${command} cannot be started: ${missing}, or this machine has no processes or descriptors left (ulimit -n, -u).`,
    );
  }
  // Writing to a child that has ended is no error of the writer: `exited` reports it.
  child.stdin.on("error", () => {});
  lifeline.on("error", () => {});
  const lines: string[] = [];
  const { onStdoutLine, onStderrLine } = options;
  if (onStdoutLine !== undefined) readLines(child.stdout, lines, onStdoutLine);
  if (onStderrLine !== undefined) readLines(child.stderr, lines, onStderrLine);

  const exited = exitOf(child, lifeline);
  const kill = (signal: NodeJS.Signals): boolean => child.kill(signal);
  const end = async (): Promise<CommandExit> => {
    kill("SIGTERM");
    if (!(await isDoneWithin(exited, graceMs))) {
      kill("SIGKILL");
      lifeline.destroy();
    }
    return exited;
  };
  return { pid: child.pid, child, exited, tail: () => [...lines], kill, end };
}

/**
 * Guards a process of this user that is not our child, as in a container: it is killed when the harness ends, however that ends. Returns
 * the function that calls this off once it has ended, since its pid may then be another's.
 */
export function killWithUs(pid: number): () => void {
  const watcher = spawn("/bin/sh", ["-c", `trap '' HUP INT TERM; read -r _; kill -KILL "$1"`, "guard", `${pid}`], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watcher.on("error", () => {});
  watcher.stdin.on("error", () => {});
  return () => void watcher.kill("SIGKILL");
}

function exitOf(child: ChildProcessWithoutNullStreams, lifeline: Duplex): Promise<CommandExit> {
  return new Promise(resolve => {
    let atMs: number | undefined;
    let isCut = false;
    const cut = (): void => {
      isCut = !(child.stdout.readableEnded && child.stderr.readableEnded);
      child.stdout.destroy();
      child.stderr.destroy();
    };
    child.once("exit", () => {
      atMs = performance.now();
      lifeline.destroy();
      const timer = setTimeout(() => onceRead(child, cut), outputGraceMs);
      child.once("close", () => clearTimeout(timer));
    });
    child.once("close", (code, signal) =>
      resolve({ code, signal, atMs: atMs ?? performance.now(), ...(isCut && { isCut }) }),
    );
  });
}

/** The turns of the event loop for which somebody may go on to write to the output of a command that has ended. */
const lastTurnsMax = 16;

/** Goes on once what is there was read: a harness that was busy comes to its timers before it has read anything. */
function onceRead(child: ChildProcessWithoutNullStreams, then: () => void, turns = lastTurnsMax): void {
  const bytesRead = (): number => [child.stdout, child.stderr].reduce((sum, one) => sum + (one as Socket).bytesRead, 0);
  const before = bytesRead();
  setImmediate(() => {
    if (turns > 0 && bytesRead() > before) onceRead(child, then, turns - 1);
    else then();
  });
}

/** Passes on each line, and keeps the last of them in `tail`. */
export function readLines(stream: Readable, tail: string[], onLine: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  let line = "";
  const say = (): void => {
    const said = line.replace(/\r$/, "");
    line = "";
    if (tail.push(said) > tailLinesMax) tail.shift();
    onLine(said);
  };
  stream.on("data", (chunk: Buffer | string) => {
    for (const [i, piece] of decoder.write(chunk).split("\n").entries()) {
      if (i > 0) say();
      line += piece.slice(0, lineCharsMax - line.length);
    }
  });
  const finish = (): void => {
    if (line !== "") say();
  };
  stream.on("end", finish);
  // A stream that was given up has no end.
  stream.on("close", finish);
}

/** True where the promise is fulfilled within the time. Leaves no timer behind. */
export async function isDoneWithin(promise: Promise<unknown>, boundMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), boundMs);
  });
  const done = await Promise.race([promise.then(() => true), bound]);
  clearTimeout(timer);
  return done;
}

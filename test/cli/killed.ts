/**
 * Harnesses that are killed, and what is left of them. All that descends from one has its mark in its environment, so that what is
 * left is found whatever it is; a listener is known by its socket, since others take a free port at once.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { journalName } from "../../src/runs/journal.ts";

const bin = join(import.meta.dirname, "../../bin/faultline.js");

export interface Harness {
  readonly child: ChildProcess;
  /** In the environment of all that descends from it. */
  readonly mark: string;
}

export function startHarness(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Harness {
  const mark = randomUUID();
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: { ...process.env, ...env, FAULTLINE_TEST_MARK: mark },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, mark };
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return otherwise;
  }
}

/** The pid of every living process with the mark. One that has ended and waits to be collected has no environment any more. */
const pidsWith = (mark: string): readonly string[] =>
  readdirSync("/proc").filter(name => /^\d+$/.test(name) && readOr(`/proc/${name}/environ`, "").includes(mark));

export const living = (mark: string): readonly string[] =>
  pidsWith(mark).map(pid => `${pid} ${readOr(`/proc/${pid}/cmdline`, "").replaceAll("\0", " ")}`);

/** Of IPv4 and IPv6, by the inode of the socket: the port. */
function listeners(): ReadonlyMap<string, number> {
  const rows = ["tcp", "tcp6"].flatMap(name => readOr(`/proc/net/${name}`, "").split("\n").slice(1));
  const listening = rows.map(row => row.trim().split(/\s+/)).filter(fields => fields[3] === "0A");
  return new Map(listening.map(fields => [fields[9] ?? "", Number.parseInt(fields[1]?.split(":")[1] ?? "", 16)]));
}

/** The sockets, by inode, on which the processes with the mark listen. */
export function listenersWith(mark: string): readonly string[] {
  const all = listeners();
  return pidsWith(mark)
    .flatMap(pid => linksIn(`/proc/${pid}/fd`))
    .flatMap(link => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
    .filter(inode => all.has(inode));
}

/** A process and its files may be gone while they are looked at. */
function linksIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).flatMap(name => linkOr(join(folder, name)));
  } catch {
    return [];
  }
}

function linkOr(path: string): readonly string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return [];
  }
}

/** What is still there of processes and listeners after so long; empty as soon as there is nothing. */
export async function leftAfter(
  mark: string,
  boundMs: number,
  sockets: readonly string[] = [],
): Promise<readonly string[]> {
  const left = (): readonly string[] => {
    const all = listeners();
    const listening = sockets.flatMap(inode => all.get(inode) ?? []);
    return [...living(mark), ...listening.map(port => `a listener on ${port}`)];
  };
  for (const until = performance.now() + boundMs; performance.now() < until; await sleep(50))
    if (left().length === 0) return [];
  return left();
}

/** Their temporary folders. */
export const leftovers = (pids: readonly (number | undefined)[]): readonly string[] =>
  readdirSync(tmpdir()).filter(name => pids.some(pid => name.startsWith(`faultline-${pid}-`)));

/** The run to go on with, where the harness came so far; there is one at most in a folder of one's own. */
export function runIn(cwd: string): string | undefined {
  const runs = join(cwd, ".faultline", "runs");
  const [run] = existsSync(runs) ? readdirSync(runs).sort().reverse() : [];
  return run !== undefined && existsSync(join(runs, run, journalName)) ? join(runs, run) : undefined;
}

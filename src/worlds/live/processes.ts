/** Processes of this machine as the kernel reports them, from Linux's /proc alone. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A living process; one that has ended and waits to be collected does not count. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** The start in clock ticks since boot, which tells a reused pid apart. */
  readonly start: string;
}

/** The process as it is now; undefined if it does not exist, or without /proc. */
export function processOf(pid: number): Process | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined;
  }
}

/** The name, in parentheses, may hold anything. The state follows its last ")", and the start comes 19 fields later. */
export function parseStat(text: string): Process | undefined {
  const pid = Number.parseInt(text, 10);
  const [state, parent, group, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const start = fields[16];
  if (state === "Z" || state === "X" || start === undefined) return undefined;
  return { pid, parent: Number(parent), group: Number(group), start };
}

/** The leader and all its descendants in its group; undefined where the kernel does not report them. */
export function descendantsInGroup(leader: number): readonly Process[] | undefined {
  const first = processOf(leader);
  if (first === undefined) return undefined;
  const members = readdirSync("/proc")
    .filter(name => /^\d+$/.test(name) && Number(name) !== leader)
    .flatMap(name => processOf(Number(name)) ?? [])
    .filter(({ group }) => group === leader);
  return withChildren(first, members);
}

function withChildren(one: Process, members: readonly Process[]): readonly Process[] {
  return [one, ...members.filter(({ parent }) => parent === one.pid).flatMap(child => withChildren(child, members))];
}

/** Names of its standard input and output that no two open files share; undefined where the kernel does not report them. */
export function streamsOf(pid: number): string | undefined {
  try {
    return [0, 1].map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`)).join(" ");
  } catch {
    return undefined;
  }
}

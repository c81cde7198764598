/** Processes of this machine as the kernel tells of them, by Linux's /proc alone. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process that lives: one that has ended and waits to be collected is none. */
export interface SystemProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** In clock ticks since boot: a pid used again has another. */
  readonly start: string;
}

/** The process as it is now; undefined if there is none, or no /proc. */
export function processOf(pid: number): SystemProcess | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined;
  }
}

/** The name, in parentheses, may hold anything: the state follows its last ")", and 19 fields later the start. */
export function parseStat(text: string): SystemProcess | undefined {
  const pid = Number.parseInt(text, 10);
  const [state, parent, group, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const start = fields[16];
  if (state === "Z" || state === "X" || start === undefined) return undefined;
  return { pid, parent: Number(parent), group: Number(group), start };
}

/** All of the group that descend from its leader, and the leader; undefined where the kernel does not tell. */
export function descendantsInGroup(leader: number): readonly SystemProcess[] | undefined {
  const first = processOf(leader);
  if (first === undefined) return undefined;
  const members = readdirSync("/proc")
    .filter(name => /^\d+$/.test(name) && Number(name) !== leader)
    .flatMap(name => processOf(Number(name)) ?? [])
    .filter(({ group }) => group === leader);
  return withChildren(first, members);
}

function withChildren(one: SystemProcess, members: readonly SystemProcess[]): readonly SystemProcess[] {
  return [one, ...members.filter(({ parent }) => parent === one.pid).flatMap(child => withChildren(child, members))];
}

/** What its standard input and output are, by names that no two open files share; undefined where the kernel does not tell. */
export function streamsOf(pid: number): string | undefined {
  try {
    return [0, 1].map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`)).join(" ");
  } catch {
    return undefined;
  }
}

/**
 * The process that is the bus itself, once it has greeted: the one that was started, or one that a shell or another wrapper has started in
 * turn. Signals, memory and the moment of its end belong to that process. It is looked for only among the descendants of the started
 * process, in the group that it leads. The pid in a greeting is checked before it is believed.
 */
import { descendantsInGroup, type Process, streamsOf } from "./processes.ts";

export type BusPid =
  /** The process that was started. */
  | { readonly kind: "started" }
  | { readonly kind: "descendant"; readonly process: Process }
  | { readonly kind: "unknown"; readonly reason: string };

export interface Started {
  /** The leader of a process group. */
  readonly pid: number;
  /** The pid that the greeting carries. */
  readonly greeted: number | undefined;
  /** The command line is more than a single command. */
  readonly shellMayStay: boolean;
}

/** Facts from the kernel; tests put their own in its place. */
export interface Kernel {
  readonly descendants: (leader: number) => readonly Process[] | undefined;
  readonly streams: (pid: number) => string | undefined;
}

export function findBusPid(
  { pid, greeted, shellMayStay }: Started,
  kernel: Kernel = { descendants: descendantsInGroup, streams: streamsOf },
): BusPid {
  if (greeted === pid) return { kind: "started" };
  const all = kernel.descendants(pid);
  if (greeted !== undefined) {
    const process = all?.find(one => one.pid === greeted);
    if (process !== undefined) return { kind: "descendant", process };
    return {
      kind: "unknown",
      reason: `it greets with pid ${greeted}, which is no process that its command has started`,
    };
  }
  if (all === undefined)
    return shellMayStay
      ? { kind: "unknown", reason: "its command is more than one, and this system has no /proc" }
      : { kind: "started" };
  return all.length === 1 ? { kind: "started" } : byStreams(pid, all, kernel);
}

/** The wrappers hold the streams too, and have children. The bus is the one that holds them and has none. */
function byStreams(started: number, all: readonly Process[], kernel: Kernel): BusPid {
  const streams = kernel.streams(started);
  const childless = all.filter(one => all.every(({ parent }) => parent !== one.pid));
  const holders = childless.filter(one => streams !== undefined && kernel.streams(one.pid) === streams);
  const [process, another] = holders;
  if (process === undefined)
    return { kind: "unknown", reason: "its command has started others, none of which holds its streams alone" };
  if (another !== undefined)
    return { kind: "unknown", reason: `${holders.length} processes of its command hold its streams` };
  return { kind: "descendant", process };
}

/** One sentence: what is not claimed for such a bus, why, and what to do. */
export const unclaimedText = (bus: string, reason: string): string =>
  `Which process is the bus ${bus} cannot be known (${reason}), so no signal is sent to it and its memory is not measured: ` +
  "put exec before the command that starts it, or let its greeting carry its pid.";

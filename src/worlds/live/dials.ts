/**
 * Answers whether a process is dialling a port of this machine right now. A dial of a closed port is refused at once, with one exception:
 * it takes the client port of a connection whose other end is in TIME_WAIT. Its SYN is then answered by a challenge ACK, and the kernel
 * tries again after 8 ms. If the link has come back by then, a dial that began while it was down succeeds.
 *
 * The kernel's table of connections shows it. But reading it walks a hash table of the size of the machine, and every lane stands still
 * meanwhile. That takes 5 ms with nothing in it, and far more with thousands in TIME_WAIT. So it is read only where a dial is possible. A
 * dial is a socket of the bus, and one that was once connected, or ended, never dials again. A bus without other sockets is not dialling.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The state as /proc/net/tcp writes it. */
const synSent = "02";
const established = "01";

/** True where a connection to the port has sent a SYN and got no answer; undefined where the kernel does not report it. */
export function isDialUnderWay(port: number): boolean | undefined {
  const table = readTable();
  return table === undefined ? undefined : hasDial(table, port);
}

/** True where a connection to the port is there; false where the kernel does not report it. */
export function isConnectedTo(port: number): boolean {
  return hasTo(readTable() ?? "", port, established);
}

/** The dials of one bus, as far as they are known. */
export interface Dials {
  /** True where it may be dialling the port right now. */
  areUnderWay(port: number): boolean;
  /**
   * It has reported that it is connected, and no dial is expected of it: its present sockets have finished dialling. This saves a look at
   * the table later.
   */
  areOver(): void;
}

/**
 * Made when the bus has greeted and has no client yet. `alone`: this very process makes all its dials. A user's command line may start
 * others, and then only the whole table shows them.
 */
export function dialsOf(pid: number, alone: boolean): Dials {
  /** Sockets that do not dial: those that it began with, and those seen connected or ended. */
  let settled = alone ? socketsOf(pid) : undefined;
  return {
    areOver: () => {
      if (settled !== undefined) settled = socketsOf(pid);
    },
    areUnderWay: port => {
      const before = settled;
      const now = socketsOf(pid);
      if (before === undefined || now === undefined) return isDialUnderWay(port) === true;
      if (now.every(one => before.includes(one))) return false;
      const table = readTable();
      if (table === undefined) return false;
      settled = now.filter(one => before.includes(one) || isPastSyn(table, one));
      return hasDial(table, port);
    },
  };
}

/** Read as one text: it may have thousands of lines, of which few matter. */
function readTable(): string | undefined {
  try {
    return readFileSync("/proc/net/tcp", "latin1");
  } catch {
    return undefined;
  }
}

const hasDial = (table: string, port: number): boolean => hasTo(table, port, synSent);

const hasTo = (table: string, port: number, state: string): boolean =>
  table.includes(`:${port.toString(16).toUpperCase().padStart(4, "0")} ${state} `);

/** The columns: number, local, remote, state, five more, inode. A socket that is not listed yet may still dial. */
const isPastSyn = (table: string, inode: string): boolean =>
  linesWith(table, ` ${inode} `).some(line => {
    const columns = line.trim().split(/\s+/);
    return columns[9] === inode && columns[3] !== synSent;
  });

function linesWith(text: string, part: string): readonly string[] {
  const lines: string[] = [];
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1))
    lines.push(text.slice(text.lastIndexOf("\n", at) + 1, text.indexOf("\n", at)));
  return lines;
}

/** The sockets by inode, which no two living sockets share; undefined where the kernel does not report them. */
function socketsOf(pid: number): readonly string[] | undefined {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap(fd => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${fd}`))?.[1] ?? []);
  } catch {
    return undefined;
  }
}

/** Empty for a socket that was closed since it was listed. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

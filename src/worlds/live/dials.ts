/**
 * Whether somebody is dialling a port of this machine right now. A dial of a closed port is refused at once, but for one that
 * takes the client port of a connection whose other end is in TIME_WAIT: its SYN is answered by a challenge ACK, the kernel
 * tries again after 8 ms, and if the link has come back by then, a dial that began while it was down succeeds.
 */
import { readFileSync } from "node:fs";

/** As /proc/net/tcp writes it. */
const synSent = "02";

/** Connections to the port that have sent a SYN and got no answer; undefined where the kernel does not tell. */
export function dialsUnderWay(port: number): number | undefined {
  let table: string;
  try {
    table = readFileSync("/proc/net/tcp", "latin1");
  } catch {
    return undefined;
  }
  const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")} ${synSent} `;
  return table.split("\n").filter(line => line.includes(remote)).length;
}

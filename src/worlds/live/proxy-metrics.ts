/**
 * Toxiproxy's own counts of the bytes that it has passed on (`-proxy-metrics`, link.go of 2.12.0), in Prometheus text. It counts a
 * connection when that has ended: what it has read always, what it has written unless a write failed. So a connection that the server
 * ends while bytes are under way counts as received alone.
 */

/** The bytes that ended connections have carried from clients to the server since the proxy began, as it counts them itself. */
export interface CountedBytes {
  readonly received: number;
  /** Connections whose end the proxy met in a write are left out. */
  readonly sent: number;
}

/** The counts of one link. */
export type CountsByTurn = ReadonlyMap<number, CountedBytes>;

const metricOf = /^toxiproxy_proxy_(received|sent)_bytes_total\{direction="upstream",.*proxy="([^"]*)".*\} (\S+)$/;

/** Reads the proxy's metrics, which are Prometheus text, for the turns of one link. */
export function countedIn(metrics: string, baseName: string): CountsByTurn {
  const counted = new Map<number, CountedBytes>();
  for (const line of metrics.split("\n")) {
    const [, end, name = "", bytes] = metricOf.exec(line) ?? [];
    if (end === undefined || (name !== baseName && !name.startsWith(`${baseName}-`))) continue;
    const turn = name === baseName ? 0 : Number(name.slice(baseName.length + 1));
    const before = counted.get(turn) ?? { received: 0, sent: 0 };
    counted.set(turn, { ...before, [end]: before[end as keyof CountedBytes] + Number(bytes) });
  }
  return counted;
}

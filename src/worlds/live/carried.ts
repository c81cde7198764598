/**
 * The bytes that each opening of a link has carried in one case: what the proxy has read from the client, and what came out at its other
 * end. That is counted by the relay where one is on the path, since the proxy leaves out what it was writing when a connection ended.
 */
import type { Carried, Wire } from "../driver/rig.ts";
import type { CountedBytes, CountsByTurn } from "./proxy-metrics.ts";
import type { Relay } from "./relay.ts";
import type { LiveLink } from "./toxiproxy.ts";

interface CountedOpening {
  readonly turn: number;
  readonly relay: Relay | undefined;
  /** The bytes that the relay had taken before it. */
  readonly fromBytes: number;
}

/** Openings from this one on share a turn, so that the proxy's list of counts stays short. */
export const sharedTurn = 12;
type CountedLink = Pick<LiveLink, "counted" | "settled">;

const nothing: CountedBytes = { received: 0, sent: 0 };

export class Openings {
  readonly #link: CountedLink;
  /** A relay before the proxy, which records what clients send. */
  readonly #tap: Relay | undefined;
  readonly #openings: CountedOpening[] = [];
  #before: CountsByTurn | undefined;

  constructor(link: CountedLink, tap?: Relay) {
    this.#link = link;
    this.#tap = tap;
  }

  /** Called before each opening, with the relay that is on its path. Returns the turn for it. */
  async next(relay: Relay | undefined): Promise<number> {
    this.#before ??= this.#link.settled ?? (await this.#link.counted());
    const turn = Math.min(this.#openings.length, sharedTurn);
    this.#openings.push({ turn, relay, fromBytes: relay?.takenBytes ?? 0 });
    return turn;
  }

  async carried(): Promise<Wire> {
    const counted = await this.#link.counted();
    const openings = this.#openings.map((one, index) => this.#carriedBy(one, index, counted));
    this.#link.settled = openings.every(hasBeenCounted) ? counted : undefined;
    const given = this.#openings[0]?.relay?.recorded;
    const differsAt = this.#tap && given && firstDifference(this.#tap.recorded, given);
    return { openings, ...(differsAt === undefined ? {} : { differsAt }) };
  }

  #carriedBy({ turn, relay, fromBytes }: CountedOpening, index: number, counted: CountsByTurn): Carried | undefined {
    if (turn === sharedTurn) return undefined;
    const [before, now] = [this.#before?.get(turn) ?? nothing, counted.get(turn) ?? nothing];
    const toBytes = this.#openings[index + 1]?.fromBytes ?? relay?.takenBytes;
    const given = relay === undefined ? now.sent - before.sent : (toBytes ?? 0) - fromBytes;
    return { taken: now.received - before.received, given };
  }
}

/** Its bytes are in the counts of both ends, so its last connection is. They are read once the link is cut. */
const hasBeenCounted = (opening: Carried | undefined): boolean =>
  opening !== undefined && opening.taken > 0 && opening.given === opening.taken;

/** The bytes of one connection as they came. */
export type ConnectionBytes = readonly Buffer[];

/**
 * The number of the first byte, from 1, that came out of the link otherwise than it went in; undefined where the bytes of every connection
 * are the beginning of what went in. Connections come out in the order in which they went in, and some do not come out at all.
 */
export function firstDifference(
  taken: readonly ConnectionBytes[],
  given: readonly ConnectionBytes[],
): number | undefined {
  let next = 0;
  for (const one of given.map(bytesOf)) {
    if (one.length === 0) continue;
    let furthest = 0;
    for (;;) {
      const source = taken[next];
      if (source === undefined) return furthest + 1;
      next += 1;
      const common = commonLength(bytesOf(source), one);
      if (common === one.length) break;
      furthest = Math.max(furthest, common);
    }
  }
  return undefined;
}

const bytesOf = (recorded: ConnectionBytes): Buffer => Buffer.concat(recorded);

function commonLength(one: Buffer, other: Buffer): number {
  const length = Math.min(one.length, other.length);
  if (one.compare(other, 0, length, 0, length) === 0) return length;
  let at = 0;
  while (one[at] === other[at]) at += 1;
  return at;
}

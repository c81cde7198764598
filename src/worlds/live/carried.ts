/**
 * The bytes that each opening of a link has carried in one case: what the proxy has read from the client, and what came out at its other
 * end. That is counted by the relay where one is on the path, since the proxy leaves out what it was writing when a connection ended.
 */
import type { Carried } from "../driver/rig.ts";
import type { CountedBytes } from "./proxy-metrics.ts";
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
const nothing: CountedBytes = { received: 0, sent: 0 };

export class Openings {
  readonly #link: Pick<LiveLink, "counted">;
  readonly #openings: CountedOpening[] = [];
  #before: ReadonlyMap<number, CountedBytes> | undefined;

  constructor(link: Pick<LiveLink, "counted">) {
    this.#link = link;
  }

  /** Called before each opening, with the relay that is on its path. Returns the turn for it. */
  async next(relay: Relay | undefined): Promise<number> {
    this.#before ??= await this.#link.counted();
    const turn = Math.min(this.#openings.length, sharedTurn);
    this.#openings.push({ turn, relay, fromBytes: relay?.takenBytes ?? 0 });
    return turn;
  }

  async carried(): Promise<readonly (Carried | undefined)[]> {
    const counted = await this.#link.counted();
    return this.#openings.map(({ turn, relay, fromBytes }, index) => {
      if (turn === sharedTurn) return undefined;
      const [before, now] = [this.#before?.get(turn) ?? nothing, counted.get(turn) ?? nothing];
      const toBytes = this.#openings[index + 1]?.fromBytes ?? relay?.takenBytes;
      const given = relay === undefined ? now.sent - before.sent : (toBytes ?? 0) - fromBytes;
      return { taken: now.received - before.received, given };
    });
  }
}

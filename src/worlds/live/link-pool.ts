/**
 * The links of a pool of servers: as many ports that clients may dial, and one server behind them. What is done to a link is done to all that
 * are open, so a case with a pool reads like any other. One of them can be cut off alone, and opened again.
 *
 * A client that loses its server dials the next one at once. So whatever ends its connection is done to the others first.
 */
import type { CountedBytes, CountsByTurn } from "./proxy-metrics.ts";
import type { LinkOpening, ListedToxic, LiveLink, ToxicName } from "./toxiproxy.ts";

export class LinkPool implements LiveLink {
  readonly #members: readonly [LiveLink, ...LiveLink[]];
  readonly #isConnectedTo: (port: number) => boolean;
  settled: CountsByTurn | undefined;
  #opening: LinkOpening | undefined;

  /** `isConnectedTo`: true where the client is connected to that port. */
  constructor(first: LiveLink, others: readonly LiveLink[], isConnectedTo: (port: number) => boolean) {
    this.#members = [first, ...others];
    this.#isConnectedTo = isConnectedTo;
  }

  /** That of the first server. */
  get port(): number {
    return this.#members[0].port;
  }

  get ports(): readonly number[] {
    return this.#members.map(({ port }) => port);
  }

  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  isOpenAt(port: number): boolean {
    return this.#open.some(one => one.port === port);
  }

  async open(opening: LinkOpening): Promise<void> {
    this.settled = undefined;
    this.#opening = opening;
    await this.openRest();
  }

  /** Opens those that are cut off, as the last opening was. */
  async openRest(): Promise<void> {
    const opening = this.#opening;
    if (opening === undefined) throw new Error(`The links on ports ${this.ports.join(", ")} were never open.`);
    for (const one of this.#members) if (!one.isOpen) await one.open(opening);
  }

  async cut(): Promise<void> {
    await this.#each(one => one.cut());
  }

  async cutAt(port: number): Promise<void> {
    for (const one of this.#open) if (one.port === port) await one.cut();
  }

  /** A blackhole ends the connections when it is released. */
  async endAt(port: number): Promise<void> {
    for (const one of this.#open) {
      if (one.port !== port) continue;
      await one.blackhole();
      await one.release("blackhole");
    }
  }

  hold(): Promise<void> {
    return this.#each(one => one.hold());
  }

  limit(bytes: number): Promise<void> {
    return this.#each(one => one.limit(bytes));
  }

  blackhole(): Promise<void> {
    return this.#each(one => one.blackhole());
  }

  holdDownstream(): Promise<void> {
    return this.#each(one => one.holdDownstream());
  }

  loseNextDownstream(): Promise<void> {
    return this.#each(one => one.loseNextDownstream());
  }

  chokeDownstream(kilobytesPerSecond: number): Promise<void> {
    return this.#each(one => one.chokeDownstream(kilobytesPerSecond));
  }

  release(name: ToxicName): Promise<void> {
    return this.#each(one => one.release(name));
  }

  async toxics(): Promise<readonly ListedToxic[]> {
    return (await Promise.all(this.#open.map(one => one.toxics()))).flat();
  }

  shows(name: ToxicName, amount?: number): boolean {
    return this.isOpen && this.#open.every(one => one.shows(name, amount));
  }

  async stillShows(...names: readonly ToxicName[]): Promise<boolean> {
    const shown = await Promise.all(this.#open.map(one => one.stillShows(...names)));
    return this.isOpen && shown.every(isShown => isShown);
  }

  async counted(): Promise<CountsByTurn> {
    return summed(await Promise.all(this.#members.map(one => one.counted())));
  }

  get #open(): readonly LiveLink[] {
    return this.#members.filter(one => one.isOpen);
  }

  /** The link that the client is connected by comes last. */
  async #each(act: (one: LiveLink) => Promise<void>): Promise<void> {
    const open = this.#open;
    const last = open.find(({ port }) => this.#isConnectedTo(port));
    await Promise.all(open.filter(one => one !== last).map(act));
    if (last !== undefined) await act(last);
  }
}

function summed(counts: readonly CountsByTurn[]): CountsByTurn {
  const sums = new Map<number, CountedBytes>();
  for (const [turn, { received, sent }] of counts.flatMap(one => [...one])) {
    const before = sums.get(turn) ?? { received: 0, sent: 0 };
    sums.set(turn, { received: before.received + received, sent: before.sent + sent });
  }
  return sums;
}

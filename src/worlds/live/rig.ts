/**
 * The live rig, on which the driver runs a case, built of the processes and containers of a lane. A rig belongs to one case; the parts
 * outlive it.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Emit } from "../../../models/vocabulary/event.ts";
import type { Case } from "../../world.ts";
import { runCase } from "../driver/case.ts";
import type { OnMemory } from "../driver/course.ts";
import type * as driver from "../driver/rig.ts";
import type { BusProcess } from "./bus-process.ts";
import { Openings } from "./carried.ts";
import { isConnectedTo } from "./dials.ts";
import { isDoneWithin } from "./guard.ts";
import { LinkPool } from "./link-pool.ts";
import type { NatsServer } from "./nats-server.ts";
import type { LiveObserver } from "./observer.ts";
import { Relay } from "./relay.ts";
import { refuse, reported } from "./reported.ts";
import type { LiveStreams } from "./streams.ts";
import type { LiveLink } from "./toxiproxy.ts";

/** The parts that cases run on, one after another; they outlive each. */
export interface Parts {
  readonly server: NatsServer;
  readonly link: LiveLink;
  /** The links of further servers of a pool. */
  readonly otherLinks: readonly LiveLink[];
  /** The bus process that serves every case which does not end it; another one after a case in which it ended by itself. */
  readonly shared: BusProcess;
  /** Starts another bus process, for the taker to end. */
  readonly spawn: () => Promise<BusProcess>;
  readonly openObserver: (subjects: readonly string[]) => Promise<LiveObserver>;
  readonly openStreams: () => Promise<LiveStreams>;
  /** The shared process serves no case after this one. */
  readonly retireShared: () => void;
  /** Opens a relay to the server, for the taker to end. */
  readonly openRelay: (records: boolean) => Promise<Relay>;
  /**
   * The way of watching the link beside the proxy's own counts. `count`: a relay behind it counts to the last byte where the server ends a connection. `record`: one on each
   * side of it keeps every byte.
   */
  readonly watch?: "count" | "record";
}

/** Runs a case; `number` is unique among those of one server. */
export async function runLiveCase(
  one: Case,
  number: number,
  parts: Parts,
  emit: Emit,
  onMemory?: OnMemory,
): Promise<void> {
  const { servers = 1 } = one.scenario.options;
  // One recorder before the link sees one of its ports.
  const tap = parts.watch === "record" && servers === 1 ? await Relay.start(0, parts.link.port, true) : undefined;
  const rig = liveRig(parts, tap, servers);
  try {
    await runCase(one, number, rig, emit, onMemory);
  } finally {
    // What a case leaves behind would be in the way of the next one: it gets a server that has nothing.
    await rig.close(one.scenario.policy !== undefined).catch(() => emptied(parts.server));
    await tap?.end();
  }
}

/** A server that does not come back is tried again by the next case. */
const emptied = (server: NatsServer): Promise<void> => server.restart({ store: "lost" }).catch(() => {});

/** `tap`: a relay before the link, which clients dial in its place. `servers`: those of the client's pool. */
export function liveRig(parts: Parts, tap?: Relay, servers = 1): driver.Rig {
  const observers: LiveObserver[] = [];
  const operator = operatorOf(parts);
  let relay: Relay | undefined;
  const relayed = async (): Promise<Relay> => {
    relay ??= await parts.openRelay(parts.watch === "record");
    return relay;
  };
  return {
    clock: realClock,
    link: reported(linkOf(parts, relayed, { tap, servers })),
    server: reported(
      serverOf(parts.server, async () => {
        await operator.leave();
        for (const one of observers) await one.reopen();
      }),
    ),
    streams: reported(operator.streams),
    processes: processesOf(parts),
    async observe(subjects) {
      const observer = await parts.openObserver(subjects).catch(refuse);
      observers.push(observer);
      return observer;
    },
    async close(deleteStreams) {
      if (deleteStreams) await operator.deleteAll();
      await operator.leave();
      for (const one of observers) await one.close();
      await relay?.end();
    },
  };
}

const realClock: driver.Clock = {
  nowMs: () => performance.now(),
  wait: async ms => {
    await wait(ms);
  },
  isDoneWithin,
};

interface Listeners {
  readonly tap: Relay | undefined;
  readonly servers: number;
}

/**
 * The relay is on the path only where a case says something, or counts dials or bytes. Each hindrance has a call in the link, named after
 * what it does.
 */
function linkOf(
  { link: first, otherLinks, watch }: Parts,
  relayed: () => Promise<Relay>,
  dialled: Listeners,
): driver.Link {
  const { tap, servers } = dialled;
  const pool = servers > 1 ? new LinkPool(first, otherLinks.slice(0, servers - 1), isConnectedTo) : undefined;
  const link = pool ?? first;
  const openings = new Openings(link, tap);
  const lay = (hindrance: driver.Hindrance, amount = 0): Promise<void> => {
    switch (hindrance) {
      case "hold":
        return link.hold();
      case "limit":
        return link.limit(amount);
      case "blackhole":
        return link.blackhole();
      case "hold-downstream":
        return link.holdDownstream();
      case "lose-downstream":
        return link.loseNextDownstream();
      case "silent-handshake":
      case "closes-with-rst":
        throw new Error(`fault in faultline: ${hindrance} comes with the opening of a link`);
    }
  };
  /** The relay, where it counts dials. */
  let door: Relay | undefined;
  const doorOf = (): Relay => {
    if (door === undefined) throw new Error("fault in faultline: the link was opened to count no dials");
    return door;
  };
  return {
    ports: pool?.ports ?? [tap?.port ?? link.port],
    get isOpen() {
      return link.isOpen;
    },
    isOpenAt: port => (pool === undefined ? link.isOpen : pool.isOpenAt(port)),
    async open({ speaks = false, countsDials = false, ...opening }) {
      const relay = speaks || countsDials || watch !== undefined ? await relayed() : undefined;
      if (countsDials) door = relay;
      const turn = await openings.next(relay);
      await link.open(relay === undefined ? { ...opening, turn } : { ...opening, turn, through: relay.port });
    },
    cut: () => link.cut(),
    cutAt: port => (pool === undefined ? link.cut() : pool.cutAt(port)),
    endAt: async port => pool?.endAt(port),
    openRest: async () => pool?.openRest(),
    lay,
    lift: hindrance => link.release(hindrance),
    refuseDials: async () => doorOf().refuseDials(),
    refusedDials: () => door?.refusedDials,
    acceptDials: after => doorOf().acceptDials(after),
    say: async (name, text, closes) => (await relayed()).speak(name, text, closes),
    shows: (hindrance, amount) => link.shows(hindrance, amount),
    stillShows: (...hindrances) => link.stillShows(...hindrances),
    carried: () => openings.carried(),
  };
}

/** `follow` is called when the server is back and open to all. */
function serverOf(server: NatsServer, follow: () => Promise<void>): driver.Server {
  return {
    port: server.port,
    get isRunning() {
      return server.pid !== undefined;
    },
    get isHalted() {
      return server.isHalted;
    },
    connections: () => server.connectionsOpen(),
    endOf: cid => server.endOf(cid),
    state: () => server.state(),
    loggedAbout: name => server.loggedAbout(name),
    stop: signal => server.stop(signal),
    async restart(as = {}) {
      await server.restart(as);
      if (as.authorization === undefined) await follow();
    },
    pause: () => server.pause(),
    resume: () => server.resume(),
  };
}

/** The operator's connection is opened when it is first needed, and anew after a restart of the server. */
function operatorOf(parts: Parts) {
  let opened: LiveStreams | undefined;
  /** Those heard on earlier connections. */
  const heard: driver.Removal[] = [];
  const open = async (): Promise<LiveStreams> => {
    opened ??= await parts.openStreams();
    return opened;
  };
  const streams: driver.Streams = {
    create: async one => (await open()).create(one),
    bind: async one => (await open()).bind(one),
    names: async () => (await open()).names(),
    held: async one => (await open()).held(one),
    heldByNumber: async one => (await open()).heldByNumber(one),
    removals: async () => [...heard, ...(await (await open()).removals())],
    consumer: async one => (await open()).consumer(one),
  };
  return {
    streams,
    deleteAll: async () => (await open()).deleteAll(),
    leave: async (): Promise<void> => {
      heard.push(...(opened?.removalsHeard ?? []));
      await opened?.close();
      opened = undefined;
    },
  };
}

function processesOf({ shared, spawn, retireShared }: Parts): driver.Processes {
  /** The real process behind each one that the driver knows. */
  const processes = new Map<driver.Process, BusProcess>();
  const known = (process: BusProcess): driver.Process => {
    const one: driver.Process = {
      client: process.client,
      exited: process.exited,
      unclaimed: process.unclaimed,
      memory: () => process.memory(),
      signal: name => process.signal(name),
      isDialling: port => process.dials.areUnderWay(port),
      isConnectedTo,
      dialsAreOver: () => process.dials.areOver(),
    };
    processes.set(one, process);
    return one;
  };
  return {
    shared: known(shared),
    spawn: async () => known(await spawn()),
    async release(process) {
      const one = processes.get(process);
      if (one === undefined) throw new Error("fault in faultline: a process of another case");
      if (one !== shared) return one.end();
      await one.client.call({ do: "end" }, endBoundMs).catch(() => {});
      one.client.forgetEvents();
    },
    retire: retireShared,
  };
}

const endBoundMs = 30_000;

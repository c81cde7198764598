/**
 * The live world: a real bus, a real nats-server behind Toxiproxy. A site has lanes, each with a server on its own ports and in its own
 * folder. `openBus` starts the bus as a child process in each lane, and a case runs in a lane that is free. A lane beyond the first is
 * opened when a case waits for it.
 */
import { liveLimits } from "../../../models/plan/plan.ts";
import type { Emit } from "../../../models/vocabulary/event.ts";
import type { Capability } from "../../../models/vocabulary/scenario.ts";
import type { Greeting } from "../../bus-protocol/protocol.ts";
import { type BusLaunch, buildBus, findBus, type RunProgram } from "../../bus-protocol/registry.ts";
import type { Case, Stage } from "../../world.ts";
import type { OnMemory } from "../driver/course.ts";
import { type Backend, type BackendName, processBackend } from "./backend.ts";
import { Spares, startBus } from "./bus-process.ts";
import { type Engine, openContainers, openEngine } from "./containers.ts";
import { spawnGuarded } from "./guard.ts";
import { Pool } from "./lanes.ts";
import { type Lease, openLease } from "./leases.ts";
import { NatsServer } from "./nats-server.ts";
import { openObserver } from "./observer.ts";
import { Relay } from "./relay.ts";
import { type Parts, runLiveCase } from "./rig.ts";
import { type CheckedClaim, testInjector, testServer, unproven } from "./self-test.ts";
import { findServers, type Servers } from "./servers.ts";
import { openStreams } from "./streams.ts";
import { type LiveLink, Toxiproxy } from "./toxiproxy.ts";
import { Turns } from "./turns.ts";

/** The capabilities of the harness itself, as operator and supervisor; the self-test has to show the rest. It cannot cut off the power. */
const harnessCapabilities: readonly Capability[] = ["signal", "replicas", "subscribe", "advance", "cold-start"];

/** The base of every live case of a run. */
export interface Site {
  readonly servers: Servers;
  /** Capabilities that the injector has shown. */
  readonly capabilities: readonly Capability[];
  /** Every claim that its self-test tried. */
  readonly findings: readonly CheckedClaim[];
  openBus(nameOrCommand: string): Promise<LiveStage>;
  close(): Promise<void>;
}

export interface LiveStage extends Stage {
  readonly greeting: Greeting;
  readonly unproven: ReadonlySet<Capability>;
  /** The number of cases that run at once; one more waits until a lane is free. */
  readonly lanes: number;
  /** The sentence on why the process of the bus cannot be known, what is therefore not claimed, and what to do. */
  readonly unclaimed: string | undefined;
  run(one: Case, emit: Emit, onMemory?: OnMemory): Promise<void>;
  runAlone(one: Case, emit: Emit, onMemory?: OnMemory): Promise<void>;
  runWatched(one: Case, emit: Emit): Promise<void>;
}

export interface SiteOptions {
  /** The number of cases of a bus that run at once: each lane has a nats-server, a link and a bus process. */
  readonly lanes: number;
  /** The place where the servers run. */
  readonly backend: BackendName;
}

const siteDefaults: SiteOptions = { lanes: 1, backend: "process" };

export type OnProgress = (line: string) => void;

/** The parts of a lane that are the same for every bus. */
interface Lane {
  readonly server: NatsServer;
  readonly link: LiveLink;
  readonly otherLinks: readonly LiveLink[];
  /** The port for a relay to its server. */
  readonly relayPort: number;
  close(): Promise<void>;
}

/** The functions that close what was opened, the latest first. */
type Opened = (() => Promise<unknown>)[];

/** Finds or builds the servers, starts those of the first lane and tests the injector. @throws ServersMissing */
export async function openSite(progress: OnProgress, options: SiteOptions = siteDefaults): Promise<Site> {
  // Opened before the servers, which may take minutes to build.
  const engine = options.backend === "container" ? await openEngine() : undefined;
  const servers = await findServers({}, progress);
  const opened: Opened = [];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    return await openOn({ servers, engine, lanesMax: options.lanes, opened, close, progress });
  } catch (error) {
    await close();
    throw error;
  }
}

/** The parts that a site is opened on. */
interface Foundation {
  readonly servers: Servers;
  /** Undefined: servers are child processes. */
  readonly engine: Engine | undefined;
  readonly lanesMax: number;
  readonly opened: Opened;
  close(): Promise<void>;
  readonly progress: OnProgress;
}

async function openOn({ servers, engine, lanesMax, opened, close, progress }: Foundation): Promise<Site> {
  const first = await openLease();
  opened.push(() => first.release());
  const backend = engine === undefined ? processBackend : await openContainers(engine, servers, first.folder, progress);
  opened.push(() => backend.close());
  const startable = { servers, backend };
  // One proxy process for all lanes. A proxy in it belongs to one lane, and a call to one waits for no other.
  const toxiproxy = await startToxiproxy(startable, first);
  opened.push(() => toxiproxy.end());
  const lanes: Promise<Lane>[] = [];
  const openLane = (index: number): Promise<Lane> => {
    lanes[index] ??= index === 0 ? startLane(startable, toxiproxy, first) : startAnotherLane(startable, toxiproxy);
    return lanes[index];
  };
  opened.push(() => Promise.all(lanes.map(lane => lane.then(one => one.close()).catch(() => {}))));
  const { server } = await openLane(0);
  const [ofLink, ofServer] = await Promise.all([
    testInjector(
      serverPort => toxiproxy.link(first.ports[2], serverPort),
      undefined,
      serverPort => Relay.start(first.ports[4], serverPort),
    ),
    testServer(server),
  ]);
  const able = [...ofLink.capabilities, ...ofServer.capabilities, ...harnessCapabilities];
  const findings = [...ofLink.findings, ...ofServer.findings];
  const notShown = new Set(unproven(findings));
  let cases = 0;
  const turns = new Turns(lanesMax);
  return {
    servers,
    capabilities: able,
    findings,
    async openBus(nameOrCommand) {
      const stage = await openBus(nameOrCommand, {
        lanesMax,
        openLane,
        able,
        turns,
        nextCase: () => ++cases,
        progress,
      });
      opened.push(() => stage.close());
      return { ...stage, unproven: notShown };
    },
    close,
  };
}

/** The arguments of every server's start. */
interface Startable {
  readonly servers: Servers;
  readonly backend: Backend;
}

async function startLane(
  { servers, backend }: Startable,
  toxiproxy: Toxiproxy,
  { ports, folder }: Lease,
): Promise<Lane> {
  const [port, monitorPort, linkPort, , relayPort, ...otherPorts] = ports;
  const server = await NatsServer.start({ program: servers.natsServer, backend, port, monitorPort, folder });
  const [link, ...otherLinks] = [linkPort, ...otherPorts].map(one => toxiproxy.link(one, port)) as [
    LiveLink,
    ...LiveLink[],
  ];
  return { server, link, otherLinks, relayPort, close: () => server.end() };
}

/** Starts a lane on a new lease. */
async function startAnotherLane(startable: Startable, toxiproxy: Toxiproxy): Promise<Lane> {
  const lease = await openLease();
  try {
    const lane = await startLane(startable, toxiproxy, lease);
    const close = async (): Promise<void> => {
      await lane.close();
      await lease.release();
    };
    return { ...lane, close };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

const startToxiproxy = ({ servers, backend }: Startable, { ports, folder }: Lease): Promise<Toxiproxy> =>
  Toxiproxy.start({
    program: servers.toxiproxy,
    backend,
    version: servers.versions.toxiproxy,
    apiPort: ports[3],
    folder,
  });

/** The parts of a site that every bus of it is opened on. */
interface SiteGround {
  readonly lanesMax: number;
  openLane(index: number): Promise<Lane>;
  readonly able: readonly Capability[];
  readonly turns: Turns;
  /** A number that no other case of the site has. */
  nextCase(): number;
  readonly progress: OnProgress;
}

async function openBus(nameOrCommand: string, on: SiteGround): Promise<Omit<LiveStage, "unproven">> {
  const { lanesMax, openLane, able, turns, nextCase, progress } = on;
  const launch = findBus(nameOrCommand);
  await buildBus(launch, runGuarded(progress, launch));
  const lanes = new Pool(lanesMax, async (index): Promise<BusInLane> => {
    const { server, link, otherLinks, relayPort } = await openLane(index);
    let shared = await startBus(launch);
    let isRetired = false;
    const spares = new Spares(() => startBus(launch));
    const parts: Parts = {
      server,
      link,
      otherLinks,
      get shared() {
        return shared;
      },
      spawn: () => spares.take(),
      retireShared: () => {
        isRetired = true;
      },
      openObserver: subjects => openObserver(server.port, subjects, cid => server.sentTo(cid)),
      openStreams: () => openStreams(server.port),
      openRelay: records => Relay.start(relayPort, server.port, records),
    };
    return {
      parts,
      // Of those that break the protocol only one that has ended goes without the run: any other ends it.
      async renew() {
        if (!shared.client.isOver && !isRetired) return;
        await shared.end();
        shared = await startBus(launch);
        isRetired = false;
      },
      end: () => Promise.all([shared.end(), spares.end()]),
    };
  });
  let closed: Promise<void> | undefined;
  const { greeting, unclaimed } = await lanes.use(async ({ parts }) => parts.shared);
  const run = async ({ parts, renew }: BusInLane, one: Case, { emit, onMemory, watch }: RunAs): Promise<void> => {
    await renew();
    await runLiveCase(one, nextCase(), watch === undefined ? parts : { ...parts, watch }, emit, onMemory);
  };
  const ableWithIt = unclaimed === undefined ? able : able.filter(one => one !== "signal");
  return {
    greeting,
    capabilities: new Set<Capability>([...ableWithIt, ...greeting.capabilities]),
    limits: liveLimits,
    lanes: lanesMax,
    unclaimed,
    run: (one, emit, onMemory) => lanes.use(lane => turns.beside(() => run(lane, one, { emit, onMemory }))),
    // A case is tried again where something was in doubt, and its bytes are then counted to the last one.
    runAlone: (one, emit, onMemory) =>
      lanes.use(lane => turns.alone(() => run(lane, one, { emit, onMemory, watch: "count" }))),
    runWatched: (one, emit) => lanes.use(lane => turns.beside(() => run(lane, one, { emit, watch: "record" }))),
    close: () => {
      closed ??= lanes.close(lane => lane.end());
      return closed;
    },
  };
}

interface RunAs {
  readonly emit: Emit;
  readonly onMemory?: OnMemory | undefined;
  readonly watch?: Parts["watch"];
}

interface BusInLane {
  readonly parts: Parts;
  /** Starts the bus anew where its process has ended. */
  renew(): Promise<void>;
  end(): Promise<unknown>;
}

/** Runs a build to its end. Like every child process it does not outlive the harness. */
const runGuarded =
  (progress: OnProgress, launch: BusLaunch): RunProgram =>
  async ([program, ...args], folder) => {
    progress(`building ${launch.name} …`);
    const guarded = spawnGuarded(program, args, { cwd: folder, onStdoutLine: () => {}, onStderrLine: () => {} });
    guarded.child.stdin.end();
    const { code } = await guarded.exited;
    return { code, stderr: guarded.tail().join("\n") };
  };

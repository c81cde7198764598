/**
 * The live world: a real bus, a real nats-server behind Toxiproxy. `openSite` starts the servers once, on ports and in a folder
 * of their own; `openBus` starts a bus as a child process; a case is run by run-case.ts.
 */
import type { Emit } from "../../../models/vocabulary/event.ts";
import type { Capability } from "../../../models/vocabulary/scenario.ts";
import type { Greeting } from "../../bus-protocol/protocol.ts";
import { type BusLaunch, buildBus, findBus, type Run } from "../../bus-protocol/registry.ts";
import type { Case, Stage } from "../../world.ts";
import { Spares, startBus } from "./bus-process.ts";
import { spawnGuarded } from "./guard.ts";
import { type Lease, openLease } from "./leases.ts";
import { NatsServer } from "./nats-server.ts";
import { openObserver } from "./observer.ts";
import { runLiveCase } from "./run-case.ts";
import { type Finding, testInjector, testServer } from "./self-test.ts";
import { findServers, type Servers } from "./servers.ts";
import { openStreams } from "./streams.ts";
import { type Link, Toxiproxy } from "./toxiproxy.ts";

/** What the harness itself can do, as operator and supervisor; the rest its self-test has to show. Power is nothing that it could take away. */
const harnessCapabilities: readonly Capability[] = ["signal", "replicas", "subscribe", "advance", "cold-start"];

/** What every live case of a run stands on. */
export interface Site {
  readonly servers: Servers;
  /** What the injector has shown that it can do. */
  readonly capabilities: readonly Capability[];
  readonly findings: readonly Finding[];
  openBus(nameOrCommand: string): Promise<LiveStage>;
  close(): Promise<void>;
}

export interface LiveStage extends Stage {
  readonly greeting: Greeting;
}

export type Progress = (line: string) => void;

/** Finds or builds the servers, starts one of each and tests the injector. @throws ServersMissing */
export async function openSite(progress: Progress): Promise<Site> {
  const servers = await findServers({}, progress);
  const lease = await openLease();
  const opened: (() => Promise<unknown>)[] = [() => lease.release()];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    return await openOn(servers, lease, opened, close, progress);
  } catch (error) {
    await close();
    throw error;
  }
}

async function openOn(
  servers: Servers,
  lease: Lease,
  opened: (() => Promise<unknown>)[],
  close: () => Promise<void>,
  progress: Progress,
): Promise<Site> {
  const [port, monitorPort, apiPort, linkPort] = lease.ports as readonly [number, number, number, number];
  const { folder } = lease;
  const server = await NatsServer.start({ program: servers.natsServer, port, monitorPort, folder });
  opened.push(() => server.end());
  const toxiproxy = await Toxiproxy.start({
    program: servers.toxiproxy,
    version: servers.versions.toxiproxy,
    apiPort,
    folder,
  });
  opened.push(() => toxiproxy.end());
  const [ofLink, ofServer] = await Promise.all([
    testInjector(serverPort => toxiproxy.link(linkPort, serverPort)),
    testServer(server),
  ]);
  const able = [...ofLink.capabilities, ...ofServer.capabilities, ...harnessCapabilities];
  const link = toxiproxy.link(linkPort, port);
  let cases = 0;
  return {
    servers,
    capabilities: able,
    findings: [...ofLink.findings, ...ofServer.findings],
    async openBus(nameOrCommand) {
      const stage = await openBus(nameOrCommand, server, link, able, () => ++cases, progress);
      opened.push(() => stage.close());
      return stage;
    },
    close,
  };
}

async function openBus(
  nameOrCommand: string,
  server: NatsServer,
  link: Link,
  able: readonly Capability[],
  nextCase: () => number,
  progress: Progress,
): Promise<LiveStage> {
  const launch = findBus(nameOrCommand);
  await buildBus(launch, runGuarded(progress, launch));
  const shared = await startBus(launch);
  const spares = new Spares(() => startBus(launch));
  let closed: Promise<unknown> | undefined;
  const close = (): Promise<void> => {
    closed ??= Promise.all([shared.end(), spares.end()]);
    return closed.then(() => {});
  };
  const { greeting } = shared;
  return {
    greeting,
    capabilities: new Set<Capability>([...able, ...greeting.capabilities]),
    run: (one: Case, emit: Emit) =>
      runLiveCase(
        one,
        nextCase(),
        {
          server,
          link,
          shared,
          spawn: () => spares.take(),
          openObserver: subjects => openObserver(server.port, subjects),
          openStreams: () => openStreams(server.port),
        },
        emit,
      ),
    close,
  };
}

/** Runs a build to its end; like every child of ours it does not outlive the harness. */
const runGuarded =
  (progress: Progress, launch: BusLaunch): Run =>
  async ([program, ...args], folder) => {
    progress(`building ${launch.name} …`);
    const guarded = spawnGuarded(program, args, { cwd: folder, onStdoutLine: () => {}, onStderrLine: () => {} });
    guarded.child.stdin.end();
    const { code } = await guarded.exited;
    return { code, stderr: guarded.tail().join("\n") };
  };

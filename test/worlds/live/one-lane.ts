/** One lane of the live world, part by part, for tests that change what a part says or does. */
import { liveLimits } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Emit } from "../../../models/vocabulary/event.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { findBus } from "../../../src/bus-protocol/registry.ts";
import { type CaseRun, runCase } from "../../../src/judge/run.ts";
import type { Case, Stage } from "../../../src/world.ts";
import { startBus } from "../../../src/worlds/live/bus-process.ts";
import { openLease } from "../../../src/worlds/live/leases.ts";
import { NatsServer } from "../../../src/worlds/live/nats-server.ts";
import { openObserver } from "../../../src/worlds/live/observer.ts";
import { Relay } from "../../../src/worlds/live/relay.ts";
import { type Parts, runLiveCase } from "../../../src/worlds/live/rig.ts";
import { findServers } from "../../../src/worlds/live/servers.ts";
import { openStreams } from "../../../src/worlds/live/streams.ts";
import { Toxiproxy } from "../../../src/worlds/live/toxiproxy.ts";

export const busName = "go-nats-go";

export interface OneLane {
  readonly serverPort: number;
  /** Runs a case on parts of which some are changed. `name`: that of the case's client. */
  run(scenario: Scenario, change?: (parts: Parts, name: string) => Partial<Parts>): Promise<CaseRun>;
  /** Runs it as commands do: a violation is tried once more, with the link watched. */
  runWatched(scenario: Scenario): Promise<CaseRun>;
  close(): Promise<void>;
}

/** Opens a lane with the Go bus on it; `proxy`: another program in the place of Toxiproxy. */
export async function openOneLane(proxy?: string): Promise<OneLane> {
  const servers = await findServers({}, line => console.error(line));
  const lease = await openLease();
  const { folder, ports } = lease;
  const [port, monitorPort, apiPort, linkPort] = ports;
  const server = await NatsServer.start({ program: servers.natsServer, port, monitorPort, folder });
  const { versions, toxiproxy: program } = servers;
  const toxiproxy = await Toxiproxy.start({ program: proxy ?? program, version: versions.toxiproxy, apiPort, folder });
  const shared = await startBus(findBus(busName));
  let cases = 0;
  const parts: Parts = {
    server,
    link: toxiproxy.link(linkPort, port),
    otherLinks: [],
    shared,
    spawn: () => startBus(findBus(busName)),
    openObserver: subjects => openObserver(server.port, subjects, cid => server.sentTo(cid)),
    openStreams: () => openStreams(server.port),
    retireShared: () => {},
    openRelay: records => Relay.start(0, server.port, records),
  };
  const on =
    (change: (parts: Parts, name: string) => Partial<Parts>) =>
    (one: Case, emit: Emit): Promise<void> => {
      cases += 1;
      return runLiveCase(one, cases, { ...parts, ...change(parts, `faultline-${cases}`) }, emit);
    };
  const watching = (watch: Parts["watch"]) => on(() => (watch === undefined ? {} : { watch }));
  const judged = (scenario: Scenario, stage: Pick<Stage, "run" | "runAlone" | "runWatched">): Promise<CaseRun> =>
    runCase(
      { capabilities: new Set(), limits: liveLimits, close: async () => {}, ...stage },
      { scenario, bus: busName, profile: natsGo, seed: "1" },
    );
  return {
    serverPort: port,
    run: (scenario, change = () => ({})) => judged(scenario, { run: on(change) }),
    runWatched: scenario =>
      judged(scenario, {
        run: watching(undefined),
        runAlone: watching("count"),
        runWatched: watching("record"),
      }),
    async close() {
      await shared.end();
      await toxiproxy.end();
      await server.end();
      await lease.release();
    },
  };
}

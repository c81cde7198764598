/**
 * A fault that did nothing proves nothing: an injector whose calls are replaced, one at a time, by ones that do nothing, do it
 * elsewhere or undo it at once. Each case must end as inconclusive, never as holds, never as violated; with the true injector the
 * same scenarios hold.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { liveLimits } from "../../../models/plan/plan.ts";
import { profiles } from "../../../models/profiles/index.ts";
import type { Fault, HealAwait, Scenario, Step } from "../../../models/vocabulary/scenario.ts";
import { findBus } from "../../../src/bus-protocol/registry.ts";
import { policyNamedIn } from "../../../src/files/policies.ts";
import { parseScenario } from "../../../src/files/scenario-schema.ts";
import { type CaseRun, runCase } from "../../../src/judge/run.ts";
import { type BusProcess, startBus } from "../../../src/worlds/live/bus-process.ts";
import { type Lease, openLease } from "../../../src/worlds/live/leases.ts";
import { NatsServer } from "../../../src/worlds/live/nats-server.ts";
import { type LiveObserver, openObserver } from "../../../src/worlds/live/observer.ts";
import { Relay } from "../../../src/worlds/live/relay.ts";
import type { Parts } from "../../../src/worlds/live/rig.ts";
import { runLiveCase } from "../../../src/worlds/live/rig.ts";
import { findServers } from "../../../src/worlds/live/servers.ts";
import { openStreams } from "../../../src/worlds/live/streams.ts";
import { type LiveLink, Toxiproxy } from "../../../src/worlds/live/toxiproxy.ts";
import { withChanges } from "./with-changes.ts";

/** The client alone, and a service with a policy. */
const busNames = { client: "typescript-nats-js-3", service: "go-nats-go" } as const;
const profileNames = { client: "nats-js-3", service: "nats-go" } as const;

let lease: Lease;
let server: NatsServer;
let other: NatsServer;
let toxiproxy: Toxiproxy;
let proxies: string;
/** Of the link under test. */
let api: string;
/** Proxies that are there for one test, past the link. */
const others: string[] = [];
let buses: Readonly<Record<keyof typeof busNames, BusProcess>>;
let link: LiveLink;
/** Of which no client knows. */
let unused: LiveLink;
let cases = 0;

beforeAll(async () => {
  const servers = await findServers({}, line => console.error(line));
  lease = await openLease();
  const { folder, ports } = lease;
  const [port = 0, monitorPort = 0, otherPort = 0, otherMonitorPort = 0, apiPort = 0, linkPort = 0, unusedPort = 0] =
    ports;
  const program = servers.natsServer;
  server = await NatsServer.start({ program, port, monitorPort, folder });
  other = await NatsServer.start({
    program,
    port: otherPort,
    monitorPort: otherMonitorPort,
    folder: `${folder}/other`,
  });
  const { versions, toxiproxy: proxyProgram } = servers;
  toxiproxy = await Toxiproxy.start({ program: proxyProgram, version: versions.toxiproxy, apiPort, folder });
  proxies = `http://127.0.0.1:${apiPort}/proxies`;
  api = `${proxies}/link-${linkPort}`;
  link = toxiproxy.link(linkPort, port);
  unused = toxiproxy.link(unusedPort, otherPort);
  const [client, service] = await Promise.all([
    startBus(findBus(busNames.client)),
    startBus(findBus(busNames.service)),
  ]);
  buses = { client, service };
}, 1_200_000);

afterEach(async () => {
  for (const name of others.splice(0)) await fetch(`${proxies}/${name}`, { method: "DELETE" });
  if (unused.isOpen) await unused.cut();
  if (other.pid === undefined || other.isHalted) await other.restart();
});

afterAll(async () => {
  await buses?.client.end();
  await buses?.service.end();
  await toxiproxy?.end();
  await server?.end();
  await other?.end();
  await lease?.release();
});

// ---- Scenarios ----

const start: Step = { id: "start", kind: "start" };
const flush: Step = { id: "flush", kind: "flush", timeoutMs: 5_000 };
const publish: Step = { id: "publish", kind: "publish", count: 5, bytes: 16 };
const after: Step = { id: "after", kind: "publish", count: 2, bytes: 16 };
const fault = (one: Fault): Step => ({ id: "fault", kind: "fault", fault: one });
const heal = (awaits: HealAwait = "connected"): Step => ({ id: "heal", kind: "heal", awaits });

const scenarioOf = (steps: readonly Step[], options: object = {}): Scenario =>
  parseScenario(
    JSON.stringify({ version: 1, id: "null-faults/one", why: "A test.", options, steps }),
    "null-faults.slow.test.ts",
  );

const during = (one: Fault, options: object = {}): Scenario =>
  scenarioOf([start, flush, fault(one), publish, heal(), after], options);

const cut: Fault = { kind: "cut", awaits: "noticed" };
const stop: Fault = { kind: "stop-server", signal: "TERM", awaits: "noticed" };
const held = during({ kind: "hold" });
const blackholed = scenarioOf(
  [start, flush, fault({ kind: "blackhole" }), publish, { id: "notice", kind: "await-noticed" }, heal(), after],
  { pingIntervalMs: 100 },
);
const limited = during({ kind: "limit", bytes: 100 });
const wasCut = during(cut);
const finite = { reconnectAttemptsMax: 5, reconnectWaitMs: 50 };
const wasCounted = during({ ...cut, dials: 3 }, finite);
const stopped = during(stop);
const paused = during({ kind: "pause-server" });
const throughHandshake = (one: Fault, options: object = {}): Scenario =>
  scenarioOf(
    [
      start,
      flush,
      fault(one),
      heal("handshake"),
      { ...publish, overlap: true } as Step,
      { id: "let", kind: "heal", awaits: "connected" },
      after,
    ],
    options,
  );
const handshake = throughHandshake(cut);
const countedHandshake = throughHandshake({ ...cut, dials: 3 }, finite);
const reset = during(cut, { cutsWith: "rst" });

/** Cordum's, with clocks that a test can wait for. */
const hardened = policyNamedIn("cordum-hardened", ".", "null-faults.slow.test.ts", "policy");
const service = {
  ...hardened,
  publish: { ...hardened.publish, ackTimeoutMs: 500, attemptsMax: 2 },
  consume: { ...hardened.consume, ackWaitMs: 200, deliverMax: 1 },
  startup: { ...hardened.startup, connectTimeoutMs: 300, deadlineMs: 20_000 },
  supervisor: { restartMs: 100, killAfterMs: 5_000 },
  client: { ...hardened.client, reconnectWaitMs: 20 },
};
const job = { subject: "sys.job.submit", count: 1 } as const;
const served = (steps: readonly Step[]): Scenario => {
  const data = { version: 1, id: "null-faults/service", why: "A test.", policy: service, options: {}, steps };
  return parseScenario(JSON.stringify(data), "null-faults.slow.test.ts");
};
/** The supervisor starts again what was refused. */
const again: Step = { id: "again", kind: "advance", ms: service.supervisor.restartMs };
const cold = (one: Fault): Scenario => served([fault(one), start, heal(), again, { ...after, ...job }]);
const ackLost = served([
  start,
  flush,
  fault({ kind: "lose-ack" }),
  { ...publish, ...job },
  heal(),
  { ...after, ...job },
]);
const withoutJetStream = cold({ kind: "no-jetstream" });
const refused = cold({ kind: "refuse-credentials" });
const silent = cold({ kind: "silent-handshake" });
const said = (closes: boolean): Scenario =>
  scenarioOf([start, publish, flush, fault({ kind: "server-error", text: "authorization", closes }), after]);
const saidAndKept = scenarioOf([
  start,
  publish,
  flush,
  fault({ kind: "server-error", text: "permissions", closes: false }),
  after,
]);

// ---- Injectors ----

type Changes = (
  link: LiveLink,
  server: NatsServer,
) => {
  readonly link?: Partial<LiveLink>;
  readonly server?: Partial<NatsServer>;
  readonly relay?: (relay: Relay) => Partial<Relay>;
};

/** The first call is replaced; later ones, above all those that clean up, are true. */
function once<A extends readonly unknown[]>(instead: (...args: A) => unknown, then: (...args: A) => Promise<void>) {
  let called = false;
  return async (...args: A): Promise<void> => {
    if (called) return then(...args);
    called = true;
    await instead(...args);
  };
}

const nothing = (): void => {};

/** Past the link, which knows nothing of it: `path` goes on from the proxy's own. */
async function ask(method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`${api}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
}

const listToxic = (body: object): Promise<void> => ask("POST", "/toxics", body);
const disableProxy = (): Promise<void> => ask("PATCH", "", { enabled: false });
/** The true call, after whose reply another undoes what it did. */
const undone =
  <A extends readonly unknown[]>(call: (...args: A) => Promise<void>, undo: () => Promise<void>) =>
  async (...args: A): Promise<void> => {
    await call(...args);
    await undo();
  };
const removed = (name: string) => (): Promise<void> => ask("DELETE", `/toxics/${name}`);
/** Makes a proxy of that name on the link's port. */
const openAnother = (name: string) => async (): Promise<void> => {
  const body = { name, listen: `127.0.0.1:${link.port}`, upstream: `127.0.0.1:${server.port}`, enabled: true };
  const response = await fetch(proxies, { method: "POST", body: JSON.stringify(body) });
  expect(response.status).toBe(201);
  others.push(name);
};

const latency = {
  name: "hold",
  type: "latency",
  stream: "upstream",
  toxicity: 1,
  attributes: { latency: 600_000, jitter: 0 },
};

async function run(scenario: Scenario, changes: Changes, openOne: Parts["openObserver"]): Promise<CaseRun> {
  const kind = scenario.policy === undefined ? "client" : "service";
  const profile = profiles[profileNames[kind]];
  if (profile === undefined) throw new Error(`There is no profile ${profileNames[kind]}.`);
  const { link: linkChanges = {}, server: serverChanges = {}, relay: changedRelay } = changes(link, server);
  const parts: Parts = {
    server: withChanges(server, serverChanges),
    link: withChanges(link, linkChanges),
    otherLinks: [],
    shared: buses[kind],
    spawn: () => startBus(findBus(busNames[kind])),
    openObserver: openOne,
    openStreams: () => openStreams(server.port),
    retireShared: () => {},
    openRelay: async () => {
      const relay = await Relay.start(0, server.port);
      return withChanges(relay, changedRelay?.(relay) ?? {});
    },
  };
  cases += 1;
  const number = cases;
  return runCase(
    {
      capabilities: new Set(),
      limits: liveLimits,
      run: (one, emit) => runLiveCase(one, number, parts, emit),
      close: async () => {},
    },
    { scenario, bus: busNames[kind], profile, seed: "1" },
  );
}

const observed = (subjects: readonly string[]): Promise<LiveObserver> => openObserver(server.port, subjects);

/** Its connection has ended by the time it is asked. */
async function lost(subjects: readonly string[]): Promise<LiveObserver> {
  const observer = await observed(subjects);
  await observer.close();
  return observer;
}

const nullFaults: readonly (readonly [name: string, scenario: Scenario, changes: Changes])[] = [
  ["a hold that is never installed", held, () => ({ link: { hold: once(nothing, () => link.hold()) } })],
  ["a hold in the wrong direction", held, () => ({ link: { hold: () => link.holdDownstream() } })],
  [
    "a hold of that name in the wrong direction",
    held,
    () => ({ link: { hold: () => listToxic({ ...latency, stream: "downstream" }) } }),
  ],
  [
    "a hold on the wrong port",
    held,
    () => ({
      link: {
        hold: async () => {
          await unused.open({ closesWith: "fin" });
          await unused.hold();
        },
      },
    }),
  ],
  ["a hold of toxicity 0", held, () => ({ link: { hold: () => listToxic({ ...latency, toxicity: 0 }) } })],
  [
    "a hold of no time",
    held,
    () => ({ link: { hold: () => listToxic({ ...latency, attributes: { latency: 0, jitter: 0 } }) } }),
  ],
  [
    "a hold on a disabled proxy",
    held,
    () => ({
      link: {
        hold: async () => {
          await link.hold();
          await disableProxy();
        },
      },
    }),
  ],
  ["a hold on a proxy that was deleted before", held, () => ({ link: { hold: () => link.cut() } })],
  [
    "a hold that is released at once",
    held,
    () => ({
      link: {
        hold: async () => {
          await link.hold();
          await link.release("hold");
        },
      },
    }),
  ],
  ["a blackhole that is never installed", blackholed, () => ({ link: { blackhole: async () => {} } })],
  [
    "a blackhole in the wrong direction",
    blackholed,
    () => ({
      link: {
        blackhole: () =>
          listToxic({
            name: "blackhole",
            type: "timeout",
            stream: "downstream",
            toxicity: 1,
            attributes: { timeout: 0 },
          }),
      },
    }),
  ],
  ["a limit that is never installed", limited, () => ({ link: { limit: async () => {} } })],
  ["a limit beyond all bytes", limited, () => ({ link: { limit: () => link.limit(1_000_000_000) } })],
  [
    "a limit in the wrong direction",
    limited,
    () => ({
      link: {
        limit: bytes =>
          listToxic({ name: "limit", type: "limit_data", stream: "downstream", toxicity: 1, attributes: { bytes } }),
      },
    }),
  ],
  ["a cut that does nothing", wasCut, () => ({ link: { cut: once(nothing, () => link.cut()) } })],
  [
    "a cut of a proxy that nobody uses",
    wasCut,
    () => ({
      link: {
        cut: once(
          async () => {
            await unused.open({ closesWith: "fin" });
            await unused.cut();
          },
          () => link.cut(),
        ),
      },
    }),
  ],
  [
    "a cut that is opened again at once",
    wasCut,
    () => ({
      link: {
        cut: once(
          async () => {
            await link.cut();
            await link.open({ closesWith: "fin" });
          },
          () => link.cut(),
        ),
      },
    }),
  ],
  ["a reset that is a FIN", reset, () => ({ link: { open: opening => link.open({ ...opening, closesWith: "fin" }) } })],
  ["a greeting that is not held", handshake, () => ({ link: { open: ({ closesWith }) => link.open({ closesWith }) } })],
  ["a stop that does nothing", stopped, () => ({ server: { stop: async () => {} } })],
  ["a stop of another server", stopped, () => ({ server: { stop: signal => other.stop(signal) } })],
  [
    "a stop that is undone at once",
    stopped,
    () => ({
      server: {
        stop: async signal => {
          await server.stop(signal);
          await server.restart();
        },
      },
    }),
  ],
  ["a pause that does not stop", paused, () => ({ server: { pause: async () => {} } })],
  ["a pause of another server", paused, () => ({ server: { pause: () => other.pause() } })],
  [
    "a pause that goes on at once",
    paused,
    () => ({
      server: {
        pause: async () => {
          await server.pause();
          await server.resume();
        },
      },
    }),
  ],
  ["an acknowledgement that nothing loses", ackLost, () => ({ link: { loseNextDownstream: async () => {} } })],
  [
    "an acknowledgement lost in the wrong direction",
    ackLost,
    () => ({
      link: {
        loseNextDownstream: () =>
          listToxic({
            name: "lose-downstream",
            type: "limit_data",
            stream: "upstream",
            toxicity: 1,
            attributes: { bytes: 7 },
          }),
      },
    }),
  ],
  [
    "a server that has JetStream all the same",
    withoutJetStream,
    () => ({ server: { restart: () => server.restart() } }),
  ],
  ["a server that is not restarted", withoutJetStream, () => ({ server: { restart: async () => {} } })],
  ["a server that asks nobody for credentials", refused, () => ({ server: { restart: () => server.restart() } })],
  [
    "a server that greets all the same",
    silent,
    () => ({ link: { open: ({ silentHandshake: _, ...others }) => link.open(others) } }),
  ],
  ["a relay that says nothing", saidAndKept, () => ({ relay: () => ({ speak: async () => 0 }) })],
  [
    "a relay that says it to no connection",
    said(false),
    () => ({
      relay: relay => ({ speak: (name, text, closes) => relay.speak(`${name}-of-another`, text, closes) }),
    }),
  ],
  [
    "a line of which a relay only says that it was said",
    said(true),
    () => ({ relay: () => ({ speak: async () => 1 }) }),
  ],
  ["dials that no one refuses", wasCounted, () => ({ relay: () => ({ refuseDials: () => {} }) })],
  [
    "a refusal of dials that is undone at once",
    wasCounted,
    () => ({
      relay: relay => ({
        refuseDials: () => {
          relay.refuseDials();
          void relay.acceptDials(0);
        },
      }),
    }),
  ],
  [
    "a door that opens before it has refused so many dials",
    wasCounted,
    () => ({ relay: relay => ({ acceptDials: () => relay.acceptDials(0) }) }),
  ],
  [
    "a line on a path that the client is not on",
    saidAndKept,
    () => ({ link: { open: ({ through: _, ...others }) => link.open(others) } }),
  ],
];

/** Each shows itself in force by the reply to its call, and is not in force when it is looked at again. */
const undoneByAnother: typeof nullFaults = [
  ["a hold that another removes", held, () => ({ link: { hold: undone(() => link.hold(), removed("hold")) } })],
  [
    "a hold that another gives no time",
    held,
    () => ({
      link: {
        hold: undone(
          () => link.hold(),
          () => ask("PATCH", "/toxics/hold", { attributes: { latency: 0 } }),
        ),
      },
    }),
  ],
  [
    "a hold that another takes from all connections",
    held,
    () => ({
      link: {
        hold: undone(
          () => link.hold(),
          () => ask("PATCH", "/toxics/hold", { toxicity: 0 }),
        ),
      },
    }),
  ],
  [
    "a hold whose proxy another removes",
    held,
    () => ({
      link: {
        hold: undone(
          () => link.hold(),
          () => ask("DELETE", ""),
        ),
      },
    }),
  ],
  [
    "a hold that only says that it was laid",
    held,
    () => ({ link: { hold: async () => {}, shows: () => true, release: async () => {} } }),
  ],
  [
    "a blackhole that another removes",
    blackholed,
    () => ({ link: { blackhole: undone(() => link.blackhole(), removed("blackhole")) } }),
  ],
  [
    "a limit that another removes",
    limited,
    () => ({ link: { limit: undone(bytes => link.limit(bytes), removed("limit")) } }),
  ],
  [
    "a cut link that another opens",
    wasCut,
    () => ({
      link: {
        cut: once(
          undone(() => link.cut(), openAnother(`link-${link.port}`)),
          () => link.cut(),
        ),
      },
    }),
  ],
  [
    "a cut link whose port another opens",
    wasCut,
    () => ({
      link: {
        cut: once(
          undone(() => link.cut(), openAnother("of-another")),
          () => link.cut(),
        ),
      },
    }),
  ],
  [
    "a reset that another makes a FIN",
    reset,
    () => ({ link: { open: undone(opening => link.open(opening), removed("closes-with-rst")) } }),
  ],
  [
    "a greeting that another lets go",
    handshake,
    () => ({
      link: {
        open: async opening => {
          await link.open(opening);
          if (opening.heldDownstream === true) await removed("hold-downstream")();
        },
      },
    }),
  ],
  [
    "an acknowledgement that another saves",
    ackLost,
    () => ({
      link: { loseNextDownstream: undone(() => link.loseNextDownstream(), removed("lose-downstream")) },
    }),
  ],
  [
    "a silence that another ends",
    silent,
    () => ({
      link: {
        open: async opening => {
          await link.open(opening);
          if (opening.silentHandshake === true) await removed("silent-handshake")();
        },
      },
    }),
  ],
];

const trueOne: Changes = () => ({});

describe("an injector that does nothing", () => {
  test.each([...nullFaults, ...undoneByAnother])(
    "%s is inconclusive",
    { timeout: 60_000 },
    async (_, scenario, changes) => {
      const { judgement, events } = await run(scenario, changes, observed);
      expect(judgement.verdict, `${judgement.reason}\n${JSON.stringify(events)}`).toBe("inconclusive");
    },
  );
});

test("an observer that is lost is inconclusive", async () => {
  const { judgement } = await run(wasCut, trueOne, lost);
  expect(judgement.verdict, judgement.reason).toBe("inconclusive");
});

test.each([
  ["no publish at all", scenarioOf([start, flush, fault(cut), heal()])],
  ["a hold healed before anything was published", scenarioOf([start, flush, fault({ kind: "hold" }), heal(), after])],
  ["a limit that what is published does not reach", during({ kind: "limit", bytes: 1_000_000 })],
  ["a cut that is skipped", scenarioOf([start, flush, fault({ kind: "cut", awaits: "gave-up" }), publish])],
])("a scenario whose fault meets nothing is inconclusive: %s", async (_, scenario) => {
  const { judgement } = await run(scenario, trueOne, observed);
  expect(judgement.verdict, judgement.reason).toBe("inconclusive");
});

test("there are enough of them", () => {
  expect(nullFaults.length).toBeGreaterThanOrEqual(35);
  expect(undoneByAnother.length).toBeGreaterThanOrEqual(13);
});

test.each([
  ["hold", held],
  ["blackhole", blackholed],
  ["limit", limited],
  ["cut", wasCut],
  ["cut with RST", reset],
  ["cut, its dials counted", wasCounted],
  ["cut with RST, its dials counted", during({ ...cut, dials: 3 }, { ...finite, cutsWith: "rst" })],
  ["cut, its dials counted, and the handshake held", countedHandshake],
  ["handshake", handshake],
  ["stop-server", stopped],
  ["pause-server", paused],
  ["lose-ack", ackLost],
  ["no-jetstream", withoutJetStream],
  ["refuse-credentials", refused],
  ["silent-handshake", silent],
  ["server-error, and the client goes on", saidAndKept],
  ["server-error, and the client dials anew", said(false)],
  ["server-error, and the server closes", said(true)],
] as const)("with the true injector the scenario of %s holds", async (_, scenario) => {
  const { judgement } = await run(scenario, trueOne, observed);
  expect(judgement.verdict, judgement.reason).toBe("holds");
});

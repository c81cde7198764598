/** The self-test passes on the true link, and names the capability that a sabotaged link does not have. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lease, openLease } from "../../../src/worlds/live/leases.ts";
import { NatsServer } from "../../../src/worlds/live/nats-server.ts";
import { Relay } from "../../../src/worlds/live/relay.ts";
import { testInjector, testServer } from "../../../src/worlds/live/self-test.ts";
import { findServers } from "../../../src/worlds/live/servers.ts";
import { type ListedToxic, type LiveLink, type ToxicName, Toxiproxy } from "../../../src/worlds/live/toxiproxy.ts";

let lease: Lease;
let toxiproxy: Toxiproxy;
let server: NatsServer;
let port: number;

// Long, for the first build of the servers.
beforeAll(async () => {
  const servers = await findServers({}, line => console.error(line));
  lease = await openLease();
  const [apiPort = 0, linkPort = 0, , serverPort = 0, monitorPort = 0] = lease.ports;
  port = linkPort;
  const options = { program: servers.toxiproxy, version: servers.versions.toxiproxy, apiPort, folder: lease.folder };
  toxiproxy = await Toxiproxy.start(options);
  const { folder } = lease;
  server = await NatsServer.start({ program: servers.natsServer, port: serverPort, monitorPort, folder });
}, 1_200_000);

afterAll(async () => {
  await server?.end();
  await toxiproxy?.end();
  await lease?.release();
});

const trueLink = (serverPort: number): LiveLink => toxiproxy.link(port, serverPort);
const doesNothing = async (): Promise<void> => {};
const names: readonly ToxicName[] = [
  "hold",
  "limit",
  "blackhole",
  "hold-downstream",
  "lose-downstream",
  "silent-handshake",
];
/** A release that leaves out the fault that was never installed. */
const releaseBut =
  (link: LiveLink, name: ToxicName): LiveLink["release"] =>
  async released => {
    if (released !== name) await link.release(released);
  };
/** Lists what was never installed, so that the bytes alone have to tell. */
const lies = async (): Promise<readonly ListedToxic[]> =>
  names.map(name => ({ name, type: "latency", stream: "upstream", toxicity: 1, attributes: {} }));

function withChanges(link: LiveLink, changes: Partial<LiveLink>): LiveLink {
  return {
    port: link.port,
    get isOpen() {
      return link.isOpen;
    },
    open: opening => link.open(opening),
    cut: () => link.cut(),
    hold: () => link.hold(),
    limit: bytes => link.limit(bytes),
    blackhole: () => link.blackhole(),
    holdDownstream: () => link.holdDownstream(),
    release: name => link.release(name),
    loseNextDownstream: () => link.loseNextDownstream(),
    chokeDownstream: kilobytesPerSecond => link.chokeDownstream(kilobytesPerSecond),
    toxics: () => link.toxics(),
    shows: (name, amount) => link.shows(name, amount),
    stillShows: (...asked) => link.stillShows(...asked),
    counted: () => link.counted(),
    settled: undefined,
    ...changes,
  };
}

const all = [
  ...["cut", "cut-with-rst", "hold", "limit", "blackhole", "handshake", "lose-ack", "silent-handshake"],
  "server-error",
  "count-dials",
  "cut-server",
];

test("the true link does all it claims", async () => {
  const { capabilities, findings } = await testInjector(trueLink);
  expect(findings.filter(finding => !finding.ok)).toEqual([]);
  expect(capabilities).toEqual(all);
});

/** A link that is broken for good needs no more time. */
const impatient = { checkMs: 3_000, moreMs: 0 };

test("a check that comes late is worth as much as one in time", { timeout: 30_000 }, async () => {
  let isFirst = true;
  const { capabilities } = await testInjector(
    serverPort => {
      const link = trueLink(serverPort);
      const cutsLate = isFirst;
      isFirst = false;
      return withChanges(link, { cut: () => (cutsLate ? sleep(2_500).then(() => link.cut()) : link.cut()) });
    },
    { checkMs: 2_000, moreMs: 8_000 },
  );
  expect(capabilities).toEqual(all);
});

test("a check that fails once by chance is tried again, and one that fails twice has failed", async () => {
  let links = 0;
  const refuse = (): Promise<void> => Promise.reject(new Error("the port is taken"));
  const refusing = (isRefused: (link: number) => boolean) => (serverPort: number) => {
    const link = trueLink(serverPort);
    return isRefused(links++) ? withChanges(link, { open: refuse }) : link;
  };
  const once = await testInjector(refusing(link => link === 0));
  expect(once.findings.filter(({ ok }) => !ok)).toEqual([]);
  expect(once.capabilities).toEqual(all);
  links = 0;
  const twice = await testInjector(refusing(link => link < 2));
  expect(twice.findings.filter(({ ok }) => !ok).map(({ detail }) => detail)).toEqual(["the port is taken"]);
});

test("a check that was given up leaves nothing to the next one", { timeout: 30_000 }, async () => {
  let isFirst = true;
  const { findings } = await testInjector(serverPort => {
    const link = trueLink(serverPort);
    const opensLate = isFirst;
    isFirst = false;
    return withChanges(link, { open: opening => (opensLate ? sleep(4_000) : sleep(0)).then(() => link.open(opening)) });
  }, impatient);
  expect(findings.filter(({ ok }) => !ok).map(({ name, detail }) => [name, detail])).toEqual([
    ["a cut ends an idle connection with FIN on both sides", "not settled within 3000 ms"],
  ]);
});

test("an opening meets the proxy of one that was given up, and makes its own", async () => {
  const [abandoned, link] = [trueLink(port + 1), trueLink(port + 1)];
  await abandoned.open({ closesWith: "fin", heldDownstream: true });
  await link.open({ closesWith: "fin" });
  expect(await link.toxics()).toEqual([]);
  await link.cut();
  expect(await link.toxics().catch(() => "gone")).toBe("gone");
});

const sabotages: readonly (readonly [name: string, missing: string, changes: (link: LiveLink) => Partial<LiveLink>])[] =
  [
    ["a hold that does nothing", "hold", link => ({ hold: doesNothing, release: releaseBut(link, "hold") })],
    [
      "a hold that does nothing but is listed",
      "hold",
      link => ({ hold: doesNothing, release: releaseBut(link, "hold"), toxics: lies }),
    ],
    [
      "a hold that drops",
      "hold",
      link => ({
        hold: () => link.blackhole(),
        release: name => link.release(name === "hold" ? "blackhole" : name),
        toxics: lies,
      }),
    ],
    ["a limit one byte too high", "limit", link => ({ limit: bytes => link.limit(bytes + 1) })],
    ["a limit that does nothing but is listed", "limit", () => ({ limit: doesNothing, toxics: lies })],
    [
      "a blackhole that does nothing but is listed",
      "blackhole",
      link => ({ blackhole: doesNothing, release: releaseBut(link, "blackhole"), toxics: lies }),
    ],
    [
      "a blackhole that holds",
      "blackhole",
      link => ({
        blackhole: () => link.hold(),
        release: name => link.release(name === "blackhole" ? "hold" : name),
        toxics: lies,
      }),
    ],
    [
      "a reset that is a FIN",
      "cut-with-rst",
      link => ({ open: opening => link.open({ ...opening, closesWith: "fin" }) }),
    ],
    [
      "a greeting that is not held but is listed as such",
      "handshake",
      link => ({
        open: ({ heldDownstream: _, ...others }) => link.open(others),
        release: releaseBut(link, "hold-downstream"),
        toxics: lies,
      }),
    ],
    [
      "an acknowledgement that is not lost but is listed as such",
      "lose-ack",
      link => ({ loseNextDownstream: doesNothing, release: releaseBut(link, "lose-downstream"), toxics: lies }),
    ],
    [
      "an acknowledgement that is held and not lost",
      "lose-ack",
      link => ({
        loseNextDownstream: () => link.holdDownstream(),
        release: name => link.release(name === "lose-downstream" ? "hold-downstream" : name),
        toxics: lies,
      }),
    ],
    [
      "a greeting that is not dropped but is listed as such",
      "silent-handshake",
      link => ({
        open: ({ silentHandshake: _, ...others }) => link.open(others),
        toxics: lies,
      }),
    ],
  ];

test.each(sabotages)("%s: no %s", { timeout: 30_000 }, async (_, missing, changes) => {
  const { capabilities, findings } = await testInjector(serverPort => {
    const link = trueLink(serverPort);
    return withChanges(link, changes(link));
  }, impatient);
  expect(findings.filter(finding => !finding.ok)).not.toEqual([]);
  // A server of a pool that stays ends its connections by a blackhole.
  const gone = missing === "blackhole" ? ["blackhole", "cut-server"] : [missing];
  expect(capabilities).toEqual(all.filter(capability => !gone.includes(capability)));
});

type Speak = Relay["speak"];

test.each<readonly [name: string, change: (relay: Relay) => Speak]>([
  ["says nothing", () => async () => 1],
  [
    "says it twice",
    relay => async (name, text, closes) => {
      await relay.speak(name, text, false);
      return relay.speak(name, text, closes);
    },
  ],
  ["says something else", relay => (name, text, closes) => relay.speak(name, `${text}!`, closes)],
  ["says it to another", relay => (name, text, closes) => relay.speak(`${name}-2`, text, closes)],
  ["never ends the connection", relay => (name, text) => relay.speak(name, text, false)],
  ["always ends the connection", relay => (name, text) => relay.speak(name, text, true)],
])("a relay that %s: no server-error", { timeout: 30_000 }, async (_, change) => {
  const { capabilities } = await testInjector(trueLink, impatient, async serverPort => {
    const relay = await Relay.start(0, serverPort);
    return withRelayChanges(relay, { speak: change(relay) });
  });
  expect(capabilities).toEqual(all.filter(capability => capability !== "server-error"));
});

const withRelayChanges = (relay: Relay, changes: Partial<Relay>): Relay =>
  ({
    port: relay.port,
    speak: (name, text, closes) => relay.speak(name, text, closes),
    refuseDials: () => relay.refuseDials(),
    acceptDials: after => relay.acceptDials(after),
    end: () => relay.end(),
    ...changes,
  }) as Relay;

test.each<[string, (relay: Relay) => Partial<Relay>]>([
  ["refuses no dial", () => ({ refuseDials: () => {} })],
  ["lets a dial through too soon", relay => ({ acceptDials: after => relay.acceptDials(after - 1) })],
  ["lets a dial through too late", relay => ({ acceptDials: after => relay.acceptDials(after + 1) })],
  [
    "counts a dial twice",
    relay => ({
      acceptDials: async after => {
        const { count, longestGapMs } = await relay.acceptDials(after);
        return { count: count + 1, longestGapMs };
      },
    }),
  ],
])("a relay that %s: no count-dials", { timeout: 30_000 }, async (_, change) => {
  const { capabilities } = await testInjector(trueLink, impatient, async serverPort => {
    const relay = await Relay.start(0, serverPort);
    return withRelayChanges(relay, change(relay));
  });
  expect(capabilities).toEqual(all.filter(capability => capability !== "count-dials"));
});

test("a link without a working cut has no capability at all", { timeout: 60_000 }, async () => {
  const { capabilities } = await testInjector(serverPort => {
    const link = trueLink(serverPort);
    return withChanges(link, { open: opening => link.open({ ...opening, closesWith: "rst" }) });
  }, impatient);
  expect(capabilities).toEqual([]);
});

const allOfServer = ["stop-server", "pause-server", "no-jetstream", "refuse-credentials"];

test("the true server does all it claims, and is left as it was", async () => {
  const { capabilities, findings } = await testServer(server);
  expect(findings.filter(finding => !finding.ok)).toEqual([]);
  expect(capabilities).toEqual(allOfServer);
  expect(await server.state()).toMatchObject({ hasJetStream: true, requiresCredentials: false, streams: 0 });
});

/** The server but for what is changed: its own methods read private fields, so they are bound to it. */
function serverWith(changes: Partial<NatsServer>): NatsServer {
  return new Proxy(server, {
    get(target, key) {
      const value = Reflect.get(key in changes ? changes : target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const serverSabotages: readonly (readonly [name: string, missing: string, changes: () => Partial<NatsServer>])[] = [
  ["a stop that does nothing", "stop-server", () => ({ stop: doesNothing })],
  ["a store that is never lost", "stop-server", () => ({ restart: as => server.restart({ ...as, store: "kept" }) })],
  ["a pause that does nothing", "pause-server", () => ({ pause: doesNothing })],
  ["a pause that does nothing and says it did", "pause-server", () => ({ pause: doesNothing, isHalted: true })],
  [
    "a server that always has JetStream",
    "no-jetstream",
    () => ({ restart: as => server.restart({ ...as, jetStream: true }) }),
  ],
  [
    "a server that asks nobody for credentials",
    "refuse-credentials",
    () => ({
      restart: (as = {}) => {
        const { authorization: _, ...others } = as;
        return server.restart(others);
      },
    }),
  ],
];

test.each(serverSabotages)("%s: no %s", { timeout: 30_000 }, async (_, missing, changes) => {
  const { capabilities, findings } = await testServer(serverWith(changes()), impatient);
  expect(findings.filter(finding => !finding.ok)).not.toEqual([]);
  expect(capabilities).toEqual(allOfServer.filter(capability => capability !== missing));
  await server.restart({ store: "lost" });
});

test("arguments are refused that the proxy would take without a word", async () => {
  const link = trueLink(port + 1);
  await link.open({ closesWith: "fin" });
  expect(() => link.limit(-1)).toThrow(RangeError);
  expect(() => link.limit(1.5)).toThrow(RangeError);
  await link.hold();
  await expect(link.limit(5)).rejects.toThrow(/cannot be laid on "hold"/);
  expect((await link.toxics()).map(({ name }) => name)).toEqual(["hold"]);
  await link.cut();
  await expect(link.hold()).rejects.toThrow(/not open/);
  expect(() => toxiproxy.link(port, 0)).toThrow(RangeError);
});

/** What a link does to a real client of a real server: an acknowledgement lost, a greeting that never comes, a client that cannot read. */
import { once } from "node:events";
import { createConnection } from "node:net";
import { jetstream } from "@nats-io/jetstream";
import { type ConnectionOptions, connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { LinkTaken } from "../../../src/worlds/driver/rig.ts";
import { isConnectedTo } from "../../../src/worlds/live/dials.ts";
import { type Lease, openLease } from "../../../src/worlds/live/leases.ts";
import { LinkPool } from "../../../src/worlds/live/link-pool.ts";
import { NatsServer } from "../../../src/worlds/live/nats-server.ts";
import { findServers } from "../../../src/worlds/live/servers.ts";
import { type LiveStreams, openStreams } from "../../../src/worlds/live/streams.ts";
import { type LiveLink, Toxiproxy } from "../../../src/worlds/live/toxiproxy.ts";

let lease: Lease;
let server: NatsServer;
let toxiproxy: Toxiproxy;
let streams: LiveStreams;
let link: LiveLink;

beforeAll(async () => {
  const servers = await findServers({}, line => console.error(line));
  lease = await openLease();
  const { folder, ports } = lease;
  const [port = 0, monitorPort = 0, apiPort = 0] = ports;
  const maxPendingBytes = 1024 * 1024;
  server = await NatsServer.start({ program: servers.natsServer, port, monitorPort, folder, maxPendingBytes });
  const { versions, toxiproxy: program } = servers;
  toxiproxy = await Toxiproxy.start({ program, version: versions.toxiproxy, apiPort, folder });
  streams = await openStreams(server.port);
}, 1_200_000);

beforeEach(async () => {
  link = toxiproxy.link(lease.ports[3] ?? 0, server.port);
  const common = { duplicateWindowMs: 60_000, discard: "old", made: "present" } as const;
  await streams.create([{ ...common, name: "JOBS", subjects: ["job"], storage: "memory" }]);
});

afterEach(async () => {
  if (link.isOpen) await link.cut();
  await streams.deleteAll();
});

afterAll(async () => {
  await streams?.close();
  await toxiproxy?.end();
  await server?.end();
  await lease?.release();
});

const dial = (options: ConnectionOptions = {}): Promise<NatsConnection> =>
  connect({ servers: `127.0.0.1:${link.port}`, reconnect: false, timeout: 5_000, ...options });

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

/** What another does to the proxy, past the link. */
async function ask(method: string, path: string, body?: object): Promise<void> {
  const url = `http://127.0.0.1:${lease.ports[2]}/proxies${path === "" ? "" : `/${path}`}`;
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
}

async function heldCount(): Promise<number> {
  return (await streams.held("JOBS")).runs.reduce((sum, run) => sum + run.count, 0);
}

test("the bytes of ended connections are counted at both ends, by the turn of their opening", async () => {
  const before = await link.counted();
  for (const turn of [1, 2]) {
    await link.open({ closesWith: "fin", turn });
    const client = await dial();
    for (let i = 0; i < 10 * turn; i += 1) client.publish("counted", "x".repeat(100));
    await client.flush();
    await link.cut();
    await client.closed();
  }
  const carried = async (turn: number) => {
    const [was, is] = [before.get(turn) ?? { received: 0, sent: 0 }, (await link.counted()).get(turn)];
    return { received: (is?.received ?? 0) - was.received, sent: (is?.sent ?? 0) - was.sent };
  };
  await expect.poll(async () => (await carried(2)).sent).toBeGreaterThan(20 * 100);
  const [one, two] = [await carried(1), await carried(2)];
  expect([one.sent, two.sent]).toEqual([one.received, two.received]);
  expect(two.sent - one.sent).toBe(10 * "PUB counted 100\r\n\r\n".length + 10 * 100);
});

test("a connection whose client still sends when its limit ends it is often counted at the server's end alone", async () => {
  const before = await link.counted();
  const turns = [...Array(10).keys()].map(index => index + 20);
  for (const turn of turns) {
    await link.open({ closesWith: "fin", turn });
    await link.limit(1);
    const socket = createConnection({ host: "127.0.0.1", port: link.port });
    const closed = new Promise<void>(resolve => socket.once("close", () => resolve()));
    socket.on("error", () => {}).resume();
    socket.write("+".repeat(1_000_000));
    await closed;
    await link.cut();
  }
  const countedIn = async (turn: number) => {
    const [was, is] = [before.get(turn), (await link.counted()).get(turn)];
    return { received: (is?.received ?? 0) - (was?.received ?? 0), sent: (is?.sent ?? 0) - (was?.sent ?? 0) };
  };
  for (const turn of turns) await expect.poll(async () => (await countedIn(turn)).sent).toBe(1);
  const received = await Promise.all(turns.map(async turn => (await countedIn(turn)).received));
  expect(received).toContain(0);
});

test("the next acknowledgement is lost with its connection, what it acknowledged is stored, and dials fail until the release", async () => {
  await link.open({ closesWith: "fin" });
  const client = await dial();
  const publisher = jetstream(client, { timeout: 2_000 });
  await publisher.publish("job", "00000000", { msgID: "zero" });
  await link.loseNextDownstream();
  expect(link.shows("lose-downstream")).toBe(true);
  await expect(publisher.publish("job", "00000001", { msgID: "one" })).rejects.toThrow();
  await client.closed();
  expect(await heldCount()).toBe(2);
  await expect(dial()).rejects.toThrow();

  await link.release("lose-downstream");
  const next = await dial();
  expect((await jetstream(next).publish("job", "00000001", { msgID: "one" })).duplicate).toBe(true);
  expect(await heldCount()).toBe(2);
  await next.close();
});

test("the server's own PING, 2 s after the connect, is not taken for the acknowledgement", async () => {
  await link.open({ closesWith: "fin" });
  const socket = createConnection({ host: "127.0.0.1", port: link.port });
  let received = "";
  socket.setEncoding("latin1").on("data", text => {
    received += text;
  });
  const until = async (words: string): Promise<void> => {
    while (!received.includes(words)) await once(socket, "data");
  };
  socket.write('CONNECT {"verbose":false}\r\nSUB reply 1\r\nPING\r\n');
  await until("PONG");
  received = "";
  await link.loseNextDownstream();
  await until("PING\r\n");
  expect(received).toBe("PING\r\n");
  socket.write("PUB job reply 10\r\n00000000xx\r\n");
  await once(socket, "close");
  expect(received).toBe("PING\r\nM");
  expect(await heldCount()).toBe(1);
});

test("dials are accepted and no greeting comes, until the link is opened anew", async () => {
  await link.open({ closesWith: "fin", silentHandshake: true });
  expect(link.shows("silent-handshake")).toBe(true);
  await expect(dial({ timeout: 300 })).rejects.toThrow(/timeout/i);
  await link.cut();
  await link.open({ closesWith: "fin" });
  await (await dial()).close();
});

test("a client that is given nothing becomes the server's slow consumer", async () => {
  await link.open({ closesWith: "fin" });
  const reader = await dial({ name: "reader" });
  reader.subscribe("flood", { callback: () => {} });
  await reader.flush();
  await link.chokeDownstream(0);
  expect(link.shows("choke-downstream", 0)).toBe(true);
  const before = (await server.state()).slowConsumers;
  const writer = await connect({ servers: `127.0.0.1:${server.port}` });
  const chunk = new Uint8Array(10_000);
  for (let round = 0; round < 200 && (await server.state()).slowConsumers === before; round += 1) {
    for (let i = 0; i < 100; i += 1) writer.publish("flood", chunk);
    await writer.flush();
  }
  expect((await server.state()).slowConsumers).toBe(before + 1);
  // Counted first, then closed.
  const isOpen = async (): Promise<boolean> => (await server.connectionsOpen()).some(one => one.name === "reader");
  await expect.poll(isOpen, { timeout: 10_000 }).toBe(false);
  await writer.close();
  await link.cut();
  await reader.closed();
});

test("a narrow link passes all of it, later", async () => {
  await link.open({ closesWith: "fin" });
  const reader = await dial();
  let received = 0;
  const whole = new Promise<void>(resolve => {
    reader.subscribe("some", {
      callback: (_, message) => {
        received += message.data.length;
        if (received === 30_000) resolve();
      },
    });
  });
  await reader.flush();
  await link.chokeDownstream(100);
  const began = performance.now();
  const writer = await connect({ servers: `127.0.0.1:${server.port}` });
  for (let i = 0; i < 30; i += 1) writer.publish("some", new Uint8Array(1_000));
  await writer.flush();
  await whole;
  expect(performance.now() - began).toBeGreaterThan(200);
  await writer.close();
  await reader.close();
});

test("what the replies have shown is told to the letter", async () => {
  expect(link.shows("hold")).toBe(false);
  await link.open({ closesWith: "rst", heldDownstream: true });
  expect([link.shows("closes-with-rst"), link.shows("hold-downstream"), link.shows("hold")]).toEqual([
    true,
    true,
    false,
  ]);
  await link.limit(5);
  expect([link.shows("limit", 5), link.shows("limit", 6)]).toEqual([true, false]);
  await link.release("limit");
  expect(link.shows("limit", 5)).toBe(false);
  await expect(link.release("limit")).rejects.toThrow(/There is no "limit"/);
  expect(() => link.chokeDownstream(-1)).toThrow(RangeError);
  await expect(link.loseNextDownstream()).rejects.toThrow(/cannot be laid on "hold-downstream"/);
  await link.cut();
  expect([link.shows("closes-with-rst"), link.isOpen]).toEqual([false, false]);
});

const latency = { type: "latency", stream: "upstream", toxicity: 1, attributes: { latency: 600_000, jitter: 0 } };
const foreign: readonly (readonly [what: string, call: Call])[] = [
  ["disables", { method: "PATCH", path: "", body: { enabled: false } }],
  ["removes", { method: "DELETE", path: "" }],
  ["takes a toxic from", { method: "DELETE", path: "/toxics/hold" }],
  ["lays a toxic on", { method: "POST", path: "/toxics", body: { ...latency, name: "another", stream: "downstream" } }],
  ["keeps from its connections", { method: "PATCH", path: "/toxics/hold", body: { toxicity: 0 } }],
  ["gives another amount", { method: "PATCH", path: "/toxics/hold", body: { attributes: { latency: 0 } } }],
];
test.each(foreign)("a link that another %s is no longer as it was shown", async (_, { method, path, body }) => {
  await link.open({ closesWith: "fin" });
  await link.hold();
  expect([await link.stillShows("hold"), await link.stillShows("hold", "limit")]).toEqual([true, false]);
  await ask(method, `link-${link.port}${path}`, body);
  expect(link.shows("hold")).toBe(true);
  expect(await link.stillShows("hold")).toBe(false);
});

test.each([
  ["of its name", () => link.port],
  ["of another name on its port", () => 1],
])("a link that has been open is not opened where there is a proxy %s", async (_, number) => {
  await link.open({ closesWith: "fin" });
  await link.cut();
  const name = `link-${number()}`;
  await ask("POST", "", { name, listen: `127.0.0.1:${link.port}`, upstream: "127.0.0.1:1", enabled: true });
  expect(link.isOpen).toBe(false);
  await expect(link.open({ closesWith: "fin" })).rejects.toThrow(LinkTaken);
  await expect(link.open({ closesWith: "rst" })).rejects.toThrow(LinkTaken);
  await ask("DELETE", name);
  await link.open({ closesWith: "fin" });
});

test("a link that another has removed can be cut, and opened again", async () => {
  await link.open({ closesWith: "fin" });
  await ask("DELETE", `link-${link.port}`);
  await link.cut();
  await link.open({ closesWith: "fin" });
  await (await dial()).close();
});

test("of the links of a pool one is cut off alone or ends its connections, and the client goes on to another", async () => {
  const others = [4, 5].map(place => toxiproxy.link(lease.ports[place] ?? 0, server.port));
  const pool = new LinkPool(link, others, isConnectedTo);
  await pool.open({ closesWith: "fin" });
  const [first = 0, second = 0, third = 0] = pool.ports;
  const client = await dial({
    servers: pool.ports.map(port => `127.0.0.1:${port}`),
    noRandomize: true,
    reconnect: true,
    reconnectTimeWait: 20,
  });
  const at = (): readonly number[] => pool.ports.filter(isConnectedTo);
  expect(at()).toEqual([first]);
  await pool.cutAt(first);
  await expect.poll(at).toEqual([second]);
  await pool.endAt(second);
  await expect.poll(at).toEqual([third]);
  expect(pool.ports.map(port => pool.isOpenAt(port))).toEqual([false, true, true]);
  await pool.openRest();
  expect(pool.ports.every(port => pool.isOpenAt(port))).toBe(true);
  await client.close();
  await pool.cut();
});

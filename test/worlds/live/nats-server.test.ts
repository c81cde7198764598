/** The server does what it is told when the call returns, and the observer's list goes on across a restart. */
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lease, openLease } from "../../../src/worlds/live/leases.ts";
import { NatsServer } from "../../../src/worlds/live/nats-server.ts";
import { openObserver } from "../../../src/worlds/live/observer.ts";
import { findServers, type Servers } from "../../../src/worlds/live/servers.ts";
import { Toxiproxy } from "../../../src/worlds/live/toxiproxy.ts";

let lease: Lease;
let servers: Servers;
let server: NatsServer;
let port: number;

// Long, for the first build of the servers.
beforeAll(async () => {
  servers = await findServers({}, line => console.error(line));
  lease = await openLease();
  const [clientPort = 0, monitorPort = 0] = lease.ports;
  port = clientPort;
  server = await NatsServer.start({ program: servers.natsServer, port, monitorPort, folder: lease.folder });
}, 1_200_000);

afterAll(async () => {
  await server?.end();
  await lease?.release();
});

const payload = (number: number): string => `${String(number).padStart(8, "0")}xx`;

async function publish(payloads: readonly string[]): Promise<void> {
  const connection = await connect({ servers: `127.0.0.1:${port}`, reconnect: false });
  for (const each of payloads) connection.publish("some.subject", each);
  await connection.flush();
  await connection.close();
}

test("the observer keeps what arrived in order, through a kill and a restart", async () => {
  const content = { subject: "some.subject", bytes: 10 };
  const observer = await openObserver(port, ["some.subject"]);
  await publish([...Array.from({ length: 1000 }, (_, number) => payload(number)), payload(5), payload(5), payload(6)]);
  await publish(["short", "0000000ax", "00000001yy"]);
  await observer.flush();
  const before = [
    { first: 0, count: 1000, ...content },
    { first: 5, count: 1, ...content },
    { first: 5, count: 2, ...content },
  ];
  expect(observer.arrived()).toEqual({ runs: before, foreign: 3 });

  await server.stop("KILL");
  await expect(observer.flush()).rejects.toThrow();
  await server.restart();
  await observer.reopen();
  await publish([payload(7), payload(9)]);
  await observer.flush();
  const after = [
    { first: 5, count: 3, ...content },
    { first: 9, count: 1, ...content },
  ];
  expect(observer.arrived()).toEqual({ runs: [...before.slice(0, 2), ...after], foreign: 3 });
  await observer.close();
});

test("a halted server answers nobody until it is let go on, and can be stopped with TERM", async () => {
  await server.pause();
  await expect(connect({ servers: `127.0.0.1:${port}`, reconnect: false, timeout: 200 })).rejects.toThrow();
  await server.resume();
  await publish([payload(0)]);
  await server.pause();
  await server.stop("TERM");
  expect(server.pid).toBeUndefined();
  await expect(publish([payload(1)])).rejects.toThrow();
  await server.restart();
  await publish([payload(1)]);
});

test("the open connections are told by name", async () => {
  const connection = await connect({ servers: `127.0.0.1:${port}`, name: "one-of-mine", reconnect: false });
  connection.publish("another.subject", "12345");
  await connection.flush();
  const open = await server.connectionsOpen();
  expect(open.find(({ name }) => name === "one-of-mine")).toMatchObject({ inMsgs: 1, inBytes: 5 });
  await connection.close();
});

test("on a port that is taken neither server starts, and the error says why", async () => {
  const [, , monitorPort = 0] = lease.ports;
  const taken = { program: servers.natsServer, port, monitorPort, folder: `${lease.folder}/other` };
  await expect(NatsServer.start(taken)).rejects.toThrow(/address already in use/);
  const proxy = {
    program: servers.toxiproxy,
    version: servers.versions.toxiproxy,
    apiPort: port,
    folder: lease.folder,
  };
  await expect(Toxiproxy.start(proxy)).rejects.toThrow(/cannot listen there/);
});

test("an API that belongs to another Toxiproxy, or is of another version, is not believed", async () => {
  const [, , apiPort = 0, otherPort = 0] = lease.ports;
  const options = { program: servers.toxiproxy, version: servers.versions.toxiproxy, apiPort, folder: lease.folder };
  const toxiproxy = await Toxiproxy.start(options);
  await expect(Toxiproxy.start(options)).rejects.toThrow(/did not start/);
  await expect(Toxiproxy.start({ ...options, apiPort: otherPort, version: "0.0.0" })).rejects.toThrow(
    /is version .*, not 0\.0\.0/,
  );
  await toxiproxy.end();
});

test("the room for its streams is its own, and no machine's", async () => {
  const [, monitorPort] = lease.ports;
  const answer = await fetch(`http://127.0.0.1:${monitorPort}/jsz`);
  const { config } = (await answer.json()) as {
    config: Readonly<Record<"max_storage" | "max_memory", number>> & { store_dir: string };
  };
  expect([config.max_storage, config.max_memory]).toEqual([1024 ** 5, 1024 ** 5]);
  expect(config.store_dir.startsWith(lease.folder)).toBe(true);
});

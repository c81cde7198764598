/** What befalls a server is so when the call returns, is seen in what the server says of itself, and ends with the next start. */
import { once } from "node:events";
import { createConnection } from "node:net";
import { jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { type Lease, openLease } from "../../../src/worlds/live/leases.ts";
import { NatsServer } from "../../../src/worlds/live/nats-server.ts";
import { openObserver } from "../../../src/worlds/live/observer.ts";
import { findServers } from "../../../src/worlds/live/servers.ts";
import { openStreams } from "../../../src/worlds/live/streams.ts";

let lease: Lease;
let server: NatsServer;

beforeAll(async () => {
  const servers = await findServers({}, line => console.error(line));
  lease = await openLease();
  const [port = 0, monitorPort = 0] = lease.ports;
  server = await NatsServer.start({ program: servers.natsServer, port, monitorPort, folder: lease.folder });
}, 1_200_000);

afterEach(() => server.restart({ store: "lost" }));

afterAll(async () => {
  await server?.end();
  await lease?.release();
});

const dial = (options: { readonly user?: string; readonly pass?: string } = {}): Promise<NatsConnection> =>
  connect({ servers: `127.0.0.1:${server.port}`, reconnect: false, timeout: 2_000, ...options });

const stream = (name: string, storage: StreamPolicy["storage"]): StreamPolicy => ({
  name,
  subjects: [name],
  storage,
  duplicateWindowMs: 60_000,
  discard: "old",
  made: "present",
});

async function storeOn(...subjects: readonly string[]): Promise<void> {
  const client = await dial();
  for (const subject of subjects) await jetstream(client).publish(subject, "00000000");
  await client.close();
}

test("without JetStream a publish on it has no responders, and the next start brings it and the file stream back", async () => {
  const made = await openStreams(server.port);
  await made.create([stream("kept", "file")]);
  await made.close();
  await storeOn("kept");
  expect(await server.state()).toMatchObject({ hasJetStream: true, streams: 1, messages: 1 });

  await server.restart({ jetStream: false });
  expect(await server.state()).toMatchObject({ hasJetStream: false, streams: 0 });
  await expect(storeOn("kept")).rejects.toThrow(/not enabled/);

  await server.restart();
  expect(await server.state()).toMatchObject({ hasJetStream: true, streams: 1, messages: 1 });
  await storeOn("kept");
});

test("a server that requires credentials refuses who has none, or others, and serves who has them", async () => {
  const credentials = { user: "faultline", password: "open-sesame" };
  const observer = await openObserver(server.port, ["some.subject"]);
  await server.restart({ authorization: credentials });
  expect(await server.state()).toMatchObject({ requiresCredentials: true, hasJetStream: true });
  await expect(dial()).rejects.toThrow(/Authorization Violation/i);
  await expect(dial({ user: "faultline", pass: "wrong" })).rejects.toThrow(/Authorization Violation/i);

  await expect(openStreams(server.port)).rejects.toThrow(/Authorization Violation/i);
  const streams = await openStreams(server.port, credentials);
  expect(await streams.deleteAll()).toEqual([]);
  await streams.close();
  await observer.reopen(credentials);
  const client = await dial({ user: credentials.user, pass: credentials.password });
  client.publish("some.subject", "00000000");
  await client.flush();
  await observer.flush();
  expect(observer.arrived()).toEqual({ runs: [{ first: 0, count: 1, subject: "some.subject", bytes: 8 }], foreign: 0 });
  await client.close();
  await observer.close();

  await server.restart();
  expect((await server.state()).requiresCredentials).toBe(false);
  await (await dial()).close();
});

test.each(["TERM", "KILL"] as const)(
  "a lost store has no stream, a kept one the file stream alone: %s",
  async signal => {
    const made = await openStreams(server.port);
    await made.create([stream("filed", "file"), stream("memory", "memory")]);
    await made.close();
    await storeOn("filed", "filed", "memory");

    await server.stop(signal);
    await server.restart({ store: "kept" });
    expect(await server.state()).toMatchObject({ streams: 1, messages: 2 });
    const kept = await openStreams(server.port);
    expect((await kept.held("filed")).runs).toMatchObject([
      { first: 0, count: 1, subject: "filed" },
      { first: 0, count: 1, subject: "filed" },
    ]);
    await kept.close();

    await server.stop(signal);
    await server.restart({ store: "lost" });
    expect(await server.state()).toMatchObject({ hasJetStream: true, streams: 0, messages: 0 });
  },
);

test("a lame duck tells its clients, takes no other, and has ended when waited for", async () => {
  const client = await dial();
  const told = (async () => {
    for await (const { type } of client.status()) if (type === "ldm") return true;
    return false;
  })();
  await server.lameDuck();
  expect(server.logTail().some(line => line.includes("Entering lame duck mode"))).toBe(true);
  expect(await told).toBe(true);
  await expect(dial()).rejects.toThrow();
  // Who is still connected is served to the end.
  await client.flush();
  const closed = client.closed();
  await server.untilEnded();
  await closed;
  expect(server.pid).toBeUndefined();
  await server.untilEnded();
  await server.restart();
  await (await dial()).close();
});

test("a server that ended by itself is not taken for one that runs", async () => {
  const { pid = 0 } = server;
  process.kill(pid, "SIGKILL");
  await server.untilEnded();
  expect(server.pid).toBeUndefined();
  await expect(server.stop("TERM")).rejects.toThrow(/is not running/);
  await expect(server.lameDuck()).rejects.toThrow(/is not running/);
});

test("it says whether it is halted", async () => {
  expect(server.isHalted).toBe(false);
  await server.pause();
  expect(server.isHalted).toBe(true);
  await server.resume();
  await (await dial()).close();
  expect(server.isHalted).toBe(false);
});

test("the reason for an `-ERR` is known by the name of its client", async () => {
  const socket = createConnection(server.port, "127.0.0.1");
  await once(socket, "data");
  socket.write(
    'CONNECT {"verbose":false,"name":"faultline-9","lang":"test","version":"1"}\r\nPUB some.subject 99999999\r\n',
  );
  const [said] = (await once(socket, "data")) as [Buffer];
  expect(said.toString()).toContain("-ERR 'Maximum Payload Violation'");
  socket.destroy();
  await expect.poll(() => server.loggedAbout("faultline-9")).toEqual(["maximum payload exceeded: 99999999 vs 1048576"]);
  expect(server.loggedAbout("faultline-90")).toEqual([]);
});

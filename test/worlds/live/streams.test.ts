/** Streams and consumers are made as a policy says, read in order, and deleted without a trace; what goes wrong is said in words. */
import { DiscardPolicy, jetstream, jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import { connect, headers, type NatsConnection, nanos } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { consumerNameOf } from "../../../models/policy/streams.ts";
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { type Lease, openLease } from "../../../src/worlds/live/leases.ts";
import { NatsServer } from "../../../src/worlds/live/nats-server.ts";
import { findServers } from "../../../src/worlds/live/servers.ts";
import { type LiveStreams, openStreams } from "../../../src/worlds/live/streams.ts";

let lease: Lease;
let server: NatsServer;
let streams: LiveStreams;
let client: NatsConnection;

beforeAll(async () => {
  const servers = await findServers({}, line => console.error(line));
  lease = await openLease();
  const [port = 0, monitorPort = 0] = lease.ports;
  server = await NatsServer.start({ program: servers.natsServer, port, monitorPort, folder: lease.folder });
}, 1_200_000);

afterAll(async () => {
  await server?.end();
  await lease?.release();
});

beforeEach(async () => {
  streams = await openStreams(server.port);
  client = await connect({ servers: `127.0.0.1:${server.port}`, reconnect: false });
});

afterEach(async () => {
  await streams.deleteAll();
  await streams.close();
  await client.close();
});

const jobs: StreamPolicy = {
  name: "JOBS",
  subjects: ["job.>", "dead"],
  storage: "file",
  duplicateWindowMs: 60_000,
  discard: "old",
  made: "present",
};

const payload = (number: number): string => `${String(number).padStart(8, "0")}xx`;
const store = (number: number, options: { readonly subject?: string; readonly msgID?: string } = {}) =>
  jetstream(client).publish(
    options.subject ?? "job.a",
    payload(number),
    options.msgID === undefined ? {} : { msgID: options.msgID },
  );

test("streams may reserve by their limits what no machine has", async () => {
  const tebibyte = 2 ** 40;
  const reserving = { ...jobs, bytesMax: 100 * tebibyte };
  await streams.create([reserving, { ...reserving, name: "MEMORY", subjects: ["m"], storage: "memory" }]);
  const { streams: made } = jetstream(client);
  for (const name of ["JOBS", "MEMORY"])
    expect((await (await made.get(name)).info()).config.max_bytes).toBe(100 * tebibyte);
});

test("a stream is made as its policy says", async () => {
  const memory: StreamPolicy = {
    ...jobs,
    name: "SMALL",
    subjects: ["s"],
    storage: "memory",
    messagesMax: 2,
    discard: "new",
  };
  await streams.create([jobs, memory]);
  const { streams: made } = jetstream(client);
  expect((await (await made.get("JOBS")).info()).config).toMatchObject({
    subjects: ["job.>", "dead"],
    storage: "file",
    duplicate_window: 60_000_000_000,
    max_msgs: -1,
    discard: "old",
    num_replicas: 1,
  });
  await store(0, { subject: "s" });
  await store(1, { subject: "s" });
  await expect(store(2, { subject: "s" })).rejects.toThrow(/maximum messages exceeded/);
  expect(await streams.held("SMALL")).toMatchObject({ runs: [{ first: 0, count: 2 }], foreign: 0 });
});

test("what a stream holds is told in order, its dead letters apart, and whatever the headers", async () => {
  await streams.create([jobs]);
  expect(await streams.held("JOBS")).toMatchObject({
    ...{ runs: [], foreign: 0, numbers: undefined },
    state: { firstNumber: 1, lastNumber: 0, messages: 0, deleted: 0 },
  });
  for (const number of [0, 1, 2]) await store(number);
  await store(7, { subject: "dead", msgID: "dead-letter:job.a:7" });
  await jetstream(client).publish("dead", "", { msgID: "dead-letter:job.a:8" });
  await store(3, { msgID: "three" });
  expect((await store(3, { msgID: "three" })).duplicate).toBe(true);
  const withHeader = headers();
  withHeader.set("Some", "header");
  client.publish("job.b", payload(1), { headers: withHeader });
  client.publish("job.b", "not of ours");
  await client.flush();
  await store(9);
  const runs = [
    { first: 0, count: 4, subject: "job.a", bytes: 10 },
    { first: 1, count: 1, subject: "job.b", bytes: 10 },
    { first: 9, count: 1, subject: "job.a", bytes: 10 },
  ];
  const deadLetters = [
    { of: { subject: "job.a", message: 7 }, subject: "dead", bytes: 10, number: 7 },
    { of: { subject: "job.a", message: 8 }, subject: "dead", bytes: 0, number: undefined },
  ];
  expect(await streams.held("JOBS")).toEqual({
    runs,
    foreign: 1,
    deadLetters,
    numbers: { first: 1, last: 9 },
    state: { firstNumber: 1, lastNumber: 9, messages: 9, deleted: 0, keepsMax: Number.POSITIVE_INFINITY },
  });
  expect(await streams.names()).toEqual(["JOBS"]);
});

test("what a full stream has discarded shows in the first number that it holds, and what was deleted from it as a gap", async () => {
  const ring: StreamPolicy = { ...jobs, messagesMax: 3 };
  await streams.create([ring]);
  for (const number of [0, 1, 2, 3, 4]) await store(number);
  const held = [{ first: 2, count: 3, subject: "job.a", bytes: 10 }];
  expect(await streams.held("JOBS")).toEqual({
    runs: held,
    foreign: 0,
    deadLetters: [],
    numbers: { first: 3, last: 5 },
    state: { firstNumber: 3, lastNumber: 5, messages: 3, deleted: 0, keepsMax: 3 },
  });
  const api = await jetstreamManager(client);
  await api.streams.deleteMessage("JOBS", 4);
  const afterDelete = { firstNumber: 3, lastNumber: 5, messages: 2, deleted: 1, keepsMax: 3 };
  expect((await streams.held("JOBS")).state).toEqual(afterDelete);
  await server.restart();
  await streams.close();
  streams = await openStreams(server.port);
  expect((await streams.held("JOBS")).state).toEqual(afterDelete);
});

test("removals are heard with the name of the client that asked for them, except one's own", async () => {
  await streams.create([jobs, { ...jobs, name: "SMALL", subjects: ["s"] }]);
  for (const number of [0, 1, 2]) await store(number);
  const removing = await connect({ servers: `127.0.0.1:${server.port}`, name: "ops" });
  const api = await jetstreamManager(removing);
  await api.streams.deleteMessage("JOBS", 3);
  await expect(api.streams.deleteMessage("JOBS", 9)).rejects.toThrow();
  await api.streams.update("SMALL", { max_msgs: 5 });
  await api.streams.purge("JOBS");
  await api.streams.delete("SMALL");
  await removing.close();
  expect((await streams.held("JOBS")).state).toMatchObject({ firstNumber: 4, lastNumber: 3, messages: 0, deleted: 0 });
  await streams.deleteAll();
  // The server sends an audit after its answer, from one of several workers, so two audits may change places.
  const heard = async (): Promise<readonly string[]> =>
    (await streams.removals()).map(({ stream, what, by }) => `${by} ${stream} ${what}`).sort();
  await expect.poll(heard).toEqual(["ops JOBS message", "ops JOBS messages", "ops SMALL settings", "ops SMALL stream"]);
});

test.each([
  ["nothing", {}, Number.POSITIVE_INFINITY],
  ["the oldest beyond a number", { max_msgs: 4 }, 4],
  [
    "nothing, since it refuses what is new",
    { max_msgs: 4, max_bytes: 4_096, discard: DiscardPolicy.New },
    Number.POSITIVE_INFINITY,
  ],
  ["the oldest beyond a size", { max_bytes: 4_096 }, undefined],
  ["what is too old", { max_age: nanos(60_000) }, undefined],
  ["all but the last of a subject", { max_msgs_per_subject: 1 }, undefined],
  ["what a later message rolls up", { allow_rollup_hdrs: true }, undefined],
  ["what a publisher gave a time to live", { allow_msg_ttl: true }, undefined],
  ["what was handled", { retention: RetentionPolicy.Workqueue }, undefined],
])("a stream's settings tell what it lets go: %s", async (_, settings, keepsMax) => {
  const api = await jetstreamManager(client);
  await api.streams.add({ name: "OWN", subjects: ["own"], ...settings });
  expect((await streams.held("OWN")).state.keepsMax).toBe(keepsMax);
});

test("reading leaves the stream as it was, and takes thousands of messages", async () => {
  await streams.create([jobs]);
  for (let number = 0; number < 5_000; number += 1) client.publish("job.a", payload(number));
  await client.flush();
  await store(5_000);
  expect(await streams.held("JOBS")).toMatchObject({ runs: [{ first: 0, count: 5_001 }], foreign: 0 });
  const { state } = await (await jetstream(client).streams.get("JOBS")).info();
  expect([state.messages, state.consumer_count]).toEqual([5_001, 0]);
});

test("a bound consumer delivers, counts and gives up as asked", async () => {
  await streams.create([jobs]);
  expect(await streams.consumer("job.a")).toBeUndefined();
  expect(await streams.consumer("of.no.stream")).toBeUndefined();
  await streams.bind({ subject: "job.a", ackWaitMs: 100, deliverMax: 2 });
  expect(consumerNameOf("job.*.x-1")).toBe("faultline_job___x_1");
  for (const number of [0, 1]) await store(number);
  await store(2, { subject: "job.b" });
  expect(await streams.consumer("job.a")).toEqual({ numPending: 2, numAckPending: 0, numRedelivered: 0, delivered: 0 });

  const consumer = await jetstream(client).consumers.get("JOBS", consumerNameOf("job.a"));
  const first = await consumer.next();
  expect(first?.string()).toBe(payload(0));
  expect(await streams.consumer("job.a")).toEqual({ numPending: 1, numAckPending: 1, numRedelivered: 0, delivered: 1 });
  // Not acknowledged: it comes once more, and then no more.
  const second = await consumer.next();
  expect(await second?.ackAck()).toBe(true);
  const again = await consumer.next({ expires: 5_000 });
  expect([again?.string(), again?.info.deliveryCount]).toEqual([payload(0), 2]);
  expect(await streams.consumer("job.a")).toEqual({ numPending: 0, numAckPending: 1, numRedelivered: 1, delivered: 3 });
  expect((await consumer.info()).config).toMatchObject({
    ack_policy: "explicit",
    deliver_policy: "all",
    max_deliver: 2,
  });
});

test("deleting all takes consumers and duplicate windows along", async () => {
  await streams.create([jobs, { ...jobs, name: "OTHER", subjects: ["other"] }]);
  await streams.bind({ subject: "job.a", ackWaitMs: 1_000, deliverMax: -1 });
  await store(0, { msgID: "zero" });
  expect([...(await streams.deleteAll())].sort()).toEqual(["JOBS", "OTHER"]);
  expect((await server.state()).streams).toBe(0);
  expect(await streams.deleteAll()).toEqual([]);
  await streams.create([jobs]);
  expect(await streams.consumer("job.a")).toBeUndefined();
  expect((await store(0, { msgID: "zero" })).duplicate).toBe(false);
});

describe("what goes wrong is said in words", () => {
  test("a stream that is not there, one whose subjects overlap, a consumer without a stream", async () => {
    await expect(streams.held("JOBS")).rejects.toThrow(
      /on port \d+ was asked what the stream JOBS holds: stream not found/,
    );
    await streams.create([jobs]);
    await expect(streams.create([{ ...jobs, name: "TWICE" }])).rejects.toThrow(
      /create the stream TWICE: subjects overlap/,
    );
    const nowhere = streams.bind({ subject: "nowhere", ackWaitMs: 1_000, deliverMax: 1 });
    await expect(nowhere).rejects.toThrow(/bind a consumer to nowhere: no stream takes that subject/);
  });

  test("a server without JetStream, and one that is gone", async () => {
    await server.restart({ jetStream: false });
    await expect(openStreams(server.port)).rejects.toThrow(/on port \d+ was asked for JetStream: /);
    await server.stop("TERM");
    await expect(openStreams(server.port)).rejects.toThrow();
    await expect(streams.deleteAll()).rejects.toThrow(/was asked for its streams: /);
    await server.restart();
    streams = await openStreams(server.port);
  });
});

/** A cluster of three keeps what it acknowledged, once each, through restarts, a leader that steps down and a node that is killed. */
import { type JetStreamClient, jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { Cluster } from "../../../src/worlds/live/cluster.ts";
import { type Lease, openLease } from "../../../src/worlds/live/leases.ts";
import { findServers } from "../../../src/worlds/live/servers.ts";
import { openStreams } from "../../../src/worlds/live/streams.ts";

const boundMs = 180_000;
let lease: Lease;
let cluster: Cluster;
let client: NatsConnection;

beforeAll(async () => {
  const servers = await findServers({}, line => console.error(line));
  lease = await openLease();
  cluster = await Cluster.start({ program: servers.natsServer, ports: lease.ports, folder: lease.folder });
}, 1_200_000);

beforeEach(async () => {
  const streams = await openStreams(firstPort());
  await streams.create([jobs], 3);
  await streams.close();
  await cluster.untilSettled();
  client = await connect({
    servers: cluster.servers,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    noRandomize: true,
  });
}, boundMs);

afterEach(async () => {
  await client.close();
  const streams = await openStreams(firstPort());
  await streams.deleteAll();
  await streams.close();
}, boundMs);

afterAll(async () => {
  await cluster?.end();
  await lease?.release();
});

const firstPort = (): number => cluster.nodes[0]?.port ?? 0;

const jobs: StreamPolicy = {
  name: "JOBS",
  subjects: ["job"],
  storage: "file",
  duplicateWindowMs: 120_000,
  discard: "old",
  made: "present",
};

/** Publishes one after the other until `isDone`, and at least 20; the answer is how many, none of them in doubt. */
async function publishUntil(isDone: () => boolean): Promise<number> {
  const publisher = jetstream(client, { timeout: 1_000 });
  const until = performance.now() + boundMs;
  let acked = 0;
  while (!isDone() || acked < 20) {
    await publishAcknowledged(publisher, String(acked).padStart(8, "0"), until);
    acked += 1;
  }
  return acked;
}

/** Again with the same id until it is acknowledged: one that was given up in doubt may be stored, and would be one too many. */
async function publishAcknowledged(publisher: JetStreamClient, number: string, until: number): Promise<void> {
  for (;;) {
    try {
      await publisher.publish("job", number, { msgID: number });
      return;
    } catch (cause) {
      if (performance.now() > until) throw new Error(`message ${number} was not acknowledged`, { cause });
    }
  }
}

async function acknowledgedDuring(disturbance: Promise<void>): Promise<number> {
  let done = false;
  const [acked] = await Promise.all([
    publishUntil(() => done),
    disturbance.finally(() => {
      done = true;
    }),
  ]);
  return acked;
}

async function expectExactly(count: number, port = firstPort()): Promise<void> {
  const streams = await openStreams(port);
  expect(await streams.held("JOBS")).toMatchObject({ runs: [{ first: 0, count }], foreign: 0 });
  await streams.close();
}

test.each([false, true])(
  "all that is acknowledged during a rolling restart is stored once: lame duck %s",
  async lameDuck => {
    const before = cluster.nodes.map(({ pid }) => pid);
    const acked = await acknowledgedDuring(cluster.rollingRestart({ lameDuck }));
    const after = cluster.nodes.map(({ pid }) => pid);
    expect(after.filter(pid => pid === undefined || before.includes(pid))).toEqual([]);
    await expectExactly(acked);
  },
  boundMs,
);

test(
  "a leader that steps down is followed by another, and nothing acknowledged is lost",
  async () => {
    const before = await cluster.leaderOf("JOBS");
    const acked = await acknowledgedDuring(cluster.stepDown("JOBS"));
    expect(await cluster.leaderOf("JOBS")).not.toBe(before);
    await expectExactly(acked);
    await expect(cluster.stepDown("NOWHERE")).rejects.toThrow(/stream not found/);
  },
  boundMs,
);

test(
  "the node that leads is killed: the others go on, and it catches up when it is back",
  async () => {
    const leader = cluster.node((await cluster.leaderOf("JOBS")) ?? "");
    const killed = async (): Promise<void> => {
      await leader.stop("KILL");
      await cluster.untilSettled();
      expect(leader.pid).toBeUndefined();
      await leader.restart();
      await cluster.untilSettled();
    };
    const acked = await acknowledgedDuring(killed());
    await expectExactly(acked);
    // The one that was away has all of it, too, as soon as the last message, which two others can acknowledge, has reached it.
    await expect.poll(async () => (await leader.state()).messages, { timeout: boundMs }).toBe(acked);
  },
  boundMs,
);

test(
  "what a stream holds is read through any node, however fresh the consumer is that reads it",
  async () => {
    const acked = await acknowledgedDuring(Promise.resolve());
    for (const node of Array.from({ length: 30 }, () => cluster.nodes).flat()) await expectExactly(acked, node.port);
  },
  boundMs,
);

test("what a cluster has not got is said in words", async () => {
  expect(() => cluster.node("node-9")).toThrow(/no node node-9/);
  await expect(Cluster.start({ program: "nats-server", ports: [1, 2], folder: lease.folder })).rejects.toThrow(
    /needs 9 ports, not 2/,
  );
});

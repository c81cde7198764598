/**
 * What is particular to the service of nats.js 3 under a policy: its bounded stop, its shared consumers, and the errors of its library,
 * against a real nats-server. What every bus with a policy does is in policy-buses.slow.test.ts.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection, nanos } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { BusClient } from "../../src/bus-protocol/bus-client.ts";
import type { BusEvent, PublishCall } from "../../src/bus-protocol/protocol.ts";
import { findBus } from "../../src/bus-protocol/registry.ts";
import { type SpawnedBus, spawnBus } from "./spawn-bus.ts";
import { findNatsServer, type SpawnedServer, spawnServer, storeFolder } from "./spawn-server.ts";

const deadlineMs = 10_000;
const ok = { outcome: { is: "ok" } };
const natsServer = await findNatsServer();

const hardened: Policy = {
  version: 1,
  name: "hardened",
  why: "cordum-hardened in short: one stream, waits that a test can sit through",
  families: [],
  classifier: [{ pattern: "job.>" }],
  streams: [
    {
      name: "JOBS",
      subjects: ["job.>", "letters"],
      storage: "memory",
      duplicateWindowMs: 10_000,
      messagesMax: 20,
      discard: "new",
      made: "created",
    },
  ],
  taps: [],
  publish: { messageIds: [{ subjects: ">", id: "event" }], ackTimeoutMs: 400, attemptsMax: 2 },
  consume: {
    durables: "created",
    ackWaitMs: 1_000,
    deliverMax: -1,
    failures: "dead-letter",
    deadLetterSubject: "letters",
  },
  startup: {
    strategy: "retry-with-deadline",
    deadlineMs: 1_000,
    connectTimeoutMs: 500,
    jetStreamProbe: "until-usable",
    readiness: "connected-and-durable",
    liveness: "independent",
    whenClosed: "exit",
  },
  shutdown: { strategy: "four-steps", budgetMs: 600, forced: true, tellsLoss: true },
  supervisor: { restartMs: 100, killAfterMs: 2_000 },
  client: {},
  demands: [],
};

const stopsBy = (strategy: Policy["shutdown"]["strategy"], forced = true): Policy => ({
  ...hardened,
  shutdown: { ...hardened.shutdown, strategy, forced },
});

const publish = (count: number, more: Partial<PublishCall> = {}): PublishCall => ({
  do: "publish",
  subject: "job.a",
  first: 0,
  count,
  bytes: 16,
  ...more,
});
const told = (outcome: object, count = 1) => ({ outcomes: [{ count, outcome: expect.objectContaining(outcome) }] });
const ending = (because: string, forced: boolean, toldLost: number) => ({
  event: "ending",
  case: 1,
  because,
  forced,
  toldLost,
});

describe.skipIf(natsServer === null)("with a nats-server", () => {
  const store = storeFolder();
  let server: SpawnedServer;
  let observer: NatsConnection;
  let jsm: JetStreamManager;
  const running: SpawnedBus[] = [];

  const withJetStream = ["-js", "-sd", store.folder];
  async function serverAgain(args: readonly string[] = withJetStream): Promise<void> {
    await server.stop();
    server = await spawnServer(natsServer ?? "", args, server.port);
    await observerIsBack();
  }

  /** What it asks for while down, nats.js loses at the next dial. */
  async function observerIsBack(): Promise<void> {
    const until = performance.now() + deadlineMs;
    for (;;) {
      try {
        await observer.rtt();
        return;
      } catch (error) {
        if (performance.now() > until) throw error;
        await wait(10);
      }
    }
  }

  beforeAll(async () => {
    server = await spawnServer(natsServer ?? "", withJetStream);
    observer = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 20 });
    jsm = await jetstreamManager(observer, { checkAPI: false });
  });
  afterAll(async () => {
    await observer?.close();
    await server?.stop();
    store.remove();
  });
  beforeEach(async () => {
    for await (const { config } of jsm.streams.list()) await jsm.streams.delete(config.name);
  });
  afterEach(() => {
    server.resume();
    for (const bus of running.splice(0)) bus.stop();
  });

  interface Running {
    readonly bus: SpawnedBus;
    readonly client: BusClient;
    /** Resolves with the event. */
    readonly sees: (fits: (event: BusEvent) => boolean) => Promise<BusEvent>;
  }

  async function begin(policy: Policy, url = server.url): Promise<Running> {
    const { command, folder } = findBus("typescript-nats-js-3");
    const bus = spawnBus("typescript-nats-js-3", command, folder);
    running.push(bus);
    const client = new BusClient(bus);
    await client.hello(deadlineMs);
    const options = { reconnectWaitMs: 50, reconnectAttemptsMax: -1, connectTimeoutMs: 500, ...policy.client };
    expect(await client.call({ do: "start", case: 1, url, name: "service", options, policy }, deadlineMs)).toEqual(ok);
    const sees: Running["sees"] = async fits => {
      expect(await client.waitFor(fits, 0, deadlineMs)).toBe(true);
      return client.eventsSince(0).find(fits) as BusEvent;
    };
    return { bus, client, sees };
  }

  async function serving(policy: Policy): Promise<Running> {
    const one = await begin(policy);
    expect(await one.sees(isPath)).toEqual({ event: "path", case: 1, path: "jetstream" });
    return one;
  }

  describe("a start", () => {
    test("that meets no server ends by its deadline", async () => {
      const { bus, sees, client } = await begin(hardened, "nats://127.0.0.1:1,nats://127.0.0.1:1");
      expect(await client.call(publish(2), deadlineMs)).toMatchObject(
        told({ is: "rejected", kind: "not-connected" }, 2),
      );
      expect(await client.call({ do: "probe" }, deadlineMs)).toEqual({ ready: false, live: true });
      expect(await sees(isEnding)).toEqual(ending("startup", false, 0));
      expect(await bus.exited).toEqual({ code: 1, signal: null });
    });

    test.each(["fail-fast", "retry-forever"] as const)("by %s with wrong credentials says so", async strategy => {
      const guarded = await spawnServer(natsServer ?? "", ["--user", "a", "--pass", "b"]);
      try {
        const { bus, sees } = await begin({ ...hardened, startup: { ...hardened.startup, strategy } }, guarded.url);
        expect(await sees(isEnding)).toEqual(ending("credentials", false, 0));
        expect(await bus.exited).toEqual({ code: 1, signal: null });
      } finally {
        await guarded.stop();
      }
    });

    test("before JetStream is not ready, and publishes through it once it is there", async () => {
      await serverAgain([]);
      const { client, sees } = await begin(hardened);
      await sees(isChange("connected"));
      expect(await client.call({ do: "probe" }, deadlineMs)).toEqual({ ready: false, live: true });
      expect(await client.call(publish(1), deadlineMs)).toMatchObject(told({ is: "rejected", kind: "no-responders" }));
      await serverAgain();
      await sees(isPath);
      expect(await client.call({ do: "probe" }, deadlineMs)).toEqual({ ready: true, live: true });
      expect(await client.call(publish(1), deadlineMs)).toMatchObject(told({ is: "acked" }));
    });

    test("that asks once publishes as core NATS for life", async () => {
      await serverAgain([]);
      const { client, sees } = await begin({ ...hardened, startup: { ...hardened.startup, jetStreamProbe: "once" } });
      expect(await sees(isPath)).toMatchObject({ path: "core" });
      await serverAgain();
      await sees(isChange("reconnected"));
      expect(await client.call(publish(1), deadlineMs)).toMatchObject(told({ is: "accepted" }));
      expect(await client.call({ do: "probe" }, deadlineMs)).toEqual({ ready: false, live: true });
    });
  });

  describe("a durable publish", () => {
    test("is acknowledged, known again by its id, and refused by a full stream", async () => {
      const { client } = await serving(hardened);
      expect(await client.call(publish(20), deadlineMs)).toMatchObject(told({ is: "acked" }, 20));
      expect(await client.call(publish(1), deadlineMs)).toMatchObject(told({ is: "acked", duplicate: true }));
      const beyond = publish(1, { first: 20 });
      expect(await client.call(beyond, deadlineMs)).toMatchObject(told({ is: "rejected", kind: "stream-full" }));
      const async = publish(2, { first: 18, async: true });
      expect(await client.call(async, deadlineMs)).toMatchObject(told({ is: "acked", duplicate: true }, 2));
    });

    test("without an answer is tried again under its id, and stored once", async () => {
      const { client } = await serving(hardened);
      await server.pause();
      expect(await client.call(publish(1), deadlineMs)).toMatchObject(told({ is: "unsettled", kind: "timeout" }));
      server.resume();
      expect(await client.call(publish(1), deadlineMs)).toMatchObject(told({ is: "acked", duplicate: true }));
      expect((await jsm.streams.info("JOBS")).state.messages).toBe(1);
    });
  });

  describe("a consumer", () => {
    test("handles in order, dead-letters what fails, and outlives the replica that made it", async () => {
      const { bus, client, sees } = await serving(hardened);
      await client.call(publish(2), deadlineMs);
      expect(await client.call({ do: "subscribe", subject: "job.a", handler: "fails" }, deadlineMs)).toEqual(ok);
      await sees(isHandled(1, 1));
      expect(client.eventsSince(0).filter(({ event }) => event === "handled")).toEqual(
        [0, 1].map(message => ({
          event: "handled",
          case: 1,
          subject: "job.a",
          message,
          delivery: 1,
          outcome: "dead-lettered",
        })),
      );
      terminate(bus);
      expect(await sees(isEnding)).toEqual(ending("stopped", false, 0));
      expect((await jsm.streams.info("JOBS", { subjects_filter: ">" })).state.subjects).toEqual({
        "job.a": 2,
        letters: 2,
      });
      expect((await jsm.consumers.info("JOBS", "faultline_job_a")).num_ack_pending).toBe(0);
    });

    test("is not deleted by a drain of the connection that made it", async () => {
      const { bus, client, sees } = await serving(stopsBy("drain"));
      expect(await client.call({ do: "subscribe", subject: "job.a", handler: "acks" }, deadlineMs)).toEqual(ok);
      terminate(bus);
      expect(await sees(isEnding)).toEqual(ending("stopped", false, 0));
      expect((await jsm.consumers.info("JOBS", "faultline_job_a")).name).toBe("faultline_job_a");
    });

    test("goes on after the server was away, and came back without JetStream at first", async () => {
      const file: Policy = {
        ...hardened,
        streams: hardened.streams.map(stream => ({ ...stream, storage: "file" as const })),
      };
      const { client, sees } = await serving(file);
      expect(await client.call({ do: "subscribe", subject: "job.a", handler: "acks" }, deadlineMs)).toEqual(ok);
      for (const args of [[], withJetStream]) {
        const mark = client.mark();
        await serverAgain(args);
        expect(await client.waitFor(isChange("reconnected"), mark, deadlineMs)).toBe(true);
      }
      expect(await client.call(publish(1), deadlineMs)).toMatchObject(told({ is: "acked" }));
      expect(await sees(isHandled(0, 1))).toMatchObject({ outcome: "acked" });
    });

    test("binds to what the operator has made, and to nothing else", async () => {
      const bound: Policy = { ...hardened, consume: { ...hardened.consume, durables: "bound" } };
      const { client, sees } = await serving(bound);
      const subscribe = { do: "subscribe", subject: "job.a", handler: "acks" } as const;
      expect(await client.call(subscribe, deadlineMs)).toMatchObject({ outcome: { is: "failed", kind: "other" } });
      await jsm.consumers.add("JOBS", {
        durable_name: "faultline_job_a",
        filter_subject: "job.a",
        ack_wait: nanos(500),
      });
      expect(await client.call(subscribe, deadlineMs)).toEqual(ok);
      await client.call(publish(1), deadlineMs);
      expect(await sees(isHandled(0, 1))).toMatchObject({ outcome: "acked" });
      expect(await client.call({ do: "subscribe", subject: "nowhere", handler: "acks" }, deadlineMs)).toMatchObject({
        outcome: { is: "failed", kind: "other" },
      });
    });
  });

  describe("a stop", () => {
    const heartbeats = publish(5, { subject: "heartbeat" });

    test("in four steps has lost nothing when it ends", async () => {
      const { bus, client, sees } = await serving(hardened);
      const beats = observe("heartbeat");
      await observer.flush();
      expect(await client.call(heartbeats, deadlineMs)).toMatchObject(told({ is: "accepted" }, 5));
      terminate(bus);
      expect(await sees(isEnding)).toEqual(ending("stopped", false, 0));
      expect(await bus.exited).toEqual({ code: 0, signal: null });
      expect(client.eventsSince(0).at(-2)).toMatchObject({ event: "connection", change: "closed" });
      await observer.flush();
      expect(beats()).toBe(5);
    });

    test.each(["four-steps", "drain"] as const)(
      "by %s in a silence ends with its budget, and tells the loss",
      async by => {
        const { bus, client, sees } = await serving(stopsBy(by));
        await server.pause();
        expect(await client.call(heartbeats, deadlineMs)).toMatchObject(told({ is: "accepted" }, 5));
        terminate(bus);
        expect(await sees(isEnding)).toEqual(ending("stopped", true, 5));
        expect(await bus.exited).toEqual({ code: 0, signal: null });
      },
    );

    test("by a drain that nobody bounds does not end in a silence", async () => {
      const { bus, client } = await serving(stopsBy("drain", false));
      await server.pause();
      terminate(bus);
      const { budgetMs } = hardened.shutdown;
      expect(await client.waitFor(isEnding, 0, 3 * budgetMs)).toBe(false);
      expect(await client.call(publish(1), deadlineMs)).toMatchObject(told({ is: "rejected", kind: "closed" }));
    });

    test("while down tells what it kept as lost: at once by drain, after its budget in four steps", async () => {
      for (const [by, forced] of [
        ["drain", false],
        ["four-steps", true],
      ] as const) {
        const { bus, client, sees } = await serving(stopsBy(by));
        await server.stop();
        await sees(isChange("disconnected"));
        expect(await client.call(heartbeats, deadlineMs)).toMatchObject(told({ is: "accepted" }, 5));
        terminate(bus);
        expect(await sees(isEnding), by).toEqual(ending("stopped", forced, 5));
        await serverAgain();
      }
    });

    test("waits for a handler that hangs until its budget ends, and the drain of the library does not", async () => {
      for (const [by, forced] of [
        ["four-steps", true],
        ["drain", false],
      ] as const) {
        const { bus, client, sees } = await serving(stopsBy(by));
        expect(await client.call({ do: "subscribe", subject: "job.a", handler: "hangs" }, deadlineMs)).toEqual(ok);
        await client.call(publish(2), deadlineMs);
        expect(await sees(isHandled(1, 1)), "one that hangs keeps no other waiting").toMatchObject({ outcome: "hung" });
        terminate(bus);
        expect(await sees(isEnding), by).toEqual(ending("stopped", forced, 0));
        await jsm.streams.delete("JOBS");
      }
    });

    test("before the first connection goes on trying until its budget ends", async () => {
      const forEver: Policy = { ...hardened, startup: { ...hardened.startup, strategy: "retry-forever" } };
      const { bus, sees } = await begin(forEver, "nats://127.0.0.1:1");
      terminate(bus);
      expect(await sees(isEnding)).toEqual(ending("stopped", true, 0));
      expect(await bus.exited).toEqual({ code: 0, signal: null });
    });

    test("by exit or close leaves what no round trip has answered for", async () => {
      for (const by of ["exit", "close", "subscriptions-then-close"] as const) {
        const { bus, client, sees } = await serving(stopsBy(by));
        await client.call(heartbeats, deadlineMs);
        terminate(bus);
        expect(await sees(isEnding), by).toEqual(ending("stopped", false, 5));
        expect(await bus.exited, by).toEqual({ code: 0, signal: null });
      }
    });
  });

  test("a client that has closed for good ends the process, where the policy says so", async () => {
    for (const whenClosed of ["exit", "ignore"] as const) {
      const gives: Policy = {
        ...hardened,
        startup: { ...hardened.startup, whenClosed },
        client: { reconnectAttemptsMax: 1 },
      };
      const { bus, client, sees } = await serving(gives);
      await server.stop();
      await sees(isChange("closed"));
      if (whenClosed === "exit") {
        expect(await sees(isEnding)).toEqual(ending("client-closed", false, 0));
        expect(await bus.exited).toEqual({ code: 1, signal: null });
      } else {
        expect(await client.call(publish(1), deadlineMs)).toMatchObject(told({ is: "rejected", kind: "closed" }));
        expect(await client.call({ do: "probe" }, deadlineMs)).toEqual({ ready: false, live: true });
      }
      await serverAgain();
    }
  });

  function observe(subject: string): () => number {
    let arrived = 0;
    observer.subscribe(subject, { callback: () => void arrived++ });
    return () => arrived;
  }
});

const isPath = ({ event }: BusEvent): boolean => event === "path";
const isEnding = ({ event }: BusEvent): boolean => event === "ending";
const isChange = (change: string) => (event: BusEvent) => event.event === "connection" && event.change === change;
const isHandled = (message: number, delivery: number) => (event: BusEvent) =>
  event.event === "handled" && event.message === message && event.delivery === delivery;

const terminate = (bus: SpawnedBus): void => bus.signal("SIGTERM");

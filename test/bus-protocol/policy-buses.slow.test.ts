/**
 * What every bus that claims `policy` must do, on a real nats-server: written once, run for each bundled bus that claims it. Where clients
 * differ it is their declared profile that says how. Only the server is started, ended and brought back here; faults of the link are
 * the matter of the live world.
 */
import { join } from "node:path";
import { DiscardPolicy, type JetStreamManager, jetstreamManager, StorageType } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { profiles } from "../../models/profiles/index.ts";
import type { Policy, ShutdownPolicy, StartupPolicy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { PublishCall, StartOptions } from "../../src/bus-protocol/protocol.ts";
import type { BusManifest } from "../../src/bus-protocol/registry.ts";
import { type Lease, openLease } from "../../src/worlds/live/leases.ts";
import { findServers } from "../../src/worlds/live/servers.ts";
import { busesAtHand } from "../buses-at-hand.ts";
import { PolicyProcess, plainPolicy } from "./policy-process.ts";
import { type SpawnedServer, spawnServer } from "./spawn-server.ts";

const { natsServer } = await findServers({}, () => {});
const claiming: (readonly [string, BusManifest])[] = [];
for (const manifest of (await busesAtHand()).had)
  if (await claimsPolicy(manifest)) claiming.push([manifest.name, manifest]);

async function claimsPolicy(manifest: BusManifest): Promise<boolean> {
  const process = await PolicyProcess.spawn(manifest);
  await process.end();
  return process.greeting.capabilities.includes("policy");
}

const ok = { is: "ok" };
const acked = { is: "acked" };
const duplicate = { is: "acked", duplicate: true };
const accepted = { is: "accepted" };
const each = (count: number, outcome: object) => [{ count, outcome }];
const stopped = { because: "stopped", forced: false, toldLost: 0 };

/** The stream of most tests, and how its subjects are classified. */
const jobs: StreamPolicy = {
  name: "JOBS",
  subjects: ["jobs.>"],
  storage: "file",
  duplicateWindowMs: 120_000,
  discard: "old",
  made: "created",
};
const durable: Policy = { ...plainPolicy, classifier: [{ prefix: "jobs." }], streams: [jobs] };

const startingUp = (policy: Policy, startup: Partial<StartupPolicy>): Policy => ({
  ...policy,
  startup: { ...policy.startup, ...startup },
});
const shuttingDown = (policy: Policy, shutdown: Partial<ShutdownPolicy>): Policy => ({
  ...policy,
  shutdown: { ...policy.shutdown, ...shutdown },
});

test("a bundled bus claims a policy", () => {
  expect(claiming.map(([name]) => name)).toContain("go-nats-go");
});

describe.each(claiming)("%s", (_, manifest) => {
  const profile = profiles[manifest.profile] as Profile;
  const pends = profile.firstConnect.retry === "pending";

  let lease: Lease;
  let url = "";
  let server: SpawnedServer | undefined;
  let observer: NatsConnection;
  let jsm: JetStreamManager;
  const processes: PolicyProcess[] = [];

  beforeAll(async () => {
    lease = await openLease();
    url = `nats://127.0.0.1:${lease.ports[0]}`;
  });
  afterAll(async () => {
    await serverDown();
    await lease?.release();
  });

  beforeEach(async () => {
    await serverUp();
    for await (const { config } of jsm.streams.list()) await jsm.streams.delete(config.name);
  });
  afterEach(async () => {
    for (const process of processes.splice(0)) await process.end();
    await observer?.close();
  });

  /** On the same port, and on the same store where it has JetStream. The observer is connected to it anew. */
  async function serverUp(jetStream: "with" | "without" = "with"): Promise<void> {
    const store = ["-js", "-sd", join(lease.folder, "store")];
    server ??= await spawnServer(natsServer, jetStream === "with" ? store : [], `${lease.ports[0]}`);
    await observer?.close();
    observer = await connect({ servers: url, reconnect: false });
    jsm = await jetstreamManager(observer, { checkAPI: false });
  }
  async function serverDown(): Promise<void> {
    await server?.stop();
    server = undefined;
  }

  async function begin(policy: Policy, changes: Partial<StartOptions> = {}, at = url): Promise<PolicyProcess> {
    const process = await PolicyProcess.spawn(manifest);
    processes.push(process);
    await process.start(at, policy, changes);
    return process;
  }

  /** Begun, and so far that its path is decided. */
  async function running(policy: Policy): Promise<PolicyProcess> {
    const process = await begin(policy);
    await process.path();
    return process;
  }

  const makeStream = ({ name, subjects }: StreamPolicy, changes: object = {}) =>
    jsm.streams.add({ name, subjects: [...subjects], storage: StorageType.Memory, ...changes });
  const makeDurable = (stream: string, subject: string, changes: object = {}) =>
    jsm.consumers.add(stream, {
      durable_name: durableName(subject),
      filter_subject: subject,
      ack_policy: "explicit",
      deliver_policy: "all",
      ...changes,
    });
  const durableName = (subject: string) => `faultline_${subject.replaceAll(/[^0-9A-Za-z]/g, "_")}`;
  const stored = async (stream: string): Promise<number> => (await jsm.streams.info(stream)).state.messages;
  async function durables(stream: string): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const { name } of jsm.consumers.list(stream)) names.push(name);
    return names;
  }

  describe("starts", () => {
    test.each(["fail-fast", "retry-with-deadline", "retry-forever"] as const)(
      "%s: connected, then the path",
      async strategy => {
        const process = await running(startingUp(durable, { strategy, deadlineMs: 5_000 }));
        expect(process.events()).toEqual([
          { event: "connection", case: 7, change: "connected" },
          { event: "path", case: 7, path: "jetstream" },
        ]);
        expect(await process.call({ do: "status" })).toEqual({ connected: true, closed: false });
      },
    );

    test("fail-fast ends with nobody to connect to", async () => {
      await serverDown();
      const process = await begin(durable);
      expect(await process.ending()).toEqual({ last: { ...stopped, because: "startup" }, code: 1 });
    });

    test("retry-with-deadline ends at the deadline and not before", async () => {
      await serverDown();
      const begunMs = performance.now();
      const process = await begin(startingUp(durable, { strategy: "retry-with-deadline", deadlineMs: 400 }));
      expect(await process.ending()).toEqual({ last: { ...stopped, because: "startup" }, code: 1 });
      expect(performance.now() - begunMs).toBeGreaterThanOrEqual(400);
    });

    test("a deadline that was met is over", async () => {
      const deadlineMs = 400;
      const policy = startingUp(durable, { strategy: "retry-with-deadline", deadlineMs });
      const publish = { ...policy.publish, ackTimeoutMs: deadlineMs, attemptsMax: 2 };
      const process = await running({ ...policy, classifier: [{ prefix: "" }], publish });
      observer.subscribe("tapped");
      await observer.flush();
      expect(await process.publish("tapped"), "twice as long as the deadline").toMatchObject([{ count: 1 }]);
      expect(await process.publish("jobs.a")).toEqual(each(1, acked));
    });

    test("retry-forever waits for its server", async () => {
      await serverDown();
      const withIds: Policy = {
        ...durable,
        publish: { ...durable.publish, messageIds: [{ subjects: ">", id: "event" }] },
      };
      const process = await begin(startingUp(withIds, { strategy: "retry-forever" }));
      if (!pends) await untilFlushTimesOut(process);
      const refused = pends ? "not-connected" : profile.firstConnect.headersRefused ? "no-headers" : undefined;
      if (refused !== undefined)
        expect(await process.publish("jobs.a")).toEqual(each(1, { is: "rejected", kind: refused }));
      expect(await process.call({ do: "probe" })).toEqual({ ready: false, live: true });
      await serverUp();
      expect(await process.path()).toBe("jetstream");
      expect(await process.publish("jobs.a")).toEqual(each(1, acked));
    });

    /** So its connect has returned, and its client waits for the server. */
    async function untilFlushTimesOut(process: PolicyProcess): Promise<void> {
      for (let tries = 0; tries < 100; tries++) {
        const { outcome } = await process.call({ do: "flush", timeoutMs: 20 });
        if (outcome.is === "failed" && outcome.kind === "timeout") return;
      }
      throw new Error("its connect has not returned");
    }

    test("refused credentials are said, not waited on", async () => {
      const guarded = await spawnServer(natsServer, ["--user", "somebody", "--pass", "secret"]);
      try {
        // A client that never gives up goes on as if the server were away, until the deadline.
        const goesOn = profile.firstConnect.authErrorsMax === Number.MAX_SAFE_INTEGER;
        const retries = goesOn
          ? (["retry-with-deadline"] as const)
          : (["retry-with-deadline", "retry-forever"] as const);
        for (const strategy of ["fail-fast", ...retries] as const) {
          const because = goesOn && strategy !== "fail-fast" ? "startup" : "credentials";
          const deadlineMs = goesOn ? 1_000 : 5_000;
          const process = await begin(startingUp(durable, { strategy, deadlineMs }), {}, guarded.url);
          expect(await process.ending(), strategy).toEqual({ last: { ...stopped, because }, code: 1 });
        }
      } finally {
        await guarded.stop();
      }
    });

    test("a client that closes for good ends the process, or does not", async () => {
      const exits = await begin(durable, { reconnectAttemptsMax: 1 });
      const ignores = await begin(startingUp(durable, { whenClosed: "ignore" }), { reconnectAttemptsMax: 1 });
      await exits.path();
      await ignores.path();
      await serverDown();
      expect(await exits.ending()).toEqual({ last: { ...stopped, because: "client-closed" }, code: 1 });
      await ignores.change("closed");
      expect(await ignores.call({ do: "status" })).toEqual({ connected: false, closed: true });
      expect(await ignores.publish("jobs.a")).toEqual(each(1, { is: "rejected", kind: "closed" }));
    });
  });

  describe("asks for JetStream", () => {
    test("once: what it finds is its path for life", async () => {
      const policy = startingUp(durable, { jetStreamProbe: "once", readiness: "connected-and-durable" });
      const found = await running(policy);
      expect(await found.publish("jobs.a")).toEqual(each(1, acked));
      expect(await found.call({ do: "probe" })).toEqual({ ready: true, live: true });

      await serverDown();
      await serverUp("without");
      const downgraded = await begin(policy);
      expect(await downgraded.path()).toBe("core");
      await serverDown();
      await serverUp();
      await downgraded.change("reconnected");
      expect(await downgraded.publish("jobs.a")).toEqual(each(1, accepted));
      expect(await downgraded.call({ do: "probe" })).toEqual({ ready: false, live: true });
    });

    test("once, with nobody there yet", async () => {
      await serverDown();
      const policy = startingUp(durable, { jetStreamProbe: "once", strategy: "retry-forever" });
      const process = await begin({ ...policy, publish: { ...policy.publish, ackTimeoutMs: 250 } });
      if (!pends) await process.path();
      await serverUp();
      await process.change("connected");
      expect(await process.path()).toBe(pends ? "jetstream" : "core");
    });

    test("until usable: not ready before, and then ready", async () => {
      await serverDown();
      await serverUp("without");
      const changes = {
        jetStreamProbe: "until-usable",
        readiness: "connected-and-durable",
        liveness: "as-readiness",
      } as const;
      const process = await begin(startingUp(durable, changes));
      await process.change("connected");
      expect(await process.call({ do: "probe" })).toEqual({ ready: false, live: false });
      await serverDown();
      await serverUp();
      expect(await process.path()).toBe("jetstream");
      expect(await process.call({ do: "probe" })).toEqual({ ready: true, live: true });
      expect((await jsm.streams.info("JOBS")).config).toMatchObject({
        subjects: ["jobs.>"],
        storage: "file",
        duplicate_window: 120_000_000_000,
        discard: "old",
      });

      await jsm.streams.delete("JOBS");
      expect(await process.call({ do: "probe" }), "a probe makes what is missing").toEqual({ ready: true, live: true });
      await serverDown();
      await process.change("disconnected");
      expect(await process.call({ do: "probe" })).toEqual({ ready: false, live: false });
    });

    test("until usable: streams of the operator are waited for, not made", async () => {
      const present: Policy = { ...durable, streams: [{ ...jobs, made: "present" }] };
      const changes = { jetStreamProbe: "until-usable", readiness: "connected-and-durable" } as const;
      const process = await begin(startingUp(present, changes));
      await process.change("connected");
      expect(await process.call({ do: "probe" })).toEqual({ ready: false, live: true });
      await makeStream(jobs);
      expect(await process.path()).toBe("jetstream");
      expect(await process.call({ do: "probe" })).toEqual({ ready: true, live: true });
    });

    test("a stream that exists is as good as one's own", async () => {
      await makeStream(jobs, { subjects: ["jobs.*"] });
      const process = await running(startingUp(durable, { jetStreamProbe: "until-usable" }));
      expect(await process.publish("jobs.a")).toEqual(each(1, acked));
      expect((await jsm.streams.info("JOBS")).config.subjects).toEqual(["jobs.*"]);
    });
  });

  describe("publishes", () => {
    test("durably what the classifier matches, and nothing else", async () => {
      const classifier = [{ exact: "jobs.exact" }, { pattern: "jobs.*.mid.>" }, { prefix: "jobs.pre", suffix: ".fix" }];
      const process = await running({ ...durable, classifier });
      const outcomes: Record<string, object> = {
        "jobs.exact": acked,
        "jobs.exact.more": accepted,
        "jobs.a.mid.b": acked,
        "jobs.a.mid.b.c": acked,
        "jobs.a.mid": accepted,
        "jobs.a.b.mid.c": accepted,
        "jobs.pre.a.fix": acked,
        "jobs.prefix.fix": acked,
        "jobs.pre.a": accepted,
        "jobs.a.fix": accepted,
      };
      for (const [subject, outcome] of Object.entries(outcomes))
        expect(await process.publish(subject), subject).toEqual(each(1, outcome));
      expect(await process.call({ do: "flush", timeoutMs: 2_000 })).toMatchObject({ outcome: ok });
      expect(await stored("JOBS"), "core messages are stored too, where a stream takes their subject").toBe(10);
    });

    test("with ids of several parts, shared across subjects where the subject is none of them", async () => {
      const messageIds = [
        { subjects: "jobs.all.>", id: ["subject", { constant: "all" }, "key", "event"] },
        { subjects: "jobs.>", id: [{ constant: "jobreq" }, "key"] },
      ] as const;
      const process = await running({ ...durable, publish: { ...durable.publish, messageIds } });
      expect(await process.publish("jobs.a", { key: "k" })).toEqual(each(1, acked));
      expect(await process.publish("jobs.b", { first: 1, key: "k" })).toEqual(each(1, duplicate));
      expect(await process.publish("jobs.b", { first: 2 })).toEqual(each(1, acked));
      expect(await process.publish("jobs.all.a", { first: 3, key: "k" })).toEqual(each(1, acked));
      expect(await process.publish("jobs.all.a", { first: 4 })).toEqual(each(1, acked));
      const ids: string[] = [];
      for (let seq = 1; seq <= 4; seq++)
        ids.push((await jsm.streams.getMessage("JOBS", { seq }))?.header.get("Nats-Msg-Id") ?? "gone");
      expect(ids).toEqual(["jobreq:k", "jobreq:2", "jobs.all.a:all:k:event:3", "jobs.all.a:all:4:event:4"]);
    });

    test.each([false, true])("with ids by the first rule that covers the subject (async: %s)", async async => {
      const messageIds = [
        { subjects: "jobs.event.*", id: "event" },
        { subjects: "jobs.key.>", id: "key" },
        { subjects: "jobs.event.>", id: "key" },
      ] as const;
      const process = await running({ ...durable, publish: { ...durable.publish, messageIds } });
      const calls = async ? ({ async: true } as const) : {};
      const publish = (subject: string, call: Partial<PublishCall>) => process.publish(subject, { ...calls, ...call });

      expect(await publish("jobs.event.a", { count: 3, key: "k" })).toEqual(each(3, acked));
      expect(await publish("jobs.event.b", { first: 2, count: 2, key: "k" })).toEqual([
        { count: 1, outcome: duplicate },
        { count: 1, outcome: acked },
      ]);
      expect(await publish("jobs.key.a", { first: 10, count: 3, key: "k" })).toEqual([
        { count: 1, outcome: acked },
        { count: 2, outcome: duplicate },
      ]);
      expect(await publish("jobs.key.b", { first: 20, key: "k" })).toEqual(each(1, acked));
      expect(await publish("jobs.key.a", { first: 30, count: 2 })).toEqual(each(2, acked));
      expect(await publish("jobs.other", { first: 40 })).toEqual(each(1, acked));
      expect(await publish("jobs.other", { first: 40 })).toEqual(each(1, acked));

      const ids: string[] = [];
      for (let seq = 1; seq <= 10; seq++) {
        const message = await jsm.streams.getMessage("JOBS", { seq });
        ids.push(message?.header.get("Nats-Msg-Id") ?? "gone");
      }
      const events = ["event:0", "event:1", "event:2", "event:3"];
      const keys = ["jobs.key.a:k", "jobs.key.b:k", "jobs.key.a:30", "jobs.key.a:31"];
      expect(ids).toEqual([...events, ...keys, "", ""]);
    });

    test("and tells no responders and a full stream from a tap that does not answer", async () => {
      const small = { ...jobs, name: "SMALL", subjects: ["small"], messagesMax: 1, discard: "new" } as const;
      const subjects = [{ exact: "small" }, { prefix: "nobody." }, { prefix: "tapped." }];
      const messageIds = [{ subjects: ">", id: "event" }] as const;
      const publish = { messageIds, ackTimeoutMs: 900, attemptsMax: 2 };
      const process = await running({ ...durable, classifier: subjects, streams: [small], publish });
      expect((await jsm.streams.info("SMALL")).config).toMatchObject({ max_msgs: 1, discard: DiscardPolicy.New });
      expect(await process.publish("small", { count: 2 })).toEqual([
        { count: 1, outcome: acked },
        { count: 1, outcome: { is: "rejected", kind: "stream-full" } },
      ]);
      expect(await process.publish("nobody.there")).toEqual(each(1, { is: "rejected", kind: "no-responders" }));

      const tapped: string[] = [];
      observer.subscribe("tapped.>", {
        callback: (_error, message) => void tapped.push(message.headers?.get("Nats-Msg-Id") ?? ""),
      });
      await observer.flush();
      expect(await process.publish("tapped.a", { first: 5 })).toEqual(each(1, { is: "unsettled", kind: "timeout" }));
      await observer.flush();
      expect(tapped, "each attempt carries the same id").toEqual(["event:5", "event:5"]);
    });

    test("into an outage: a timeout that says nothing", async () => {
      const messageIds = [{ subjects: ">", id: "event" }] as const;
      const process = await running({ ...durable, publish: { messageIds, ackTimeoutMs: 300, attemptsMax: 2 } });
      await serverDown();
      await process.change("disconnected");
      expect(await process.publish("jobs.a")).toEqual(each(1, { is: "unsettled", kind: "timeout" }));
      await serverUp();
      await process.change("reconnected");
      expect(await process.call({ do: "flush", timeoutMs: 2_000 })).toMatchObject({ outcome: ok });
      expect(await stored("JOBS")).toBe(profile.reconnectBuffer.kind === "kept" ? 1 : 0);
      const known = profile.reconnectBuffer.kind === "kept" ? duplicate : acked;
      expect(await process.publish("jobs.a"), "the retry of a caller").toEqual(each(1, known));
    });
  });

  describe("consumes", () => {
    const created: Policy = { ...durable, consume: { ...durable.consume, durables: "created", ackWaitMs: 30_000 } };

    /** Running, with three messages on `jobs.a` and the consumer of the operator where one is bound to. */
    async function withThree(policy: Policy): Promise<PolicyProcess> {
      const process = await running(policy);
      expect(await process.publish("jobs.a", { count: 3 })).toEqual(each(3, acked));
      if (policy.consume.durables === "bound")
        await makeDurable("JOBS", "jobs.a", { ack_wait: policy.consume.ackWaitMs * 1_000_000 });
      return process;
    }
    const handledAs = (message: number, outcome: string, delivery = 1) => ({
      event: "handled",
      case: 7,
      subject: "jobs.a",
      message,
      delivery,
      outcome,
    });
    /** Waits, without a sleep of a length that matters, until the server has taken in the acknowledgements. */
    async function untilPending(count: number): Promise<void> {
      const untilMs = performance.now() + 5_000;
      let info = await jsm.consumers.info("JOBS", durableName("jobs.a"));
      while (info.num_ack_pending !== count || info.num_pending !== 0) {
        expect(performance.now(), `pending: ${info.num_ack_pending} and ${info.num_pending}`).toBeLessThan(untilMs);
        info = await jsm.consumers.info("JOBS", durableName("jobs.a"));
      }
    }

    test.each([created, durable])("in order, from the beginning, acknowledging ($consume.durables)", async policy => {
      const process = await withThree(policy);
      expect(await process.subscribe("jobs.a", "acks")).toEqual(ok);
      expect(await process.handled(3)).toEqual([handledAs(0, "acked"), handledAs(1, "acked"), handledAs(2, "acked")]);
      await untilPending(0);
      expect(await process.publish("jobs.a", { first: 3 })).toEqual(each(1, acked));
      expect((await process.handled(4)).at(-1)).toEqual(handledAs(3, "acked"));
    });

    test("by a durable that is created as the policy says", async () => {
      const consume = { durables: "created", ackWaitMs: 12_000, deliverMax: 4, failures: "redelivered" } as const;
      const process = await running({ ...durable, consume });
      expect(await process.subscribe("jobs.b-1.x", "acks")).toEqual(ok);
      expect((await jsm.consumers.info("JOBS", "faultline_jobs_b_1_x")).config).toMatchObject({
        filter_subject: "jobs.b-1.x",
        deliver_policy: "all",
        ack_policy: "explicit",
        ack_wait: 12_000_000_000,
        max_deliver: 4,
      });
    });

    test("only where there is a stream, and something to bind to", async () => {
      const binds = await running(durable);
      expect(await binds.subscribe("jobs.a", "acks"), "no consumer").toEqual({ is: "failed", kind: "other" });
      expect(await binds.subscribe("nobody.there", "acks"), "no stream").toEqual({ is: "failed", kind: "other" });
      const creates = await running(created);
      expect(await creates.subscribe("nobody.there", "acks"), "no stream").toEqual({ is: "failed", kind: "other" });
      expect(await creates.publish("jobs.a")).toEqual(each(1, acked));
    });

    test.each([created, durable])("failures as acknowledged ($consume.durables)", async policy => {
      const process = await withThree({ ...policy, consume: { ...policy.consume, failures: "acknowledged" } });
      expect(await process.subscribe("jobs.a", "fails")).toEqual(ok);
      expect((await process.handled(3)).map(({ outcome }) => outcome)).toEqual(Array(3).fill("acknowledged-failed"));
      await untilPending(0);
    });

    test("failures as dead letters, and not where those cannot be stored", async () => {
      const deadLetters = { ...jobs, name: "DEAD", subjects: ["dead"] };
      const consume = { ...durable.consume, failures: "dead-letter", deadLetterSubject: "dead" } as const;
      const stores = await withThree({ ...durable, streams: [jobs, deadLetters], consume });
      expect(await stores.subscribe("jobs.a", "fails")).toEqual(ok);
      expect((await stores.handled(3)).map(({ outcome }) => outcome)).toEqual(Array(3).fill("dead-lettered"));
      await untilPending(0);
      const letter = await jsm.streams.getMessage("DEAD", { seq: 3 });
      expect(letter?.header.get("Nats-Msg-Id")).toBe("dead-letter:jobs.a:2");
      expect(letter?.string()).toBe("00000002xxxxxxxx");

      const cannot = await running({ ...durable, consume: { ...consume, deadLetterSubject: "no.stream" } });
      await makeDurable("JOBS", "jobs.b");
      expect(await cannot.publish("jobs.b")).toEqual(each(1, acked));
      expect(await cannot.subscribe("jobs.b", "fails")).toEqual(ok);
      expect((await cannot.handled(1)).map(({ outcome }) => outcome)).toEqual(["failed"]);
    });

    test.each([created, durable])("failures again, after the wait ($consume.durables)", async policy => {
      const process = await withThree({ ...policy, consume: { ...policy.consume, ackWaitMs: 300 } });
      expect(await process.subscribe("jobs.a", "fails")).toEqual(ok);
      const handled = await process.handled(6);
      expect(handled.slice(0, 3)).toEqual([handledAs(0, "failed"), handledAs(1, "failed"), handledAs(2, "failed")]);
      expect(handled.slice(3, 6).map(({ delivery }) => delivery)).toEqual([2, 2, 2]);
    });

    test.each([created, durable])("messages behind one that hangs ($consume.durables)", async policy => {
      const process = await withThree(policy);
      expect(await process.subscribe("jobs.a", "hangs")).toEqual(ok);
      expect(await process.handled(3)).toEqual([handledAs(0, "hung"), handledAs(1, "hung"), handledAs(2, "hung")]);
      await untilPending(3);
    });

    test.each([created, durable])(
      "together with another process: each message once ($consume.durables)",
      async policy => {
        const first = await withThree(policy);
        const second = await running(policy);
        expect(await first.subscribe("jobs.a", "acks")).toEqual(ok);
        expect(await second.subscribe("jobs.a", "acks")).toEqual(ok);
        expect(await first.publish("jobs.a", { first: 3, count: 37 })).toEqual(each(37, acked));
        const handled = () =>
          [first, second].flatMap(process => process.events()).filter(event => event.event === "handled");
        for (let tries = 0; handled().length < 40 && tries < 500; tries++) await first.call({ do: "status" });
        await untilPending(0);
        const messages = handled().map(({ message }) => message);
        expect(messages.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, number) => number));
        expect(await durables("JOBS")).toEqual([durableName("jobs.a")]);
      },
    );

    test.each([created, durable])(
      "and when its first process drains, the durable stays or not ($consume.durables)",
      async policy => {
        const first = await withThree(shuttingDown(policy, { strategy: "drain" }));
        const second = await running(policy);
        expect(await first.subscribe("jobs.a", "acks")).toEqual(ok);
        expect(await second.subscribe("jobs.a", "acks")).toEqual(ok);
        await first.handled(1);
        first.signal("SIGTERM");
        expect(await first.ending()).toEqual({ last: stopped, code: 0 });
        // nats.go deletes what it has made; nobody else has such a thing.
        const isDeleted = policy.consume.durables === "created" && manifest.profile === "nats-go";
        expect(await durables("JOBS")).toEqual(isDeleted ? [] : [durableName("jobs.a")]);
      },
    );
  });

  describe("stops", () => {
    /** Which stops end with a round trip behind all that was published. */
    const flushes = { exit: false, close: false, "subscriptions-then-close": false, drain: true, "four-steps": true };
    const strategies = Object.keys(flushes) as (keyof typeof flushes)[];

    test.each(strategies)("%s: within the budget, and tells what no round trip has covered", async strategy => {
      const process = await running(shuttingDown(durable, { strategy }));
      const silent = await running(shuttingDown(durable, { strategy, tellsLoss: false }));
      await makeDurable("JOBS", "jobs.a");
      for (const each of [process, silent]) {
        expect(await each.subscribe("jobs.a", "acks")).toEqual(ok);
        await each.publish("core.a", { count: 3 });
        expect(await each.call({ do: "flush", timeoutMs: 2_000 })).toMatchObject({ outcome: ok });
        await each.publish("core.a", { count: 2 });
        await each.publish("jobs.a");
        await each.publish("core.a", { count: 4 });
        each.signal("SIGTERM");
      }
      expect(await process.ending()).toEqual({ last: { ...stopped, toldLost: flushes[strategy] ? 0 : 4 }, code: 0 });
      expect(await silent.ending()).toEqual({ last: stopped, code: 0 });
    });

    test("before it was ever connected", async () => {
      await serverDown();
      for (const strategy of ["exit", "close", "subscriptions-then-close", "drain"] as const) {
        const policy = startingUp(shuttingDown(durable, { strategy }), { strategy: "retry-forever" });
        const process = await begin(policy);
        process.signal("SIGTERM");
        expect(await process.ending(), strategy).toEqual({ last: stopped, code: 0 });
      }
    });

    test("by force, at the end of the budget, refusing what comes meanwhile", async () => {
      const process = await running(shuttingDown(durable, { strategy: "four-steps", budgetMs: 600 }));
      await serverDown();
      await process.change("disconnected");
      expect(await process.publish("core.a", { count: 5 })).toEqual(each(5, accepted));
      const begunMs = performance.now();
      process.signal("SIGTERM");
      const closed = { is: "rejected", kind: "closed" };
      await untilRefused(process);
      expect(await process.publish("core.a", { count: 2 })).toEqual(each(2, closed));
      expect(await process.publish("jobs.a", { count: 2 })).toEqual(each(2, closed));
      expect(await process.publish("jobs.a", { count: 2, async: true })).toEqual(each(2, closed));
      const { last, code } = await process.ending();
      expect(performance.now() - begunMs).toBeGreaterThanOrEqual(600);
      expect({ ...last, code }).toEqual({ because: "stopped", forced: true, toldLost: 5 + acceptedMeanwhile, code: 0 });
    });

    /** A signal is on its way for a while: until it has come, publishes are accepted. */
    let acceptedMeanwhile = 0;
    async function untilRefused(process: PolicyProcess): Promise<void> {
      for (acceptedMeanwhile = 0; acceptedMeanwhile < 1_000; acceptedMeanwhile++) {
        const [run] = await process.publish("core.a");
        if (run?.outcome.is === "rejected") return;
      }
      throw new Error("it goes on accepting");
    }

    test("four steps, not forced: whenever the server is back", async () => {
      const process = await running(shuttingDown(durable, { strategy: "four-steps", budgetMs: 100, forced: false }));
      await serverDown();
      await process.change("disconnected");
      expect(await process.publish("core.a", { count: 5 })).toEqual(each(5, accepted));
      process.signal("SIGTERM");
      await untilRefused(process);
      await serverUp();
      // What a client has dropped at its dial, no flush after it can answer for.
      const toldLost = profile.reconnectBuffer.kind === "kept" ? 0 : 5 + acceptedMeanwhile;
      expect(await process.ending()).toEqual({ last: { ...stopped, toldLost }, code: 0 });
    });

    test("four steps wait for a publish under way", async () => {
      const publish = { ...durable.publish, ackTimeoutMs: 400 };
      const policy = shuttingDown(
        { ...durable, classifier: [{ exact: "tapped" }], publish },
        { strategy: "four-steps" },
      );
      const process = await running(policy);
      const { promise: isUnderWay, resolve } = Promise.withResolvers<void>();
      observer.subscribe("tapped", { callback: () => resolve() });
      await observer.flush();
      const published = process.publish("tapped");
      await isUnderWay;
      process.signal("SIGTERM");
      expect(await published).toEqual(each(1, { is: "unsettled", kind: "timeout" }));
      expect(await process.ending()).toEqual({ last: stopped, code: 0 });
    });

    test("four steps wait for a handler that hangs", async () => {
      const process = await running(shuttingDown(durable, { strategy: "four-steps", budgetMs: 500 }));
      await makeDurable("JOBS", "jobs.a");
      expect(await process.subscribe("jobs.a", "hangs")).toEqual(ok);
      expect(await process.publish("jobs.a")).toEqual(each(1, acked));
      await process.handled(1);
      process.signal("SIGTERM");
      expect(await process.ending()).toEqual({ last: { ...stopped, forced: true }, code: 0 });
    });

    test("drain waits for a handler that hangs, where its client does", async () => {
      const process = await running(shuttingDown(durable, { strategy: "drain", budgetMs: 700 }));
      await makeDurable("JOBS", "jobs.a");
      expect(await process.subscribe("jobs.a", "hangs")).toEqual(ok);
      expect(await process.publish("jobs.a")).toEqual(each(1, acked));
      await process.handled(1);
      process.signal("SIGTERM");
      // nats.go's waits for the callbacks, 30 s at most; nats.js's for nobody.
      const forced = manifest.profile === "nats-go";
      expect(await process.ending()).toEqual({ last: { ...stopped, forced }, code: 0 });
    });
  });

  describe("exits from within", () => {
    test.each([true, false])("having answered (in a burst: %s)", async inBurst => {
      const process = await running(durable);
      if (inBurst) {
        const publish = { do: "publish", subject: "core.a", first: 0, count: 100, bytes: 100 } as const;
        expect(await process.call({ do: "together", calls: [publish, { do: "exit" }] })).toEqual({
          replies: [{ outcomes: each(100, accepted) }, { outcome: ok }],
        });
      } else expect(await process.call({ do: "exit" })).toEqual({ outcome: ok });
      expect(await process.exited()).toEqual({ code: 0, signal: null });
      expect(process.events().map(({ event }) => event)).toEqual(["connection", "path"]);
    });
  });
});

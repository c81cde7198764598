/**
 * Each bundled bus, in one conversation without faults against a real nats-server: it greets, does every call, is used for a
 * second case, and ends as it should. What buses do under faults is the matter of the live world.
 */
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { BusClient } from "../../src/bus-protocol/bus-client.ts";
import type { BusEvent, Greeting, StartCommand } from "../../src/bus-protocol/protocol.ts";
import { launchOf } from "../../src/bus-protocol/registry.ts";
import { busesAtHand } from "../buses-at-hand.ts";
import { type SpawnedBus, spawnBus } from "./spawn-bus.ts";
import { findNatsServer, type SpawnedServer, spawnServer } from "./spawn-server.ts";

const deadlineMs = 10_000;
const ok = { outcome: { is: "ok" } };
const natsServer = await findNatsServer();
const { had, lacking } = await busesAtHand();

for (const { name, language, reason } of lacking)
  test(`${name} is left out, and it is said why`, () => {
    expect(reason).toMatch(
      new RegExp(`^The bus ${name} cannot be built by .*Install ${language}, or name another bus\\.$`),
    );
  });

describe.skipIf(natsServer === null)("with a nats-server", () => {
  let server: SpawnedServer;
  let observer: NatsConnection;

  beforeAll(async () => {
    server = await spawnServer(natsServer ?? "");
    observer = await connect({ servers: server.url });
  });
  afterAll(async () => {
    await observer?.close();
    await server?.stop();
  });

  const start = (number: number): StartCommand => ({
    do: "start",
    case: number,
    url: server.url,
    name: `faultline-${number}`,
    options: { reconnectWaitMs: 50, reconnectAttemptsMax: -1, connectTimeoutMs: 5_000 },
  });

  /** What arrives on a subject, as payloads; to be read after a flush of the publisher. */
  function observe(subject: string): () => Promise<readonly string[]> {
    const payloads: string[] = [];
    observer.subscribe(subject, { callback: (_error, message) => void payloads.push(message.string()) });
    return async () => {
      await observer.flush();
      return payloads;
    };
  }

  describe.each(had.map(manifest => [manifest.name, manifest] as const))("%s", (name, manifest) => {
    const launch = launchOf(manifest);
    let bus: SpawnedBus | undefined;
    let client: BusClient;
    let greeting: Greeting;
    afterEach(() => bus?.stop());

    async function converse(): Promise<SpawnedBus> {
      bus = spawnBus(name, launch.command, launch.folder);
      client = new BusClient(bus);
      greeting = await client.hello(deadlineMs);
      return bus;
    }

    test("greets with its own pid", async () => {
      const { pid } = await converse();
      expect(greeting.pid).toBe(pid);
    });

    test("holds a conversation over two cases and quits", async () => {
      const { exited } = await converse();
      const arrived = observe(`${name}.one`);
      await observer.flush();

      expect(await client.call(start(1), deadlineMs)).toEqual(ok);
      expect(client.eventsSince(0)).toEqual([{ event: "connection", case: 1, change: "connected" }]);
      expect(await client.call({ do: "status" }, deadlineMs)).toEqual({ connected: true, closed: false });

      const burst = { do: "publish", subject: `${name}.one`, first: 98, count: 5, bytes: 12 } as const;
      expect(await client.call(burst, deadlineMs)).toEqual({ outcomes: [{ count: 5, outcome: { is: "accepted" } }] });
      expect(await client.call({ do: "flush", timeoutMs: 5_000 }, deadlineMs)).toEqual(ok);
      expect(await arrived()).toEqual(["00000098xxxx", "00000099xxxx", "00000100xxxx", "00000101xxxx", "00000102xxxx"]);

      const calls = [burst, { do: "flush", timeoutMs: 5_000 }, { do: "close", timeoutMs: 5_000 }] as const;
      expect(await client.call({ do: "together", calls }, deadlineMs)).toEqual({
        replies: [{ outcomes: [{ count: 5, outcome: { is: "accepted" } }] }, ok, ok],
      });
      expect(await arrived()).toHaveLength(10);
      expect(client.eventsSince(0).at(-1), "closed is told before the reply to close").toEqual({
        event: "connection",
        case: 1,
        change: "closed",
      });
      expect(await client.call({ do: "status" }, deadlineMs)).toEqual({ connected: false, closed: true });
      expect(await client.call(burst, deadlineMs)).toMatchObject({
        outcomes: [{ count: 5, outcome: { is: "rejected", kind: "closed" } }],
      });
      expect(await client.call({ do: "end" }, deadlineMs)).toEqual(ok);

      const mark = client.mark();
      expect(await client.call(start(2), deadlineMs)).toEqual(ok);
      expect(await client.call({ do: "drain", timeoutMs: 5_000 }, deadlineMs)).toEqual(ok);
      expect(await client.waitFor(isChange("closed"), mark, deadlineMs)).toBe(true);
      expect(await client.call({ do: "end" }, deadlineMs)).toEqual(ok);

      expect(await client.call({ do: "quit" }, deadlineMs)).toEqual(ok);
      expect(await exited).toEqual({ code: 0, signal: null });
    });

    test("publishes by several publishers at once, which take turns and keep the order of each", async () => {
      await converse();
      expect(greeting.capabilities).toContain("publishers");
      await client.call(start(1), deadlineMs);
      // A scheduler may let one publisher after the other come to its end.
      let takesTurns = false;
      for (let i = 0; i < 20 && !takesTurns; i++) {
        const arrived = observe(`${name}.at-once-${i}`);
        await observer.flush();
        const asked = {
          do: "publish",
          subject: `${name}.at-once-${i}`,
          first: 0,
          count: 301,
          bytes: 8,
          publishers: 3,
        } as const;
        const accepted = { outcomes: [{ count: 301, outcome: { is: "accepted" } }] };
        expect(await client.call(asked, deadlineMs)).toEqual(accepted);
        expect(await client.call({ do: "flush", timeoutMs: 5_000 }, deadlineMs)).toEqual(ok);
        const numbers = (await arrived()).map(Number);
        const blocks = [
          numbers.filter(n => n < 101),
          numbers.filter(n => n > 100 && n < 201),
          numbers.filter(n => n > 200),
        ];
        expect(blocks.map(block => block.length)).toEqual([101, 100, 100]);
        expect(blocks.flat()).toEqual(Array.from({ length: 301 }, (_, n) => n));
        takesTurns = numbers.some((n, j) => n !== j);
      }
      expect(takesTurns).toBe(true);
    });

    test("says that nobody listens, and can be used for another case after it", async () => {
      await converse();
      const refused = await client.call({ ...start(1), url: "nats://127.0.0.1:1" }, deadlineMs);
      expect(refused).toMatchObject({ outcome: { is: "failed", kind: "disconnected" } });
      expect(await client.call({ do: "end" }, deadlineMs)).toEqual(ok);
      expect(await client.call(start(2), deadlineMs)).toEqual(ok);
    });

    test("ends when its stdin closes, in the middle of a case", async () => {
      const { stdin, exited } = await converse();
      await client.call(start(1), deadlineMs);
      stdin.end();
      expect(await exited).toEqual({ code: 0, signal: null });
    });

    test("refuses what makes no sense, by an error of the protocol", async () => {
      await converse();
      await expect(client.call({ do: "status" }, deadlineMs)).rejects.toThrow(/refused status .* start first/);
    });
  });
});

const isChange = (change: string) => (event: BusEvent) => event.event === "connection" && event.change === change;

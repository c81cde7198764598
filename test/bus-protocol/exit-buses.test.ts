/**
 * Every bundled bus that can exit, against a real nats-server: what of a burst is delivered whose process ends in the same breath. It is
 * the client's write, and so exact where that waits for a turn of the event loop (docs/facts.md, F-34).
 */
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BusClient } from "../../src/bus-protocol/bus-client.ts";
import { launchOf } from "../../src/bus-protocol/registry.ts";
import { busesAtHand } from "../buses-at-hand.ts";
import { spawnBus } from "./spawn-bus.ts";
import { findNatsServer, type SpawnedServer, spawnServer } from "./spawn-server.ts";

const deadlineMs = 10_000;
const payloadBytes = 100;
const bufferBytes = 32_768;
const natsServer = await findNatsServer();
const { had } = await busesAtHand();

type Delivered = (count: number, frameBytes: number) => readonly [least: number, most: number];

/** Written inline whenever 32 KiB are buffered; the rest waits for a microtask. */
const wholeWrites: Delivered = (count, frameBytes) => {
  const perWrite = Math.ceil(bufferBytes / frameBytes);
  const whole = Math.floor(count / perWrite) * perWrite;
  return [whole, whole];
};

/** How many of a burst of so many frames are delivered, by profile. */
const delivered: Readonly<Record<string, Delivered>> = {
  "nats-js-2": wholeWrites,
  "nats-js-3": wholeWrites,
  // Inline as well; the rest is written by a goroutine that may have run.
  "nats-go": (count, frameBytes) => [Math.max(0, count - Math.ceil(bufferBytes / frameBytes) + 1), count],
  // All of it waits for a task.
  "nats-py": () => [0, 0],
};

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

  describe.each(had.map(manifest => [manifest.name, manifest] as const))("%s", (name, manifest) => {
    test.for([100, 1000])("publishes %i and exits in the same breath", async (count, { skip }) => {
      const launch = launchOf(manifest);
      const bus = spawnBus(name, launch.command, launch.folder);
      try {
        const client = new BusClient(bus);
        const greeting = await client.hello(deadlineMs);
        if (!greeting.capabilities.includes("exit")) return skip(`${name} does not claim exit`);
        const subject = `exit${String(count).padStart(4, "0")}`;
        const frameBytes = `PUB ${subject} ${payloadBytes}\r\n\r\n`.length + payloadBytes;
        expect(frameBytes, "as measured").toBe(120);
        let arrived = 0;
        observer.subscribe(subject, { callback: () => void arrived++ });
        await observer.flush();
        const options = { reconnectWaitMs: 50, reconnectAttemptsMax: -1, connectTimeoutMs: 5_000 };
        await client.call({ do: "start", case: 1, url: server.url, name: `exit-${count}`, options }, deadlineMs);
        const publish = { do: "publish", subject, first: 0, count, bytes: payloadBytes } as const;
        const reply = await client.call({ do: "together", calls: [publish, { do: "exit" }] }, deadlineMs);
        expect(reply).toEqual({
          replies: [{ outcomes: [{ count, outcome: { is: "accepted" } }] }, { outcome: { is: "ok" } }],
        });
        expect(await bus.exited).toEqual({ code: 0, signal: null });
        // The server has read to the end of the connection once it has forgotten it.
        await server.forgets(`exit-${count}`, deadlineMs);
        await observer.flush();
        const [least, most] = delivered[greeting.profile]?.(count, frameBytes) ?? [Number.NaN, Number.NaN];
        expect(arrived).toBeGreaterThanOrEqual(least);
        expect(arrived).toBeLessThanOrEqual(most);
      } finally {
        bus.stop();
      }
    });
  });
});

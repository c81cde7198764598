/** What a harness comes late to is no fault of the client's. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { BusClient } from "../../../src/bus-protocol/bus-client.ts";
import type { Command, ReplyTo } from "../../../src/bus-protocol/protocol.ts";
import { runCase } from "../../../src/judge/run.ts";
import { openSite } from "../../../src/worlds/live/index.ts";
import { NatsServer } from "../../../src/worlds/live/nats-server.ts";

const { call } = BusClient.prototype;
const { connectionsOpen } = NatsServer.prototype;
afterEach(() => {
  BusClient.prototype.call = call;
  NatsServer.prototype.connectionsOpen = connectionsOpen;
});

const silence: Scenario = {
  version: 1,
  id: "connection/late-to-a-silence",
  why: "The client notices before the harness waits for it.",
  requires: [],
  options: {
    subject: "subject",
    reconnectWaitMs: 20,
    reconnectAttemptsMax: -1,
    cutsWith: "fin",
    pingIntervalMs: 100,
    pingsOutMax: 2,
  },
  steps: [
    { id: "start", kind: "start" },
    { id: "blackhole", kind: "fault", fault: { kind: "blackhole" } },
    { id: "publish", kind: "publish", count: 10, bytes: 16 },
    { id: "await", kind: "await-noticed" },
    { id: "heal", kind: "heal", awaits: "connected" },
  ],
  mustHappen: [],
  expect: {},
};

const handshake: Scenario = {
  ...silence,
  id: "connection/late-in-a-handshake",
  why: "The dial is given up before the harness lets it through.",
  options: {
    subject: "subject",
    reconnectWaitMs: 20,
    reconnectAttemptsMax: -1,
    cutsWith: "fin",
    reconnectBufferBytesMax: 34,
  },
  steps: [
    { id: "start", kind: "start" },
    { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } },
    { id: "dialled", kind: "heal", awaits: "handshake" },
    { id: "publish", kind: "publish", count: 50, bytes: 16, overlap: true },
    { id: "heal", kind: "heal", awaits: "connected" },
  ],
};

/** More than three intervals, until the client notices, and than the dial is given. */
const lateMs = 700;

/** Publishes come late to the client, or their replies to the harness. */
function publishLate(when: "before" | "after"): void {
  BusClient.prototype.call = async function <Asked extends Command>(this: BusClient, command: Asked, boundMs: number) {
    const isLate = command.do === "publish";
    if (isLate && when === "before") await sleep(lateMs);
    const reply = await call.call(this, command, boundMs);
    if (isLate && when === "after") await sleep(lateMs);
    return reply as ReplyTo<Asked>;
  };
}

/** The harness hears late of a connection in its handshake. */
function seeHandshakesLate(): void {
  NatsServer.prototype.connectionsOpen = async function (this: NatsServer) {
    const open = await connectionsOpen.call(this);
    if (open.some(({ name }) => name === undefined)) await sleep(lateMs);
    return open;
  };
}

async function runOnGo(scenario: Scenario) {
  const site = await openSite(() => {});
  try {
    const stage = await site.openBus("go-nats-go");
    return await runCase(stage, { scenario, bus: "go-nats-go", profile: natsGo, seed: "1" });
  } finally {
    await site.close();
  }
}

test.for(["before", "after"] as const)("a silence noticed %s a late publish is done breaks no promise", async when => {
  publishLate(when);
  const { judgement, events } = await runOnGo(silence);
  expect(events).toContainEqual({ kind: "connection", change: "disconnected" });
  expect(judgement.properties.filter(({ verdict }) => verdict === "violated")).toEqual([]);
  expect(judgement.verdict).toBe("inconclusive");
  const what = "publishes to be made before the client noticed the silence";
  expect(events).toContainEqual({ kind: "not-awaited", step: "publish", what, byHarness: true });
});

test("a publish within a handshake that outlasts its dial is not compared", async () => {
  seeHandshakesLate();
  const { judgement, events } = await runOnGo(handshake);
  const what = "the handshake to end before its dial is given up";
  expect(events).toContainEqual({ kind: "not-awaited", step: "heal", what, byHarness: true });
  expect(judgement.verdict).toBe("inconclusive");
});

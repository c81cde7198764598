/** A harness that comes late to a silence finds it noticed: that is no fault of the client's. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { BusClient } from "../../../src/bus-protocol/bus-client.ts";
import type { Command } from "../../../src/bus-protocol/protocol.ts";
import { runCase } from "../../../src/run.ts";
import { openSite } from "../../../src/worlds/live/index.ts";

afterEach(() => {
  vi.restoreAllMocks();
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

/** Three intervals until the client notices, and as much again. */
const lateMs = 600;

test.for(["before", "after"] as const)("a silence noticed %s a late publish is done breaks no promise", async when => {
  const call = BusClient.prototype.call;
  vi.spyOn(BusClient.prototype, "call").mockImplementation(async function (this: BusClient, ...[command, boundMs]) {
    const isLate = command.do === "publish";
    if (isLate && when === "before") await sleep(lateMs);
    const reply = await call.call(this, command as Command, boundMs);
    if (isLate && when === "after") await sleep(lateMs);
    return reply;
  });
  const site = await openSite(() => {});
  try {
    const stage = await site.openBus("go-nats-go");
    const one = { scenario: silence, bus: "go-nats-go", profile: natsGo, seed: "1" };
    const { judgement, events } = await runCase(stage, one);
    expect(events).toContainEqual({ kind: "connection", change: "disconnected" });
    expect(judgement.properties.filter(({ verdict }) => verdict === "violated")).toEqual([]);
    expect(judgement.verdict).toBe("inconclusive");
    expect(events).toContainEqual({
      kind: "not-awaited",
      step: "publish",
      what: "publishes to be made before the client noticed the silence",
    });
  } finally {
    await site.close();
  }
});

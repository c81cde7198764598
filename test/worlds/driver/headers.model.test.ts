/** The driver says what headers a bare client's messages arrived with, at the end of a case and where it is given up. */
import { describe, expect, test } from "vitest";
import { planCase } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import { parseScenario } from "../../../src/files/scenario-schema.ts";
import { judge } from "../../../src/judge/judge.ts";
import { runCase } from "../../../src/worlds/driver/case.ts";
import { type Habits, memoryRig } from "./memory-rig.ts";

const headerBytes = { least: 37, most: 37 };
const publish = (id: string, count: number) => ({ id, kind: "publish", count, bytes: 16 });
const steps = [
  { id: "start", kind: "start" },
  publish("before", 5),
  { id: "flush", kind: "flush", timeoutMs: 5_000 },
  { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } },
  publish("down", 50),
  { id: "heal", kind: "heal", awaits: "connected" },
];

async function run(habits: Habits) {
  const options = { reconnectBufferBytesMax: 1_024 };
  const data = { version: 1, id: "driver/headers", why: "A test.", options, steps };
  const one = planCase(parseScenario(JSON.stringify(data), "headers.model.test.ts"), natsGo);
  const events: Event[] = [];
  await runCase({ ...one, bus: "in memory", seed: "1" }, 1, memoryRig(habits), event => events.push(event));
  return { judgement: judge(one, events), observed: events.find(({ kind }) => kind === "observed") };
}

describe("a client that keeps fewer messages than its profile foretells", () => {
  test("is convicted where it sends no headers", async () => {
    const { judgement, observed } = await run({ keepsMax: 15 });
    expect(judgement.verdict, judgement.reason).toBe("violated");
    expect(observed).toEqual({ kind: "observed", complete: true });
  });

  test("is not accused where it does", async () => {
    const { judgement, observed } = await run({ keepsMax: 15, headerBytes });
    expect(observed).toEqual({ kind: "observed", complete: true, headerBytes });
    expect([judgement.verdict, judgement.reason]).toEqual([
      "inconclusive",
      expect.stringMatching(/^the bus adds 37 bytes of headers to each message/),
    ]);
  });

  test("is convicted of what it drops, all the same", async () => {
    const { judgement } = await run({ keepsMax: 15, headerBytes, forgetsPending: true });
    expect(judgement.verdict, judgement.reason).toBe("violated");
  });
});

test("two observers that saw other headers are a fault of faultline's own", async () => {
  const { judgement, observed } = await run({ headerBytes, headerBytesSeenSecond: { least: 37, most: 38 } });
  expect(observed).toMatchObject({ complete: false, contradicted: true });
  expect(judgement.reason).toMatch(
    /^faultline's own witnesses differ: the observer and a second observer have seen \d+ messages, and not with the same headers\./,
  );
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandSchema, eventSchema, renderBusProtocolSchema, replySchema } from "../../src/bus-protocol/schema.ts";

test("schemas/bus-protocol.schema.json is current", () => {
  const written = readFileSync(new URL("../../schemas/bus-protocol.schema.json", import.meta.url), "utf8");
  expect(written, "run npm run schemas").toBe(renderBusProtocolSchema());
});

const publish = { id: 1, do: "publish", subject: "s000001", first: 0, count: 1, bytes: 8 };

test.each([
  ["an unknown command", { id: 1, do: "dance" }],
  ["an unknown field", { ...publish, headers: true }],
  ["a payload too short for its number", { ...publish, bytes: 7 }],
  ["a burst of nothing", { ...publish, count: 0 }],
  ["a subject with a space", { ...publish, subject: "s 1" }],
  ["a command without id", { do: "status" }],
  ["a wait without a bound", { id: 1, do: "flush" }],
  ["a start within together", { id: 1, do: "together", calls: [{ do: "status" }] }],
])("%s is refused", (_what, command) => {
  expect(commandSchema.safeParse(publish).success).toBe(true);
  expect(commandSchema.safeParse(command).success).toBe(false);
});

test.each([
  [
    "a rejected outcome that proves nothing",
    { id: 1, outcomes: [{ count: 1, outcome: { is: "rejected", kind: "timeout" } }] },
  ],
  ["a failed call without its kind", { id: 1, outcome: { is: "failed" } }],
  ["an accepted flush", { id: 1, outcome: { is: "accepted" } }],
])("%s is refused", (_what, reply) => {
  expect(replySchema.safeParse(reply).success).toBe(false);
});

test("an event names its case", () => {
  expect(eventSchema.safeParse({ event: "stale" }).success).toBe(false);
  expect(eventSchema.safeParse({ event: "stale", case: 1 }).success).toBe(true);
});

test("a greeting says that its bus has one behaviour, or says nothing of it", () => {
  const client = { name: "nats.go", version: "1.55.0" };
  const greeting = { id: 1, protocol: 1, bus: "b", profile: "nats-go", client, capabilities: ["policy"] };
  const isTaken = (more: object): boolean => replySchema.safeParse({ ...greeting, ...more }).success;
  expect([isTaken({}), isTaken({ fixed: true }), isTaken({ fixed: false }), isTaken({ fixed: "yes" })]).toEqual([
    ...[true, true],
    ...[false, false],
  ]);
});

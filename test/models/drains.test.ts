import { expect, test } from "vitest";
import { drainInTurn } from "../../models/drains.ts";
import type { Consumer, Delivery } from "../../models/server.ts";
import { newServer } from "../../models/server.ts";
import type { Handler } from "../../models/vocabulary/scenario.ts";
import { sound } from "./policies.ts";

const given: Delivery = { first: 0, count: 1, replica: 1, delivery: 1, storedMs: 0, dueMs: 30_000, ackHeld: false };

function consumer(subject: string, handler: Handler, open: readonly Delivery[] = []): Consumer {
  const members = [{ replica: 1, handler, takesMs: 0, nakDelayMs: 0 }];
  return { stream: "JOBS", subject, creator: 1, exists: true, given: 0, members, open: [...open] };
}

const idle = consumer("job.a", "acks");
const hung = consumer("job.b", "hangs", [given]);
const atWork = (endsMs: number): Consumer => consumer("job.c", "acks", [{ ...given, endsMs }]);

function drained(
  consumers: readonly Consumer[],
  serverMs = 0,
): readonly [tookMs: number, ...endsMs: readonly number[]] {
  const server = { ...newServer(sound), consumers: [...consumers] };
  const { tookMs, endsMs } = drainInTurn(server, { replica: 1, nowMs: 0, timeoutMs: 400, serverMs });
  return [tookMs, ...consumers.map(one => endsMs.get(one) ?? Number.NaN)];
}

const never = Number.POSITIVE_INFINITY;

test.each<[string, readonly Consumer[], number, ReturnType<typeof drained>]>([
  ["nothing to drain", [], 0, [0]],
  ["idle subscriptions", [idle, { ...idle }], 0, [0, 0, 0]],
  ["a hung handler, waited for until the timeout", [hung], 0, [400, never]],
  ["two hung handlers, one after the other", [hung, { ...hung }], 0, [800, never, never]],
  ["a handler that is through in time", [atWork(300)], 0, [300, 300]],
  ["a handler that takes longer, and ends while the next one is waited for", [hung, atWork(600)], 0, [800, never, 600]],
  ["a server that does not answer, for each", [idle, { ...idle }], 10_000, [800, 10_000, 10_400]],
  ["a server that does not answer for less than the timeout", [idle, { ...idle }], 100, [200, 100, 200]],
])("%s", (_what, consumers, serverMs, took) => {
  expect(drained(consumers, serverMs)).toEqual(took);
});

test("a subscription of another replica is not waited for", () => {
  const server = { ...newServer(sound), consumers: [hung] };
  expect(drainInTurn(server, { replica: 2, nowMs: 0, timeoutMs: 400, serverMs: 0 }).tookMs).toBe(0);
});

/** Ack waits that end one after the other in the scenario's time do so by the real clock. */
import { expect, test } from "vitest";
import { apartFromMs, keepApart } from "../../../src/worlds/driver/clocks.ts";
import type { Course, Timer } from "../../../src/worlds/driver/course.ts";
import { policyWith } from "../../models/policies.ts";

const policy = policyWith({ consume: { durables: "created", ackWaitMs: 2_000, failures: "redelivered" } });

test.each<[what: string, nowMs: number, ends: readonly (readonly [atMs: number, realMs: number])[], fromMs: number]>([
  ["nothing goes on", 500, [], 0],
  ["one ends 200 ms earlier", 200, [[2_000, 2_000]], 200],
  ["one ends much earlier: less is enough", 1_500, [[2_000, 2_000]], 400],
  ["the real clock is ahead of it by 300 ms", 200, [[2_000, 1_700]], -100],
  ["one ends later", 0, [[5_000, 5_000]], 0],
  [
    "the last of several decides",
    300,
    [
      [2_000, 2_000],
      [2_200, 2_200],
    ],
    300,
  ],
])("%s", (_, nowMs, ends, fromMs) => {
  const from = apartFromMs(
    ends.map(([atMs, realMs]) => ({ atMs, realMs })),
    nowMs,
    2_000,
  );
  expect(from).toBe(Math.max(0, fromMs));
});

test("the driver lets real time follow for it before a step, and for no window or age", async () => {
  let ms = 0;
  const clock = {
    nowMs: () => ms,
    wait: async (by: number) => {
      ms += by;
    },
  };
  const timer = (what: Timer["what"], endMs: number): Timer => ({ what, atMs: endMs, realMs: endMs });
  const course = (timers: readonly Timer[], nowMs: number) =>
    ({ service: { policy }, timers, nowMs, rig: { clock } }) as unknown as Course;
  await keepApart(course([timer("window", 2_000), timer("age", 2_000)], 1_000));
  expect(ms).toBe(0);
  await keepApart(course([timer("ack wait", 2_000), timer("ack wait", Number.POSITIVE_INFINITY)], 250));
  expect(ms).toBe(250);
});

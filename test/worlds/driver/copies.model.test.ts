/** A message that is published again after its duplicate window is stored twice. Each copy has deliveries and ack waits of its own. */
import { expect, test } from "vitest";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { BusEvent } from "../../../src/bus-protocol/protocol.ts";
import type { Course, Running, ServiceCourse } from "../../../src/worlds/driver/course.ts";
import { read } from "../../../src/worlds/driver/hearing.ts";
import { policyWith } from "../../models/policies.ts";

const policy = policyWith({ consume: { durables: "created", ackWaitMs: 4_000, failures: "redelivered" } });

/** A replica whose handler hangs. `given(atMs, delivery)`: the scenario's time is at that moment, and the message is delivered so often. */
function hanging() {
  const said: BusEvent[] = [];
  const emitted: Event[] = [];
  const process = { client: { eventsSince: (n: number) => said.slice(n) } };
  const running = { replica: 1, eventsRead: 0, lookedAtMs: 0, leaving: false, process } as unknown as Running;
  const service = {
    ...{ policy, uses: new Map(), consumed: new Map(), members: new Map(), unheard: [] },
    handlers: new Map([["1/job.a", { handler: "hangs" }]]),
  } as unknown as ServiceCourse;
  const course = {
    ...{ service, nowMs: 0, stepBeganMs: 0, timers: [], running: new Map([[1, running]]), at: "step" },
    emit: (event: Event) => emitted.push(event),
    rig: { clock: { nowMs: () => course.nowMs } },
  } as unknown as Course;
  const given = (atMs: number, delivery: number): void => {
    course.nowMs = atMs;
    said.push({ event: "handled", case: 1, subject: "job.a", message: 0, delivery, outcome: "hung" });
    read(course, running);
  };
  const dueMs = (): readonly number[] => course.timers.map(timer => timer.atMs);
  return { given, dueMs, emitted };
}

test("a second copy is no early delivery of the first", () => {
  const { given, dueMs, emitted } = hanging();
  given(0, 1);
  given(4_000, 2);
  given(5_000, 1);
  expect(dueMs()).toEqual([8_000, 9_000]);
  given(8_000, 3);
  given(9_000, 2);
  expect(dueMs()).toEqual([12_000, 13_000]);
  expect(emitted).toHaveLength(5);
});

test("a copy that comes again before its ack wait is over is more than the harness can follow", () => {
  const { given } = hanging();
  given(0, 1);
  expect(() => given(3_000, 2)).toThrow("keep pace with a real ack wait");
});

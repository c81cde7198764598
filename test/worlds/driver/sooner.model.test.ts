/**
 * A restarted server counts ack waits from when it stored the message (F-308), in whole seconds (F-304): it gives the message again sooner, and a
 * handler may be through before the ack wait was to end.
 */
import { describe, expect, test } from "vitest";
import { newView } from "../../../models/plan/view.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { BusEvent } from "../../../src/bus-protocol/protocol.ts";
import { redeliver } from "../../../src/worlds/driver/consumers.ts";
import type { Course, Running, ServiceCourse } from "../../../src/worlds/driver/course.ts";
import { hastenAckWaits, read } from "../../../src/worlds/driver/hearing.ts";
import { policyWith } from "../../models/policies.ts";

const takesMs = 600;
const policy = policyWith({ consume: { durables: "created", ackWaitMs: 4_000, failures: "redelivered" } });

/**
 * A handler that hung at the first delivery, at 0 ms of real time. The server gives the message again at `againMs`; `stored`: the moments at
 * which messages were stored.
 */
function caseOf(againMs: number, stored: Course["published"]["stored"] = []) {
  const clock = { ms: 0 };
  const emitted: Event[] = [];
  const handled = (delivery: number, outcome: "hung" | "begun" | "acked"): BusEvent => ({
    ...{ event: "handled", case: 1, subject: "job.a", message: 0, delivery, outcome },
  });
  const said: readonly (readonly [atMs: number, BusEvent])[] = [
    [0, handled(1, "hung")],
    [againMs, handled(2, "begun")],
    [againMs + takesMs, handled(2, "acked")],
  ];
  const running = {
    ...{ replica: 1, eventsRead: 0, lookedAtMs: 0, leaving: false },
    process: {
      client: {
        eventsSince: (n: number) => said.flatMap(([atMs, event]) => (atMs <= clock.ms ? [event] : [])).slice(n),
      },
    },
  } as unknown as Running;
  const service = {
    ...{ policy, uses: new Map(), consumed: new Map(), members: new Map(), unheard: [] },
    handlers: new Map([["1/job.a", { handler: "acks", takesMs }]]),
  } as unknown as ServiceCourse;
  const course = {
    ...{ service, nowMs: 0, stepBeganMs: 0, timers: [], running: new Map([[1, running]]), at: "wait" },
    published: { stored },
    emit: (event: Event) => emitted.push(event),
    one: { plan: { steps: [] } },
    rig: {
      clock: {
        nowMs: () => clock.ms,
        wait: async (ms: number): Promise<void> => {
          clock.ms += ms;
        },
      },
    },
  } as unknown as Course;
  read(course, running);
  const pass = (): Promise<void> => redeliver(course, service, newView(policy), 4_000 + takesMs, "wait");
  const lookAt = (ms: number): void => {
    clock.ms = ms;
    read(course, running);
  };
  return { course, emitted, pass, lookAt };
}

const told = (events: readonly Event[]): readonly string[] =>
  events.flatMap(event => (event.kind === "handled" ? [`${event.delivery} ${event.outcome}`] : []));
const tookMs = (events: readonly Event[]): number =>
  events.flatMap(event => (event.kind === "handled" ? (event.tookMs ?? []) : []))[0] ?? 0;

describe("after a restart of the server", () => {
  test.each([3_000, 3_250, 3_400, 3_900, 4_000])(
    "a message that is given again after %i ms is waited for",
    async ms => {
      const { course, emitted, pass } = caseOf(ms);
      hastenAckWaits(course);
      await pass();
      expect(told(emitted)).toEqual(["1 hung", "2 begun", "2 acked"]);
      expect(tookMs(emitted)).toBeGreaterThanOrEqual(takesMs);
      expect(tookMs(emitted)).toBeLessThan(takesMs + 1_000);
    },
  );
});

test("without one, a handler that is through so soon is more than the harness can follow", async () => {
  const { emitted, pass } = caseOf(3_100);
  await expect(pass()).rejects.toMatchObject({ isByHarness: true });
  expect(told(emitted)).toEqual(["1 hung", "2 begun"]);
});

test("the next ack wait is counted from the end of the one before, however late its report is read", () => {
  const { course, lookAt } = caseOf(4_000);
  course.nowMs = 4_000;
  lookAt(4_090);
  const waits = course.timers.filter(({ what }) => what === "ack wait");
  expect(waits.map(({ atMs, realMs }) => [atMs, realMs])).toEqual([[8_000, 8_000]]);
});

test("a message that was stored long before comes at once", () => {
  const { course, emitted, lookAt } = caseOf(200, [{ first: 0, count: 1, atMs: -4_000, realMs: -4_000 }]);
  hastenAckWaits(course);
  lookAt(200);
  expect(told(emitted)).toEqual(["1 hung", "2 begun"]);
});

test("one that comes at once and was not stored so long before is the server's doing, and without a restart the machine's", () => {
  const { course, lookAt } = caseOf(200, [{ first: 0, count: 1, atMs: -3_000, realMs: -3_000 }]);
  hastenAckWaits(course);
  expect(() => lookAt(200)).toThrow("counts it from the whole second in which it stored the message");
  expect(() => caseOf(200).lookAt(200)).toThrow("keep pace with a real ack wait");
});

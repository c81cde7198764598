/** Consumers that nobody uses, by the real clock: waited for until the server has deleted them, and given up where it may have been sooner. */
import { expect, test } from "vitest";
import { type ConsumerUse, newView, type View } from "../../../models/plan/view.ts";
import type { Event, Run } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Course, ServiceCourse } from "../../../src/worlds/driver/course.ts";
import { checkUnused, followUses } from "../../../src/worlds/driver/unused.ts";
import { policyWith, stream } from "../../models/policies.ts";

const feed = policyWith({
  streams: [{ ...stream, retention: "interest" }],
  consume: { durables: "created", ackWaitMs: 700, inactiveThresholdMs: 3_000 },
});
const queue: Policy = { ...feed, streams: [{ ...stream, retention: "workqueue" }] };

const viewOf = (part?: Partial<ConsumerUse>): View => {
  const use = { subject: "job.a", replicas: 1, lastMs: 0, times: 1, unusedMs: undefined, isGone: false };
  return { ...newView(feed), uses: part === undefined ? [] : [{ ...use, ...part }] };
};
const none = viewOf();
const used = viewOf({});
const unused = viewOf({ unusedMs: 0 });
const gone = viewOf({ unusedMs: 0, isGone: true });

/** A case that began at 0 ms of real time; the server deletes the consumer at `deletedMs`. */
function caseOf(policy: Policy, deletedMs: number, events: readonly Event[] = [], held: readonly Run[] = []) {
  const clock = { ms: 0 };
  const emitted: Event[] = [];
  const service = {
    policy,
    told: events,
    uses: new Map(),
    consumed: new Map(),
    beganAtMs: 0,
  } as unknown as ServiceCourse;
  const course = {
    ...{ service, nowMs: 0, stepBeganMs: 0, timers: [], emit: (event: Event) => emitted.push(event) },
    rig: {
      clock: {
        nowMs: () => clock.ms,
        wait: async (ms: number): Promise<void> => {
          clock.ms += ms;
        },
      },
      streams: {
        consumer: async () => (clock.ms < deletedMs ? {} : undefined),
        held: async () => ({ runs: held }),
      },
    },
  } as unknown as Course;
  const follow = (before: View, after: View): Promise<void> => followUses(course, before, after, "step");
  return { course, clock, emitted, follow };
}

const subscribed: Event = { kind: "subscribed", replica: 1, subject: "job.a", handler: "acks" };
const acked = (first: number): Event => ({
  ...{ kind: "published", step: "s", first, count: 1, frameBytes: 60, subject: "job.a", durable: true },
  outcome: { is: "acked" },
});
const handled = (first: number): Event => ({
  ...{ kind: "handled", replica: 1, subject: "job.a", delivery: 1, outcome: "acked", first, count: 1 },
});

test("the driver waits for the server to delete it, and tells what went with it", async () => {
  const { clock, emitted, follow } = caseOf(
    feed,
    5_000,
    [subscribed, acked(0), handled(0), acked(1), acked(2)],
    [{ first: 2, count: 1 }],
  );
  await follow(none, used);
  await follow(used, unused);
  await follow(unused, gone);
  expect(clock.ms).toBeGreaterThanOrEqual(5_400);
  expect(emitted).toEqual([
    { kind: "consumer-deleted", stream: "JOBS", subject: "job.a" },
    { kind: "discarded", stream: "JOBS", because: "no-consumer", first: 1, count: 1 },
  ]);
});

test("a work queue drops nothing with it", async () => {
  const { emitted, follow } = caseOf(queue, 5_000, [subscribed, acked(0)]);
  await follow(none, used);
  await follow(used, unused);
  await follow(unused, gone);
  expect(emitted).toEqual([{ kind: "consumer-deleted", stream: "JOBS", subject: "job.a" }]);
});

test("a consumer that the server has not deleted by then ends the case, and nothing is held against the bus", async () => {
  const { follow } = caseOf(feed, 60_000);
  await follow(none, used);
  await follow(used, unused);
  await expect(follow(unused, gone)).rejects.toMatchObject({
    isByHarness: true,
    message: "the consumer of job.a to be deleted by the server, since nobody used it",
  });
});

test("one that is used again in time is the same, and later the case is given up", async () => {
  const backAfter = async (ms: number): Promise<void> => {
    const { clock, follow } = caseOf(feed, 60_000);
    await follow(none, used);
    await follow(used, unused);
    clock.ms = ms;
    await follow(unused, viewOf({ times: 2 }));
  };
  await expect(backAfter(2_999)).resolves.toBeUndefined();
  await expect(backAfter(3_000)).rejects.toMatchObject({ isByHarness: true });
});

test("what a feed keeps for one is read before the threshold, or not at all", async () => {
  const readAfter = async (policy: Policy, ms: number): Promise<void> => {
    const { course, clock, follow } = caseOf(policy, 60_000);
    await follow(none, used);
    await follow(used, unused);
    clock.ms = ms;
    checkUnused(course, "settle");
  };
  await expect(readAfter(feed, 2_999)).resolves.toBeUndefined();
  await expect(readAfter(feed, 3_000)).rejects.toMatchObject({ isByHarness: true });
  await expect(readAfter(queue, 3_000)).resolves.toBeUndefined();
});

/** Ages that real clocks measure, and what streams were seen to hold on the way. */
import { describe, expect, test } from "vitest";
import { newView } from "../../../models/plan/view.ts";
import type { Event, Outcome, Run } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { Fault, PublishStep } from "../../../models/vocabulary/scenario.ts";
import { checkAges, rememberAge, renewAges } from "../../../src/worlds/driver/ages.ts";
import { checkClocks, comeTo, follow, spend } from "../../../src/worlds/driver/clocks.ts";
import type { Course, OpenDelivery, ServiceCourse, Timer } from "../../../src/worlds/driver/course.ts";
import { forgetHeld, lookAtHeld, noteHeld } from "../../../src/worlds/driver/seen-held.ts";
import { policyWith, stream } from "../../models/policies.ts";

const aged = (part: Partial<StreamPolicy> = {}): Policy =>
  policyWith({
    streams: [{ ...stream, ageMaxMs: 4_000, duplicateWindowMs: 1_000, ...part }],
    publish: { ackTimeoutMs: 700, attemptsMax: 2 },
  });

const step: PublishStep = { id: "publish", kind: "publish", count: 1, bytes: 16, subject: "job.a" };
const acked: Outcome = { is: "acked" };
const timedOut: Outcome = { is: "unsettled", kind: "timeout" };
const refused: Outcome = { is: "rejected", kind: "stream-full" };
const told = (outcome: Outcome): Event => ({
  ...{ kind: "published", step: "publish", first: 0, count: 1, frameBytes: 60, outcome, subject: "job.a" },
});

/** A case at 300 ms of its own time, whose publish was sent at 1,000 ms of real time; its calls have waited for `spentMs`. */
function caseAt(realMs: number, policy = aged(), events: readonly Event[] = [], spentMs = 0) {
  const clock = { ms: realMs };
  const wait = async (ms: number): Promise<void> => {
    clock.ms += ms;
  };
  const service = {
    policy,
    told: events,
    seenHeld: new Map(),
    lastHeld: new Map(),
    lostHeld: new Map(),
    neverStored: new Set(),
    consumed: new Map(),
  } as unknown as ServiceCourse;
  const course = {
    ...{ service, nowMs: 300, spentMs, stepBeganMs: 1_900, timers: [] as Timer[] },
    one: { scenario: { options: { subject: "subject" } }, plan: { steps: [] } },
    published: { contents: [], sentAtMs: new Map([["publish", 1_000]]), toldAtMs: new Map([["publish", 0]]) },
    rig: { clock: { nowMs: () => clock.ms, wait } },
  } as unknown as Course;
  return { course, service, clock };
}

const publishedAs = (outcome: Outcome, waitedMs = 0, policy = aged()): readonly Timer[] => {
  const { course, service } = caseAt(1_050 + waitedMs, policy);
  rememberAge(course, service, step, { re: 1, outcomes: [{ count: 1, outcome }] } as never, waitedMs);
  return course.timers;
};

describe("the age of a message", () => {
  test("ends by the scenario's time, and in real time between the moment of its sending and the server's delay", () => {
    expect(publishedAs(acked)).toEqual([{ what: "age", atMs: 4_300, realMs: 5_450, earliestMs: 5_000 }]);
  });

  test("may begin with each attempt of a call that timed out", () => {
    expect(publishedAs(timedOut, 1_400).map(({ atMs, earliestMs }) => [atMs, earliestMs])).toEqual([
      [4_300, 5_000],
      [5_000, 5_700],
      [5_700, 6_400],
    ]);
  });

  test("is not measured where nothing was stored, and where no scenario sees its end", () => {
    expect(publishedAs(refused)).toEqual([]);
    expect(publishedAs(acked, 0, aged({ ageMaxMs: 86_400_000 }))).toEqual([]);
  });

  test("begins again with a heal for what was left without an answer", () => {
    const { course } = caseAt(2_000, aged(), [told(timedOut)]);
    renewAges(course);
    expect(course.timers).toEqual([{ what: "age", atMs: 4_300, realMs: 6_400, earliestMs: 5_900 }]);
    const answered = caseAt(2_000, aged(), [told(acked), told(refused)]).course;
    renewAges(answered);
    expect(answered.timers).toEqual([]);
  });
});

describe("the driver's clock", () => {
  const age: Timer = { what: "age", atMs: 4_300, realMs: 5_450, earliestMs: 5_000 };
  const within = (realMs: number, more: Partial<Course> = {}) => {
    const { course, clock } = caseAt(realMs);
    Object.assign(course, { timers: [age], ...more });
    return { course, clock };
  };

  test("gives a case up whose message is too old before the scenario says so", () => {
    expect(() => checkClocks(within(4_999).course, "s")).not.toThrow();
    expect(() => checkClocks(within(5_000).course, "s")).toThrow("keep pace with a real age");
    expect(() => checkAges(within(4_999).course, "s")).not.toThrow();
    expect(() => checkAges(within(5_000).course, "s")).toThrow("keep pace with a real age");
    const over = within(5_000).course;
    comeTo(over, 4_300);
    expect(() => checkAges(over, "s")).not.toThrow();
  });

  test("waits for an age that ends while a publish waits", async () => {
    const { course, clock } = within(1_500);
    await spend(course, 4_000);
    expect([clock.ms, course.timers]).toEqual([5_550, []]);
  });

  test("keeps closer to messages that grow old one after the other", async () => {
    const steps = [{ kind: "settle", after: { nowMs: 5_000 } }];
    const { course, clock } = within(1_100, { nowMs: 3_300, one: { plan: { steps } } as unknown as Course["one"] });
    await follow(course);
    expect(clock.ms).toBe(5_450 - 1_000 - 900 + 100);
  });
});

describe("what a stream was seen to hold", () => {
  const calm = { ...newView(), serverUp: true };
  const looking = (policy: Policy, there: readonly string[] = ["JOBS"]) => {
    const { course, service } = caseAt(0, policy);
    const state = { firstNumber: 1, lastNumber: 2, messages: 2, deleted: 0, keepsMax: undefined };
    const held = { runs: [{ first: 2, count: 2, subject: "job.a", bytes: 16 }], foreign: 0, state };
    const streams = { names: async () => there, held: async () => held };
    Object.assign(course.rig, { streams, server: { isRunning: true, isHalted: false } });
    return { course, service };
  };
  const seen = async (policy: Policy, view = calm, after: "publish" | "advance" = "publish", there = ["JOBS"]) => {
    const { course, service } = looking(policy, there);
    await noteHeld(course, service, view, after);
    return [...(service.seenHeld.get("JOBS") ?? [])];
  };

  test("is kept where a limit may take it, after a step that may store", async () => {
    expect(await seen(aged())).toEqual([2, 3]);
    expect(await seen(aged(), calm, "advance")).toEqual([]);
    expect(await seen(policyWith({}))).toEqual([]);
    expect(await seen(aged(), calm, "publish", [])).toEqual([]);
    expect(await seen(aged(), { ...calm, jetStream: false })).toEqual([]);
    expect(await seen(aged(), { ...calm, serverUp: false })).toEqual([]);
  });

  /** The first message was acknowledged, and is gone by its age. `open`: deliveries of these, without an acknowledgement. */
  const lookingAtOneGone = (open: readonly number[] = [], work?: OpenDelivery["work"], held: readonly Run[] = []) => {
    const { streams, publish } = aged({ ageMaxMs: 300, duplicateWindowMs: 100 });
    const { course, service } = looking(policyWith({ streams, publish }));
    const messages = held.length;
    const state = { firstNumber: 2, lastNumber: 1 + messages, messages, deleted: 0, keepsMax: undefined };
    Object.assign(course.rig.streams, { held: async () => ({ runs: held, foreign: 0, state }) });
    const given = open.map((message): OpenDelivery => {
      const timer: Timer = { what: "ack wait", atMs: 5_000, realMs: 5_000 };
      course.timers.push(timer);
      const works = work === undefined ? {} : { work };
      return { message, delivery: 1, firstGivenMs: 0, beganMs: 0, timer, ...works };
    });
    const consumed = new Map([["job.a", { handled: open.length, open: new Set(given) }]]);
    Object.assign(service, { told: [told(acked)], consumed });
    const left = (): readonly number[] => [...(service.consumed.get("job.a")?.open ?? [])].map(one => one.message);
    return { course, service, left };
  };

  test("counts what its numbers have proven to be gone by then", async () => {
    const { course, service } = lookingAtOneGone();
    await noteHeld(course, service, calm, "publish");
    expect([...(service.seenHeld.get("JOBS") ?? [])]).toEqual([0]);
  });

  test("ends the wait for the next delivery of what is gone, unless a handler is at work on it", async () => {
    const hung = lookingAtOneGone([0, 1], undefined, [{ first: 1, count: 1 }]);
    await noteHeld(hung.course, hung.service, calm, "publish");
    expect([hung.left(), hung.course.timers.length]).toEqual([[1], 1]);
    const ends: Timer = { what: "handler", atMs: 9_000, realMs: 9_000 };
    const works = lookingAtOneGone([0], { replica: 1, ends, isAcked: false });
    await noteHeld(works.course, works.service, calm, "publish");
    expect(works.left()).toEqual([0]);
  });

  test("ends that wait for what nobody was told of, and for each copy beyond those that are held", async () => {
    const unanswered = lookingAtOneGone([0]);
    Object.assign(unanswered.service, { told: [told(timedOut)] });
    await noteHeld(unanswered.course, unanswered.service, calm, "publish");
    expect([unanswered.left(), unanswered.course.timers.length]).toEqual([[], 0]);
    const twice = lookingAtOneGone([0, 0, 0], undefined, [
      { first: 0, count: 1 },
      { first: 0, count: 1 },
    ]);
    const [oldest, ...others] = twice.service.consumed.get("job.a")?.open ?? [];
    await noteHeld(twice.course, twice.service, calm, "publish");
    expect([...(twice.service.consumed.get("job.a")?.open ?? [])]).toEqual(others);
    expect(twice.course.timers).not.toContain(oldest?.timer);
  });

  test("goes on waiting for what is acknowledged where nothing shows that a limit has taken it", async () => {
    const { course, service, left } = lookingAtOneGone([0]);
    const state = { firstNumber: 1, lastNumber: 0, messages: 0, deleted: 0, keepsMax: undefined };
    Object.assign(course.rig.streams, { held: async () => ({ runs: [], foreign: 0, state }) });
    await noteHeld(course, service, calm, "publish");
    expect([left(), course.timers.length]).toEqual([[0], 1]);
  });

  test("leaves it open whether a limit has taken what is gone, where nobody has seen it", async () => {
    const { course, service } = lookingAtOneGone([0]);
    Object.assign(service, { told: [told(acked), { ...told(timedOut), first: 1 }] });
    expect([...(await lookAtHeld(course, service, calm))]).toEqual([0]);
  });

  test.each<[what: string, fault: Fault, storage: StreamPolicy["storage"], left: number]>([
    ["a stopped server's memory", { kind: "stop-server", signal: "TERM", awaits: "noticed" }, "memory", 0],
    ["a stopped server's file", { kind: "stop-server", signal: "TERM", awaits: "noticed" }, "file", 2],
    ["a lost disk", { kind: "stop-server", signal: "TERM", awaits: "noticed", store: "lost" }, "file", 0],
    ["lost power", { kind: "power-loss", awaits: "noticed" }, "file", 0],
    ["a cut", { kind: "cut", awaits: "noticed" }, "memory", 2],
  ])("is forgotten with the stream: %s", async (_what, fault, storage, left) => {
    const { course, service } = looking(aged({ storage }));
    await noteHeld(course, service, calm, "publish");
    forgetHeld(course, fault);
    expect(service.seenHeld.get("JOBS")?.size ?? 0).toBe(left);
    expect([...(service.lostHeld.get("JOBS")?.held ?? [])]).toEqual(left === 0 ? [2, 3] : []);
  });

  test("is told from what was discarded before the stream was lost, where a look says it", async () => {
    const { course, service } = looking(aged({ storage: "memory" }));
    await noteHeld(course, service, calm, "publish");
    service.seenHeld.get("JOBS")?.add(1);
    forgetHeld(course, { kind: "stop-server", signal: "KILL", awaits: "noticed" });
    const { held, discarded } = service.lostHeld.get("JOBS") ?? {};
    expect([[...(held ?? [])], [...(discarded ?? [])]]).toEqual([[2, 3], [1]]);
  });

  test("says nothing of a lost stream where something may have been stored since the last look", async () => {
    const { course, service } = looking(aged({ storage: "memory" }));
    await noteHeld(course, service, calm, "publish");
    service.seenHeld.get("JOBS")?.add(1);
    await noteHeld(course, service, { ...calm, jetStream: false }, "publish");
    forgetHeld(course, { kind: "stop-server", signal: "KILL", awaits: "noticed" });
    const { held, discarded } = service.lostHeld.get("JOBS") ?? {};
    expect([[...(held ?? [])], [...(discarded ?? [])]]).toEqual([[], []]);
  });
});

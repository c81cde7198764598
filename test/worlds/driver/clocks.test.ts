/** Real time follows the scenario's towards what the scenario comes to later, and no further. */
import { describe, expect, test } from "vitest";
import { newView, type View } from "../../../models/plan/view.ts";
import { awaitFirstWindows, follow, renewWindows } from "../../../src/worlds/driver/clocks.ts";
import type { Course, Timer } from "../../../src/worlds/driver/course.ts";
import { policyWith, stream } from "../../models/policies.ts";

/** A case that has come to 7,400 ms of its own time after 100 ms of real time, and ends at `lastMs`, or at `settledMs` once settled. */
async function followed(
  timers: readonly Timer[],
  lastMs: number,
  settledMs = lastMs,
  spentMs = 0,
  later: readonly object[] = [],
): Promise<number> {
  let nowMs = 100;
  const wait = async (ms: number): Promise<void> => {
    nowMs += ms;
  };
  const steps = [{ kind: "done", after: { nowMs: lastMs } }, ...later, { kind: "settle", after: { nowMs: settledMs } }];
  const rig = { clock: { nowMs: () => nowMs, wait } };
  const course = { one: { plan: { steps } }, timers, nowMs: 7_400, spentMs, rig };
  await follow(course as unknown as Course);
  return nowMs;
}

const timer = (what: Timer["what"], atMs: number, realMs: number): Timer => ({ what, atMs, realMs });

test.each([
  ["nothing is measured", [], 20_000, 100],
  ["a window ends after the case", [timer("window", 8_000, 8_050)], 7_900, 100],
  ["a window ends within the case: real time is two seconds behind", [timer("window", 8_000, 8_050)], 8_700, 5_550],
  ["a window that began later leads less", [timer("window", 15_400, 8_100)], 16_000, 100],
  ["the one that leads most", [timer("window", 8_000, 8_050), timer("ack wait", 9_000, 9_900)], 9_000, 7_500],
  ["a deadline is left to its process", [timer("deadline", 8_000, 8_050)], 8_700, 100],
] as const)("where %s", async (_what, timers, lastMs, realMs) => {
  expect(await followed(timers, lastMs)).toBe(realMs);
});

test("a window that began when calls had waited for 2 s ends as much later on the clock that counts those waits", async () => {
  expect(await followed([timer("window", 10_000, 8_050)], 8_700, 8_700, 2_000)).toBe(5_550);
  expect(await followed([timer("window", 10_000, 8_050)], 7_900, 7_900, 2_000)).toBe(100);
});

test("an ack wait that ends as the case settles leads, with real time 0.9 s behind; a window is forgotten by then", async () => {
  expect(await followed([timer("ack wait", 8_000, 8_050)], 7_400, 9_000)).toBe(6_650);
  expect(await followed([timer("window", 8_000, 8_050)], 7_400, 9_000)).toBe(100);
});

test("a window that ends while a later publish waits leads, as that publish begins one of its own", async () => {
  const ofWindow = [timer("window", 9_000, 8_050)];
  expect(await followed(ofWindow, 7_400)).toBe(100);
  const waiting = {
    ...newView(policyWith({ streams: [stream], publish: { ackTimeoutMs: 2_000, attemptsMax: 1 } })),
    path: "jetstream" as const,
  };
  const publish = { id: "later", kind: "publish", count: 1, bytes: 16, subject: "job.a" };
  const later = (before: View) => [
    { kind: "step", step: publish, overlapping: false, before, after: { nowMs: 7_400 } },
  ];
  expect(await followed(ofWindow, 7_400, 7_400, 0, later({ ...waiting, hindrance: "lose-ack" }))).toBe(4_550);
  expect(
    await followed(ofWindow, 7_400, 7_400, 0, later({ ...waiting, link: "up", jetStream: true, client: "connected" })),
  ).toBe(100);
});

describe("a server that starts", () => {
  const end = { atMs: 9_000, realMs: 2_000, earliestMs: 1_900 };
  const window: Timer = { what: "window", ...end, window: { ms: 2_000, storage: "file", end } };
  const ackWait = timer("ack wait", 9_000, 2_000);

  /** The timers once it has started between these moments of the rig's clock. */
  const renewed = (timers: readonly Timer[], nowMs: number, realMs: readonly [number, number], storeLost = false) => {
    const rig = { clock: { nowMs: () => realMs[1] } };
    const course = { timers, nowMs, spentMs: 300, rig };
    renewWindows(course as unknown as Course, realMs[0], storeLost);
    return course.timers;
  };

  test("counts one more window, and nothing else anew", () => {
    const once = { ...window, atMs: 10_300, realMs: 3_500, earliestMs: 3_400 };
    expect(renewed([window, ackWait], 8_000, [1_400, 1_500])).toEqual([once, ackWait]);
    const twice = { ...window, atMs: 10_500, realMs: 3_700, earliestMs: 3_600 };
    expect(renewed([once], 8_200, [1_600, 1_700])).toEqual([twice]);
  });

  test("does not read an id whose first window is over", () => {
    const once = renewed([window], 8_000, [1_400, 1_500]);
    expect(renewed(once, 9_000, [2_100, 2_200])).toEqual([]);
  });

  test("may not have read one whose first window was over for its own clock", () => {
    const once = renewed([window], 8_000, [1_400, 1_500]);
    expect(renewed(once, 8_500, [2_100, 2_200])).toMatchObject([{ atMs: 10_800, earliestMs: 1_900 }]);
  });

  test("has no ids of a stream in memory, and none without its store", () => {
    const inMemory: Timer = { ...window, window: { ms: 2_000, storage: "memory", end } };
    expect(renewed([inMemory, window], 8_000, [1_400, 1_500])).toHaveLength(1);
    expect(renewed([inMemory, window], 8_000, [1_400, 1_500], true)).toEqual([]);
  });

  test("is not started before the windows that are over for the scenario are so for it", async () => {
    const after = async (nowMs: number): Promise<number> => {
      let realMs = 1_500;
      const wait = async (ms: number): Promise<void> => {
        realMs += ms;
      };
      const course = { timers: [window, ackWait], nowMs, spentMs: 300, rig: { clock: { nowMs: () => realMs, wait } } };
      await awaitFirstWindows(course as unknown as Course);
      return realMs;
    };
    expect(await after(8_600)).toBe(1_500);
    expect(await after(8_700)).toBe(2_100);
  });
});

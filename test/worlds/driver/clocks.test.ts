/** Real time follows the scenario's towards what the scenario comes to later, and no further. */
import { expect, test } from "vitest";
import { newView, type View } from "../../../models/plan/view.ts";
import { follow, renewWindows } from "../../../src/worlds/driver/clocks.ts";
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

test("a server that has started counts one more window, unless one may have been over by then", () => {
  const window = (earliestMs: number): Timer => ({ ...timer("window", 9_000, 2_000), earliestMs, windowMs: 2_000 });
  const ackWait = timer("ack wait", 9_000, 2_000);
  const rig = { clock: { nowMs: () => 1_500 } };
  const course = { timers: [window(1_900), window(1_450), ackWait], nowMs: 8_000, spentMs: 300, rig };
  renewWindows(course as unknown as Course, 1_400);
  const renewed = { ...window(3_400), atMs: 10_300, realMs: 3_500 };
  expect(course.timers).toEqual([renewed, { ...renewed, earliestMs: 1_450 }, ackWait]);
});

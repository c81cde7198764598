/** Real time follows the scenario's towards what the scenario comes to later, and no further. */
import { expect, test } from "vitest";
import { follow } from "../../../src/worlds/driver/clocks.ts";
import type { Course, Timer } from "../../../src/worlds/driver/course.ts";

/** A case that has come to 7,400 ms of its own time after 100 ms of real time, and ends at `lastMs`, or at `settledMs` once settled. */
async function followed(timers: readonly Timer[], lastMs: number, settledMs = lastMs, spentMs = 0): Promise<number> {
  let nowMs = 100;
  const wait = async (ms: number): Promise<void> => {
    nowMs += ms;
  };
  const steps = [
    { kind: "done", after: { nowMs: lastMs } },
    { kind: "settle", after: { nowMs: settledMs } },
  ];
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

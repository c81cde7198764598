/** What the kernel tells of a process's memory. */
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { memoryOf, parseStatus } from "../../../src/worlds/live/memory.ts";

test("peak and present size are read in bytes", () => {
  const text = "Name:\tbus\nVmPeak:\t  999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t3\n";
  expect(parseStatus(text)).toEqual({ residentBytes: 1_048_576, peakBytes: 2_097_152 });
});

test("a process that is ending has no memory, and one that has ended no file", () => {
  expect(parseStatus("Name:\tbus\nState:\tZ (zombie)\n")).toBeUndefined();
  expect(memoryOf(2 ** 30)).toBeUndefined();
});

test.runIf(existsSync("/proc/self/status"))("this process has some", () => {
  const { residentBytes = 0, peakBytes = 0 } = memoryOf(process.pid) ?? {};
  expect(residentBytes).toBeGreaterThan(1_048_576);
  expect(peakBytes).toBeGreaterThanOrEqual(residentBytes);
});

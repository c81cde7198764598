/** However the harness ends, nothing of it is left: no process 5 s later, no folder after the next run. */
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { randomOf } from "../../properties/arbitraries/random.ts";
import { readJournal } from "../../src/runs/journal.ts";
import { openLease } from "../../src/worlds/live/leases.ts";
import { type Harness, leftAfter, leftovers, living, startHarness } from "./killed.ts";
import { survive, verdictsOf } from "./survive.ts";

const cwd = mkdtempSync(join(tmpdir(), "kill-test-"));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(cwd, { recursive: true, force: true });
});

const drill = ["drill", "--json"];
const compare = ["compare", "--bus", "typescript-nats-js-3", "--runs", "1000", "--json"];

/** `building`: with an empty cache, so that it begins by building the servers. */
function start(args: readonly string[], building: boolean): Harness {
  const cache = { FAULTLINE_CACHE: join(cwd, randomUUID()), FAULTLINE_NATS_SERVER: "", FAULTLINE_TOXIPROXY: "" };
  const harness = startHarness(args, cwd, building ? cache : {});
  started.push(harness.child);
  return harness;
}

/** It has said its first word: signals are heard from then on, however slow the machine. */
async function isUp({ stderr }: ChildProcess): Promise<void> {
  if (stderr === null) throw new Error("the harness has no stderr");
  await once(stderr, "data");
  stderr.resume();
}

async function inTens<T>(jobs: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  const ends: T[] = [];
  for (let i = 0; i < jobs.length; i += 10) ends.push(...(await Promise.all(jobs.slice(i, i + 10).map(job => job()))));
  return ends;
}

test("20 harnesses killed at 20 moments leave no process 5 s later, and no folder after the next run", {
  timeout: 180_000,
}, async () => {
  const moments = Array.from({ length: 20 }, (_, i) => ({
    afterMs: 150 + i * 400,
    args: i % 2 === 0 ? drill : compare,
    building: i % 5 === 4,
    // However slow the machine is.
    inTheMidst: i % 10 >= 7 && i % 5 !== 4,
  }));
  const most: number[] = [];
  const ends = await inTens(
    moments.map(({ afterMs, args, building, inTheMidst }) => async () => {
      const { child, mark } = start(args, building);
      child.stdout?.resume();
      child.stderr?.resume();
      await sleep(afterMs);
      for (const until = performance.now() + 60_000; inTheMidst && performance.now() < until; await sleep(20))
        if (living(mark).length >= 4) break;
      most.push(living(mark).length);
      child.kill("SIGKILL");
      await once(child, "exit");
      return { pid: child.pid, left: await leftAfter(mark, 5_000) };
    }),
  );
  expect(ends.flatMap(one => one.left)).toEqual([]);
  // Otherwise there was nothing to leave.
  expect(Math.max(...most)).toBeGreaterThanOrEqual(4);
  await (await openLease()).release();
  expect(leftovers(ends.map(one => one.pid))).toEqual([]);
});

test.for([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s exits %i with what was found as valid JSON, and leaves neither process nor folder",
  {
    timeout: 120_000,
  },
  async ([signal, exitCode]) => {
    const ends = await inTens(
      [0, 2_000, 4_000, 6_000].map((afterMs, i) => async () => {
        const { child, mark } = start(i % 2 === 0 ? drill : compare, false);
        const said = child.stdout === null ? "" : text(child.stdout);
        await isUp(child);
        await sleep(afterMs);
        child.kill(signal);
        const [code] = await once(child, "exit");
        const document = JSON.parse(await said) as { verdict: string; interrupted: boolean; report: string };
        const { header, isComplete } = readJournal(join(cwd, document.report, ".."));
        expect([header.command, isComplete]).toEqual([i % 2 === 0 ? "drill" : "compare", false]);
        expect(document.verdict).toBe("inconclusive");
        return { code, interrupted: document.interrupted, left: await leftAfter(mark, 5_000), pid: child.pid };
      }),
    );
    expect(ends.map(({ code, interrupted, left }) => ({ code, interrupted, left }))).toEqual(
      ends.map(() => ({ code: exitCode, interrupted: true, left: [] })),
    );
    await (await openLease()).release();
    expect(leftovers(ends.map(one => one.pid))).toEqual([]);
  },
);

test("a run killed at four random moments, and resumed each time, comes to the verdicts of one that nobody disturbed", {
  timeout: 180_000,
}, async () => {
  const args = ["compare", "--bus", "go-nats-go", "--runs", "6", "--seed", "1"];
  const began = performance.now();
  const undisturbed = await survive(args, mkdtempSync(join(cwd, "undisturbed-")), () => undefined);
  const spanMs = Math.round(performance.now() - began);
  const random = randomOf("1", "kills");
  const fifth = Math.round(spanMs / 5);
  const moments = [3, 2, 1, 0].map(i => random.int(i * fifth, (i + 1) * fifth));
  const killed = await survive(args, mkdtempSync(join(cwd, "killed-")), () => moments.shift());
  expect(killed.kills.flatMap(one => one.left)).toEqual([]);
  expect(killed.foldersLeft).toEqual([]);
  expect(killed.exitCode).toBe(0);
  expect(verdictsOf(killed)).toEqual(verdictsOf(undisturbed));
  // Otherwise there was nothing to leave. That what is recorded is not run again has tests of its own.
  expect(Math.max(...killed.kills.map(one => one.processes))).toBeGreaterThanOrEqual(4);
  expect(Math.max(...killed.kills.map(one => one.listeners))).toBeGreaterThanOrEqual(2);
});

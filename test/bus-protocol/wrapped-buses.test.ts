/** Buses given as command lines, as real processes: their signals, their memory and their end are those of the bus, not of what wraps it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { findBus } from "../../src/bus-protocol/registry.ts";
import { Descendant, exitOf } from "../../src/worlds/live/bus-end.ts";
import { findBusPid, type Kernel } from "../../src/worlds/live/bus-pid.ts";
import { type BusProcess, startBus } from "../../src/worlds/live/bus-process.ts";
import { spawnGuarded } from "../../src/worlds/live/guard.ts";
import { memoryOf } from "../../src/worlds/live/memory.ts";
import { descendantsInGroup, parseStat, type SystemProcess } from "../../src/worlds/live/processes.ts";

const folder = join(import.meta.dirname, "wrapped-buses");
const node = `"${process.execPath}"`;
const bus = `${node} "${join(folder, "tells-its-pid.mjs")}"`;
const wrapped = `${node} "${join(folder, "wraps.mjs")}"`;

async function start(commandLine: string): Promise<BusProcess> {
  const started = await startBus(findBus(commandLine));
  onTestFinished(() => started.end());
  return started;
}

const pidOf = ({ greeting }: BusProcess): number => Number(greeting.traits?.[0]?.replace("pid-", ""));

async function endOf(started: BusProcess) {
  const { atMs: _, ...exit } = await started.exited;
  return exit;
}

/** The most it ever had only grows; looked at before and after. */
function expectOwnMemory(started: BusProcess): void {
  const { peakBytes: atLeast = 0 } = memoryOf(pidOf(started)) ?? {};
  const { peakBytes = 0 } = started.memory() ?? {};
  const { peakBytes: atMost = 0 } = memoryOf(pidOf(started)) ?? {};
  expect(atLeast).toBeGreaterThan(8 * 1024 * 1024);
  expect(peakBytes).toBeGreaterThanOrEqual(atLeast);
  expect(peakBytes).toBeLessThanOrEqual(atMost);
}

/** Names and command lines. A shell such as dash stays around some buses, and what starts the bus around others. */
const commandLines: readonly (readonly [string, string])[] = [
  ["a command with arguments", `${bus} own`],
  ["a command that names no pid", bus],
  ["a variable before the command", `X=1 ${bus}`],
  ["a redirection", `${bus} own 2>/dev/null`],
  ["one command after another", `cd / && ${bus}`],
  ["one command after another, and a pid", `cd / && ${bus} own`],
  ["commands parted by a semicolon", `true; ${bus}`],
  ["a command whose end the shell waits for", `${bus}; exit $?`],
  ["a shell within the shell", `sh -c '${bus}; exit $?'`],
  ["a program that starts the bus", `${wrapped} ${bus}`],
  ["programs that start one another", `cd / && X=1 ${wrapped} ${wrapped} ${bus} own`],
];

describe.each(commandLines)("%s", (_name, commandLine) => {
  test("its memory is the bus's own, and SIGTERM ends it", async () => {
    const started = await start(commandLine);
    expect(started.unclaimed).toBeUndefined();
    expectOwnMemory(started);
    started.client.mayEnd();
    started.signal("TERM");
    const { code, signal } = await endOf(started);
    // A program that hides the signal of its child ends with a code of its own making.
    expect(commandLine.includes("wraps") ? code : signal).toBe(commandLine.includes("wraps") ? 1 : "SIGTERM");
    expect(memoryOf(pidOf(started))).toBeUndefined();
  });

  test("a kill is told as one, and an exit code as it is", async () => {
    const killed = await start(commandLine);
    killed.client.mayEnd();
    killed.signal("KILL");
    expect(await endOf(killed)).toEqual({ code: null, signal: "SIGKILL" });

    const left = await start(commandLine);
    left.client.mayEnd();
    await expect(left.client.call({ do: "close", timeoutMs: 1_000 }, 10_000)).rejects.toThrow(/ended with exit code 3/);
    expect(await endOf(left)).toEqual({ code: 3, signal: null });
  });
});

test("a variable before the command is in the environment of the bus", async () => {
  const started = await start(`X=1 ${bus}`);
  expect(started.greeting.traits).toContain("x-1");
  expect(started.isWrapped).toBe(false);
});

describe("a shell that lives on when the bus has ended", () => {
  const commandLine = `${bus}; sleep 60`;

  test("does not hide that it was killed, nor when", async () => {
    const started = await start(commandLine);
    started.client.mayEnd();
    const began = performance.now();
    started.signal("KILL");
    const { signal, atMs } = await started.exited;
    expect(signal).toBe("SIGKILL");
    expect(atMs - began).toBeLessThan(900);
  });

  test("leaves its exit code unknown, and nothing is made up in its place", async () => {
    const started = await start(commandLine);
    started.client.mayEnd();
    await expect(started.client.call({ do: "close", timeoutMs: 1_000 }, 10_000)).rejects.toThrow(/ended\.$/);
    expect(await endOf(started)).toEqual({ code: null, signal: null });
  });
});

test("a bus that outlives what wraps it is killed with it", async () => {
  const started = await start(`cd / && ${bus} own`);
  const shell = (await once(spawn("ps", ["-o", "ppid=", "-p", `${pidOf(started)}`]).stdout, "data")).toString();
  started.client.mayEnd();
  process.kill(Number(shell), "SIGTERM");
  // On a busy machine the end of the shell is seen before that of the bus.
  expect(await endOf(started)).toMatchObject({ code: null, signal: expect.stringMatching(/^SIG(KILL|TERM)$/) });
  expect(memoryOf(pidOf(started))).toBeUndefined();
});

test("a pid that is another process's by now is not signalled", async () => {
  const guarded = spawnGuarded("sleep", ["60"]);
  onTestFinished(async () => void (await guarded.end()));
  const [sleep] = descendantsInGroup(guarded.pid) ?? [];
  if (sleep === undefined) expect.unreachable("it has been started");
  expect(new Descendant({ ...sleep, start: "1" }, guarded).signal("SIGKILL")).toBe(false);
  expect(new Descendant({ ...sleep, group: process.pid }, guarded).signal("SIGKILL")).toBe(false);
  expect(guarded.child.exitCode ?? guarded.child.signalCode).toBeNull();
  expect(new Descendant(sleep, guarded).signal("SIGKILL")).toBe(true);
  expect(await guarded.exited).toMatchObject({ code: null, signal: "SIGKILL" });
});

describe("a pid that is not the bus's", () => {
  /** A process of the test's own, so that a signal that went astray would be seen. */
  async function bystander() {
    const child = spawn("sleep", ["60"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child, "spawn");
    return child;
  }

  test.each(["the first process", "the harness", "a bystander"])("%s is neither measured nor signalled", async who => {
    const other = await bystander();
    const pid = { "the first process": 1, "the harness": process.pid }[who] ?? other.pid;
    for (const commandLine of [`${bus} ${pid}`, `cd / && ${bus} ${pid}`]) {
      const started = await start(commandLine);
      expect(started.unclaimed).toMatch(
        `it greets with pid ${pid}, which is no process that its command has started), so no signal is sent`,
      );
      expect(started.unclaimed).toMatch(
        /put exec before the command that starts it, or let its greeting carry its pid/,
      );
      expect(started.memory()).toBeUndefined();
      expect(() => started.signal("KILL")).toThrow(/cannot be known/);
      await started.end();
    }
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
  });

  test("a process that has left the group is out of reach, though it is the bus", async () => {
    const started = await start(`${wrapped} --apart ${bus} own`);
    expect(started.unclaimed).toContain(`it greets with pid ${pidOf(started)}`);
    process.kill(pidOf(started), "SIGKILL");
  });

  test("the guard's own watcher is none of the bus's processes, though of its group", async () => {
    const guarded = spawnGuarded("/bin/sh", ["-c", "sleep 60 & echo up; wait"], { onStdoutLine: () => {} });
    onTestFinished(async () => void (await guarded.end()));
    await once(guarded.child.stdout, "data");
    const found = descendantsInGroup(guarded.pid) ?? [];
    expect(found.map(({ parent }) => parent)).toEqual([process.pid, guarded.pid]);
  });
});

describe("which process it is cannot be known", () => {
  test.each([
    ["a pipe between the bus and the harness", `${bus} | cat`, /started others, none of which holds its streams alone/],
    [
      "two processes on the same streams",
      `exec 3<&0; ${bus} <&3 & sleep 60 <&3 & wait`,
      /2 processes of its command hold/,
    ],
  ])("%s", async (_name, commandLine, says) => {
    const started = await start(commandLine);
    expect(started.unclaimed).toMatch(says);
    expect(started.memory()).toBeUndefined();
  });

  test("and is, once it says its pid", async () => {
    const started = await start(`${bus} own | cat`);
    expect(started.unclaimed).toBeUndefined();
    expectOwnMemory(started);
  });
});

describe("what the kernel tells decides", () => {
  const one = (pid: number, parent: number): SystemProcess => ({ pid, parent, group: 10, start: "1" });
  const kernel = (
    all: readonly SystemProcess[] | undefined,
    streams: Readonly<Record<number, string>> = {},
  ): Kernel => ({
    descendants: () => all,
    streams: pid => streams[pid],
  });

  test("without /proc a single command is taken for the bus, a bus's own pid is believed, and nothing else is", () => {
    const none = kernel(undefined);
    expect(findBusPid({ pid: 10, greeted: undefined, shellMayStay: false }, none)).toEqual({ kind: "started" });
    expect(findBusPid({ pid: 10, greeted: 10, shellMayStay: true }, none)).toEqual({ kind: "started" });
    expect(findBusPid({ pid: 10, greeted: 11, shellMayStay: false }, none).kind).toBe("unknown");
    expect(findBusPid({ pid: 10, greeted: undefined, shellMayStay: true }, none).kind).toBe("unknown");
  });

  test("a helper of the bus that holds other streams is not taken for it, nor is the bus then", () => {
    const all = [one(10, 1), one(11, 10), one(12, 11)];
    const found = findBusPid(
      { pid: 10, greeted: undefined, shellMayStay: true },
      kernel(all, { 10: "a b", 11: "a b", 12: "c d" }),
    );
    expect(found.kind).toBe("unknown");
  });

  test("of two that hold the streams neither is taken", () => {
    const all = [one(10, 1), one(11, 10), one(12, 10)];
    const streams = { 10: "a b", 11: "a b", 12: "a b" };
    const found = findBusPid({ pid: 10, greeted: undefined, shellMayStay: true }, kernel(all, streams));
    expect(found).toEqual({ kind: "unknown", reason: "2 processes of its command hold its streams" });
  });

  test("a process that has ended and waits to be collected is none, whatever its name holds", () => {
    const line = (state: string) => `42 (a) b (c) ${state} 7 10 10 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 99 1000 1\n`;
    expect(parseStat(line("S"))).toEqual({ pid: 42, parent: 7, group: 10, start: "99" });
    expect(parseStat(line("Z"))).toBeUndefined();
  });
});

test("what a wrapper ends with tells how the bus ended, unless we have killed it", () => {
  expect(exitOf({ code: 137, signal: null }, false)).toEqual({ code: null, signal: "SIGKILL" });
  expect(exitOf({ code: 143, signal: null }, false)).toEqual({ code: null, signal: "SIGTERM" });
  expect(exitOf({ code: 127, signal: null }, false)).toEqual({ code: 127, signal: null });
  expect(exitOf({ code: 255, signal: null }, false)).toEqual({ code: 255, signal: null });
  expect(exitOf({ code: 0, signal: null }, true)).toEqual({ code: null, signal: "SIGKILL" });
  expect(exitOf({ code: null, signal: "SIGTERM" }, false)).toEqual({ code: null, signal: "SIGTERM" });
  expect(exitOf(undefined, false)).toEqual({ code: null, signal: null });
});

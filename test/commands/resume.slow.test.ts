/** A run that was interrupted goes on by the line that it printed, and is refused to whoever asks for something else. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { readJournal } from "../../src/runs/journal.ts";
import { runIn } from "../cli/killed.ts";
import { bin, faultline, ownFolder } from "./faultline.ts";

/** Interrupted once so many cases are recorded; what it printed, and the exit code. */
async function interrupted(args: readonly string[], cwd: string, cases: number): Promise<readonly [string, number]> {
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(process.execPath, [bin, ...args], { cwd, env, stdio: ["ignore", "pipe", "ignore"] });
  const said = text(child.stdout);
  const recorded = (): number => {
    const run = runIn(cwd);
    return run === undefined ? 0 : readJournal(run).cases.size;
  };
  for (const until = performance.now() + 60_000; recorded() < cases && performance.now() < until; ) await sleep(5);
  child.kill("SIGINT");
  const [code] = await once(child, "exit");
  return [await said, code as number];
}

test.each([
  ["drill", ["drill", "--bus", "go-nats-go", "--seed", "1"], 3],
  ["compare", ["compare", "--bus", "go-nats-go", "--runs", "8", "--seed", "1"], 3],
  ["search", ["search", "--world", "live", "--bus", "go-nats-go", "--runs", "8", "--seed", "1"], 3],
])("%s says how to go on, and that line completes it without a case twice", async (_name, args, cases) => {
  const cwd = ownFolder();
  const [printed, code] = await interrupted(args, cwd, cases);
  expect(code).toBe(130);
  expect(printed).toMatch(/^run {2}\.faultline\/runs\/\S+$/m);
  const line = /^Resume {3}npx faultline (.*)$/m.exec(printed)?.[1] ?? "";
  const before = readJournal(runIn(cwd) ?? "").cases.size;
  const resumed = await faultline([...line.split(" "), "--json"], { cwd });
  expect(resumed.json).toMatchObject({ verdict: "holds", interrupted: false, recordedBefore: before });
  const { cases: all, isComplete } = readJournal(runIn(cwd) ?? "");
  expect([isComplete, all.size]).toEqual([true, resumed.json.agreement?.cases ?? 8]);
});

test("a disk that is full ends a run with one sentence, and it goes on once there is room", async () => {
  const cwd = ownFolder();
  const args = ["compare", "--bus", "go-nats-go", "--runs", "12", "--seed", "1"];
  // 20 KiB for any one file; a case takes some 2.5.
  const limited = spawn("/bin/sh", ["-c", 'ulimit -f 40; exec "$@"', "sh", process.execPath, bin, ...args], {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = text(limited.stderr);
  const [code] = await once(limited, "exit");
  expect(code).toBe(69);
  expect(await said).toMatch(/^faultline: \S+journal\.jsonl cannot be written: EFBIG/m);
  const run = runIn(cwd) ?? "";
  const before = readJournal(run).cases.size;
  expect(before).toBeGreaterThan(3);
  const resumed = await faultline([...args, "--resume", run, "--json"], { cwd });
  expect(resumed.json).toMatchObject({ verdict: "holds", runs: 12, recordedBefore: before });
});

test("whoever asks for something else is refused, and so is what is no run", async () => {
  const cwd = ownFolder();
  const args = ["compare", "--bus", "go-nats-go", "--seed", "1"];
  await interrupted([...args, "--runs", "8"], cwd, 1);
  const run = runIn(cwd) ?? "";
  const refusals = await Promise.all([
    faultline([...args, "--runs", "9", "--resume", run], { cwd }),
    faultline([...args, "--runs", "8", "--resume", "nowhere"], { cwd }),
    faultline([...args, "--runs", "8", "--resume", cwd], { cwd }),
    faultline(["search", "--resume", run], { cwd }),
  ]);
  expect(refusals.map(one => [one.code, one.stderr.split("\n").findLast(line => line !== "")])).toEqual([
    [64, expect.stringMatching(/asked for something else: runs was 8 and is 9\. Give the options that it had\.$/)],
    [64, expect.stringMatching(/--resume nowhere: there is no such folder/)],
    [65, expect.stringMatching(/holds no journal\.jsonl, so nothing was recorded\./)],
    [64, expect.stringMatching(/search takes --resume in the live world only/)],
  ]);
});

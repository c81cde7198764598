/** Whatever a person ends of what they started, by whatever signal: 5 s later nothing of the harness is left. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { bin } from "../commands/faultline.ts";
import { leftAfter, living, runIn, startHarness } from "./killed.ts";

const folders: string[] = [];
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "starters-test-"));
  folders.push(folder);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "x", private: true, scripts: { faultline: `"${process.execPath}" "${bin}"` } }),
  );
  return folder;
}

/** An older Node, which makes bin/faultline.js choose another. */
const oldNode = `data:text/javascript,${encodeURIComponent(
  `if (!process.env.FAULTLINE_NODE_CHOSEN) Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } });`,
)}`;

const args = ["compare", "--bus", "go-nats-go", "--runs", "1000"];
const starters: Readonly<Record<string, readonly [string, ...string[]]>> = {
  npx: ["npx", "--offline", "-c", `"${process.execPath}" "${bin}" ${args.join(" ")}`],
  "npm run": ["npm", "run", "faultline", "--", ...args],
  "the wrapper of an older Node": [process.execPath, "--import", oldNode, bin, ...args],
};

function start(
  [program, ...words]: readonly [string, ...string[]],
  cwd: string,
): { child: ChildProcess; mark: string } {
  const mark = randomUUID();
  const child = spawn(program, words, {
    cwd,
    env: { ...process.env, FAULTLINE_TEST_MARK: mark, npm_config_update_notifier: "false" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout?.resume();
  child.stderr?.resume();
  started.push(child);
  return { child, mark };
}

/** Servers, proxy and bus are up: some nine processes. One that only tells its version may be among them, and be gone at the next look. */
async function isBusy(mark: string): Promise<number> {
  let most = 0;
  for (const until = performance.now() + 60_000; performance.now() < until && most < 8; ) {
    most = Math.max(most, living(mark).length);
    await sleep(20);
  }
  return most;
}

test.for(
  Object.keys(starters).flatMap(name =>
    (["SIGKILL", "SIGHUP", "SIGTERM"] as const).map(signal => [name, signal] as const),
  ),
)("%s ended by %s leaves no process 5 s later", { timeout: 90_000 }, async ([name, signal]) => {
  const { child, mark } = start(starters[name] as [string], ownFolder());
  expect(await isBusy(mark)).toBeGreaterThanOrEqual(8);
  const exited = once(child, "exit");
  child.kill(signal);
  expect(await leftAfter(mark, 5_000)).toEqual([]);
  await exited;
});

test("a closed terminal ends the harness as SIGTERM does: with its report, and the line that goes on", {
  timeout: 90_000,
}, async () => {
  const cwd = ownFolder();
  const { child, mark } = startHarness(args, cwd);
  started.push(child);
  const [said] = [child.stdout, child.stderr].map(stream => (stream === null ? "" : text(stream)));
  for (const until = performance.now() + 60_000; runIn(cwd) === undefined && performance.now() < until; )
    await sleep(20);
  await isBusy(mark);
  const exited = once(child, "exit");
  child.kill("SIGHUP");
  const [code] = await exited;
  expect(code).toBe(129);
  expect(await said).toMatch(/^Report {3}\.faultline[\s\S]*^Resume {3}npx faultline compare/m);
  expect(await leftAfter(mark, 5_000)).toEqual([]);
});

/** One that has just been ended takes others with it. */
function terminate(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

test("what a shell has started in the background goes on when the shell ends", { timeout: 60_000 }, async () => {
  const { child, mark } = start(
    ["sh", "-c", `"${process.execPath}" "${bin}" ${args.join(" ")} & sleep 3`],
    ownFolder(),
  );
  await once(child, "exit");
  await sleep(1_500);
  const left = living(mark);
  expect(left.length).toBeGreaterThan(0);
  for (const one of left) terminate(Number.parseInt(one, 10));
  expect(await leftAfter(mark, 5_000)).toEqual([]);
});

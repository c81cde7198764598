/** Every command that works in the model ends soon after a signal, also in the midst of the largest scenario that a file may hold. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { bounds } from "../../src/files/scenario-schema.ts";
import { bin, ownFolder } from "./faultline.ts";

const heedBoundMs = 3_000;
/** What an idle machine takes; tests run side by side on a busy one. */
const patience = 2;

interface Heeded {
  readonly code: number | null;
  readonly ms: number;
}

/** The moment in which the first of several cases found is kept: the others have yet to be certified. */
async function firstKept(cwd: string): Promise<void> {
  const folder = join(cwd, ".faultline", "counterexamples");
  for (let tries = 0; tries < 3_000; tries++) {
    if (existsSync(folder) && readdirSync(folder).length > 0) return;
    await wait(10);
  }
  throw new Error("nothing was kept");
}

async function signalled(
  args: readonly string[],
  cwd: string,
  moment: number | Promise<void>,
  signal: NodeJS.Signals,
): Promise<Heeded> {
  const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ["ignore", "ignore", "ignore"] });
  const exited = once(child, "exit");
  await (typeof moment === "number" ? wait(moment) : moment);
  const sentMs = performance.now();
  child.kill(signal);
  const [code] = await exited;
  return { code: code as number | null, ms: performance.now() - sentMs };
}

const largest = (perStep: number) => {
  const publishes = Array.from({ length: bounds.totalMessagesMax / perStep }, (_, i) => ({
    id: `publish-${i}`,
    kind: "publish",
    count: perStep,
    bytes: 8,
    subject: "sys.job.submit",
    key: "k",
  }));
  const start = { id: "start", kind: "start", replica: 0 };
  const subscribe = { id: "subscribe", kind: "subscribe", replica: 0, subject: "sys.job.submit", handler: "fails" };
  return JSON.stringify({
    version: 1,
    id: "core-path/largest",
    why: "as much as a file may hold",
    policy: "cordum-as-found",
    steps: [start, subscribe, ...publishes],
  });
};

test.each([
  ["search", ["search", "--runs", "100000000", "--seed", "1"], 1_500],
  ["exhaust", ["exhaust", "--profile", "nats-go", "--publishes", "4", "--faults", "3"], 2_000],
])("%s ends within three seconds of SIGINT", async (_name, args, afterMs) => {
  const { code, ms } = await signalled(args, ownFolder(), afterMs, "SIGINT");
  expect(code).toBe(130);
  expect(ms).toBeLessThan(heedBoundMs * patience);
});

test("search that certifies what it found ends within three seconds of SIGINT", async () => {
  const cwd = ownFolder();
  const args = ["search", "--policy", "cordum-as-found", "--runs", "100", "--seed", "1"];
  const { code, ms } = await signalled(args, cwd, firstKept(cwd), "SIGINT");
  expect(code).toBe(130);
  expect(ms).toBeLessThan(heedBoundMs * patience);
});

test.each([100_000, 100])(
  "replay of the largest scenario, %i messages a step, ends within three seconds of SIGTERM",
  async perStep => {
    const cwd = ownFolder();
    writeFileSync(join(cwd, "largest.json"), largest(perStep));
    const args = ["replay", "largest.json", "--world", "model", "--times", "1000"];
    const { code, ms } = await signalled(args, cwd, 2_000, "SIGTERM");
    expect(code).toBe(143);
    expect(ms).toBeLessThan(heedBoundMs * patience);
  },
);

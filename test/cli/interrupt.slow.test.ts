/** A signal ends every command with what it has found: inconclusive and interrupted, unless a violation was found before. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { root } from "../commands/faultline.ts";
import { checkKept, checkPrinted } from "../documents.ts";
import { startHarness } from "./killed.ts";

const cwd = mkdtempSync(join(tmpdir(), "interrupt-test-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** The exit code and the document of a command that gets the signal that long after its first word. */
async function interrupted(args: readonly string[], signal: "SIGINT" | "SIGTERM", afterMs: number) {
  const { child } = startHarness([...args, "--json"], cwd);
  if (child.stdout === null || child.stderr === null) throw new Error("the harness has no output");
  const said = text(child.stdout);
  const exited = once(child, "exit");
  await once(child.stderr, "data");
  child.stderr.resume();
  await sleep(afterMs);
  child.kill(signal);
  const [code] = await exited;
  const stdout = await said;
  checkPrinted([...args, "--json"], stdout);
  checkKept(cwd);
  return { code, document: JSON.parse(stdout) };
}

const whileDown = join(root, "fixtures/scenarios/reconnect-buffer/published-while-down.json");
const live = ["--bus", "go-nats-go"];

test.for([
  ["drill", ["drill"], 3_000],
  ["drill, live", ["drill", "--all", ...live], 9_000],
  ["drill durability", ["drill", "durability"], 2_000],
  ["drill buffer", ["drill", "buffer"], 3_000],
  ["drill shutdown", ["drill", "shutdown"], 4_000],
  ["drill cold-start", ["drill", "cold-start"], 5_000],
  ["search", ["search", "--runs", "1000000"], 2_000],
  [
    "search under a policy",
    ["search", "--policy", "cordum-hardened", "--profile", "nats-go", "--runs", "1000000"],
    2_000,
  ],
  ["search, live", ["search", "--world", "live", ...live, "--runs", "1000"], 4_000],
  ["compare", ["compare", ...live, "--runs", "1000"], 4_000],
  ["exhaust", ["exhaust", "--publishes", "4", "--faults", "3"], 2_000],
  ["replay in the model", ["replay", whileDown, "--world", "model", "--times", "1000000"], 1_000],
  ["replay in both worlds", ["replay", whileDown, ...live, "--world", "model,live", "--times", "1000"], 4_000],
] as const)("%s ends in inconclusive and interrupted", { timeout: 60_000 }, async ([name, args, afterMs]) => {
  const [signal, exitCode] = name.length % 2 === 0 ? (["SIGINT", 130] as const) : (["SIGTERM", 143] as const);
  const { code, document } = await interrupted(args, signal, afterMs);
  expect([code, document.verdict, document.interrupted]).toEqual([exitCode, "inconclusive", true]);
});

test("a replay that is interrupted keeps the violation that it has seen, in either world", {
  timeout: 60_000,
}, async () => {
  const file = join(cwd, "expects-less.json");
  const { $schema: _, ...scenario } = JSON.parse(readFileSync(whileDown, "utf8"));
  const { "nats-go": expected } = scenario.expect;
  writeFileSync(file, JSON.stringify({ ...scenario, expect: { "nats-go": { ...expected, classes: { kept: 0 } } } }));
  const ends = [
    await interrupted(
      ["replay", file, "--world", "model", "--profile", "nats-go", "--times", "1000000"],
      "SIGINT",
      1_000,
    ),
    await interrupted(["replay", file, "--world", "live", ...live, "--times", "1000"], "SIGINT", 8_000),
  ];
  for (const { code, document } of ends) {
    expect([code, document.verdict, document.interrupted]).toEqual([130, "violated", true]);
    expect(document.verdicts[0].times).toBeGreaterThan(0);
  }
});

test("a search that is interrupted keeps what it has found broken", { timeout: 60_000 }, async () => {
  const args = ["search", "--policy", "cordum-as-found", "--profile", "nats-go", "--runs", "1000000"];
  const { code, document } = await interrupted(args, "SIGTERM", 5_000);
  expect([code, document.verdict, document.interrupted]).toEqual([143, "violated", true]);
  expect(document.violations.length).toBeGreaterThan(0);
});

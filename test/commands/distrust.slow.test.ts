/** What must never end as "holds": nothing was run, nothing happened, nothing was read; and what must never be run at all. */
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { badBus, bin, faultline, ownFolder, root } from "./faultline.ts";

const whileDown = "fixtures/scenarios/reconnect-buffer/published-while-down.json";
const racing = "fixtures/scenarios/core-path/a-burst-that-races-with-a-cut.json";
const start = { id: "start", kind: "start" };
const flush = { id: "flush", kind: "flush" };
const publish = { id: "publish", kind: "publish", count: 5, bytes: 16 };

function scenarioFile(steps: readonly object[]): string {
  const file = join(ownFolder(), "scenario.json");
  writeFileSync(file, JSON.stringify({ version: 1, id: "x/y", why: "a test", steps }));
  return file;
}

test("a bus that breaks the protocol while a publish races with a cut ends the command with 65 and one sentence", async () => {
  const { code, json, stderr } = await faultline([
    "replay",
    racing,
    "--bus",
    badBus("prints-garbage-at-publish"),
    "--world",
    "live",
    "--json",
  ]);
  expect(code).toBe(65);
  expect(json.error).toContain("panic: send on closed channel");
  expect(stderr).not.toContain("Unhandled");
});

test("a drill in which a bus ran no case is inconclusive", async () => {
  const { code, json } = await faultline(["drill", "--bus", badBus("can-nothing"), "--json"]);
  expect(json.verdict).toBe("inconclusive");
  expect(code).toBe(2);
});

test("a command line that stands in a counterexample is not run", async () => {
  const folder = ownFolder();
  const { json } = await faultline(
    ["compare", "--bus", "typescript-nats-js-3", "--profile", "nats-go", "--runs", "20", "--seed", "1", "--json"],
    { cwd: folder },
  );
  const { readFileSync } = await import("node:fs");
  const kept = JSON.parse(readFileSync(join(folder, json.counterexample), "utf8"));
  const file = join(folder, "planted.json");
  writeFileSync(file, JSON.stringify({ ...kept, bus: `sh -c 'touch ${join(folder, "ran")}'` }));
  const replayed = await faultline(["replay", file, "--world", "live"], { cwd: folder });
  expect(replayed.code).toBe(64);
  expect(replayed.stderr).toContain("--bus");
  expect(existsSync(join(folder, "ran"))).toBe(false);
});

test("a fault that was skipped is inconclusive in both worlds", async () => {
  const cut = { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "gave-up" } };
  const file = scenarioFile([start, flush, cut, publish]);
  const { code, json } = await faultline(["replay", file, "--bus", "go-nats-go", "--world", "model,live", "--json"]);
  expect(code).toBe(2);
  for (const one of json.verdicts) expect(one.reason).toContain("was skipped");
});

test("a cut that met only what the application's own close refused is inconclusive", async () => {
  const cut = { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "none" } };
  const file = scenarioFile([start, flush, { id: "close", kind: "close" }, cut, publish]);
  const { code } = await faultline(["replay", file, "--bus", "go-nats-go", "--world", "model,live", "--json"]);
  expect(code).toBe(2);
});

test("a promise asked for by name and never exercised is inconclusive", async () => {
  const disabled = "reconnect-buffer/disabled-refuses-every-publish";
  const { code } = await faultline([
    "replay",
    whileDown,
    "--world",
    "model",
    "--profile",
    "nats-go",
    "--require",
    disabled,
  ]);
  expect(code).toBe(2);
});

test("a closed pipe is not exit 0", () => {
  const line = `"${process.execPath}" "${bin}" search --runs 20000 --seed 1 | true; exit \${PIPESTATUS[0]}`;
  const { status } = spawnSync("bash", ["-c", line], { cwd: root });
  expect(status).toBe(141);
});

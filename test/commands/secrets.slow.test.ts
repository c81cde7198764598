/** Live runs on buses that others wrote: their words do no harm, and the secrets in their command lines are in no file. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runIn } from "../cli/killed.ts";
import { rawIn } from "../text/hostile.ts";
import { faultline, ownFolder, root } from "./faultline.ts";

const secret = "swordfish-42-correct-horse";
const busWith = (token: string): string =>
  `TOKEN=${token} node ${join(root, "fixtures/buses/typescript-nats-js-3/main.ts")} --password ${token}`;

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(one => one.isFile())
    .map(one => join(one.parentPath, one.name));

test("a secret in --bus is in nothing that is shown or written, and a run goes on with the same secret only", async () => {
  const cwd = ownFolder();
  // Held against the wrong profile it leaves a counterexample, and an Again line.
  const args = ["compare", "--profile", "nats-go", "--runs", "200", "--seed", "1"];
  const first = await faultline([...args, "--bus", busWith(secret)], { cwd });
  expect(first.code).toBe(1);
  expect(first.stdout + first.stderr).not.toContain(secret);
  expect(first.stdout).toMatch(/^Again .*--bus 'TOKEN=…[0-9a-f]{4} node .* --password …[0-9a-f]{4}'/m);
  expect(first.stdout).toMatch(/^Secrets {2}Secrets of --bus are not written down/m);
  const files = filesIn(join(cwd, ".faultline"));
  expect(files.some(file => file.includes("counterexamples"))).toBe(true);
  expect(files.filter(file => readFileSync(file, "utf8").includes(secret))).toEqual([]);
  const resume = ["--resume", runIn(cwd) ?? ""];
  const other = await faultline([...args, ...resume, "--bus", busWith(`${secret}-2`)], { cwd });
  expect([other.code, other.stderr]).toEqual([
    64,
    expect.stringContaining("asked for something else: bus no longer has"),
  ]);
  const same = await faultline([...args, ...resume, "--bus", busWith(secret), "--json"], { cwd });
  expect([same.code, same.json.recordedBefore > 0]).toEqual([1, true]);
  const pasted = await faultline([...args, "--bus", "TOKEN=…1a2b node bus.js"], { cwd });
  expect([pasted.code, pasted.stderr]).toEqual([64, expect.stringContaining("a secret in it is masked")]);
});

test("a bus that attacks its reader is refused without harm by every live command", async () => {
  const bus = `node ${join(root, "test/commands/hostile-bus.mjs")} greeting`;
  const scenario = "fixtures/scenarios/reconnect-buffer/published-while-down.json";
  for (const profile of [[], ["--profile", "nats-go"]])
    for (const command of [["compare", "--runs", "2"], ["drill"], ["replay", scenario, "--world", "live"]]) {
      const { code, stdout, stderr } = await faultline([...command, "--bus", bus, "--seed", "1", ...profile]);
      expect([rawIn(stdout), rawIn(stderr)], `${command}`).toEqual([[], []]);
      expect([0, 70]).not.toContain(code);
      expect(stdout.length + stderr.length).toBeLessThan(60_000);
    }
});

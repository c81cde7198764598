/** What is said to those who ask for help, and to those who ask for what is not there. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { badBus, faultline, ownFolder } from "./faultline.ts";

const whileDown = "fixtures/scenarios/reconnect-buffer/published-while-down.json";

test.for(["drill", "search", "replay", "compare", "import", "init", "promises", "doctor"])(
  "%s --help exits 0 and shows examples",
  async command => {
    const { code, stdout } = await faultline([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("--json");
    expect(stdout).toMatch(/Examples:\n {2}\$ npx faultline /);
  },
);

test.for<readonly [string, readonly string[], string]>([
  ["no command", [], "Usage:"],
  ["an unknown command", ["nonsense"], "unknown command 'nonsense'"],
  ["an unknown option", ["drill", "--bogus"], "unknown option '--bogus'"],
  ["an unknown bus", ["drill", "--bus", "nope"], 'There is no bus "nope"; bundled are go-nats-go, '],
  [
    "an unknown profile",
    ["search", "--profile", "nope"],
    'There is no profile "nope"; the known profiles are nats-go, ',
  ],
  [
    "an inherited name for a profile",
    ["search", "--profile", "constructor"],
    'There is no profile "constructor"; the known',
  ],
  [
    "an inherited name for a profile of exhaust",
    ["exhaust", "--publishes", "1", "--faults", "1", "--profile", "__proto__"],
    'There is no profile "__proto__"; the known',
  ],
  ["an inherited name for a question", ["drill", "toString"], "there are durability, buffer"],
  ["an unknown property", ["search", "--property", "nope"], "core-path/order-is-kept"],
  ["an unknown required property", ["search", "--require", "nope"], "core-path/order-is-kept"],
  ["an unknown world", ["search", "--world", "sim"], "the worlds are model and live"],
  ["a count of 0", ["search", "--runs", "0"], "whole number above 0"],
  ["no lane", ["compare", "--lanes", "0"], "whole number from 1 to 32"],
  ["more lanes than a harness can serve", ["drill", "--lanes", "33"], "whole number from 1 to 32"],
  ["half a lane", ["replay", "some.json", "--lanes", "1.5"], "whole number from 1 to 32"],
  ["a seed that no id can hold", ["search", "--seed", "A B"], "--seed must be"],
  ["a comparison without a bus", ["compare"], "exactly one --bus"],
  ["a comparison of one world", ["compare", "--bus", "go-nats-go", "--worlds", "model"], "two worlds"],
  ["a bus in the model world", ["search", "--bus", "go-nats-go"], "--world live"],
])("%s is a usage error: 64, and says what is known", async ([_, args, says]) => {
  const { code, stdout, stderr } = await faultline(args);
  expect(code).toBe(64);
  expect(stdout).toBe("");
  expect(stderr).toContain(says);
});

test("with --json a usage error is one JSON document on stdout, too", async () => {
  const ours = await faultline(["drill", "--bus", "nope", "--json"]);
  expect(ours.json).toEqual({ verdict: null, error: expect.stringContaining("nope"), exitCode: 64 });
  const commanders = await faultline(["drill", "--bogus", "--json"]);
  expect(commanders.json).toEqual({
    verdict: null,
    error: expect.stringContaining("unknown option '--bogus'"),
    exitCode: 64,
  });
});

const scenario = { version: 1, id: "made/here", why: "for a test", steps: [{ id: "start", kind: "start" }] };
test.for<readonly [string, string, string]>([
  ["no JSON", "{", "bad.json: is not JSON: "],
  ["an unknown field", JSON.stringify({ ...scenario, colour: 1 }), 'bad.json: unknown field "colour"'],
  [
    "a wrong number",
    JSON.stringify({ ...scenario, steps: [{ id: "a", kind: "publish", count: 0, bytes: 16 }] }),
    "bad.json: steps[0].count: ",
  ],
  ["half a counterexample", JSON.stringify({ kind: "counterexample", version: 1 }), "bad.json: scenario: "],
])("a file with %s exits 65 and names file, path and reason", async ([_, text, says]) => {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "bad.json"), text);
  const { code, stderr } = await faultline(["replay", "bad.json", "--world", "model"], { cwd });
  expect(code).toBe(65);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toContain(says);
});

test("a file that is not there exits 65", async () => {
  const { code, stderr } = await faultline(["replay", "nowhere.json"]);
  expect([code, stderr]).toEqual([65, expect.stringContaining("nowhere.json: there is no such file")]);
});

test.for<readonly [string, number, string]>([
  ["never-greets", 69, "did not greet within"],
  ["prints-garbage", 65, "is not a JSON object"],
  ["answers-a-wrong-id", 65, "no command has that id"],
])("the bus %s exits %i with one sentence", async ([name, exitCode, says]) => {
  const { code, stderr } = await faultline(["replay", whileDown, "--world", "live", "--bus", badBus(name), "--json"]);
  expect(code).toBe(exitCode);
  expect(stderr.split("\n").filter(line => line.startsWith("faultline: "))).toHaveLength(1);
  expect(stderr).toContain(says);
});

test("a bus that ends by itself in the midst of a case is a finding, with what it owed", async () => {
  const args = ["replay", whileDown, "--world", "live", "--bus", badBus("exits-after-greeting"), "--json"];
  const { code, json } = await faultline(args);
  expect([code, json.verdict]).toEqual([1, "violated"]);
  expect(json.verdicts[0].reason).toMatch(/ended with exit code 3 by itself, while it owed an answer to start/);
});

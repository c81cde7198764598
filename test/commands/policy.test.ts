/** --policy, as a person uses it: a bundled name or a file, on every command that runs cases. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { badBus, faultline, ownFolder, root } from "./faultline.ts";

const bundled = (name: string) => JSON.parse(readFileSync(join(root, "fixtures/policies", `${name}.json`), "utf8"));
const every = ["search", "replay x.json", "compare --bus go-nats-go", "drill"];

test.for(every)("%s refuses a policy that there is not: 64, and lists what there is", async command => {
  const { code, stderr } = await faultline([...command.split(" "), "--policy", "nope"]);
  expect([code, stderr]).toEqual([
    64,
    'faultline: There is no policy "nope"; bundled are cordum-a, cordum-as-found, cordum-b, cordum-c, cordum-hardened, cordum-patched, cordum-with-drain, core-only, and a file of your own ends in .json or .yaml.\n',
  ]);
});

test.for(every)("%s refuses a bad policy: 65, with file, place and reason", async command => {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "mine.json"), JSON.stringify({ ...bundled("core-only"), name: "mine", demands: ["x"] }));
  const { code, stderr } = await faultline([...command.split(" "), "--policy", "mine.json"], { cwd });
  expect(code).toBe(65);
  expect(stderr).toMatch(/^faultline: mine\.json: demands\[0\]: there is no property x; the nearest is \S+\n$/);
});

test("a policy's file may be named without its ending, from the current folder or faultline's own", async () => {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "mine.json"), JSON.stringify({ ...bundled("core-only"), name: "mine" }));
  const search = (named: string) => faultline(["search", "--policy", named, "--runs", "1", "--json"], { cwd });
  expect((await search("./mine")).json).toMatchObject({ policy: "mine" });
  expect((await search("fixtures/policies/cordum-hardened")).json).toMatchObject({ policy: "cordum-hardened" });
  const { code, stderr } = await search("./nobody");
  expect([code, stderr]).toEqual([65, expect.stringContaining("./nobody: there is no such file")]);
});

test("exhaust says that it takes none: 64", async () => {
  const { code, stderr } = await faultline(["exhaust", "--publishes", "1", "--faults", "1", "--policy", "core-only"]);
  expect(code).toBe(64);
  expect(stderr).toContain("exhaust takes no policy");
});

test("a search under a policy lists all that breaks, each with a case that replays; another policy mends it", async () => {
  const cwd = ownFolder();
  const args = [
    "search",
    "--policy",
    "cordum-as-found",
    "--profile",
    "nats-go",
    "--runs",
    "300",
    "--seed",
    "1",
    "--json",
  ];
  const { code, json, stderr } = await faultline(args, { cwd });
  expect(code).toBe(1);
  expect(json).toMatchObject({ verdict: "violated", policy: "cordum-as-found", runs: 300 });
  const ids = json.violations.map((one: { property: string }) => one.property);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(3);
  expect(json.counterexample).toBe(json.violations[0].counterexample);
  expect(stderr).toContain("npx faultline search --runs 300 --profile nats-go --policy cordum-as-found --seed 1");

  const property = "durable-path/every-declared-durable-subject-has-a-stream";
  const gap = json.violations.find((one: { property: string }) => one.property === property);
  expect(gap).toMatchObject({ steps: 2, profile: "nats-go", profiles: ["nats-go"] });
  const kept = JSON.parse(readFileSync(join(cwd, gap.counterexample), "utf8"));
  expect(kept).toMatchObject({ property, scenario: { policy: { name: "cordum-as-found" } } });

  const again = await faultline(["replay", gap.counterexample, "--world", "model", "--json"], { cwd });
  expect(again.json).toMatchObject({ verdict: "violated", policy: "cordum-as-found", reproduced: { k: 1, n: 1 } });
  const mended = ["replay", gap.counterexample, "--world", "model", "--policy", "cordum-hardened", "--json"];
  const { json: hardened } = await faultline(mended, { cwd });
  expect(hardened).toMatchObject({ policy: "cordum-hardened" });
  expect(hardened.verdict).not.toBe("violated");
});

test("a policy of one's own is a file, and is named in the line to paste", async () => {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "mine.json"), JSON.stringify({ ...bundled("core-only"), name: "mine" }));
  const args = [
    "search",
    "--policy",
    "./mine.json",
    "--profile",
    "nats-js-3",
    "--runs",
    "100",
    "--seed",
    "1",
    "--json",
  ];
  const { json, stderr } = await faultline(args, { cwd });
  expect(json).toMatchObject({ policy: "mine", runs: 100 });
  expect(stderr).toContain("--policy ./mine.json --seed 1");
});

test("a bus that cannot be held to a policy runs nothing, and that is no pass", async () => {
  const args = ["compare", "--bus", badBus("can-nothing"), "--policy", "core-only", "--runs", "3", "--json"];
  const { code, json } = await faultline(args);
  expect(code).toBe(2);
  expect(json).toMatchObject({ verdict: "inconclusive", policy: "core-only", runs: 0 });
  expect(json.notRun).toEqual([{ bus: badBus("can-nothing"), missing: ["policy"] }]);
});

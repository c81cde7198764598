/** The main job, on one bus and without servers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadCorpus } from "../../src/files/corpus.ts";
import { faultline, ownFolder, withoutServers } from "./faultline.ts";

test("the corpus on one real client: every case agrees, every expectation is met, the rest is not run and says why", async () => {
  const cwd = ownFolder();
  const { code, json, stderr } = await faultline(["drill", "--bus", "typescript-nats-js-3", "--seed", "1", "--json"], {
    cwd,
  });
  expect(code).toBe(0);
  expect(stderr.startsWith("seed 1\n")).toBe(true);
  expect(json).toMatchObject({
    verdict: "holds",
    seed: "1",
    worlds: { model: { verdict: "holds" }, live: { verdict: "holds" } },
    violations: [],
    buses: [{ name: "typescript-nats-js-3", profile: "nats-js-3" }],
  });
  const { cases, agree, disagree, inconclusive, notRun, expectations, expectMet, exact, permittedOne } = json.agreement;
  expect(cases).toBeGreaterThanOrEqual(15);
  expect([agree, disagree, inconclusive]).toEqual([cases, 0, 0]);
  expect([expectMet, permittedOne]).toEqual([expectations, exact]);
  expect(json.notRun).toHaveLength(notRun);
  const { leftOut, rule } = json.selection;
  expect(rule).toContain("cheapest");
  expect(cases + notRun + leftOut.length).toBe(loadCorpus().length);
  for (const one of json.notRun) expect(one.missing.length).toBeGreaterThan(0);
  const live = json.ledger.filter((row: { world: string }) => row.world === "live");
  expect(live).toHaveLength(cases);
  for (const { published, classes } of live)
    expect(Object.values<number>(classes).reduce((sum, n) => sum + n, 0)).toBe(published);

  const forced = json.witnessed.filter((one: { forced: number }) => one.forced > 0);
  expect(forced.map((one: { label: string }) => one.label)).toContain("arrived-before-cut");

  const report = readFileSync(join(cwd, json.report), "utf8");
  expect(report).toContain("reconnect-buffer/published-while-down");
  expect(report).toContain("Permitted and witnessed live");
  expect(JSON.parse(readFileSync(join(cwd, json.report, "../drill.json"), "utf8"))).toEqual(json);
});

test("without servers and without Go: the model alone, exit 2, and one sentence on what to install", async () => {
  const cwd = ownFolder();
  const { code, stdout } = await faultline(["drill"], { cwd, env: withoutServers(cwd) });
  expect(code).toBe(2);
  expect(stdout).toMatch(/Model +holds: 8,000 random scenarios/);
  expect(stdout).toMatch(/Verdict +inconclusive, .* no Go to build from: install Go/);
  const told = await faultline(["compare", "--bus", "go-nats-go"], { cwd, env: withoutServers(cwd) });
  expect([told.code, told.stderr]).toEqual([69, expect.stringContaining("install Go")]);
});

/** `drill QUESTION --before`: a real difference is named, equal sides cannot be told, and an earlier run stands in for a policy. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { faultline, ownFolder, root } from "./faultline.ts";

const hardened: Policy = JSON.parse(readFileSync(join(root, "fixtures/policies/cordum-hardened.json"), "utf8"));
/** Two families, so that a run takes seconds. */
const small = (name: string, change: Partial<Policy> = {}): object => ({
  ...hardened,
  ...{ $schema: undefined, demands: [], name },
  families: hardened.families.filter(({ subjects }) => ["sys.job.submit", "sys.heartbeat"].includes(subjects)),
  ...change,
});
const off: Policy["client"] = { ...hardened.client, reconnectBufferBytesMax: -1 };

test.each<[what: string, before: Partial<Policy>, verdict: string, exitCode: number, named: readonly string[]]>([
  ["a buffer that is switched off", {}, "drop", 1, ["sys.heartbeat", "sys.job.submit"]],
  ["the same", { client: off }, "cannot-be-told", 2, []],
])("%s", { timeout: 200_000 }, async (_what, before, verdict, exitCode, named) => {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "old.json"), JSON.stringify(small("old", before)));
  writeFileSync(join(cwd, "new.json"), JSON.stringify(small("new", { client: off })));
  const args = ["drill", "buffer", "--policy", "new.json", "--before", "old.json", "--runs", "3", "--json"];
  const { code, json } = await faultline(args, { cwd });
  expect([json.verdict, code]).toEqual([verdict, exitCode]);
  const told = json.differences.filter(({ is }: { is: string }) => is !== "cannot-be-told");
  expect(told.map(({ family }: { family: string }) => family).toSorted()).toEqual(named);
});

test("an earlier run stands in for a policy", { timeout: 200_000 }, async () => {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "old.json"), JSON.stringify(small("old", { client: off })));
  writeFileSync(join(cwd, "new.json"), JSON.stringify(small("new")));
  const old = await faultline(["drill", "buffer", "--policy", "old.json", "--json"], { cwd });
  const folder = old.json.report.slice(0, old.json.report.lastIndexOf("/"));
  const args = ["drill", "buffer", "--policy", "new.json", "--before", folder];
  const { code, stdout } = await faultline([...args, "--runs", "2"], { cwd });
  expect(stdout).toMatch(/^Keep new: of \S+, \d+ of \d+ messages were refused, and now 0 of \d+\.$/m);
  expect(code).toBe(0);
  const wrong = await faultline(["drill", "shutdown", "--policy", "new.json", "--before", folder], { cwd });
  expect([wrong.code, wrong.stderr]).toEqual([65, expect.stringMatching(/is buffer, and shutdown is asked/)]);
});

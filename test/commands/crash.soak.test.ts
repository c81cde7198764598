/** What a search does with a client that takes its own process down. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder, root } from "./faultline.ts";

const dies = `node ${join(root, "test/commands/lies-of-a-bus.mjs")} dies-of-an-error`;

test("a search keeps the crash as a counterexample, which comes again", async () => {
  const cwd = ownFolder();
  const args = ["search", "--world", "live", "--bus", dies, "--runs", "6", "--seed", "1", "--lanes", "2", "--json"];
  const { code, json } = await faultline(args, { cwd });
  expect([code, json.verdict]).toEqual([1, "violated"]);
  const again = await faultline(["replay", json.counterexample, "--world", "live", "--bus", dies, "--json"], { cwd });
  expect([again.code, again.json.reproduced]).toEqual([1, expect.objectContaining({ k: 1, n: 1 })]);
});

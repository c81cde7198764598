/** `npm run mutation` tries mutants with a small share of the random tests: they pass where nothing is mutated, or it could not begin. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

test("the tests that a mutant meets pass at the share that it is tried with", { timeout: 300_000 }, () => {
  const root = join(import.meta.dirname, "..");
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, "node_modules/vitest/vitest.mjs"), "run", "--config", "mutation/vitest.config.ts", "--root", "."],
    { cwd: root, encoding: "utf8", env: { ...process.env, FAULTLINE_TEST_SHARE: "0.05", NO_COLOR: "1" } },
  );
  expect(status, stdout.slice(-4_000)).toBe(0);
});

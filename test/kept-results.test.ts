/** A test run that is stopped because its time is over says so, and keeps what it has. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { keptResults } from "./kept-results.ts";
import { root, tallyLate } from "./run-timed.ts";

/** Runs vitest on these files, and stops it as `npm test` does. */
function stoppedAfter(msMax: number, files: Readonly<Record<string, string>>): { end: string; results: string } {
  const folder = mkdtempSync(join(tmpdir(), "kept-results-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "vitest.config.mjs"), "export default { test: { fileParallelism: false } };\n");
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), `import { expect, test } from "vitest";\n${text}\n`);
  const results = join(folder, "results.jsonl");
  const script = `import { run } from ${JSON.stringify(join(root, "test/run-timed.ts"))};
    const args = ["run", "--root", ${JSON.stringify(folder)}, ${JSON.stringify(`--reporter=${join(root, "test/kept-results.ts")}`)}];
    console.log(run("vitest/vitest.mjs", args, { msMax: ${msMax}, env: { FAULTLINE_TEST_RESULTS: ${JSON.stringify(results)} } }));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  return { end: stdout.trim().split("\n").at(-1) ?? "", results };
}

const twoPassOneFails = `test("a", () => {}); test("b", () => {}); test("c", () => expect(1).toBe(2));`;
const hangs = `test("d", () => new Promise(() => {}), 600_000);`;

test("what had ended counts, and the rest is one failure", () => {
  const { end, results } = stoppedAfter(10_000, { "a.test.mjs": twoPassOneFails, "b.test.mjs": hangs });
  expect(end).toBe("late");
  expect(keptResults(results)).toEqual({ files: 1, passed: 2, failed: 1, notRun: 0 });
  const { said, ...tally } = tallyLate(results, 60_000);
  expect(tally).toEqual({ passed: 2, failed: 2 });
  expect(said).toContain("stopped after 1 min: the tests of 1 files had ended");
});

test("a run that ends in time has its own exit code", () => {
  expect(stoppedAfter(60_000, { "a.test.mjs": twoPassOneFails }).end).toBe("1");
});

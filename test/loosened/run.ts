/**
 * `npm run soak:loosened [-- --only TEXT]`: each loosening of the model in a copy of the sources, held against what the drill holds exact and,
 * where that does not notice, against the unit tests of the model. Prints who noticed each, and ends with 1 where one was noticed by
 * no one.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { packageRoot } from "../../src/files/package-root.ts";
import { type Loosening, loosenings } from "./loosenings.ts";

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const root = packageRoot();
const boundMs = 600_000;

function copyOfSources(): string {
  const folder = mkdtempSync(join(tmpdir(), "faultline-loosened-"));
  const files = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n").filter(Boolean);
  for (const file of files) cpSync(join(root, file), join(folder, file), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

const node = (folder: string, args: readonly string[]) =>
  spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", timeout: boundMs });

/** The exact expectations that do not hold; undefined where the model fails altogether. */
function inexact(folder: string): readonly string[] | undefined {
  const { status, stdout } = node(folder, ["test/loosened/exactness.ts"]);
  return status === 0 ? stdout.split("\n").filter(Boolean) : undefined;
}

/** The first unit test of the model that fails; undefined where all pass. */
function failingTest(folder: string): string | undefined {
  const suites = ["test/models", "test/judge", "test/files", "test/properties"];
  const args = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--project",
    "model",
    "--bail",
    "1",
    "--reporter",
    "json",
    // A report on standard output may be cut off where the first failure ends the run.
    "--outputFile",
    "report.json",
    ...suites,
  ];
  const file = join(folder, "report.json");
  rmSync(file, { force: true });
  const { stderr, signal } = node(folder, args);
  if (signal !== null) throw new Error(`the unit tests were not through after ${boundMs} ms`);
  if (!existsSync(file)) throw new Error(`the unit tests left no report: ${stderr}`);
  const report = JSON.parse(readFileSync(file, "utf8")) as {
    readonly testResults: readonly { readonly assertionResults: readonly { status: string; fullName: string }[] }[];
  };
  return report.testResults.flatMap(one => one.assertionResults).find(({ status }) => status === "failed")?.fullName;
}

/** Who notices, in one line; undefined: no one. */
function noticed(folder: string, { file, from, to }: Loosening): string | undefined {
  const path = join(folder, file);
  const whole = readFileSync(path, "utf8");
  if (whole.split(from).length !== 2) throw new Error(`${file} does not have this line once: ${from}`);
  writeFileSync(
    path,
    whole.replace(from, () => to),
  );
  try {
    const several = inexact(folder);
    if (several === undefined) return "the model does not run";
    if (several.length > 0) return `drill: ${several.length} exact cases, the first ${several[0]}`;
    const test = failingTest(folder);
    return test && `suite: ${test}`;
  } finally {
    writeFileSync(path, whole);
  }
}

const folder = copyOfSources();
let missed = 0;
try {
  const before = inexact(folder);
  if (before === undefined || before.length > 0) throw new Error(`the model as it is: ${before?.join("; ")}`);
  for (const one of loosenings.filter(({ permits }) => permits.includes(values.only))) {
    const who = noticed(folder, one);
    if (who === undefined) missed += 1;
    console.log(
      `${who === undefined ? "✗" : "✓"} ${one.permits} (${dirname(one.file)}): ${who ?? "noticed by no one"}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${missed} noticed by no one`);
process.exitCode = missed === 0 ? 0 : 1;

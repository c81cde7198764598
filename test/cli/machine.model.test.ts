/** The machine's refusals are no bug of ours (70) and no verdict: each is a sentence and exit code 69, and what was found is not lost. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { bin, faultline, ownFolder, root } from "../commands/faultline.ts";

const scenario = join(root, "fixtures/scenarios/core-path/held-then-cut-loses-all.json");
const holds = ["replay", scenario, "--world", "model", "--profile", "nats-go"];
/** Finds violations within seconds. */
const violates = ["search", "--policy", "cordum-as-found", "--profile", "nats-go", "--runs", "20", "--seed", "1"];

/** Runs it in a shell, after these words of the shell. */
async function shell(words: string, args: readonly string[], cwd: string) {
  const child = spawn("/bin/sh", ["-c", words, "sh", process.execPath, bin, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code: code as number | null, stdout, stderr };
}

const filesBelow = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, encoding: "utf8" });

/** The counterexamples that were said instead of written. */
const said = (stderr: string): readonly string[] =>
  stderr
    .split(/^faultline: .* cannot be written: .*$/m)
    .slice(1)
    .map(one => one.trim());

test("standard output that takes no more is no verdict", async () => {
  const { code, stderr } = await shell('exec "$@" > /dev/full', holds, ownFolder());
  expect(code).toBe(69);
  expect(stderr).toMatch(/^faultline: standard output cannot be written: ENOSPC.*The verdict was: holds\.$/m);
});

test("standard output without a reader is no verdict", async () => {
  const { stderr } = await shell('{ "$@"; echo "exit $?" >&2; } | true', holds, ownFolder());
  expect(stderr).toMatch(/^exit 141$/m);
});

test.each([
  ["a folder that takes no files", "exec", (cwd: string) => writeFileSync(join(cwd, ".faultline"), "")],
  ["a full disk", "ulimit -f 0; exec", () => {}],
])("a violation is found, said and counted in spite of %s", async (_name, words, prepare) => {
  const cwd = ownFolder();
  prepare(cwd);
  const { code, stdout, stderr } = await shell(`${words} "$@"`, violates, cwd);
  expect(code).toBe(1);
  expect(stdout).toContain("which cannot be written");
  const [first = "{}"] = said(stderr);
  expect(JSON.parse(first)).toMatchObject({ kind: "counterexample", verdict: "violated" });
  expect(filesBelow(cwd).filter(name => name.endsWith(".partial"))).toEqual([]);
  const again = ownFolder();
  writeFileSync(join(again, "found.json"), first);
  expect((await faultline(["replay", "found.json"], { cwd: again })).code).toBe(1);
});

test("a run that cannot record anything does not begin, and leaves nothing half-made", async () => {
  const cwd = ownFolder();
  const { code, stderr } = await shell(
    'ulimit -f 0; exec "$@"',
    ["compare", "--bus", "go-nats-go", "--runs", "2"],
    cwd,
  );
  expect([code, stderr]).toEqual([69, expect.stringMatching(/^faultline: \S+ cannot be written: EFBIG/m)]);
  expect(filesBelow(cwd).filter(name => name.endsWith(".partial"))).toEqual([]);
});

test("an error that no call of the command raised is our bug, not a violation", async () => {
  const late = "data:text/javascript,setTimeout(() => { throw new Error('out of nowhere') }, 700)";
  const { code, stderr } = await faultline(["search", "--runs", "100000000", "--profile", "nats-go"], {
    env: { NODE_OPTIONS: `--import=${JSON.stringify(late)}` },
  });
  expect([code, stderr]).toEqual([70, expect.stringContaining("this is a bug of faultline")]);
});

test("a folder for temporary files that is not there is not made", async () => {
  const absent = join(ownFolder(), "absent");
  expect((await faultline(holds, { env: { TMPDIR: absent, NODE_COMPILE_CACHE: "" } })).code).toBe(0);
  expect(existsSync(absent)).toBe(false);
});

/** Opens a lease, as every live command does first, and says how that fails. */
function leased(words: string, env: Readonly<Record<string, string>> = {}): string {
  const script = `import { openLease } from ${JSON.stringify(join(root, "src/worlds/live/leases.ts"))};
    await openLease().then(one => one.release(), error => console.log(error.exitCode ?? error.code, error.message));`;
  const args = ["-c", `${words} "$@"`, "sh", process.execPath, "--input-type=module", "-e", script];
  return spawnSync("/bin/sh", args, { encoding: "utf8", env: { ...process.env, ...env } }).stdout;
}

test("a lease names the temporary folder that is none, and the descriptors that are not there", () => {
  const folder = ownFolder();
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(leased("exec")).toBe("");
  for (const TMPDIR of [file, join(folder, "absent")])
    expect(leased("exec", { TMPDIR, NODE_COMPILE_CACHE: "" })).toMatch(
      /^69 \S+, the folder for temporary files, is no folder/,
    );
  expect(existsSync(join(folder, "absent"))).toBe(false);
  expect(leased("ulimit -n 24; exec")).toMatch(/^EMFILE listen EMFILE: too many open files/);
});

test("a cache that takes no folders ends the command at once", async () => {
  const args = ["replay", scenario, "--world", "live", "--bus", "go-nats-go"];
  const env = { FAULTLINE_CACHE: "/proc", FAULTLINE_NATS_SERVER: "", FAULTLINE_TOXIPROXY: "" };
  const { code, stderr } = await faultline(args, { env });
  expect([code, stderr]).toEqual([
    69,
    expect.stringContaining("ENOENT: no such file or directory, mkdir '/proc/servers'"),
  ]);
});

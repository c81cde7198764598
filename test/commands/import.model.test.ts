/** `faultline import`, and `--policy` with other people's files, as a person uses them. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { faultline, ownFolder, root } from "./faultline.ts";

const fixtures = join(root, "test/files/imported");
const bundled = (name: string): object =>
  JSON.parse(readFileSync(join(root, "fixtures/policies", `${name}.json`), "utf8"));

/** A folder of manifests as a team has them, within the folder of one test. */
function withManifests(): string {
  const cwd = ownFolder();
  mkdirSync(join(cwd, "manifests"));
  for (const name of ["nack-several.yaml", "deployment.yaml", "nats-server.yaml"])
    cpSync(join(fixtures, name), join(cwd, "manifests", name));
  return cwd;
}

test("stdout is the policy alone, as JSON or YAML, and stderr what was read, left out and assumed", async () => {
  const cwd = withManifests();
  const { code, stdout, stderr } = await faultline(["import", "manifests"], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ version: 1, name: "manifests", streams: [{ name: "TICKETS" }] });
  expect(stderr).toMatch(/manifests\/nack-several\.yaml:2 +stream TICKETS \(nack\)/);
  expect(stderr).toMatch(/manifests\/deployment\.yaml:18 +spec\.template\.spec\.containers\[0\]\.ports: says nothing/);
  expect(stderr).toMatch(/shutdown\.strategy +"exit": a process that does nothing about SIGTERM/);
  expect(stderr).toContain("Save it as manifests.json");
  const yaml = await faultline(["import", "manifests", "--yaml"], { cwd });
  expect(parse(yaml.stdout)).toEqual(JSON.parse(stdout));
});

test("with --json stdout is one document, and stderr still tells a person", async () => {
  const cwd = withManifests();
  const { code, json, stderr } = await faultline(["import", "manifests", "--json", "--name", "my-bus"], { cwd });
  expect(code).toBe(0);
  expect(json.policy).toMatchObject({ name: "my-bus", supervisor: { killAfterMs: 60_000 } });
  expect(json.read.map((one: { kind: string }) => one.kind)).toEqual([
    "deployment",
    "stream",
    "consumer",
    "consumer",
    "deployment",
  ]);
  expect(json.notCarried).toContainEqual({
    file: "manifests/nack-several.yaml",
    line: 15,
    column: 1,
    key: "document 3: spec",
    means: expect.stringContaining("the consumer search has ack wait 300000 ms"),
  });
  expect(json.toFill).toContainEqual({ place: "shutdown.strategy", default: "exit", why: expect.any(String) });
  expect(stderr).toContain("Not carried over");
});

test("what was imported is a policy that --policy takes, from JSON and from YAML alike", async () => {
  const cwd = withManifests();
  for (const [file, option] of [
    ["my-bus.json", []],
    ["my-bus.yaml", ["--yaml"]],
  ] as const) {
    const { stdout } = await faultline(["import", "manifests", "--name", "my-bus", ...option], { cwd });
    writeFileSync(join(cwd, file), stdout);
    const found = await faultline(["search", "--policy", file, "--profile", "nats-go", "--runs", "20", "--json"], {
      cwd,
    });
    expect(found.json).toMatchObject({ policy: "my-bus", runs: 20 });
    expect(found.stderr).not.toContain("assumed");
  }
});

test("a folder of manifests is a policy in one command, and what was assumed is printed on stderr", async () => {
  const cwd = withManifests();
  const args = ["search", "--profile", "nats-go", "--runs", "20", "--seed", "1"];
  for (const named of ["./manifests", "manifests"]) {
    const { code, stdout, stderr } = await faultline([...args, "--policy", named], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain(`${named}: assumed shutdown.strategy "exit": `);
    expect(stderr).toMatch(/keys are not carried over; the command import lists them/);
    expect(stdout).toContain(`--policy ${named} --seed 1`);
  }
  const { json } = await faultline([...args, "--policy", "manifests/deployment.yaml", "--json"], { cwd });
  expect(json).toMatchObject({ policy: "deployment" });
});

test("a policy in YAML is checked as strictly as one in JSON", async () => {
  const cwd = ownFolder();
  const search = async (policy: object): Promise<readonly [number | null, string]> => {
    writeFileSync(join(cwd, "mine.yaml"), stringify(policy));
    const { code, stderr } = await faultline(
      ["search", "--policy", "mine.yaml", "--runs", "1", "--profile", "nats-go"],
      { cwd },
    );
    return [code, stderr];
  };
  const mine = { ...bundled("core-only"), name: "mine" };
  expect((await search(mine))[0]).toBe(0);
  expect(await search({ ...mine, colour: 1 })).toEqual([65, 'faultline: mine.yaml: unknown field "colour"\n']);
  expect(await search({ ...mine, name: "other" })).toEqual([
    65,
    'faultline: mine.yaml: name: is "other", and must be "mine", as the file\'s\n',
  ]);
});

test("a field of JetStream's own in a policy is said to be one", async () => {
  const cwd = ownFolder();
  const stream = {
    name: "S",
    subjects: ["s.*"],
    storage: "file",
    duplicateWindowMs: 1_000,
    discard: "old",
    made: "present",
  };
  const policy = { ...bundled("core-only"), name: "mine", streams: [{ ...stream, max_age: 5 }] };
  writeFileSync(join(cwd, "mine.json"), JSON.stringify(policy));
  const { code, stderr } = await faultline(["search", "--policy", "mine.json", "--runs", "1"], { cwd });
  expect([code, stderr]).toEqual([
    65,
    'faultline: mine.json: streams[0]: unknown field "max_age": max_age is a name of JetStream\'s own configuration, which the command import reads and makes a policy of\n',
  ]);
});

test.each<[what: string, args: readonly string[], exitCode: number, says: string]>([
  ["no file", [], 64, "import needs files, folders, or --server URL"],
  ["a file that there is not", ["nowhere.json"], 65, "nowhere.json: there is no such file"],
  ["a folder without manifests", ["."], 65, "is a folder without files that end in .yaml, .yml or .json"],
  [
    "a policy",
    [join(root, "fixtures/policies/core-only.json")],
    65,
    "is a policy already: give it to --policy as it is",
  ],
  ["a wrong duration", [join(fixtures, "broken/duration-days.yaml")], 65, 'duration-days.yaml:6: spec.maxAge: is "7d"'],
  ["a name that no policy has", [join(fixtures, "mixed.yaml"), "--name", "My Bus"], 64, "--name must be 1 to 63 of"],
])("%s is refused in one sentence", async (_what, args, exitCode, says) => {
  const { code, stdout, stderr } = await faultline(["import", ...args]);
  expect([code, stdout]).toEqual([exitCode, ""]);
  expect(stderr).toContain(says);
  expect(stderr).not.toContain("    at ");
});

test("a broken file of a folder is refused under --policy, and never left out", async () => {
  const cwd = withManifests();
  cpSync(join(fixtures, "broken/template.yaml"), join(cwd, "manifests/template.yaml"));
  const { code, stderr } = await faultline(["search", "--policy", "manifests", "--runs", "1"], { cwd });
  expect([code, stderr]).toEqual([
    65,
    expect.stringMatching(/^faultline: manifests\/template\.yaml:4: .*helm template/),
  ]);
});

/** `faultline lint`, as a person uses it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { faultline, ownFolder } from "./faultline.ts";

interface Listed {
  readonly id: string;
  readonly severity: string;
  readonly witness: string | null;
  readonly promise: string | null;
  readonly place: { readonly file: string; readonly line: number; readonly column: number } | null;
}
const idsOf = (findings: readonly Listed[]): readonly string[] =>
  findings.map(({ id, severity }) => `${id} ${severity}`);

test.each([
  ["cordum-a", ["P003", "P004", "P009", "P019", "P023", "P027", "P037", "P046"]],
  ["cordum-b", ["P003", "P004", "P009", "P019", "P023", "P027", "P037", "P046"]],
  ["cordum-c", ["P003", "P004", "P008", "P009", "P019", "P023", "P027", "P037", "P046"]],
  ["cordum-patched", ["P003", "P004", "P009", "P019", "P023", "P027", "P037", "P043", "P046"]],
  ["cordum-hardened", []],
  ["core-only", []],
])("%s has its known mistakes, each an error, except one that is a race", async (policy, ids) => {
  const { code, json } = await faultline(["lint", policy, "--json"]);
  expect(code).toBe(ids.length === 0 ? 0 : 1);
  const severityOf = (id: string): string => (id === "P043" ? "warning" : "error");
  expect(idsOf(json.findings)).toEqual(ids.map(id => `${id} ${severityOf(id)}`));
});

test("each witness is a file that replay shows broken, of the promise that the finding names", async () => {
  const cwd = ownFolder();
  const { json } = await faultline(["lint", "cordum-c", "--json"], { cwd });
  for (const { id, witness, promise } of json.findings as readonly Listed[]) {
    const replayed = await faultline(["replay", witness ?? "", "--json"], { cwd });
    expect([id, replayed.code]).toEqual([id, 1]);
    expect(replayed.stdout).toContain(promise);
  }
});

const stream = (more: object): object => ({
  apiVersion: "jetstream.nats.io/v1beta2",
  kind: "Stream",
  metadata: { name: "orders" },
  spec: { name: "ORDERS", subjects: ["orders.>"], storage: "file", ...more },
});

function withManifests(more: object = {}): string {
  const cwd = ownFolder();
  mkdirSync(join(cwd, "manifests"));
  writeFileSync(join(cwd, "manifests", "stream.yaml"), stringify(stream(more)));
  return cwd;
}

test("manifests without a mistake end in 0: what an import assumed is a warning", async () => {
  const { code, json } = await faultline(["lint", "manifests", "--json"], { cwd: withManifests() });
  expect(code).toBe(0);
  expect(new Set((json.findings as readonly Listed[]).map(({ severity }) => severity))).toEqual(new Set(["warning"]));
});

test("a mistake in a manifest is an error at its file, line and column", async () => {
  const cwd = withManifests({ storage: "memory" });
  const { code, json } = await faultline(["lint", "manifests", "--json"], { cwd });
  expect(code).toBe(1);
  const [finding] = (json.findings as readonly Listed[]).filter(({ severity }) => severity === "error");
  expect(finding).toMatchObject({ id: "P013", place: { file: "manifests/stream.yaml", line: 9, column: 3 } });
});

test("an accepted finding is none, and one that is gone fails", async () => {
  const cwd = withManifests({ storage: "memory" });
  writeFileSync(join(cwd, "accepted.yaml"), "version: 1\naccepted: [{ id: P013, reason: it is a cache }]\n");
  const known = await faultline(["lint", "manifests", "--accepted", "accepted.yaml"], { cwd });
  expect(known.code).toBe(0);
  expect(known.stdout).toContain("it is a cache");
  writeFileSync(join(cwd, "manifests", "stream.yaml"), stringify(stream({})));
  const gone = await faultline(["lint", "manifests", "--accepted", "accepted.yaml"], { cwd });
  expect(gone.code).toBe(1);
  expect(gone.stdout).toContain("accepted.yaml:2: P013 is accepted there, and there is no such finding any more");
});

test("a witness is of the policy as it is, and not as an earlier run has found it", async () => {
  const cwd = ownFolder();
  const own = JSON.parse(readFileSync(new URL("../../fixtures/policies/cordum-a.json", import.meta.url), "utf8"));
  const killAfterMsOf = async (killAfterMs: number): Promise<number> => {
    const supervisor = { ...own.supervisor, killAfterMs };
    writeFileSync(join(cwd, "mine.json"), JSON.stringify({ ...own, $schema: undefined, name: "mine", supervisor }));
    const { json } = await faultline(["lint", "mine.json", "--json"], { cwd });
    const { witness } = (json.findings as readonly Listed[]).find(({ id }) => id === "P037") ?? {};
    return JSON.parse(readFileSync(join(cwd, witness ?? ""), "utf8")).scenario.policy.supervisor.killAfterMs;
  };
  expect(await killAfterMsOf(30_000)).not.toBe(await killAfterMsOf(90_000));
});

test("with --format sarif stdout is SARIF alone, and a person reads stderr", async () => {
  const { stdout, stderr } = await faultline(["lint", "cordum-c", "--format", "sarif"]);
  expect(JSON.parse(stdout)).toMatchObject({ version: "2.1.0", runs: [{ tool: { driver: { name: "faultline" } } }] });
  expect(stderr).toContain("✗ error P008");
});

test("with --format github each finding is a command of the workflow, behind the text", async () => {
  const { stdout } = await faultline(["lint", "cordum-c", "--format", "github"]);
  const commands = stdout.split("\n").filter(line => line.startsWith("::"));
  expect(commands).toHaveLength(9);
  expect(stdout).toContain("9 errors, 0 warnings");
});

test("a policy of one's own in YAML has its lines", async () => {
  const cwd = ownFolder();
  const own = JSON.parse(readFileSync(new URL("../../fixtures/policies/core-only.json", import.meta.url), "utf8"));
  const { $schema: _, ...policy } = { ...own, name: "mine", shutdown: { ...own.shutdown, tellsLoss: false } };
  writeFileSync(join(cwd, "mine.yaml"), stringify(policy));
  const { json } = await faultline(["lint", "mine.yaml", "--profile", "nats-py", "--json"], { cwd });
  const [finding] = json.findings as readonly Listed[];
  expect(finding).toMatchObject({ id: "P023", severity: "error", place: { file: "mine.yaml" } });
  expect(readFileSync(join(cwd, "mine.yaml"), "utf8").split("\n")[(finding?.place?.line ?? 0) - 1]).toContain(
    "tellsLoss",
  );
});

test("a client that keeps nothing while down has nothing of it to lose in a stop, which is then a warning", async () => {
  const severities = async (profile: string): Promise<unknown> => {
    const { json } = await faultline(["lint", "cordum-a", "--profile", profile, "--json"]);
    return (json.findings as readonly Listed[]).find(({ id }) => id === "P023")?.severity;
  };
  expect([await severities("nats-go"), await severities("nats-js-3")]).toEqual(["error", "warning"]);
});

test.each([
  [["lint"], 64, /missing required argument/],
  [["lint", "no-such-policy"], 64, /There is no policy "no-such-policy"/],
  [["lint", "cordum-a", "--profile", "nats-rust"], 64, /There is no profile "nats-rust"/],
  [["lint", "cordum-a", "--accepted", "nowhere.yaml"], 65, /nowhere\.yaml/],
])("%j is refused with %i", async (args, exitCode, says) => {
  const { code, stderr } = await faultline(args);
  expect(code).toBe(exitCode);
  expect(stderr).toMatch(says);
});

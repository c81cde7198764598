/** `faultline policy`, as those use it who keep the page. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { faultline, ownFolder } from "./faultline.ts";

const own = JSON.parse(
  readFileSync(new URL("../../fixtures/policies/cordum-hardened.json", import.meta.url), "utf8"),
) as Policy;
const { $schema: _, ...mine } = { ...own, name: "mine" } as Policy;

/** A folder with a policy and its page. */
async function withPage(): Promise<string> {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "mine.yaml"), stringify(mine));
  const { code, stdout } = await faultline(["policy", "mine.yaml"], { cwd });
  expect(code).toBe(0);
  writeFileSync(join(cwd, "page.md"), stdout);
  return cwd;
}

const check = (cwd: string) => faultline(["policy", "mine.yaml", "--check", "page.md", "--json"], { cwd });

test("the page has a line for each family and each setting, with an anchor, a date and a digest", async () => {
  const cwd = await withPage();
  const page = readFileSync(join(cwd, "page.md"), "utf8");
  expect(page).toMatch(/^# Durability policy of mine\n\n\d{4}-\d\d-\d\d, digest [0-9a-f]{8}\./);
  expect(page).toContain(
    '| <a id="family-sys-heartbeat"></a>`sys.heartbeat` | best-effort: periodic, heals itself | nothing more | in no stream | as core NATS: no rule of the classifier matches | not observed | up to 10 lost in silence, of 30 | 0 of 20 | up to 10 lost in silence, of 20 | nobody |',
  );
  for (const { subjects } of mine.families) expect(page).toContain(`\`${subjects}\``);
  for (const setting of ["streams.CORDUM_SYS.duplicateWindowMs", "supervisor.killAfterMs", "startup.deadlineMs"])
    expect(page).toContain(`\`${setting}\``);
});

test("a page that is current passes, on any day", async () => {
  const cwd = await withPage();
  const page = readFileSync(join(cwd, "page.md"), "utf8");
  writeFileSync(join(cwd, "page.md"), page.replace(/\d{4}-\d\d-\d\d/, "2020-01-01"));
  const { code, json } = await check(cwd);
  expect([code, json.drift]).toEqual([0, []]);
});

const expectations: Partial<Policy["families"][number]> = {
  publishPath: "core",
  gaps: { serverRestartMs: 5_000 },
  ...{ healedBy: "poll", healsWithinMs: 60_000, staleAfterMs: 30_000, duplicatesTolerated: true },
  idRule: ["subject", { constant: "v1" }],
  load: {
    perSecond: 2,
    bytes: [
      { bytes: 100, share: 0.9 },
      { bytes: 900, share: 0.1 },
    ],
  },
};

test("the page as HTML is one file with the same cells and anchors, and runs nothing that a policy says", async () => {
  const cwd = ownFolder();
  const hostile = mine.families.map((one, i) => (i === 0 ? { ...one, owner: "<script>alert(1)</script>" } : one));
  writeFileSync(join(cwd, "mine.yaml"), stringify({ ...mine, families: hostile }));
  const { stdout } = await faultline(["policy", "mine.yaml", "--html"], { cwd });
  expect(stdout).toMatch(/^<!doctype html>\n/);
  expect(stdout).toContain('<tr id="family-sys-heartbeat"><td><code>sys.heartbeat</code></td>');
  expect(stdout).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(stdout).not.toContain("<script");
  writeFileSync(join(cwd, "page.html"), stdout);
  const checked = await faultline(["policy", "mine.yaml", "--check", "page.html"], { cwd });
  expect([checked.code, checked.stderr]).toEqual([65, expect.stringMatching(/write it as Markdown/)]);
});

test("the figures of the last drill stand on the page, and are no drift", async () => {
  const cwd = await withPage();
  const env = { FAULTLINE_NATS_SERVER: "/dev/null", FAULTLINE_TOXIPROXY: "/dev/null" };
  const { json: drill } = await faultline(["drill", "durability", "--policy", "mine.yaml", "--json"], { cwd, env });
  // Without a live world the drill has the model's figures, of which nothing was observed.
  expect((await faultline(["policy", "mine.yaml"], { cwd })).stdout).not.toContain("on go-nats-go");
  const file = join(cwd, drill.report.replace(/report\.txt$/, "drill.json"));
  const kept = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...kept, live: { ...kept.live, reason: null } }));
  const { code, json } = await check(cwd);
  expect([code, json.drift]).toEqual([0, []]);
  const heartbeat = json.families.find(({ name }: { name: string }) => name === "sys.heartbeat");
  const observed = heartbeat.cells.find(({ title }: { title: string }) => title === "observed in the last drill");
  expect(observed.text).toMatch(/^\d+ lost in silence, of \d+ \(\d{4}-\d\d-\d\d on go-nats-go\)$/);
  writeFileSync(join(cwd, "mine.yaml"), stringify({ ...mine, why: "changed" }));
  const { stdout } = await faultline(["policy", "mine.yaml"], { cwd });
  expect(stdout).toContain("on go-nats-go, before the policy changed)");
});

interface Moved {
  readonly name: string;
  readonly cell: string;
  readonly was: string;
  readonly is: string;
  readonly place: string | null;
}

test.each<[what: string, change: Partial<Policy>, moved: Omit<Moved, "place">]>([
  [
    "a stream",
    { streams: mine.streams.map((one, i) => (i === 0 ? { ...one, duplicateWindowMs: 60_000 } : one)) },
    { name: "streams.CORDUM_SYS.duplicateWindowMs", cell: "value", was: "120000", is: "60000" },
  ],
  [
    "a probe",
    { supervisor: { ...mine.supervisor, liveness: { periodMs: 10_000, failureThreshold: 3 } } },
    { name: "supervisor.liveness.periodMs", cell: "its line", was: "not there", is: "there" },
  ],
  [
    "a grace period",
    { supervisor: { ...mine.supervisor, killAfterMs: 60_000 } },
    { name: "supervisor.killAfterMs", cell: "value", was: "30000", is: "60000" },
  ],
  [
    "a family",
    { families: mine.families.map(one => (one.subjects === "sys.alert" ? { ...one, owner: "platform" } : one)) },
    { name: "sys.alert", cell: "owner", was: "nobody", is: "platform" },
  ],
  [
    "an expectation",
    { families: mine.families.map(one => (one.subjects === "sys.alert" ? { ...one, ...expectations } : one)) },
    {
      name: "sys.alert",
      cell: "expected",
      was: "nothing more",
      is: 'published by core; a gap of 5 s at a restart of the server; healed by poll within 1 min; of no use after 30 s; duplicates tolerated; id subject:"v1"; 2/s of 100 B (90 %), 900 B (10 %)',
    },
  ],
])("one changed part fails the check, with its line in the file: %s", async (_what, change, moved) => {
  const cwd = await withPage();
  writeFileSync(join(cwd, "mine.yaml"), stringify({ ...mine, ...change }));
  const { code, json } = await check(cwd);
  expect(code).toBe(1);
  const found = (json.drift as readonly Moved[]).find(({ name, cell }) => name === moved.name && cell === moved.cell);
  expect(found).toMatchObject(moved);
  const [, line] = /^mine\.yaml:(\d+):\d+$/.exec(found?.place ?? "") ?? [];
  const text = readFileSync(join(cwd, "mine.yaml"), "utf8").split("\n")[Number(line) - 1] ?? "";
  expect(text).toContain(moved.name.includes("sys.") ? "sys.alert" : (moved.name.split(".").at(-1) ?? ""));
});

test("a family that is gone fails the check by its name", async () => {
  const cwd = await withPage();
  writeFileSync(
    join(cwd, "mine.yaml"),
    stringify({ ...mine, families: mine.families.filter(({ subjects }) => subjects !== "sys.alert") }),
  );
  const { code, stdout } = await faultline(["policy", "mine.yaml", "--check", "page.md"], { cwd });
  expect(code).toBe(1);
  expect(stdout).toContain("✗ sys.alert, its line: was there; is not there");
});

test("a text with bars, tags and line ends stays one cell, and its page is current", async () => {
  const cwd = ownFolder();
  const reason = "a | b \\| c <script>alert(1)</script>\nnext";
  const families = [{ subjects: "a.>", durability: "best-effort", reason }, ...mine.families];
  writeFileSync(join(cwd, "mine.yaml"), stringify({ ...mine, families }));
  const { stdout } = await faultline(["policy", "mine.yaml"], { cwd });
  expect(stdout).not.toContain("<script>");
  writeFileSync(join(cwd, "page.md"), stdout);
  const { code, json } = await check(cwd);
  expect([code, json.drift]).toEqual([0, []]);
});

test("of manifests the page says which values a file has, which are a default, and which are assumed", async () => {
  const cwd = ownFolder();
  writeFileSync(
    join(cwd, "stream.yaml"),
    stringify({
      apiVersion: "jetstream.nats.io/v1beta2",
      kind: "Stream",
      metadata: { name: "orders" },
      spec: { name: "ORDERS", subjects: ["orders.>"], storage: "file" },
    }),
  );
  const { json } = await faultline(["policy", "stream.yaml", "--json"], { cwd });
  const words = new Map(
    (json.settings as readonly { name: string; cells: readonly { text: string }[] }[]).map(({ name, cells }) => [
      name,
      cells[1]?.text,
    ]),
  );
  expect(words.get("streams.ORDERS.storage")).toBe("a file's");
  expect(words.get("streams.ORDERS.duplicateWindowMs")).toBe("a default");
  expect(words.get("shutdown.strategy")).toMatch(/^assumed: /);
});

test.each([
  [["policy"], 64, /missing required argument/],
  [["policy", "cordum-a", "--check", "nowhere.md"], 65, /nowhere\.md: there is no such file/],
])("%j is refused with %i", async (args, exitCode, says) => {
  const { code, stderr } = await faultline(args);
  expect(code).toBe(exitCode);
  expect(stderr).toMatch(says);
});

test("a file that is no page is refused, with what to do", async () => {
  const cwd = await withPage();
  writeFileSync(join(cwd, "other.md"), "# Notes\n");
  const { code, stderr } = await faultline(["policy", "mine.yaml", "--check", "other.md"], { cwd });
  expect(code).toBe(65);
  expect(stderr).toContain("other.md: has no line of a durability policy");
});

/** `faultline subject`, as a person on call uses it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder } from "./faultline.ts";

test("a person reads what is declared, what is done, what it costs and whose words those are", async () => {
  const { code, stdout } = await faultline(["subject", "sys.job.progress", "--policy", "cordum-as-found"]);
  expect([code, stdout.trim()]).toEqual([
    0,
    `sys.job.progress No: it is declared best-effort.
  declared   best-effort, by the family sys.job.progress: informs; no state depends on it (fixtures/policies/cordum-as-found.json:59:7)
  published  as core NATS: no rule of the classifier matches
  stored     in CORDUM_SYS: file storage, retention limits, 1 replica (fixtures/policies/cordum-as-found.json:92:20)
  cost of    a restart of the server: up to 10 of 30 lost, and no caller is told
  cost of    a rollout of the service: up to 10 of 20 lost, and no caller is told
  cost of    a stop while NATS is down: up to 10 of 20 lost, and no caller is told
  owner      nobody is named
✗ sys.job.progress is not declared durable, and CORDUM_SYS stores it
By the policy cordum-as-found; the costs are the worst of the model of nats-go, and not measured.`,
  ]);
});

interface CostShown {
  readonly occasion: string;
  readonly published: number;
  readonly silentLoss: number;
  readonly reportedLoss: number;
  readonly inDoubt: number;
}

test.each<[subject: string, policy: string, durability: string, lost: readonly number[], refused: readonly number[]]>([
  ["sys.job.submit", "cordum-hardened", "durable", [0, 0, 0], [0, 0, 0]],
  ["sys.heartbeat", "cordum-hardened", "best-effort", [10, 0, 10], [0, 0, 0]],
  ["worker.a.b.jobs", "cordum-as-found", "undeclared", [0, 0, 0], [20, 20, 10]],
])(
  "%s under %s is %s, and costs as much as the model says at its worst",
  async (subject, policy, durability, lost, refused) => {
    const { json } = await faultline(["subject", subject, "--policy", policy, "--json"]);
    const costs = json.costs as readonly CostShown[];
    expect(json.durability).toBe(durability);
    expect(costs.map(({ occasion }) => occasion)).toEqual(["server-restart", "rollout", "stop-while-down"]);
    expect(costs.map(({ silentLoss }) => silentLoss)).toEqual(lost);
    expect(costs.map(({ reportedLoss }) => reportedLoss)).toEqual(refused);
  },
);

test("owner and repair are shown where the family declares them", async () => {
  const cwd = ownFolder();
  const own = JSON.parse(readFileSync(new URL("../../fixtures/policies/core-only.json", import.meta.url), "utf8"));
  const [family] = own.families;
  const families = [{ ...family, owner: "platform", healedBy: "poll", healsWithinMs: 90_000 }];
  writeFileSync(join(cwd, "mine.json"), JSON.stringify({ ...own, $schema: undefined, name: "mine", families }));
  const { stdout } = await faultline(["subject", family.subjects.replaceAll(/[*>]/g, "a"), "--policy", "mine.json"], {
    cwd,
  });
  expect(stdout).toContain("owner      platform");
  expect(stdout).toContain("heals      by readers that ask for the state, within 1 min 30 s");
});

test.each([
  [["subject", "sys.job.progress"], 64, /--policy/],
  [["subject", "sys.job.*", "--policy", "cordum-a"], 64, /"sys\.job\.\*" must be a NATS subject/],
  [["subject", "a", "--policy", "nowhere"], 64, /There is no policy "nowhere"/],
  [["subject", "a", "--policy", "cordum-a", "--profile", "x"], 64, /There is no profile "x"/],
])("%j is refused with %i", async (args, exitCode, says) => {
  const { code, stderr } = await faultline(args);
  expect(code).toBe(exitCode);
  expect(stderr).toMatch(says);
});

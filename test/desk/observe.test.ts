/** The subjects of a log that no family declares. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { observedIn } from "../../src/desk/observe.ts";
import { faultline, ownFolder } from "../commands/faultline.ts";
import { clean } from "../lint/mistakes.ts";

const log = [
  "job.a",
  "audit.b",
  '{"subject":"audit.b","bytes":12}',
  "",
  "orders",
  "_INBOX.x.y",
  "$JS.API.INFO",
  "not a subject",
  '{"other":1}',
  "{broken",
].join("\n");

test("are told with how often they came, how they are published, and where they are stored", () => {
  const policy = { ...clean, classifier: [...clean.classifier, { exact: "orders" }] };
  expect(observedIn(policy, log)).toEqual({
    ...{ lines: 9, subjects: 5, notRead: { lines: 3, first: 8 } },
    undeclared: [
      { subject: "audit.b", times: 2, published: "as core NATS", stream: null },
      { subject: "orders", times: 1, published: "through JetStream", stream: null },
    ],
  });
});

test("policy --observe fails on them, and passes a log in which there is none", async () => {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "traffic.log"), "sys.heartbeat\nsys.job.submit\nsys.job.lost\nsys.job.lost\n");
  const found = await faultline(["policy", "cordum-hardened", "--observe", "traffic.log"], { cwd });
  expect([found.code, found.stdout.trim().split("\n")]).toEqual([
    1,
    [
      "traffic.log: 4 lines, 3 subjects",
      "✗ 1 subject that no family of cordum-hardened declares",
      "  subject       times  published     stored in",
      "  sys.job.lost      2  as core NATS  no stream",
    ],
  ]);
  writeFileSync(join(cwd, "traffic.log"), "sys.heartbeat\n");
  const none = await faultline(["policy", "cordum-hardened", "--observe", "traffic.log", "--json"], { cwd });
  expect([none.code, none.json.undeclared]).toEqual([0, []]);
  const missing = await faultline(["policy", "cordum-hardened", "--observe", "nowhere.log"], { cwd });
  expect([missing.code, missing.stderr]).toEqual([65, expect.stringMatching(/nowhere\.log.*there is no such file/)]);
  const both = await faultline(["policy", "cordum-hardened", "--observe", "x", "--check", "y"], { cwd });
  expect([both.code, both.stderr]).toEqual([64, expect.stringMatching(/--observe/)]);
});

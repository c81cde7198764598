/** `drill QUESTION --before`: real differences are named, and equal sides cannot be told. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Question } from "../../src/drills/drill.ts";
import { faultline, ownFolder, root } from "./faultline.ts";

const hardened: Policy = JSON.parse(readFileSync(join(root, "fixtures/policies/cordum-hardened.json"), "utf8"));
/** Two families, so that a run takes seconds. */
const small = (name: string, change: Partial<Policy> = {}): object => ({
  ...hardened,
  ...{ $schema: undefined, demands: [], name },
  families: hardened.families.filter(({ subjects }) => ["sys.job.submit", "sys.heartbeat"].includes(subjects)),
  ...change,
});
const [first] = hardened.streams;
const inMemory = [{ ...first, storage: "memory" }] as unknown as Policy["streams"];
const onFile = [{ ...first }] as unknown as Policy["streams"];

interface Pair {
  readonly what: string;
  readonly question: Question;
  readonly before: Partial<Policy>;
  readonly after: Partial<Policy>;
  readonly verdict: "keep" | "drop" | "cannot-be-told";
  readonly says?: string;
}

const { jetStreamProbe: _, ...startup } = hardened.startup;
const pairs: readonly Pair[] = [
  {
    what: "a durable family that goes through JetStream, and was published as core NATS",
    question: "durability",
    before: { classifier: [] },
    after: {},
    verdict: "keep",
    says: "sys.job.submit",
  },
  {
    what: "a stream that went from its file to memory",
    question: "durability",
    before: { streams: onFile },
    after: { streams: inMemory },
    verdict: "drop",
    says: "sys.job.submit",
  },
  {
    what: "a buffer that is switched off",
    question: "buffer",
    before: {},
    after: { client: { ...hardened.client, reconnectBufferBytesMax: -1 } },
    verdict: "drop",
    says: "sys.heartbeat",
  },
  {
    what: "a stop that tells of what it loses",
    question: "shutdown",
    before: { shutdown: { ...hardened.shutdown, strategy: "close", tellsLoss: false } },
    after: {},
    verdict: "keep",
    says: "sys.heartbeat",
  },
  {
    what: "a process that asks for JetStream once",
    question: "cold-start",
    before: {},
    after: { startup: { ...startup, jetStreamProbe: "once", readiness: "connected" } },
    verdict: "drop",
    says: "sys.job.submit",
  },
  { what: "the same restart", question: "durability", before: {}, after: {}, verdict: "cannot-be-told" },
  {
    what: "another grace period, of which no restart knows",
    question: "durability",
    before: {},
    after: { supervisor: { ...hardened.supervisor, killAfterMs: 40_000 } },
    verdict: "cannot-be-told",
  },
  {
    what: "a larger buffer that is never full",
    question: "buffer",
    before: {},
    after: { client: { ...hardened.client, reconnectBufferBytesMax: 67_108_864 } },
    verdict: "cannot-be-told",
  },
  { what: "the same stop", question: "shutdown", before: {}, after: {}, verdict: "cannot-be-told" },
  { what: "the same start", question: "cold-start", before: {}, after: {}, verdict: "cannot-be-told" },
];

test.each(pairs)(
  "$question, $what: $verdict",
  { timeout: 300_000 },
  async ({ question, before, after, verdict, says }) => {
    const cwd = ownFolder();
    writeFileSync(join(cwd, "old.json"), JSON.stringify(small("old", before)));
    writeFileSync(join(cwd, "new.json"), JSON.stringify(small("new", after)));
    const args = ["drill", question, "--policy", "new.json", "--before", "old.json", "--json"];
    const { code, json } = await faultline(args, { cwd });
    expect([json.verdict, JSON.stringify(json.differences)]).toEqual([verdict, JSON.stringify(json.differences)]);
    expect(code).toBe({ keep: 0, drop: 1, "cannot-be-told": 2 }[verdict]);
    const named = json.differences.filter(({ is }: { is: string }) => is !== "cannot-be-told");
    expect(named.map(({ family }: { family: string }) => family).includes(says)).toBe(says !== undefined);
  },
);

test("an earlier run stands in for a policy", { timeout: 300_000 }, async () => {
  const cwd = ownFolder();
  writeFileSync(join(cwd, "old.json"), JSON.stringify(small("old", { classifier: [] })));
  writeFileSync(join(cwd, "new.json"), JSON.stringify(small("new")));
  const old = await faultline(["drill", "durability", "--policy", "old.json", "--json"], { cwd });
  const folder = old.json.report.slice(0, old.json.report.lastIndexOf("/"));
  const args = ["drill", "durability", "--policy", "new.json", "--before", folder];
  const { code, stdout } = await faultline([...args, "--runs", "2"], { cwd });
  expect(stdout).toMatch(
    /^Keep new: of sys\.job\.submit, \d+ of \d+ messages were lost, and not told, and now 0 of \d+\.$/m,
  );
  expect(code).toBe(0);
  const wrong = await faultline(["drill", "buffer", "--policy", "new.json", "--before", folder], { cwd });
  expect([wrong.code, wrong.stderr]).toEqual([65, expect.stringMatching(/is durability, and buffer is asked/)]);
});

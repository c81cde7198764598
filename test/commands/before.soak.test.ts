/** Ten pairs of `drill QUESTION --before`: five real differences are named, and five equal sides cannot be told. */
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

const off: Policy["client"] = { ...hardened.client, reconnectBufferBytesMax: -1 };
/** One attempt, so that a publish without an answer takes no minute. */
const once = { publish: { ...hardened.publish, attemptsMax: 1 } };
const unacknowledged = [{ ...first, noAck: true }] as unknown as Policy["streams"];
const pairs: readonly Pair[] = [
  {
    what: "a stream that went from its file to memory",
    question: "durability",
    before: { ...once, streams: onFile },
    after: { ...once, streams: inMemory },
    verdict: "drop",
    says: "sys.job.submit",
  },
  {
    what: "a stream that acknowledges nothing any more",
    question: "durability",
    before: { ...once, streams: onFile },
    after: { ...once, streams: unacknowledged },
    verdict: "drop",
    says: "sys.job.submit",
  },
  {
    what: "a buffer that is switched off",
    question: "buffer",
    before: {},
    after: { client: off },
    verdict: "drop",
    says: "sys.heartbeat",
  },
  {
    what: "a buffer that is switched on",
    question: "buffer",
    before: { client: off },
    after: {},
    verdict: "keep",
    says: "sys.heartbeat",
  },
  {
    what: "a buffer that takes one message",
    question: "buffer",
    before: {},
    after: { client: { ...hardened.client, reconnectBufferBytesMax: 1 } },
    verdict: "drop",
    says: "sys.heartbeat",
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
  { timeout: 900_000 },
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

/** Each rule of `lint` finds its mistake and nothing else, and is silent once the mistake is gone. */
import { expect, test } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { type ImportText, importTexts } from "../../src/files/import/import.ts";
import { checkPolicy } from "../../src/files/policy-schema.ts";
import { importedSource, ownSource } from "../../src/files/policy-source.ts";
import { type LintHit, lintHits, lintRules } from "../../src/lint/lint.ts";
import { knownProfile } from "../../src/runs/profiles.ts";
import { clean, mistakes } from "./mistakes.ts";

const profile = knownProfile("nats-go");

function streamOf({ streams: [stream] }: Policy): Policy["streams"][number] {
  if (stream === undefined) throw new Error("it has a stream");
  return stream;
}

const found = (policy: Policy): readonly string[] =>
  lintHits({ policy, profile, source: ownSource(policy, "x.json", undefined) }).map(
    ({ rule, witness }) => `${rule.id} ${witness === undefined ? "warning" : "error"}`,
  );

test("a policy without a mistake has no finding", () => {
  expect(found(clean)).toEqual([]);
});

test("every rule has a mistake that it finds", () => {
  // A second consumer is something that only files of other people can say: see below.
  const tried = new Set(["P028", ...mistakes.map(({ id }) => id)]);
  expect(lintRules.map(({ id }) => id).filter(id => !tried.has(id))).toEqual([]);
});

test.each(mistakes)("$id: $what is told as the $severity that it is", ({ id, policy, severity, also = [] }) => {
  checkPolicy(policy, "x");
  const findings = found(policy);
  expect(findings).toContain(`${id} ${severity}`);
  expect(findings.map(one => one.slice(0, 4)).filter(one => one !== id && !also.includes(one))).toEqual([]);
});

test.each<[what: string, change: Partial<Policy>, finding: string]>([
  [
    "a family of which the streams take all but a few subjects",
    {
      families: [{ subjects: "job.*.*", durability: "durable", reason: "work" }],
      classifier: [{ pattern: "job.>" }],
      streams: [{ ...streamOf(clean), subjects: ["job.a.a", "job.a.b", "job.b.>", "dead.job"] }],
    },
    "job.a.c belongs to the durable family job.*.*, and no stream takes it",
  ],
  [
    "a classifier whose end stands in the middle of a token",
    {
      families: [...clean.families, { subjects: "*", durability: "durable", reason: "work" }],
      classifier: [...clean.classifier, { suffix: "-dlq" }],
      streams: [{ ...streamOf(clean), subjects: ["job.>", "dead.job", "*"] }],
    },
    "the classifier sends a.-dlq through JetStream, and no stream takes it",
  ],
])("exactly the subjects are named that differ: %s", (_what, change, finding) => {
  const policy = { ...clean, ...change };
  const messages = lintHits({ policy, profile, source: ownSource(policy, "x.json", undefined) }).map(
    one => one.hit.message,
  );
  expect(messages).toContain(finding);
});

test("a policy with as many families and rules as it may have is asked about each of them", () => {
  const names = Array.from({ length: 200 }, (_, i) => `team-${i}.*.event.>`);
  const policy: Policy = {
    ...clean,
    families: names.map(subjects => ({ subjects, durability: "durable", reason: "x" })),
    classifier: names.map((_, i) => ({ prefix: `team-${i}.`, suffix: i % 2 === 0 ? ".event" : "" })),
    streams: names.slice(0, 100).map((one, i) => ({ ...streamOf(clean), name: `S${i}`, subjects: [one] })),
  };
  expect(
    lintRules.find(({ id }) => id === "P001")?.hits({ policy, profile, source: ownSource(policy, "x", undefined) })
      .length,
  ).toBe(100);
});

const queue = (filters: readonly [string, string]): readonly ImportText[] => [
  {
    file: "stream.json",
    text: JSON.stringify({
      name: "TASKS",
      subjects: ["tasks.>"],
      retention: "workqueue",
      storage: "file",
      num_replicas: 1,
    }),
  },
  ...filters.map((filter_subject, i) => ({
    file: `consumer-${i}.json`,
    text: JSON.stringify({
      stream_name: "TASKS",
      name: `worker-${i}`,
      config: { durable_name: `worker-${i}`, ack_policy: "explicit", filter_subject, deliver_policy: "all" },
    }),
  })),
];

test("P028: a second consumer on the subjects of a work queue is told with its line, and two that part them are none", () => {
  const hits = (filters: readonly [string, string]): readonly LintHit[] => {
    const imported = importTexts(queue(filters), "queue", { origin: "files" });
    return lintHits({ policy: imported.policy, profile, source: importedSource(imported) });
  };
  const [first] = hits(["tasks.>", "tasks.a"]).filter(({ rule }) => rule.id === "P028");
  expect(first?.hit.message).toContain("worker-1 at consumer-1.json:1");
  expect(hits(["tasks.a", "tasks.b"]).map(({ rule }) => rule.id)).not.toContain("P028");
});

test("a rule's id is its own, and so is its name", () => {
  for (const field of ["id", "name"] as const)
    expect(new Set(lintRules.map(rule => rule[field])).size).toBe(lintRules.length);
});

/** A list of accepted findings takes out what it names, and a line of it that names nothing fails. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownSource } from "../../src/files/policy-source.ts";
import { readAccepted, sortedBy } from "../../src/lint/accepted.ts";
import { lintHits, lintRules } from "../../src/lint/lint.ts";
import { knownProfile } from "../../src/runs/profiles.ts";
import { clean } from "./mistakes.ts";

const ids = lintRules.map(({ id }) => id);
const folder = mkdtempSync(join(tmpdir(), "faultline-accepted-"));

function list(text: string, name = "accepted.yaml"): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const hits = () => {
  const policy = {
    ...clean,
    consume: { ...clean.consume, durables: "created" },
    startup: { ...clean.startup, readiness: "process" },
  } as const;
  return lintHits({ policy, profile: knownProfile("nats-go"), source: ownSource(policy, "x.json", undefined) });
};

const idsOf = (all: readonly { readonly rule: { readonly id: string } }[]): readonly string[] =>
  all.map(({ rule }) => rule.id);

test("an accepted finding is no open one, and has its reason", () => {
  const sorted = sortedBy(
    readAccepted(list("version: 1\naccepted:\n  - { id: P008, reason: one replica }\n"), ids),
    hits(),
  );
  expect(idsOf(sorted.open)).toEqual(["P046"]);
  expect(sorted.accepted.map(({ rule, reason }) => [rule.id, reason])).toEqual([["P008", "one replica"]]);
  expect(sorted.stale).toEqual([]);
});

test("a line is of one finding where it says a part of its sentence", () => {
  const text = (about: string): string => `version: 1\naccepted: [{ id: P046, about: "${about}", reason: known }]\n`;
  expect(idsOf(sortedBy(readAccepted(list(text("only that the process runs")), ids), hits()).open)).toEqual(["P008"]);
  expect(idsOf(sortedBy(readAccepted(list(text("another sentence")), ids), hits()).open)).toEqual(["P008", "P046"]);
});

test("a line that matches no finding is stale, with its place", () => {
  const path = list(
    "version: 1\naccepted:\n  - id: P008\n    reason: known\n  - id: P013\n    reason: it was in memory\n",
  );
  const { stale } = sortedBy(readAccepted(path, ids), hits());
  expect(stale.map(({ id, place }) => [id, place.line, place.column])).toEqual([["P013", 5, 5]]);
});

test.each([
  [
    "a rule that there is not",
    "version: 1\naccepted:\n  - { id: P999, reason: x }\n",
    /accepted\.yaml:3: accepted\[0\]: there is no rule P999/,
  ],
  ["a line without a reason", "version: 1\naccepted: [{ id: P008 }]\n", /accepted\[0\]\.reason: /],
  ["another version", "version: 2\naccepted: []\n", /version: /],
  ["an unknown field", "version: 1\naccepted: []\nignored: []\n", /unknown field "ignored"/],
  ["an empty file", "", /must be one document/],
])("a list with %s is refused", (_what, text, says) => {
  expect(() => readAccepted(list(text), ids)).toThrow(says);
});

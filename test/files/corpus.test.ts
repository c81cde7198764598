/** The corpus as a whole: what it covers, and that what it names is there. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { profiles } from "../../models/profiles/index.ts";
import { loadCorpus } from "../../src/files/corpus.ts";
import { readPolicyFile } from "../../src/files/policies.ts";
import { scenarioText } from "../../src/files/scenario-text.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = join(root, "fixtures", "scenarios");
const corpus = loadCorpus(root);

test.each([
  ["connection", 5],
  ["core-path", 15],
  ["reconnect-buffer", 15],
  ["durable-path", 40],
  ["shutdown", 35],
  ["cold-start", 15],
])("covers %s with %i scenarios or more", (concern, least) => {
  expect(corpus.filter(({ scenario }) => scenario.id.startsWith(`${concern}/`)).length).toBeGreaterThanOrEqual(least);
});

describe("every scenario", () => {
  test("expects something typed in, for profiles that there are", () => {
    for (const { file, scenario } of corpus) {
      const named = Object.keys(scenario.expect);
      expect(named, file).not.toEqual([]);
      expect(Object.keys(profiles), file).toEqual(expect.arrayContaining(named));
    }
  });
});

test("every file, of a policy as well, is as npm run scenarios lays it out", () => {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(name => name.endsWith(".json"));
  expect(names.length).toBeGreaterThan(150);
  for (const name of names) {
    const text = readFileSync(join(folder, name), "utf8");
    expect(text, `${name}: run npm run scenarios`).toBe(scenarioText(JSON.parse(text)));
  }
});

test("every policy beside the scenarios is named by one of them, and can be read", () => {
  const named = new Set(corpus.flatMap(({ scenario }) => scenario.policy?.name ?? []));
  const files = readdirSync(join(folder, "policies"));
  expect(files.length).toBeGreaterThan(10);
  for (const name of files) {
    const policy = readPolicyFile(join(folder, "policies", name), name);
    expect(named, "a policy that no scenario names").toContain(policy.name);
  }
});

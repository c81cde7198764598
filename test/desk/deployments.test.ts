/** Twenty invented deployments: `lint` finds the mistake of each as an error, finds none in the others, and every command answers about them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ImportText } from "../../src/files/import/import.ts";
import { importTexts } from "../../src/files/import/import.ts";
import { importedSource } from "../../src/files/policy-source.ts";
import { lintHits } from "../../src/lint/lint.ts";
import { knownProfile } from "../../src/runs/profiles.ts";
import { faultline, ownFolder } from "../commands/faultline.ts";
import { deployments } from "./deployments.ts";

const profile = knownProfile("nats-go");

function errorsIn(files: readonly ImportText[], name: string): readonly string[] {
  const imported = importTexts(files, name, { origin: "files" });
  const hits = lintHits({ policy: imported.policy, profile, source: importedSource(imported) });
  return hits.flatMap(({ rule, witness, assumed }) =>
    witness !== undefined && assumed === undefined ? [rule.id] : [],
  );
}

test("there are twenty, of which ten have a mistake", () => {
  expect([deployments.length, deployments.filter(({ rule }) => rule !== undefined).length]).toEqual([20, 10]);
  expect(new Set(deployments.map(({ name }) => name)).size).toBe(20);
});

test.each(deployments)("$name: $rule", ({ name, rule, files, mended }) => {
  expect(errorsIn(files, name)).toEqual(rule === undefined ? [] : [rule]);
  expect(errorsIn(mended, name)).toEqual([]);
});

test.each(deployments.slice(0, 10))(
  "of the folder of $name alone: page, lint, size and budget",
  async ({ name, files }) => {
    const cwd = ownFolder();
    mkdirSync(join(cwd, name));
    for (const { file, text } of files) writeFileSync(join(cwd, name, file), text);
    const page = await faultline(["policy", name, "--json"], { cwd });
    expect(page.json.families.length).toBeGreaterThan(0);
    const lint = await faultline(["lint", name, "--json"], { cwd });
    expect(lint.code).toBe(0);
    const size = await faultline(["size", name, "--rate", "200", "--bytes", "500", "--outage", "1m", "--json"], {
      cwd,
    });
    expect(size.json.memoryBytesMax).toBe(268_435_456);
    const budget = await faultline(["budget", name, "--json"], { cwd });
    expect(budget.json.stop.graceMs).toBe(name === "tasks-stateful" ? 60_000 : 45_000);
  },
);

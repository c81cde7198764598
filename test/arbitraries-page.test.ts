/** docs/arbitraries.md: its examples run as they stand, and print what the page says. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import * as exported from "../properties/index.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs", "arbitraries.md"), "utf8");
const examples = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);

/** Where the package's entry points and its libraries are, before anything is built. */
const places: Readonly<Record<string, string>> = {
  "nats-faultline": "src/index.ts",
  "nats-faultline/model": "models/index.ts",
  "nats-faultline/properties": "properties/index.ts",
  "fast-check": "node_modules/fast-check/lib/fast-check.js",
};

async function printed(example: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "faultline-page-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "example.ts");
  const code = example.replace(/from "([^"]+)"/g, (whole, named: string) => {
    const place = places[named];
    return place === undefined ? whole : `from "${pathToFileURL(join(root, place)).href}"`;
  });
  writeFileSync(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
  return stdout.trim();
}

test("the worked example holds what it asserts, and its planted claim shrinks to one message and a cut", async () => {
  expect(await printed(examples[0] as string)).toBe("start, cut, publish");
  expect(page).toContain("It prints `start, cut, publish`");
});

test("the message that is shown leads to the shrunk scenario in one run", async () => {
  const [, found = ""] = /^\/\/ (found at run .*)$/m.exec(examples[1] as string) ?? [];
  expect(found).toMatch(/^found at run \d+ of 1000 with seed tonight \(fast-check: seed -?\d+, path "[\d:]+"\)$/);
  const dropped = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
  const { verdictOn } = await import("../src/holds.ts");
  const held = await verdictOn(dropped, { world: "model", profile: "nats-js-3", seed: "tonight" });
  if (held.verdict !== "violated") throw new Error(`${dropped} ${held.verdict}`);
  expect(held.shown).toContain(found);
  expect(await printed(examples[1] as string)).toBe(
    `${held.counterexample.scenario.id}, ${held.counterexample.scenario.steps.length} steps, in 1 run`,
  );
});

test("every arbitrary that is exported is in the page, and so is what puts them together", () => {
  const names = Object.keys(exported);
  for (const name of ["steps", "faults", "schedules", "scenarios", "policies"]) {
    expect(names).toContain(name);
    expect(page).toContain(`| \`${name}(…)\` |`);
  }
  for (const name of ["scheduleOf", "scenarioWith", "scenariosUnder", "propertyOfRuns"]) {
    expect(names).toContain(name);
    expect(page).toContain(`\`${name}`);
  }
});

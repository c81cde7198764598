/** What counts as npm among the ancestors of a command. */
import { expect, test } from "vitest";
import { isNpm, isScriptOf } from "../../src/cli/starters.ts";

test.for([
  [["npm exec faultline drill"], true],
  [["npm run drill"], true],
  [["node", "/usr/lib/node_modules/npm/bin/npx-cli.js", "faultline"], true],
  [["node", "/usr/bin/npx", "faultline"], true],
  [["/usr/bin/node", "/usr/lib/pnpm.cjs", "exec"], true],
  [["/usr/bin/bun", "x"], true],
  [["bash"], false],
  [["-zsh"], false],
  [["node", "/opt/npm-tools/run.js"], false],
  [["vim", "notes-on-npm"], false],
] as const)("%j: %s", ([words, is]) => {
  expect(isNpm(words)).toBe(is);
});

test("a shell runs npm's script where its command begins with it", () => {
  const script = { npm_lifecycle_script: "faultline" };
  const shells = [
    ["sh", "-c", "faultline drill"],
    ["sh", "-c", "other"],
    ["node", "-c", "faultline"],
  ];
  expect(shells.map(words => isScriptOf(script, words))).toEqual([true, false, false]);
  expect([{}, { npm_lifecycle_script: "" }].map(env => isScriptOf(env, ["sh", "-c", "faultline drill"]))).toEqual([
    false,
    false,
  ]);
});

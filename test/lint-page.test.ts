/** docs/lint.md is current, and every rule is said in whole sentences. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lintRules } from "../src/lint/lint.ts";
import { renderLintPage } from "../src/report/lint/page.ts";

test("the page is what `npm run rules` writes", () => {
  const page = readFileSync(new URL("../docs/lint.md", import.meta.url), "utf8");
  expect(page).toBe(`${renderLintPage(lintRules)}\n`);
});

test.each(lintRules.map(rule => [rule.id, rule] as const))(
  "%s says its mistake and its cost in sentences",
  (_, rule) => {
    for (const sentence of [rule.says, rule.why]) {
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(sentence.split(" ").length).toBeLessThan(35);
    }
    expect(rule.name).toMatch(/^[a-z]+(-[a-z]+)+$/);
  },
);

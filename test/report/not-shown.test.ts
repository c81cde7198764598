/** A case that is inconclusive says why, and a busy machine is named where it is the likelier cause. */
import { expect, test } from "vitest";
import { type NotShown, renderNotShown } from "../../src/report/not-shown.ts";
import { plain } from "../../src/report/paint.ts";

const one = {
  scenario: "core-path/x",
  bus: "a bus",
  world: "live",
  missing: [],
  reason: "heal gave up waiting",
} as const;

test.each([
  ["a live case whose wait ended early", one, true],
  ["a case that needs what the injector did not show", { ...one, missing: ["hold"] }, false],
  ["a case of the model", { ...one, world: "model" }, false],
] satisfies readonly (readonly [string, NotShown, boolean])[])("%s", (_what, notShown, isBusy) => {
  const text = renderNotShown([notShown], plain);
  expect(text).toContain("1 case: heal gave up waiting\n      core-path/x on a bus");
  expect(text.includes("busy machine")).toBe(isBusy);
});

test("nothing is said where all was shown", () => {
  expect(renderNotShown([], plain)).toBe("");
});

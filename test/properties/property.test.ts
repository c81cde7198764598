/** What a verdict says, and what a promise must be to be quoted in a bug report. */
import { expect, test } from "vitest";
import { worst } from "../../models/vocabulary/verdict.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { type Ending, ending, judgeProperty, property } from "../../properties/property.ts";

const ends = (said: Ending) =>
  judgeProperty(
    property<object>({
      id: "a/b",
      promise: "It is so.",
      expectation: "always",
      start: () => ({}),
      on: () => {},
      end: () => said,
    }),
    {},
  );

test.each([
  [ending(0, undefined), "inconclusive", "never exercised"],
  [ending(1, undefined), "holds", "exercised once"],
  [ending(7, undefined), "holds", "exercised 7 times"],
  [ending(7, "it is not"), "violated", "it is not"],
  [ending(0, "it is not"), "violated", "it is not"],
] as const)("%j is %s: %s", (said, verdict, reason) => {
  expect(ends(said)).toEqual({ property: "a/b", verdict, exercised: said.exercised, reason });
});

test("the worst verdict wins", () => {
  expect(worst([])).toBe("holds");
  expect(worst(["holds", "holds"])).toBe("holds");
  expect(worst(["holds", "inconclusive", "holds"])).toBe("inconclusive");
  expect(worst(["inconclusive", "violated", "holds"])).toBe("violated");
});

test.each(catalogue.map(one => [one.id, one] as const))("%s is one sentence under a name like one", (id, one) => {
  expect(id).toMatch(/^[a-z]+(-[a-z]+)*\/[a-z]+(-[a-z]+)+$/);
  expect(one.promise).toMatch(/^[A-Z][^.]+\.$/);
  expect(["always", "eventually"]).toContain(one.expectation);
});

test("no promise is listed twice", () => {
  expect(new Set(catalogue.map(one => one.id)).size).toBe(catalogue.length);
  expect(new Set(catalogue.map(one => one.promise)).size).toBe(catalogue.length);
});

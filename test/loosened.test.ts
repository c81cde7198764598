/** A loosening that `soak:loosened` could not apply any more is noticed at once. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loosenings } from "./loosened/loosenings.ts";

test.each(loosenings.map(one => [one.permits, one] as const))("%s: its line stands in the model once", (_, one) => {
  const { file, from, to } = one;
  expect(readFileSync(join(import.meta.dirname, "..", file), "utf8").split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});

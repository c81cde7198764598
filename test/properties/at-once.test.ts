/** A publish has no more publishers than messages. */
import { expect, test } from "vitest";
import type { PublishStep } from "../../models/vocabulary/scenario.ts";
import { withinCount } from "../../properties/arbitraries/at-once.ts";

const step = (count: number, publishers?: number): PublishStep => ({
  id: "publish",
  kind: "publish",
  count,
  bytes: 16,
  ...(publishers === undefined ? {} : { publishers }),
});

test.each([
  ["fewer publishers than messages", step(3, 2), step(3, 2)],
  ["as many", step(2, 2), step(2, 2)],
  ["more", step(2, 3), step(2, 2)],
  ["several for one message", step(1, 2), step(1)],
  ["none named", step(1), step(1)],
])("%s", (_what, asked, within) => {
  expect(withinCount(asked)).toEqual(within);
});

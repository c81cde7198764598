/** A rate from few runs is stated with what they can say: Wilson's interval, against values worked out elsewhere. */
import { expect, test } from "vitest";
import { liveRate, rateText, wilson95 } from "../../src/judge/rate.ts";

// 81 of 263 is the example of Newcombe 1998, table I, method 3: 0.2553 to 0.3662. 26 and 37 by rounding.
test.each([
  [81, 263, 26, 37],
  [9, 10, 60, 98],
  [10, 10, 72, 100],
  [0, 10, 0, 28],
  [5, 10, 24, 76],
  [1, 4, 5, 70],
  [50, 100, 40, 60],
  [1, 1, 21, 100],
])("%i of %i is between %i and %i %%", (k, n, low, high) => {
  expect(wilson95(k, n)).toEqual([low, high]);
});

test("of no run nothing is known", () => {
  expect(wilson95(0, 0)).toEqual([0, 100]);
});

test("it holds the share that was seen, and mirrors that of the complement", () => {
  for (let k = 0; k <= 40; k++) {
    const [low, high] = wilson95(k, 40);
    expect(wilson95(40 - k, 40)).toEqual([100 - high, 100 - low]);
    expect([low <= (100 * k) / 40, high >= (100 * k) / 40]).toEqual([true, true]);
  }
});

test("it is written with its bounds, and without where nothing is left to chance", () => {
  expect([rateText(liveRate(9, 10)), rateText(liveRate(1, 1), "run"), rateText({ k: 1, n: 1 })]).toEqual([
    "9 of 10 (60-98 %)",
    "1 of 1 run (21-100 %)",
    "1 of 1",
  ]);
});

/** Spans hold what an array, message by message, would. */
import { expect, test } from "vitest";
import { randomOf } from "../../properties/arbitraries/random.ts";
import { change, countOf, type Spans } from "../../properties/spans.ts";

test("every message has the value that it would have by itself, without a gap", () => {
  let splits = 0;
  for (let i = 0; i < 500; i++) {
    const random = randomOf(`spans-${i}`, "changes");
    const spans: Spans<string> = [];
    const plain: string[] = [];
    for (let step = 0; step < 20; step++) {
      const run = { first: random.int(0, 30), count: random.int(0, 8) };
      change(spans, run, "", value => value + step);
      const end = run.first + run.count;
      while (plain.length < end) plain.push("");
      for (let m = run.first; m < end; m++) plain[m] = `${plain[m]}${step}`;
      const has = (value: string): boolean => value === "" || value.endsWith("1");
      const asked = { first: random.int(0, 40), count: random.int(0, 12) };
      const within = Array.from({ length: asked.count }, (_, m) => plain[asked.first + m] ?? "");
      expect(countOf(spans, asked, "", has)).toBe(within.filter(has).length);
    }
    let next = 0;
    for (const { first, count, value } of spans) {
      expect(first).toBe(next);
      next += count;
      for (let m = first; m < next; m++) expect([m, value]).toEqual([m, plain[m]]);
    }
    expect(next).toBeGreaterThanOrEqual(plain.length);
    splits += spans.length;
  }
  expect(splits).toBeGreaterThan(2_000);
});

test("a burst is one span, however often it is spoken of", () => {
  const spans: Spans<number> = [];
  for (let i = 0; i < 9; i++) change(spans, { first: 0, count: 4_000 }, 0, value => value + 1);
  expect(spans).toEqual([{ first: 0, count: 4_000, value: 9 }]);
});

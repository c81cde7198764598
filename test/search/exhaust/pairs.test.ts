/** The flat map holds what a map of texts holds, also after it has grown. */
import { expect, test } from "vitest";
import { mix } from "../../../models/choice.ts";
import { Pairs } from "../../../src/search/exhaust/pairs.ts";

test("it gives back what was put in, and -1 for what was not", () => {
  const pairs = new Pairs();
  const reference = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const [a, b] = [mix(i) % 300, mix(i + 1) % 300];
    expect(pairs.get(a, b)).toBe(reference.get(`${a} ${b}`) ?? -1);
    pairs.set(a, b, i);
    reference.set(`${a} ${b}`, i);
  }
  for (const [name, value] of reference) {
    const [a = 0, b = 0] = name.split(" ").map(Number);
    expect(pairs.get(a, b)).toBe(value);
  }
  expect(pairs.get(300, 0)).toBe(-1);
  expect(pairs.get(0, 2 ** 31 - 1)).toBe(-1);
});

test("a value of 0 is a value", () => {
  const pairs = new Pairs();
  pairs.set(0, 0, 0);
  expect(pairs.get(0, 0)).toBe(0);
});

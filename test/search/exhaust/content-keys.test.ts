/** Two values share a string of their contents exactly where they are deeply equal. */
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ContentKeys } from "../../../src/search/exhaust/content-keys.ts";

const constant = { declared: true };
const fresh = (): ContentKeys => new ContentKeys(new Set([constant]), () => {});

/** Few leaves, so that equal values are drawn often; with fields of every order, and values that look like each other as text. */
const leaf = fc.constantFrom<unknown>(
  0,
  1,
  8,
  0x3fff,
  0x4000,
  -1,
  1.5,
  "1",
  "",
  "a",
  "a:1",
  null,
  undefined,
  true,
  false,
);
const key = fc.constantFrom("a", "b", "c");
const value = fc.letrec<{ any: unknown }>(tie => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(key, tie("any"), { maxKeys: 3, noNullPrototype: true }),
    fc.array(tie("any"), { maxLength: 3 }).map(all => new Map(all.map((one, i) => [i, one]))),
    fc.uniqueArray(leaf, { maxLength: 3 }).map(all => new Set(all)),
    fc.array(fc.nat(255), { maxLength: 3 }).map(all => Uint8Array.from(all)),
  ),
})).any;

/** Fields, entries and members count in their order, which a fold may depend on. */
const ordered = (one: unknown): unknown => {
  if (typeof one !== "object" || one === null) return one;
  if (Array.isArray(one)) return ["array", ...one.map(ordered)];
  if (one instanceof Map) return ["map", ...[...one].flat().map(ordered)];
  if (one instanceof Set) return ["set", ...[...one].map(ordered)];
  if (one instanceof Uint8Array) return ["view", ...one];
  return ["object", ...Object.entries(one).flat().map(ordered)];
};

describe("the content of a value", () => {
  test("is one string for equal values, and another for any other", () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        const contents = fresh();
        expect(contents.of(one) === contents.of(other)).toBe(isDeepStrictEqual(ordered(one), ordered(other)));
        expect(contents.of(one)).toBe(contents.of(structuredClone(one)));
      }),
      { numRuns: 5_000 },
    );
  });

  test("tells a list from the same list with one more, and nested lists from flat ones", () => {
    const contents = fresh();
    const all = [
      [],
      [0],
      [0, 0],
      [[0]],
      [[0], 0],
      [0, [0]],
      [[0, 0]],
      [[], 0, 0],
      {},
      { a: {} },
      { a: 0 },
      { a: undefined },
    ];
    expect(new Set(all.map(one => contents.of(one))).size).toBe(all.length);
  });

  test("takes a constant as one, whatever it holds, and never mistakes an equal value for it", () => {
    const contents = fresh();
    expect(contents.of([constant])).toHaveLength(3);
    expect(contents.of(constant)).not.toBe(contents.of({ ...constant }));
  });

  test("keeps more words apart than fit into one unit each", () => {
    const contents = fresh();
    const words = Array.from({ length: 120_000 }, (_, i) => `word ${i}`);
    expect(new Set(words.map(one => contents.of(one))).size).toBe(words.length);
    expect(contents.of(words.slice(0, 10_000))).toHaveLength(10_002);
  });

  test("asks of every object whether its fields tell all", () => {
    const asked: object[] = [];
    const date = new Date(0);
    new ContentKeys(new Set(), one => asked.push(one)).of([{ a: date }, [], new Map([[1, date]])]);
    expect(asked).toEqual([{ a: date }, date, date]);
  });
});

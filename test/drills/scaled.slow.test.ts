/** The cases of the questions under random policies, in both times: the small version of `npm run soak:scaled`. */
import { expect, test } from "vitest";
import { comparedUnder, profileAt, randomPolicy } from "../soak/scaled/compared.ts";

const policies = 20;
const retimedShareMax = 0.02;

test("a case that breaks other promises in the time of a live run is marked, and few are", () => {
  const all = Array.from({ length: policies }, (_, i) => comparedUnder(randomPolicy("test", i), profileAt(i))).flat();
  expect(all.filter(({ retimed, differing }) => !retimed && differing.length > 0)).toEqual([]);
  expect(all.filter(({ retimed }) => retimed).length / all.length).toBeLessThan(retimedShareMax);
});

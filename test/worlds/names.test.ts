/** The worlds there are, and what follows from which one it was. */
import { expect, test } from "vitest";
import {
  compareShown,
  inOrderShown,
  isDeterministic,
  isReal,
  isWorldName,
  liveWorld,
  modelWorld,
  worldNames,
} from "../../src/worlds/names.ts";

test("what is real is shown first, whatever its name", () => {
  const sim = { name: "sim", isDeterministic: true, isReal: false };
  const bare = { name: "zzz", isDeterministic: false, isReal: true };
  expect(inOrderShown([modelWorld, sim, liveWorld, bare]).map(one => one.name)).toEqual([
    "live",
    "zzz",
    "model",
    "sim",
  ]);
});

test("rows are sorted by what is real, and rows of one world stay in their order", () => {
  const rows = [
    { world: "model", i: 1 },
    { world: "live", i: 2 },
    { world: "model", i: 3 },
    { world: "live", i: 4 },
  ] as const;
  expect(rows.toSorted((a, b) => compareShown(a.world, b.world)).map(({ i }) => i)).toEqual([2, 4, 1, 3]);
});

test("a world is known by its own name alone", () => {
  expect(worldNames.every(isWorldName)).toBe(true);
  for (const name of ["", "sim", "constructor", "toString", "__proto__"]) expect(isWorldName(name)).toBe(false);
});

test("only the model promises the same trace for the same seed, and only live is real", () => {
  expect(worldNames.map(name => [name, isDeterministic(name), isReal(name)])).toEqual([
    ["model", true, false],
    ["live", false, true],
  ]);
});

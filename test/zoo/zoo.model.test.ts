/** The list of the live zoo, as far as it can be held without a server: `npm run soak:zoo` does the rest. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { catalogue } from "../../properties/catalogue.ts";
import { loadCorpus } from "../../src/files/corpus.ts";
import { packageRoot } from "../../src/files/package-root.ts";
import { patched, patchedFiles, zooBuses } from "./mutant.ts";
import { liveZoo } from "./mutants.ts";

const buses = join(packageRoot(), "fixtures", "buses");
const inCorpus = loadCorpus().map(({ scenario }) => scenario.id);
const promises = catalogue.map(({ id }) => id);

describe("the live zoo", () => {
  test("has at least 30 mutants that must be killed, 15 of each bus", () => {
    for (const bus of zooBuses)
      expect(liveZoo.filter(one => one.bus === bus && one.survives === undefined).length).toBeGreaterThanOrEqual(15);
    expect(liveZoo.length).toBeGreaterThanOrEqual(30);
  });

  test("has faults of client, wrapper and service in each bus", () => {
    for (const bus of zooBuses)
      expect(new Set(liveZoo.filter(one => one.bus === bus).map(({ layer }) => layer)).size).toBe(3);
  });

  test("gives every mutant a name and a complaint that no other of its bus has", () => {
    expect(new Set(liveZoo.map(({ name }) => name)).size).toBe(liveZoo.length);
    expect(new Set(liveZoo.map(({ bus, does }) => `${bus} ${does}`)).size).toBe(liveZoo.length);
  });

  test.each(liveZoo)("$name is a change of the bus as it is today", ({ patches }) => {
    const before = patchedFiles(
      buses,
      patches.map(one => ({ ...one, to: one.from })),
    );
    for (const [file, text] of patchedFiles(buses, patches)) expect(text).not.toBe(before.get(file));
  });

  test.each(liveZoo)("$name is run in a scenario that there is, and held to promises that there are", one => {
    const { where, require = [], cause } = one;
    if (typeof where === "string") expect(inCorpus).toContain(where);
    for (const id of require) expect(promises).toContain(id);
    expect([...promises, "conformance", "expect", "protocol"]).toContain(cause.about);
    // Any conformance would do otherwise.
    if (one.survives === undefined) expect(cause.says).not.toBe("");
  });

  test("a change whose text is gone, or is there twice, is refused", () => {
    const file = "bus.go";
    expect(() => patched("a b", { file, from: "c", to: "d" })).toThrow("bus.go has this text 0 times");
    expect(() => patched("a a", { file, from: "a", to: "d" })).toThrow("bus.go has this text 2 times");
    expect(patched("a b", { file, from: "a", to: "$&$&" })).toBe("$&$& b");
  });
});

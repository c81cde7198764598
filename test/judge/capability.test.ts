/** What a missing capability means: the bus's own lack, or a failure of the harness. */
import { expect, test } from "vitest";
import { type Capability, capabilities } from "../../models/vocabulary/scenario.ts";
import { loadCorpus } from "../../src/files/corpus.ts";
import { claimedBy, shortfallOf } from "../../src/judge/capability.ts";

const held = loadCorpus().find(({ scenario }) => scenario.id === "core-path/held-then-cut-loses-all")?.scenario;
if (held === undefined) throw new Error("the corpus has no case with a hold");
const without = (...missing: readonly Capability[]): ReadonlySet<Capability> =>
  new Set(capabilities.filter(one => !missing.includes(one)));

test("a case that only the injector keeps from being run is unproven, one that the bus lacks something for is not", () => {
  const unproven = new Set<Capability>(["hold"]);
  expect(shortfallOf(held, { capabilities: without() })).toEqual({ kind: "none" });
  expect(shortfallOf(held, { capabilities: without("hold") })).toEqual({ kind: "lacks", missing: ["hold"] });
  expect(shortfallOf(held, { capabilities: without("hold"), unproven })).toEqual({
    kind: "unproven",
    missing: ["hold"],
  });
  expect(shortfallOf(held, { capabilities: without("hold", "publish"), unproven })).toEqual({
    kind: "lacks",
    missing: ["publish"],
  });
});

test("what bus and world claim does not depend on what the injector has shown", () => {
  const some = { capabilities: without("hold", "cut"), unproven: new Set<Capability>(["hold", "cut"]) };
  expect([...claimedBy(some)].sort()).toEqual([...claimedBy({ capabilities: without() })].sort());
});

test("an outage that is counted in dials needs a world that counts them", () => {
  const named = (id: string) => {
    const one = loadCorpus().find(({ scenario }) => scenario.id === id)?.scenario;
    if (one === undefined) throw new Error(`the corpus has no case ${id}`);
    return shortfallOf(one, { capabilities: without("count-dials") });
  };
  const lacks = { kind: "lacks", missing: ["count-dials"] };
  expect(named("connection/attempts-begin-anew-after-each-outage")).toEqual(lacks);
  expect(named("connection/two-attempts-that-fail-are-the-last")).toEqual(lacks);
  expect(named("connection/three-outages-are-each-survived")).toEqual({ kind: "none" });
});

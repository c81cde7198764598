/** `holds` in the live world; the whole corpus is in `live.slow.test.ts`. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { renderHolds, verdictOn } from "../../src/holds.ts";
import { holds } from "../../src/vitest.ts";
import { busesAtHand } from "../buses-at-hand.ts";

const buses = (await busesAtHand()).had.map(({ name }) => name);

describe("a promise by its name", () => {
  for (const bus of buses) holds("core-path/order-is-kept", { world: "live", bus, runs: 5 });
});

describe("under a policy", () => {
  test("a bus that takes no policies is inconclusive, and says so", async () => {
    const bus = `node ${join(import.meta.dirname, "../commands/lies-of-a-bus.mjs")} takes-no-policy`;
    const held = await verdictOn("policy", { world: "live", bus, policy: "cordum-hardened" });
    expect([held.verdict, held.runs]).toEqual(["inconclusive", 0]);
    expect(renderHolds(held, "")).toContain("takes-no-policy lacks the capability policy");
  });
});

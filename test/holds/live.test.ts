/** `holds` in the live world; the whole corpus is in `live.slow.test.ts`. */
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
    const held = await verdictOn("policy", { world: "live", bus: "typescript-nats-js-2", policy: "cordum-hardened" });
    expect([held.verdict, held.runs]).toEqual(["inconclusive", 0]);
    expect(renderHolds(held, "")).toContain("not run: typescript-nats-js-2 lacks the capability policy");
  });
});

/** `holds` in the live world; the whole corpus is in `live.slow.test.ts`. */
import { describe } from "vitest";
import { holds } from "../../src/vitest.ts";
import { busesAtHand } from "../buses-at-hand.ts";

const buses = (await busesAtHand()).had.map(({ name }) => name);

describe("a promise by its name", () => {
  for (const bus of buses) holds("core-path/order-is-kept", { world: "live", bus, runs: 5 });
});

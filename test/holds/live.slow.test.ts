/** The live world: real clients, a real nats-server, a real Toxiproxy. */
import { describe } from "vitest";
import { busesAtHand } from "../buses-at-hand.ts";
import { holdsIn } from "./body.ts";

const buses = (await busesAtHand()).had.map(({ name }) => name);

describe("on the real parts", () => {
  holdsIn(
    buses.map(bus => ({ world: "live", bus })),
    { corpusCasesMin: 150, randomScenarios: 30 },
  );
});

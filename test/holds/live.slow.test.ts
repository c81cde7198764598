/** The live world: real clients, a real nats-server, a real Toxiproxy. */
import { describe } from "vitest";
import { holds } from "../../src/vitest.ts";
import { busesAtHand } from "../buses-at-hand.ts";
import { holdsIn } from "./body.ts";

const buses = (await busesAtHand()).had.map(({ name }) => name);

describe("on the real parts", () => {
  holdsIn(
    buses.map(bus => ({ world: "live", bus })),
    { corpusCasesMin: 150, randomScenarios: 30 },
  );
});

describe("a demand of a policy", () => {
  if (buses.includes("go-nats-go"))
    holds("durable-path/acked-is-never-lost", {
      ...{ world: "live", bus: "go-nats-go", policy: "cordum-hardened", runs: 4 },
    });
});

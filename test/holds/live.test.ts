/** The live world: real clients, a real nats-server, a real Toxiproxy. */
import { afterAll, beforeAll, describe } from "vitest";
import { profiles } from "../../models/profiles/index.ts";
import { bundledBuses } from "../../src/bus-protocol/registry.ts";
import { openSite, type Site } from "../../src/worlds/live/index.ts";
import { type Arm, holdsIn } from "./body.ts";

describe("on the real parts", () => {
  let site: Site;
  const arms: Arm[] = [];

  beforeAll(async () => {
    site = await openSite(line => void process.stderr.write(`${line}\n`));
    for (const { name } of bundledBuses()) {
      const stage = await site.openBus(name);
      const profile = profiles[stage.greeting.profile];
      if (profile === undefined)
        throw new Error(`${name} names the profile ${stage.greeting.profile}, and there is none`);
      arms.push({ bus: name, profile, stage });
    }
  });
  afterAll(() => site?.close());

  holdsIn(() => arms, { corpusCasesMin: 80, randomScenarios: 30 });
});

/** What a run is held to: the profile's promises, the policy's demands, what is required. */

import { expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { declaredBy, promisedIds } from "../../properties/property.ts";
import { judge } from "../../src/judge/judge.ts";
import { promisedBy, runFast } from "../../src/search/random/fast-case.ts";
import { eventsOf, publish, scenarioWith, start } from "../models/cases.ts";
import { policy } from "./service-events.ts";

const demanded = "durable-path/acked-is-never-lost";
const demanding = { ...policy, demands: [demanded] };
const bare = scenarioWith([start, publish(3)]);
const under: Scenario = { ...bare, policy: demanding };

test("a policy's demands are promised beside the profile's promises and what is required", () => {
  expect(promisedIds(natsGo)).toEqual(new Set(natsGo.promises));
  expect(promisedIds(natsGo, demanding, ["x/y"])).toEqual(new Set([...natsGo.promises, demanded, "x/y"]));
  expect(promisedBy(natsGo, {}, demanding).properties.map(({ id }) => id)).toContain(demanded);
  expect(promisedBy(natsGo, {}).properties.map(({ id }) => id)).not.toContain(demanded);
});

test("what is declared is the scenario's: whoever puts it under a policy has given it that policy's options", () => {
  expect(declaredBy(bare, natsGo)).toEqual({ options: bare.options, profile: natsGo });
  expect(declaredBy(under, natsGo)).toEqual({ options: under.options, profile: natsGo, policy: under.policy });
});

test("what a policy demands is judged from the record and while it runs; nothing that only it knows is judged without", () => {
  // An acknowledgement for nothing, said by a world that is no model.
  const events = eventsOf(bare, natsGo, "1");
  const claimed = events.map(event =>
    event.kind === "published"
      ? { ...event, durable: true as const, subject: "job.plain", outcome: { is: "acked" as const } }
      : event,
  );
  expect(judge(planCase(under, natsGo), claimed).properties).toContainEqual(
    expect.objectContaining({ property: demanded, verdict: "violated" }),
  );
  expect(judge(planCase(bare, natsGo), claimed).properties.map(({ property }) => property)).not.toContain(demanded);
  expect(judge(planCase(bare, natsGo), claimed, { require: [demanded] }).properties).toContainEqual(
    expect.objectContaining({ property: demanded, verdict: "inconclusive" }),
  );
  expect(runFast(promisedBy(natsGo, {}, under.policy), bare, "1").exercised).toHaveLength(natsGo.promises.length + 1);
});

/** The random scenarios of a live run are those that it can afford. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { planCase } from "../../../models/plan/plan.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import { parsePolicy } from "../../../src/files/policy-schema.ts";
import { runModelCase } from "../../../src/judge/run.ts";
import { liveScenarios } from "../../../src/search/random/live-scenarios.ts";
import { unobservedSubjects } from "../../../src/worlds/driver/subjects.ts";
import { modelCapabilities, runModel } from "../../../src/worlds/model.ts";
import { policyWith } from "../../models/policies.ts";

test("a supervisor that never waits starts a process that fails a few times, and not a thousand", () => {
  const policy = policyWith({
    startup: { strategy: "retry-with-deadline", deadlineMs: 3_000 },
    supervisor: { restartMs: [0], killAfterMs: 1_000 },
  });
  const able = { capabilities: modelCapabilities(natsJs3), unproven: new Set<never>() };
  const at = liveScenarios("restarts", natsJs3, able, policy);
  const starts = Array.from({ length: 400 }, (_, i) => {
    let started = 0;
    runModel(planCase(at(i), natsJs3), "seed", event => {
      if (event.kind === "process" && event.change === "started" && event.by === "supervisor") started += 1;
    });
    return started;
  });
  expect(Math.max(...starts)).toBeLessThanOrEqual(40);
  expect(Math.max(...starts)).toBeGreaterThan(0);
});

test("a fault that is skipped under the policy is not drawn, nor a scenario that publishes nothing", () => {
  // Finite attempts race with a link that holds, so every hold is skipped.
  const policy = policyWith({ client: { reconnectAttemptsMax: 60 } });
  const able = { capabilities: modelCapabilities(natsJs3), unproven: new Set<never>() };
  const at = liveScenarios("shown", natsJs3, able, policy);
  const judged = Array.from({ length: 200 }, (_, i) => {
    const scenario = at(i);
    expect(scenario.id).toBe(`random/shown-${i}`);
    const { judgement } = runModelCase({ scenario, profile: natsJs3, seed: "seed" });
    return `${judgement.verdict}: ${judgement.reason}`;
  });
  expect(judged.filter(one => one.startsWith("inconclusive"))).toEqual([]);
});

test("a subject that is published both ways, and that no observer can watch, is not drawn", () => {
  const cordum = parsePolicy(readFileSync("fixtures/policies/cordum-a.json", "utf8"), "cordum-a.json");
  const able = { capabilities: modelCapabilities(natsJs3), unproven: new Set<never>() };
  const at = liveScenarios("p1130", natsJs3, able, cordum);
  const unobserved = Array.from({ length: 100 }, (_, i) => at(i)).flatMap(scenario =>
    scenario.policy === undefined ? [] : unobservedSubjects(planCase(scenario, natsJs3), scenario.policy),
  );
  expect(unobserved).toEqual([]);
});

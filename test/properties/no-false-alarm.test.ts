/** A client that does what its profile declares breaks no promise, whatever befalls it; and every promise is put to the test. */

import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { judge } from "../../src/judge/judge.ts";
import {
  cut,
  describeScenario,
  enough,
  eventsOf,
  heal,
  profilesByName,
  publish,
  randomScenario,
  scenarioWith,
  smallest,
  start,
  times,
  withLimit,
} from "../models/cases.ts";

const runs = times(4_000);
const limits = [undefined, -1, 1, 34, 100, 1_024];

describe.each(profilesByName)("%s", (name, profile) => {
  test(`breaks no promise in ${runs} random scenarios, and each promise is exercised`, () => {
    const exercised = new Map<string, number>(profile.promises.map(id => [id, 0]));
    for (let i = 0; i < runs; i++) {
      const scenario = scenarioFor(i, profile);
      const judged = judge(planCase(scenario, profile), eventsOf(scenario, profile, String(i)));
      for (const one of judged.properties) {
        if (one.verdict === "violated") expect.fail(accusation(scenario, profile, String(i), one.property));
        if (one.exercised > 0) exercised.set(one.property, (exercised.get(one.property) ?? 0) + 1);
      }
      expect(judged.verdict, `${judged.reason}\n${describeScenario(scenario)}`).not.toBe("violated");
    }
    const idle = [...exercised].filter(([, often]) => often < enough(50));
    expect(idle).toEqual([]);
  });

  test("breaks no promise when its attempts are spent", () => {
    const scenario = scenarioWith([start, publish(5), cut("gave-up"), publish(3), heal(), publish(2)], {
      reconnectAttemptsMax: 3,
    });
    for (let seed = 0; seed < 50; seed++) {
      const judged = judge(planCase(scenario, profile), eventsOf(scenario, profile, String(seed)));
      expect(judged.verdict, `${name}: ${judged.reason}`).toBe("holds");
      expect(judged.properties).toContainEqual(
        expect.objectContaining({ property: "connection/giving-up-is-visible", verdict: "holds" }),
      );
    }
  });

  test("is seldom judged inconclusive: its random scenarios disturb it", () => {
    const verdicts = Array.from({ length: times(1_000) }, (_, i) => {
      const scenario = randomScenario(`disturb-${i}`, profile);
      return judge(planCase(scenario, profile), eventsOf(scenario, profile, String(i)));
    });
    expect(verdicts.filter(one => one.verdict === "inconclusive").length).toBeLessThanOrEqual(times(20));
    expect(verdicts.filter(one => one.disturbed).length).toBeGreaterThan(enough(700));
  });
});

function scenarioFor(i: number, profile: Profile): Scenario {
  const scenario = randomScenario(`alarm-${i}`, profile);
  const limitBytes = limits[i % limits.length];
  return limitBytes === undefined || profile.reconnectBuffer.kind !== "kept"
    ? scenario
    : withLimit(scenario, limitBytes);
}

function accusation(scenario: Scenario, profile: Profile, seed: string, property: string): string {
  const verdictOf = (candidate: Scenario) =>
    judge(planCase(candidate, profile), eventsOf(candidate, profile, seed)).properties.find(
      one => one.property === property,
    );
  const small = smallest(scenario, candidate => verdictOf(candidate)?.verdict === "violated");
  return `${property}: ${verdictOf(small)?.reason}\nseed ${seed}, ${describeScenario(small)}`;
}

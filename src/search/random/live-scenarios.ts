/** The random scenarios of a real bus: those of its seed that can show something, in waits that a live run can afford. */
import { planCase } from "../../../models/plan/plan.ts";
import { inLiveTime } from "../../../models/policy/times.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { scenariosUnder } from "../../../properties/arbitraries/runs.ts";
import { newEffect, trackEffect, whyVacuous } from "../../../properties/effect.ts";
import { type Able, claimedBy } from "../../judge/capability.ts";
import { runModel } from "../../worlds/model.ts";
import { withinAckWaits, withinAges, withinWindows } from "./within-windows.ts";

/**
 * Real clocks do not stop at a boundary, and every acknowledgement that does not come is waited for. A process that is started and fails takes
 * up to a second each time.
 */
const liveTimes = { grainMs: 600, waitingCountMax: 1, restartsMax: 30 } as const;

/** The draws after the first. One scenario in ten under a random policy shows nothing. */
const againMax = 9;

/**
 * The scenarios of a seed by their index. A policy is taken in the time of a live run. One that would show nothing even in the model, such as
 * a fault that is skipped under this policy, is drawn again.
 */
export function liveScenarios(
  seed: string,
  profile: Profile,
  able: Able,
  policy: Policy | undefined,
): (index: number) => Scenario {
  const space = { profile, capabilities: claimedBy(able), ...liveTimes };
  const live = policy && inLiveTime(policy);
  const scenarioAt = scenariosUnder(seed, space, live);
  const again = Array.from({ length: againMax }, (_, i) => scenariosUnder(`${seed} again ${i + 1}`, space, live));
  const within = [withinWindows, withinAges, withinAckWaits];
  const shortened = (scenario: Scenario): Scenario => within.reduce((one, shorten) => shorten(one, profile), scenario);
  return index => {
    const scenario = shortened(scenarioAt(index));
    if (mayShow(scenario, profile)) return scenario;
    for (const draw of again) {
      const other = shortened(draw(index));
      if (mayShow(other, profile)) return { ...other, id: scenario.id };
    }
    return scenario;
  };
}

function mayShow(scenario: Scenario, profile: Profile): boolean {
  const effect = newEffect();
  runModel(planCase(scenario, profile), scenario.id, event => trackEffect(effect, event));
  return whyVacuous(effect) === undefined;
}

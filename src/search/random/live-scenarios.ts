/** The random scenarios of a real bus: those of its seed that can show something, in waits that a live run can afford. */
import { planCase } from "../../../models/plan/plan.ts";
import { inLiveTime } from "../../../models/policy/times.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { scenariosUnder } from "../../../properties/arbitraries/runs.ts";
import { newEffect, trackEffect, whyVacuous } from "../../../properties/effect.ts";
import { type Able, claimedBy } from "../../judge/capability.ts";
import { unobservedSubjects } from "../../worlds/driver/subjects.ts";
import { runModel } from "../../worlds/model.ts";
import { withinAckWaits } from "./within-ack-waits.ts";
import { withinAges, withinWindows } from "./within-windows.ts";

/**
 * Real clocks do not stop at a boundary, and every acknowledgement that does not come is waited for. A process that is started and fails takes
 * up to a second each time.
 */
const liveTimes = { grainMs: 600, waitingCountMax: 1, restartsMax: 30 } as const;

/** The draws after the first. One scenario in ten under a random policy shows nothing. */
const againMax = 9;

/**
 * The scenarios of a seed by their index. A policy is taken in the time of a live run. One that could show nothing on any machine is drawn
 * again: a fault may be skipped under this policy, or a subject be published both ways, which no observer can watch.
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

/** The model shows something in it, and a live run could observe every arrival. */
function mayShow(scenario: Scenario, profile: Profile): boolean {
  const planned = planCase(scenario, profile);
  const { policy } = scenario;
  if (policy !== undefined && unobservedSubjects(planned, policy).length > 0) return false;
  const effect = newEffect();
  runModel(planned, scenario.id, event => trackEffect(effect, event));
  return whyVacuous(effect) === undefined;
}

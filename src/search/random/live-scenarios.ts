/** The random scenarios of a real bus: those of its seed, in waits that a live run can afford. */
import { inLiveTime } from "../../../models/policy/times.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import { scenariosUnder } from "../../../properties/arbitraries/runs.ts";
import { type Able, claimedBy } from "../../judge/capability.ts";
import { withinAckWaits, withinAges, withinWindows } from "./within-windows.ts";

/**
 * Real clocks do not stop at a boundary, and every acknowledgement that does not come is waited for. A process that is started and fails takes
 * up to a second each time.
 */
const liveTimes = { grainMs: 600, waitingCountMax: 1, restartsMax: 30 } as const;

/** The scenarios of a seed by their index. A policy is taken in the time of a live run. */
export function liveScenarios(
  seed: string,
  profile: Profile,
  able: Able,
  policy: Policy | undefined,
): (index: number) => Scenario {
  const space = { profile, capabilities: claimedBy(able), ...liveTimes };
  const scenarioAt = scenariosUnder(seed, space, policy && inLiveTime(policy));
  const within = [withinWindows, withinAges, withinAckWaits];
  return index => within.reduce((scenario, one) => one(scenario, profile), scenarioAt(index));
}

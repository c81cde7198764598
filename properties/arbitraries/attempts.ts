/**
 * Scenarios of a bare client whose attempts are finite and whose outages are counted in dials: outages that it must survive, and one at the
 * end, perhaps, that it must give up in. The clients' own defaults, 10 and 60 attempts, are among them.
 */
import { dialsBeforeGivingUp } from "../../models/policy/attempts.ts";
import type { Options } from "../../models/vocabulary/scenario.ts";
import { before, fault, flush, heal, publish, type ScenarioDraft } from "./draft.ts";
import type { Random } from "./random.ts";

/** The share of scenarios with finite attempts whose outages are counted. */
export const countedShare = 1 / 2;

/** Two attempts leave no room: a client may dial at once, and one dial more is refused at the heal. */
const attempts = [3, 4, 5, 5, 5, 10, 60] as const;
const outagesMax = 3;

/** A wait that leaves time to publish before the dials run out; the more of them, the less. */
const waitMs = (attemptsMax: number): number => (attemptsMax < 5 ? 150 : attemptsMax < 10 ? 50 : 20);

/** The options of such a scenario; the others stay as they were drawn. */
export function countedOptions(random: Random, options: Options): Options {
  const reconnectAttemptsMax = random.pick(attempts);
  return { ...options, reconnectAttemptsMax, reconnectWaitMs: waitMs(reconnectAttemptsMax) };
}

export function countedOutages(draft: ScenarioDraft): void {
  const { random, profile, options } = draft;
  const most = dialsBeforeGivingUp(profile, options) - 1;
  // Sixty dials take a second and more.
  const outages = options.reconnectAttemptsMax >= 60 ? 1 : random.int(1, outagesMax);
  for (let left = outages; left > 0; left--) {
    before(draft);
    const dials = random.chance(0.5) ? most : random.int(1, most);
    fault(draft, { kind: "cut", awaits: "noticed", dials });
    publish(draft);
    heal(draft);
    if (random.chance(0.5)) flush(draft);
  }
  if (random.chance(0.7)) fault(draft, { kind: "cut", awaits: "gave-up", dials: "all" });
  publish(draft);
}

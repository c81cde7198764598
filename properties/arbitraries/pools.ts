/** The beginning of a bare client's scenario where it has a pool of servers, and loses some of them or all. */
import { before, fault, heal, publish, type ScenarioDraft } from "./draft.ts";

/** The share of scenarios that begin so. */
export const poolChance = 1 / 16;

/**
 * The servers are lost one after the other, and all come back. It comes first, on the draws of the server's errors: the rest of a scenario is
 * what its seed made before this fault existed.
 */
export function loseServers(draft: ScenarioDraft): void {
  const { random, options } = draft;
  for (let left = random.int(1, options.servers ?? 1); left > 0; left--) {
    before(draft);
    if (random.chance(0.2)) fault(draft, { kind: "cut-server", stays: true });
    if (random.chance(0.4)) publish(draft);
    fault(draft, { kind: "cut-server" });
  }
  publish(draft);
  heal(draft);
}

/** The corpus as a claim: what it takes for all of its scenarios to hold. */
import { setImmediate } from "node:timers/promises";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { loadCorpus } from "../files/corpus.ts";
import { brokenBy, reasonText } from "../findings/broke.ts";
import { shortfallOf } from "../judge/capability.ts";
import { counted } from "../report/table.ts";
import { inLanes } from "../worlds/live/lanes.ts";
import type { AskedClaim } from "./asked.ts";
import { type Ground, runOn, runsBetweenYields } from "./ground.ts";
import {
  count,
  countNotShown,
  cutShort,
  type FailingRun,
  type HoldsVerdict,
  heldBy,
  newTally,
  violated,
} from "./verdict.ts";

/** Every scenario that the bus can do, to the end: each must hold, and meet what was typed in for its profile. */
export async function overCorpus(asked: AskedClaim, ground: Ground): Promise<HoldsVerdict> {
  const tally = newTally(asked, ground);
  const failing: FailingRun[] = [];
  const able: Scenario[] = [];
  for (const { scenario } of loadCorpus()) {
    const shortfall = shortfallOf(scenario, ground.stage);
    if (shortfall.kind === "none") able.push(scenario);
    if (shortfall.kind === "unproven") countNotShown(tally, scenario.id, shortfall.missing);
  }
  const runs = inLanes(ground.lanes, able, scenario => runOn(asked, ground, scenario, asked.claim));
  for await (const { job: scenario, result: run } of runs) {
    count(tally, asked, run.judgement, scenario.id);
    const broken = brokenBy(run.judgement);
    if (broken !== undefined) failing.push({ ...run, scenario, seed: asked.claim, broken });
    if (tally.runs % runsBetweenYields === 0) await setImmediate();
    if (ground.signal.aborted) break;
  }
  const [first, ...others] = failing;
  if (first !== undefined) {
    const also = others.map(one => `\n  also ${one.scenario.id}: ${reasonText(one.judgement)}`).join("");
    const text = `scenario ${first.scenario.id} of the corpus${also}`;
    return violated(asked, ground, tally, first, { text, reproduced: { k: 1, n: 1 } });
  }
  if (ground.signal.aborted) return cutShort(asked, tally);
  const { why } = tally;
  const held = heldBy(asked, tally, false);
  if (tally.runs === 0)
    return { ...held, verdict: "inconclusive", reason: "vacuous: the bus can do no scenario of the corpus" };
  if (tally.inconclusive === 0) return { ...held, verdict: "holds" };
  const reason = `${tally.inconclusive} of ${counted(tally.runs, "scenario")} proved nothing, the first because ${why}`;
  return { ...held, verdict: "inconclusive", reason };
}

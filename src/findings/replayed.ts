/** The conclusions from replayed cases, as the JSON document has it: verdicts, ledgers, and how often the first verdict came again. */
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { type Verdict, worst } from "../../models/vocabulary/verdict.ts";
import type { Judgement } from "../judge/judge.ts";
import { liveRate, type Rate } from "../judge/rate.ts";
import { type ReplayedCase, type ReplayReport, whyNotRun } from "../report/replay.ts";
import { isDeterministic } from "../worlds/names.ts";
import { reasonText } from "./broke.ts";
import type { Counterexample } from "./counterexample.ts";

/** Worst wins; a case without a run has shown nothing. */
export const verdictOf = ({ runs }: ReplayedCase): Verdict =>
  runs.length === 0 ? "inconclusive" : worst(runs.map(run => run.judgement.verdict));

/** The same seed, and another trace: only a deterministic world promises that this cannot be. */
export const isNondeterministic = ({ world, runs }: ReplayedCase): boolean =>
  isDeterministic(world) && new Set(runs.map(run => run.judgement.digest)).size > 1;

/** The number of runs that gave the verdict that the counterexample records, in its world; of a scenario, the first one of their case. */
export function reproducedIn(counterexample: Counterexample | undefined, cases: readonly ReplayedCase[]): Rate {
  const same = cases.filter(one => one.world === counterexample?.world);
  let k = 0;
  let n = 0;
  const counted = same.length > 0 ? same : cases;
  for (const { runs } of counted) {
    const due = counterexample?.verdict ?? runs[0]?.judgement.verdict;
    k += runs.filter(run => run.judgement.verdict === due).length;
    n += runs.length;
  }
  // The model world leaves nothing to chance.
  return counted.every(one => !isDeterministic(one.world)) ? liveRate(k, n) : { k, n };
}

/** One entry for each verdict that a case came to. */
export function verdictsOf(replayed: ReplayedCase): ReplayReport["verdicts"] {
  const { world, bus, profile, runs } = replayed;
  if (runs.length === 0)
    return [{ world, bus, profile, verdict: "inconclusive", reason: whyNotRun(replayed), times: 0 }];
  const seen = new Map<Verdict, { readonly judgement: Judgement; readonly times: number }>();
  for (const { judgement } of runs) {
    const known = seen.get(judgement.verdict);
    seen.set(judgement.verdict, { judgement: known?.judgement ?? judgement, times: (known?.times ?? 0) + 1 });
  }
  return [...seen].map(([verdict, { judgement, times }]) => {
    const { conformance, expectMet = null, properties } = judgement;
    const reason = reasonText(judgement);
    return { world, bus, profile, verdict, times, reason, conformance, expectMet, properties };
  });
}

/** One row for each ledger that a case came to. */
export function ledgerRows(scenario: Scenario, { world, bus, profile, runs }: ReplayedCase): ReplayReport["ledger"] {
  const seen = new Map<string, ReplayReport["ledger"][number]>();
  for (const { judgement } of runs) {
    const key = JSON.stringify(judgement.ledger);
    const { ledger, verdict } = judgement;
    const known = seen.get(key);
    const row = {
      scenario: scenario.id,
      bus,
      profile,
      world,
      ...ledger,
      verdict,
      reason: reasonText(judgement),
      times: 0,
    };
    seen.set(key, { ...(known ?? row), times: (known?.times ?? 0) + 1 });
  }
  return [...seen.values()];
}

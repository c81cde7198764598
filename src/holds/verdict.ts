/** The verdict on a claim: the runs are counted as they end, and worst wins. A run that proved nothing is no pass. */
import type { Capability, Scenario } from "../../models/vocabulary/scenario.ts";
import { lineWords } from "../findings/again.ts";
import { type Broke, reasonText, whyBroken } from "../findings/broke.ts";
import { type Counterexample, counterexampleOf } from "../findings/counterexample.ts";
import { unprovenReason } from "../judge/capability.ts";
import type { Judgement } from "../judge/judge.ts";
import { liveRate, type Rate } from "../judge/rate.ts";
import type { CaseRun } from "../judge/run.ts";
import { renderFailure } from "../report/failure.ts";
import type { KeptReport } from "../report/kept.ts";
import type { SelfTestReport } from "../report/not-shown.ts";
import { plain } from "../report/paint.ts";
import { type KeptFailure, keptStory } from "../runs/kept.ts";
import { type Rendered, rendered } from "../text/clean.ts";
import { isDeterministic } from "../worlds/names.ts";
import type { AskedClaim } from "./asked.ts";
import type { Ground } from "./ground.ts";

/** The totals of the runs. */
export interface Tally {
  readonly runs: number;
  /** Runs with a fault proven to have taken effect while messages were under way. */
  readonly disturbed: number;
  readonly inconclusive: number;
  /** Times that the claim truly applied, in runs that proved something. */
  readonly exercised: number;
}

interface HeldClaim extends Tally {
  readonly claim: string;
  readonly seed: string;
  /** The signal came before the end. */
  readonly interrupted: boolean;
  /** The claims that the fault injector's self-test tried and failed at; null in the model world. */
  readonly selfTest: SelfTestReport | null;
  /** The kept cases, which were run before anything else. */
  readonly kept: KeptReport;
}

export type HoldsVerdict =
  | (HeldClaim & { readonly verdict: "holds" })
  | (HeldClaim & { readonly verdict: "inconclusive"; readonly reason: string })
  | (HeldClaim & {
      readonly verdict: "violated";
      readonly reason: string;
      /** The kept case that still breaks, where that is the violation: its file is there already. */
      readonly keptAs?: string;
      /** The counterexample for `keepCounterexample` to write. */
      readonly counterexample: Counterexample;
      /** The shrunk scenario, what became of it, and how it was found. */
      readonly shown: Rendered;
      /** The options that a replay needs to judge the same. */
      readonly replayWith: readonly string[];
    });

// ---- Counting ----

export type Counting = { -readonly [key in keyof Tally]: Tally[key] } & {
  /** The reason of the first run that proved nothing; one that the injector could not make comes before any other. */
  why: string;
  /** The claimed promises that no run has exercised yet. */
  readonly unexercised: Set<string>;
  /** The number of inconclusive cases that the injector could not make. */
  notShown: number;
  readonly selfTest: SelfTestReport | null;
  readonly kept: KeptReport;
};

export const newTally = (
  { promises }: Pick<AskedClaim, "promises">,
  { selfTest, kept }: Pick<Ground, "selfTest" | "kept">,
): Counting => ({
  unexercised: new Set(promises),
  ...{ runs: 0, disturbed: 0, inconclusive: 0, exercised: 0 },
  ...{ why: "", notShown: 0, selfTest, kept },
});

export function countNotShown(tally: Counting, scenario: string, missing: readonly Capability[]): void {
  tally.runs++;
  tally.inconclusive++;
  if (tally.notShown++ === 0) tally.why = `${scenario}: ${unprovenReason(missing)}`;
}

export function count(tally: Counting, { claim, promises }: AskedClaim, judgement: Judgement, of = ""): void {
  const { verdict, disturbed, properties } = judgement;
  const reason = reasonText(judgement);
  tally.runs++;
  if (disturbed) tally.disturbed++;
  if (verdict === "inconclusive") {
    if (tally.inconclusive++ === 0) tally.why = of === "" ? reason : `${of}: ${reason}`;
    return;
  }
  if (claim === "corpus") tally.exercised++;
  else if (claim === "conformance") tally.exercised += disturbed ? 1 : 0;
  for (const { property, exercised } of properties) {
    if (exercised === 0 || !promises.includes(property)) continue;
    tally.exercised += exercised;
    tally.unexercised.delete(property);
  }
}

// ---- Concluding ----

export const heldBy = (
  { claim, seed }: AskedClaim,
  { why: _why, notShown: _notShown, unexercised: _unexercised, ...counts }: Counting,
  interrupted: boolean,
): HeldClaim => ({ claim, seed, interrupted, ...counts });

export function cutShort(asked: AskedClaim, tally: Counting): HoldsVerdict {
  const of = asked.claim === "corpus" ? "" : ` of ${asked.runs}`;
  const reason = `interrupted after ${tally.runs}${of} ${tally.runs === 1 && of === "" ? "run" : "runs"}`;
  return { ...heldBy(asked, tally, true), verdict: "inconclusive", reason };
}

/** A bus that takes no policies shows nothing about one. */
export function notRun(asked: AskedClaim, ground: Ground): HoldsVerdict {
  const reason = `not run: ${asked.bus} lacks the capability policy, and holds nothing under ${asked.policy?.name}`;
  return { ...heldBy(asked, newTally(asked, ground), false), verdict: "inconclusive", reason };
}

/** Kept cases that can no longer be judged have shown nothing, whatever the other runs have. */
export function withKept(verdict: HoldsVerdict): HoldsVerdict {
  const [first] = verdict.kept.notJudged;
  if (first === undefined || verdict.verdict !== "holds") return verdict;
  const others = verdict.kept.notJudged.length - 1;
  const more = others === 0 ? "" : `; so are ${others} more`;
  const reason = `kept case ${first.file} cannot be judged: ${first.reason}${more}`;
  return { ...verdict, verdict: "inconclusive", reason };
}

/** A kept case that still breaks is the violation, and nothing else is run. */
export function keptBroke(asked: AskedClaim, ground: Ground, failure: KeptFailure): HoldsVerdict {
  const { file, counterexample, broken, events, judgement, times } = failure;
  const { scenario, seed } = counterexample;
  const reproduced = isDeterministic(asked.world) ? { k: 1, n: 1 } : liveRate(1, times);
  const failing = { scenario, seed, broken, events, judgement };
  const told = violated(asked, ground, newTally(asked, ground), failing, { text: keptStory(failure), reproduced });
  if (told.verdict !== "violated") return told;
  return { ...told, reason: `kept case ${file}: ${told.reason}`, keptAs: file, replayWith: [] };
}

export interface FailingRun extends CaseRun {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly broken: Broke;
}

/** The story of a failing run: how it was found, and how often it came again. */
export interface Story {
  readonly text: string;
  readonly reproduced: Rate;
}

export function violated(
  asked: AskedClaim,
  { profile, overridden, versions, signal }: Ground,
  tally: Counting,
  failing: FailingRun,
  { text: story, reproduced }: Story,
): HoldsVerdict {
  const { world, bus } = asked;
  const { scenario, broken, judgement, events } = failing;
  const { ledger } = judgement;
  const counterexample = counterexampleOf({ ...failing, bus, profile, world, overridden, reproduced, versions });
  const why = whyBroken(judgement, broken, scenario.expect[profile.name]);
  const shown = rendered(renderFailure, { scenario, broken, reason: why, ledger, events, story }, plain);
  // A replay judges what the profile promises, and conformance; what it does not promise has to be asked for.
  const replayWith =
    broken.kind === "promise" && !profile.promises.includes(broken.property)
      ? lineWords({ require: broken.property })
      : [];
  return {
    ...heldBy(asked, tally, signal.aborted),
    verdict: "violated",
    reason: reasonText(judgement),
    counterexample,
    shown,
    replayWith,
  };
}

/**
 * A claim held over random scenarios. A seed makes the scenarios that it makes for `search`; fast-check runs and shrinks them. Where there are lanes the scenarios are run ahead of it; the
 * first failure is shrunk one run after the other, and run again to say how often it comes.
 */
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { hashText } from "../../models/choice.ts";
import type { Capability, Scenario } from "../../models/vocabulary/scenario.ts";
import { scenariosUnder } from "../../properties/arbitraries/runs.ts";
import { scenarios } from "../../properties/arbitraries/scenarios.ts";
import { propertyOfRuns } from "../../properties/arbitraries/seeded-property.ts";
import { brokenBy, isSameBug } from "../findings/broke.ts";
import { claimedBy, shortfallOf } from "../judge/capability.ts";
import { liveRate, type Rate, rateText } from "../judge/rate.ts";
import type { CaseRun } from "../judge/run.ts";
import { counted } from "../report/table.ts";
import { liveScenarios } from "../search/random/live-scenarios.ts";
import { inLanes } from "../worlds/live/lanes.ts";
import { isDeterministic, isReal } from "../worlds/names.ts";
import { type AskedClaim, shrinkBoundMs } from "./asked.ts";
import { type Ground, runOn, runsBetweenYields } from "./ground.ts";
import {
  type Counting,
  count,
  countNotShown,
  cutShort,
  type FailingRun,
  type HoldsVerdict,
  heldBy,
  newTally,
  violated,
} from "./verdict.ts";

const rerunsOfFailure = 10;
/** While the failure comes every time, a candidate is taken only if it fails so often again. */
const runsToTake = 2;

export async function overRandom(asked: AskedClaim, ground: Ground): Promise<HoldsVerdict> {
  const tally = newTally(asked, ground);
  let first: FailingRun | undefined;
  /** The smallest so far: fast-check goes on from each candidate that fails. */
  let last: FailingRun | undefined;
  /** It comes every time, so that nothing that comes now and then is taken in its place. */
  let isSteady = false;
  let shrinkBeganMs = 0;
  let shrinkRuns = 0;
  let bug: unknown;

  const attempt = async (scenario: Scenario): Promise<boolean> => {
    if (ground.signal.aborted) return true;
    if (first !== undefined && performance.now() - shrinkBeganMs > shrinkBoundMs(asked.world)) return true;
    const seed = seedOf(asked, scenario);
    const run = first === undefined ? await ahead.next(scenario) : await runOn(asked, ground, scenario, seed);
    if ("missing" in run) {
      countNotShown(tally, scenario.id, run.missing);
      return true;
    }
    const broken = brokenBy(run.judgement);
    if (first === undefined) count(tally, asked, run.judgement);
    else shrinkRuns++;
    if (tally.runs % runsBetweenYields === 0) await setImmediate();
    if (broken === undefined || (first !== undefined && !isSameBug(first.broken, broken))) return true;
    const failing = { ...run, scenario, seed, broken };
    if (first === undefined) {
      first = failing;
      shrinkBeganMs = performance.now();
      isSteady = !isDeterministic(asked.world) && (await comesAgain(failing));
    } else if (isSteady && !(await comesAgain(failing))) return true;
    last = failing;
    return false;
  };
  const comesAgain = async (failing: FailingRun): Promise<boolean> => {
    shrinkRuns += runsToTake;
    return (await rerun(asked, ground, failing, runsToTake)).k === runsToTake;
  };
  /** A thrown error is no counterexample, and is not shrunk: it ends the runs. */
  const holds = async (scenario: Scenario): Promise<boolean> => {
    try {
      return bug !== undefined || (await attempt(scenario));
    } catch (error) {
      bug = error;
      return true;
    }
  };
  // The space is what bus and world claim. As in a search, a seed gives the same scenarios, whatever the injector has shown today.
  const { policy, seed: word } = asked;
  const space = { profile: ground.declared, capabilities: claimedBy(ground.stage), ...(policy && { policy }) };
  const scenarioAt = isReal(asked.world)
    ? liveScenarios(word, ground.declared, ground.stage, policy)
    : scenariosUnder(word, space, policy);
  const ahead = runAhead(asked, ground, () => Array.from({ length: asked.runs }, (_, i) => scenarioAt(i)));
  const drawing = { numRuns: asked.runs, seed: hashText(asked.seed) | 0 };
  const details = await fc.check(propertyOfRuns(scenarioAt, scenarios(space), holds), drawing);
  await ahead.end();
  if (bug !== undefined) throw bug;
  if (last === undefined) return ground.signal.aborted ? cutShort(asked, tally) : concludeRandom(asked, tally);
  const reproduced = await rerun(asked, ground, last, rerunsOfFailure);
  return violated(asked, ground, tally, last, { text: storyOf(asked, details, shrinkRuns, reproduced), reproduced });
}

const seedOf = ({ seed }: AskedClaim, { id }: Scenario): string => `${seed}/${id}`;

// ---- Running ahead ----

/** Only the injector keeps it from being run. */
interface NotRunnable {
  readonly missing: readonly Capability[];
}

interface Ahead {
  /** The result of the scenario, which must be the next of those that are drawn. */
  next(scenario: Scenario): Promise<CaseRun | NotRunnable>;
  /** Returns when nothing is under way any more. */
  end(): Promise<void>;
}

/** fast-check runs one scenario after the other. The scenarios are known beforehand, so where there are lanes they are run ahead of it. */
function runAhead(asked: AskedClaim, ground: Ground, draw: () => readonly Scenario[]): Ahead {
  const run = async (scenario: Scenario): Promise<CaseRun | NotRunnable> => {
    const shortfall = shortfallOf(scenario, ground.stage);
    return shortfall.kind === "unproven" ? shortfall : runOn(asked, ground, scenario, seedOf(asked, scenario));
  };
  if (ground.lanes === 1) return { next: run, end: async () => {} };
  const results = inLanes(ground.lanes, draw(), run);
  return {
    async next(scenario) {
      const next = await results.next();
      if (next.done === true || !isDeepStrictEqual(next.value.job, scenario))
        throw new Error(`fault in faultline: fast-check ran ${scenario.id}, which was not the next of its seed`);
      return next.value.result;
    },
    end: () => results.return().then(() => {}),
  };
}

// ---- How often it comes again ----

/** The rate at which the shrunk scenario fails again: live, that is left to chance. */
async function rerun(
  asked: AskedClaim,
  ground: Ground,
  { scenario, seed, broken }: FailingRun,
  n: number,
): Promise<Rate> {
  if (isDeterministic(asked.world)) return { k: 1, n: 1 };
  let k = 0;
  let runs = 0;
  for (; runs < n && !ground.signal.aborted; runs++) {
    const again = brokenBy((await runOn(asked, ground, scenario, seed)).judgement);
    if (again !== undefined && isSameBug(broken, again)) k++;
  }
  return liveRate(k, runs);
}

/** The way by which fast-check came to it. */
interface Details {
  readonly seed: number;
  readonly numRuns: number;
  readonly numShrinks: number;
  readonly counterexamplePath: string | null;
}

function storyOf({ world, seed, runs }: AskedClaim, found: Details, shrinkRuns: number, reproduced: Rate): string {
  const at = `found at run ${found.numRuns} of ${runs} with seed ${seed}`;
  const fast = `fast-check: seed ${found.seed}, path "${found.counterexamplePath}"`;
  const shrunk = `shrunk ${counted(found.numShrinks, "time")} in ${counted(shrinkRuns, "run")}`;
  return `${at} (${fast}), ${shrunk}${isDeterministic(world) ? "" : `, seen again in ${rateText(reproduced)}`}`;
}

/** Never exercised is no pass, however many runs there were; nor is a run that the injector could not make. */
function concludeRandom(asked: AskedClaim, tally: Counting): HoldsVerdict {
  const { why, notShown } = tally;
  const held = heldBy(asked, tally, false);
  if (notShown > 0)
    return { ...held, verdict: "inconclusive", reason: `${notShown} of ${counted(tally.runs, "run")}: ${why}` };
  if (tally.exercised > 0 && tally.unexercised.size === 0) return { ...held, verdict: "holds" };
  const inconclusive =
    tally.inconclusive === 0 ? "" : `; ${tally.inconclusive} of them proved nothing, the first because ${why}`;
  const what = whatIsVacuous(asked, tally);
  const advice = "more runs may get there; if nothing can, with this client, it is not a claim to test here";
  const reason = `vacuous: ${what} in ${counted(tally.runs, "run")}${inconclusive}; ${advice}`;
  return { ...held, verdict: "inconclusive", reason };
}

function whatIsVacuous({ claim }: AskedClaim, { unexercised }: Counting): string {
  if (claim === "conformance") return "no fault met a message";
  if (claim !== "policy") return "it was never exercised";
  return `${[...unexercised].join(", ")} ${unexercised.size === 1 ? "was" : "were"} never exercised`;
}

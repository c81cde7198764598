/**
 * Random scenarios in the model world: thousands a second, each judged, the first failure shrunk by fast-check over our own
 * reductions. Synchronous in batches; between two of them it yields to the event loop, where servers start and Ctrl-C is heard.
 */
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { hashText } from "../../models/choice.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { type ScenarioSpace, scenarios } from "../../properties/arbitraries/scenario.ts";
import type { JudgeOptions } from "../judge.ts";
import { brokenBy, type CaseRun, runModelCase } from "../run.ts";
import { modelCapabilities } from "../worlds/model.ts";
import { type Coverage, coverCase, newCoverage } from "./coverage.ts";

export interface ModelSearch {
  readonly profile: Profile;
  readonly seed: string;
  readonly runsMax: number;
  readonly budgetMs: number;
  readonly judging: JudgeOptions;
  /** What the modelled client does, where that is not what it declares: a mutant. */
  readonly behaves?: Profile;
}

export interface ModelFailure extends CaseRun {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly broken: string;
}

export interface ModelFound {
  readonly runs: number;
  readonly seconds: number;
  readonly coverage: Coverage;
  readonly failure?: ModelFailure;
}

const batchRuns = 50;
const shrinkBoundMs = 60_000;

export async function searchModel(
  search: ModelSearch,
  isInterrupted: () => boolean,
  onRuns: (runs: number) => void = () => {},
): Promise<ModelFound> {
  const space: ScenarioSpace = { profile: search.profile, capabilities: modelCapabilities(search.profile) };
  const coverage = newCoverage();
  const began = performance.now();
  const elapsedMs = (): number => performance.now() - began;
  let failure: ModelFailure | undefined;
  for (let batch = 0; coverage.runs < search.runsMax && elapsedMs() < search.budgetMs; batch++) {
    failure = runBatch(search, space, batch, Math.min(batchRuns, search.runsMax - coverage.runs), coverage);
    onRuns(coverage.runs);
    if (failure !== undefined || isInterrupted()) break;
    await setImmediate();
  }
  return { runs: coverage.runs, seconds: elapsedMs() / 1_000, coverage, ...(failure === undefined ? {} : { failure }) };
}

/** The last failure that shrinking met is the smallest: each is smaller than the one before. */
function runBatch(
  search: ModelSearch,
  space: ScenarioSpace,
  batch: number,
  runs: number,
  coverage: Coverage,
): ModelFailure | undefined {
  let failure: ModelFailure | undefined;
  const holds = (scenario: Scenario): boolean => {
    const seed = `${search.seed}/${scenario.id}`;
    const run = runModelCase({ scenario, profile: search.profile, seed }, search.judging, search.behaves);
    const broken = brokenBy(run.judgement);
    if (failure === undefined) coverCase(coverage, scenario, search.profile, run.judgement);
    if (broken === undefined || (failure !== undefined && broken !== failure.broken)) return true;
    failure = { ...run, scenario, seed, broken };
    return false;
  };
  fc.check(fc.property(scenarios(space), holds), {
    numRuns: runs,
    seed: hashText(`${search.seed}/${batch}`) | 0,
    interruptAfterTimeLimit: shrinkBoundMs,
  });
  return failure;
}

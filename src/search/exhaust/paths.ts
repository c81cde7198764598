/**
 * The reference for `exhaust`. Nothing is remembered: every schedule is run from its start for every way of answering, and every run is
 * judged in full, the oracle included. It is far slower, and for small bounds only, but it is right for any world. So it finds the shortest
 * case of a mutant that remembers, or whose words are changed afterwards.
 */

import { type Answer, Expansion, wholeRange } from "../../../models/choice.ts";
import { planCase } from "../../../models/plan/plan.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario, Step } from "../../../models/vocabulary/scenario.ts";
import { type Broke, brokenBy, reasonText } from "../../findings/broke.ts";
import { type Judgement, type JudgeOptions, judge } from "../../judge/judge.ts";
import { atOnce } from "../../runs/heeding.ts";
import { type Bounds, type ExploredSetting, type Letter, scenarioOf } from "./alphabet.ts";
import { ledgerText } from "./monitor.ts";
import { Schedules } from "./schedules.ts";
import { modelSteps, type PathWorld, pathsOf } from "./world.ts";

export interface Paths {
  readonly profile: Profile;
  readonly letters: readonly Letter[];
  readonly settings: readonly ExploredSetting[];
  readonly bounds: Bounds;
  readonly depthMax: number;
  readonly pathsMax: number;
  readonly judging?: JudgeOptions;
  readonly world?: PathWorld;
  /** Selects the schedules to run; absent: all. */
  readonly isTried?: (scenario: Scenario) => boolean;
  /** The failure that is looked for in a run; absent: any. */
  readonly breaks?: (judgement: Judgement) => Broke | undefined;
}

export interface PathsWalked {
  readonly schedules: number;
  readonly paths: number;
  /** Distinct sets of class counts. */
  readonly ledgers: readonly string[];
  /** The first violation of a shortest schedule, which ends the walk. */
  readonly violation?: {
    readonly broken: Broke;
    readonly reason: string;
    readonly scenario: Scenario;
    readonly answers: readonly Omit<Answer, "step">[];
  };
  /** False where the bound on paths was met, at a schedule of `depth` steps. */
  readonly complete: boolean;
  readonly depth: number;
}

/** Walks shorter schedules first, over all settings. */
export const walkPaths = (asked: Paths): PathsWalked => atOnce(walkInPieces(asked));

/** The same, a run at a time. */
export function* walkInPieces(asked: Paths): Generator<void, PathsWalked> {
  const { profile, pathsMax, judging = {}, world = pathsOf(profile, modelSteps(profile)), breaks = brokenBy } = asked;
  const ledgers = new Set<string>();
  let schedules = 0;
  let paths = 0;
  let violation: PathsWalked["violation"];
  let depth = 0;
  for (const scenario of shortestFirst(asked)) {
    if (asked.isTried?.(scenario) === false) continue;
    schedules++;
    depth = scenario.steps.length;
    const planned = planCase(scenario, profile);
    const expansion = new Expansion(choose => world(scenario, choose), wholeRange);
    for (let one = expansion.next(); one !== undefined; one = expansion.next()) {
      paths++;
      const judgement = judge(planned, one.outcome, judging);
      ledgers.add(ledgerText(judgement.ledger));
      const broken = breaks(judgement);
      if (broken !== undefined) violation = { broken, reason: reasonText(judgement), scenario, answers: one.answers };
      if (broken !== undefined || paths >= pathsMax) break;
      yield;
    }
    if (violation !== undefined || paths >= pathsMax) break;
  }
  return {
    schedules,
    paths,
    ledgers: [...ledgers].sort(),
    ...(violation === undefined ? {} : { violation }),
    complete: paths < pathsMax,
    depth,
  };
}

function* shortestFirst({ profile, letters, settings, bounds, depthMax }: Paths): Generator<Scenario> {
  const all = settings.map(setting => ({ setting, schedules: new Schedules(letters, bounds, setting, profile) }));
  for (let steps = 1; steps <= depthMax; steps++) {
    for (const { setting, schedules } of all)
      for (const written of ofLength(schedules, schedules.root, steps)) yield scenarioOf(setting, written);
  }
}

/** Walked again for each length. The way to a schedule costs little beside its runs, and a whole length does not fit into memory. */
function* ofLength(schedules: Schedules, node: number, steps: number): Generator<readonly Step[]> {
  if (steps === 0) {
    if (schedules.mayEnd(node)) yield [];
    return;
  }
  for (const { planned, to } of schedules.edges(node))
    for (const rest of ofLength(schedules, to, steps - 1)) yield [planned.step, ...rest];
}

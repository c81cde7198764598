/**
 * One case of a search, judged while the model world emits: every promise is folded, a digest rolls, and nothing is recorded. It answers
 * which promises broke and how often each applied, without explanations. A case that breaks one is run again by runModelCase, which
 * records, asks the oracle and decides. It serves only scenarios without expectations, such as random ones.
 */
import { sampled } from "../../../models/choice.ts";
import { Planner } from "../../../models/plan/plan.ts";
import type { Emit } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../../models/vocabulary/verdict.ts";
import { catalogue } from "../../../properties/catalogue.ts";
import { isDisturbed, whyVacuous } from "../../../properties/effect.ts";
import { declaredBy, type Property, promisedIds } from "../../../properties/property.ts";
import type { JudgeOptions } from "../../judge/judge.ts";
import { runPlanned } from "../../worlds/model.ts";
import type { TransitionCounts } from "../exhaust/transitions.ts";
import type { Coverage } from "./coverage.ts";
import { type Folds, foldsOf, startFolds, telling, tellingSteps } from "./fast-folds.ts";
import type { GoalsSeen } from "./goals.ts";
import { shapeNames, shapesIn } from "./shapes.ts";

/** The promises that a search holds its cases to, worked out once for each policy. */
export interface Promised {
  readonly profile: Profile;
  readonly properties: readonly Property[];
  readonly folds: Folds;
}

export function promisedBy(profile: Profile, { require, only }: JudgeOptions, policy?: Policy): Promised {
  const promised = promisedIds(profile, policy, require);
  const properties = catalogue.filter(({ id }) => promised.has(id) && (only === undefined || only.includes(id)));
  return { profile, properties, folds: foldsOf(properties) };
}

export interface FastCase {
  readonly verdict: Verdict;
  /** Indexed by promised property. */
  readonly exercised: readonly number[];
  /** Ids of the promises that broke. */
  readonly broken: readonly string[];
  readonly disturbed: boolean;
  readonly digest: number;
  /** The case's transitions were counted, and its shapes are due to be. */
  readonly watched: boolean;
}

/** The other things that a search looks out for, over all its cases. */
export interface Lookout {
  readonly transitions: TransitionCounts;
  readonly goals: GoalsSeen;
}

export function runFast(promised: Promised, scenario: Scenario, seed: string, lookout?: Lookout): FastCase {
  const { profile, properties, folds } = promised;
  const declared = declaredBy(scenario, profile);
  const states = startFolds(folds, declared);
  const goals = lookout?.goals.isOpen ? lookout.goals : undefined;
  const transitions = lookout?.transitions.beginRun() ? lookout.transitions : undefined;
  lookout?.goals.beginRun(declared);
  const tell = telling(folds, states);
  const emit: Emit =
    goals === undefined
      ? tell
      : event => {
          tell(event);
          goals.onEvent(event);
        };
  const emitStep = goals === undefined ? tellingSteps(folds, states) : emit;
  const run = { answering: sampled(seed), emit, emitStep, behaves: profile, watch: transitions };
  runPlanned(new Planner(scenario, profile), scenario, run);
  goals?.endRun();
  const broken: string[] = [];
  const exercised = new Array<number>(properties.length);
  for (let i = 0; i < properties.length; i++) {
    const one = properties[i] as Property;
    const ending = one.end(states.all[folds.stateOf[i] as number]);
    if (ending.broken !== undefined) broken.push(one.id);
    exercised[i] = ending.exercised;
  }
  const { effect, digest } = states;
  const verdict = broken.length > 0 ? "violated" : whyVacuous(effect) === undefined ? "holds" : "inconclusive";
  const watched = transitions !== undefined;
  return { verdict, exercised, broken, disturbed: isDisturbed(effect), digest: digest.word, watched };
}

/** Counts cases as coverCase counts judged ones, but by number, since names cost more than the counting. */
export class FastCoverage {
  private readonly promised: Promised;
  private readonly exercised: Float64Array;
  /** Counts of the watched cases by the set of shapes in one, a bit each. */
  private readonly shapes: Float64Array;
  private cases = 0;
  private violated = 0;
  private inconclusive = 0;
  private disturbed = 0;

  constructor(promised: Promised) {
    this.promised = promised;
    this.exercised = new Float64Array(promised.properties.length);
    this.shapes = new Float64Array(1 << shapeNames.length);
  }

  cover(scenario: Scenario, { disturbed, verdict, exercised, watched }: FastCase): void {
    this.cases++;
    if (verdict === "violated") this.violated++;
    else if (verdict === "inconclusive") this.inconclusive++;
    if (disturbed) this.disturbed++;
    for (let i = 0; i < exercised.length; i++) (this.exercised[i] as number) += exercised[i] as number;
    if (watched) (this.shapes[shapesIn(scenario, this.promised.profile)] as number)++;
  }

  addTo(coverage: Coverage): void {
    coverage.runs += this.cases;
    coverage.verdicts.holds += this.cases - this.violated - this.inconclusive;
    coverage.verdicts.violated += this.violated;
    coverage.verdicts.inconclusive += this.inconclusive;
    coverage.disturbed += this.disturbed;
    this.promised.properties.forEach(({ id }, i) => {
      coverage.properties[id] = (coverage.properties[id] ?? 0) + (this.exercised[i] as number);
    });
    this.shapes.forEach((cases, met) => {
      coverage.shapeRuns += cases;
      if (cases > 0) for (const [i, name] of shapeNames.entries()) if ((met >>> i) & 1) coverage.shapes[name] += cases;
    });
  }
}

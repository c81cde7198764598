/**
 * One case of a search, judged while the model world emits: every promise is folded, a digest rolls, nothing is recorded. It answers
 * whether a promise broke and how often each applied, and explains nothing: a case that breaks one is run again by runModelCase,
 * which records, asks the oracle and has the last word. Only for scenarios that expect nothing of their own, as random ones do.
 */
import type { Emit, Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { type EffectState, isDisturbed, newEffect, trackEffect, whyVacuous } from "../../properties/effect.ts";
import { declaredBy, type On, type Property, promisedIds } from "../../properties/property.ts";
import { newSeen, type Seen, see } from "../../properties/seen.ts";
import type { JudgeOptions } from "../judge.ts";
import { runModel } from "../worlds/model.ts";
import type { Coverage } from "./coverage.ts";
import { type Digest, foldDigest, newDigest } from "./fast-digest.ts";
import type { GoalsSeen } from "./goals.ts";
import { shapeNames, shapesIn } from "./shapes.ts";
import type { TransitionCounts } from "./transitions.ts";

/** What a search holds its cases to, worked out once for each policy. */
export interface Promised {
  readonly profile: Profile;
  readonly properties: readonly Property[];
  /** One of each fold, and which of them each property reads: what shares a fold is folded once. */
  readonly folds: readonly Property[];
  readonly foldOf: readonly number[];
  /** Tells the states of a case what happens. */
  readonly telling: (states: States) => Emit;
}

export function promisedBy(profile: Profile, { require, only }: JudgeOptions, policy?: Policy): Promised {
  const promised = promisedIds(profile, policy, require);
  const properties = catalogue.filter(({ id }) => promised.has(id) && (only === undefined || only.includes(id)));
  const folds: Property[] = [];
  const foldOf = properties.map(one => {
    const known = folds.findIndex(({ start, on }) => start === one.start && on === one.on);
    return known >= 0 ? known : folds.push(one) - 1;
  });
  return { profile, properties, folds, foldOf, telling: tellingAll(folds) };
}

/** The states of one case: its digest, what was seen, its effect, and then one of each fold. */
export type States = readonly [Digest, Seen, EffectState, ...unknown[]];
const foldStates = 3;

/** Tells each event to the states whose listeners hear its kind, in their order: what was seen is up to date when the folds hear of it. */
export function tellingAll(folds: readonly Property[]): (states: States) => Emit {
  type Hear = (state: never, event: never) => void;
  const listeners: readonly On<never>[] = [foldDigest, see, trackEffect, ...folds.map(({ on }) => on)];
  const heardBy = (kind?: Event["kind"]): readonly { readonly hear: Hear; readonly state: number }[] =>
    listeners.flatMap((on, state) => {
      const hear = on.hears === undefined ? on : kind && on.hears[kind];
      return hear === undefined ? [] : [{ hear: hear as Hear, state }];
    });
  const kinds = new Set(listeners.flatMap(({ hears = {} }) => Object.keys(hears) as Event["kind"][]));
  const told = new Map([...kinds].map(kind => [kind, heardBy(kind)]));
  const otherwise = heardBy();
  return states => event => {
    const heard = told.get(event.kind) ?? otherwise;
    for (let i = 0; i < heard.length; i++) {
      const { hear, state } = heard[i] as (typeof heard)[number];
      hear(states[state] as never, event as never);
    }
  };
}

export interface FastCase {
  readonly verdict: Verdict;
  /** By promised property. */
  readonly exercised: readonly number[];
  /** Ids of the promises that broke. */
  readonly broken: readonly string[];
  readonly disturbed: boolean;
  readonly digest: number;
}

/** What a search looks out for besides, over all its cases. */
export interface Lookout {
  readonly transitions: TransitionCounts;
  readonly goals: GoalsSeen;
}

export function runFast(promised: Promised, scenario: Scenario, seed: string, lookout?: Lookout): FastCase {
  const { profile, properties, folds, foldOf, telling } = promised;
  const declared = declaredBy(scenario, profile);
  const digest = newDigest();
  const seen = newSeen();
  const effect = newEffect(seen);
  const states: States = [digest, seen, effect, ...folds.map(one => one.start(declared, seen))];
  const goals = lookout?.goals.isOpen ? lookout.goals : undefined;
  const transitions = lookout?.transitions.beginRun() ? lookout.transitions : undefined;
  lookout?.goals.beginRun(declared);
  const tell = telling(states);
  const emit: Emit =
    goals === undefined
      ? tell
      : event => {
          tell(event);
          goals.onEvent(event);
        };
  runModel(scenario, profile, seed, emit, profile, transitions);
  goals?.endRun();
  const broken: string[] = [];
  const exercised: number[] = [];
  for (let i = 0; i < properties.length; i++) {
    const one = properties[i] as Property;
    const ending = one.end(states[foldStates + (foldOf[i] as number)]);
    if (ending.broken !== undefined) broken.push(one.id);
    exercised.push(ending.exercised);
  }
  const verdict = broken.length > 0 ? "violated" : whyVacuous(effect) === undefined ? "holds" : "inconclusive";
  return { verdict, exercised, broken, disturbed: isDisturbed(effect), digest: digest.word };
}

/** Counts cases as coverCase counts judged ones, but by number: names cost more than the counting. */
export class FastCoverage {
  private readonly promised: Promised;
  private readonly exercised: Float64Array;
  private readonly shapes: Float64Array;
  private readonly verdicts = { holds: 0, violated: 0, inconclusive: 0 };
  private disturbed = 0;

  constructor(promised: Promised) {
    this.promised = promised;
    this.exercised = new Float64Array(promised.properties.length);
    this.shapes = new Float64Array(shapeNames.length);
  }

  cover(scenario: Scenario, { disturbed, verdict, exercised }: FastCase): void {
    if (disturbed) this.disturbed++;
    this.verdicts[verdict]++;
    for (let i = 0; i < exercised.length; i++) (this.exercised[i] as number) += exercised[i] as number;
    const met = shapesIn(scenario, this.promised.profile);
    for (let i = 0; i < this.shapes.length; i++) (this.shapes[i] as number) += (met >>> i) & 1;
  }

  addTo(coverage: Coverage): void {
    for (const verdict of ["holds", "violated", "inconclusive"] as const) {
      coverage.runs += this.verdicts[verdict];
      coverage.verdicts[verdict] += this.verdicts[verdict];
    }
    coverage.disturbed += this.disturbed;
    this.promised.properties.forEach(({ id }, i) => {
      coverage.properties[id] = (coverage.properties[id] ?? 0) + (this.exercised[i] as number);
    });
    shapeNames.forEach((name, i) => {
      coverage.shapes[name] += this.shapes[i] as number;
    });
  }
}

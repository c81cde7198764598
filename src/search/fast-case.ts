/**
 * One case of a search, judged while the model world emits: every promise is folded, a digest rolls, nothing is recorded. It answers
 * whether a promise broke and how often each applied, and explains nothing: a case that breaks one is run again by runModelCase,
 * which records, asks the oracle and has the last word. Only for scenarios that expect nothing of their own, as random ones do.
 */
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { isDisturbed, newEffect, trackEffect, whyVacuous } from "../../properties/disturbance.ts";
import { declaredBy, type Property, promisedIds } from "../../properties/property.ts";
import type { JudgeOptions } from "../judge.ts";
import { runModel } from "../worlds/model.ts";
import type { Coverage } from "./coverage.ts";
import { foldEvent, newDigest } from "./fast-digest.ts";
import { shapesOf } from "./shapes.ts";

/** What a search holds its cases to, worked out once for each policy. */
export interface Promised {
  readonly profile: Profile;
  readonly properties: readonly Property[];
  /** One of each fold, and which of them each property reads: what shares a fold is folded once. */
  readonly folds: readonly Property[];
  readonly foldOf: readonly number[];
}

export function promisedBy(profile: Profile, { require, only }: JudgeOptions, policy?: Policy): Promised {
  const promised = promisedIds(profile, policy, require);
  const properties = catalogue.filter(({ id }) => promised.has(id) && (only === undefined || only.includes(id)));
  const folds: Property[] = [];
  const foldOf = properties.map(one => {
    const known = folds.findIndex(({ start, on }) => start === one.start && on === one.on);
    return known >= 0 ? known : folds.push(one) - 1;
  });
  return { profile, properties, folds, foldOf };
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

export function runFast(promised: Promised, scenario: Scenario, seed: string): FastCase {
  const { profile, properties, folds, foldOf } = promised;
  const declared = declaredBy(scenario, profile);
  const states = folds.map(one => one.start(declared));
  const effect = newEffect();
  const digest = newDigest();
  runModel(scenario, profile, seed, (event: Event) => {
    foldEvent(digest, event);
    trackEffect(effect, event);
    for (let i = 0; i < folds.length; i++) (folds[i] as Property).on(states[i], event);
  });
  const broken: string[] = [];
  const exercised = properties.map((one, i) => {
    const ending = one.end(states[foldOf[i] as number]);
    if (ending.broken !== undefined) broken.push(one.id);
    return ending.exercised;
  });
  const verdict = broken.length > 0 ? "violated" : whyVacuous(effect) === undefined ? "holds" : "inconclusive";
  return { verdict, exercised, broken, disturbed: isDisturbed(effect), digest: digest.word };
}

/** Counts a case as coverCase counts a judged one. */
export function coverFast(coverage: Coverage, promised: Promised, scenario: Scenario, one: FastCase): void {
  coverage.runs++;
  if (one.disturbed) coverage.disturbed++;
  coverage.verdicts[one.verdict]++;
  promised.properties.forEach(({ id }, i) => {
    coverage.properties[id] = (coverage.properties[id] ?? 0) + (one.exercised[i] ?? 0);
  });
  for (const shape of shapesOf(scenario, promised.profile)) coverage.shapes[shape]++;
}

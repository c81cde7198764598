/** The coverage of a search: how often each promise truly applied, which shapes of trouble came up, and the verdicts. */
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Scenario } from "../../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../../models/vocabulary/verdict.ts";
import type { Judgement } from "../../judge/judge.ts";
import { type Shape, shapeNames, shapesOf } from "./shapes.ts";

export interface Coverage {
  runs: number;
  disturbed: number;
  readonly verdicts: Record<Verdict, number>;
  /** The number of times exercised, by promise. */
  readonly properties: Record<string, number>;
  /** The number of runs whose shapes were looked at: all of them, except in a long search. */
  shapeRuns: number;
  /** The number of these runs with each shape. */
  readonly shapes: Record<Shape, number>;
}

export const newCoverage = (): Coverage => ({
  runs: 0,
  disturbed: 0,
  verdicts: { holds: 0, violated: 0, inconclusive: 0 },
  properties: {},
  shapeRuns: 0,
  shapes: Object.fromEntries(shapeNames.map(name => [name, 0])) as Record<Shape, number>,
});

export function coverCase(coverage: Coverage, scenario: Scenario, profile: Profile, judgement: Judgement): void {
  coverage.runs++;
  if (judgement.disturbed) coverage.disturbed++;
  coverage.verdicts[judgement.verdict]++;
  for (const one of judgement.properties)
    coverage.properties[one.property] = (coverage.properties[one.property] ?? 0) + one.exercised;
  coverage.shapeRuns++;
  for (const shape of shapesOf(scenario, profile)) coverage.shapes[shape]++;
}

export const neverExercised = (coverage: Coverage): readonly string[] =>
  Object.keys(coverage.properties)
    .filter(id => coverage.properties[id] === 0)
    .sort();

/** The document of `search --json` in the model world. */
import { z } from "zod";
import type { SearchReport } from "../../report/search.ts";
import { exactly } from "./exactly.ts";
import {
  certified,
  count,
  counterexamplePath,
  counts,
  interrupted,
  kept,
  modelWorld,
  names,
  notDemanded,
  notModelled,
  policyName,
  seed,
  text,
  verdict,
} from "./shared.ts";

const share = z.number().min(0).max(1);
const nextRun = z.strictObject({
  runs: count.describe("Runs that the estimate rests on."),
  alone: count.describe("Runs that met something that no other run met."),
  chance: share.describe("The chance, from 0 to 1."),
  interval: z.tuple([share, share]).describe("Its 95 % interval, from 0 to 1."),
});
const known = z.boolean().describe("It was met before: the file that stands there is of the same bug, and no larger.");
const smallScope = z
  .strictObject({
    schedules: count,
    states: count,
    complete: z.boolean().describe("All schedules within the bounds were tried."),
  })
  .meta({ id: "smallScope", description: "All short schedules, tried before the random ones." })
  .nullable()
  .describe("All short schedules, tried before the random ones; null under a policy.");

const reached = {
  reached: count.describe("How many were met."),
  neverReached: names.describe("Those that are possible and were not met, by name."),
};

const goals = z.strictObject({
  reached: z.record(text, count).describe("By the goal's id the run, from 1, that showed it first."),
  neverReached: z.array(
    z.strictObject({
      id: text,
      what: text.describe("What would have been seen."),
      beside: text.describe("The id of the property that the goal stands beside."),
    }),
  ),
  runsDue: count.describe("Runs after which a goal that was not seen is no matter of luck."),
  isDue: z.boolean().describe("There were as many runs."),
});

export const searchDocument = exactly<SearchReport>()(
  z.strictObject({
    verdict,
    seed,
    interrupted,
    world: modelWorld,
    policy: policyName,
    kept,
    runs: count.describe("Random scenarios that were run."),
    runsPerSecond: z.number().min(0),
    counterexample: counterexamplePath.nullable().describe("Path of the first violation's file; null: there is none."),
    known,
    certified: certified.nullable().describe("Of the first violation; null: there is none."),
    smallScope,
    notDemanded,
    notModelled,
    violations: z.array(
      z.strictObject({
        property: text.describe("What was broken: a property's id or `conformance`."),
        reason: text,
        profile: text.describe("The profile of the shortest case, which is kept."),
        profiles: names.describe("Every profile on which it broke."),
        counterexample: counterexamplePath,
        known,
        steps: count.describe("Steps of the case."),
        certified,
      }),
    ),
    nextViolation: nextRun
      .nullable()
      .describe("The chance that one more run breaks a promise that none has broken; null without a policy."),
    coverage: z.strictObject({
      properties: counts.describe("By the promise's id the runs that put it to the test."),
      shapes: counts.describe("By the shape of trouble the runs that met it."),
      shapeRuns: count.describe("Runs that were looked at for shapes of trouble."),
      transitions: z
        .strictObject({
          ...reached,
          notEnabled: count.describe("Combinations of state, fault and step that no schedule brings together."),
          isKnown: z.boolean().describe("What is possible was worked out; under a policy it is not."),
        })
        .describe("Client state, fault in force, step, client state after it."),
      pairs: z.strictObject(reached).describe("Client state, fault in force, step."),
      nextRun: nextRun.describe("The chance that one more run shows a new transition."),
    }),
    profiles: z.array(
      z.strictObject({
        profile: text,
        runs: count,
        heldAgainstOracle: count.describe("Runs that were also held against the oracle."),
        disturbed: count.describe("Runs in which a fault took effect while messages were under way."),
        promises: count.describe("Promises that were judged."),
        neverExercised: names.describe("Promises that no run put to the test."),
        goals,
        smallScope,
      }),
    ),
  }),
);

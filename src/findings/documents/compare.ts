/** The document of `compare --json` and of `search --world live --json`. */
import { z } from "zod";
import type { CompareReport, LiveSearchReport } from "../../report/compare.ts";
import { exactly } from "./exactly.ts";
import {
  count,
  counterexamplePath,
  counts,
  interrupted,
  kept,
  liveWorld,
  missing,
  modelWorld,
  names,
  notDemanded,
  notModelled,
  policyName,
  rate,
  recordedBefore,
  reportPath,
  seed,
  selfTest,
  text,
  verdict,
  witnessed,
} from "./shared.ts";

const shapes = counts.describe("By the shape of trouble the runs that met it.");

const compared = {
  verdict,
  seed,
  interrupted,
  bus: text.describe("The bus's name or command."),
  profile: text.nullable().describe("The profile that it was held against; null where the bus never greeted."),
  policy: policyName,
  notRun: z.array(z.strictObject({ bus: text, missing })).describe("Why nothing was run."),
  kept: kept.nullable().describe("Null where the bus never greeted."),
  selfTest,
  notShown: z
    .array(
      z.strictObject({
        scenario: text,
        missing: names.describe("Capabilities that the injector did not show."),
        reason: text,
      }),
    )
    .describe("Runs that are inconclusive because the harness fell short."),
  runs: count.describe("Random scenarios that were run."),
  runsPerSecond: z.number().min(0),
  secondsPerRun: z.number().min(0),
  recordedBefore,
  counterexample: counterexamplePath.nullable(),
  reproduced: rate.nullable().describe("How often the first disagreement came again; null: there is none."),
  steady: z.boolean().nullable().describe("It failed every time; null: there is no disagreement."),
  agree: count.describe("Runs that the model admits and that break no promise."),
  disagree: count.describe("Runs that the model does not admit, or that break a promise."),
  inconclusive: count,
  disturbed: count.describe("Runs in which a fault was proven to have taken effect while messages were under way."),
  foretold: counts.describe("Demands of the policy that broke in runs where the model breaks them too, by their runs."),
  notDemanded,
  notModelled,
  witnessed: z.array(witnessed).describe("Every branch of the model."),
  report: reportPath,
};

export const compareDocument = exactly<CompareReport>()(
  z.strictObject({
    ...compared,
    worlds: z.tuple([modelWorld, liveWorld]),
    shapes,
    reasons: z
      .array(z.strictObject({ word: text.describe("The word that names the run."), reason: text }))
      .describe("Why each inconclusive run is so."),
  }),
);

export const liveSearchDocument = exactly<LiveSearchReport>()(
  z.strictObject({
    ...compared,
    world: liveWorld,
    coverage: z.strictObject({
      properties: counts.describe("By the promise's id the runs that put it to the test."),
      shapes,
    }),
  }),
);

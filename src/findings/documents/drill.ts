/** The document of `drill --json`. */
import { z } from "zod";
import type { DrillReport } from "../../report/drill.ts";
import { exactly } from "./exactly.ts";
import {
  again,
  count,
  counterexamplePath,
  interrupted,
  ledgerRow,
  missing,
  names,
  notModelled,
  notShown,
  policyName,
  rate,
  recordedBefore,
  reportPath,
  seconds,
  seed,
  selfTest,
  text,
  verdict,
  witnessed,
  world,
} from "./shared.ts";

const model = z.strictObject({
  verdict,
  randomRuns: count.describe("Random scenarios that were run, over all profiles."),
  corpusRuns: count.describe("Scenarios of the corpus that were run, over all profiles."),
  seconds: seconds.describe("Seconds that the model part took."),
  profiles: z.array(
    z.strictObject({
      profile: text,
      runs: count.describe("Random scenarios that were run."),
      promises: count.describe("Promises of the profile."),
      neverExercised: names.describe("Promises that no scenario put to the test."),
    }),
  ),
});

const live = z.strictObject({
  verdict,
  reason: text.describe("Why there is no live world.").optional(),
  seconds: seconds.describe("Seconds that the live part took.").optional(),
  servers: z
    .array(z.strictObject({ name: text, version: text, source: text.describe("Where the program was found.") }))
    .describe("The servers that the live part ran on.")
    .optional(),
});

const violation = z.strictObject({
  scenario: text.describe("The scenario's id."),
  bus: text,
  world,
  property: text.describe("What was broken: a property's id, `conformance` or `expect`."),
  reason: text,
  reproduced: rate,
  counterexample: counterexamplePath.optional(),
  again,
});

const agreement = z
  .strictObject({
    cases: count.describe("Live cases."),
    agree: count.describe("The model admits what was seen."),
    disagree: count.describe("The model does not admit what was seen."),
    inconclusive: count,
    notRun: count.describe("Cases that a bus or the world lacks something for."),
    expectations: count.describe("Live cases with a hand-typed expectation."),
    expectMet: count.describe("Those of them that met it."),
    exact: count.describe("Live cases whose expectation is exact."),
    permittedOne: count.describe("Those of them for which the model permits one ledger only."),
  })
  .meta({ id: "agreement", description: "Whether the model had predicted what was seen live, in cases." });

export const drillDocument = exactly<DrillReport>()(
  z.strictObject({
    verdict,
    seed,
    interrupted,
    worlds: z.strictObject({ model, live }),
    selection: z
      .strictObject({
        rule: text.describe("How the scenarios to run live were chosen."),
        leftOut: z.array(z.strictObject({ scenario: text, bus: text })),
      })
      .describe("What of the corpus was not run live though it could have been."),
    agreement,
    selfTest,
    notShown: z.array(notShown),
    witnessed: z.array(witnessed).describe("Every branch of the model."),
    unavailable: z.array(z.strictObject({ bus: text, reason: text })).describe("Buses that could not be run here."),
    notRun: z.array(z.strictObject({ scenario: text, bus: text, missing })),
    buses: z.array(
      z.strictObject({
        name: text,
        profile: text,
        client: text.describe("The client's name and version."),
        capabilities: names.describe("Capabilities that bus and world have shown."),
        unclaimed: text.nullable().describe("Why the bus has neither signals nor memory; null if it has."),
      }),
    ),
    ledger: z.array(ledgerRow),
    violations: z.array(violation),
    policy: policyName,
    notModelled,
    recordedBefore,
    report: reportPath,
  }),
);

/** The document of `replay --json`. */
import { z } from "zod";
import type { ReplayReport } from "../../report/replay.ts";
import { exactly } from "./exactly.ts";
import {
  answer,
  conformance,
  count,
  countedLedgerRow,
  interrupted,
  missing,
  notDemanded,
  notModelled,
  notShown,
  policyName,
  propertyVerdict,
  rate,
  seed,
  selfTest,
  text,
  verdict,
  world,
} from "./shared.ts";

const asked = z
  .strictObject({ ...answer.shape, lo: z.int().describe("The least answer."), hi: z.int().describe("The most.") })
  .describe("The question, with the answer that was given.");

/** Its fields depend on its kind, and are those of models/vocabulary/event.ts. */
const event = z.record(z.string(), z.unknown());

const departure = z.discriminatedUnion("kind", [
  z
    .strictObject({ kind: z.literal("clamped"), stored: z.int(), asked })
    .describe("The stored answer is out of the range, so the nearest within it was given."),
  z.strictObject({ kind: z.literal("sampled"), asked }).describe("No answer is stored, so the seed drew one."),
  z.strictObject({ kind: z.literal("never-asked"), answer }).describe("An answer is stored, and was never asked for."),
]);

const onBus = { world, bus: text.describe("The bus's name or command; in the model world the profile's name.") };

export const replayDocument = exactly<ReplayReport>()(
  z.strictObject({
    verdict,
    scenario: text.describe("The scenario's id."),
    policy: policyName,
    seed,
    interrupted,
    kept: text.nullable().describe("Path of the file that was kept (--keep); null: none was."),
    verdicts: z
      .array(
        z.strictObject({
          ...onBus,
          profile: text,
          verdict,
          reason: text,
          times: count.describe("Runs that came to this verdict; 0: the case was not run."),
          conformance: conformance.optional(),
          expectMet: z
            .boolean()
            .nullable()
            .describe("Whether the hand-typed expectation is met; null: the scenario has none.")
            .optional(),
          properties: z.array(propertyVerdict).optional(),
        }),
      )
      .describe("One for each verdict that a case came to, with what its first run showed."),
    notDemanded,
    notModelled,
    reproduced: rate,
    answers: z
      .array(
        z.strictObject({
          world,
          profile: text,
          stored: count.describe("Answers that the file holds."),
          departures: z.array(departure).describe("Where a run could not be answered as stored."),
        }),
      )
      .describe("How the questions of the model were answered, where the file holds answers."),
    nondeterministic: z.boolean().describe("The model world gave two traces for one seed: a bug of faultline."),
    digests: z.array(z.strictObject({ ...onBus, digest: text })).describe("Every trace that a case came to."),
    ledger: z.array(countedLedgerRow),
    notRun: z.array(z.strictObject({ ...onBus, missing })),
    selfTest,
    notShown: z.array(notShown),
    events: z
      .array(z.strictObject({ ...onBus, events: z.array(event) }))
      .describe(
        "With --events: every event of the run that is shown of each case. They are for reading, and change from version to version.",
      )
      .optional(),
  }),
);

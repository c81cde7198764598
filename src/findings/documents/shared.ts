/** The shapes that several documents and files share: each once, with the units and the meaning that a reader of the JSON Schema needs. */

import { z } from "zod";
import { rateSchema } from "../../judge/rate.ts";
import { count, ledgerFields, text, verdict } from "../../judge/shapes.ts";
import { liveWorld as live, modelWorld as model, worldNames } from "../../worlds/names.ts";

export {
  answer,
  conformance,
  count,
  ledger,
  propertyVerdict,
  text,
  verdict,
  witnessed,
} from "../../judge/shapes.ts";

export const seconds = z.number().min(0);
/** Counts by name. */
export const counts = z.record(text, count);
export const names = z.array(text);

export const modelWorld = z.literal(model.name);
export const liveWorld = z.literal(live.name);
export const world = z
  .enum(worldNames)
  .meta({ id: "world", description: "The model world, or real clients against real servers." });
export const seed = text.describe("The seed that random choices were drawn from.");
export const interrupted = z.boolean().describe("A signal ended the command before its work was done.");
export const policyName = text.nullable().describe("The name of the policy that was asked for; null without one.");
export const recordedBefore = count.describe("Live cases that an earlier part of this run had recorded (--resume).");
export const reportPath = text.describe("Path of the report that was kept in the run's folder.");
export const counterexamplePath = text.describe("Path of the counterexample's file, which replay takes.");
export const again = text.describe("The command line that shows it again.");
export const missing = names.describe("Capabilities that the bus or the world lacks.");

const ledgerRowFields = {
  scenario: text.describe("The scenario's id."),
  bus: text.describe("The bus's name or command; in the model world the profile's name."),
  profile: text.describe("The profile that the bus was held against."),
  world,
  ...ledgerFields,
  verdict,
  reason: text.describe("Why it is not `holds`, or what was shown."),
};
export const ledgerRow = z
  .strictObject(ledgerRowFields)
  .meta({ id: "ledgerRow", description: "What became of every message of one case." });
export const countedLedgerRow = z
  .strictObject({ ...ledgerRowFields, times: count.describe("Runs that came to this ledger.") })
  .meta({ id: "countedLedgerRow", description: "A ledger that some runs of a case came to." });

export const rate = rateSchema.meta({
  id: "rate",
  description:
    "How often it came again: k of n runs, with the 95 % Wilson interval of the true rate in whole per cent where chance has a part.",
});

export const selfTest = z
  .strictObject({
    tried: count.describe("Claims about the link and the server that were tried."),
    failed: z
      .array(
        z.strictObject({
          name: text.describe("The claim."),
          neededFor: names.describe("Capabilities that rest on the claim."),
          detail: text.describe("The observation that contradicts the claim."),
        }),
      )
      .describe("Claims that were not shown."),
  })
  .meta({ id: "selfTest", description: "The fault injector's self-test." })
  .nullable()
  .describe("The fault injector's self-test; null without a live world.");

export const notShown = z
  .strictObject({
    scenario: text,
    bus: text,
    world,
    missing: names.describe("Capabilities that the injector did not show; empty where the reason is another one."),
    reason: text,
  })
  .meta({ id: "notShown", description: "A case that is inconclusive because the harness fell short." });

export const notDemanded = z
  .array(z.strictObject({ property: text.describe("The promise's id."), reason: text }))
  .meta({
    id: "notDemanded",
    description: "Promises that broke under the policy, which does not demand them: no violations.",
  });

export const notModelled = z
  .array(
    z.strictObject({
      place: text.describe("The path in the policy's file."),
      means: text.describe("The server's behaviour, and the model's."),
    }),
  )
  .meta({ id: "notModelled", description: "Parts of the policy that the answer does not cover." });

const aboutFile = { file: text.describe("Path of the kept case."), reason: text };
export const kept = z
  .strictObject({
    folder: text.describe("The folder of kept cases."),
    cases: count.describe("Files in the folder."),
    held: count.describe("Cases that break nothing any more."),
    notFitting: count.describe("Cases of another profile, policy or time than was asked for, which were not run."),
    broken: z
      .array(
        z.strictObject({ ...aboutFile, property: text.describe("What was broken: a property's id or `conformance`.") }),
      )
      .describe("Cases that still break something."),
    notJudged: z
      .array(z.strictObject(aboutFile))
      .describe("Cases that cannot be judged any more, each with the reason."),
  })
  .meta({ id: "kept", description: "The kept cases, which are run before anything else." });

export const certified = z
  .union([
    z.strictObject({
      steps: count.describe("Steps of the scenario."),
      schedules: count.describe("Smaller schedules that were tried; none breaks the same."),
    }),
    z.strictObject({ bound: text.describe("What kept it from being told.") }),
  ])
  .meta({ id: "certified", description: "Whether nothing smaller breaks the same." });

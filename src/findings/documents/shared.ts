/** The shapes that several documents and files share: each once, with the units and the meaning that a reader of the JSON Schema needs. */
import { z } from "zod";
import { labels } from "../../../models/choice.ts";
import type { Place } from "../../../models/vocabulary/event.ts";
import { type ClassName, classNames } from "../../../models/vocabulary/scenario.ts";
import { rateSchema } from "../../judge/rate.ts";

export const text = z.string();
export const count = z.int().min(0);
export const seconds = z.number().min(0);
/** Counts by name. */
export const counts = z.record(text, count);
export const names = z.array(text);

export const verdict = z
  .enum(["holds", "violated", "inconclusive"])
  .meta({ id: "verdict", description: "The worst verdict of all parts wins; violated is worse than inconclusive." });
export const world = z
  .enum(["model", "live"])
  .meta({ id: "world", description: "The model world, or real clients against real servers." });
export const seed = text.describe("The seed that random choices were drawn from.");
export const interrupted = z.boolean().describe("A signal ended the command before its work was done.");
export const policyName = text.nullable().describe("The name of the policy that was asked for; null without one.");
export const recordedBefore = count.describe("Live cases that an earlier part of this run had recorded (--resume).");
export const reportPath = text.describe("Path of the report that was kept in the run's folder.");
export const counterexamplePath = text.describe("Path of the counterexample's file, which replay takes.");
export const again = text.describe("The command line that shows it again.");
export const missing = names.describe("Capabilities that the bus or the world lacks.");

const classMeaning: Readonly<Record<ClassName, string>> = {
  kept: "Arrived exactly once.",
  silentLoss: "The caller was told that all was well, and the message did not arrive.",
  reportedLoss: "The caller was told of an error, and the message did not arrive.",
  ambiguous: "The caller was told of an error that leaves open whether the message arrived.",
  duplicated: "Arrived more than once.",
  unknown: "The case was not observed far enough to tell.",
};
export const classes = z.strictObject(
  Object.fromEntries(classNames.map(name => [name, count.describe(classMeaning[name])])) as Record<
    ClassName,
    typeof count
  >,
);

const placeNames = [
  "arrived",
  "refused",
  "reconnect buffer",
  "reset at dial",
  "client outbound",
  "outbound or socket",
  "link",
  "no stream",
  "dedupe window",
  "stream limit",
  "server's store",
  "process exit",
] as const satisfies readonly Place[];
export const places = z
  .partialRecord(z.enum(placeNames), count)
  .describe("Messages by the place where each ended, so far as that is known.");

const ledgerFields = {
  published: count.describe("Messages that the case published."),
  classes: classes.describe("Messages by what became of them; the classes add up to `published`."),
  places,
};
export const ledger = z
  .strictObject(ledgerFields)
  .meta({ id: "ledger", description: "What became of every message that a case published." });

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

export const conformance = z
  .strictObject({ answer: z.enum(["permitted", "not-permitted", "undecided"]), reason: text })
  .meta({ id: "conformance", description: "Whether the model of the profile admits what was observed, and why not." });

export const propertyVerdict = z
  .strictObject({
    property: text.describe("The property's id."),
    verdict,
    exercised: count.describe("How often the property truly applied; 0 shows nothing."),
    reason: text,
  })
  .meta({ id: "propertyVerdict", description: "One property, judged on one case." });

export const answer = z
  .strictObject({
    step: text.describe("The id of the step at which the model was asked."),
    label: z.enum(labels).describe("The question."),
    occurrence: count.describe("How often the question had been asked at this step before."),
    answer: z.int(),
  })
  .meta({ id: "answer", description: "A question that the model leaves open, and the answer that it was given." });

export const witnessed = z
  .strictObject({
    label: z.enum(labels).describe("A question that the model leaves open."),
    answer: text.describe("A kind of answer to it."),
    witnessed: count.describe("Live runs that this answer explains."),
    forced: count.describe("Those of them that no other answer explains."),
  })
  .meta({ id: "witnessed", description: "How often one branch of the model was seen live." });

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

export const certified = z
  .union([
    z.strictObject({
      steps: count.describe("Steps of the scenario."),
      schedules: count.describe("Smaller schedules that were tried; none breaks the same."),
    }),
    z.strictObject({ bound: text.describe("What kept it from being told.") }),
  ])
  .meta({ id: "certified", description: "Whether nothing smaller breaks the same." });

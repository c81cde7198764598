/** The shapes of a judgement as JSON, each once: documents, journals and counterexamples are made of them. */
import { z } from "zod";
import { labels } from "../../models/choice.ts";
import type { Place } from "../../models/vocabulary/event.ts";
import { type ClassName, classNames } from "../../models/vocabulary/scenario.ts";
import { eventShape } from "./event-shape.ts";

export const text = z.string();
export const count = z.int().min(0);
export const verdict = z
  .enum(["holds", "violated", "inconclusive"])
  .meta({ id: "verdict", description: "The worst verdict of all parts wins; violated is worse than inconclusive." });
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
  "no consumer",
  "stream limit",
  "server's store",
  "process exit",
] as const satisfies readonly Place[];
export const places = z
  .partialRecord(z.enum(placeNames), count)
  .describe("Messages by the place where each ended, so far as that is known.");

export const ledgerFields = {
  published: count.describe("Messages that the case published."),
  classes: classes.describe("Messages by what became of them; the classes add up to `published`."),
  places,
};
export const ledger = z
  .strictObject(ledgerFields)
  .meta({ id: "ledger", description: "What became of every message that a case published." });

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

export const events = z.array(eventShape).readonly();

/** The thing that a reason is about. Absent in journals of earlier versions, whose reasons begin with the word for it. */
const broke = z.union([
  z.strictObject({ kind: z.literal("promise"), property: text }),
  z.strictObject({ kind: z.enum(["conformance", "expectation"]) }),
]);

export const judgement = z
  .strictObject({
    verdict,
    reason: text,
    about: broke.optional(),
    ledger,
    conformance,
    properties: z.array(propertyVerdict).readonly(),
    notPromised: z.array(propertyVerdict).readonly(),
    expectMet: z.boolean().optional(),
    disturbed: z.boolean(),
    witnessed: z.array(witnessed).readonly(),
    // Recorded where the case was violated: no one asks for them elsewhere.
    ended: events.default([]),
    answers: z.array(answer).readonly().default([]),
    digest: text,
  })
  .transform(({ expectMet, ...one }) => ({ ...one, expectMet }));

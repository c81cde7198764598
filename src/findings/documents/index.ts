/** The JSON document of every command, and the JSON Schema of each: one file under schemas for each name here. */
import { z } from "zod";
import { questions } from "../../drills/drill.ts";
import { exitCodes } from "../../errors.ts";
import { beforeDocument } from "./before.ts";
import { budgetDocument } from "./budget.ts";
import { compareDocument, liveSearchDocument } from "./compare.ts";
import { doctorDocument } from "./doctor.ts";
import { drillDocument } from "./drill.ts";
import { exhaustDocument } from "./exhaust.ts";
import { importDocument, initDocument } from "./import.ts";
import { lintDocument } from "./lint.ts";
import { observeDocument } from "./observe.ts";
import { policyPageDocument } from "./policy-page.ts";
import { promisesDocument } from "./promises.ts";
import { questionDocument } from "./question.ts";
import { replayDocument } from "./replay.ts";
import { searchDocument } from "./search.ts";
import { sizeDocument } from "./size.ts";
import { subjectDocument } from "./subject.ts";

/** Printed where the command could not do what it was asked for: a usage error, bad input, missing servers, a bug. */
export const failedDocument = z
  .strictObject({
    verdict: z.null(),
    error: z.string().describe("What was wrong, in one sentence."),
    exitCode: z.int().min(1).max(255).describe("The command's exit code."),
  })
  .describe("The command could not do what it was asked for, and came to no verdict.");

/** Printed where a signal came before there was anything to show. */
const interruptedDocument = z
  .strictObject({
    verdict: z.literal("inconclusive"),
    interrupted: z.literal(true),
    exitCode: z
      .literal([exitCodes.hangup, exitCodes.interrupted, exitCodes.terminated])
      .describe(
        "129 after a closed terminal (SIGHUP), 130 after Ctrl-C (SIGINT), 143 after SIGTERM or the end of what started it, as npx.",
      ),
  })
  .describe("A signal ended the command before there was anything to show.");

const orNone = <S extends readonly z.ZodType[]>(...whole: S) =>
  z.union([...whole, interruptedDocument, failedDocument]);

export const documents = {
  drill: orNone(drillDocument),
  "drill-question": orNone(questionDocument),
  "drill-before": orNone(beforeDocument),
  search: orNone(searchDocument, liveSearchDocument),
  exhaust: orNone(exhaustDocument),
  replay: orNone(replayDocument),
  compare: orNone(compareDocument),
  doctor: orNone(doctorDocument),
  import: orNone(importDocument),
  init: orNone(initDocument),
  promises: orNone(promisesDocument),
  lint: orNone(lintDocument),
  budget: orNone(budgetDocument),
  size: orNone(sizeDocument),
  subject: orNone(subjectDocument),
  "policy-page": orNone(policyPageDocument),
  "policy-observe": orNone(observeDocument),
} as const;
export type DocumentName = keyof typeof documents;

/** The command that prints each document. */
const askedBy: Readonly<Record<DocumentName, string>> = {
  drill: "the command drill",
  "drill-question": `a question of the command drill: ${questions.join(", ")}`,
  "drill-before": "the command drill with a question and --before",
  search: "the command search",
  exhaust: "the command exhaust",
  replay: "the command replay",
  compare: "the command compare",
  doctor: "the command doctor",
  import: "the command import",
  init: "the command init",
  promises: "the command promises",
  lint: "the command lint",
  budget: "the command budget",
  size: "the command size",
  subject: "the command subject",
  "policy-page": "the command policy",
  "policy-observe": "the command policy with --observe",
};

export const documentNames = Object.keys(documents) as readonly DocumentName[];

export const documentJsonSchema = (name: DocumentName): object =>
  z.toJSONSchema(documents[name].meta({ title: `The JSON document of ${askedBy[name]}` }));

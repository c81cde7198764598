/** The document of `drill QUESTION --before … --json`. */
import { z } from "zod";
import { costKinds } from "../../desk/before/side.ts";
import { questions } from "../../drills/drill.ts";
import type { BeforeReport } from "../../report/before.ts";
import { exactly } from "./exactly.ts";
import { count, names, text } from "./shared.ts";

const rates = z.strictObject({
  published: count.describe("Messages of the family in one run."),
  live: z.array(count).describe("The messages that each live run cost."),
  least: count.describe("The least of its live runs."),
  most: count.describe("The greatest of its live runs."),
  runs: count.describe("Live runs that were observed to their end."),
  model: z.number().min(0).describe("The mean of 20 draws of the model."),
});

export const beforeDocument = exactly<BeforeReport>()(
  z.strictObject({
    question: z.enum(questions),
    bus: text,
    profile: text,
    before: text.describe("The policy, or the earlier run, that it is compared with."),
    after: text,
    verdict: z.enum(["keep", "drop", "cannot-be-told"]),
    differences: z
      .array(
        z.strictObject({
          family: text,
          cost: z.enum(costKinds),
          before: rates,
          after: rates,
          is: z.enum(["better", "worse", "cannot-be-told"]),
        }),
      )
      .describe("Figures that differ, live or in the model."),
    cases: count,
    notRun: names.describe("Cases that have no live time under one of the policies."),
  }),
);

/** The document of `subject --json`. */
import { z } from "zod";
import { occasions } from "../../desk/subject.ts";
import type { SubjectReport } from "../../report/subject.ts";
import { exactly } from "./exactly.ts";
import { count, text } from "./shared.ts";

const saidWhere = z.strictObject({
  text,
  place: text.nullable().describe("file:line:column; null where no file says it."),
  assumed: text.nullable().describe("Why an import assumed it; null where a file says it."),
});

export const subjectDocument = exactly<SubjectReport>()(
  z.strictObject({
    subject: text,
    policy: text,
    profile: text,
    durability: z.enum(["durable", "best-effort", "undeclared"]),
    owner: text.nullable(),
    declared: saidWhere,
    published: saidWhere,
    stored: saidWhere,
    heals: text.nullable().describe("What makes up for a message that was missed."),
    costs: z
      .array(
        z.strictObject({
          occasion: z.enum(occasions),
          published: count,
          silentLoss: count,
          reportedLoss: count,
          inDoubt: count.describe("Messages whose caller got an error that proves nothing."),
          duplicated: count,
        }),
      )
      .describe("The worst of 20 draws of the model."),
    contradiction: text.nullable().describe("Declared one way and treated another; null where they agree."),
  }),
);

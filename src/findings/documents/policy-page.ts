/** The document of `policy --json`. */
import { z } from "zod";
import type { PageReport } from "../../report/page.ts";
import { exactly } from "./exactly.ts";
import { text } from "./shared.ts";

const lines = z.array(
  z.strictObject({
    id: text.describe("The line's anchor."),
    name: text,
    cells: z.array(z.strictObject({ title: text, text })),
  }),
);

export const policyPageDocument = exactly<PageReport>()(
  z.strictObject({
    policy: text,
    profile: text,
    date: text.describe("The day on which it was written."),
    digest: text.describe("The same for the same lines."),
    families: lines,
    settings: lines.describe("Every field of streams, consumers, publishing, start, stop and deployment."),
    drift: z
      .array(
        z.strictObject({
          id: text,
          name: text,
          cell: text.describe("The column, or `its line`."),
          was: text,
          is: text,
          place: text.nullable().describe("file:line:column of what it is now; null where no file says it."),
        }),
      )
      .nullable()
      .describe("What has moved since the page was written; null where none was to be checked."),
  }),
);

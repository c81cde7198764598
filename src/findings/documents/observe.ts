/** The document of `policy --observe LOG --json`. */
import { z } from "zod";
import type { ObserveReport } from "../../report/observe.ts";
import { exactly } from "./exactly.ts";
import { count, text } from "./shared.ts";

export const observeDocument = exactly<ObserveReport>()(
  z.strictObject({
    policy: text,
    log: text.describe("Path of the log."),
    lines: count.describe("Lines that are not empty."),
    subjects: count.describe("Subjects without repeats."),
    undeclared: z
      .array(
        z.strictObject({
          subject: text,
          times: count,
          published: z.enum(["through JetStream", "as core NATS"]),
          stream: text.nullable().describe("Null: no stream takes it."),
        }),
      )
      .describe("Subjects that no family covers, the most frequent first."),
    notRead: z
      .strictObject({ lines: count, first: count.nullable().describe("The number of the first such line.") })
      .describe("Lines that name no subject."),
  }),
);

/** The document of `promises --json`. */
import { z } from "zod";
import { owners } from "../../../properties/property.ts";
import type { PromisesReport } from "../../report/promises.ts";
import { exactly } from "./exactly.ts";
import { names, policyName, text } from "./shared.ts";

export const promisesDocument = exactly<PromisesReport>()(
  z.strictObject({
    policy: policyName,
    promises: z.array(
      z.strictObject({
        id: text.describe("The promise's id: `<concern>/<claim>`."),
        concern: text,
        promise: text.describe("The claim, as one sentence."),
        expectation: z
          .enum(["always", "eventually"])
          .describe("`always` is judged over the whole run, `eventually` once all has settled."),
        owner: z
          .enum(owners)
          .describe(
            "Who must act when it breaks: who looks after the client library, the code around it, or servers, streams and consumers.",
          ),
        causes: text.describe("What usually breaks it. F-20 is a fact of docs/facts.md."),
        promisedBy: names.describe("The profiles that claim it."),
        demanded: z.boolean().nullable().describe("The policy demands it; null where no policy was asked for."),
      }),
    ),
  }),
);

/** The documents of `import --json` and `init --json`. */
import { z } from "zod";
import { policyWhole } from "../../files/policy-schema.ts";
import type { ImportReport } from "../../report/import.ts";
import type { InitReport } from "../../report/init.ts";
import { exactly } from "./exactly.ts";
import { text } from "./shared.ts";

const line = z.int().min(1).describe("The line in the file; 1 is the first.");

const importFields = {
  read: z
    .array(
      z.strictObject({
        file: text,
        line,
        format: z.enum(["jetstream", "nack", "terraform", "kubernetes", "helm"]).describe("Told by the content."),
        kind: z.enum(["stream", "consumer", "deployment", "server"]),
        name: text.describe("A consumer's has its stream before it."),
      }),
    )
    .describe("The things that were read."),
  policy: policyWhole.describe("The policy, which --policy takes once it is a file."),
  notCarried: z
    .array(
      z.strictObject({
        file: text,
        line,
        column: z.int().min(1).describe("The column in that line; 1 is the first."),
        key: text.describe("The path of the key, with everything below it."),
        means: text.describe("The reason, or what its absence means."),
      }),
    )
    .describe("The keys of the files that the policy does not have."),
  toFill: z
    .array(
      z.strictObject({
        place: text.describe("The place in the policy."),
        default: z
          .union([text, z.number(), z.boolean(), z.array(z.number()), z.null()])
          .describe("The value that was assumed; null: an empty list."),
        why: text.describe("The reason for this default."),
      }),
    )
    .describe("Places of the policy that no file answers."),
} as const;

export const importDocument = exactly<ImportReport>()(z.strictObject(importFields));

export const initDocument = exactly<InitReport>()(
  z.strictObject({ ...importFields, file: text.describe("The file that was written, in the working directory.") }),
);

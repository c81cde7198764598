/** The document of `lint --json`. */
import { z } from "zod";
import type { LintReport } from "../../report/lint/finding.ts";
import { exactly } from "./exactly.ts";
import { notModelled, text } from "./shared.ts";

const position = z.int().min(1);

const finding = {
  id: text.describe("The rule, such as `P004`."),
  severity: z
    .enum(["error", "warning"])
    .describe("An error has a case that breaks a promise, and stands on no assumption."),
  message: text,
  remedy: text.describe("What to change."),
  at: text.describe("The place in the policy."),
  place: z
    .strictObject({ file: text, line: position, column: position, key: text })
    .nullable()
    .describe("The place in a file; null where no file says it."),
  assumed: text.nullable().describe("Why an import assumed the value; null where a file says it."),
  witness: text
    .nullable()
    .describe("Path of the case, which replay shows broken; null where no case breaks a promise."),
  promise: text.nullable().describe("The promise that the case breaks."),
} as const;

export const lintDocument = exactly<LintReport>()(
  z.strictObject({
    policy: text,
    profile: text,
    findings: z.array(z.strictObject(finding)).describe("The findings that are not accepted."),
    accepted: z.array(z.strictObject({ ...finding, reason: text })).describe("Those of the list of accepted findings."),
    stale: z
      .array(z.strictObject({ id: text, reason: text, file: text, line: position }))
      .describe("Lines of that list that match no finding."),
    rules: z.array(z.strictObject({ id: text, name: text, says: text, why: text, source: text })),
    notModelled,
  }),
);

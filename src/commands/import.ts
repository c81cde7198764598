/** `faultline import`: other people's files to a policy. The policy alone is on stdout, and what there is to say of it on stderr. */
import { stringify } from "yaml";
import { exitCodes, UsageError } from "../errors.ts";
import { importFiles } from "../files/import/import.ts";
import { policyName } from "../files/policy-schema.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { type ImportReport, renderImport } from "../report/import.ts";
import type { Context } from "../runs/context.ts";
import { jsonText, type Rendered, rendered } from "../text/clean.ts";

interface ImportOptions {
  readonly yaml?: boolean;
  readonly name?: string;
}

/** Starts nothing and asks no server. @throws BadInput, UsageError */
export async function importPolicy(
  context: Context,
  files: readonly string[],
  { yaml = false, name }: ImportOptions,
): Promise<CommandEnding> {
  if (name !== undefined && !policyName.test(name))
    throw new UsageError(
      `--name must be 1 to 63 of a-z, 0-9 and -, not beginning with -; it is ${JSON.stringify(name)}.`,
    );
  // The two agree wherever the schema was applied, which importFiles does.
  const document = importFiles(files, name) as unknown as ImportReport;
  return {
    kind: "import",
    document,
    exitCode: exitCodes.holds,
    text: rendered(policyText, document.policy, yaml),
    beside: rendered(renderImport, document, context.paint),
  };
}

const policyText = (policy: object, yaml: boolean): string =>
  (yaml ? stringify(policy, { lineWidth: 0 }).trimEnd() : jsonText(policy, 2)) as Rendered;

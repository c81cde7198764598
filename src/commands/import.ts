/** `faultline import`: other people's files to a policy. The policy alone is on stdout, and what there is to say of it on stderr. */
import { stringify } from "yaml";
import { exitCodes, UsageError } from "../errors.ts";
import { type ImportText, importTexts, nameAfter, textsOfFiles } from "../files/import/import.ts";
import { policyName } from "../files/policy-schema.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { type ImportReport, renderImport } from "../report/import.ts";
import type { Context } from "../runs/context.ts";
import { textsOfServer } from "../runs/import-server.ts";
import { jsonText, type Rendered, rendered } from "../text/clean.ts";

export interface ImportOptions {
  readonly yaml?: boolean;
  readonly name?: string;
  readonly server?: string;
  readonly creds?: string;
  readonly stream?: readonly string[];
}

/** Starts nothing, and asks no server except the one that was named. @throws BadInput, ServerUnreached, UsageError */
export async function importPolicy(
  context: Context,
  files: readonly string[],
  { yaml = false, name, ...asked }: ImportOptions,
): Promise<CommandEnding> {
  refuseNothing(files, asked);
  const named = name === undefined ? nameAfter(files) : policyNameOf(name);
  const texts = [...textsOfFiles(files), ...(await textsAsked(asked))];
  const origin = [...files, ...(asked.server === undefined ? [] : ["the server"])].join(", ");
  // The two agree wherever the schema was applied, which importTexts does.
  const { read, policy, notCarried, toFill } = importTexts(texts, named, { origin });
  const document = { read, policy, notCarried, toFill } as unknown as ImportReport;
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

/** @throws UsageError where nothing is named at all */
function refuseNothing(files: readonly string[], { server, creds, stream }: ImportOptions): void {
  if (server === undefined && files.length === 0)
    throw new UsageError("import needs files, folders, or --server URL; faultline import --help shows examples.");
  if (server === undefined && (creds ?? stream) !== undefined)
    throw new UsageError(`${creds === undefined ? "--stream" : "--creds"} means nothing without --server.`);
}

const textsAsked = async ({ server, creds, stream }: ImportOptions): Promise<readonly ImportText[]> =>
  server === undefined ? [] : textsOfServer({ url: server, creds, streams: stream });

/** @throws UsageError */
export function policyNameOf(name: string): string {
  if (policyName.test(name)) return name;
  throw new UsageError(
    `--name must be 1 to 63 of a-z, 0-9 and -, not beginning with -; it is ${JSON.stringify(name)}.`,
  );
}

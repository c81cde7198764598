/** A policy by the word that a user names it by. */
import { UsageError } from "../errors.ts";
import { findInput } from "../files/corpus.ts";
import { isFolder } from "../files/folder.ts";
import { importFiles } from "../files/import/import.ts";
import { didYouMean } from "../files/nearest.ts";
import { bundledPolicies, isPolicyName } from "../files/policies.ts";
import { bundledSource, readPolicyInput } from "../files/policy-input.ts";
import { importedSource, type PolicySource } from "../files/policy-source.ts";
import type { NamedPolicy } from "./common.ts";

/** A bundled policy by its name, a file of one's own, or other people's files. @throws UsageError, BadInput */
export const knownPolicy = (named: string, note?: (line: string) => void): NamedPolicy => ({
  named,
  policy: sourcedPolicy(named, note).policy,
});

/** The same with the files behind it. @throws UsageError, BadInput */
export function sourcedPolicy(named: string, note: (line: string) => void = () => {}): PolicySource {
  const bundled = isPolicyName(named) ? bundledSource(named) : undefined;
  if (bundled !== undefined) return bundled;
  const isNamedFolder = isFolder(named);
  if (isNamedFolder || !isPolicyName(named)) {
    const { path, shown } = isNamedFolder ? { path: named, shown: named } : findInput(named, ".json");
    const read = readPolicyInput(path, shown);
    for (const line of read.notes) note(line);
    return read.source;
  }
  throw new UsageError(
    `There is no policy ${JSON.stringify(named)}; bundled are ${bundledPolicies().join(", ")}, and a file of your own ` +
      `ends in .json or .yaml.${didYouMean(named, bundledPolicies())}`,
  );
}

/** The same of several files and folders, which are imported together. @throws UsageError, BadInput */
export function sourcedFrom([first = "", ...more]: readonly string[]): PolicySource {
  return more.length === 0 ? sourcedPolicy(first) : importedSource(importFiles([first, ...more]));
}

/** A policy by the word that a user names it by. */
import { UsageError } from "../errors.ts";
import { findInput } from "../files/corpus.ts";
import { isFolder } from "../files/folder.ts";
import { didYouMean } from "../files/nearest.ts";
import { bundledPolicies, bundledPolicy, isPolicyName } from "../files/policies.ts";
import { readPolicyInput } from "../files/policy-input.ts";
import type { NamedPolicy } from "./common.ts";

/** A bundled policy by its name, a file of one's own, or other people's files. @throws UsageError, BadInput */
export function knownPolicy(named: string, note: (line: string) => void = () => {}): NamedPolicy {
  const policy = isPolicyName(named) ? bundledPolicy(named) : undefined;
  if (policy !== undefined) return { named, policy };
  const isNamedFolder = isFolder(named);
  if (isNamedFolder || !isPolicyName(named)) {
    const { path, shown } = isNamedFolder ? { path: named, shown: named } : findInput(named, ".json");
    const read = readPolicyInput(path, shown);
    for (const line of read.notes) note(line);
    return { named, policy: read.policy };
  }
  throw new UsageError(
    `There is no policy ${JSON.stringify(named)}; bundled are ${bundledPolicies().join(", ")}, and a file of your own ` +
      `ends in .json or .yaml.${didYouMean(named, bundledPolicies())}`,
  );
}

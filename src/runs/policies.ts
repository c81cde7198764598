/** A policy by the word that a user names it by. */
import { UsageError } from "../errors.ts";
import { findInput } from "../files/corpus.ts";
import { didYouMean } from "../files/nearest.ts";
import { bundledPolicies, bundledPolicy, isPolicyName, readPolicyFile } from "../files/policies.ts";
import type { NamedPolicy } from "./common.ts";

/** A bundled policy by its name, or a file of one's own. @throws UsageError, BadInput */
export function knownPolicy(named: string): NamedPolicy {
  if (!isPolicyName(named)) {
    const { path, shown } = findInput(named, ".json");
    return { named, policy: readPolicyFile(path, shown) };
  }
  const policy = bundledPolicy(named);
  if (policy !== undefined) return { named, policy };
  throw new UsageError(
    `There is no policy ${JSON.stringify(named)}; bundled are ${bundledPolicies().join(", ")}, and a file of your own ` +
      `ends in .json.${didYouMean(named, bundledPolicies())}`,
  );
}

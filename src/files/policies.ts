/**
 * Policies by name: the files under fixtures/policies, and a user's own files. Scenarios name them, and so does the commands' `--policy`. A
 * file's policy has the file's name, so that a name in a report leads to its file.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { BadInput } from "../errors.ts";
import { readJsonFile } from "./json.ts";
import { packageRoot } from "./package-root.ts";
import { parsePolicy } from "./policy-schema.ts";

const policyFolder = join("fixtures", "policies");

/** Every bundled policy, sorted. */
export function bundledPolicies(root: string = packageRoot()): readonly string[] {
  const folder = join(root, policyFolder);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(name => name.endsWith(".json"))
    .map(name => name.replace(/\.json$/, ""))
    .toSorted();
}

/** A bundled policy is named by a word; a name with a folder or the ending of a file is a file. */
export const isPolicyName = (named: string): boolean => !/\.(json|ya?ml)$/.test(named) && !named.includes("/");

/** A bundled policy, or undefined if none has that name. @throws BadInput */
export function bundledPolicy(name: string, root: string = packageRoot()): Policy | undefined {
  if (!bundledPolicies(root).includes(name)) return undefined;
  const file = join(policyFolder, `${name}.json`);
  return readPolicyFile(join(root, file), file);
}

/** @throws BadInput */
export const readPolicyFile = (path: string, shown: string): Policy =>
  namedAsFile(parsePolicy(readJsonFile(path, shown), shown), path, shown);

/** @throws BadInput where policy and file have different names */
export function namedAsFile(policy: Policy, path: string, shown: string): Policy {
  const due = basename(path).replace(/\.(json|ya?ml)$/, "");
  if (policy.name !== due)
    throw new BadInput(shown, "name", `is "${policy.name}", and must be "${due}", as the file's`);
  return policy;
}

/** The policy that a scenario's file names: a bundled one, or a file beside it. `folder` is the scenario's. @throws BadInput */
export function policyNamedIn(named: string, folder: string, file: string, place: string): Policy {
  if (isPolicyName(named)) {
    const policy = bundledPolicy(named);
    if (policy !== undefined) return policy;
    const advice = "a file of your own ends in .json";
    throw new BadInput(
      file,
      place,
      `there is no policy "${named}"; there are ${bundledPolicies().join(", ")}, and ${advice}`,
    );
  }
  if (isAbsolute(named) || !named.endsWith(".json"))
    throw new BadInput(file, place, "must be a policy's name or a .json file, relative to this one");
  const path = resolve(folder, named);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new BadInput(file, place, `there is no file ${named} beside it`);
  return readPolicyFile(path, named);
}

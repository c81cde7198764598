/**
 * The files that `--policy` names beside a bundled policy: a policy in JSON or YAML, or other people's files, a folder of them too. These are imported
 * first, and what was assumed on the way is handed back as notes.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isFolder } from "./folder.ts";
import { type Imported, importFiles, spotsOf } from "./import/import.ts";
import { isForeign } from "./import/recognise.ts";
import { dataOf, parseTrees, type Tree } from "./import/tree.ts";
import { readJsonFile } from "./json.ts";
import { packageRoot } from "./package-root.ts";
import { bundledPolicy, namedAsFile } from "./policies.ts";
import { mustBeModelled, parsePolicy } from "./policy-schema.ts";
import { importedSource, ownSource, type PolicySource } from "./policy-source.ts";

interface PolicyInput {
  readonly source: PolicySource;
  /** One line each; none where the file is a policy. */
  readonly notes: readonly string[];
}

/** @throws BadInput with file, place and reason */
export function readPolicyInput(path: string, shown: string): PolicyInput {
  if (isFolder(path)) return noted(importFiles([path]), shown);
  const text = readJsonFile(path, shown);
  const isYaml = /\.ya?ml$/.test(path);
  const trees = isYaml ? parseTrees(text, shown) : treesOrNone(text, shown);
  if (spotsOf(trees, shown).some(isForeign)) return noted(importFiles([asNamed(path, shown)]), shown);
  const [first] = trees;
  // The strict schema reads JSON, which has fewer ways to say a thing.
  const json = isYaml && trees.length === 1 && first !== undefined ? JSON.stringify(dataOf(first)) : text;
  return { source: ownSource(namedAsFile(parsePolicy(json, shown), path, shown), shown, first), notes: [] };
}

/** The file as the user named it, where that leads to it from here. Places in it are shown so. */
const asNamed = (path: string, shown: string): string => (existsSync(shown) ? shown : path);

/** A broken file of JSON is refused by the policy's own reader, whose errors name the place. */
function treesOrNone(text: string, shown: string): readonly Tree[] {
  try {
    return parseTrees(text, shown);
  } catch {
    return [];
  }
}

/** A bundled policy with the places in its file; undefined if none has that name. @throws BadInput */
export function bundledSource(name: string): PolicySource | undefined {
  const policy = bundledPolicy(name);
  if (policy === undefined) return undefined;
  const shown = join("fixtures", "policies", `${name}.json`);
  const [tree] = treesOrNone(readJsonFile(join(packageRoot(), shown), shown), shown);
  return ownSource(policy, shown, tree);
}

const noted = (imported: Imported, shown: string): PolicyInput => ({
  source: importedSource({ ...imported, policy: mustBeModelled(imported.policy, shown) }),
  notes: [
    ...imported.toFill.map(one => `${shown}: assumed ${one.place}${valueText(one.default)}: ${one.why}`),
    ...(imported.notCarried.length === 0 ? [] : [`${shown}: ${leftOutText(imported.notCarried.length)}`]),
  ],
});

const leftOutText = (keys: number): string =>
  keys === 1
    ? "1 key is not carried over; the command import lists it with its meaning"
    : `${keys} keys are not carried over; the command import lists them with their meaning`;

const valueText = (value: unknown): string => (value === null ? "" : ` ${JSON.stringify(value)}`);

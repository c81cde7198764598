/**
 * Other people's files to a policy: `importFiles` for the command, and for `--policy` with a file or a folder. A file is parsed, its
 * documents are recognised by their content, and each is read into the canonical form; then one policy is made of all of them.
 */

import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { BadInput } from "../../errors.ts";
import { isFolder } from "../folder.ts";
import { readJsonFile } from "../json.ts";
import { writtenPolicy } from "../policy-schema.ts";
import type { ToFill } from "./assumed.ts";
import { type FoundThing, type ImportedConsumer, joined } from "./canonical.ts";
import { type Origins, originsOf } from "./origins.ts";
import { type Gatherings, type ReadPart, take } from "./recognise.ts";
import type { FileSpot, Marks, NotCarried } from "./spot.ts";
import { toPolicy } from "./to-policy.ts";
import { parseTrees, type Tree } from "./tree.ts";

const filesMax = 500;

export interface Imported {
  readonly read: readonly ReadPart[];
  readonly policy: Policy;
  readonly notCarried: readonly NotCarried[];
  readonly toFill: readonly ToFill[];
  readonly origins: Origins;
  /** Every consumer that a file has; the policy has the settings of the first. */
  readonly consumers: readonly FoundThing<ImportedConsumer>[];
}

/** A text in one of the formats. */
export interface ImportText {
  /** The file, or another name for the place that it came from. */
  readonly file: string;
  readonly text: string;
}

/** Files as a user names them; a folder means the manifests in it. @throws BadInput */
export const importFiles = (named: readonly string[], name = nameAfter(named)): Imported =>
  importTexts(textsOfFiles(named), name, { origin: named.join(", ") });

/** @throws BadInput */
export const textsOfFiles = (named: readonly string[]): readonly ImportText[] =>
  named.flatMap(filesIn).map(file => ({ file, text: readJsonFile(file, file) }));

interface ImportTexts {
  /** A person's words for all of them together. */
  readonly origin: string;
  /** True where a policy may be made of nothing at all. */
  readonly mayBeEmpty?: boolean;
}

/** @throws BadInput */
export function importTexts(
  texts: readonly ImportText[],
  name: string,
  { origin, mayBeEmpty = false }: ImportTexts,
): Imported {
  const into: Gatherings = { streams: [], consumers: [], deployments: [], servers: [], read: [] };
  const told = texts.flatMap(({ file, text }) => takeText(text, file, into));
  if (into.read.length === 0 && !mayBeEmpty)
    throw new BadInput(
      origin,
      "",
      "holds no stream, no consumer and no deployment, so there is nothing to make a policy of",
    );
  const streams = joined(into.streams, given => given.name);
  const consumers = joined(into.consumers, ({ stream, name: own }) =>
    own === undefined ? undefined : JSON.stringify([stream, own]),
  );
  const found = { streams, consumers, deployments: into.deployments, servers: into.servers };
  const mapped = toPolicy(found, name);
  const policy = writtenPolicy(mapped.policy, `the policy made of ${origin}`);
  return {
    read: into.read,
    policy,
    notCarried: [...mapped.notCarried, ...told],
    toFill: mapped.toFill,
    origins: originsOf(found, policy),
    consumers,
  };
}

/** Reads one file's documents into the gatherings, and returns what is not carried over. @throws BadInput */
export function takeText(text: string, file: string, into: Gatherings): readonly NotCarried[] {
  const trees = parseTrees(text, file);
  if (trees.length === 0) throw new BadInput(file, "", "is empty");
  return spotsOf(trees, file).flatMap(spot => {
    take(spot, into);
    return spot.marks.told;
  });
}

/** The documents of a file as spots, each with its own marks. */
export const spotsOf = (trees: readonly Tree[], file: string): readonly FileSpot[] =>
  trees.map((tree, i) => {
    const before = trees.length === 1 ? "" : `document ${i + 1}: `;
    const marks: Marks = { file, before, read: new Set(), told: [] };
    return { marks, path: [], tree };
  });

function filesIn(named: string): readonly string[] {
  if (!isFolder(named)) {
    if (statSync(named, { throwIfNoEntry: false })?.isFile() === true) return [named];
    throw new BadInput(named, "", "there is no such file");
  }
  const files = readdirSync(named, { recursive: true, encoding: "utf8" })
    .filter(name => /\.(ya?ml|json)$/i.test(name) && !/(^|[/\\])(\.|node_modules[/\\])/.test(name))
    .toSorted()
    .map(name => join(named, name));
  if (files.length === 0) throw new BadInput(named, "", "is a folder without files that end in .yaml, .yml or .json");
  if (files.length > filesMax)
    throw new BadInput(named, "", `is a folder of ${files.length} files, and at most ${filesMax} are read`);
  return files;
}

/** One file or folder names its policy. */
export function nameAfter(named: readonly string[]): string {
  const [only = "", ...more] = named;
  const words = basename(only)
    .replace(/\.(ya?ml|json)$/i, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63);
  return more.length > 0 || words === "" ? "imported" : words;
}

/**
 * The files behind a policy: where each of its fields stands, what was assumed because no file says it, and what was left out. A policy of
 * one's own is its only file.
 */
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { ToFill } from "./import/assumed.ts";
import type { FoundThing, ImportedConsumer } from "./import/canonical.ts";
import type { Imported } from "./import/import.ts";
import type { ReadPart } from "./import/recognise.ts";
import type { NotCarried, Where } from "./import/spot.ts";
import type { Tree } from "./import/tree.ts";
import { type FilePlace, placeText } from "./json.ts";

export interface PolicySource {
  readonly policy: Policy;
  /** The field's place in a file, or that of the nearest part around it that has one. Undefined: no file has it. */
  placeOf(path: FilePlace): Where | undefined;
  /** A file says it, and no default of its format or of the schema. */
  isWritten(path: FilePlace): boolean;
  /** The assumption that the field stands on. Undefined: a file says it. */
  assumedAt(path: FilePlace): ToFill | undefined;
  readonly read: readonly ReadPart[];
  readonly assumed: readonly ToFill[];
  readonly notCarried: readonly NotCarried[];
  /** Every consumer of other people's files. */
  readonly consumers: readonly FoundThing<ImportedConsumer>[];
}

/** A policy in a file of its own. `tree` undefined: its text could not be read as one. */
export const ownSource = (policy: Policy, file: string, tree: Tree | undefined): PolicySource => ({
  policy,
  placeOf: path => (tree === undefined ? undefined : placeIn(tree, path, file)),
  isWritten: path => tree !== undefined && depthIn(tree, path) === path.length,
  assumedAt: () => undefined,
  read: [],
  assumed: [],
  notCarried: [],
  consumers: [],
});

/** The trees on the way down as far as the path leads, the root first. */
function treesAlong(root: Tree, path: FilePlace): readonly Tree[] {
  const trees = [root];
  for (const part of path) {
    const next = partOf(trees.at(-1) ?? root, part);
    if (next === undefined) break;
    trees.push(next);
  }
  return trees;
}

const depthIn = (root: Tree, path: FilePlace): number => treesAlong(root, path).length - 1;

function placeIn(root: Tree, path: FilePlace, file: string): Where {
  const trees = treesAlong(root, path);
  const tree = trees.at(-1) ?? root;
  const depth = trees.length - 1;
  return { file, line: tree.line, column: tree.column, key: placeText(path.slice(0, depth)) || "(all of it)" };
}

function partOf(tree: Tree, part: PropertyKey): Tree | undefined {
  if (tree.kind === "map") return tree.fields.get(String(part));
  return tree.kind === "list" ? tree.items[Number(part)] : undefined;
}

export function importedSource({ policy, read, toFill, notCarried, origins, consumers }: Imported): PolicySource {
  const assumedPlaces = new Map(toFill.map(one => [one.place, one]));
  return {
    policy,
    placeOf: path => nearestOf(path, place => origins.get(place)),
    isWritten: path => nearestOf(path, place => (isPart(place) ? undefined : origins.get(place))) !== undefined,
    assumedAt: path => nearestOf(path, place => assumedPlaces.get(place.replaceAll(/\[\d+\]/g, "[]"))),
    read,
    assumed: toFill,
    notCarried,
    consumers,
  };
}

/** A whole part of the policy or a whole stream: its place is that of the thing it was read from. */
const isPart = (place: string): boolean => /^\w+(\[\d+\])?$/.test(place);

/** The answer for the path, or else for the nearest part around it. */
function nearestOf<Answer>(path: FilePlace, at: (place: string) => Answer | undefined): Answer | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const found = at(placeText(path.slice(0, depth)));
    if (found !== undefined) return found;
  }
  return undefined;
}

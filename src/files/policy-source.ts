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
  assumedAt: () => undefined,
  read: [],
  assumed: [],
  notCarried: [],
  consumers: [],
});

/** Goes down the tree as far as the path does. */
function placeIn(root: Tree, path: FilePlace, file: string): Where {
  let tree = root;
  let depth = 0;
  for (const part of path) {
    const next = partOf(tree, part);
    if (next === undefined) break;
    tree = next;
    depth++;
  }
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
    assumedAt: path => nearestOf(path, place => assumedPlaces.get(place.replaceAll(/\[\d+\]/g, "[]"))),
    read,
    assumed: toFill,
    notCarried,
    consumers,
  };
}

/** The answer for the path, or else for the nearest part around it. */
function nearestOf<Answer>(path: FilePlace, at: (place: string) => Answer | undefined): Answer | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const found = at(placeText(path.slice(0, depth)));
    if (found !== undefined) return found;
  }
  return undefined;
}

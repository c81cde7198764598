/**
 * The text of other people's files, YAML or JSON, as trees that know the line of everything in them. Called by the importers; it knows no
 * format. Size, depth and the number of nodes are bounded, aliases expanded, so no file can take more than a moment.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import { BadInput } from "../../errors.ts";
import { jsonBounds } from "../json.ts";

/** Deeper than our own files: a list of deployments with an affinity has 14 levels, nested Terraform modules have more. */
export const treeBounds = { depthMax: 48, nodesMax: 200_000 } as const;

/** A place in a file's text, both counted from 1. */
export interface FilePosition {
  readonly line: number;
  readonly column: number;
}

export interface MapTree extends FilePosition {
  readonly kind: "map";
  readonly fields: ReadonlyMap<string, Tree>;
}
export interface ListTree extends FilePosition {
  readonly kind: "list";
  readonly items: readonly Tree[];
}
export interface ScalarTree extends FilePosition {
  readonly kind: "scalar";
  readonly value: unknown;
}
/** A value within a map has the position of its key. */
export type Tree = MapTree | ListTree | ScalarTree;

/** The documents of a file; empty ones are left out. @throws BadInput with file, line and reason */
export function parseTrees(text: string, file: string): readonly Tree[] {
  if (Buffer.byteLength(text) > jsonBounds.fileBytesMax)
    throw new BadInput(file, "", `is larger than ${jsonBounds.fileBytesMax} bytes`);
  const lines = new LineCounter();
  const budget = { nodes: 0 };
  try {
    // Keys are compared below: the library compares each with all others of its map.
    const parsed = [
      ...parseAllDocuments(text, { lineCounter: lines, stringKeys: true, uniqueKeys: false, prettyErrors: false }),
    ];
    const positionAt = (offset: number): FilePosition => {
      const { line, col: column } = lines.linePos(offset);
      return { line, column };
    };
    const [error] = parsed.flatMap(one => one.errors);
    if (error !== undefined) return fromJson(text, { file, line: positionAt(error.pos[0]).line }, error.message);
    return parsed.flatMap(({ contents }) => {
      if (contents === null) return [];
      const walk: Walk = { file, positionAt, budget, anchors: new Map() };
      const tree = treeOf(contents, positionOf(contents, beginning, walk), 0, walk);
      return tree.kind === "scalar" && tree.value === null ? [] : [tree];
    });
  } catch (error) {
    // The library follows a nested text by nested calls.
    if (error instanceof RangeError) throw tooDeep(file);
    throw error;
  }
}

/** JSON that is no YAML, such as one with a key of more than 1,024 letters: all of it counts as the first line. */
function fromJson(
  text: string,
  place: { readonly file: string; readonly line: number },
  reason: string,
): readonly Tree[] {
  const { file, line } = place;
  // The library tells of the calls that a nested text needs as of an error in it.
  if (/call stack/.test(reason)) throw tooDeep(file);
  const data = jsonOrNone(text);
  if (data !== undefined) return [treeOfData(data, file, 0)];
  const advice = /\{\{/.test(text)
    ? "a template is rendered first: helm template . > manifests.yaml"
    : "mend the file, or leave it out";
  throw new BadInput(`${file}:${line}`, "", `is neither YAML nor JSON: ${reason}; ${advice}`);
}

function jsonOrNone(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const tooDeep = (file: string): BadInput =>
  new BadInput(file, "", `is nested deeper than ${treeBounds.depthMax} levels`);

interface Walk {
  readonly file: string;
  readonly positionAt: (offset: number) => FilePosition;
  readonly budget: { nodes: number };
  /** The last node of each name so far: an alias means the one before it. */
  readonly anchors: Map<string, Node>;
}

function treeOf(node: unknown, above: FilePosition, depth: number, walk: Walk): Tree {
  const { file, budget } = walk;
  if (depth > treeBounds.depthMax) throw tooDeep(file);
  budget.nodes++;
  if (budget.nodes > treeBounds.nodesMax)
    throw new BadInput(file, "", `has more than ${treeBounds.nodesMax} values once its aliases are expanded`);
  if (isAlias(node)) {
    const named = walk.anchors.get(node.source);
    if (named === undefined)
      throw new BadInput(`${file}:${above.line}`, "", `has no anchor &${node.source} before *${node.source}`);
    // Within the named part its own anchors are known already.
    return { ...treeOf(named, above, depth + 1, walk), ...above };
  }
  if (isMap(node)) {
    remember(node, walk);
    return { kind: "map", ...above, fields: fieldsOf(node.items, depth, walk) };
  }
  if (isSeq(node)) {
    remember(node, walk);
    const items = node.items.map(item => treeOf(item, positionOf(item, above, walk), depth + 1, walk));
    return { kind: "list", ...above, items };
  }
  if (isScalar(node)) {
    remember(node, walk);
    return { kind: "scalar", ...above, value: node.value };
  }
  return { kind: "scalar", ...above, value: null };
}

function remember(node: Node & { readonly anchor?: string | undefined }, { anchors }: Walk): void {
  if (node.anchor !== undefined) anchors.set(node.anchor, node);
}

const beginning: FilePosition = { line: 1, column: 1 };

const positionOf = (node: unknown, otherwise: FilePosition, { positionAt }: Walk): FilePosition =>
  typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)
    ? positionAt(node.range[0] as number)
    : otherwise;

/** A field that stands in the map itself comes before one that is merged into it by `<<`. */
function fieldsOf(pairs: readonly { key: unknown; value: unknown }[], depth: number, walk: Walk): Map<string, Tree> {
  const fields = new Map<string, Tree>();
  const merged: Tree[] = [];
  for (const { key, value } of pairs) {
    const position = positionOf(key, beginning, walk);
    const name = isScalar(key) ? String(key.value) : String(key);
    const tree = treeOf(value, position, depth + 1, walk);
    if (name === "<<") merged.push(...(tree.kind === "list" ? tree.items : [tree]));
    else if (fields.has(name)) throw new BadInput(`${walk.file}:${position.line}`, name, "is there twice in one place");
    else fields.set(name, tree);
  }
  for (const from of merged)
    if (from.kind === "map") for (const [name, tree] of from.fields) if (!fields.has(name)) fields.set(name, tree);
  return fields;
}

function treeOfData(data: unknown, file: string, depth: number): Tree {
  if (depth > treeBounds.depthMax) throw tooDeep(file);
  if (Array.isArray(data))
    return { kind: "list", ...beginning, items: data.map(one => treeOfData(one, file, depth + 1)) };
  if (typeof data !== "object" || data === null) return { kind: "scalar", ...beginning, value: data };
  const fields = Object.entries(data).map(([name, value]) => [name, treeOfData(value, file, depth + 1)] as const);
  return { kind: "map", ...beginning, fields: new Map(fields) };
}

/** The same as plain data, for a file of our own in YAML. */
export function dataOf(tree: Tree): unknown {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "list") return tree.items.map(dataOf);
  return Object.fromEntries([...tree.fields].map(([name, value]) => [name, dataOf(value)]));
}

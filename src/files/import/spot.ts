/**
 * A place in somebody else's file, and the marks of what was read there. Importers go from spot to spot; whatever they have not read in the
 * end is listed, so that no key of a file is passed over without a word.
 */
import { BadInput } from "../../errors.ts";
import type { FilePlace } from "../json.ts";
import type { FilePosition, Tree } from "./tree.ts";

export interface Where extends FilePosition {
  readonly file: string;
  /** The path of the key, such as `spec.maxAge`. */
  readonly key: string;
}

/** A key that the policy does not have, and the meaning of its absence. */
export interface NotCarried extends Where {
  readonly means: string;
}

/** The keys of one document that were read, and those that are told. */
export interface Marks {
  readonly file: string;
  /** Precedes the keys of a file that has several documents. */
  readonly before: string;
  readonly read: Set<string>;
  readonly told: NotCarried[];
}

export interface FileSpot {
  readonly marks: Marks;
  readonly path: FilePlace;
  readonly tree: Tree;
}

/** The path as a person writes it; a name with other characters than letters and digits is quoted. */
const keyText = (path: FilePlace): string =>
  path
    .map(part => {
      if (typeof part === "number") return `[${part}]`;
      return /^[\w$-]+$/.test(String(part)) ? `.${String(part)}` : `[${JSON.stringify(part)}]`;
    })
    .join("")
    .replace(/^\./, "");

export const whereIs = ({ marks, path, tree }: FileSpot): Where => ({
  file: marks.file,
  line: tree.line,
  column: tree.column,
  key: marks.before + (path.length === 0 ? "(all of it)" : keyText(path)),
});

export const placeOf = ({ file, line }: Pick<Where, "file" | "line">): string => `${file}:${line}`;

/** @throws BadInput with file, line and key */
export function refuse(spot: FileSpot, reason: string): never {
  const where = whereIs(spot);
  throw new BadInput(placeOf(where), spot.path.length === 0 ? "" : where.key, reason);
}

export const isMapSpot = (spot: FileSpot | undefined): spot is FileSpot => spot?.tree.kind === "map";

const isNull = ({ tree }: FileSpot): boolean => tree.kind === "scalar" && tree.value === null;

/** The field of a map; undefined where it is absent. A null is as good as absent, and counts as read. */
export function at(spot: FileSpot | undefined, ...names: readonly string[]): FileSpot | undefined {
  let here = spot;
  for (const name of names) {
    if (here?.tree.kind !== "map") return undefined;
    const tree = here.tree.fields.get(name);
    if (tree === undefined) return undefined;
    const next: FileSpot = { marks: here.marks, path: [...here.path, name], tree };
    if (isNull(next)) markRead(next);
    here = isNull(next) ? undefined : next;
  }
  return here;
}

export function itemsOf(spot: FileSpot | undefined): readonly FileSpot[] {
  if (spot?.tree.kind !== "list") return [];
  return spot.tree.items.map((tree, i) => ({ marks: spot.marks, path: [...spot.path, i], tree }));
}

const fieldSpots = (spot: FileSpot): readonly FileSpot[] =>
  spot.tree.kind === "map"
    ? [...spot.tree.fields].map(([name, tree]) => ({ marks: spot.marks, path: [...spot.path, name], tree }))
    : itemsOf(spot);

export const namesIn = (spot: FileSpot): readonly string[] =>
  spot.tree.kind === "map" ? [...spot.tree.fields.keys()] : [];

const idOf = ({ path }: FileSpot): string => JSON.stringify(path);

export const markRead = (spot: FileSpot): void => void spot.marks.read.add(idOf(spot));

/** Lists the key with all below it. */
export function tell(spot: FileSpot, means: string): void {
  markRead(spot);
  spot.marks.told.push({ ...whereIs(spot), means });
}

/** Lists everything at or below the spot that nobody has read: a whole branch by its topmost key. */
export function tellRest(spot: FileSpot, means: (key: string, spot: FileSpot) => string): void {
  for (const one of remainder(spot).left) tell(one, means(String(one.path.at(-1) ?? ""), one));
}

function remainder(spot: FileSpot): { readonly touched: boolean; readonly left: readonly FileSpot[] } {
  if (spot.marks.read.has(idOf(spot))) return { touched: true, left: [] };
  const parts = fieldSpots(spot).map(remainder);
  if (!parts.some(part => part.touched)) return { touched: false, left: [spot] };
  return { touched: true, left: parts.flatMap(part => part.left) };
}

/** True for false, 0, an empty text, list or map: nothing is set. */
export function isUnset({ tree }: FileSpot): boolean {
  if (tree.kind === "map") return tree.fields.size === 0;
  if (tree.kind === "list") return tree.items.length === 0;
  return tree.value === null || tree.value === false || tree.value === 0 || tree.value === "";
}

/**
 * Parts a document into structure and texts. English prose goes to the texts, by its path, and the structure keeps a mark that a text is
 * there; ids, words of an enum, counts, steps and seeds stay. So an editor may change every sentence, and nothing else, and the
 * structure shows it. Called for each command and for the live part.
 */
import { varies, volatileFields, withoutPlaces } from "./volatile.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Texts = Readonly<Record<string, string>>;

export interface Parted {
  readonly structure: Json;
  readonly texts: Texts;
}

/** Stands in the structure where a text was. */
export const textHere = "(text)";

/** Always prose, or made of prose: a digest covers the sentences of its events. */
const proseFields = new Set([
  ...[
    "reason",
    "why",
    "what",
    "note",
    "notes",
    "text",
    "sentence",
    "message",
    "advice",
    "fact",
    "rule",
    "bound",
    "proof",
  ],
  ...["problem", "line", "lines", "title", "heading", "claim", "promise", "digest", "stderr"],
]);

/** May hold spaces and is no prose: lines to paste, and names by which rows are told apart. */
const structureFields = new Set([
  ...["again", "resume", "neverReached", "setting", "step", "place", "client", "file", "counterexample", "report"],
  ...["answer", "ledgers", "options"],
]);

/** Fields that tell the elements of an array apart, in the order in which they are shown. */
const namingFields = [
  ...["world", "command", "scenario", "case", "bus", "profile", "property", "id", "name", "step", "setting", "label"],
  ...["question", "family", "subject", "part", "variant", "answer"],
];

export const isObject = (json: Json | undefined): json is { readonly [name: string]: Json } =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** A name for each element: by what tells it apart, or else by its place. */
export function namesOf(elements: readonly Json[]): readonly string[] {
  const named = elements.map(one =>
    isObject(one)
      ? namingFields
          .map(field => one[field])
          .filter(value => typeof value === "string" && value !== textHere)
          .join(" · ")
      : "",
  );
  const areApart = new Set(named).size === named.length && named.every(name => name !== "");
  return areApart ? named : elements.map((_, i) => String(i));
}

export const pathText = (path: readonly string[]): string => path.join(" > ");

export interface Place {
  readonly root: string;
  readonly folder: string;
}

/** `document` is left as it is. */
export function part(document: Json, place: Place): Parted {
  const texts: Record<string, string> = {};
  const structure = walk(document, [], []);
  return { structure, texts };

  /** `fields` are the names alone, without the places in arrays; `path` tells elements apart. */
  function walk(json: Json, fields: readonly string[], path: readonly string[]): Json {
    if (volatileFields.some(one => one.path.test(fields.join(".")))) return varies;
    if (Array.isArray(json)) {
      const names = namesOf(json);
      return json.map((one, i) => walk(one, fields, [...path, names[i] as string]));
    }
    if (isObject(json))
      return Object.fromEntries(
        Object.entries(json).map(([name, value]) => [name, walk(value, [...fields, name], [...path, name])]),
      );
    if (typeof json !== "string") return json;
    const text = withoutPlaces(json, place.root, place.folder);
    if (!isProse(text, fields.at(-1) ?? "")) return text;
    texts[pathText(path)] = text;
    return textHere;
  }
}

const isProse = (text: string, field: string): boolean =>
  proseFields.has(field) || (text.includes(" ") && !structureFields.has(field));

/** The shape alone: every leaf is replaced by a mark, and objects of one shape are told once. How many words a list has is left out. */
export function shapeOf(json: Json): Json {
  if (Array.isArray(json)) {
    if (!json.some(isObject)) return "(values)";
    const shapes = json.map(shapeOf);
    const known = new Set<string>();
    return shapes.filter(shape => !known.has(JSON.stringify(shape)) && known.add(JSON.stringify(shape)));
  }
  if (isObject(json)) return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, shapeOf(value)]));
  return "(value)";
}

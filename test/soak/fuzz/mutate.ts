/** Inputs that are wrong in one place: by structure, so that all the rest still counts, or by a byte. */
import type { Random } from "../../../properties/arbitraries/random.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type Path = readonly (string | number)[];

/** Values that programs stumble over. */
const strange: readonly (() => Json)[] = [
  () => null,
  () => true,
  () => -1,
  () => 0,
  () => 0.5,
  () => 1e308,
  () => 9_007_199_254_740_992,
  () => 2_000,
  () => 100_000,
  () => 2_592_000_000,
  () => "",
  () => "constructor",
  () => "__proto__",
  () => "\u001b[2J\u0007",
  () => "x".repeat(100_000),
  () => "../../../etc/passwd",
  () => "\ud800",
  () => [],
  () => ({}),
  () => ({ __proto__: 1 }) as Json,
  () => Array.from({ length: 3_000 }, () => 1),
  () => JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`) as Json,
];

/** The text with one change, by structure where it is JSON, or else by bytes. */
export function mutated(text: string, random: Random): string {
  if (random.chance(1 / 3)) return byBytes(text, random);
  try {
    return JSON.stringify(byStructure(JSON.parse(text) as Json, random));
  } catch {
    return byBytes(text, random);
  }
}

/** The text with one of its lines changed. */
export function mutatedLine(text: string, random: Random): string {
  const lines = text.split("\n");
  const at = random.int(0, Math.max(0, lines.length - 2));
  switch (random.int(0, 3)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(at, 0, lines[at] ?? "");
      break;
    default:
      lines[at] = mutated(lines[at] ?? "", random);
  }
  return lines.join("\n");
}

export function byStructure(data: Json, random: Random): Json {
  const paths = pathsIn(data, []);
  const path = random.pick(paths);
  const at = valueAt(data, path);
  switch (random.int(0, 5)) {
    case 0:
      return without(data, path);
    case 1:
      return replaced(data, path, valueAt(data, random.pick(paths)));
    case 2:
      return typeof at === "number" ? replaced(data, path, at * random.pick([-1, 0.1, 1_000, 1e9])) : twice(data, path);
    case 3:
      return typeof at === "string" ? replaced(data, path, byBytes(at, random)) : renamed(data, path, random);
    default:
      return replaced(data, path, random.pick(strange)());
  }
}

export function byBytes(text: string, random: Random): string {
  const bytes = Buffer.from(text);
  const at = random.int(0, bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.int(0, 4)) {
    case 0:
      return before.toString("latin1");
    case 1:
      return Buffer.concat([before, Buffer.from([random.int(0, 255)]), after]).toString("latin1");
    case 2:
      return Buffer.concat([before, after.subarray(1)]).toString("latin1");
    case 3:
      return Buffer.concat([before, after.subarray(0, random.int(0, 199)), after]).toString("latin1");
    default:
      return Buffer.concat([before, Buffer.from([random.int(0, 255)]), after.subarray(1)]).toString("latin1");
  }
}

/** All places, the root first. */
const pathsIn = (data: Json, path: Path): readonly Path[] =>
  typeof data !== "object" || data === null
    ? [path]
    : [path, ...entriesOf(data).flatMap(([name, value]) => pathsIn(value, [...path, name]))];

const entriesOf = (
  data: readonly Json[] | { readonly [name: string]: Json },
): readonly (readonly [string | number, Json])[] =>
  Array.isArray(data) ? data.map((value, i) => [i, value as Json]) : Object.entries(data);

function valueAt(data: Json, [name, ...rest]: Path): Json {
  if (name === undefined || typeof data !== "object" || data === null) return data;
  return valueAt((data as { readonly [name: string | number]: Json })[name] ?? null, rest);
}

const replaced = (data: Json, path: Path, value: Json): Json => changed(data, path, () => [value]);
const without = (data: Json, path: Path): Json => changed(data, path, () => []);
/** An element twice; of a record's field the value in a list. */
const twice = (data: Json, path: Path): Json => changed(data, path, one => [one, one]);

function renamed(data: Json, path: Path, random: Random): Json {
  const name = path.at(-1);
  if (typeof name !== "string") return without(data, path);
  const above = valueAt(data, path.slice(0, -1));
  const { [name]: value = null, ...others } = above as { readonly [name: string]: Json };
  return replaced(data, path.slice(0, -1), {
    ...others,
    [random.pick([`${name}s`, "constructor", "", "\u001b[31m"])]: value,
  });
}

function changed(data: Json, [name, ...rest]: Path, change: (one: Json) => readonly Json[]): Json {
  if (name === undefined) return change(data)[0] ?? null;
  if (typeof data !== "object" || data === null) return data;
  const within = (value: Json): readonly Json[] => (rest.length === 0 ? change(value) : [changed(value, rest, change)]);
  if (Array.isArray(data)) return data.flatMap((value, i) => (i === name ? within(value as Json) : [value as Json]));
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) => {
      if (key !== name) return [[key, value]];
      const [one, more] = within(value);
      return one === undefined ? [] : [[key, more === undefined ? one : [one, more]]];
    }),
  );
}

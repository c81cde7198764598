/** JSON that people write: read within bounds, checked against a zod shape, with one line about what is wrong. */
import { z } from "zod";
import { BadInput } from "../errors.ts";
import { readBounded } from "./folder.ts";
import { isJetStreamName } from "./jetstream-names.ts";

const fileBytesMax = 1_048_576;
const depthMax = 12;
export const jsonBounds = { fileBytesMax, depthMax } as const;

export const whole = (min: number, max: number): z.ZodNumber => z.int().min(min).max(max);

/** The text of such a file. @throws BadInput where it is larger than any */
export const readJsonFile = (path: string, shown: string): string => readBounded(path, shown, fileBytesMax);

/** Parses JSON of bounded size and depth. @throws BadInput */
export function parseJson(text: string, file: string): unknown {
  if (Buffer.byteLength(text) > fileBytesMax) throw new BadInput(file, "", `is larger than ${fileBytesMax} bytes`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new BadInput(file, "", `is not JSON: ${(error as Error).message}`);
  }
  if (depthOf(data, 0) > depthMax) throw new BadInput(file, "", `is nested deeper than ${depthMax} levels`);
  const place = placeOfProto(data, []);
  if (place !== undefined) throw new BadInput(file, placeText(place), 'unknown field "__proto__"');
  return data;
}

/** A place in a file, in a file whose own data begins at `path`. */
export type FilePlace = readonly PropertyKey[];

/** Data of the given shape, with its defaults filled in. `what` names the data where no better place is known. @throws BadInput */
export function checkShape<T>(shape: z.ZodType<T>, data: unknown, file: string, path: FilePlace, what: string): T {
  const parsed = shape.safeParse(data);
  if (parsed.success) return withoutUndefined(parsed.data) as T;
  const [issue] = parsed.error.issues;
  throw new BadInput(
    file,
    placeText([...path, ...(issue?.path ?? [])]),
    issue === undefined ? `is not ${what}` : issueText(issue),
  );
}

export const placeText = (path: FilePlace): string =>
  path
    .map(part => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");

/** zod silently passes over such a field, and an assignment would change what its object inherits. */
function placeOfProto(data: unknown, path: FilePlace): FilePlace | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  if (Object.hasOwn(data, "__proto__")) return path;
  for (const [name, value] of Object.entries(data)) {
    if (typeof value !== "object") continue;
    const place = placeOfProto(value, [...path, Array.isArray(data) ? Number(name) : name]);
    if (place !== undefined) return place;
  }
  return undefined;
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys")
    return `unknown field ${issue.keys.map(name => `"${name}"`).join(", ")}${foreign(issue.keys)}`;
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

/** The likeliest cause, where a field is JetStream's own, or one that people look for. */
function foreign(keys: readonly string[]): string {
  if (keys.includes("servers"))
    return ": the number of servers in a client's pool is client.servers of a policy, or servers of a scenario's options";
  const name = keys.find(isJetStreamName);
  return name === undefined
    ? ""
    : `: ${name} is a name of JetStream's own configuration, which the command import reads and makes a policy of`;
}

function depthOf(data: unknown, depth: number): number {
  if (typeof data !== "object" || data === null || depth > depthMax) return depth;
  return Object.values(data).reduce<number>((most, value) => Math.max(most, depthOf(value, depth + 1)), depth + 1);
}

/** zod leaves `key: undefined` for absent optional fields, but the vocabulary wants them absent. */
function withoutUndefined(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(withoutUndefined);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) => (value === undefined ? [] : [[name, withoutUndefined(value)]])),
  );
}

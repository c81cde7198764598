/**
 * Answers to what no file says of a policy. A place is a path such as `shutdown.strategy`; `streams[].made` means that field of every
 * stream. What an answer may be is read off the policy's own schema, so that a new field can be asked for at once.
 */
import { z } from "zod";
import { policyShape } from "../policy-schema.ts";

/** The values of a place: words to choose from, or a description of the others. */
export interface Takes {
  readonly choices: readonly string[];
  readonly others: string;
}

export type TypedAnswer = { readonly value: unknown } | { readonly wrong: string };

/** Two lists have answers of one word, which say the same for every message and for every promise. */
const words: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "publish.messageIds": { none: [], event: [{ subjects: ">", id: "event" }], key: [{ subjects: ">", id: "key" }] },
  demands: { none: [], all: "all" },
};

/** Undefined for a place that no answer of one line could fill. */
export function takesAt(place: string): Takes | undefined {
  const named = words[place];
  if (named !== undefined) return { choices: Object.keys(named), others: "" };
  const schema = schemaAt(place);
  if (schema === undefined) return undefined;
  if (schema instanceof z.ZodEnum) return { choices: schema.options.map(String), others: "" };
  if (schema instanceof z.ZodBoolean) return { choices: ["true", "false"], others: "" };
  if (schema instanceof z.ZodNumber) return { choices: [], others: "a whole number" };
  if (schema instanceof z.ZodString) return { choices: [], others: "a text" };
  if (!(schema instanceof z.ZodUnion)) return undefined;
  const [first] = schema.options;
  return first instanceof z.ZodEnum
    ? { choices: first.options.map(String), others: "an object" }
    : { choices: [], others: "a whole number, or a list such as [0,10000]" };
}

/** The value that a text means at a place. */
export function answerAt(place: string, text: string): TypedAnswer {
  const schema = schemaAt(place);
  if (schema === undefined) return { wrong: "is no field of a policy; import --json lists the places of a policy" };
  const takes = takesAt(place);
  if (takes === undefined) return { wrong: "cannot be set in one line: write it into the file" };
  const named = words[place]?.[text];
  if (named !== undefined) return { value: named };
  const value =
    schema instanceof z.ZodString || takes.choices.includes(text) ? wordOrTruth(schema, text) : jsonOf(text);
  if (words[place] === undefined && schema.safeParse(value).success) return { value };
  const [issue] = schema.safeParse(value).error?.issues ?? [];
  const said = takes.choices.length > 0 ? `must be one of ${takes.choices.join(", ")}` : issue?.message.toLowerCase();
  return { wrong: said ?? `must be ${takes.others}` };
}

const wordOrTruth = (schema: z.ZodType, text: string): string | boolean =>
  schema instanceof z.ZodBoolean ? text === "true" : text;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const partsOf = (place: string): readonly string[] => place.replaceAll("[]", ".[]").split(".");

function schemaAt(place: string): z.ZodType | undefined {
  let schema: z.ZodType = policyShape;
  for (const part of partsOf(place)) {
    const inner = bare(schema);
    const next =
      part === "[]" && inner instanceof z.ZodArray
        ? inner.element
        : inner instanceof z.ZodObject && Object.hasOwn(inner.shape, part)
          ? inner.shape[part]
          : undefined;
    if (next === undefined) return undefined;
    schema = next as z.ZodType;
  }
  return bare(schema);
}

/** Takes off the marks of a field that may be absent or has a default. */
function bare(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return bare(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodPipe ? bare(schema.in as z.ZodType) : schema;
}

/** The same data with the value at the place. Objects on the way are made where they are absent. */
export const withAnswer = <T>(data: T, place: string, value: unknown): T => put(data, partsOf(place), value) as T;

function put(data: unknown, [part, ...rest]: readonly string[], value: unknown): unknown {
  if (part === undefined) return value;
  if (part === "[]") return Array.isArray(data) ? data.map(one => put(one, rest, value)) : data;
  const before = (typeof data === "object" && data !== null ? data : {}) as Readonly<Record<string, unknown>>;
  return { ...before, [part]: put(before[part], rest, value) };
}

/** A place that an answer has made necessary, such as the deadline of `retry-with-deadline`, and the reason. */
export function missingPlace(data: unknown): { readonly place: string; readonly why: string } | undefined {
  const issues = policyShape.safeParse(data).error?.issues ?? [];
  const missing = issues.find(({ message, path }) => message.startsWith("is missing") && path.every(isName));
  return missing === undefined ? undefined : { place: missing.path.join("."), why: missing.message };
}

const isName = (part: PropertyKey): boolean => typeof part === "string";

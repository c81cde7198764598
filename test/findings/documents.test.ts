/** Every JSON document has a schema, which is written down, current and strict. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { exactly } from "../../src/findings/documents/exactly.ts";
import { documentJsonSchema, documentNames } from "../../src/findings/documents/index.ts";
import { checkDocument, checkKept, checkPrinted, schemaFor } from "../documents.ts";
import { keptFolder, read } from "../snapshot/kept-files.ts";
import { isObject, type Json } from "../snapshot/split.ts";
import { varies } from "../snapshot/volatile.ts";

const schemas = join(import.meta.dirname, "../../schemas");

describe("schemas/", () => {
  test.each(documentNames)("%s.schema.json is current", name => {
    const written = readFileSync(join(schemas, `${name}.schema.json`), "utf8");
    expect(JSON.parse(written), "run npm run schemas").toEqual(JSON.parse(JSON.stringify(documentJsonSchema(name))));
  });

  test("has no schema that nothing writes", () => {
    const due = [...documentNames, "scenario", "policy", "bus-protocol"].map(name => `${name}.schema.json`);
    expect(readdirSync(schemas).toSorted()).toEqual(due.toSorted());
  });

  test.each(documentNames)("%s.schema.json refuses additional fields wherever fields are named", name => {
    // Events are for reading: their kind is named, and the rest of them changes from version to version.
    const isEvent = ({ properties }: { readonly [name: string]: Json }): boolean =>
      Object.keys(properties as object).join() === "kind";
    const objects = objectsIn(documentJsonSchema(name) as Json).filter(one => "properties" in one && !isEvent(one));
    expect(objects.length).toBeGreaterThan(2);
    for (const one of objects) expect(one.additionalProperties, JSON.stringify(one)).toBe(false);
  });
});

function objectsIn(json: Json): readonly { readonly [name: string]: Json }[] {
  if (Array.isArray(json)) return json.flatMap(objectsIn);
  if (!isObject(json)) return [];
  const within = Object.values(json).flatMap(objectsIn);
  return json.type === "object" ? [json, ...within] : within;
}

// ---- What the commands print ----

interface Kept {
  readonly args: readonly string[];
  readonly document: Json;
}

/** Every JSON document of the snapshot, with a value where none is held. */
const kept: readonly Kept[] = Object.entries(read(keptFolder, "commands")).flatMap(([line, taken]) => {
  const args = line.split(" ").slice(1);
  if (!isObject(taken) || taken.document === undefined) return [];
  return [{ args, document: restored(taken.document) }];
});

function restored(json: Json, field = ""): Json {
  if (Array.isArray(json)) return json.map(one => restored(one, field));
  if (isObject(json)) return Object.fromEntries(Object.entries(json).map(([name, one]) => [name, restored(one, name)]));
  if (json !== varies) return json;
  if (field === "neverExercised") return [];
  return field === "client" ? "client 1.0" : 0;
}

const nameOf = ({ args }: Kept): string => args.join(" ");
const firstOf = (...words: readonly string[]): Kept =>
  kept.find(({ args }) => words.every((word, i) => args[i] === word)) as Kept;

describe("the documents of the snapshot", () => {
  test("are those of every command but the live ones and the doctor", () => {
    const commands = new Set(kept.map(({ args }) => args[0]));
    expect([...commands].toSorted()).toEqual(["drill", "exhaust", "promises", "replay", "search"]);
    expect(kept.length).toBeGreaterThan(50);
  });

  test.each(kept.map(one => [nameOf(one), one] as const))("match their schema: %s", (line, { args, document }) => {
    checkDocument(schemaFor(args), document, line);
  });
});

describe("a document is refused", () => {
  const some = [
    firstOf("drill", "--seed"),
    firstOf("drill", "buffer"),
    firstOf("search"),
    firstOf("exhaust"),
    firstOf("replay"),
  ].map(one => [nameOf(one), one] as const);
  const complaint = ({ args, document }: Kept): string => {
    try {
      checkDocument(schemaFor(args), document, "it");
      return "nothing";
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each(some)("with a field more: %s", (_line, { args, document }) => {
    expect(complaint({ args, document: { ...(document as object), colour: "red" } })).toMatch(/colour/);
  });

  test.each(some)("with any one field less: %s", (_line, { args, document }) => {
    for (const name of Object.keys(document as object)) {
      const { [name]: _gone, ...without } = document as { [name: string]: Json };
      expect(complaint({ args, document: without }), name).not.toBe("nothing");
    }
  });

  test.each(some)("with a field more anywhere within: %s", (_line, { args, document }) => {
    const planted = plantedIn(document);
    expect(planted.length).toBeGreaterThan(1);
    for (const one of planted) expect(complaint({ args, document: one }), JSON.stringify(one)).toMatch(/colour/);
  });

  test("of another command", () => {
    expect(complaint({ args: ["doctor"], document: firstOf("search").document })).not.toBe("nothing");
  });
});

/** The document once for each object within it, with a field more in that one; the first element stands for an array. */
function plantedIn(json: Json): readonly Json[] {
  if (Array.isArray(json)) return json.length === 0 ? [] : plantedIn(json[0]).map(one => [one, ...json.slice(1)]);
  if (!isObject(json)) return [];
  const within = Object.entries(json).flatMap(([name, one]) =>
    plantedIn(one).map(planted => ({ ...json, [name]: planted })),
  );
  // Where names are free, the value is what is wrong.
  return [{ ...json, colour: -1.5 }, ...within];
}

describe("what has no verdict of the command", () => {
  test.each(documentNames)("%s: an error, and an interrupt before anything was found", name => {
    const args = name === "drill-question" ? ["drill", "buffer", "--json"] : [name, "--json"];
    const error = { verdict: null, error: "There is no bus.", exitCode: 69 };
    const interrupted = { verdict: "inconclusive", interrupted: true, exitCode: 130 };
    expect(() => checkPrinted(args, JSON.stringify(error))).not.toThrow();
    expect(() => checkPrinted(args, JSON.stringify(interrupted))).not.toThrow();
    expect(() => checkPrinted(args, JSON.stringify({ ...error, exitCode: 0 }))).toThrow(/exitCode/);
    expect(() => checkPrinted(args, JSON.stringify({ ...interrupted, verdict: "holds" }))).toThrow(/schema/);
  });
});

describe("a test that runs a command fails", () => {
  test("where what it printed is no document", () => {
    expect(() => checkPrinted(["search", "--json"], "Verdict  holds\n")).toThrow(/not one JSON document/);
    expect(() => checkPrinted(["search", "--json"], "")).toThrow(/not one JSON document/);
    expect(() => checkPrinted(["search"], "Verdict  holds\n")).not.toThrow();
  });

  test("where a document in a run's folder is another than its schema's", () => {
    const cwd = mkdtempSync(join(tmpdir(), "documents-test-"));
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
    expect(checkKept(cwd)).toBe(0);
    const run = join(cwd, ".faultline/runs/one");
    mkdirSync(run, { recursive: true });
    const { document } = firstOf("drill", "--seed");
    writeFileSync(join(run, "drill.json"), JSON.stringify(document));
    expect(checkKept(cwd)).toBe(1);
    writeFileSync(join(run, "drill.json"), JSON.stringify({ ...(document as object), colour: "red" }));
    expect(() => checkKept(cwd)).toThrow(/colour/);
  });
});

// ---- Types ----

/** tsc holds these: a directive that expects an error is an error where there is none. */
test("a schema that is not its type does not compile", () => {
  interface Type {
    readonly x: string;
    readonly y?: number;
    readonly z: readonly { readonly q: "a" | "b" }[];
  }
  const is = exactly<Type>();
  const z1 = z.array(z.strictObject({ q: z.enum(["a", "b"]) }));
  const good = z.strictObject({ x: z.string(), y: z.number().optional(), z: z1 });
  expect(is(good)).toBe(good);
  // @ts-expect-error an optional field less
  is(z.strictObject({ x: z.string(), z: z1 }));
  // @ts-expect-error an optional field more
  is(good.extend({ w: z.string().optional() }));
  // @ts-expect-error a field that may be absent in the type alone
  is(good.extend({ y: z.number() }));
  // @ts-expect-error null
  is(good.extend({ x: z.string().nullable() }));
  // @ts-expect-error other words, within
  is(good.extend({ z: z.array(z.strictObject({ q: z.string() })) }));
  // @ts-expect-error a field more, within
  is(good.extend({ z: z.array(z.strictObject({ q: z.enum(["a", "b"]), r: z.boolean().optional() })) }));
});

/**
 * House rules about all files together, and rules with exceptions. A rule gives one complaint a line; an exception says which complaints
 * stand, and why. A complaint that is no exception fails, and so does an exception that no file needs any more.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { worldNames } from "../src/worlds/names.ts";
import { importsOf, planted, root, type SourceFile, sources, withoutComments } from "./tidy-sources.ts";

interface TreeRule {
  readonly name: string;
  readonly instead: string;
  readonly check: (files: readonly SourceFile[]) => readonly string[];
  /** Complaints that stand for now. */
  readonly exceptions: readonly { readonly complaint: RegExp; readonly reason: string }[];
  readonly bad: readonly (readonly SourceFile[])[];
  readonly good: readonly (readonly SourceFile[])[];
}

const product = /^(models|properties|src)\//;

// ---- One type name, one file ----

interface Declared {
  readonly name: string;
  readonly path: string;
  readonly exported: boolean;
}

const typesIn = ({ path, text }: SourceFile): readonly Declared[] =>
  [...text.matchAll(/^(export )?(?:declare )?(?:abstract )?(?:type|interface|class) ([A-Z]\w*)/gm)].map(
    ([, exported, name = ""]) => ({ name, path, exported: exported !== undefined }),
  );

/** Names that one file exports and another declares, for itself or for all. */
function namesOfSeveralFiles(files: readonly SourceFile[]): readonly string[] {
  const places = new Map<string, Declared[]>();
  for (const one of files.filter(({ path }) => product.test(path)).flatMap(typesIn))
    places.set(one.name, [...(places.get(one.name) ?? []), one]);
  return [...places.values()]
    .filter(all => all.length > 1 && all.some(({ exported }) => exported))
    .flatMap(all => {
      const [owner = all[0]] = all.filter(({ exported }) => exported);
      return all.filter(one => one !== owner).map(one => `${one.name} of ${owner?.path} is in ${one.path} too`);
    });
}

// ---- What only tests import ----

/** Files that start the program or are named by package.json. */
function entries(): ReadonlySet<string> {
  const text = ["package.json", "bin/faultline.js"].map(path => readFileSync(join(root, path), "utf8")).join("\n");
  const built = [...text.matchAll(/(?:dist\/)?((?:src|models|properties)\/[\w/-]+)\.(?:js|ts)\b/g)];
  return new Set(built.map(([, path = ""]) => `${path}.ts`));
}

const filesNamedByUrl = ({ path, text }: SourceFile): readonly string[] =>
  [...text.matchAll(/new URL\(\s*"(\.[^"]+\.ts)"/g)].map(([, to = ""]) => join(path, "..", to));

const importedByTestsAlone =
  (started: ReadonlySet<string>) =>
  (files: readonly SourceFile[]): readonly string[] => {
    const used = new Set(
      files
        .filter(({ path }) => !path.startsWith("test/"))
        .flatMap(file => [...importsOf(file), ...filesNamedByUrl(file)]),
    );
    return files
      .map(({ path }) => path)
      .filter(path => product.test(path) && path.endsWith(".ts") && !used.has(path) && !started.has(path));
  };

// ---- Positional parameters ----

const parametersMax = 5;
const charsMax = 2_000;

/** Code whose strings and comments hold no brackets and no commas. */
const bare = (text: string): string =>
  withoutComments(text).replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '""');

/** What stands between the bracket at `open` and its match, parted at its own commas; undefined where it has none nearby. */
function partsWithin(code: string, open: number): readonly string[] | undefined {
  const parts = [""];
  let depth = 0;
  for (const [i, char] of [...code.slice(open, open + charsMax)].entries()) {
    if (depth === 1 && char === ")") return parts.map(part => part.trim()).filter(part => part !== "");
    if ("([{".includes(char)) depth++;
    if (")]}".includes(char)) depth--;
    // A generic's commas part nothing. The formatter puts spaces around what compares, and around an arrow.
    const before = code[open + i - 1] ?? "";
    if (char === "<" && /\w/.test(before)) depth++;
    if (char === ">" && !/[\s=]/.test(before)) depth--;
    if (depth === 1 && char === ",") parts.push("");
    else if (i > 0) parts.push(`${parts.pop()}${char}`);
  }
  return undefined;
}

const isParameter = (part: string): boolean => /^(\.\.\.)?([\w$ ]+\??|\{[^}]*\}|\[[^\]]*\])\s*[:=](?!=)/.test(part);

function withManyParameters({ path, text }: SourceFile): readonly string[] {
  const code = bare(text);
  return [...code.matchAll(/([\w$]*)\s*(?:=\s*(?:async )?|: )?(?:<[^>()]*>)?\(/g)].flatMap(found => {
    const parts = partsWithin(code, found.index + found[0].length - 1);
    if (parts === undefined || parts.length <= parametersMax || !parts.every(isParameter)) return [];
    return [`${path} ${found[1]} has ${parts.length}`];
  });
}

// ---- Words of second-hand English ----

const plainWords: Readonly<Record<string, string>> = {
  "but for": "except",
  "not to be had": "unavailable, cannot be found",
  "in vain": "fails",
  "it is said": "reports",
  whoever: "anyone who",
  "for who": "for anyone who",
  "nobody is told": "is not reported",
  "so many": "this many, as many",
  "for want of": "for lack of",
  "gives? back": "returns",
};
/** A line may break between the words, and a comment's next line begins with a mark. */
const unplain = new RegExp(`\\b(${Object.keys(plainWords).join("|").replaceAll(" ", "[\\s*/#]+")})\\b`, "gi");
const readByMany = /^(README\.md$|CONTRIBUTING\.md$|(docs|bin|src|models|properties|fixtures\/buses)\/)/;

const lineOf = (text: string, index: number): number => text.slice(0, index).split("\n").length;

const unplainLines = ({ path, text }: SourceFile): readonly string[] =>
  readByMany.test(path)
    ? [...text.matchAll(unplain)].map(({ 0: words, index }) => `${path}:${lineOf(text, index)} says ${words}`)
    : [];

// ---- The names of worlds ----

const namesWorlds = /^src\/(worlds\/|cli\.ts$|cli\/|commands\/options\.ts$)/;
const oneWorld = `(?:${worldNames.join("|")})`;
const worldSpelled = new RegExp(`(["'\`])(${oneWorld}(?:,${oneWorld})*)\\1`, "g");

/** Quoted, so that no field and no sentence is meant. */
function worldsSpelled({ path, text }: SourceFile): readonly string[] {
  if (!product.test(path) || namesWorlds.test(path)) return [];
  const code = withoutComments(text);
  return [...code.matchAll(worldSpelled)].map(({ 0: quote, index }) => `${path}:${lineOf(code, index)} says ${quote}`);
}

// ---- How a doc comment opens ----

const prepositions =
  "About|Above|After|Among|As|At|Before|Below|Beside|Between|Beyond|By|During|For|From|In|Into|Of|On|Over|Per|Since|Through|To|Under|Until|With|Within|Without";
const headless = "How|What|Whatever|When|Where|Whether|Which|Who|Whose|Why";
const opening = new RegExp(`(?:/\\*\\*|""")[\\s*]*(${prepositions}|${headless})\\b`, "g");
const hasDocComments = /^(bin|src|models|properties|fixtures\/buses)\//;

const openedWithoutNoun = ({ path, text }: SourceFile): readonly string[] =>
  hasDocComments.test(path) && !path.endsWith(".md")
    ? [...text.matchAll(opening)].map(({ 1: word, index }) => `${path}:${lineOf(text, index)} opens with ${word}`)
    : [];

const rules: readonly TreeRule[] = [
  {
    name: "an exported type's name belongs to one file",
    instead: "give the narrower meaning a name of its own; docs/words.md says what each word means",
    check: namesOfSeveralFiles,
    exceptions: [],
    bad: [
      [planted("src/x.ts", "export interface Answer {}"), planted("models/x.ts", "export type Answer = 1;")],
      [planted("src/x.ts", "export interface Answer {}"), planted("models/x.ts", "type Answer = 1;")],
    ],
    good: [
      [planted("src/x.ts", "export interface Answer {}"), planted("models/x.ts", "export type Answers = 1;")],
      [planted("src/x.ts", "interface Answer {}"), planted("models/x.ts", "type Answer = 1;")],
    ],
  },
  {
    name: "no file of the product is imported by tests alone",
    instead: "move it to test/, or remove it",
    check: importedByTestsAlone(entries()),
    exceptions: [
      {
        complaint: /^src\/worlds\/live\/cluster\.ts$/,
        reason: "the drill of a rollout will start several servers with it",
      },
    ],
    bad: [[planted("src/x.ts", ""), planted("test/x.test.ts", 'import { x } from "../src/x.ts";')]],
    good: [
      [planted("src/cli.ts", 'import { x } from "./x.ts";'), planted("src/x.ts", "")],
      [planted("src/cli.ts", 'fork(new URL("./x.ts", import.meta.url));'), planted("src/x.ts", "")],
    ],
  },
  {
    name: `no function has more than ${parametersMax} positional parameters`,
    instead: "hand over a record, or the bus that holds them",
    check: files => files.filter(({ path }) => product.test(path)).flatMap(withManyParameters),
    exceptions: [],
    bad: [
      [planted("src/x.ts", "function f(a: A, b: B, c: C, d: D, e: E, f: F): void {}")],
      [planted("src/x.ts", "const f = (a: A, b: Map<K, V>, c: C, d: D, e: () => E, f = 1): void => {};")],
      [planted("src/x.ts", "type F = (a: A, b: B, c: C, { d }: D, e: E, f?: F) => void;")],
      [
        planted(
          "src/x.ts",
          "class X {\n  go(\n    a: A,\n    b: B,\n    c: C,\n    d: D,\n    e: E,\n    f: F,\n  ): void {}\n}",
        ),
      ],
    ],
    good: [
      [planted("src/x.ts", "function f(a: Map<K, V>, b: B, c: C, d: D, e: E): void {}")],
      [planted("src/x.ts", "f(a, b, c, d, e, g);")],
      [
        planted(
          "src/x.ts",
          "for (let i = 0; i < count; i++) f(a);\nconst g = (a: A, b: B, c: C) => ({ d: 1, e: 2, f: 3 });",
        ),
      ],
    ],
  },
  {
    name: "a world's name is spelled in src/worlds and on the command line alone",
    instead:
      "ask isReal or isDeterministic of src/worlds/names.ts, or take the name from there; an enum takes worldNames",
    check: files => files.flatMap(worldsSpelled),
    exceptions: [
      { complaint: /^src\/report\/fates\.ts:\d+ says "live"$/, reason: "a process's own word: that it is alive" },
    ],
    bad: [
      [planted("src/x.ts", 'if (world === "live") return;')],
      [planted("src/report/x.ts", "const isModel = row.world === 'model';")],
      [planted("src/findings/x.ts", 'const schema = z.enum(["model", "live"]);')],
      [planted("src/commands/x.ts", 'commandLine("compare", { worlds: "model,live" });')],
      [planted("src/drills/x.ts", "const world = `live`;")],
      [planted("models/x.ts", 'type Where = "model" | "live";')],
    ],
    good: [
      [planted("src/x.ts", '// The "live" world.\nconst { live, model } = worlds;\nsay("model and live");')],
      [planted("src/worlds/x.ts", 'const name = "live";')],
      [planted("src/commands/options.ts", 'const name = "live";')],
      [planted("test/x.test.ts", 'expect(world).toBe("live");')],
    ],
  },
  {
    name: "what is read by many says it plainly",
    instead: Object.entries(plainWords)
      .map(([word, plain]) => `${word}: ${plain}`)
      .join("; "),
    check: files => files.flatMap(unplainLines),
    exceptions: [],
    bad: [
      ...Object.keys(plainWords).map(word => [planted("docs/x.md", `This is ${word.replace("?", "")} it.`)]),
      [planted("README.md", "Nothing is sent, and it\nis said.")],
      [planted("CONTRIBUTING.md", "Whoever reads it.")],
      [planted("models/x.ts", "/** Bytes after so many messages. */")],
      [planted("properties/x.ts", 'const promise = "All arrive, but for the last.";')],
      [planted("src/x.ts", "/**\n * All is lost, but\n * for what is stored. */")],
      [planted("src/x.ts", "// All is lost, but\n// for what is stored.")],
      [planted("fixtures/buses/x/main.go", "// x gives back the count.")],
      [planted("fixtures/buses/x/main.py", "# All is lost, but\n# for what is stored.")],
    ],
    good: [
      [planted("docs/x.md", "Everything except the reconnect buffer. Whatever comes.")],
      [planted("test/x.test.ts", "// All but for the last.")],
    ],
  },
  {
    name: "a doc comment opens with a noun or a verb, not with a preposition or a headless relative",
    instead: "say what it is: The number of ..., The reason why ..., True where ..., or what it does",
    check: files => files.flatMap(openedWithoutNoun),
    exceptions: [],
    bad: [
      [planted("src/x.ts", "/** Of what is done before the first step. */")],
      [planted("models/x.ts", "/** In bytes. */")],
      [planted("models/x.ts", "  /** What the caller was told. */")],
      [planted("properties/x.ts", "/**\n * Whether the message was lost.\n */")],
      [planted("src/x.ts", "/**\n *\n * For anyone who hears that steps begin.\n */")],
      [planted("bin/x.js", "/** From here. */")],
      [planted("fixtures/buses/x/main.py", 'def f():\n    """Of a publish."""')],
    ],
    good: [
      [planted("src/x.ts", "/** Inbox of the client. */ /** The reason why it fails. */ /** True where it holds. */")],
      [planted("src/x.ts", "// In bytes.\n/* What it is. */")],
      [planted("test/x.test.ts", "/** In bytes. */")],
      [planted("fixtures/buses/x/main.py", '"""The outcome of a publish."""')],
    ],
  },
];

const files = ["*.ts", "*.md", "*.go", "*.py", "bin/*"].flatMap(pattern => sources(pattern));

describe.each(rules.map(rule => [rule.name, rule] as const))("%s", (_name, rule) => {
  test("and that is so, apart from the exceptions", () => {
    const stands = (one: string): boolean => rule.exceptions.some(({ complaint }) => complaint.test(one));
    const complaints = rule.check(files).filter(one => !stands(one));
    expect(complaints, `instead: ${rule.instead}`).toEqual([]);
  });

  test("and every exception is still needed", () => {
    const complaints = rule.check(files);
    const needless = rule.exceptions.filter(({ complaint }) => !complaints.some(one => complaint.test(one)));
    expect(needless).toEqual([]);
  });

  test.each(rule.bad.map(bad => [bad.at(-1)?.text.slice(0, 60), bad] as const))("and trips on %s", (_text, bad) => {
    expect(rule.check(bad).length).toBeGreaterThan(0);
  });

  test("and lets pass what is right", () => {
    expect(rule.good.flatMap(rule.check)).toEqual([]);
  });
});

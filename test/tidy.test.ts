/**
 * House rules, each with what to do instead. A rule is a function from files to complaints, and is tried on a planted bad example
 * first, so that none can be dead.
 */
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { importsOf, planted, type SourceFile, sources, withoutComments } from "./tidy-sources.ts";

interface Rule {
  readonly name: string;
  readonly instead: string;
  /** What is wrong with the file, one line each. */
  readonly check: (file: SourceFile) => readonly string[];
  readonly bad: readonly SourceFile[];
  readonly good: readonly SourceFile[];
}

/** Files under `from` may import what `may` allows, and nothing else. */
const onlyImports =
  (from: RegExp, may: RegExp) =>
  (file: SourceFile): string[] =>
    from.test(file.path)
      ? importsOf(file)
          .filter(to => !may.test(to))
          .map(to => `imports ${to}`)
      : [];

/** Nobody outside `except` imports what `what` matches. */
const neverImports =
  (from: RegExp, what: RegExp) =>
  (file: SourceFile): string[] =>
    from.test(file.path)
      ? importsOf(file)
          .filter(to => what.test(to))
          .map(to => `imports ${to}`)
      : [];

/** Lines of code, comments left out, that match. */
const linesThat = (file: SourceFile, pattern: RegExp, text = withoutComments(file.text)): string[] =>
  text.split("\n").flatMap((line, i) => (pattern.test(line) ? [`line ${i + 1}: ${line.trim()}`] : []));

const pure = /^(models|properties)\//;
const notUsed = ["chaos", "flaky", "mock", "utils", "manager"];

/** The words of a name: `replayManagerOf` has replay, manager and of. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);

const namesIn = (code: string): readonly string[] => code.match(/[A-Za-z_$][\w$]*/g) ?? [];

/** What a package calls its own it may call as it likes; a method is often named after its type, in another case. */
const namesOfPackages = (text: string): readonly string[] =>
  [...text.matchAll(/\bimport\s*(?:type\s*)?\{([^}]*)\}\s*from\s+"[^.]/g)].flatMap(([, names = ""]) =>
    namesIn(names.toLowerCase()),
  );

function namesNotUsed({ path, text }: SourceFile): string[] {
  const code = withoutComments(text).replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
  const foreign = new Set(namesOfPackages(withoutComments(text)));
  const names = new Set([path, ...namesIn(code).filter(name => !foreign.has(name.toLowerCase()))]);
  return [...names].filter(name => wordsOf(name).some(word => notUsed.includes(word))).map(name => `says ${name}`);
}

const linesMax = 700;

const rules: readonly Rule[] = [
  {
    name: "the vocabulary imports nothing but the vocabulary",
    instead: "put behaviour into models/, validation into src/files/",
    check: onlyImports(/^models\/vocabulary\//, /^models\/vocabulary\//),
    bad: [planted("models/vocabulary/x.ts", 'import { plan } from "../plan.ts";')],
    good: [planted("models/vocabulary/x.ts", 'import type { Run } from "./event.ts";')],
  },
  {
    name: "what follows from a policy imports nothing but the vocabulary",
    instead: "take what the model knows as an argument: properties and generators read models/policy too",
    check: onlyImports(/^models\/policy\//, /^models\/(vocabulary|policy)\//),
    bad: [planted("models/policy/x.ts", 'import type { View } from "../plan/view.ts";')],
    good: [planted("models/policy/x.ts", 'import { covers } from "./pattern.ts";')],
  },
  {
    name: "models import only models",
    instead: "a model has no library, clock, file or randomness: ask `choose`, and let a world supply the rest",
    check: onlyImports(/^models\//, /^models\//),
    bad: [
      planted("models/x.ts", 'import { judge } from "../src/judge/judge.ts";'),
      planted("models/x.ts", 'import fc from "fast-check";'),
      planted("models/x.ts", 'const fs = await import("node:fs");'),
      planted("models/x.ts", 'import {\n  catalogue,\n} from "../properties/catalogue.ts";'),
      planted("models/x.ts", 'export * from "../src/judge/run.ts";'),
    ],
    good: [planted("models/profiles/x.ts", 'import { plan } from "../plan.ts";')],
  },
  {
    name: "what befalls a process is worked out by the plan and its faults alone",
    instead: "read `life`, `before`, `after` and `passes` of a planned step",
    check: neverImports(
      /^(models\/(?!(plan|faults)\/)|properties\/|src\/)/,
      /^models\/plan\/(life|advance|settle)\.ts$/,
    ),
    bad: [
      planted("models/x.ts", 'import { passTime } from "./plan/life.ts";'),
      planted("src/worlds/live/x.ts", 'import { advance } from "../../../models/plan/advance.ts";'),
    ],
    good: [
      planted("models/x.ts", 'import type { Life } from "./plan/plan.ts";'),
      planted("models/plan/x.ts", 'import { passTime } from "./life.ts";'),
      planted("models/faults/x.ts", 'import { endProcess } from "../plan/life.ts";'),
    ],
  },
  {
    name: "properties see events, never the model's behaviour or a world",
    instead: "fold what you need out of the events; the oracle's answer reaches you as one",
    check: onlyImports(/^properties\/(?!arbitraries\/)/, /^(models\/(vocabulary|policy)|properties)\//),
    bad: [
      planted("properties/x.ts", 'import { plan } from "../models/plan/plan.ts";'),
      planted("properties/x.ts", 'import { openModel } from "../src/worlds/model.ts";'),
      planted("properties/x.ts", 'import fc from "fast-check";'),
    ],
    good: [
      planted("properties/x.ts", 'import type { Event } from "../models/vocabulary/event.ts";'),
      planted("properties/x.ts", 'import { streamOf } from "../models/policy/streams.ts";'),
    ],
  },
  {
    name: "arbitraries make scenarios out of vocabulary and chance",
    instead: "a generator that needs the model's behaviour would make only what the model already knows",
    check: onlyImports(
      /^properties\/arbitraries\//,
      /^((models\/(vocabulary|policy)|properties)\/|(fast-check|seedrandom)$)/,
    ),
    bad: [planted("properties/arbitraries/x.ts", 'import { step } from "../../models/bus.ts";')],
    good: [planted("properties/arbitraries/x.ts", 'import fc from "fast-check";')],
  },
  {
    name: "worlds never judge",
    instead: "emit an event; src/judge/judge.ts reads it afterwards",
    check: neverImports(/^src\/worlds\//, /^(properties\/|src\/judge\/|src\/(report|search|commands)\/)/),
    bad: [
      planted("src/worlds/x.ts", 'import { catalogue } from "../../properties/catalogue.ts";'),
      planted("src/worlds/live/x.ts", 'import { judge } from "../../judge/judge.ts";'),
    ],
    good: [planted("src/worlds/x.ts", 'import { step } from "../../models/bus.ts";')],
  },
  {
    name: "the report renders and never runs",
    instead: "hand the report what was found; run things in src/commands",
    check: neverImports(
      /^src\/report\//,
      /^src\/(worlds\/(?!names\.ts$)|(bus-protocol|search|commands)\/)|^src\/judge\/run\.ts$/,
    ),
    bad: [planted("src/report/x.ts", 'import { runModel } from "../worlds/model.ts";')],
    good: [
      planted("src/report/x.ts", 'import type { Judgement } from "../judge/judge.ts";'),
      planted("src/report/x.ts", 'import { isReal } from "../worlds/names.ts";'),
    ],
  },
  {
    name: "only the command line calls commands",
    instead: "move what a command shares with the library into src/runs/ or src/findings/",
    check: neverImports(/^src\/(?!commands\/|cli\/|cli\.ts$)/, /^src\/commands\//),
    bad: ["src/index.ts", "src/holds.ts", "src/vitest.ts", "src/runs/x.ts"].map(path =>
      planted(path, `import { openLive } from "${path.includes("/x.ts") ? ".." : "."}/commands/live.ts";`),
    ),
    good: [
      planted("src/cli.ts", 'import { drill } from "./commands/drill.ts";'),
      planted("src/cli/drill.ts", 'import { drill } from "../commands/drill.ts";'),
      planted("src/commands/search.ts", 'import { compare } from "./compare.ts";'),
      planted("src/holds.ts", 'import { openSite } from "./runs/live.ts";'),
    ],
  },
  {
    name: "what broke is told by its kind",
    instead: "ask `kind` of what src/findings/broke.ts gives; a name with a slash in it is no promise for that",
    check: file =>
      /^src\/(?!files\/policies\.ts$)/.test(file.path)
        ? linesThat(file, /\.(includes|indexOf|split|search)\("\/"\)/)
        : [],
    bad: [
      planted("src/commands/x.ts", 'const isPromise = broken.includes("/");'),
      planted("src/x.ts", 'const concern = property.split("/")[0];'),
    ],
    good: [planted("src/x.ts", 'const isPromise = broken.kind === "promise";')],
  },
  {
    name: "a line to paste is put together in one place",
    instead:
      "give commandLine or replayLine of src/findings/again.ts the options; it leaves out, quotes and orders them",
    check: file =>
      /^src\/(?!findings\/again\.ts$|cli(\.ts$|\/)|worlds\/)/.test(file.path)
        ? linesThat(file, /\bnpx faultline\b|\bfaultline (drill|search|replay|compare|exhaust) |\[["'`]--/)
        : [],
    bad: [
      planted("src/commands/x.ts", 'const again = "npx faultline replay " + file;'),
      planted("src/report/x.ts", 'say("try faultline search --policy " + policy);'),
      planted("src/holds/x.ts", 'const more = ["--require", id];'),
    ],
    good: [
      planted("src/commands/x.ts", "const again = replayLine(file, { seed });"),
      planted("src/commands/x.ts", "/** `faultline search --runs n`. */"),
    ],
  },
  {
    name: "no program imports tests or fixtures",
    instead: "move what is shared into src/",
    check: neverImports(/^(models|properties|src)\//, /^(test|fixtures)\//),
    bad: [planted("src/x.ts", 'import { zoo } from "../test/mutants/zoo.ts";')],
    good: [planted("src/x.ts", 'import { plan } from "../models/plan/plan.ts";')],
  },
  {
    name: "vitest is imported by its skin and by tests only",
    instead: "return a verdict as data, as src/holds.ts does; src/vitest.ts registers the test",
    check: neverImports(/^(models|properties|src\/(?!vitest\.ts$))/, /^vitest$/),
    bad: ["src/holds.ts", "src/report/vitest.ts", "models/x.ts"].map(path =>
      planted(path, 'import { test } from "vitest";'),
    ),
    good: [planted("src/vitest.ts", 'import { test } from "vitest";')],
  },
  {
    name: "fast-check is imported by generators, searches and tests only",
    instead: "use scenarioOf from properties/arbitraries/scenario.ts",
    check: neverImports(/^(?!properties\/arbitraries\/|src\/search\/|src\/holds\/random\.ts|test\/)/, /^fast-check$/),
    bad: [planted("src/judge/judge.ts", 'import fc from "fast-check";')],
    good: [planted("src/search/x.ts", 'import fc from "fast-check";')],
  },
  {
    name: "models and properties have no clock and no chance of their own",
    instead: "time is a number advanced by steps; chance is an answer of `choose`, or of randomOf in a generator",
    check: file =>
      pure.test(file.path)
        ? linesThat(
            file,
            /\b(Date\.now|new Date|performance\.|Math\.random|process\.|setTimeout|setInterval|setImmediate|queueMicrotask|crypto\.)/,
          )
        : [],
    bad: [
      "Date.now()",
      "new Date()",
      "performance.now()",
      "Math.random()",
      "process.hrtime()",
      "setTimeout(go, 1)",
      "crypto.randomUUID()",
    ].map(code => planted("models/x.ts", `const x = ${code};`)),
    good: [planted("src/x.ts", "Date.now();"), planted("models/x.ts", "// Never Date.now() here.\n")],
  },
  {
    name: "models and properties throw no dice by the order of a machine",
    instead: "sort by code unit: localeCompare and Intl differ from machine to machine",
    check: file => (pure.test(file.path) ? linesThat(file, /\b(localeCompare|toLocale\w+|Intl\.)/) : []),
    bad: [planted("properties/x.ts", "list.sort((a, b) => a.localeCompare(b));")],
    good: [planted("properties/x.ts", "list.sort((a, b) => a - b);")],
  },
  {
    name: "the model reads a profile, never a client's name",
    instead: "put the difference into the profile as data, with the fact that shows it",
    check: file =>
      /^models\/(plan\/)?[a-z-]+\.ts$/.test(file.path)
        ? linesThat(file, /profile\.(name|client)\b|"nats-(go|js|py)/)
        : [],
    bad: [planted("models/bus.ts", 'if (profile.name === "nats-go") return;')],
    good: [planted("models/profiles/nats-go.ts", 'name: "nats-go",')],
  },
  {
    name: "the model and its oracle never see the words for what they find",
    instead: "compare entries by their keys, and give the reason as data; the code that shows it calls worded",
    check: neverImports(/^models\/(?!words\.ts$|index\.ts$)/, /^models\/words\.ts$/),
    bad: [planted("models/oracle.ts", 'import { worded } from "./words.ts";')],
    good: [planted("src/judge/judge.ts", 'import { worded } from "../models/words.ts";')],
  },
  {
    name: "a sentence is written and never read back",
    instead: "give the text a kind, or the number a field, and ask that",
    check: file =>
      /^(models|properties|src\/report)\//.test(file.path)
        ? linesThat(file, /\.(startsWith|endsWith)\(["'`][^"'`]*[A-Za-z]{3}/)
        : [],
    bad: [
      planted("models/oracle.ts", 'text.endsWith(" message 7");'),
      planted("src/report/x.ts", 'note.startsWith("message");'),
    ],
    good: [planted("properties/x.ts", 'pattern.endsWith(".>");'), planted("src/x.ts", 'name.endsWith(".json");')],
  },
  {
    name: `no name says ${notUsed.join(", ")}`,
    instead: "say disturbance or fault; racy; mutant or stand-in; what the file truly holds; what the thing truly does",
    check: namesNotUsed,
    bad: [
      planted("src/utils.ts", ""),
      planted("src/x.ts", "const serverManager = 1;"),
      planted("test/x.test.ts", "vi.mock(path);"),
      planted("src/x.ts", "class ChaosMonkey {}"),
      planted("src/x.ts", "const is_flaky = true;"),
      planted("src/x.ts", 'import { serverManager } from "./servers.ts";'),
    ],
    good: [
      planted("src/x.ts", '// Others say chaos.\nconst hammock = "mock";'),
      planted("src/x.ts", 'import { jetstreamManager } from "@nats-io/jetstream";\njetstreamManager();'),
      planted("src/x.ts", 'import type { JetStreamManager } from "@nats-io/jetstream";\nlet jsm: JetStreamManager;'),
      planted("src/x.ts", 'import { connect, type JetStreamManager } from "nats";\nnc.jetstreamManager();'),
    ],
  },
  {
    name: "whatever is printed passes through one file",
    instead: "call writeOut, writeErr or writeDocument of src/cli/outlet.ts, which cleans it",
    check: file =>
      /^(models|properties|src)\/(?!cli\/outlet\.ts$|bus-protocol\/serve\.ts$)/.test(file.path)
        ? linesThat(
            file,
            /\bprocess\s*\.\s*(stdout|stderr)\b|\bprocess\[|\bconsole\b|[{,]\s*(stdout|stderr)\b.*=\s*process\b|(from|import\()\s*"(node:)?process"|\bwrite(File)?Sync\([12]\b/,
          )
        : [],
    bad: [
      planted("src/cli/perform.ts", "(json ? process.stderr : process.stdout).write(line);"),
      planted("src/vitest.ts", "process.stderr.write(line);"),
      planted("src/report/x.ts", "console.log(reason);"),
      planted("src/x.ts", 'import { stdout } from "node:process";'),
      planted("src/x.ts", "const { stdout } = process;"),
      planted("src/x.ts", 'process["stdout"].write(text);'),
      planted("src/x.ts", "writeSync(1, text);"),
    ],
    good: [
      planted("src/cli/outlet.ts", "process.stdout.write(cleanedText(text));"),
      planted("src/worlds/live/x.ts", "child.stdout.on(data);"),
    ],
  },
  {
    name: "nothing is left for later",
    instead: "do it, or open an issue",
    check: file => linesThat(file, /\b(TODO|FIXME|XXX)\b/, file.text),
    bad: [planted("src/x.ts", "// TODO: later"), planted("test/x.ts", "/* FIXME */")],
    good: [planted("src/x.ts", "// Done.")],
  },
  {
    name: "no test is skipped, singled out or left to be written",
    instead: "let a test say what it needs and fail where that is missing",
    check: file =>
      file.path.startsWith("test/") ? linesThat(file, /\b(test|it|describe)(\.\w+)*\.(skip|only|todo|fails)\b/) : [],
    bad: [
      planted("test/x.test.ts", 'test.skip("x", () => {});'),
      planted("test/x.test.ts", 'describe.only("x", () => {});'),
      planted("test/x.test.ts", 'test.concurrent.todo("x");'),
    ],
    good: [planted("test/x.test.ts", 'test.each([1])("x", () => {});')],
  },
  {
    name: "no file names a place on one machine",
    instead: "start from import.meta.dirname, or from a temporary folder",
    check: file => linesThat(file, /["'`](\/home\/|\/Users\/|\/root\/|\/work\/|[A-Z]:\\)/, file.text),
    bad: [planted("test/x.ts", 'read("/home/someone/x.json");')],
    good: [planted("test/x.ts", 'read("fixtures/x.json");')],
  },
  {
    name: `no file is longer than ${linesMax} lines`,
    instead: "split it along its concerns",
    check: ({ text }) => (text.split("\n").length > linesMax + 1 ? [`has ${text.split("\n").length - 1} lines`] : []),
    bad: [planted("src/x.ts", "x;\n".repeat(linesMax + 1))],
    good: [planted("src/x.ts", "x;\n".repeat(linesMax))],
  },
  {
    name: "a file begins by saying what it is for",
    instead: "begin with a /** comment: what it is for, who calls it, what it never does",
    check: ({ path, text }) =>
      /^(models|properties|src)\//.test(path) && !/^(#!.*\n)?\/\*\* ?\n? ?\*? ?\S/.test(text)
        ? ["begins with no doc comment"]
        : [],
    bad: [
      planted("src/x.ts", 'import { a } from "./a.ts";\n/** Late. */'),
      planted("models/x.ts", "// Not a doc comment.\n"),
    ],
    good: [
      planted("src/x.ts", "/** What it is for. */\n"),
      planted("src/x.ts", "/**\n * What it is for.\n */\n"),
      planted("src/x.ts", "#!/usr/bin/env node\n/** What it is for. */\n"),
    ],
  },
  {
    name: "imports name the file, with its .ts",
    instead: "write ./x.ts: nothing resolves it otherwise when types are stripped",
    check: file =>
      importsOf(file)
        .filter(to => /^(models|properties|src|test|fixtures)\//.test(to) && !/\.(ts|mjs|json)$/.test(to))
        .map(to => `imports ${to}`),
    bad: [planted("src/x.ts", 'import { a } from "./a";'), planted("src/x.ts", 'import { a } from "./a.js";')],
    good: [planted("src/x.ts", 'import { a } from "./a.ts";')],
  },
];

const files = sources();

test("there are files to look at, in each folder", () => {
  for (const folder of ["models/", "models/vocabulary/", "properties/", "properties/arbitraries/", "src/", "test/"])
    expect(files.filter(({ path }) => dirname(path).concat("/") === folder).length, folder).toBeGreaterThan(0);
});

describe.each(rules.map(rule => [rule.name, rule] as const))("%s", (_name, rule) => {
  test("and that is so", () => {
    const complaints = files.flatMap(file => rule.check(file).map(what => `${file.path} ${what}`));
    expect(complaints, `instead: ${rule.instead}`).toEqual([]);
  });

  test.each(rule.bad.map(file => [file.text.slice(0, 60) || file.path, file] as const))(
    "and trips on %s",
    (_text, file) => {
      expect(rule.check(file).length).toBeGreaterThan(0);
    },
  );

  test("and lets pass what is right", () => {
    expect(rule.good.flatMap(rule.check)).toEqual([]);
  });
});

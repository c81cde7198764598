/** The program is what the snapshot says that it is; and the snapshot reports what it is there to report. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { nameOf, takeCommands, takeDigests } from "./collect.ts";
import { commands } from "./commands.ts";
import { compareDigests, differences, renderDifference } from "./differences.ts";
import { takeExports } from "./exports.ts";
import { keptFolder, read } from "./kept-files.ts";
import { digestOf, modelRun } from "./model-runs.ts";
import { type Json, part, shapeOf, textHere } from "./split.ts";
import { varies, volatileFields } from "./volatile.ts";

const advice = "a mistake, or a decision that is written down: see CONTRIBUTING.md, The snapshot";
const place = { root: "/package", folder: "/folder" };
/** A busy machine takes twenty times as long as an idle one. */
const boundMs = 600_000;

describe("the program has not changed", { timeout: boundMs }, () => {
  test("in 5,000 random runs of the model", async () => {
    const { structure } = await takeDigests();
    const kept = read(keptFolder, "digests").structure as Readonly<Record<string, string>>;
    expect(compareDigests(kept, structure).map(renderDifference), advice).toEqual([]);
  });

  test("in what its quick commands say, counterexamples of f60ed44 among them", async () => {
    const quick = commands.filter(one => one.quick);
    expect(quick.length).toBeGreaterThan(5);
    const { structure } = await takeCommands(quick);
    const kept = read(keptFolder, "commands");
    const due = Object.fromEntries(quick.map(one => [nameOf(one), kept[nameOf(one)] as Json]));
    expect(differences(due, structure).map(renderDifference), advice).toEqual([]);
  });

  test("in what it exports", async () => {
    expect(differences(read(keptFolder, "commands").exports, await takeExports()).map(renderDifference)).toEqual([]);
  });
});

describe("what is kept", () => {
  test("names each command that is taken, and no other", () => {
    const due = [...commands.map(nameOf), "exports"];
    expect(Object.keys(read(keptFolder, "commands")).toSorted()).toEqual(due.toSorted());
    expect(new Set(due).size).toBe(due.length);
  });

  test("stays below 2 MB", () => {
    const bytes = readdirSync(keptFolder).map(name => statSync(join(keptFolder, name)).size);
    expect(bytes.reduce((sum, one) => sum + one)).toBeLessThan(2_000_000);
  });

  test.each(volatileFields.map(one => [String(one.path), one.path] as const))("lacks a value at %s", (_text, path) => {
    const left = [...Object.values(read(keptFolder, "commands")), ...Object.values(read(keptFolder, "live"))];
    const paths = left.flatMap(one => pathsOf(one, varies)).map(one => one.replace(/^document\.?/, ""));
    expect(paths.some(one => path.test(one))).toBe(true);
  });

  test("holds no place of the machine that wrote it", () => {
    for (const name of readdirSync(keptFolder))
      expect(readFileSync(join(keptFolder, name), "utf8")).not.toMatch(/\/(tmp|home|work|root)\//);
  });
});

/** The fields that lead to a value, the places in arrays left out. */
function pathsOf(json: Json, value: string, path: readonly string[] = []): readonly string[] {
  if (Array.isArray(json)) return json.flatMap(one => pathsOf(one, value, path));
  if (typeof json === "object" && json !== null)
    return Object.entries(json).flatMap(([name, one]) => pathsOf(one, value, [...path, name]));
  return json === value ? [path.join(".")] : [];
}

describe("structure and texts are told apart", () => {
  const document = {
    verdict: "violated",
    violations: [{ property: "core-path/order-is-kept", reason: "message 2 came first", steps: 3 }],
    again: "npx faultline replay /folder/a.json",
    seconds: 1.25,
    note: "2.5 s in /folder",
  };

  test("a sentence is a text under its path; words, counts, ids and lines to paste are structure", () => {
    expect(part(document, place)).toEqual({
      structure: {
        ...document,
        violations: [{ property: "core-path/order-is-kept", reason: textHere, steps: 3 }],
        again: "npx faultline replay (folder)/a.json",
        seconds: varies,
        note: textHere,
      },
      texts: {
        "violations > core-path/order-is-kept > reason": "message 2 came first",
        note: "(time) s in (folder)",
      },
    });
  });

  test("another sentence is a difference of texts alone", () => {
    const [violation] = document.violations;
    const changed = { ...document, violations: [{ ...violation, reason: "message 2 overtook message 1" }] };
    const [before, after] = [part(document, place), part(changed as Json, place)];
    expect(differences(before.structure, after.structure)).toEqual([]);
    expect(differences(before.texts, after.texts).map(one => one.path)).toEqual([
      "violations > core-path/order-is-kept > reason",
    ]);
  });

  test("a sentence that is gone is a difference of structure", () => {
    const { note: _note, ...without } = document;
    const found = differences(part(document, place).structure, part(without, place).structure);
    expect(found).toEqual([{ path: "note", before: textHere, after: undefined }]);
  });

  test("a shape holds the fields, and neither values nor how many there are", () => {
    const shape = shapeOf({ buses: [{ name: "a" }, { name: "b" }], advice: [] });
    expect(shape).toEqual({ buses: [{ name: "(value)" }], advice: "(values)" });
    expect(shapeOf({ buses: [{ name: "c" }], advice: ["x"] })).toEqual(shape);
    expect(differences(shape, shapeOf({ buses: [{ name: "c", path: "p" }], advice: [] }))).toHaveLength(1);
  });
});

describe("a difference is reported with its place", () => {
  const rows = [
    { world: "model", scenario: "a/b", verdict: "holds", places: { arrived: 2 } },
    { world: "model", scenario: "c/d", verdict: "holds", places: { arrived: 1 } },
  ];

  test("in a row that is named by what it is about, wherever it stands", () => {
    const now = [{ ...rows[0], scenario: "0/new" }, rows[0], { ...rows[1], places: { arrived: 0 } }] as Json;
    expect(differences(rows, now, ["drill"]).map(renderDifference)).toEqual([
      "  drill > model · c/d > places > arrived: 1 → 0",
      `  drill > model · 0/new: (nothing) → ${JSON.stringify({ ...rows[0], scenario: "0/new" })}`,
    ]);
  });

  test("where only the order has changed", () => {
    expect(differences(rows, rows.toReversed()).map(one => one.path)).toEqual(["(order)"]);
    expect(differences(["x", "y"], ["y", "x"]).map(one => one.path)).toEqual(["(order)"]);
  });

  test("of the model runs by the first run of its chunk", () => {
    const [one] = compareDigests({ "50 to 99: a": "k l m" }, { "50 to 99: a": "k x y" });
    expect(one).toMatchObject({ before: "l", after: "x" });
    expect(one?.path).toContain("run 51 ");
  });
});

describe("the digest of a run", () => {
  const run = 7;
  const observedBecause = (why: string) =>
    modelRun(run, event => (event.kind === "observed" ? { ...event, why } : event));

  test("covers what happened", () => {
    const more = modelRun(run, event => (event.kind === "delivered" ? { ...event, count: event.count + 1 } : event));
    const otherwise = modelRun(run, event =>
      event.kind === "published" ? { ...event, outcome: { is: "unsettled", kind: "other" } } : event,
    );
    expect(new Set([modelRun(run), more, otherwise].map(digestOf)).size).toBe(3);
  });

  test("leaves sentences out, which have a digest of their own", () => {
    const [one, other] = [observedBecause("some words"), observedBecause("other words")];
    expect(one.texts).not.toEqual(other.texts);
    expect([digestOf(one), digestOf(other)]).toEqual([digestOf(modelRun(run)), digestOf(modelRun(run))]);
  });
});

describe("npm run snapshot", { timeout: boundMs }, () => {
  const line = "faultline search --profile nats-rust --seed 1";
  const replay = "faultline replay test/snapshot/files/reconnect-buffer--0d3a2048.json --world model --json";

  /** With one thing changed in what is kept. */
  async function snapshot(only: string, file: string, before: string, after: string, ...words: readonly string[]) {
    const folder = mkdtempSync(join(tmpdir(), "kept-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(keptFolder, folder, { recursive: true });
    const kept = readFileSync(join(folder, file), "utf8");
    expect(kept).toContain(before);
    writeFileSync(join(folder, file), kept.replace(before, after));
    const program = join(import.meta.dirname, "run.ts");
    const args = [program, "--kept", folder, "--only", only, ...words];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"], timeout: boundMs });
    const [stdout, [status]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return { status: status as number | null, stdout };
  }

  test("ends with 1 and names the place where a planted value stands", async () => {
    const before = `${JSON.stringify(line)}: {"exitCode":64`;
    const { status, stdout } = await snapshot(line, "commands.json", before, before.replace("64", "0"));
    expect([status, stdout]).toEqual([1, expect.stringContaining(`${line} > exitCode: 0 → 64`)]);
    expect(stdout).toContain("1 differences of structure, 0 of texts");
  });

  test("lists a sentence that was changed, and ends with 0; with --texts it ends with 1", async () => {
    const before = 'There is no profile \\"nats-rust\\"';
    const changed = ["texts.json", before, 'No such profile: \\"nats-rust\\"'] as const;
    const { status, stdout } = await snapshot(line, ...changed);
    expect([status, stdout]).toEqual([0, expect.stringContaining(`${line} > text: `)]);
    expect(stdout).toContain("0 differences of structure, 1 of texts");
    expect((await snapshot(line, ...changed, "--texts")).status).toBe(1);
  });

  test("finds a command that is not kept yet", async () => {
    const { status, stdout } = await snapshot(replay, "commands.json", JSON.stringify(replay), '"another"');
    expect([status, stdout]).toEqual([1, expect.stringContaining(`${replay}: (nothing) → `)]);
  });
});

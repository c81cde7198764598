/** The journal of a run: what was recorded is not run again, a torn last line is what a kill leaves, and all else is refused. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { liveLimits } from "../../models/plan/plan.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { randomOf } from "../../properties/arbitraries/random.ts";
import { loadCorpus } from "../../src/files/corpus.ts";
import type { Judgement } from "../../src/judge/judge.ts";
import {
  createJournal,
  digestOfJson,
  type Header,
  type Journal,
  readJournal,
  resumeJournal,
} from "../../src/runs/journal.ts";
import { pruneRuns } from "../../src/runs/run-folder.ts";
import { type LiveFound, type LiveSearch, newLiveFound, searchLive } from "../../src/search/random/live.ts";
import { modelCapabilities, runModel } from "../../src/worlds/model.ts";
import { profileNamed } from "../models/cases.ts";

const header: Header = { tool: "0.1.0", command: "compare", seed: "1", options: { runs: 12 }, source: "" };
const facts = { profile: "p", client: "c 1", natsServer: "2", toxiproxy: "3", capabilities: ["flush", "cut"] };
const bus = "a bus";

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "journal-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const fileOf = (folder: string): string => join(folder, "journal.jsonl");
const textOf = (folder: string): string => readFileSync(fileOf(folder), "utf8");
/** As if the process that wrote it had ended. */
const orphaned = (text: string): string => text.replaceAll(/"start":"\d+"/g, '"start":"1"');
const put = (folder: string, text: string): void => writeFileSync(fileOf(folder), orphaned(text));

/** Random cases of a modelled bus, recorded: what was found, and which cases were run for it. */
async function searchWith(
  journal: Journal,
  behaves: Profile,
  held: Profile,
  budgetMs: number = Number.POSITIVE_INFINITY,
  keepGoing = true,
): Promise<{ readonly found: LiveFound; readonly ran: readonly string[] }> {
  const ran: string[] = [];
  const found = newLiveFound();
  const stage: LiveSearch["stage"] = {
    lanes: 3,
    capabilities: modelCapabilities(behaves),
    limits: liveLimits,
    run(one, emit) {
      ran.push(one.scenario.id);
      // Where a message ended no live world sees.
      runModel(one, one.seed, event => event.kind !== "ended" && emit(event), behaves);
    },
    close: async () => {},
  };
  const search: LiveSearch = {
    stage,
    bus,
    profile: held,
    declared: behaves,
    seed: "1",
    runsMax: 12,
    budgetMs,
    judging: {},
    policy: undefined,
    keepGoing,
    journal,
  };
  journal.world(bus, facts);
  await searchLive(search, found, { onCase() {}, onShrinking() {}, onFailure() {} });
  journal.complete();
  return { found: { ...found, seconds: 0 }, ran };
}

describe.each([
  ["a bus that keeps its promises", profileNamed("nats-go"), profileNamed("nats-go")],
  ["a bus that breaks some", profileNamed("nats-js-3"), profileNamed("nats-go")],
])("%s", (_name, behaves, held) => {
  test("a journal cut off at any byte, and resumed, comes to what the whole run found", {
    timeout: 120_000,
  }, async () => {
    const folder = ownFolder();
    const whole = await searchWith(createJournal(folder, header), behaves, held);
    expect(whole.found.disagree > 0).toBe(behaves !== held);
    expect(whole.found.witnessed.some(one => one.forced > 0)).toBe(true);
    const written = textOf(folder);
    const headerEnds = written.indexOf("\n") + 1;
    const random = randomOf("1", "kills");
    const runAgain: number[] = [];
    for (let i = 0; i < 60; i++) {
      const resumed = ownFolder();
      const end = i === 0 ? written.length : random.int(headerEnds, written.length);
      put(resumed, written.slice(0, end));
      const recorded = readJournal(resumed);
      const { found, ran } = await searchWith(resumeJournal(resumed, header), behaves, held);
      expect(found, `cut off at byte ${end}`).toEqual(whole.found);
      for (const { scenario } of recorded.cases.values())
        if (recorded.found.size > 0 || whole.found.failure?.foundAs !== scenario)
          expect(ran, `cut off at byte ${end}`).not.toContain(scenario);
      runAgain.push(ran.length);
      const now = readJournal(resumed);
      expect([now.isComplete, now.cases.size]).toEqual([true, 12]);
    }
    expect(runAgain[0]).toBe(0);
    expect(Math.max(...runAgain)).toBeGreaterThanOrEqual(10);
  });
});

describe("what a journal is not", () => {
  /** The lines of a small one that is right. */
  async function lines(): Promise<readonly string[]> {
    const folder = ownFolder();
    await searchWith(createJournal(folder, header), profileNamed("nats-go"), profileNamed("nats-go"));
    return orphaned(textOf(folder)).trimEnd().split("\n");
  }

  function refusal(text: string, asked: Header = header): { readonly exitCode: number; readonly message: string } {
    const folder = ownFolder();
    writeFileSync(fileOf(folder), text);
    try {
      resumeJournal(folder, asked);
    } catch (error) {
      const { exitCode, message } = error as { exitCode: number; message: string };
      return { exitCode, message: message.replace(`${folder}/`, "").replace(folder, "FOLDER") };
    }
    return expect.unreachable("it was taken");
  }

  test.each<[string, (all: string[]) => unknown, string]>([
    ["a line that is no JSON", all => all.splice(4, 1, "{"), "journal.jsonl:5: is not JSON"],
    ["a line of NULs", all => all.splice(4, 1, "\0\0"), "journal.jsonl:5: is not JSON"],
    ["an unknown kind", all => all.splice(4, 1, '{"kind":"x"}'), "journal.jsonl:5: kind: "],
    [
      "an unknown field",
      all => all.splice(1, 0, '{"kind":"complete","cases":0,"x":1}'),
      'journal.jsonl:2: unknown field "x"',
    ],
    ["a negative count", all => all.splice(1, 0, '{"kind":"complete","cases":-1}'), "journal.jsonl:2: cases: "],
    ["a line far too long", all => all.splice(4, 1, `"${"x".repeat(1_100_000)}"`), "journal.jsonl:5: is larger than"],
    [
      "a line far too deep",
      all => all.splice(4, 1, "[".repeat(50) + "]".repeat(50)),
      "journal.jsonl:5: is nested deeper",
    ],
    ["no header", all => all.shift(), "journal.jsonl:1: is not the header"],
    ["two headers", all => all.splice(1, 0, all[0] ?? ""), "journal.jsonl:2: is a second header"],
    [
      "a case told twice",
      all => all.splice(4, 0, all[4] ?? ""),
      "journal.jsonl:6: tells of random/1-1 on a bus a second time",
    ],
    ["a case after the end", all => all.push(all.splice(4, 1)[0] ?? ""), "journal.jsonl:15: counts 12 cases"],
    [
      "an end too soon",
      all => all.splice(1, 0, '{"kind":"complete","cases":0}', all[4] ?? ""),
      "journal.jsonl:3: follows the line",
    ],
    ["nothing", all => all.splice(0), "journal.jsonl:1: is not the header"],
  ])("%s is refused by its line, with what to do", async (_name, change, begins) => {
    const all = [...(await lines())];
    change(all);
    const { exitCode, message } = refusal(all.map(line => `${line}\n`).join(""));
    expect([exitCode, message.slice(0, begins.length)]).toEqual([65, begins]);
    expect(message).toMatch(/Run the command without --resume to begin anew\.$/);
  });

  test("one of other options, another seed or command is refused as usage, with each difference", async () => {
    const text = `${(await lines()).join("\n")}\n`;
    const asked: Header = { ...header, command: "search", seed: "2", options: { runs: 13, property: "x" } };
    expect(refusal(text, asked)).toEqual({
      exitCode: 64,
      message:
        '--resume FOLDER: that run was asked for something else: command was "compare" and is "search"; seed was "1" and is "2"; ' +
        'runs was 12 and is 13; property was null and is "x". Give the options that it had.',
    });
  });

  test.each<[string, Partial<Header>, RegExp]>([
    ["another version", { tool: "0.2.0" }, /was written by faultline 0\.1\.0, and this is 0\.2\.0: use that version/],
    ["other scenarios", { source: digestOfJson("x") }, /made from other scenarios or another policy/],
  ])("one of %s is refused as a file", async (_name, change, says) => {
    const { exitCode, message } = refusal(`${(await lines()).join("\n")}\n`, { ...header, ...change });
    expect(exitCode).toBe(65);
    expect(message).toMatch(says);
  });

  test("one that ran on another server or client is refused", async () => {
    const folder = ownFolder();
    put(folder, `${(await lines()).join("\n")}\n`);
    const journal = resumeJournal(folder, header);
    journal.world(bus, { ...facts, capabilities: facts.capabilities.toReversed() });
    expect(() => journal.world(bus, { ...facts, natsServer: "2.1" })).toThrow(
      'the cases of a bus ran on something else: natsServer was "2" and is "2.1".',
    );
    const capabilities = [...facts.capabilities.slice(1), "new-one"];
    expect(() => journal.world(bus, { ...facts, capabilities })).toThrow(
      `the cases of a bus ran on something else: capabilities no longer has ${facts.capabilities[0]} and has new-one now.`,
    );
  });

  test("one that a living process writes is refused, and a folder without one", () => {
    const folder = ownFolder();
    createJournal(folder, header);
    expect(() => resumeJournal(folder, header)).toThrow(/that run still goes on, as process \d+/);
    expect(() => resumeJournal(ownFolder(), header)).toThrow(/holds no journal\.jsonl, so nothing was recorded/);
  });

  test("a case that was run again alone is no shrunk one", async () => {
    const folder = ownFolder();
    const scenario = loadCorpus()[0]?.scenario as Scenario;
    const first = createJournal(folder, header);
    await first.onceFound(bus, scenario, async () => ({ reproduced: { k: 3, n: 4, percent95: [30, 95] } }));
    put(folder, textOf(folder));
    const journal = resumeJournal(folder, header);
    const again = () => expect.unreachable("it was run again");
    expect(await journal.onceFound(bus, scenario, again)).toEqual({ reproduced: { k: 3, n: 4, percent95: [30, 95] } });
    await expect(journal.onceShrunk(bus, scenario, again)).rejects.toThrow(/was not shrunk\. Run the command without/);
  });

  test("what was found of a case is refused with a field more, and with one less", async () => {
    const folder = ownFolder();
    await searchWith(createJournal(folder, header), profileNamed("nats-js-3"), profileNamed("nats-go"));
    const all = orphaned(textOf(folder)).trimEnd().split("\n");
    const at = all.findIndex(line => line.includes('"kind":"found"'));
    const line = JSON.parse(all[at] ?? "");
    const { steady: _steady, ...less } = line.found;
    expect(Object.keys(line.found)).toContain("judgement");
    for (const found of [{ ...line.found, colour: "red" }, less]) {
      const changed = all.with(at, JSON.stringify({ ...line, found }));
      const { exitCode, message } = refusal(changed.map(one => `${one}\n`).join(""));
      expect([exitCode, message]).toEqual([65, expect.stringContaining(`journal.jsonl:${at + 1}: found: `)]);
    }
  });

  test("a scenario that is another one now is refused", async () => {
    const folder = ownFolder();
    const all = await lines();
    put(
      folder,
      `${all
        .slice(0, 5)
        .join("\n")
        .replace(/"source":"[0-9a-f]{8}"/, '"source":"00000000"')}\n`,
    );
    await expect(
      searchWith(resumeJournal(folder, header), profileNamed("nats-go"), profileNamed("nats-go")),
    ).rejects.toThrow("random/1-0 is another scenario now than it was");
  });
});

test.each(["complete", "ended-early"])("the journal of an earlier version is read: %s", name => {
  const folder = join(import.meta.dirname, "../snapshot/files/runs", name);
  const { cases, found, isComplete } = readJournal(folder);
  expect(cases.size).toBeGreaterThan(0);
  expect([found.size, isComplete]).toEqual([0, name === "complete"]);
});

test("when the time is up all that is recorded still counts, and nothing else is run", async () => {
  const folder = ownFolder();
  await searchWith(createJournal(folder, header), profileNamed("nats-js-3"), profileNamed("nats-go"));
  const all = orphaned(textOf(folder)).trimEnd().split("\n");
  const ids = [...readJournal(folder).cases.values()].map(one => one.scenario);
  // Of parallel cases those in between may be missing.
  const kept = all.filter(line => !line.includes('"kind":"complete"') && !line.includes(`"scenario":"${ids[4]}"`));
  put(folder, `${kept.join("\n")}\n`);
  const { found, ran } = await searchWith(
    resumeJournal(folder, header),
    profileNamed("nats-js-3"),
    profileNamed("nats-go"),
    0,
  );
  expect([found.coverage.runs, ran]).toEqual([11, []]);
});

test("a run that ended with its first failure can be resumed again and again, and finds the same", async () => {
  const folder = ownFolder();
  const once = async (journal: Journal) => {
    const { found } = await searchWith(
      journal,
      profileNamed("nats-js-3"),
      profileNamed("nats-go"),
      Number.POSITIVE_INFINITY,
      false,
    );
    put(folder, textOf(folder));
    expect(readJournal(folder).isComplete).toBe(true);
    return { scenario: found.failure?.scenario, broken: found.failure?.broken };
  };
  const first = await once(createJournal(folder, header));
  expect(first.broken).toBeDefined();
  for (let i = 0; i < 3; i++) expect(await once(resumeJournal(folder, header))).toEqual(first);
});

test("a case too long to be read again is not recorded, and the rest is as it was", async () => {
  const folder = ownFolder();
  const journal = createJournal(folder, header);
  const huge = { verdict: "inconclusive", reason: "x".repeat(2_000_000) } as unknown as Judgement;
  const scenario = loadCorpus()[0]?.scenario as Scenario;
  await journal.once(bus, scenario, async () => ({ events: [], judgement: huge }));
  journal.complete();
  expect([readJournal(folder).cases.size, readJournal(folder).isComplete]).toEqual([0, true]);
});

test("a closed journal takes nothing more, and what is under way still ends", async () => {
  const folder = ownFolder();
  const journal = createJournal(folder, header);
  journal.close();
  const { found } = await searchWith(journal, profileNamed("nats-go"), profileNamed("nats-go"));
  expect([found.agree, readJournal(folder).cases.size, readJournal(folder).isComplete]).toEqual([12, 0, false]);
});

describe("old run folders are removed, the oldest first", () => {
  const names = Array.from({ length: 6 }, (_, i) => `2026-11-2${i}T101010Z-compare-1`);
  function runs(): string {
    const parent = ownFolder();
    for (const [i, name] of names.entries()) {
      mkdirSync(join(parent, name));
      createJournal(join(parent, name), header).close();
      // The third is still being written.
      if (i !== 2) put(join(parent, name), textOf(join(parent, name)));
      writeFileSync(join(parent, name, "report.txt"), "x".repeat(10_000));
    }
    mkdirSync(join(parent, "notes-of-my-own"));
    return parent;
  }

  test.each([
    ["more than so many", 2, 1_000_000],
    ["more than so much", 99, 25_000],
  ])("%s, but never one in use, nor what is no run", (_name, keptMax, bytesMax) => {
    const parent = runs();
    pruneRuns(parent, keptMax, bytesMax);
    expect(readdirSync(parent).sort()).toEqual([names[2], names[4], names[5], "notes-of-my-own"]);
    pruneRuns(parent, keptMax, bytesMax);
    expect(readdirSync(parent).sort()).toEqual([names[2], names[4], names[5], "notes-of-my-own"]);
  });
});

describe("a journal that the machine refuses", () => {
  /** Records cases in a process whose files may hold ten kilobytes, and says what became of each. */
  const recorded = (folder: string, verdicts: readonly string[]): { said: readonly string[]; stderr: string } => {
    const script = `import { createJournal } from ${JSON.stringify(join(import.meta.dirname, "../../src/runs/journal.ts"))};
      const journal = createJournal(${JSON.stringify(folder)}, ${JSON.stringify(header)});
      for (const [i, verdict] of ${JSON.stringify(verdicts)}.entries()) {
        const judgement = { verdict, reason: "x".repeat(4_000) };
        await journal.once("b", { id: "s" + i }, async () => ({ events: [], judgement })).then(
          one => console.log(one.judgement.verdict), error => console.log(error.exitCode));
      }`;
    const args = ["-c", 'ulimit -f 20; exec "$@"', "sh", process.execPath, "--input-type=module", "-e", script];
    const { stdout, stderr } = spawnSync("/bin/sh", args, { encoding: "utf8" });
    return { said: stdout.trim().split("\n"), stderr };
  };

  test("ends a run that has found nothing", () => {
    expect(recorded(ownFolder(), Array(4).fill("holds")).said.slice(0, 3)).toEqual(["holds", "holds", "69"]);
  });

  test("does not cost a violation that was found before it, or by the very case", () => {
    for (const verdicts of [
      ["violated", "holds", "holds", "holds"],
      ["holds", "holds", "violated", "holds"],
    ]) {
      const { said, stderr } = recorded(ownFolder(), verdicts);
      expect(said).toEqual(verdicts);
      expect(stderr).toMatch(/journal\.jsonl cannot be written: EFBIG.*the run goes on, and no more of it is recorded/);
    }
  });
});

test("a violated case without its events, an event without its fields and a scenario that is none are refused", () => {
  const kept = join(import.meta.dirname, "../snapshot/files/runs/complete/journal.jsonl");
  const ran = readFileSync(kept, "utf8")
    .trim()
    .split("\n")
    .map(line => JSON.parse(line));
  const { bus: on, scenario: id, judgement } = ran[3];
  const rate = { k: 1, n: 1 };
  const scenario = loadCorpus()[0]?.scenario;
  const shrunk = { scenario, events: [], judgement, broken: "conformance", reproduced: rate, steady: true };
  const found = { kind: "found", bus: on, scenario: id, found: { ...shrunk, foundAs: "x", shrinkRuns: 1 } };
  const lines = [...ran.slice(0, -1), found];
  const refusal = (change: (line: Record<string, unknown>) => unknown, kind: string): string => {
    const folder = ownFolder();
    const at = lines.findIndex(line => line.kind === kind);
    put(folder, lines.map((line, i) => `${JSON.stringify(i === at ? change(line) : line)}\n`).join(""));
    try {
      readJournal(folder);
      return "nothing";
    } catch (error) {
      return (error as Error).message;
    }
  };
  for (const kind of ["case", "found"]) expect(refusal(line => line, kind)).toBe("nothing");
  const violated = (line: Record<string, unknown>) => ({ ...(line.judgement as object), verdict: "violated" });
  expect(refusal(line => ({ ...line, judgement: violated(line) }), "case")).toContain("lacks the events of");
  expect(refusal(line => ({ ...line, events: [{ kind: "published" }] }), "case")).toContain("events[0]: lacks step");
  expect(refusal(line => ({ ...line, events: [{ kind: "constructor" }] }), "case")).toContain("of a known kind");
  const withScenario = (found: unknown) => ({ ...(found as object), scenario: {} });
  expect(refusal(line => ({ ...line, found: withScenario(line.found) }), "found")).toContain("found.scenario");
});

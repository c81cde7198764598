/** What lies in a run's folder is never reached through a link: neither read, nor written, at a resume or at the end. */
import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BadInput } from "../../src/errors.ts";
import { createAnew, openPlainToAppend, readPlainFile } from "../../src/files/no-links.ts";
import { createJournal, type Header, journalName, readJournal, resumeJournal } from "../../src/runs/journal.ts";

const header: Header = { tool: "1", command: "drill", seed: "1", options: {}, source: "0" };
let folder = "";
let run = "";
let victim = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "no-links-"));
  [run, victim] = [join(folder, "run"), join(folder, "victim")];
  mkdirSync(run);
  writeFileSync(victim, "precious");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a new file takes the place of a link, and leaves its target alone", () => {
  const path = join(run, "report.txt");
  symlinkSync(victim, path);
  writeFileSync(createAnew(path), "mine");
  expect([readFileSync(path, "utf8"), lstatSync(path).isSymbolicLink()]).toEqual(["mine", false]);
  expect(readFileSync(victim, "utf8")).toBe("precious");
});

test("a link is neither read nor appended to, and a named pipe is not waited for", () => {
  const [link, pipe] = [join(run, "link"), join(run, "pipe")];
  symlinkSync(victim, link);
  execFileSync("mkfifo", [pipe]);
  for (const open of [readPlainFile, openPlainToAppend])
    for (const path of [link, pipe, run]) expect(() => open(path), `${open.name} ${path}`).toThrow();
  expect(() => readPlainFile(link)).toThrow(BadInput);
  expect(() => readPlainFile(pipe)).toThrow("is no plain file");
  expect(readPlainFile(victim).toString()).toBe("precious");
});

describe("a run whose journal was replaced by a link", () => {
  test("is not resumed, and the target stays as it was", () => {
    createJournal(run, header).close();
    const elsewhere = join(folder, "elsewhere.jsonl");
    renameSync(join(run, journalName), elsewhere);
    symlinkSync(elsewhere, join(run, journalName));
    const before = readFileSync(elsewhere, "utf8");
    expect(() => readJournal(run)).toThrow("is a link, which is not followed");
    expect(() => resumeJournal(run, header)).toThrow(BadInput);
    expect(readFileSync(elsewhere, "utf8")).toBe(before);
  });

  test("is not begun through a link that waits for its partial file", () => {
    symlinkSync(victim, join(run, `${journalName}.partial`));
    createJournal(run, header).close();
    expect(readdirSync(run)).toEqual([journalName]);
    expect(readFileSync(victim, "utf8")).toBe("precious");
  });
});

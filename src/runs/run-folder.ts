/**
 * A run's folder below .faultline/runs. The journal grows by a line as each case ends, so that findings are on disk however the run ends.
 * The report and the JSON document are added at the end, or at an interrupt, each complete when it appears. The newest folders are kept.
 * Counterexamples lie elsewhere, and are always kept.
 */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { UsageError } from "../errors.ts";
import { makeFolder } from "../files/folder.ts";
import { createAnew } from "../files/no-links.ts";
import { isAlive } from "../worlds/live/leases.ts";
import { createJournal, type Header, type Journal, readJournal, resumeJournal } from "./journal.ts";
import { writtenOrSaid } from "./unwritten.ts";

export interface RunFolder {
  /** The path relative to the current folder, or as the user named it. */
  readonly path: string;
  readonly journal: Journal;
  /** Returns the file's path. Where the machine refuses the file, that is said and the run goes on. */
  write(name: string, text: string): string;
}

/** The number of folders kept, including the new one. */
export const runsKeptMax = 20;
export const runsBytesMax = 268_435_456;

const parent = join(".faultline", "runs");
const isRunName = (name: string): boolean => /^\d{4}-\d\d-\d\dT\d{6}Z-[a-z]+-/.test(name);

/** A new folder, or that of a run to go on with. @throws BadInput, UsageError */
export function openRunFolder(header: Header, resume: string | undefined): RunFolder {
  if (resume !== undefined) return runFolder(resume, resumeJournal(existing(resume), header));
  const stamp = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "");
  makeFolder(parent);
  pruneRuns(parent, runsKeptMax - 1, runsBytesMax);
  const path = newFolder(join(parent, `${stamp}-${header.command}-${header.seed}`));
  return runFolder(path, createJournal(path, header));
}

/** The request of the run to go on with. @throws BadInput, UsageError */
export const headerOf = (resume: string): Header => readJournal(existing(resume)).header;

function existing(resume: string): string {
  if (statSync(resume, { throwIfNoEntry: false })?.isDirectory()) return resume;
  throw new UsageError(`--resume ${resume}: there is no such folder; a run says its own first, .faultline/runs/….`);
}

const runFolder = (path: string, journal: Journal): RunFolder => ({
  path,
  journal,
  write(name, text) {
    const file = join(path, name);
    writtenOrSaid(() => writeWhole(file, text), file);
    return file;
  },
});

/** Complete when it appears; what could not be completed is removed. */
function writeWhole(file: string, text: string): void {
  const partial = `${file}.partial`;
  try {
    const fd = createAnew(partial);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** Two runs in the same second get a folder each. */
function newFolder(wanted: string): string {
  for (let i = 1; ; i++) {
    const path = i === 1 ? wanted : `${wanted}-${i}`;
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Removes the oldest folders, by name, until the rest is within both bounds. A folder that a living process writes stays. */
export function pruneRuns(folder: string, keptMax: number, bytesMax: number): void {
  const newestFirst = readdirSync(folder).filter(isRunName).sort().reverse();
  let kept = 0;
  let bytes = 0;
  for (const name of newestFirst) {
    const path = join(folder, name);
    const size = bytesIn(path);
    if ((kept < keptMax && bytes + size <= bytesMax) || isInUse(path)) {
      kept += 1;
      bytes += size;
    } else rmSync(path, { recursive: true, force: true });
  }
}

function isInUse(path: string): boolean {
  try {
    const { owner } = readJournal(path);
    return owner !== undefined && isAlive(owner);
  } catch {
    return false;
  }
}

/** Another run may be removing it. */
function bytesIn(path: string): number {
  try {
    return readdirSync(path).reduce((sum, name) => sum + lstatSync(join(path, name)).size, 0);
  } catch {
    return 0;
  }
}

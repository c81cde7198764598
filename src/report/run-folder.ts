/**
 * A run's folder below .faultline/runs: cases.jsonl grows by a line as each case ends, so that what was found is on disk however
 * the run ends; the report and the JSON document are added at the end, or at an interrupt, each complete when it appears.
 */
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface RunFolder {
  /** Relative to the current folder. */
  readonly path: string;
  appendCase(line: object): void;
  /** Returns the file's path. */
  write(name: string, text: string): string;
}

export function openRunFolder(command: string, seed: string): RunFolder {
  const stamp = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "");
  const parent = join(".faultline", "runs");
  // Where the current folder has been deleted, cwd() says so; mkdir with a relative path would try for ever.
  mkdirSync(join(process.cwd(), parent), { recursive: true });
  const path = newFolder(join(parent, `${stamp}-${command}-${seed}`));
  return {
    path,
    appendCase: line => appendFileSync(join(path, "cases.jsonl"), `${JSON.stringify(line)}\n`),
    write(name, text) {
      const file = join(path, name);
      writeFileSync(`${file}.partial`, text);
      renameSync(`${file}.partial`, file);
      return file;
    },
  };
}

/** Two runs of one second have a folder each. */
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

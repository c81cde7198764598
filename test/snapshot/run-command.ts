/** Runs the command as a person does, in a folder of its own, and parts what it printed into structure and texts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { checkPrinted } from "../documents.ts";
import type { Command } from "./commands.ts";
import { type Json, type Parted, part, shapeOf } from "./split.ts";
import { withoutPlaces } from "./volatile.ts";

export const root: string = join(import.meta.dirname, "../..");
/** None takes as long, even on a busy machine; one that hangs is ended, and has no exit code. */
const timeoutMs = 900_000;
const bin = join(root, "bin/faultline.js");
const runsKept = join(import.meta.dirname, "files/runs");

export interface Printed {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly folder: string;
}

/** `live`: servers and Go are found where the machine has them; and the kept runs lie in .faultline/runs, to go on with. */
export async function faultline(words: readonly string[], world: "model" | "live"): Promise<Printed> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "snapshot-")));
  try {
    if (world === "live") cpSync(runsKept, join(folder, ".faultline/runs"), { recursive: true });
    const hidden = { FAULTLINE_CACHE: folder, FAULTLINE_NATS_SERVER: "", FAULTLINE_TOXIPROXY: "", PATH: folder };
    const env = { ...process.env, NO_COLOR: "1", COLUMNS: "80", ...(world === "model" ? hidden : {}) };
    const child = spawn(process.execPath, [bin, ...words], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
    });
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit"),
    ]);
    if (stdout !== "") checkPrinted(words, stdout);
    return { exitCode: exitCode as number | null, stdout, stderr, folder };
  } catch (error) {
    // It could not be started, or its document does not match its schema: told in its place, with all the others.
    return { exitCode: null, stdout: "", stderr: (error as Error).message, folder };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function partedOf(command: Command): Promise<Parted> {
  const words = command.line.split(" ");
  const printed = await faultline(command.holds === "print" ? words : [...words, "--json"], "model");
  const { exitCode, stdout, stderr, folder } = printed;
  const place = { root, folder };
  switch (command.holds) {
    case "json":
      return partedDocument(printed, command.line);
    case "shape":
      return { structure: shapeOf(documentOf(printed, command.line)), texts: {} };
    case "print":
      // How many lines there are is a matter of the text.
      return part(
        { exitCode, options: optionsIn(command.line, stdout), text: stdout + withoutProgress(stderr) },
        place,
      );
  }
}

/** The fields of the document at the top, with the exit code and the lines to paste beside them. */
export function partedDocument(printed: Printed, line: string): Parted {
  const { structure, texts } = part(documentOf(printed, line), { root, folder: printed.folder });
  const again = linesThat(printed.stderr, /^(again|resume): /).map(one => withoutPlaces(one, root, printed.folder));
  return { structure: { exitCode: printed.exitCode, again, document: structure }, texts };
}

export function documentOf({ stdout, stderr }: Printed, line: string): Json {
  try {
    return JSON.parse(stdout) as Json;
  } catch {
    return { noDocument: `"faultline ${line}" printed instead: ${stderr || stdout}` };
  }
}

const linesThat = (printed: string, pattern: RegExp): readonly string[] =>
  printed.split("\n").filter(line => pattern.test(line));

/** How far a command had got is told by time. */
const withoutProgress = (stderr: string): string =>
  linesThat(stderr, /./)
    .filter(line => !/^(\d[\d,]* of \d|all short schedules|model: |.*: \d[\d,]* states at \d+ steps$)/.test(line))
    .join("\n");

/** What help names is what may be given: a matter of structure. */
const optionsIn = (line: string, stdout: string): readonly string[] =>
  line.endsWith("--help")
    ? [...new Set(stdout.match(/^ +(-\w, )?--[\w-]+.*?(?= {2}|$)/gm))].map(one => one.trim())
    : [];

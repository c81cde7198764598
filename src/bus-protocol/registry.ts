/**
 * Finds buses: those that ship with faultline (fixtures/buses/<name>/bus.json), and any command line that a user gives. It says how to
 * start one, and first builds it where needed. It never starts one itself.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { maskedCommand, unmaskedCommand } from "../text/secrets.ts";
import { withoutShell } from "./command-line.ts";
import { BusUnavailable, excerpt } from "./errors.ts";

/** A bundled bus according to its bus.json, and the folder in which it lies. */
export interface BusManifest {
  readonly name: string;
  readonly profile: string;
  readonly language: string;
  readonly client: string;
  /** The first word is `node`, or a file of the folder. */
  readonly command: readonly [string, ...string[]];
  /** The command that makes that file, or the folder that holds it; null where there is nothing to build. */
  readonly build: readonly [string, ...string[]] | null;
  /** The word of `build` that names its product; absent: the first word of the command. */
  readonly makes?: string | undefined;
  readonly folder: string;
}

/** The data needed to start a bus. */
export interface BusLaunch {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly folder: string;
  /** Null for a user's own command line: its greeting tells the rest. */
  readonly manifest: BusManifest | null;
  /** A shell may stay around the bus, and the bus's process is then not the one that was started. */
  readonly shellMayStay: boolean;
}

/** Runs a program to its end. Rejects where it cannot be started. */
export type RunProgram = (
  command: readonly [string, ...string[]],
  folder: string,
) => Promise<{ readonly code: number | null; readonly stderr: string }>;

const words = z.tuple([z.string().min(1)], z.string());
const manifestSchema = z.strictObject({
  name: z.string().min(1),
  profile: z.string().min(1),
  language: z.string().min(1),
  client: z.string().min(1),
  command: words,
  build: words.nullable(),
  makes: z.string().min(1).optional(),
});

export function bundledBuses(): readonly BusManifest[] {
  const folder = busesFolder();
  return readdirSync(folder)
    .toSorted()
    .map(name => join(folder, name))
    .filter(each => existsSync(join(each, "bus.json")))
    .map(readManifest);
}

/**
 * A bundled bus by its name. Any other text is a command line for the shell, run in the current folder; a single command becomes its
 * program. Its name is the line with its secrets masked, which stands for the whole line in this process.
 */
export function findBus(nameOrCommand: string): BusLaunch {
  const manifest = bundledBuses().find(bus => bus.name === nameOrCommand);
  if (manifest !== undefined) return launchOf(manifest);
  const name = maskedCommand(nameOrCommand);
  const line = unmaskedCommand(name);
  const single = withoutShell(line);
  const command: BusLaunch["command"] = ["/bin/sh", "-c", single ?? line];
  const shellMayStay = single === undefined;
  return { name, command, folder: process.cwd(), manifest: null, shellMayStay };
}

export function launchOf(manifest: BusManifest): BusLaunch {
  const [program, ...rest] = manifest.command;
  const command: BusLaunch["command"] =
    program === "node"
      ? [process.execPath, ...rest.map(word => asBuilt(manifest, word))]
      : [join(manifest.folder, program), ...rest];
  return { name: manifest.name, command, folder: manifest.folder, manifest, shellMayStay: false };
}

/** Node does not strip types below node_modules, so an installed faultline, which is built itself, runs the built buses beside it. */
function asBuilt(manifest: BusManifest, word: string): string {
  if (!import.meta.filename.endsWith(".js") || !word.endsWith(".ts")) return word;
  return join(import.meta.dirname, "../../fixtures/buses", manifest.name, word.replace(/ts$/, "js"));
}

/** Sources of a build. Python's own sources are run as they are. */
const sourcePattern = /^(.*\.go|go\.(mod|sum)|build\.py|requirements\.txt|bus\.json)$/;

/** True where no build is due: the program exists and is newer than each of its sources. */
export function isBuilt({ manifest, command }: BusLaunch): boolean {
  if (manifest === null || manifest.build === null) return true;
  // A virtual environment can outlive the Python that made it.
  if (!existsSync(command[0])) return false;
  const builtMs = modifiedMs(madeBy(manifest));
  const sources = readdirSync(manifest.folder).filter(name => sourcePattern.test(name));
  return sources.every(name => modifiedMs(join(manifest.folder, name)) <= builtMs);
}

const madeBy = ({ folder, command, makes }: BusManifest): string => join(folder, makes ?? command[0]);

/** Builds where a build is due: beside its place, then renamed to it, so that no half-built program is ever started. */
export async function buildBus(launch: BusLaunch, run: RunProgram): Promise<void> {
  const { manifest } = launch;
  if (manifest === null || manifest.build === null || isBuilt(launch)) return;
  const made = madeBy(manifest);
  const partial = join(dirname(made), `.${basename(made)}.${process.pid}.partial`);
  const [tool, ...rest] = manifest.build;
  const target = rest.map(word => (word === (manifest.makes ?? manifest.command[0]) ? partial : word));
  try {
    const ended = await run([tool, ...target], manifest.folder);
    if (ended.code !== 0) throw new Error(`exit code ${ended.code}, ${excerpt(ended.stderr)}`);
    // A file is renamed over the one before it; a folder is not.
    if (statSync(partial).isDirectory()) rmSync(made, { recursive: true, force: true });
    renameSync(partial, made);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    const reason = error instanceof Error ? error.message : String(error);
    const advice = `Install ${manifest.language}, or name another bus.`;
    throw new BusUnavailable(
      `The bus ${manifest.name} cannot be built by "${manifest.build.join(" ")}": ${reason}. ${advice}`,
    );
  }
}

function readManifest(folder: string): BusManifest {
  const parsed = manifestSchema.parse(JSON.parse(readFileSync(join(folder, "bus.json"), "utf8")));
  return { ...parsed, folder };
}

/** The same whether this file runs as source or as built into dist/. */
function busesFolder(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const buses = join(folder, "fixtures", "buses");
    if (existsSync(join(buses, "protocol.md"))) return buses;
  }
  throw new Error("fixtures/buses is missing from this installation");
}

function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

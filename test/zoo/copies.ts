/** Copies of a bundled bus in a folder below .faultline, as they are or with a mutant's changes, and the command line that starts one. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packageRoot } from "../../src/files/package-root.ts";
import { type Patch, patchedFiles, type ZooBus } from "./mutant.ts";

const root = packageRoot();
const buses = join(root, "fixtures", "buses");

/** The folders of a bus below fixtures/buses. */
const foldersOf: Readonly<Record<ZooBus, readonly string[]>> = {
  "go-nats-go": ["go-nats-go"],
  "typescript-nats-js-3": ["typescript-common", "typescript-nats-js-3"],
};

/** A folder for all copies of a run; inside the package, so that Node finds the packages that a bus imports. */
export function openCopies(): string {
  const above = join(root, ".faultline");
  mkdirSync(above, { recursive: true });
  return mkdtempSync(join(above, "zoo-"));
}

export const removeCopies = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** Copies the bus with its changes, builds it where it is Go, and returns its command line. */
export function copyBus(folder: string, name: string, bus: ZooBus, patches: readonly Patch[]): string {
  const copy = join(folder, name);
  const copiedBuses = join(copy, "fixtures", "buses");
  for (const one of foldersOf[bus])
    cpSync(join(buses, one), join(copiedBuses, one), { recursive: true, filter: isSource });
  for (const [file, text] of patchedFiles(buses, patches)) writeFileSync(join(copiedBuses, file), text);
  // A bus in TypeScript imports the program's own words from beside fixtures/.
  for (const one of ["models", "src"]) symlinkSync(join(root, one), join(copy, one));
  return bus === "go-nats-go"
    ? buildGo(join(copiedBuses, bus))
    : [process.execPath, join(copiedBuses, bus, "main.ts")].map(quoted).join(" ");
}

const isSource = (path: string): boolean => basename(path) !== "bin";

function buildGo(folder: string): string {
  const program = join(folder, "bin", "bus");
  execFileSync("go", ["build", "-trimpath", "-buildvcs=false", "-o", program, "."], { cwd: folder, encoding: "utf8" });
  return quoted(program);
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

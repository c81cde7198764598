/** Everything asked of Stryker: its lock is installed on first use, it makes the mutants, and it runs the tests against those drawn. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type Made, type Mutant, mutantsOf, placeOf } from "./draw.ts";

export const root: string = join(import.meta.dirname, "..");
export const folder: string = join(root, ".faultline", "mutation");
const modules = join(import.meta.dirname, "node_modules");

/** Of what Stryker says of a mutant, what is kept. A timeout is a kill: the mutant never ends. */
export type Status = "killed" | "timeout" | "survived" | "uncovered" | "error";

export interface Tried {
  readonly status: Status;
  /** The test that killed it, or why it could not be run. */
  readonly by: string;
}

/** The lock file that was installed is kept beside what it installed: a changed one is installed anew. */
export function install(): void {
  const lock = readFileSync(join(import.meta.dirname, "package-lock.json"), "utf8");
  const installed = join(modules, ".installed-lock.json");
  if (existsSync(installed) && readFileSync(installed, "utf8") === lock) return;
  console.error("installing Stryker from mutation/package-lock.json");
  const { status } = spawnSync("npm", ["ci"], { cwd: import.meta.dirname, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("npm ci failed in mutation/");
  writeFileSync(installed, lock);
}

/** Every mutant of models/ and properties/. Files of types alone have none. */
export async function population(): Promise<readonly Mutant[]> {
  const { Instrumenter } = await import(join(modules, "@stryker-mutator/instrumenter/dist/src/index.js"));
  const ignore = (): void => {};
  const logger = { debug: ignore, info: ignore, warn: console.error, isDebugEnabled: () => false };
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const all: Mutant[] = [];
  for (const file of globSync("{models,properties}/**/*.ts", { cwd: root }).sort()) {
    const content = readFileSync(join(root, file), "utf8");
    const made = await new Instrumenter(logger).instrument([{ name: file, mutate: true, content }], options);
    all.push(...mutantsOf(file.replaceAll("\\", "/"), content, made.mutants as Made[]));
  }
  return all;
}

/**
 * What the tests say to each of these mutants. They stand in the files as they are now. Who runs out of time is tried a second time with
 * three times as much, since the machine may have been busy; who loops without end is caught by counting, too.
 */
export function tryAll(mutants: readonly Mutant[], share: string): ReadonlyMap<Mutant, Tried> {
  const tried = tryOnce(mutants, share, 1);
  const late = mutants.filter(one => tried.get(one)?.status === "timeout" && tried.get(one)?.by === "");
  return late.length === 0 ? tried : new Map([...tried, ...tryOnce(late, share, 3)]);
}

function tryOnce(mutants: readonly Mutant[], share: string, patience: number): ReadonlyMap<Mutant, Tried> {
  const drawn = join(folder, "drawn.json");
  const report = join(folder, "stryker.json");
  const config = join(folder, "stryker.config.json");
  mkdirSync(folder, { recursive: true });
  writeFileSync(drawn, JSON.stringify(mutants.map(placeOf)));
  writeFileSync(config, JSON.stringify(configFor(mutants, report, patience)));
  const { status } = spawnSync(
    process.execPath,
    [join(modules, "@stryker-mutator/core/bin/stryker.js"), "run", config],
    {
      cwd: root,
      stdio: ["ignore", 2, 2],
      env: {
        ...process.env,
        PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
        FAULTLINE_DRAWN: drawn,
        FAULTLINE_TEST_SHARE: share,
      },
    },
  );
  if (status !== 0)
    throw new Error(`Stryker ended with ${status}: do the tests pass with FAULTLINE_TEST_SHARE=${share}?`);
  return read(mutants, JSON.parse(readFileSync(report, "utf8")) as Report);
}

function configFor(mutants: readonly Mutant[], report: string, patience: number): object {
  return {
    testRunner: "vitest",
    vitest: { configFile: "mutation/vitest.config.ts", related: false },
    plugins: ["@stryker-mutator/vitest-runner", join(import.meta.dirname, "drawn-checker.ts")],
    checkers: ["drawn"],
    // Only around the drawn ones: code that counts its mutants is slow.
    mutate: mutants.map(
      ({ file, start, end }) => `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`,
    ),
    concurrency: 1,
    // TypeScript 7 has no compiler API; a file that is not there keeps Stryker from asking for it.
    tsconfigFile: "none.json",
    disableTypeChecks: false,
    timeoutMS: 20_000 * patience,
    timeoutFactor: 2 * patience,
    dryRunTimeoutMinutes: 10,
    tempDirName: ".faultline/mutation/copies",
    ignorePatterns: ["/mutation/node_modules", "/dist", "/examples", "/.faultline", "/fixtures/buses/*/bin"],
    warnings: { slow: false },
    reporters: ["json", "progress-append-only"],
    jsonReporter: { fileName: report },
    allowConsoleColors: false,
  };
}

/** Stryker's report, as far as it is read. Lines and columns from 1. */
interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Reported[] }>>;
  readonly testFiles?: Readonly<
    Record<string, { readonly tests: readonly { readonly id: string; readonly name: string }[] }>
  >;
}
interface Reported extends Made {
  readonly status: string;
  readonly statusReason?: string;
  readonly killedBy?: readonly string[];
}

const statuses: Readonly<Record<string, Status>> = {
  Killed: "killed",
  Timeout: "timeout",
  Survived: "survived",
  NoCoverage: "uncovered",
};

function read(mutants: readonly Mutant[], { files, testFiles = {} }: Report): ReadonlyMap<Mutant, Tried> {
  const names = new Map<string, string>();
  for (const [path, { tests }] of Object.entries(testFiles))
    for (const { id, name } of tests) names.set(id, `${path}: ${name}`);
  const tried = new Map<string, Tried>();
  for (const [file, { mutants: reported }] of Object.entries(files)) {
    for (const { status, statusReason = "", killedBy = [], mutatorName: mutator, replacement, location } of reported) {
      const [killer] = killedBy;
      const by = killer === undefined ? statusReason : (names.get(killer) ?? killer);
      tried.set(placeOf({ file, ...location, mutator, replacement }), { status: statuses[status] ?? "error", by });
    }
  }
  return new Map(
    mutants.map(mutant => {
      const found = tried.get(placeOf(mutant));
      if (found === undefined) throw new Error(`Stryker says nothing of ${placeOf(mutant)}`);
      return [mutant, found];
    }),
  );
}

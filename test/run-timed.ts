/** One of our development tools, run to its end or until its time is over. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type KeptResults, keptResults } from "./kept-results.ts";

export const root: string = join(import.meta.dirname, "..");

/** The exit code; `late` where it was stopped because its time was over. */
export type ToolEnd = number | "late";

/** A tool by its file below node_modules: never what PATH happens to hold. */
export function run(
  program: string,
  args: readonly string[],
  { msMax, env = {} }: { readonly msMax: number; readonly env?: Readonly<Record<string, string>> },
): ToolEnd {
  const { status, error } = spawnSync(process.execPath, [join(root, "node_modules", program), ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
    timeout: msMax,
    // Vitest waits for its tests at SIGTERM, and those may be what hangs. Its workers end when their pipe to it does.
    killSignal: "SIGKILL",
  });
  if (error !== undefined && (error as NodeJS.ErrnoException).code === "ETIMEDOUT") return "late";
  return status ?? 1;
}

/** The end of a test run whose time was over: what had ended until then counts, and the rest is one failure. */
export function tallyLate(
  file: string,
  msMax: number,
): { readonly passed: number; readonly failed: number; readonly said: string } {
  const { files, passed, failed, notRun }: KeptResults = keptResults(file);
  const said =
    `stopped after ${msMax / 60_000} min: the tests of ${files} files had ended, and count; ` +
    `those that had not are one failure. What each file came to is in ${file}`;
  return { passed, failed: failed + notRun + 1, said };
}

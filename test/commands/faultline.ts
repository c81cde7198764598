/** Runs the command as a person does, in a separate folder, and hands back what was printed; each JSON document must match its schema. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { checkKept, checkPrinted } from "../documents.ts";

export const root: string = join(import.meta.dirname, "../..");
export const bin: string = join(root, "bin/faultline.js");
export const badBus = (name: string): string => `node ${join(root, "test/bus-protocol/bad-buses", `${name}.mjs`)}`;

export interface Printed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What --json printed; fails where that is not one document. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it.
  readonly json: any;
}

/** A folder for one test. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "commands-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function faultline(
  args: readonly string[],
  { cwd = ownFolder(), env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Printed> {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  checkPrinted(args, stdout);
  checkKept(cwd);
  return {
    code: code as number | null,
    stdout,
    stderr,
    get json() {
      return JSON.parse(stdout);
    },
  };
}

/** Neither a server nor Go is to be found: the live world is not to be had. */
export function withoutServers(cache: string): Readonly<Record<string, string>> {
  return { FAULTLINE_CACHE: cache, FAULTLINE_NATS_SERVER: "", FAULTLINE_TOXIPROXY: "", PATH: "/usr/bin:/bin" };
}

/**
 * faultline as a user has it: packed by npm, unpacked into the node_modules of a copy of the example. Only what its package.json
 * declares stands beside it, as links to what the repository has installed, so that an undeclared import fails here and no test
 * waits for a registry.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { root } from "../commands/faultline.ts";

export const example: string = join(root, "examples", "ci-suite");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Installed {
  readonly folder: string;
  /** Runs a program of node_modules/.bin, as an npm script would. */
  bin(name: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  write(file: string, content: string): void;
}

interface Manifest {
  readonly name: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** A copy of the example with the packed faultline in it. */
export async function install(): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), "package-test-"));
  const modules = join(folder, "node_modules");
  cpSync(example, folder, { recursive: true, filter: path => !path.includes("node_modules") });
  await unpack(await pack(folder), join(modules, "nats-faultline"));
  const manifest = manifestOf(join(modules, "nats-faultline"));
  const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
  for (const name of declared) link(join(root, "node_modules", name), join(modules, name));
  for (const [name, file] of Object.entries(manifest.bin))
    link(join(modules, "nats-faultline", file), join(modules, ".bin", name));
  link(join(root, "node_modules", "vitest", "vitest.mjs"), join(modules, ".bin", "vitest"));
  return {
    folder,
    bin: (name, args, env = {}) => run(join(modules, ".bin", name), args, folder, env),
    write: (file, content) => writeFileSync(join(folder, file), content),
  };
}

/** What `npm publish` would send, the build included. */
async function pack(folder: string): Promise<string> {
  await succeed(run("npm", ["pack", "--pack-destination", folder], root, {}));
  const tarball = readdirSync(folder).find(name => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack left no tarball");
  return join(folder, tarball);
}

async function unpack(tarball: string, into: string): Promise<void> {
  mkdirSync(into, { recursive: true });
  await succeed(run("tar", ["-xzf", tarball, "--strip-components=1", "-C", into], root, {}));
}

export const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/** Under the Node that runs this test, and without what this vitest has put into the environment. */
export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_ENV$|CI$|FAULTLINE_SEED$)/.test(name),
  );
  const path = [dirname(process.execPath), env.PATH ?? process.env.PATH].join(delimiter);
  const child = spawn(program, args, {
    cwd,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...env, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code: code as number | null, stdout, stderr };
}

export async function succeed(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
  return ran;
}

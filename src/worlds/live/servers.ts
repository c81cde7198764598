/**
 * Finds the two servers of the live world, nats-server and Toxiproxy, or builds them. Each is looked for in this order: the path named by
 * the environment, the project's cache, PATH if the version there is exactly the pinned one, and last a build with Go. The pinned versions
 * are written in fixtures/servers/go.mod and nowhere else.
 *
 * A cached server is moved into place when it is complete, so it may be run as soon as it is seen. Two harnesses that build at once both
 * succeed. The live world calls `findServers`; `doctor` calls `describeServers`, which builds nothing.
 */

import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { makeFolder } from "../../files/folder.ts";
import { packageRoot } from "../../files/package-root.ts";
import { spawnGuarded } from "./guard.ts";
import { makeOwnedFolder, reapOwnedFolders } from "./leases.ts";

export type ServerName = "nats-server" | "toxiproxy";
export type ServerSource = "env" | "cache" | "path" | "built";

export interface Servers {
  /** Paths of the programs. */
  readonly natsServer: string;
  readonly toxiproxy: string;
  readonly source: Readonly<Record<ServerName, ServerSource>>;
  readonly versions: Readonly<Record<ServerName, string>>;
}

export interface ServerDescription {
  readonly name: ServerName;
  /** The version found, or the one that would be built. */
  readonly version: string;
  readonly source: "env" | "cache" | "path" | "to-be-built" | "missing";
  readonly path?: string;
}

export interface FindOptions {
  /** Used instead of the process's own environment. */
  readonly env?: Environment;
}

/** The live world cannot run without these servers. The message says what is missing and what to install. */
export class ServersMissing extends Error {
  override readonly name = "ServersMissing";
}

type Environment = Readonly<Record<string, string | undefined>>;

interface FoundServer {
  readonly path: string;
  readonly version: string;
  readonly source: ServerSource;
}

interface Pin {
  readonly name: ServerName;
  readonly version: string;
  /** The variable that names an explicit path. */
  readonly variable: string;
  /** The names that it may have in PATH. */
  readonly commands: readonly string[];
  /** The name that `go build` gives it. */
  readonly built: string;
}

interface Pins {
  readonly go: string;
  readonly servers: readonly [natsServer: Pin, toxiproxy: Pin];
}

const buildPrefix = ".building";
const progressIntervalMs = 5_000;
const buildBoundMs = 20 * 60_000;
const versionBoundMs = 10_000;

export async function findServers(options: FindOptions, onProgress: (line: string) => void): Promise<Servers> {
  const env = options.env ?? process.env;
  const pins = readPins();
  await reapOwnedFolders(dirname(cacheFolder(pins, env)), buildPrefix);
  const [natsServer, toxiproxy] = pins.servers;
  const found = [await locate(natsServer, pins, env), await locate(toxiproxy, pins, env)] as const;
  const missing = pins.servers.filter((_, index) => found[index] === undefined);
  if (missing.length > 0) await build(missing, pins, env, onProgress);
  const builtAt = (pin: Pin): FoundServer => ({
    path: join(cacheFolder(pins, env), pin.name),
    version: pin.version,
    source: "built",
  });
  return describeFound(found[0] ?? builtAt(natsServer), found[1] ?? builtAt(toxiproxy));
}

/** The answer that `findServers` would give, and whether it would have to build. Builds nothing and throws nothing. */
export async function describeServers(options: FindOptions = {}): Promise<readonly ServerDescription[]> {
  const env = options.env ?? process.env;
  const pins = readPins();
  return Promise.all(pins.servers.map(pin => describe(pin, pins, env)));
}

function describeFound(natsServer: FoundServer, toxiproxy: FoundServer): Servers {
  return {
    natsServer: natsServer.path,
    toxiproxy: toxiproxy.path,
    source: { "nats-server": natsServer.source, toxiproxy: toxiproxy.source },
    versions: { "nats-server": natsServer.version, toxiproxy: toxiproxy.version },
  };
}

async function describe(pin: Pin, pins: Pins, env: Environment): Promise<ServerDescription> {
  const missing: ServerDescription = { name: pin.name, version: pin.version, source: "missing" };
  try {
    const found = await locate(pin, pins, env);
    if (found !== undefined) return { ...missing, ...found, source: found.source === "built" ? "cache" : found.source };
    return onPath(["go"], env) === undefined ? missing : { ...missing, source: "to-be-built" };
  } catch {
    return { ...missing, path: env[pin.variable] ?? "" };
  }
}

/**
 * Locates one server, without building it. Throws only where an explicit path does not exist, since another server would otherwise run
 * unnoticed.
 */
async function locate(pin: Pin, pins: Pins, env: Environment): Promise<FoundServer | undefined> {
  const explicit = env[pin.variable];
  if (explicit !== undefined && explicit !== "") {
    const path = resolve(explicit);
    const version = isExecutable(path) ? await versionOf(path) : undefined;
    if (version === undefined) {
      throw new ServersMissing(
        `${pin.variable} names ${explicit}, which does not run as a ${pin.name}: correct it, or unset it.`,
      );
    }
    return { path, version, source: "env" };
  }
  const cached = join(cacheFolder(pins, env), pin.name);
  if (isExecutable(cached)) return { path: cached, version: pin.version, source: "cache" };
  const installed = onPath(pin.commands, env);
  if (installed === undefined || (await versionOf(installed)) !== pin.version) return undefined;
  return { path: installed, version: pin.version, source: "path" };
}

async function build(
  missing: readonly Pin[],
  pins: Pins,
  env: Environment,
  onProgress: (line: string) => void,
): Promise<void> {
  const what = missing.map(pin => `${pin.name} ${pin.version}`).join(" and ");
  const remedy = `install Go ${pins.go} or newer, or set ${missing.map(pin => pin.variable).join(" and ")}`;
  const go = onPath(["go"], env);
  if (go === undefined) throw new ServersMissing(`${what} not found, and no Go to build from: ${remedy}.`);
  const onElapsed = (elapsed: string): void =>
    onProgress(`building ${what}: ${elapsed} (the first build takes 2-3 minutes)`);
  const failure = await buildInto(cacheFolder(pins, env), go, pins, env, onElapsed).catch(
    (error: Error) => error.message,
  );
  if (failure !== undefined) throw new ServersMissing(`${what} could not be built (${failure}): ${remedy}.`);
}

/** Builds beside the cache, then moves the program there. Returns the reason if it failed. */
async function buildInto(
  cache: string,
  go: string,
  pins: Pins,
  env: Environment,
  onElapsed: (elapsed: string) => void,
): Promise<string | undefined> {
  makeFolder(dirname(cache));
  const folder = makeOwnedFolder(dirname(cache), buildPrefix);
  try {
    const failure = await runGo(go, folder, pins, env, onElapsed);
    if (failure !== undefined) return failure;
    makeFolder(cache);
    for (const pin of pins.servers) await rename(join(folder, pin.built), join(cache, pin.name));
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs Go by one command with one set of flags, so that Go's own cache serves every later build. */
async function runGo(
  go: string,
  folder: string,
  pins: Pins,
  env: Environment,
  onElapsed: (elapsed: string) => void,
): Promise<string | undefined> {
  const [, toxiproxy] = pins.servers;
  const ldflags = `-s -w -X github.com/Shopify/toxiproxy/v2.Version=${toxiproxy.version}`;
  const guarded = spawnGuarded(go, ["build", "-o", `${folder}/`, "-trimpath", `-ldflags=${ldflags}`, "tool"], {
    cwd: join(packageRoot(), "fixtures", "servers"),
    // Go's own work folder lies in ours, so that a killed build leaves nothing elsewhere.
    env: { ...env, CGO_ENABLED: "0", GOTMPDIR: folder },
    onStdoutLine: () => {},
    onStderrLine: () => {},
  });
  guarded.child.stdin.end();
  const began = performance.now();
  const ticker = setInterval(
    () => onElapsed(`${Math.round((performance.now() - began) / 1000)} s`),
    progressIntervalMs,
  );
  const bound = setTimeout(() => void guarded.end(), buildBoundMs);
  onElapsed("0 s");
  const { code, signal } = await guarded.exited;
  clearInterval(ticker);
  clearTimeout(bound);
  return code === 0 ? undefined : `go build ended with ${signal ?? code}: ${guarded.tail().slice(-3).join(" / ")}`;
}

/** The folder `FAULTLINE_CACHE`, or else `faultline` in the user's cache folder. Below it each pair of versions has a folder. */
function cacheFolder(pins: Pins, env: Environment): string {
  const base = env.FAULTLINE_CACHE || join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "faultline");
  return resolve(base, "servers", pins.servers.map(pin => `${pin.name}-${pin.version}`).join("_"));
}

function readPins(): Pins {
  const file = join(packageRoot(), "fixtures", "servers", "go.mod");
  const text = readFileSync(file, "utf8");
  const read = (pattern: RegExp): string => {
    const version = pattern.exec(text)?.[1];
    if (version === undefined) throw new Error(`${file} does not match ${pattern}.`);
    return version;
  };
  return {
    go: read(/^go (\d+\.\d+)/m),
    servers: [
      {
        name: "nats-server",
        version: read(/nats-io\/nats-server\/v2 v(\S+)/),
        variable: "FAULTLINE_NATS_SERVER",
        commands: ["nats-server"],
        built: "nats-server",
      },
      {
        name: "toxiproxy",
        version: read(/Shopify\/toxiproxy\/v2 v(\S+)/),
        variable: "FAULTLINE_TOXIPROXY",
        commands: ["toxiproxy-server", "toxiproxy"],
        built: "server",
      },
    ],
  };
}

/** Both print it last in the line: "nats-server: v2.15.2", "toxiproxy-server version 2.12.0". */
async function versionOf(path: string): Promise<string | undefined> {
  let version: string | undefined;
  const onLine = (line: string): void => {
    version ??= /^(?:nats-server: |toxiproxy-server version )v?(\S+)$/.exec(line)?.[1];
  };
  const guarded = spawnGuarded(path, ["-version"], { onStdoutLine: onLine, onStderrLine: onLine });
  guarded.child.stdin.end();
  const bound = setTimeout(() => void guarded.end(), versionBoundMs);
  const { code } = await guarded.exited;
  clearTimeout(bound);
  return code === 0 ? version : undefined;
}

function onPath(commands: readonly string[], env: Environment): string | undefined {
  const folders = (env.PATH ?? "").split(delimiter).filter(folder => folder !== "");
  return commands.flatMap(command => folders.map(folder => join(folder, command))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

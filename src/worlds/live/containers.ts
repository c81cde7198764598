/**
 * The servers in containers of a Docker engine on this machine, through testcontainers. `--backend container` asks for it, and only then is
 * it loaded: testcontainers brings a hundred packages.
 *
 * 1. An image holds one program and nothing else (fixtures/images). Its tag names the version and a digest of its content, so it is built
 *    once, and never stands for another program.
 * 2. A container shares the network of this machine and the folder of the lease. A published port will not do. The engine puts a proxy
 *    before it, which takes every dial and turns RST into FIN, so no cut is one; docs/facts.md, F-135.
 * 3. Each start is a new container, as it would be a new process. Signals go through the engine, SIGSTOP as well: after the engine's own
 *    pause, SIGKILL would let the server run for a moment.
 * 4. Its program does not outlive the harness, however that ends. A container that is left over carries its owner in its labels, as a
 *    folder does in its name (leases.ts). The next harness that asks for containers removes it; containers of others are never removed.
 */
import { createHash, randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import type { ContainerRuntimeClient, WaitStrategy } from "testcontainers";
import { packageRoot } from "../../files/package-root.ts";
import type { Backend, ServerProcess, ServerStart } from "./backend.ts";
import { isDoneWithin, killWithUs, readLines } from "./guard.ts";
import { isAlive, ownerHere } from "./leases.ts";
import { type ServerName, type Servers, ServersMissing } from "./servers.ts";

type Testcontainers = typeof import("testcontainers");

/** The facts about an engine, for `doctor`. */
export interface EngineDescription {
  /** True where the package is installed. */
  readonly testcontainers: boolean;
  /** The engine's version; null where none answers. */
  readonly engine: string | null;
  /** The obstacle; null where the servers can run in containers. */
  readonly problem: string | null;
}

export const testcontainersPackage = "testcontainers";

const ownerLabel = "nats-faultline.owner";
/** The set of processes to which the owner belongs: engines are shared, also with users whose pids cannot be seen here. */
const homeLabel = "nats-faultline.home";

const startBoundMs = 30_000;
const seenBoundMs = 2_000;
const pollMs = 2;
const graceMs = 500;
const outputGraceMs = 1_000;

/** Removes what killed harnesses left, and builds the missing images. */
export async function openContainers(
  { testcontainers, client }: Engine,
  servers: Servers,
  folder: string,
  onProgress: (line: string) => void,
): Promise<Backend> {
  await reapContainers(client);
  const images = new Map<string, string>();
  for (const [name, program] of [
    ["nats-server", servers.natsServer],
    ["toxiproxy", servers.toxiproxy],
  ] as const)
    images.set(
      program,
      await imageOf(testcontainers, client, name, program, servers.versions[name], folder, onProgress),
    );
  const removals = new Set<Promise<void>>();
  return {
    async start(program, args, options) {
      const image = images.get(program);
      if (image === undefined) throw new Error(`There is no image of ${program}.`);
      const name = containerName();
      const removed = (): void => {
        const removal = removeContainer(client, name).finally(() => removals.delete(removal));
        removals.add(removal);
      };
      try {
        const started = await startContainer(testcontainers, client, image, name, args, options);
        void started.exited.then(removed);
        return started;
      } catch (error) {
        removed();
        throw error;
      }
    },
    async close() {
      await Promise.all(removals);
    },
  };
}

/** Describes the engine. Starts nothing and throws nothing. */
export async function describeEngine(): Promise<EngineDescription> {
  try {
    const { client } = await openEngine();
    return { testcontainers: true, engine: String(client.info.containerRuntime.serverVersion), problem: null };
  } catch (error) {
    if (!(error instanceof ServersMissing)) throw error;
    return { testcontainers: !error.message.includes("npm install"), engine: null, problem: error.message };
  }
}

// ---- The engine ----

export interface Engine {
  readonly testcontainers: Testcontainers;
  readonly client: ContainerRuntimeClient;
}

/** @throws ServersMissing where testcontainers is not installed, or no engine answers on this machine */
export async function openEngine(): Promise<Engine> {
  const testcontainers = await loadTestcontainers();
  const client = await testcontainers.getContainerRuntimeClient().catch(() => {
    throw new ServersMissing(
      "--backend container finds no Docker engine that answers this user on DOCKER_HOST or the default socket: start one, or leave " +
        "--backend out.",
    );
  });
  const { host } = client.info.containerRuntime;
  if (!["localhost", "127.0.0.1", "::1", "[::1]"].includes(host)) throw notOfThisMachine(`the one found is on ${host}`);
  return { testcontainers, client };
}

async function loadTestcontainers(): Promise<Testcontainers> {
  try {
    return await import("testcontainers");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ServersMissing(
      `--backend container needs a package that is not installed: npm install --save-dev ${testcontainersPackage}`,
    );
  }
}

const notOfThisMachine = (why: string): ServersMissing =>
  new ServersMissing(
    "--backend container needs a Docker engine that runs on this very machine, not in a virtual machine and not as another user's " +
      `(rootless): ${why}. Leave --backend out, or use such an engine.`,
  );

// ---- Images ----

/** Builds the image unless it exists. */
async function imageOf(
  { ImageName }: Testcontainers,
  client: ContainerRuntimeClient,
  name: ServerName,
  program: string,
  version: string,
  folder: string,
  onProgress: (line: string) => void,
): Promise<string> {
  const dockerfile = readFileSync(join(packageRoot(), "fixtures", "images", name, "Dockerfile"));
  const digest = createHash("sha256").update(dockerfile).update(readFileSync(program)).digest("hex").slice(0, 12);
  const tag = `faultline/${name}:${version}-${digest}`;
  const image = ImageName.fromString(tag);
  if (await client.image.exists(image)) return tag;
  onProgress(`building the image ${tag} …`);
  const context = join(folder, `image-${name}`);
  mkdirSync(context);
  try {
    copyFileSync(program, join(context, name));
    writeFileSync(join(context, "Dockerfile"), dockerfile);
    await client.image.build(context, { t: tag, dockerfile: "Dockerfile" });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  // The build does not report its own failure.
  if (!(await client.image.exists(image)))
    throw new ServersMissing(`--backend container: the Docker engine could not build ${tag} from ${program}.`);
  return tag;
}

// ---- Containers ----

/** NatsServer and Toxiproxy find out for themselves when their program is ready. */
const noWait: WaitStrategy = {
  waitUntilReady: async () => {},
  withStartupTimeout: () => noWait,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};

async function startContainer(
  { GenericContainer }: Testcontainers,
  client: ContainerRuntimeClient,
  image: string,
  name: string,
  args: readonly string[],
  { folder, env = {}, onLine }: ServerStart,
): Promise<ServerProcess> {
  const lines: string[] = [];
  const read = Promise.withResolvers<void>();
  const { uid, gid } = userInfo();
  const starting = new GenericContainer(image)
    .withName(name)
    .withCommand([...args])
    .withEnvironment({ ...env })
    .withLabels({ [ownerLabel]: ownerText(), [homeLabel]: home() })
    .withNetworkMode("host")
    // The harness must be able to remove what it writes.
    .withUser(`${uid}:${gid}`)
    .withBindMounts([{ source: folder, target: folder, mode: "z" }])
    .withDefaultLogDriver()
    .withAutoCleanup(false)
    .withWaitStrategy(noWait)
    .withLogConsumer(stream => {
      readLines(stream, lines, onLine);
      stream.once("close", read.resolve);
    })
    .start();
  const settled = starting.then(
    () => {},
    () => {},
  );
  if (!(await isDoneWithin(settled, startBoundMs)))
    throw new Error(`The Docker engine did not start a container of ${image} within ${startBoundMs} ms.`);
  await starting;
  const container = client.container.getById(name);
  const { State } = await container.inspect();
  const exited = container
    .wait()
    // An engine that is gone has taken its containers along, or is asked at the next open.
    .catch(() => {})
    .then(() => isDoneWithin(read.promise, outputGraceMs));
  const signal = (one: NodeJS.Signals): Promise<void> => container.kill({ signal: one }).then(() => {}, unlessGone);
  const end = async (): Promise<void> => {
    await signal("SIGTERM");
    await signal("SIGCONT");
    if (!(await isDoneWithin(exited, graceMs))) await signal("SIGKILL");
    await exited;
  };
  const started = { pid: State.Pid, exited, tail: () => [...lines], signal, end };
  if (!(await isSeenOrEnded(started, args))) {
    await end();
    throw notOfThisMachine("its processes are not to be seen here");
  }
  // A container that has ended already has no pid.
  if (State.Pid > 0) void exited.then(killWithUs(State.Pid));
  return started;
}

/**
 * True once the process is the program or has ended. For a moment after its start it is still the engine's own, which then becomes the
 * program.
 */
async function isSeenOrEnded({ pid, exited }: ServerProcess, args: readonly string[]): Promise<boolean> {
  for (const until = performance.now() + seenBoundMs; performance.now() < until; ) {
    if (isSeenHere(pid, args) || (await isDoneWithin(exited, pollMs))) return true;
  }
  return false;
}

/** Pids are checked by what runs under them, since the engine's may belong to another machine. */
function isSeenHere(pid: number, args: readonly string[]): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(1, -1).join("\0") === args.join("\0");
  } catch {
    return false;
  }
}

/** A container that cannot be removed now, since another is at it, is removed at the next open. */
async function removeContainer(client: ContainerRuntimeClient, name: string): Promise<void> {
  await client.container
    .getById(name)
    .remove({ force: true, v: true })
    .catch(() => {});
}

/** It does not exist, or does not run. */
function unlessGone(error: { readonly statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}

// ---- Owners ----

const containerName = (): string => `faultline-${ownerText()}-${randomBytes(4).toString("hex")}`;

function ownerText(): string {
  const { pid, start } = ownerHere();
  return `${pid}-${start}`;
}

/** This user, on this machine, among the processes that can be seen from here. */
function home(): string {
  return [hostname(), pidNamespace(), userInfo().uid].join("/");
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Removes the containers of harnesses of this user that no longer live. */
async function reapContainers(client: ContainerRuntimeClient): Promise<void> {
  const filters = JSON.stringify({ label: [`${homeLabel}=${home()}`] });
  const all = await client.container.dockerode.listContainers({ all: true, filters });
  const leftovers = all.filter(({ Labels }) => {
    const [, pid, start] = /^(\d+)-(\d+)$/.exec(Labels[ownerLabel] ?? "") ?? [];
    return pid !== undefined && start !== undefined && !isAlive({ pid: Number(pid), start });
  });
  await Promise.all(leftovers.map(({ Id }) => removeContainer(client, Id)));
}

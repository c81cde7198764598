/**
 * The holdings of a harness on this machine beyond its memory: a temporary folder and a block of ports. Many harnesses run side by side,
 * and any of them may be killed at any moment, so nothing here depends on tidying up in time.
 *
 * Ports are held by the kernel: the harness listens on the first port of a block for as long as it uses the others. That is atomic, ends
 * with the process however it dies, and leaves nothing to reap. A lock file could be stale, or be reaped while it is taken anew. The blocks
 * lie below the ephemeral range, so no outgoing connection gets in between.
 *
 * A folder carries its owner in its name, `<prefix>-<pid>-<when that process started>-<random>`. So the name tells the owner, and a reused
 * pid is not mistaken for it. Folders of owners that no longer live are removed at the next open.
 */
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerFailed } from "../../errors.ts";
import { isFolder } from "../../files/folder.ts";
import { processOf } from "./processes.ts";

const firstPort = 20_000;
const portsEnd = 32_000;
/** The first port of a block is the claim; the others belong to the lease. */
const portsPerBlock = 10;
const blocks = (portsEnd - firstPort) / portsPerBlock;
const prefix = "faultline";

export type Ports = readonly [number, number, number, number, number, number, number, number, number];

export interface Lease {
  readonly folder: string;
  /** Nine ports in a row, for listening on 127.0.0.1. */
  readonly ports: Ports;
  /** Returns the ports and removes the folder. Processes that used them must have ended. */
  release(): Promise<void>;
}

export async function openLease(): Promise<Lease> {
  const temporary = temporaryFolder();
  await reap();
  const { claim, ports } = await claimPorts();
  const folder = makeOwnedFolder(temporary, prefix);
  let released: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    await removeFolder(folder);
    await closed(claim);
  };
  return {
    folder,
    ports,
    release: () => {
      released ??= release();
      return released;
    },
  };
}

/** The folder for temporary files. One that is not there is a slip in TMPDIR, and is not made. @throws ServerFailed */
function temporaryFolder(): string {
  const folder = tmpdir();
  if (isFolder(folder)) return folder;
  throw new ServerFailed(`${folder}, the folder for temporary files, is no folder: correct TMPDIR, or unset it.`);
}

/** Removes the temporary folders of harnesses that no longer live. Returns the folders that it found. */
export function reap(): Promise<readonly string[]> {
  return reapOwnedFolders(tmpdir(), prefix);
}

/** A new folder that names this process as its owner. */
export function makeOwnedFolder(parent: string, folderPrefix: string): string {
  const { pid, start } = ownerHere();
  const folder = join(parent, `${folderPrefix}-${pid}-${start}-${randomBytes(4).toString("hex")}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** Removes the folders made by `makeOwnedFolder` whose owner no longer lives. Several may do so at once. */
export async function reapOwnedFolders(parent: string, folderPrefix: string): Promise<readonly string[]> {
  const leftovers = namesIn(parent)
    .filter(name => isLeftover(name, folderPrefix))
    .map(name => join(parent, name))
    .filter(isOurs);
  await Promise.all(leftovers.map(removeFolder));
  return leftovers;
}

function isLeftover(name: string, folderPrefix: string): boolean {
  if (!name.startsWith(`${folderPrefix}-`)) return false;
  const owner = /^(\d+)-(\d+)-[0-9a-f]{8}$/.exec(name.slice(folderPrefix.length + 1));
  return owner !== null && !isAlive({ pid: Number(owner[1]), start: owner[2] ?? "" });
}

/** A process, told apart from a later one with its pid. */
export interface Owner {
  readonly pid: number;
  readonly start: string;
}

export const ownerHere = (): Owner => ({ pid: process.pid, start: startOf(process.pid) ?? "0" });

export const isAlive = ({ pid, start }: Owner): boolean => startOf(pid) === start;

/**
 * The time at which the process started; `undefined` if no such process lives. Without /proc it is "0" for every living process, and a
 * reused pid then only delays the reaping.
 */
const startOf = (pid: number): string | undefined =>
  processOf(pid)?.start ?? (existsSync("/proc/self/stat") || !isRunning(pid) ? undefined : "0");

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** True for our own folders: in a shared temporary folder, leftovers of other users are for them to reap. */
function isOurs(path: string): boolean {
  try {
    return lstatSync(path).uid === process.getuid?.();
  } catch {
    return false;
  }
}

/** A folder that cannot be removed now (another is at it, a child is still dying) is removed at the next open. */
async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 }).catch(() => {});
}

async function claimPorts(): Promise<{ readonly claim: Server; readonly ports: Ports }> {
  // Each harness begins at a random block, so that those started together do not all try the same ones.
  const begin = randomBytes(2).readUInt16LE() % blocks;
  for (let offset = 0; offset < blocks; offset += 1) {
    const first = firstPort + ((begin + offset) % blocks) * portsPerBlock;
    const claim = await listen(first);
    if (claim === undefined) continue;
    const ports = Array.from({ length: portsPerBlock - 1 }, (_, index) => first + 1 + index);
    if (await areFree(ports)) return { claim, ports: ports as unknown as Ports };
    await closed(claim);
  }
  throw new ServerFailed(`No ${portsPerBlock} ports in a row are free between ${firstPort} and ${portsEnd - 1}.`);
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  const asked = await Promise.allSettled(ports.map(listen));
  const servers = asked.map(one => (one.status === "fulfilled" ? one.value : undefined));
  await Promise.all(servers.map(server => (server === undefined ? undefined : closed(server))));
  const refused = asked.find(one => one.status === "rejected");
  if (refused !== undefined) throw refused.reason;
  return servers.every(server => server !== undefined);
}

/**
 * Listens on the port, without keeping the process alive; `undefined` if the port is taken, or is not for us. Fails where no port could be
 * had, as without free descriptors.
 */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => resolve(server.unref()));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
  });
}

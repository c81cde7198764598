/** Harnesses side by side do not meet, and a killed one leaves nothing for long. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { makeOwnedFolder, openLease, reapOwnedFolders } from "../../../src/worlds/live/leases.ts";

const leasesFile = join(import.meta.dirname, "../../../src/worlds/live/leases.ts");
const parent = mkdtempSync(join(tmpdir(), "leases-test-"));
afterAll(() => rmSync(parent, { recursive: true }));

/** A process that opens a lease, says so, and keeps it until its standard input ends. */
function spawnHolder(): ChildProcess {
  const program = `
    const lease = await (await import(${JSON.stringify(leasesFile)})).openLease();
    console.log(JSON.stringify({ folder: lease.folder, ports: lease.ports }));
    process.stdin.resume().once("end", () => lease.release());
  `;
  return spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "inherit"] });
}

interface Held {
  readonly folder: string;
  readonly ports: readonly number[];
}

async function heldBy(holder: ChildProcess): Promise<Held> {
  const [line] = (await once(holder.stdout ?? holder, "data")) as [Buffer];
  return JSON.parse(line.toString()) as Held;
}

test("20 processes side by side hold disjoint ports; the killed ones' folders are reaped and the others' are not", {
  timeout: 60_000,
}, async () => {
  const holders = Array.from({ length: 20 }, spawnHolder);
  const held = await Promise.all(holders.map(heldBy));
  const ports = held.flatMap(lease => lease.ports);
  expect(new Set(ports).size).toBe(ports.length);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...ports)).toBeLessThan(32_000);
  expect(new Set(held.map(lease => lease.folder)).size).toBe(20);

  const killed = holders.slice(0, 10);
  await Promise.all(
    killed.map(async holder => {
      holder.kill("SIGKILL");
      await once(holder, "exit");
    }),
  );
  const lease = await openLease();
  expect(held.map(({ folder }) => existsSync(folder))).toEqual(holders.map(holder => !killed.includes(holder)));
  await lease.release();

  await Promise.all(
    holders.slice(10).map(async holder => {
      holder.stdin?.end();
      await once(holder, "exit");
    }),
  );
  expect(held.some(({ folder }) => existsSync(folder))).toBe(false);
});

test("a lease's ports can be listened on, and are another's once it is released", async () => {
  const lease = await openLease();
  expect(lease.ports).toHaveLength(9);
  for (const port of lease.ports) {
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    await new Promise(resolve => server.close(resolve));
  }
  await Promise.all([lease.release(), lease.release()]);
  expect(existsSync(lease.folder)).toBe(false);
});

test("a folder is left alone while its owner lives, and not mistaken for another process of the same pid", async () => {
  const mine = makeOwnedFolder(parent, "here");
  expect(await reapOwnedFolders(parent, "here")).toEqual([]);
  const program = `
    const { makeOwnedFolder } = await import(${JSON.stringify(leasesFile)});
    console.log(makeOwnedFolder(${JSON.stringify(parent)}, "here"));
  `;
  const other = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = await Promise.all([text(other.stdout), once(other, "exit")]);
  const theirs = printed.trim();
  expect(await reapOwnedFolders(parent, "here")).toEqual([theirs]);

  const [, , start, random] = basename(mine).split("-");
  const usedAgain = join(parent, `here-${process.pid}-${Number(start) - 1}-${random}`);
  mkdirSync(usedAgain);
  expect(await reapOwnedFolders(parent, "here")).toEqual([usedAgain]);
  expect(existsSync(mine)).toBe(true);
});

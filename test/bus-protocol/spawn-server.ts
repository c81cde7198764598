/** Starts a nats-server as a plain child process, for the tests of the buses. The live world has its own way, with a leash. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { standsStill } from "../../src/worlds/live/nats-server.ts";

const pauseBoundMs = 2_000;

/** Null where none is to be had. */
export async function findNatsServer(): Promise<string | null> {
  const named = process.env.FAULTLINE_NATS_SERVER;
  if (named !== undefined) return named;
  const { findServers, ServersMissing } = await import("../../src/worlds/live/servers.ts");
  try {
    return (await findServers({}, () => {})).natsServer;
  } catch (error) {
    if (error instanceof ServersMissing) return null;
    throw error;
  }
}

export interface SpawnedServer {
  readonly url: string;
  readonly port: string;
  /** Halts it with its connections open. Resolves when it stands still. */
  pause(): Promise<void>;
  resume(): void;
  /** Resolves when no connection of this name is open any more. */
  forgets(name: string, deadlineMs: number): Promise<void>;
  /** Resolves when it is gone. */
  stop(): Promise<void>;
}

/** Resolves when it listens. */
export async function spawnServer(program: string, args: readonly string[] = [], port = "-1"): Promise<SpawnedServer> {
  const all = ["-a", "127.0.0.1", "-p", port, "-m", "-1", ...args];
  const child = spawn(program, all, { stdio: ["ignore", "ignore", "pipe"] });
  const { address, monitor } = await listeningOn(child);
  return {
    url: `nats://${address}`,
    port: address.replace(/^.*:/, ""),
    pause: async () => {
      child.kill("SIGSTOP");
      const until = performance.now() + pauseBoundMs;
      while (child.pid !== undefined && !standsStill(child.pid)) {
        if (performance.now() > until) throw new Error("the server did not halt at SIGSTOP");
        await wait(1);
      }
    },
    resume: () => void child.kill("SIGCONT"),
    forgets: async (name, deadlineMs) => {
      const until = performance.now() + deadlineMs;
      while ((await openConnections(monitor)).includes(name)) {
        if (performance.now() > until) throw new Error(`the connection ${name} is still open`);
      }
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** A folder for JetStream, and how to be rid of it. */
export function storeFolder(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "faultline-store-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function openConnections(monitor: string): Promise<readonly (string | undefined)[]> {
  const answer = await fetch(`http://${monitor}/connz?state=open`);
  const { connections } = (await answer.json()) as { connections: readonly { name?: string }[] };
  return connections.map(({ name }) => name);
}

async function listeningOn(server: ChildProcess): Promise<{ readonly address: string; readonly monitor: string }> {
  if (server.stderr === null) throw new Error("the server has no stderr");
  let monitor = "";
  for await (const line of createInterface({ input: server.stderr })) {
    monitor = /Starting http monitor on (\S+)/.exec(line)?.[1] ?? monitor;
    const address = /Listening for client connections on (\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    server.stderr.resume();
    return { address, monitor };
  }
  throw new Error("the server ended before it listened");
}

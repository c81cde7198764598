/**
 * The servers in containers, where a Docker engine answers on DOCKER_HOST or the default socket. Elsewhere none of this is run, and one
 * test says why, in words that help; what the commands then say is in test/commands/backend.test.ts.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { getContainerRuntimeClient } from "testcontainers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../../src/worlds/live/backend.ts";
import { describeEngine, openContainers, openEngine } from "../../../src/worlds/live/containers.ts";
import { openSite } from "../../../src/worlds/live/index.ts";
import { type Lease, openLease, ownerHere } from "../../../src/worlds/live/leases.ts";
import { NatsServer, standsStill } from "../../../src/worlds/live/nats-server.ts";
import { findServers, type Servers } from "../../../src/worlds/live/servers.ts";
import { openStreams } from "../../../src/worlds/live/streams.ts";
import { faultline, root } from "../../commands/faultline.ts";

const { problem } = await describeEngine();
const say = (line: string): void => console.error(line);

function notRunHere(reason: string): void {
  test(`not run here: ${reason}`, () => {
    expect(reason).toMatch(/npm install|start one|Leave --backend out/);
  });
}

/** A harness that holds a site, and says who it is. */
async function holder(): Promise<{ readonly process: ChildProcess; readonly owner: string }> {
  const program = `
    const { openSite } = await import(${JSON.stringify(join(root, "src/worlds/live/index.ts"))});
    const { ownerHere } = await import(${JSON.stringify(join(root, "src/worlds/live/leases.ts"))});
    const site = await openSite(() => {}, { lanes: 1, backend: "container" });
    console.log(Object.values(ownerHere()).join("-"));
    process.stdin.resume().once("end", () => site.close().then(() => process.exit()));
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(child.stdout ?? child, "data")) as [Buffer];
  return { process: child, owner: line.toString().trim() };
}

interface Listed {
  readonly id: string;
  readonly image: string;
  readonly isRunning: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

async function containersOf(owner: string): Promise<readonly Listed[]> {
  const { container } = await getContainerRuntimeClient();
  const filters = JSON.stringify({ label: [`nats-faultline.owner=${owner}`] });
  const all = await container.dockerode.listContainers({ all: true, filters });
  return all.map(({ Id, Image, State, Labels }) => ({
    id: Id,
    image: Image,
    isRunning: State === "running",
    labels: Labels,
  }));
}

const ownerText = (): string => Object.values(ownerHere()).join("-");

function whereAnEngineAnswers(): void {
  let servers: Servers;
  let lease: Lease;
  let backend: Backend;

  beforeAll(async () => {
    servers = await findServers({}, say);
    lease = await openLease();
    backend = await openContainers(await openEngine(), servers, lease.folder, say);
  }, 1_200_000);

  afterAll(async () => {
    await backend?.close();
    await lease?.release();
  });

  const startNats = (): Promise<NatsServer> => {
    const [port, monitorPort] = lease.ports;
    return NatsServer.start({ program: servers.natsServer, backend, port, monitorPort, folder: lease.folder });
  };

  test("a site in containers passes every claim of the self-test, can do what one of processes can, and leaves nothing", async () => {
    const inContainers = await openSite(say, { lanes: 1, backend: "container" });
    const images = (await containersOf(ownerText())).filter(one => one.isRunning).map(({ image }) => image);
    await inContainers.close();
    const inProcesses = await openSite(say, { lanes: 1, backend: "process" });
    await inProcesses.close();
    expect(inContainers.findings.filter(one => !one.ok)).toEqual([]);
    expect(inContainers.capabilities).toEqual(inProcesses.capabilities);
    const { "nats-server": nats, toxiproxy } = servers.versions;
    expect(images.map(image => image.replace(/-[0-9a-f]{12}$/, "")).toSorted()).toEqual([
      `faultline/nats-server:${nats}`,
      `faultline/toxiproxy:${toxiproxy}`,
    ]);
    expect(await containersOf(ownerText())).toEqual([]);
  });

  test("a server in a container is a process of this machine, keeps its store over a restart, and halts thread by thread", async () => {
    const server = await startNats();
    const { pid = 0 } = server;
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain(`${server.port}`);
    const streams = await openStreams(server.port);
    await streams.create([
      { name: "KEPT", subjects: ["kept"], storage: "file", duplicateWindowMs: 1_000, discard: "old", made: "present" },
    ]);
    await streams.close();
    await server.stop("KILL");
    expect(server.pid).toBeUndefined();
    await expect(connect({ servers: `127.0.0.1:${server.port}`, reconnect: false })).rejects.toThrow();
    await server.restart({ authorization: { user: "a", password: "b" } });
    expect(await server.state()).toMatchObject({ streams: 1, requiresCredentials: true });
    await server.pause();
    expect([server.isHalted, standsStill(server.pid ?? 0)]).toEqual([true, true]);
    // Halted it can still be ended.
    await server.stop("KILL");
    await server.restart({ store: "lost" });
    expect(await server.state()).toMatchObject({ streams: 0, requiresCredentials: false });
    await server.end();
  });

  test("a server that cannot start says what it said", async () => {
    const server = await startNats();
    await expect(startNats()).rejects.toThrow(/did not start.*address already in use/s);
    await server.end();
  });

  test("the servers of a killed harness end with it, and their containers are removed by the next; a living one's stays, and so does that of another home", async () => {
    const [killed, living] = await Promise.all([holder(), holder()]);
    const left = await containersOf(killed.owner);
    expect(left.map(one => one.isRunning)).toEqual([true, true]);
    killed.process.kill("SIGKILL");
    await once(killed.process, "exit");
    const running = async (): Promise<number> => (await containersOf(killed.owner)).filter(one => one.isRunning).length;
    await expect.poll(running, { timeout: 10_000 }).toBe(0);
    expect(await containersOf(killed.owner)).toHaveLength(2);

    const [one] = left;
    const { container } = await getContainerRuntimeClient();
    const elsewhere = await container.create({
      Image: one?.image ?? "",
      Labels: { ...one?.labels, "nats-faultline.home": "elsewhere/pid:[1]/0" },
    });
    try {
      await (await openContainers(await openEngine(), servers, lease.folder, say)).close();
      expect((await containersOf(killed.owner)).map(({ id }) => id)).toEqual([elsewhere.id]);
      expect((await containersOf(living.owner)).map(({ isRunning }) => isRunning)).toEqual([true, true]);
    } finally {
      await container.remove(elsewhere);
    }
    living.process.stdin?.end();
    await once(living.process, "exit");
    expect(await containersOf(living.owner)).toEqual([]);
  });

  test("random scenarios in containers agree with the model, stops, pauses and credentials among them", async () => {
    const args = ["compare", "--bus", "go-nats-go", "--runs", "20", "--seed", "7", "--backend", "container", "--json"];
    const { code, json, stderr } = await faultline(args);
    expect(json).toMatchObject({ verdict: "holds", runs: 20, agree: 20, disagree: 0 });
    expect(json.shapes["server stopped"] + json.shapes["server paused"]).toBeGreaterThan(0);
    expect(code).toBe(0);
    expect(stderr).toContain("again: npx faultline compare --worlds model,live --bus go-nats-go --backend container");
  });
}

describe("servers in containers", () => (problem === null ? whereAnEngineAnswers() : notRunHere(problem)));

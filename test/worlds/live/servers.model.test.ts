/** Where the servers come from, tried with programs that only say a version and a Go that only copies or fails. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeOwnedFolder } from "../../../src/worlds/live/leases.ts";
import { describeServers, findServers, ServersMissing } from "../../../src/worlds/live/servers.ts";

const [natsPin, toxiproxyPin] = (await describeServers({ env: { PATH: "" } })).map(({ version }) => version);
let root: string;
let env: Record<string, string>;
let lines: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "servers-test-"));
  // Nothing but what a test puts there.
  env = { PATH: join(root, "bin"), FAULTLINE_CACHE: join(root, "cache"), HOME: root };
  lines = [];
});
afterEach(() => rmSync(root, { recursive: true }));

const find = () => findServers({ env }, line => lines.push(line));
const cache = () => join(root, "cache", "servers", `nats-server-${natsPin}_toxiproxy-${toxiproxyPin}`);

function writeProgram(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
const writeNatsServer = (path: string, version = natsPin) => writeProgram(path, `echo "nats-server: v${version}"`);
const writeToxiproxy = (path: string, version = toxiproxyPin) =>
  writeProgram(path, `echo "toxiproxy-server version ${version}"`);

/** Builds as Go would: `go build -o FOLDER/ …` puts `nats-server` and `server` there. */
function writeGo(): void {
  const natsServer = writeNatsServer(join(root, "made", "nats-server"));
  const toxiproxy = writeToxiproxy(join(root, "made", "server"));
  writeProgram(join(root, "bin", "go"), `/bin/cp -p ${natsServer} ${toxiproxy} "$3"`);
}

test("the cache is used without a word", async () => {
  writeNatsServer(join(cache(), "nats-server"));
  writeToxiproxy(join(cache(), "toxiproxy"));
  expect(await find()).toEqual({
    natsServer: join(cache(), "nats-server"),
    toxiproxy: join(cache(), "toxiproxy"),
    source: { "nats-server": "cache", toxiproxy: "cache" },
    versions: { "nats-server": natsPin, toxiproxy: toxiproxyPin },
  });
  expect(lines).toEqual([]);
});

test("explicit paths win over the cache, whatever their version", async () => {
  writeNatsServer(join(cache(), "nats-server"));
  writeToxiproxy(join(cache(), "toxiproxy"));
  env.FAULTLINE_NATS_SERVER = writeNatsServer(join(root, "mine", "nats"), "2.10.0");
  const servers = await find();
  expect(servers.natsServer).toBe(env.FAULTLINE_NATS_SERVER);
  expect(servers.source).toEqual({ "nats-server": "env", toxiproxy: "cache" });
  expect(servers.versions["nats-server"]).toBe("2.10.0");
});

test("an explicit path that leads nowhere is an error, not a reason to run another server", async () => {
  writeNatsServer(join(cache(), "nats-server"));
  writeToxiproxy(join(cache(), "toxiproxy"));
  env.FAULTLINE_TOXIPROXY = join(root, "nowhere");
  await expect(find()).rejects.toThrow(ServersMissing);
  await expect(find()).rejects.toThrow(/FAULTLINE_TOXIPROXY names .*nowhere/);
});

test("PATH is used where its version is exactly the pinned one", async () => {
  writeNatsServer(join(root, "bin", "nats-server"));
  writeToxiproxy(join(root, "bin", "toxiproxy-server"));
  expect((await find()).source).toEqual({ "nats-server": "path", toxiproxy: "path" });
});

test("another version on PATH is not taken: it is built instead", async () => {
  writeNatsServer(join(root, "bin", "nats-server"), "2.15.1");
  writeToxiproxy(join(root, "bin", "toxiproxy-server"), "git");
  writeGo();
  expect(await find()).toMatchObject({
    natsServer: join(cache(), "nats-server"),
    source: { "nats-server": "built", toxiproxy: "built" },
  });
  expect(lines[0]).toMatch(/^building nats-server .* and toxiproxy .*: 0 s/);
  expect((await find()).source).toEqual({ "nats-server": "cache", toxiproxy: "cache" });
});

test("two builds at once both end well and leave nothing beside the cache", async () => {
  writeGo();
  const both = await Promise.all([find(), find()]);
  for (const servers of both) expect(existsSync(servers.natsServer) && existsSync(servers.toxiproxy)).toBe(true);
  expect(readdirSync(dirname(cache()))).toHaveLength(1);
});

test("what a killed build left is removed at the next run, and a running build is not disturbed", async () => {
  mkdirSync(dirname(cache()), { recursive: true });
  const running = makeOwnedFolder(dirname(cache()), ".building");
  const left = join(dirname(cache()), ".building-999999999-1-0123abcd");
  mkdirSync(left);
  writeNatsServer(join(cache(), "nats-server"));
  writeToxiproxy(join(cache(), "toxiproxy"));
  await find();
  expect([existsSync(left), existsSync(running)]).toEqual([false, true]);
});

test("without Go the error says what is missing and what to install", async () => {
  await expect(find()).rejects.toThrow(ServersMissing);
  await expect(find()).rejects.toThrow(
    `nats-server ${natsPin} and toxiproxy ${toxiproxyPin} not found, and no Go to build from: ` +
      "install Go 1.26 or newer, or set FAULTLINE_NATS_SERVER and FAULTLINE_TOXIPROXY.",
  );
});

test("a Go that fails is quoted, and nothing half-made stays", async () => {
  writeProgram(join(root, "bin", "go"), 'echo "dial tcp: no route to host" >&2; exit 1');
  await expect(find()).rejects.toThrow(ServersMissing);
  await expect(find()).rejects.toThrow(
    /could not be built \(go build ended with 1: dial tcp: no route to host\): install Go/,
  );
  expect(readdirSync(join(root, "cache", "servers"))).toEqual([]);
});

test("a cache that cannot be written is told as such", async () => {
  writeGo();
  writeFileSync(join(root, "cache"), "a file where a folder should be");
  await expect(find()).rejects.toThrow(ServersMissing);
});

test("describing builds nothing and throws nothing", async () => {
  const sources = async () => (await describeServers({ env })).map(({ source }) => source);
  expect(await sources()).toEqual(["missing", "missing"]);
  writeGo();
  writeToxiproxy(join(root, "bin", "toxiproxy"));
  expect(await sources()).toEqual(["to-be-built", "path"]);
  env.FAULTLINE_NATS_SERVER = join(root, "nowhere");
  expect((await describeServers({ env }))[0]).toMatchObject({ source: "missing", path: env.FAULTLINE_NATS_SERVER });
  expect(existsSync(join(root, "cache"))).toBe(false);
});

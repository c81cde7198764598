/** No child outlives its harness. A child shows that it lives by a connection to the test, and its end by the connection's end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { spawnGuarded } from "../../../src/worlds/live/guard.ts";

const guardFile = join(import.meta.dirname, "../../../src/worlds/live/guard.ts");
/** Lives until it is killed, deaf to SIGTERM; says its pid over the connection. */
const longLived = `
  process.on("SIGTERM", () => {});
  const socket = require("node:net").connect(Number(process.env.REPORT_PORT), "127.0.0.1", () => socket.write(String(process.pid)));
  setInterval(() => {}, 1000);
`;

let server: Server;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  environment = { ...process.env, REPORT_PORT: String(typeof address === "object" ? address?.port : "") };
});
afterEach(() => void server.close());

/** A child that has come up: its pid, and the promise of its end. */
async function reported(): Promise<{ readonly pid: number; readonly gone: Promise<unknown> }> {
  const [socket] = (await once(server, "connection")) as [Socket];
  const [pid] = (await once(socket, "data")) as [Buffer];
  // Killed with nothing unread it ends with FIN, else with RST: gone either way.
  socket.on("error", () => {});
  return { pid: Number(pid.toString()), gone: new Promise(resolve => socket.resume().once("close", resolve)) };
}

describe("a child ends within 5 s of its harness being killed", () => {
  test.each(["running and deaf to SIGTERM", "halted"])("%s", { timeout: 5_000 }, async state => {
    const harness = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `(await import(${JSON.stringify(guardFile)})).spawnGuarded(process.execPath, ["-e", ${JSON.stringify(longLived)}])`,
      ],
      { env: environment, stdio: "inherit" },
    );
    const child = await reported();
    if (state === "halted") process.kill(child.pid, "SIGSTOP");
    harness.kill("SIGKILL");
    await child.gone;
  });
});

test("the pid is the command's own, and standard input, output and the exit code pass", async () => {
  const lines: string[] = [];
  const guarded = spawnGuarded("/bin/sh", ["-c", "echo $$; cat; echo oops >&2; exit 7"], {
    onStdoutLine: line => lines.push(line),
    onStderrLine: line => lines.push(line),
  });
  guarded.child.stdin.end("over to you\n");
  expect(await guarded.exited).toEqual({ code: 7, signal: null, atMs: expect.any(Number) });
  expect(lines.toSorted()).toEqual([String(guarded.pid), "oops", "over to you"].toSorted());
  expect(guarded.tail().toSorted()).toEqual(lines.toSorted());
});

test("the child has the three standard streams and nothing of the guard's", async () => {
  const lines: string[] = [];
  const guarded = spawnGuarded("/bin/sh", ["-c", "(: <&3) 2>/dev/null && echo open || echo closed"], {
    onStdoutLine: line => lines.push(line),
  });
  await guarded.exited;
  expect(lines).toEqual(["closed"]);
});

test("output that something else holds open is given up, and the end of the child is told as it was", async () => {
  const lines: string[] = [];
  const begun = performance.now();
  const guarded = spawnGuarded("/bin/sh", ["-c", "setsid sleep 4 & sleep 0.3; echo last; exit 3"], {
    onStdoutLine: line => lines.push(line),
  });
  const exit = await guarded.exited;
  expect(exit).toEqual({ code: 3, signal: null, atMs: expect.any(Number), isCut: true });
  expect(lines).toEqual(["last"]);
  expect(performance.now() - begun).toBeGreaterThan(1_000);
  expect(performance.now() - exit.atMs).toBeGreaterThan(900);
});

test("output that ends while the harness is busy is read to its end", async () => {
  const lines: string[] = [];
  const guarded = spawnGuarded("/bin/sh", ["-c", "setsid sh -c 'sleep 0.6; echo late' & sleep 0.3; exit 3"], {
    onStdoutLine: line => lines.push(line),
  });
  await once(guarded.child, "exit");
  for (const until = performance.now() + 1_500; performance.now() < until; );
  const { isCut } = await guarded.exited;
  expect(lines).toEqual(["late"]);
  expect(isCut).toBeUndefined();
});

test("a signal goes to the child alone and its exit tells of it", async () => {
  const guarded = spawnGuarded(process.execPath, ["-e", longLived], { env: environment });
  await reported();
  guarded.kill("SIGKILL");
  expect(await guarded.exited).toMatchObject({ code: null, signal: "SIGKILL" });
  expect(guarded.kill("SIGKILL")).toBe(false);
});

test("end() ends a child that is deaf to SIGTERM, and a halted one", async () => {
  for (const halted of [false, true]) {
    const guarded = spawnGuarded(process.execPath, ["-e", longLived], { env: environment });
    await reported();
    if (halted) guarded.kill("SIGSTOP");
    expect(await guarded.end()).toMatchObject({ code: null, signal: "SIGKILL" });
  }
});

test("what a child leaves behind ends with it", async () => {
  const guarded = spawnGuarded("/bin/sh", ["-c", '"$0" -e "$1" & read -r _; exit 3', process.execPath, longLived], {
    env: environment,
  });
  const grandchild = await reported();
  guarded.child.stdin.end("\n");
  expect(await guarded.exited).toMatchObject({ code: 3, signal: null });
  await grandchild.gone;
});

test("a command that does not exist exits 127, and a folder that does not exist is refused", async () => {
  const guarded = spawnGuarded("no-such-command", [], { onStderrLine: () => {} });
  expect((await guarded.exited).code).toBe(127);
  expect(guarded.tail().join()).toMatch(/not found/);
  expect(() => spawnGuarded("true", [], { cwd: join(import.meta.dirname, "no-such-folder") })).toThrow(
    /cannot be started/,
  );
});

/** A dial that gets no answer is seen while it lasts, and not afterwards. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { dialsOf, isDialUnderWay } from "../../../src/worlds/live/dials.ts";

test("a dial without an answer is seen until it ends, and a connection is not", async () => {
  const server = createServer().listen({ host: "127.0.0.1", port: 0, backlog: 1 });
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const joined = connect(port, "127.0.0.1");
  await once(joined, "connect");
  expect(isDialUnderWay(port)).toBe(false);

  // A full backlog leaves a SYN without an answer.
  const { stop, full } = await fillBacklog();
  expect(isDialUnderWay(full)).toBe(true);
  await stop();
  expect(isDialUnderWay(full)).toBe(false);
  joined.destroy();
  server.close();
});

test("the dials that a bus says are over are looked for no more, and those after them are", async () => {
  const dials = dialsOf(process.pid, true);
  const first = await fillBacklog();
  expect(dials.areUnderWay(first.full)).toBe(true);
  dials.areOver();
  expect(dials.areUnderWay(first.full)).toBe(false);

  const second = await fillBacklog();
  expect(dials.areUnderWay(second.full)).toBe(true);
  await first.stop();
  await second.stop();
  expect(dials.areUnderWay(second.full)).toBe(false);
});

/** A listener that accepts nothing, with more dials than its backlog takes. */
async function fillBacklog(): Promise<{ full: number; stop: () => Promise<void> }> {
  const { spawn } = await import("node:child_process");
  const script =
    "import socket,sys\ns=socket.socket()\ns.bind(('127.0.0.1',0))\ns.listen(0)\nprint(s.getsockname()[1],flush=True)\nsys.stdin.read()";
  const child = spawn("python3", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(child.stdout.setEncoding("latin1"), "data")) as [string];
  const full = Number(line);
  const dials = Array.from({ length: 8 }, () => connect(full, "127.0.0.1").on("error", () => {}));
  await new Promise<void>(resolve => {
    const look = (): void => void (isDialUnderWay(full) === true ? resolve() : setTimeout(look, 1));
    look();
  });
  return {
    full,
    stop: async () => {
      await Promise.all(dials.map(dial => once(dial.destroy(), "close")));
      child.stdin.end();
      await once(child, "exit");
    },
  };
}

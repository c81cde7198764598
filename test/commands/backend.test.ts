/** Who asks for containers where they cannot be had is told what is missing, at once; test/worlds/live/containers.test.ts is where they can. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder, withoutServers } from "./faultline.ts";

const whileDown = "fixtures/scenarios/reconnect-buffer/published-while-down.json";
const withoutPackage = { NODE_OPTIONS: `--import=${join(import.meta.dirname, "without-testcontainers.mjs")}` };
/** Whatever engine there is, it is taken for that of another machine: nothing is ever started on one. */
const withoutEngine = { DOCKER_HOST: "unix:///nowhere/docker.sock", TESTCONTAINERS_HOST_OVERRIDE: "192.0.2.1" };

test.for<readonly [string, readonly string[]]>([
  ["drill", ["drill"]],
  ["drill shutdown", ["drill", "shutdown"]],
  ["compare", ["compare", "--bus", "go-nats-go", "--runs", "1"]],
  ["search", ["search", "--world", "live", "--bus", "go-nats-go", "--runs", "1"]],
  ["replay", ["replay", whileDown, "--world", "live"]],
])(
  "%s --backend container exits 69 with one sentence where the package or the engine is missing",
  async ([_, args]) => {
    for (const [env, says] of [
      [withoutPackage, /npm install --save-dev testcontainers$/],
      [withoutEngine, /(finds no|needs a) Docker engine/],
    ] as const) {
      const { code, stderr, json } = await faultline([...args, "--backend", "container", "--json"], { env });
      const sentences = stderr.split("\n").filter(line => line.startsWith("faultline: "));
      expect([code, sentences]).toEqual([69, [expect.stringMatching(says)]]);
      expect(json).toMatchObject({ verdict: null, exitCode: 69, error: expect.stringMatching(says) });
    }
  },
);

test("the processes need neither the package nor an engine", async () => {
  const args = ["replay", whileDown, "--world", "live", "--bus", "go-nats-go", "--json"];
  const { code } = await faultline(args, { env: { ...withoutPackage, ...withoutEngine } });
  expect(code).toBe(0);
});

test("doctor says what is missing for containers, and only who asks for them is refused", async () => {
  const { code, json } = await faultline(["doctor", "--bus", "go-nats-go", "--json"], { env: withoutPackage });
  expect(code).toBe(0);
  expect(json.containers).toEqual({
    testcontainers: false,
    engine: null,
    problem: expect.stringContaining("npm install --save-dev testcontainers"),
  });
  const asked = ["doctor", "--bus", "go-nats-go", "--backend", "container"];
  const { code: refused, stdout } = await faultline(asked, { env: withoutEngine });
  expect(refused).toBe(69);
  expect(stdout).toMatch(/container engine +none/);
  expect(stdout).toMatch(/To do .*Docker engine/);
});

test("what is not built yet is still said where containers are asked for", async () => {
  const cwd = ownFolder();
  const { stdout } = await faultline(["doctor", "--bus", "go-nats-go", "--backend", "container"], {
    cwd,
    env: { ...withoutServers(cwd), ...withoutPackage },
  });
  expect(stdout).toMatch(/To do +Install Go/);
});

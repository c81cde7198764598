/** What is installed, told without building anything. */
import { expect, test } from "vitest";
import { findBus } from "../../src/bus-protocol/registry.ts";
import { lackOf } from "../../src/commands/doctor.ts";
import { badBus, faultline, ownFolder, withoutServers } from "./faultline.ts";

test("with everything there the live world is ready, and every bus tells its profile", async () => {
  const { code, json } = await faultline(["doctor", "--json"]);
  expect(code).toBe(0);
  expect(json.live).toBe("ready");
  expect(json.servers.map((one: { name: string }) => one.name)).toEqual(["nats-server", "toxiproxy"]);
  const profiles = json.buses.map(({ name, profile }: { name: string; profile: string }) => [name, profile]);
  expect(profiles).toEqual([
    ["go-nats-go", "nats-go"],
    ["python-nats-py", "nats-py"],
    ["typescript-nats-js-2", "nats-js-2"],
    ["typescript-nats-js-3", "nats-js-3"],
  ]);
  expect(json.buses[3]).toMatchObject({ built: true, capabilities: expect.arrayContaining(["publish", "together"]) });
});

test("without servers and without Go it exits 69 and says what to install; a bus that misbehaves is named", async () => {
  const cwd = ownFolder();
  const args = ["doctor", "--bus", badBus("prints-garbage")];
  const { code, stdout } = await faultline(args, { cwd, env: withoutServers(cwd) });
  expect(code).toBe(69);
  expect(stdout).toMatch(/To do +Install Go/);
  expect(stdout).toContain("does not greet");
});

test("a bundled bus whose client is not installed is told with the command that installs it", () => {
  const manifest = { ...findBus("typescript-nats-js-2").manifest, client: "a-client-that-is-not-here" };
  expect(lackOf({ manifest } as Parameters<typeof lackOf>[0])).toBe(
    "typescript-nats-js-2 needs the package a-client-that-is-not-here, which is not installed: run npm install --save-dev a-client-that-is-not-here.",
  );
  expect(lackOf(findBus("typescript-nats-js-2"))).toBeUndefined();
});

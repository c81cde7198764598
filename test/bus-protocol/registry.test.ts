import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BusUnavailable } from "../../src/bus-protocol/errors.ts";
import {
  type BusManifest,
  buildBus,
  bundledBuses,
  findBus,
  isBuilt,
  launchOf,
  type RunProgram,
} from "../../src/bus-protocol/registry.ts";

test("the four bundled buses are found, each in the folder of its name", () => {
  expect(bundledBuses().map(bus => bus.name)).toEqual([
    "go-nats-go",
    "python-nats-py",
    "typescript-nats-js-2",
    "typescript-nats-js-3",
  ]);
  for (const bus of bundledBuses()) expect(bus.folder.endsWith(bus.name)).toBe(true);
});

test("a bundled bus is found by its name, and node means the Node that runs this", () => {
  const launch = findBus("typescript-nats-js-3");
  expect(launch.command).toEqual([process.execPath, "main.ts"]);
  expect(launch.manifest?.profile).toBe("nats-js-3");
});

test("anything else is a command line for the shell, which a single command takes the place of", () => {
  const launch = findBus("python3 my_bus.py --fast");
  expect(launch.command).toEqual(["/bin/sh", "-c", "exec python3 my_bus.py --fast"]);
  expect(launch).toMatchObject({ name: "python3 my_bus.py --fast", manifest: null, shellMayStay: false });
  expect(isBuilt(launch)).toBe(true);
  const two = findBus("cd buses && ./my_bus");
  expect(two).toMatchObject({ command: ["/bin/sh", "-c", "cd buses && ./my_bus"], shellMayStay: true });
});

describe("building", () => {
  let folder = "";
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "faultline-registry-"));
    await mkdir(join(folder, "bin"));
    writeFileSync(join(folder, "main.go"), "package main");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const manifest = (): BusManifest => ({
    name: "a-bus",
    profile: "nats-go",
    language: "Go",
    client: "nats.go",
    command: ["bin/a-bus"],
    build: ["go", "build", "-o", "bin/a-bus", "."],
    folder,
  });
  const launch = () => launchOf(manifest());
  const builds: RunProgram = async command => {
    writeFileSync(command[3] ?? "", "built");
    return { code: 0, stderr: "" };
  };

  test("an absent program is built beside its place and moved there", async () => {
    let target = "";
    await buildBus(launch(), (command, at) => {
      target = command[3] ?? "";
      return builds(command, at);
    });
    expect(target).toMatch(/bin\/\.a-bus\.\d+\.partial$/);
    expect(readFileSync(join(folder, "bin", "a-bus"), "utf8")).toBe("built");
    expect(isBuilt(launch())).toBe(true);
  });

  test("a program newer than its sources is not built again, an older one is", async () => {
    await buildBus(launch(), builds);
    await buildBus(launch(), () => expect.unreachable("nothing to build"));
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(folder, "main.go"), later, later);
    expect(isBuilt(launch())).toBe(false);
  });

  test("a folder that holds the program is made anew as a whole, and counts as made by its own age", async () => {
    const inFolder = launchOf({
      ...manifest(),
      command: ["bin/env/tool", "main.py"],
      build: ["make", "bin/env"],
      makes: "bin/env",
    });
    const make: RunProgram = async ([, target]) => {
      await mkdir(target ?? "");
      writeFileSync(join(target ?? "", "tool"), "made");
      return { code: 0, stderr: "" };
    };
    await mkdir(join(folder, "bin", "env"));
    writeFileSync(join(folder, "bin", "env", "left-over"), "");
    expect(isBuilt(inFolder)).toBe(false);
    await buildBus(inFolder, make);
    expect(isBuilt(inFolder)).toBe(true);
    expect(readdirSync(join(folder, "bin"))).toEqual(["env"]);
    expect(readdirSync(join(folder, "bin", "env"))).toEqual(["tool"]);
    // The tool itself may be a link to something old.
    utimesSync(join(folder, "bin", "env", "tool"), new Date(0), new Date(0));
    expect(isBuilt(inFolder)).toBe(true);
    rmSync(join(folder, "bin", "env", "tool"));
    expect(isBuilt(inFolder)).toBe(false);
  });

  test("a failed build says what the tool said", async () => {
    const failing = buildBus(launch(), async () => ({ code: 1, stderr: "main.go:1: syntax error" }));
    await expect(failing).rejects.toThrow(BusUnavailable);
    await expect(failing).rejects.toThrow(
      /a-bus cannot be built by "go build .*": exit code 1, "main.go:1: syntax error"/,
    );
  });

  test("a tool that is not installed is said so", async () => {
    const failing = buildBus(launch(), () => Promise.reject(new Error("spawn go ENOENT")));
    await expect(failing).rejects.toThrow(/spawn go ENOENT\. Install Go, or name another bus\./);
  });
});

/**
 * A wire that lies convicts no client: Toxiproxy is built with a first toxic that spoils one published frame in 40 (lying-wire/noop.go), and
 * announces nothing. Its own counts show most of it; the rest is seen where a second run records the bytes at both ends.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { packageRoot } from "../../../src/files/package-root.ts";
import { parseScenario } from "../../../src/files/scenario-schema.ts";
import type { CaseRun } from "../../../src/judge/run.ts";
import { findServers } from "../../../src/worlds/live/servers.ts";
import { type OneLane, openOneLane } from "./one-lane.ts";

const folder = mkdtempSync(join(tmpdir(), "faultline-lying-wire-"));
const program = join(folder, "toxiproxy-server");

beforeAll(async () => {
  const { versions } = await findServers({}, line => console.error(line));
  const cwd = join(packageRoot(), "fixtures", "servers");
  const module = "github.com/Shopify/toxiproxy/v2";
  const go = (...args: string[]): string => execFileSync("go", args, { cwd, encoding: "utf8" });
  const source = go("list", "-m", "-f", "{{.Dir}}", module).trim();
  const copy = join(folder, "toxiproxy");
  cpSync(source, copy, { recursive: true });
  const noop = join(copy, "toxics", "noop.go");
  rmSync(noop, { force: true });
  copyFileSync(join(import.meta.dirname, "lying-wire", "noop.go"), noop);
  for (const file of ["go.mod", "go.sum"]) copyFileSync(join(cwd, file), join(folder, file));
  const modFile = `-modfile=${join(folder, "go.mod")}`;
  go("mod", "edit", `-replace=${module}=${copy}`, join(folder, "go.mod"));
  const version = `-X ${module}.Version=${versions.toxiproxy}`;
  go("build", modFile, "-o", program, `-ldflags=${version}`, `${module}/cmd/server`);
}, 1_200_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const publish = (id: string, count: number) => ({ id, kind: "publish", count, bytes: 16 });
const flush = (id: string) => ({ id, kind: "flush", timeoutMs: 5_000 });
const cut = { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } };
const heal = { id: "heal", kind: "heal", awaits: "connected" };
const scenarioOf = (steps: readonly object[]) =>
  parseScenario(
    JSON.stringify({
      version: 1,
      id: "lies/wire",
      why: "A test.",
      options: {},
      steps: [{ id: "start", kind: "start" }, ...steps],
    }),
    "lying-wire.soak.test.ts",
  );

/** The frame that is spoilt is published before the outage, or is one that the client kept in it. */
const before = scenarioOf([publish("first", 50), flush("one"), cut, publish("down", 10), heal, flush("two")]);
const kept = scenarioOf([publish("first", 20), flush("one"), cut, publish("down", 30), heal, flush("two")]);

async function laneThat(lie: string): Promise<OneLane> {
  process.env.FAULTLINE_LIE = lie;
  onTestFinished(() => {
    delete process.env.FAULTLINE_LIE;
  });
  const lane = await openOneLane(program);
  onTestFinished(() => lane.close());
  return lane;
}

function expectNobodyConvicted({ judgement, events }: CaseRun): void {
  expect(judgement.verdict, `${judgement.reason}\n${JSON.stringify(events)}`).toBe("inconclusive");
  expect(judgement.reason).toMatch(
    /^faultline's own witnesses differ: the link took \d+ bytes from the client and gave the server \d+\./,
  );
  expect(judgement.properties.filter(one => one.verdict === "violated")).toEqual([]);
  expect([judgement.notPromised, judgement.conformance.answer]).toEqual([[], "undecided"]);
}

const lies = [
  "loses a frame",
  "doubles a frame",
  "loses a byte of a payload",
  "adds a byte to a payload",
  "loses a byte of a header",
  "loses the end of a frame",
  "loses a frame and all that came with it",
  "adds a PING",
];

describe.each(lies)("a wire that %s", lie => {
  test.each([
    ["that was flushed", before],
    ["that was kept while down", kept],
  ])("convicts no client where the frame is one %s", { timeout: 120_000 }, async (_, scenario) => {
    const lane = await laneThat(lie);
    expectNobodyConvicted(await lane.run(scenario));
    expectNobodyConvicted(await lane.run(scenario, () => ({ watch: "count" })));
  });
});

test("with the truth both scenarios hold on that proxy", { timeout: 120_000 }, async () => {
  const lane = await laneThat("");
  for (const scenario of [before, kept])
    for (const watch of [undefined, "count", "record"] as const) {
      const { judgement } = await lane.run(scenario, () => (watch === undefined ? {} : { watch }));
      expect(judgement.verdict, judgement.reason).toBe("holds");
    }
});

/** Bytes are under way at the cut, so what the link lost by it cannot be told from what it lost without being asked. */
const underWay = scenarioOf([
  publish("first", 45),
  flush("one"),
  publish("more", 5),
  cut,
  publish("down", 10),
  heal,
  flush("two"),
]);
/** Lies that counts cannot show there, or that keep every count. */
const hidden = ["loses a frame", "loses a byte of a payload", "flips a byte of a payload", "swaps two frames"];

describe.each(hidden)("a wire that %s", lie => {
  test.each([
    ["with bytes under way at a cut", underWay],
    ["that was flushed", before],
  ])("is caught where it is watched byte by byte: %s", { timeout: 120_000 }, async (_, scenario) => {
    const lane = await laneThat(lie);
    const { judgement, events } = await lane.run(scenario, () => ({ watch: "record" }));
    expect(judgement.verdict, `${judgement.reason}\n${JSON.stringify(events)}`).toBe("inconclusive");
    expect(judgement.reason).toMatch(/^faultline's own witnesses differ: byte \d+ of a connection did not come out/);
    expect(events.at(-1)).toMatchObject({ kind: "observed", linkSpoilt: true });
  });
});

test("a violation on such a wire is taken back", { timeout: 120_000 }, async () => {
  const lane = await laneThat("flips a byte of a payload");
  const { judgement } = await lane.run(before);
  expect(judgement.verdict, judgement.reason).toBe("violated");
  const watched = await lane.runWatched(before);
  expect(watched.judgement.verdict, watched.judgement.reason).toBe("inconclusive");
});

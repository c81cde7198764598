/** A counterexample that is kept by one command, and what begins with it from then on. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder } from "./faultline.ts";

const dropped = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
const searching = ["search", "--profile", "nats-js-3", "--runs", "20", "--seed", "1", "--json"];

/** A counterexample that a search has left, as data. */
// biome-ignore lint/suspicious/noExplicitAny: the tests change what they like of it.
async function found(cwd: string): Promise<{ readonly file: string; readonly data: any }> {
  const { json } = await faultline([...searching, "--property", dropped], { cwd });
  return { file: json.counterexample, data: JSON.parse(readFileSync(join(cwd, json.counterexample), "utf8")) };
}

function write(cwd: string, file: string, data: unknown): void {
  mkdirSync(dirname(join(cwd, file)), { recursive: true });
  writeFileSync(join(cwd, file), typeof data === "string" ? data : JSON.stringify(data));
}

test("replay --keep writes it below its concern, and the next search fails with it before anything else", async () => {
  const cwd = ownFolder();
  const { file } = await found(cwd);
  const kept = await faultline(["replay", file, "--keep", "--json"], { cwd });
  expect([kept.code, kept.json.kept]).toEqual([
    1,
    expect.stringMatching(
      /^fixtures\/seeds\/reconnect-buffer\/what-was-accepted-while-down-is-not-dropped-in-silence--[0-9a-f]{8}\.json$/,
    ),
  ]);
  const { code, json, stderr } = await faultline(searching, { cwd });
  expect([code, json.verdict, json.runs, json.counterexample, json.known]).toEqual([
    1,
    "violated",
    0,
    kept.json.kept,
    true,
  ]);
  expect(json.kept).toMatchObject({ folder: "fixtures/seeds", cases: 1, held: 0, notJudged: [] });
  expect(json.kept.broken).toEqual([
    { file: kept.json.kept, property: dropped, reason: expect.stringContaining(`${dropped}: message 0`) },
  ]);
  expect(stderr).toContain(`npx faultline replay ${kept.json.kept}`);
});

test("the same bug is kept once, and text names the file", async () => {
  const cwd = ownFolder();
  const { file } = await found(cwd);
  const told = await faultline(["replay", file, "--keep", "mine"], { cwd });
  await faultline(["replay", file, "--keep", "mine"], { cwd });
  const [only, another] = readdirSync(join(cwd, "mine", "reconnect-buffer"));
  expect(another).toBeUndefined();
  expect(told.stdout).toContain(`Kept     mine/reconnect-buffer/${only}`);
  const [beside, asked] = await Promise.all([
    faultline(searching, { cwd }),
    faultline([...searching.slice(0, -1), "--seeds", "mine"], { cwd }),
  ]);
  expect([beside.code, beside.json.kept.cases]).toEqual([0, 0]);
  expect(asked.code).toBe(1);
  expect(asked.stdout).toContain("Kept cases (1 file in mine, run first): 0 held, 1 broken");
});

test("a kept case of another profile is counted, and has no part in the verdict", async () => {
  const cwd = ownFolder();
  const { file } = await found(cwd);
  await faultline(["replay", file, "--keep"], { cwd });
  const { code, json } = await faultline(
    searching.map(one => (one === "nats-js-3" ? "nats-go" : one)),
    { cwd },
  );
  expect([code, json.kept]).toEqual([0, expect.objectContaining({ cases: 1, held: 0, notFitting: 1 })]);
});

test("a kept case that breaks nothing any more holds, and the search goes on", async () => {
  const cwd = ownFolder();
  const { data } = await found(cwd);
  // nats.go keeps what is published while down: as if nats.js had been mended.
  write(cwd, "fixtures/seeds/mended.json", { ...data, profile: "nats-go", bus: "nats-go" });
  const { code, json } = await faultline(
    searching.map(one => (one === "nats-js-3" ? "nats-go" : one)),
    { cwd },
  );
  expect([code, json.runs, json.kept]).toEqual([0, 20, expect.objectContaining({ cases: 1, held: 1, broken: [] })]);
});

test("kept cases that cannot be judged any more are told with the reason, and the verdict is inconclusive", async () => {
  const cwd = ownFolder();
  const { data } = await found(cwd);
  const { scenario } = data;
  const limited = { ...scenario, options: { ...scenario.options, reconnectBufferBytesMax: 64 } };
  const untested = { ...data, property: "reconnect-buffer/disabled-refuses-every-publish" };
  write(cwd, "fixtures/seeds/1-later.json", { ...data, version: 2 });
  write(cwd, "fixtures/seeds/2-limited.json", { ...data, scenario: limited });
  write(cwd, "fixtures/seeds/3-untested.json", untested);
  write(cwd, "fixtures/seeds/4-torn.json", "{");
  write(cwd, "fixtures/seeds/5-scenario.json", { ...scenario });
  const { code, json } = await faultline(searching, { cwd });
  expect([code, json.verdict, json.runs]).toEqual([2, "inconclusive", 20]);
  expect(json.kept.notJudged.map((one: { reason: string }) => one.reason)).toEqual([
    expect.stringContaining("version"),
    "nats-js-3 lacks reconnect-buffer-limit",
    "reconnect-buffer/disabled-refuses-every-publish was never exercised",
    expect.stringContaining("is not JSON"),
    "it is a scenario, and not a counterexample",
  ]);
});

test("a counterexample that publishes nothing holds once it breaks nothing any more", async () => {
  const cwd = ownFolder();
  const { data } = await found(cwd);
  const steps = [
    { id: "start", kind: "start" },
    { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } },
    { id: "flush", kind: "flush" },
  ];
  const silent = { ...data, property: "conformance", answers: [], scenario: { ...data.scenario, steps } };
  write(cwd, "silent.json", silent);
  write(cwd, "promise.json", { ...silent, property: dropped });
  write(cwd, "scenario.json", silent.scenario);
  const replayed = await Promise.all(
    ["silent.json", "promise.json", "scenario.json"].map(file =>
      faultline(["replay", file, "--world", "model", "--profile", "nats-js-3", "--json"], { cwd }),
    ),
  );
  // A scenario that publishes nothing has shown nothing; what broke once has a course to be shown.
  expect(replayed.map(one => [one.code, one.json.verdict])).toEqual([
    [0, "holds"],
    [0, "holds"],
    [2, "inconclusive"],
  ]);
  await faultline(["replay", "silent.json", "--keep"], { cwd });
  const { code, json } = await faultline(searching, { cwd });
  expect([code, json.kept.held]).toEqual([0, 1]);
});

test("what cannot be kept is refused in one sentence", async () => {
  const cwd = ownFolder();
  const { file, data } = await found(cwd);
  write(cwd, "scenario.json", data.scenario);
  write(cwd, "outside.json", { ...data, property: "../../../outside/x" });
  write(cwd, "taken", "a file");
  const [scenario, outside, taken, folder] = await Promise.all([
    faultline(["replay", "scenario.json", "--world", "model", "--profile", "nats-go", "--keep"], { cwd }),
    faultline(["replay", "outside.json", "--keep"], { cwd }),
    faultline(["replay", file, "--keep", "taken"], { cwd }),
    faultline([...searching, "--seeds", "taken"], { cwd }),
  ]);
  expect([scenario.code, outside.code, taken.code, folder.code]).toEqual([64, 65, 65, 65]);
  expect(scenario.stderr).toContain("--keep takes a counterexample, and scenario.json is a scenario");
  expect(outside.stderr).toContain('there is no property "../../../outside/x", so it cannot be kept');
  expect(taken.stderr).toContain("cannot be written");
  expect(folder.stderr).toContain("taken: is not a folder of kept cases");
});

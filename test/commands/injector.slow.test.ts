/** A case that the bus could run and the fault injector could not is inconclusive in every command, and is shown. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { renderHolds, verdictOn } from "../../src/holds.ts";
import { readJournal } from "../../src/runs/journal.ts";
import { failingInjector } from "./failing-injector.ts";
import { faultline, ownFolder } from "./faultline.ts";

const faults = ["hold", "limit", "blackhole"];
const held = "fixtures/scenarios/core-path/held-then-cut-loses-all.json";
const cut = "fixtures/scenarios/reconnect-buffer/published-while-down.json";

test("compare is inconclusive over scenarios that the injector could not run, says why, and goes on where it can", async () => {
  const cwd = ownFolder();
  const args = ["compare", "--bus", "go-nats-go", "--runs", "6", "--seed", "1"];
  const env = await failingInjector(faults);
  const { code, json, stderr } = await faultline([...args, "--json"], { cwd, env });
  expect([code, json.verdict, json.interrupted, json.disagree]).toEqual([2, "inconclusive", false, 0]);
  expect(json.notShown.length).toBeGreaterThan(0);
  expect(json.inconclusive).toBe(json.notShown.length);
  expect(json.runs + json.notShown.length).toBe(6);
  for (const { missing } of json.notShown) expect(faults).toEqual(expect.arrayContaining(missing));
  expect(json.selfTest.tried).toBeGreaterThan(json.selfTest.failed.length);
  expect(json.selfTest.failed.flatMap((one: { neededFor: string[] }) => one.neededFor).sort()).toContain("hold");

  const resume = /^resume: npx faultline (.*)$/m.exec(stderr)?.[1] ?? "";
  const resumed = await faultline([...resume.split(" "), "--json"], { cwd });
  expect([resumed.code, resumed.json.verdict, resumed.json.runs, resumed.json.notShown]).toEqual([0, "holds", 6, []]);
  expect(resumed.json.recordedBefore).toBe(json.runs);
  const { cases, isComplete } = readJournal(join(cwd, resumed.json.report, ".."));
  expect([cases.size, isComplete]).toEqual([6, true]);
});

test("a search in the live world shows what its injector could not do", async () => {
  const env = await failingInjector(faults);
  const args = ["search", "--world", "live", "--bus", "go-nats-go", "--runs", "6", "--seed", "1"];
  const { code, stdout } = await faultline(args, { env });
  expect(code).toBe(2);
  expect(stdout).toContain("The fault injector failed its self-test");
  expect(stdout).toMatch(
    /not shown that a cut drops what a hold keeps: POST \S+ on port \d+ was answered with status 503/,
  );
  expect(stdout).toMatch(/Verdict +inconclusive\n/);
});

test("a drill counts what only the injector kept from being run, and chooses the same cases as ever", async () => {
  const cwd = ownFolder();
  const args = ["drill", "--bus", "typescript-nats-js-2", "--seed", "1", "--json"];
  const good = await faultline(args, { cwd });
  const { code, json } = await faultline(args, { cwd, env: await failingInjector(["hold", "blackhole"]) });
  expect([good.code, good.json.notShown, good.json.selfTest.failed]).toEqual([0, [], []]);
  expect([code, json.verdict, json.worlds.live.verdict]).toEqual([2, "inconclusive", "inconclusive"]);
  expect(json.notRun).toEqual(good.json.notRun);
  expect(json.selection).toEqual(good.json.selection);
  expect(json.notShown.length).toBeGreaterThan(5);
  expect(json.agreement).toEqual({
    ...good.json.agreement,
    ...{ agree: json.agreement.agree, inconclusive: json.notShown.length },
    ...{ expectations: expect.any(Number), expectMet: expect.any(Number) },
    ...{ exact: expect.any(Number), permittedOne: expect.any(Number) },
  });
  expect(json.agreement.agree).toBe(json.agreement.cases - json.notShown.length);
});

test("a question is inconclusive where one of its cases needs what was not shown, the policy's own or one beside it", async () => {
  const cwd = ownFolder();
  const { code, json } = await faultline(["drill", "shutdown", "--seed", "1", "--json"], {
    cwd,
    env: await failingInjector(["blackhole"]),
  });
  expect([code, json.verdict]).toEqual([2, "inconclusive"]);
  const notShown = json.cases.filter((one: { notShown: unknown }) => one.notShown !== null);
  expect(notShown.length).toBeGreaterThan(0);
  for (const one of notShown)
    expect(one).toMatchObject({ notShown: ["blackhole"], notRun: null, verdict: "inconclusive", live: null });
  // A server of a pool may end a connection by the release of a blackhole.
  const needed = json.selfTest.failed.map((one: { neededFor: string[] }) => one.neededFor);
  expect(needed).toEqual([["blackhole", "cut-server"]]);
});

test("a replay is inconclusive where its scenario needs what was not shown, and holds where it does not", async () => {
  const env = await failingInjector(["hold"]);
  const on = ["--bus", "go-nats-go", "--world", "live", "--json"];
  const [unable, able] = await Promise.all([
    faultline(["replay", held, ...on], { env }),
    faultline(["replay", cut, ...on], { env }),
  ]);
  expect([unable.code, unable.json.verdict, unable.json.notRun]).toEqual([2, "inconclusive", []]);
  expect(unable.json.notShown).toMatchObject([{ bus: "go-nats-go", world: "live", missing: ["hold"] }]);
  expect(unable.json.verdicts[0].reason).toContain("the fault injector failed its self-test for hold");
  expect([able.code, able.json.verdict, able.json.notShown]).toEqual([0, "holds", []]);
  expect(able.json.selfTest.failed.length).toBeGreaterThan(0);
});

test("holds is inconclusive over scenarios that the injector could not run", async () => {
  const before = { ...process.env };
  onTestFinished(
    () => void Object.assign(process.env, before, { FAULTLINE_TOXIPROXY: before.FAULTLINE_TOXIPROXY ?? "" }),
  );
  Object.assign(process.env, await failingInjector(faults));
  const options = { world: "live", bus: "go-nats-go", runs: 6 } as const;
  const verdict = await verdictOn("core-path/order-is-kept", options);
  expect(verdict).toMatchObject({ verdict: "inconclusive", interrupted: false, runs: 6 });
  expect(renderHolds(verdict, "")).toMatch(/of 6 runs: \S+: the fault injector failed its self-test for /);
  expect(renderHolds(verdict, "")).toContain("not shown that a cut drops what a hold keeps: ");
});

test("an injector that does not answer is inconclusive, and no bug of faultline", async () => {
  const env = await failingInjector(["hold"], { hangs: true });
  const { code, json } = await faultline(["compare", "--bus", "go-nats-go", "--runs", "6", "--seed", "1", "--json"], {
    env,
  });
  expect([code, json.verdict]).toEqual([2, "inconclusive"]);
  expect(json.selfTest.failed.map((one: { neededFor: string[] }) => one.neededFor)).toContainEqual(["hold"]);
});

/** Random scenarios on real clients against the model. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { readJournal } from "../../src/runs/journal.ts";
import { faultline, ownFolder } from "./faultline.ts";

test("a bus held against its own profile agrees, and the counts add up", async () => {
  const cwd = ownFolder();
  const args = [
    "compare",
    "--worlds",
    "model,live",
    "--bus",
    "typescript-nats-js-3",
    "--runs",
    "10",
    "--seed",
    "1",
    "--json",
  ];
  const { code, json } = await faultline(args, { cwd });
  expect(code).toBe(0);
  expect(json).toMatchObject({
    verdict: "holds",
    runs: 10,
    agree: 10,
    disagree: 0,
    inconclusive: 0,
    counterexample: null,
  });
  expect(json.disturbed).toBeGreaterThanOrEqual(7);
  expect(json.secondsPerRun).toBeGreaterThan(0);
  expect(Object.keys(json.shapes)).toContain("held, then cut");
  const cuts = json.witnessed.filter((one: { label: string }) => one.label === "arrived-before-cut");
  expect(cuts.map((one: { answer: string }) => one.answer)).toEqual(["least", "between", "most"]);
  expect(cuts.reduce((sum: number, one: { forced: number }) => sum + one.forced, 0)).toBeGreaterThan(0);
  const { cases, isComplete } = readJournal(join(cwd, json.report, ".."));
  const ids = Array.from({ length: 10 }, (_, i) => `random/1-${i}`);
  expect([[...cases.values()].map(one => one.scenario).sort(), isComplete]).toEqual([ids.sort(), true]);
});

test("a kept case comes before the random scenarios, and is the failure where it still breaks", async () => {
  const cwd = ownFolder();
  const dropped = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
  const found = await faultline(["search", "--profile", "nats-js-3", "--property", dropped, "--seed", "1", "--json"], {
    cwd,
  });
  const { json: kept } = await faultline(["replay", found.json.counterexample, "--keep", "--json"], { cwd });
  const args = ["compare", "--bus", "typescript-nats-js-3", "--runs", "2", "--seed", "1"];
  const { code, json, stderr } = await faultline([...args, "--json"], { cwd });
  expect([code, json.verdict, json.runs, json.counterexample]).toEqual([1, "violated", 0, kept.kept]);
  expect(json.kept.broken).toMatchObject([{ file: kept.kept, property: dropped }]);
  expect(stderr).toContain(`npx faultline replay ${kept.kept}`);
  const on = await faultline([...args, "--keep-going"], { cwd });
  expect([on.code, on.stdout]).toEqual([1, expect.stringContaining("2 agree, 0 disagree")]);
  expect(on.stdout).toContain(`kept case ${kept.kept}`);
});

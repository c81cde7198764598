/** Random scenarios in the model world, as a person runs them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder } from "./faultline.ts";

test("a search that finds nothing says how much it has met, the same for the same seed", async () => {
  const args = ["search", "--profile", "nats-go", "--runs", "300", "--seed", "1", "--json"];
  const [one, other] = await Promise.all([faultline(args), faultline(args)]);
  expect(one.code).toBe(0);
  expect(one.json).toMatchObject({ verdict: "holds", world: "model", runs: 300, counterexample: null, seed: "1" });
  expect(one.json.smallScope).toMatchObject({ complete: true });
  expect(one.json.smallScope.schedules).toBeGreaterThan(one.json.smallScope.states);
  expect(one.json.coverage.properties["core-path/order-is-kept"]).toBeGreaterThan(300);
  expect(one.json.coverage.shapes["published while down"]).toBeGreaterThan(30);
  expect(one.json.coverage.transitions.reached).toBeGreaterThan(50);
  expect(one.json.coverage.transitions.neverReached).toContain("connected, hold: cut → lost");
  expect(one.json.coverage.nextRun).toMatchObject({ runs: 300, alone: expect.any(Number), chance: expect.any(Number) });
  expect(one.json.profiles[0].goals.neverReached).toEqual([]);
  expect({ ...one.json, runsPerSecond: 0 }).toEqual({ ...other.json, runsPerSecond: 0 });
});

test("holding a client to what it does not promise leaves a shortest counterexample that replays", async () => {
  const cwd = ownFolder();
  const property = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
  const args = ["search", "--profile", "nats-js-3", "--property", property, "--seed", "1", "--json"];
  const { code, json, stderr } = await faultline(args, { cwd });
  expect(code).toBe(1);
  expect([json.verdict, json.known]).toEqual(["violated", false]);
  expect(stderr).toContain(`npx faultline replay ${json.counterexample}`);
  const file = JSON.parse(readFileSync(join(cwd, json.counterexample), "utf8"));
  expect(file).toMatchObject({
    kind: "counterexample",
    property,
    profile: "nats-js-3",
    world: "model",
    overridden: false,
  });
  expect(file.scenario.steps.filter((step: { kind: string }) => step.kind === "publish")).toHaveLength(1);
  expect(file.scenario.steps).toHaveLength(3);
  expect(json.certified.steps).toBe(3);
  expect(json.certified.schedules).toBeGreaterThan(10);
  expect(file.certified).toEqual(json.certified);
  expect(file.observed).toMatchObject({ published: 1, classes: { silentLoss: 1 }, places: { "reset at dial": 1 } });

  const again = await faultline(["replay", json.counterexample, "--require", property, "--times", "20", "--json"], {
    cwd,
  });
  expect([again.code, again.json.reproduced]).toEqual([1, { k: 20, n: 20 }]);

  const met = await faultline(
    args.map(one => (one === "1" ? "2" : one)),
    { cwd },
  );
  expect(met.json).toMatchObject({ counterexample: json.counterexample, known: true });
  expect(JSON.parse(readFileSync(join(cwd, json.counterexample), "utf8"))).toEqual(file);
  const told = await faultline(args.slice(0, -1), { cwd });
  expect(told.stdout).toContain(`already known, and kept in ${json.counterexample}`);
});

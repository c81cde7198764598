/** The case that is left of a random scenario on which model and client disagree. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder } from "./faultline.ts";

test("nats.js held against nats.go leaves one publish and one step at most, which replays 20 of 20 times", async () => {
  const cwd = ownFolder();
  const args = ["compare", "--bus", "typescript-nats-js-3", "--profile", "nats-go", "--seed", "1", "--json"];
  const { code, json } = await faultline(args, { cwd });
  expect(code).toBe(1);
  expect(json.disagree).toBe(1);
  const file = JSON.parse(readFileSync(join(cwd, json.counterexample), "utf8"));
  expect(file).toMatchObject({
    profile: "nats-go",
    overridden: true,
    reproduced: { k: 10, n: 10, percent95: [72, 100] },
  });
  const kinds: string[] = file.scenario.steps.map((step: { kind: string }) => step.kind);
  expect(kinds.filter(kind => kind === "publish").length).toBeLessThanOrEqual(1);
  expect(kinds.filter(kind => kind !== "publish" && kind !== "start").length).toBeLessThanOrEqual(1);

  const again = await faultline(["replay", json.counterexample, "--times", "20", "--json"], { cwd });
  expect([again.code, again.json.reproduced]).toEqual([1, { k: 20, n: 20, percent95: [84, 100] }]);
});

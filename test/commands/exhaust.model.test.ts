/** Every schedule within a bound, as a person asks for it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, ownFolder } from "./faultline.ts";

const bound = ["--publishes", "2", "--faults", "1", "--profile", "nats-js-3"];

test("it says what all schedules are, before it has tried them", async () => {
  const { code, stdout } = await faultline(["exhaust", ...bound]);
  expect(code).toBe(0);
  const [before = "", after = ""] = stdout.split("\nSetting  ");
  expect(before).toContain("publish, racing with the next step (publishes)");
  expect(before).toContain(
    "in one schedule at most: starts 1, publishes 2, flushes 2, ends 1, faults 1, heals 2, waits 1",
  );
  expect(before).toContain("publish 2 messages (2 publishes)");
  expect(before).toContain("frame 34 bytes");
  expect(before).toMatch(/^Settings +default options$/m);
  expect(before).toContain("cuts are resets");
  expect(after).toContain("13 of 13 promises exercised");
  expect(after).toContain("Verdict  holds");
});

test("its document holds the figures, the alphabet and every bound", async () => {
  const { code, json } = await faultline(["exhaust", ...bound, "--json"]);
  expect(code).toBe(0);
  expect(json).toMatchObject({
    verdict: "holds",
    profile: "nats-js-3",
    complete: true,
    violations: [],
    bounds: { publishes: 2, faults: 1, heals: 2, steps: null, states: 16_000_000, seconds: 300 },
    sizes: { frameBytes: 34, pingBytes: 6, limitBytes: [33, 34, 35, 68] },
  });
  expect(json.alphabet).toContainEqual({ step: "together: publish, close", spends: ["publishes", "ends"] });
  expect(json.schedules).toBeGreaterThan(json.states);
  expect(json.transitions).toBeGreaterThan(json.states);
  expect(json.oracle.admitted).toBe(json.oracle.asked);
  expect(json.depth).toBe(10);
});

test("a promise that the client does not make is broken by a shortest schedule, kept as a file that replays", async () => {
  const cwd = ownFolder();
  const property = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
  const { code, json, stderr } = await faultline(["exhaust", ...bound, "--require", property, "--json"], { cwd });
  expect([code, json.verdict]).toEqual([1, "violated"]);
  const [violation] = json.violations;
  expect(violation).toMatchObject({ property, steps: 3, replays: true });
  expect(stderr).toContain(`npx faultline replay ${violation.file} --require ${property}`);
  const file = JSON.parse(readFileSync(join(cwd, violation.file), "utf8"));
  expect(file.scenario.steps.map((step: { id: string }) => step.id)).toEqual(["start", "fault-1", "publish-1"]);
  expect(file.observed).toMatchObject({ published: 1, classes: { silentLoss: 1 }, places: { "reset at dial": 1 } });

  const again = await faultline(["replay", violation.file, "--world", "model", "--require", property, "--json"], {
    cwd,
  });
  expect([again.code, again.json.reproduced]).toEqual([1, { k: 1, n: 1 }]);
});

test("a bound on states that is met ends inconclusive, and says so", async () => {
  const { code, json } = await faultline(["exhaust", ...bound, "--states", "200", "--json"]);
  expect(code).toBe(2);
  expect(json).toMatchObject({ verdict: "inconclusive", complete: false, violations: [] });
  expect(json.settings[0].stopped).toBe("200 states are reached");
});

test("without a bound it is a usage error", async () => {
  const { code, stderr } = await faultline(["exhaust", "--profile", "nats-go"]);
  expect(code).toBe(64);
  expect(stderr).toContain("--publishes");
});

/** The same seed, the same events, verdicts and reasons: in this process, in another, and in one that did something else before. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { planCase } from "../models/plan/plan.ts";
import { natsGo } from "../models/profiles/nats-go.ts";
import { judge } from "../src/judge/judge.ts";
import { digestOfSeed } from "./digest-of-seed.ts";
import { eventsOf, randomScenario } from "./models/cases.ts";

const cases = 400;
const program = join(import.meta.dirname, "digest-of-seed.ts");

async function inAnotherProcess(seed: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, seed, String(cases)], { timeout: 60_000 });
  return stdout.trim();
}

test(`the same seed gives the same digest over ${3 * cases} cases in two processes, and in this one`, async () => {
  const [first, second] = await Promise.all([inAnotherProcess("one"), inAnotherProcess("one")]);
  expect(first).toMatch(/^[0-9a-f]{8}$/);
  expect(second).toBe(first);
  expect(digestOfSeed("one", cases)).toBe(first);
});

test("another seed gives another digest", () => {
  const digests = ["one", "two", "three"].map(seed => digestOfSeed(seed, 20));
  expect(new Set(digests).size).toBe(3);
});

test("what was run before leaves no trace", () => {
  const fresh = digestOfSeed("clean", 20);
  for (let i = 0; i < 50; i++) eventsOf(randomScenario(`other-${i}`, natsGo), natsGo, String(i));
  expect(digestOfSeed("clean", 20)).toBe(fresh);
});

test("a digest tells runs apart that differ in one answer", () => {
  const digests = new Set<string>();
  const scenario = randomScenario("apart", natsGo);
  const texts = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const events = eventsOf(scenario, natsGo, String(seed));
    texts.add(JSON.stringify(events));
    digests.add(judge(planCase(scenario, natsGo), events).digest);
  }
  expect(digests.size).toBe(texts.size);
});

/** How a scenario and a counterexample stand in their files, and that what stands there reads back as the same. */
import { describe, expect, test } from "vitest";
import { checkScenario, parseScenario } from "../../src/files/scenario-schema.ts";
import { counterexampleText, scenarioText } from "../../src/files/scenario-text.ts";
import { profilesByName, randomScenario } from "../models/cases.ts";

const kept = (count: number, fact: string) => ({ fact, classes: { kept: count } });
const scenario = {
  version: 1,
  id: "core-path/a-claim",
  why: "to be laid out",
  requires: ["cut", "hold"],
  options: { reconnectWaitMs: 20, servers: 2 },
  steps: [
    { id: "begin", kind: "start" },
    { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } },
    { id: "both", kind: "together", steps: [{ id: "flush", kind: "flush" }] },
  ],
  mustHappen: [],
  expect: { "nats-go": kept(5, "F-2"), "nats-js-2": kept(0, "F-1"), "nats-js-3": kept(0, "F-1") },
};

test("a scenario's file has one step and one expectation a line, and says a shared fact once", () => {
  expect(scenarioText(scenario)).toBe(`{
  "version": 1,
  "id": "core-path/a-claim",
  "why": "to be laid out",
  "requires": ["cut", "hold"],
  "options": { "reconnectWaitMs": 20, "servers": 2 },
  "steps": [
    { "id": "begin", "kind": "start" },
    { "id": "cut", "kind": "fault", "fault": { "kind": "cut", "awaits": "noticed" } },
    { "id": "both", "kind": "together", "steps": [{ "id": "flush", "kind": "flush" }] }
  ],
  "mustHappen": [],
  "fact": "F-1",
  "expect": {
    "nats-go": { "fact": "F-2", "classes": { "kept": 5 } },
    "nats-js-2": { "classes": { "kept": 0 } },
    "nats-js-3": { "classes": { "kept": 0 } }
  }
}
`);
});

test("what does not fit on a line of 160 columns has one member a line", () => {
  const steps = Array.from({ length: 4 }, (_, i) => ({ id: `publish-${i}`, kind: "publish", count: 1, bytes: 16 }));
  const text = scenarioText({ ...scenario, steps: [{ id: "both", kind: "together", steps }] });
  expect(text).toContain(`
    {
      "id": "both",
      "kind": "together",
      "steps": [
        { "id": "publish-0", "kind": "publish", "count": 1, "bytes": 16 },
`);
  const longest = (why: string) =>
    Math.max(
      ...scenarioText({ options: { why } })
        .split("\n")
        .map(({ length }) => length),
    );
  const widthOfNothing = longest("");
  expect(longest("x".repeat(159 - widthOfNothing)), "and a comma may follow").toBe(159);
  expect(longest("x".repeat(160 - widthOfNothing))).toBeLessThan(159);
});

describe("what was laid out reads back as the same:", () => {
  test.each(profilesByName)("random scenarios for %s", (_name, profile) => {
    for (let i = 0; i < 100; i++) {
      const random = { ...randomScenario(`text-${i}`, profile), id: "random/word" };
      expect(parseScenario(scenarioText(random), "x.json")).toEqual(random);
    }
  });

  test("a scenario whose file said its fact once, laid out a second time", () => {
    const text = scenarioText(scenario);
    expect(parseScenario(text, "x.json")).toEqual(parseScenario(JSON.stringify(scenario), "x.json"));
    expect(scenarioText(JSON.parse(text))).toBe(text);
  });

  test("a counterexample, its scenario as in a scenario's file", () => {
    const answers = [
      { step: "cut", label: "lost", occurrence: 0, answer: 1 },
      { step: "cut", label: "lost", occurrence: 1, answer: 0 },
    ];
    const one = { version: 1, scenario: checkScenario(scenario, "x.json"), answers, certified: undefined };
    const text = counterexampleText(one);
    expect(text).toContain(`\n      "nats-js-2": { "classes": { "kept": 0 } },\n`);
    expect(text).toContain(`\n    { "step": "cut", "label": "lost", "occurrence": 0, "answer": 1 },\n`);
    const { scenario: read, ...rest } = JSON.parse(text);
    expect(checkScenario(read, "x.json")).toEqual(one.scenario);
    expect(rest).toEqual({ version: 1, answers });
  });
});

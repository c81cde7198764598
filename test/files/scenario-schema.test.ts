/** Scenario files are read strictly, and whatever is wrong with one is said with file, path and reason. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { BadInput } from "../../src/errors.ts";
import { bounds, checkScenario, parseScenario, scenarioJsonSchema } from "../../src/files/scenario-schema.ts";
import { profilesByName, randomScenario } from "../models/cases.ts";

const file = "fixtures/scenarios/core-path/x.json";
const publish = { id: "burst", kind: "publish", count: 5, bytes: 16 };
const good = {
  version: 1,
  id: "core-path/a-claim",
  why: "to be changed in one place",
  steps: [{ id: "begin", kind: "start" }, publish],
};

/** What is said of a scenario that cannot be used. */
function complaint(data: unknown): string {
  return complaintOfText(JSON.stringify(data));
}
function complaintOfText(text: string): string {
  try {
    parseScenario(text, file);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    expect(error.exitCode).toBe(65);
    return error.message;
  }
  return "nothing";
}

const withStep = (step: object) => ({ ...good, steps: [...good.steps, step] });
const withFault = (fault: object) => withStep({ id: "f", kind: "fault", fault });
const withOptions = (options: object) => ({ ...good, options });

test("schemas/scenario.schema.json is current", () => {
  const written = readFileSync(new URL("../../schemas/scenario.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(written), "run npm run schemas").toEqual(JSON.parse(JSON.stringify(scenarioJsonSchema())));
});

test("the scenario that the others are variations of is accepted, its defaults filled in", () => {
  expect(complaint(good)).toBe("nothing");
  expect(parseScenario(JSON.stringify(good), file)).toEqual({
    ...good,
    requires: [],
    mustHappen: [],
    expect: {},
    options: { subject: "subject", reconnectWaitMs: 20, reconnectAttemptsMax: -1, cutsWith: "fin" },
  });
});

test("a fact that the scenario gives is that of every expectation without one", () => {
  const classes = { kept: 5 };
  const expectations = { "nats-go": { classes }, "nats-js-3": { fact: "T2", classes } };
  expect(parseScenario(JSON.stringify({ ...good, fact: "T1", expect: expectations }), file)).toEqual(
    parseScenario(JSON.stringify({ ...good, expect: { ...expectations, "nats-go": { fact: "T1", classes } } }), file),
  );
});

test.each(profilesByName)("every random scenario for %s is one that could be read from a file", (_name, profile) => {
  for (let i = 0; i < 500; i++) {
    const scenario: Scenario = randomScenario(`file-${i}`, profile);
    expect(checkScenario({ ...scenario, id: "random/word" }, file)).toEqual({ ...scenario, id: "random/word" });
  }
});

describe("refused, with file, path and reason:", () => {
  test.each<[what: string, data: unknown, path: string, reason: RegExp]>([
    ["an unknown field", { ...good, colour: "red" }, "", /unknown field "colour"/],
    [
      "an unknown field of a step",
      withStep({ ...publish, id: "b", headers: {} }),
      "steps[2]",
      /unknown field "headers"/,
    ],
    ["an unknown option", withOptions({ jitter: 1 }), "options", /unknown field "jitter"/],
    [
      "a field that JavaScript knows",
      withStep({ id: "b", kind: "drain", constructor: 1 }),
      "steps[2]",
      /unknown field/,
    ],
    ["an unknown kind of step", withStep({ id: "b", kind: "dance" }), "steps[2].kind", /./],
    ["an unknown kind of fault", withFault({ kind: "meteor" }), "steps[2].fault.kind", /./],
    [
      "a fault with another one's field",
      withFault({ kind: "hold", bytes: 1 }),
      "steps[2].fault",
      /unknown field "bytes"/,
    ],
    ["a wait that no cut knows", withFault({ kind: "cut", awaits: "spring" }), "steps[2].fault.awaits", /./],
    ["a burst of nothing", withStep({ ...publish, id: "b", count: 0 }), "steps[2].count", />=\s?1/],
    ["half a message", withStep({ ...publish, id: "b", count: 1.5 }), "steps[2].count", /int/],
    ["a number in quotes", withStep({ ...publish, id: "b", count: "5" }), "steps[2].count", /number/],
    [
      "a number that JSON cannot hold",
      withStep({ ...publish, id: "b", count: Number.NaN }),
      "steps[2].count",
      /number/,
    ],
    ["an endless burst", withStep({ ...publish, id: "b", count: 1e300 }), "steps[2].count", /./],
    ["a payload too short for its number", withStep({ ...publish, id: "b", bytes: 7 }), "steps[2].bytes", />=\s?8/],
    ["overlap said to be false", withStep({ ...publish, id: "b", overlap: false }), "steps[2].overlap", /./],
    ["a missing version", { ...good, version: undefined }, "version", /./],
    ["a version to come", { ...good, version: 2 }, "version", /1/],
    ["no steps", { ...good, steps: [] }, "steps", /./],
    ["a step without id", withStep({ kind: "drain" }), "steps[2].id", /./],
    ["an id with a space", withStep({ id: "a b", kind: "drain" }), "steps[2].id", /a-z/],
    ["the harness's own step", withStep({ id: "settle", kind: "drain" }), "steps[2].id", /harness/],
    ["an id used twice", withStep({ ...publish }), "steps[2].id", /burst is used twice/],
    [
      "an id used again within a together",
      withStep({ id: "t", kind: "together", steps: [publish] }),
      "steps[2].steps[0].id",
      /burst is used twice/,
    ],
    ["one publisher", withStep({ ...publish, id: "q", publishers: 1 }), "steps[2].publishers", /./],
    [
      "more publishers than messages",
      withStep({ ...publish, id: "q", count: 2, publishers: 3 }),
      "steps[2].publishers",
      /at most 2/,
    ],
    [
      "several publishers within a together",
      withStep({ id: "t", kind: "together", steps: [{ ...publish, id: "q", count: 4, publishers: 2 }] }),
      "steps[2].steps[0].publishers",
      /follow each other/,
    ],
    ["a together of nothing", withStep({ id: "t", kind: "together", steps: [] }), "steps[2].steps", /./],
    [
      "a together in a together",
      withStep({ id: "t", kind: "together", steps: [{ id: "u", kind: "together", steps: [publish] }] }),
      "steps[2].steps[0].kind",
      /./,
    ],
    ["a subject of two tokens", withOptions({ subject: "orders.new" }), "options.subject", /one token/],
    [
      "a negative limit below -1",
      withOptions({ reconnectBufferBytesMax: -2 }),
      "options.reconnectBufferBytesMax",
      /-1/,
    ],
    ["an unknown capability", { ...good, requires: ["magic"] }, "requires[0]", /./],
    [
      "a mustHappen that names no step",
      { ...good, mustHappen: [{ kind: "fault-took-effect", step: "nowhere" }] },
      "mustHappen[0].step",
      /no step nowhere/,
    ],
    ["an id that is no claim", { ...good, id: "Claim" }, "id", /concern/],
    ["a scenario without a why", { ...good, why: "" }, "why", /./],
    [
      "an expectation without its fact",
      { ...good, expect: { "nats-go": { fact: "", classes: { kept: 1 } } } },
      "expect.nats-go.fact",
      /./,
    ],
    [
      "an expectation without a fact, where the scenario gives none for all",
      { ...good, expect: { "nats-go": { classes: { kept: 1 } } } },
      "expect.nats-go.fact",
      /is missing/,
    ],
    [
      "a fact for all that no expectation takes",
      { ...good, fact: "T1", expect: { "nats-go": { fact: "T2", classes: { kept: 1 } } } },
      "fact",
      /taken by no expectation/,
    ],
    ["a fact that is no text", { ...good, fact: 1 }, "fact", /string/],
    [
      "an unknown class",
      { ...good, expect: { "nats-go": { fact: "T1", classes: { lost: 1 } } } },
      "expect.nats-go.classes",
      /unknown field "lost"/,
    ],
    ["a list", [good], "", /object/],
    ["null", null, "", /object/],
    [
      "more bytes than one run may publish",
      { ...good, steps: [1, 2].map(i => ({ id: `b${i}`, kind: "publish", count: 50_000, bytes: 800 })) },
      "steps",
      /80000000 bytes in all; the most is 67108864/,
    ],
    [
      "more steps than one run may have",
      { ...good, steps: Array.from({ length: bounds.stepsMax + 1 }, (_, i) => ({ id: `s${i}`, kind: "drain" })) },
      "steps",
      /2000/,
    ],
  ])("%s", (_what, data, path, reason) => {
    const said = complaint(data);
    const prefix = path === "" ? `${file}: ` : `${file}: ${path}: `;
    expect(said.slice(0, prefix.length), said).toBe(prefix);
    expect(said.slice(prefix.length)).toMatch(reason);
    expect(said.split("\n")).toHaveLength(1);
  });

  test("what is not JSON", () => {
    expect(complaintOfText("{")).toMatch(/^fixtures\S+: is not JSON: ./);
    expect(complaintOfText("")).toMatch(/^fixtures\S+: is not JSON: ./);
    expect(complaintOfText('{"version": NaN}')).toMatch(/^fixtures\S+: is not JSON: ./);
  });

  test("what is nested too deep", () => {
    const deep = `${"[".repeat(20)}${"]".repeat(20)}`;
    expect(complaintOfText(`{"steps": ${deep}}`)).toBe(`${file}: is nested deeper than ${bounds.depthMax} levels`);
  });

  test("what is nested so deep that reading it recursively would end the process", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    expect(complaintOfText(deep)).toMatch(/nested deeper|is not JSON/);
  });

  test("what is too large", () => {
    const large = JSON.stringify({ ...good, why: "x".repeat(bounds.fileBytesMax) });
    expect(complaintOfText(large)).toBe(`${file}: is larger than ${bounds.fileBytesMax} bytes`);
  });
});

test("__proto__ is not a way past the check", () => {
  const text = JSON.stringify(good).replace("{", '{"__proto__": {"colour": "red"},');
  expect(complaintOfText(text)).toMatch(/unknown field "__proto__"/);
});

describe("the work that a scenario makes has bounds, which are checked before it is done", () => {
  const publishes = (n: number, count: number) => ({
    ...good,
    steps: Array.from({ length: n }, (_, i) => ({ ...publish, id: `p${i}`, count, bytes: 8 })),
  });

  test("messages of all publishes together, those of one command included", () => {
    expect(complaint(publishes(1, bounds.totalMessagesMax))).toBe("nothing");
    expect(complaint(publishes(80, 100_000))).toBe(
      `${file}: steps: publishes 8000000 messages in all; the most is ${bounds.totalMessagesMax}`,
    );
    const half = { ...publish, count: bounds.totalMessagesMax / 2 + 1, bytes: 8 };
    const together = {
      id: "t",
      kind: "together",
      steps: [
        { ...half, id: "a" },
        { ...half, id: "b" },
      ],
    };
    expect(complaint(withStep(together))).toContain(`publishes ${bounds.totalMessagesMax + 7} messages in all`);
  });

  /** The server is down, and a process fails again and again. */
  const down = (ms: number, policy: string, fault: object, healed = false) => ({
    ...good,
    policy,
    steps: [
      { id: "f", kind: "fault", fault },
      ...(healed ? [{ id: "h", kind: "heal", awaits: "none" }] : []),
      { id: "begin", kind: "start", replica: 0 },
      { id: "wait", kind: "advance", ms },
    ],
  });
  const stopped = { kind: "stop-server", signal: "KILL", awaits: "none" };

  test("restarts while a fault is in force", () => {
    // Its supervisor waits ten seconds.
    expect(complaint(down(2_000 * 10_000, "cordum-as-found", stopped))).toBe("nothing");
    expect(complaint(down(2_592_000_000, "cordum-as-found", stopped))).toBe(
      `${file}: steps: the process may be started again 259200 times while a fault is in force; the most is 2000`,
    );
    expect(complaint(down(2_592_000_000, "cordum-as-found", stopped, true))).toBe("nothing");
  });
});

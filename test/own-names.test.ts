/** A name that every object inherits is as unknown as any other, in every option and every field of a file that takes a name. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { profiles } from "../models/profiles/index.ts";
import { knownProperty, readCommon, readWorlds } from "../src/commands/options.ts";
import { replay } from "../src/commands/replay.ts";
import { exitCodes } from "../src/errors.ts";
import { bundledPolicy } from "../src/files/policies.ts";
import { parsePolicy, parseScenario } from "../src/files/scenario-schema.ts";
import { checkCounterexample } from "../src/findings/counterexample.ts";
import { readHolds } from "../src/holds.ts";
import { profileOf } from "../src/runs/profiles.ts";
import { lanesDefault } from "../src/worlds/live/lanes.ts";
import type { WorldName } from "../src/worlds/names.ts";

const inherited = ["constructor", "__proto__", "toString", "hasOwnProperty"] as const;

const failure = async (go: () => unknown): Promise<{ readonly exitCode: number; readonly message: string }> => {
  try {
    await go();
  } catch (error) {
    const { exitCode = exitCodes.bug, message } = error as Error & { readonly exitCode?: number };
    return { exitCode, message };
  }
  return { exitCode: exitCodes.holds, message: "" };
};

const scenario = { version: 1, id: "made/here", why: "for a test", steps: [{ id: "start", kind: "start" }] };
const parse = (data: object) => () => parseScenario(JSON.stringify(data), "a.json");
/** A field by that name, `__proto__` too. */
const named = (name: string, value: unknown): object =>
  JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`);

const none = {
  published: 0,
  classes: { kept: 0, silentLoss: 0, reportedLoss: 0, ambiguous: 0, duplicated: 0, unknown: 0 },
};
const counterexample = (more: object): object => ({
  ...{ version: 1, kind: "counterexample", scenario, bus: "nats-go", profile: "nats-go", world: "model", seed: "1" },
  ...{ property: "conformance", reason: "made by a test", verdict: "violated", answers: [], digest: "0" },
  ...{ expected: { ...none, places: {} }, observed: { ...none, places: {} } },
  ...{ versions: { faultline: "0", node: "0" }, overridden: false, reproduced: { k: 1, n: 1 } },
  ...more,
});

function replayed(data: object): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "own-names-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "case.json");
  writeFileSync(file, JSON.stringify(data));
  const nothing = (): void => {};
  const context = {
    progress: { now: nothing, note: nothing, end: nothing },
    paint: (_ink: string, text: string) => text,
    signal: new AbortController().signal,
    say: nothing,
    note: nothing,
    onLeave: nothing,
  };
  const common = { ...readCommon({ seed: "1" }), lanes: lanesDefault };
  return replay(context, { ...common, file, worlds: ["model"], times: 1, seedGiven: false, events: false });
}

test("no profile is inherited", () => {
  for (const name of inherited) expect(profiles[name], name).toBeUndefined();
  expect(Object.keys(profiles)).toEqual(["nats-go", "nats-js-2", "nats-js-3", "nats-py"]);
});

describe.each(inherited)("%s is no", name => {
  test.each<[what: string, exitCode: number, says: string, go: () => unknown]>([
    ["--profile", 64, "the known profiles are nats-go,", () => readCommon({ profile: name })],
    ["--bus", 64, "bundled are go-nats-go,", () => readCommon({ bus: [name] })],
    ["--policy", 64, "bundled are cordum-a,", () => readCommon({ policy: name })],
    ["--require", 64, "core-path/order-is-kept", () => readCommon({ require: [name] })],
    ["--property", 64, "core-path/order-is-kept", () => knownProperty(name, "--property")],
    ["--world", 64, "the worlds are model and live", () => readWorlds(name, "--world")],
    ["claim of holds", 64, "core-path/order-is-kept", () => readHolds(name, { world: "model", profile: "nats-go" })],
    [
      "profile of holds",
      64,
      "the known profiles are nats-go,",
      () => readHolds("corpus", { world: "model", profile: name }),
    ],
    [
      "world of holds",
      64,
      "the worlds are model and live",
      () => readHolds("corpus", { world: name as WorldName, profile: "nats-go" }),
    ],
    ["profile of a greeting", 65, "the known profiles are nats-go,", () => profileOf(name, "a bus", undefined)],
    ["policy of a scenario", 65, "there are cordum-a,", parse({ ...scenario, policy: name })],
    ["capability of a scenario", 65, "expected one of", parse({ ...scenario, requires: [name] })],
    ["kind of step", 65, "steps[0].kind", parse({ ...scenario, steps: [{ id: "a", kind: name }] })],
    ["field of a scenario", 65, name, parse({ ...scenario, ...named(name, 1) })],
    ["option of a scenario", 65, name, parse({ ...scenario, options: named(name, 1) })],
    [
      "demand of a policy",
      65,
      "there is no property",
      () => parsePolicy(JSON.stringify({ ...bundledPolicy("core-only"), demands: [name] }), "a.json"),
    ],
    [
      "profile of a counterexample",
      65,
      "the known profiles are nats-go,",
      () => replayed(counterexample({ profile: name })),
    ],
    ["world of a counterexample", 65, "world", () => checkCounterexample(counterexample({ world: name }), "a.json")],
  ])("%s: %i, and the answer says what is known", async (_what, exitCode, says, go) => {
    const { exitCode: code, message } = await failure(go);
    expect([code, message]).toEqual([exitCode, expect.stringContaining(says)]);
  });

  test("trouble as a step's id, a key, a subject, or a name in expect", async () => {
    const publish = { id: "p", kind: "publish", count: 1, bytes: 16, subject: `job.${name}`, key: name };
    const id = name.toLowerCase();
    const steps = [{ ...scenario.steps[0], id }, publish];
    const told = parse({
      ...scenario,
      policy: "cordum-hardened",
      steps,
      expect: named(name, { fact: "f", classes: {} }),
    });
    // Letters, digits and - make an id; a field that would change what its object inherits is refused.
    expect((await failure(told)).exitCode).toBe(name === "__proto__" ? 65 : 0);
    if (name === "__proto__") return;
    expect(await failure(() => replayed({ ...scenario, policy: "cordum-hardened", steps }))).toMatchObject({
      exitCode: 0,
    });
  });
});

test("a field named __proto__ is refused wherever it stands, and its place is said", async () => {
  const text = (expectation: string): string =>
    JSON.stringify({ ...scenario, expect: 0 }).replace('"expect":0', `"expect":${expectation}`);
  for (const [expectation, place] of [
    ['{"__proto__":{"fact":"f","classes":{}}}', "expect"],
    ['{"nats-go":{"fact":"f","classes":{"__proto__":1}}}', "expect.nats-go.classes"],
  ] as const)
    expect(await failure(() => parseScenario(text(expectation), "a.json"))).toEqual({
      exitCode: 65,
      message: `a.json: ${place}: unknown field "__proto__"`,
    });
});

test("a slip is answered with the word that was probably meant, and another word is not", async () => {
  const said = async (go: () => unknown): Promise<string> => (await failure(go)).message;
  expect(await said(() => readCommon({ profile: "nats-g0" }))).toMatch(/ Did you mean nats-go\?$/);
  expect(await said(() => readCommon({ policy: "cordum-hardend" }))).toMatch(/ Did you mean cordum-hardened\?$/);
  expect(await said(() => readCommon({ bus: ["go-nats-js"] }))).toMatch(/ Did you mean go-nats-go\?$/);
  expect(await said(() => readCommon({ require: ["core-path/order-kept"] }))).toContain(
    " Did you mean core-path/order-is-kept? There are:",
  );
  for (const name of inherited) expect(await said(() => readCommon({ profile: name }))).not.toContain("Did you mean");
});

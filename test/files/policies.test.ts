/** The bundled policies, and the policies that scenarios name: read strictly, found by name or beside the scenario. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { declaredDurability, isClassifiedDurable } from "../../models/policy/classifier.ts";
import { longestRestartMs } from "../../models/policy/restarts.ts";
import { streamOf } from "../../models/policy/streams.ts";
import { inLiveTime } from "../../models/policy/times.ts";
import { underPolicy } from "../../models/policy/under.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { BadInput } from "../../src/errors.ts";
import { bundledPolicies, bundledPolicy, readPolicyFile } from "../../src/files/policies.ts";
import { checkScenario, parseScenario, policyJsonSchema } from "../../src/files/scenario-schema.ts";

function bundled(name: string): Policy {
  const policy = bundledPolicy(name);
  if (policy === undefined) throw new Error(`there is no policy ${name}`);
  return policy;
}

function complaint(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return error.message;
  }
  return "nothing";
}

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "policies-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const scenario = {
  version: 1,
  id: "shutdown/a-claim",
  why: "to be run under a policy",
  steps: [
    { id: "start", kind: "start" },
    { id: "publish", kind: "publish", count: 1, bytes: 16, subject: "sys.alert" },
  ],
};

test("every bundled policy can be read, and each bears its file's name", () => {
  expect(bundledPolicies()).toEqual([
    ...["cordum-a", "cordum-as-found", "cordum-b", "cordum-c", "cordum-hardened", "cordum-patched"],
    ...["cordum-with-drain", "core-only"],
  ]);
  for (const name of bundledPolicies()) expect(bundled(name).name).toBe(name);
});

test("a policy that there is not is undefined, also where its name is a path", () => {
  expect(bundledPolicy("nope")).toBeUndefined();
  expect(bundledPolicy("../policies/core-only")).toBeUndefined();
});

describe("Cordum's witnesses:", () => {
  test.each<[subject: string, declared: string, classifiedDurable: boolean, stream: string | undefined]>([
    ["worker.x.jobs", "durable", true, "CORDUM_JOBS"],
    ["worker.a.b.jobs", "best-effort", true, undefined],
    ["job.a.b", "best-effort", true, "CORDUM_JOBS"],
    ["sys.heartbeat", "best-effort", false, "CORDUM_SYS"],
    ["sys.audit.export", "durable", true, "CORDUM_SYS"],
    ["other", "best-effort", false, undefined],
  ])(
    "as found, %s is declared %s, classified durable: %s, and captured by %s",
    (subject, declared, durable, stream) => {
      const policy = bundled("cordum-as-found");
      expect(declaredDurability(policy, subject)).toBe(declared);
      expect(isClassifiedDurable(policy, subject)).toBe(durable);
      expect(streamOf(policy, subject)?.name).toBe(stream);
    },
  );

  test.each(["worker.x.jobs", "worker.a.b.jobs", "job.a", "job.a.b", "sys.heartbeat", "sys.job.submit", "other"])(
    "hardened, map, classifier and streams agree on %s",
    subject => {
      const policy = bundled("cordum-hardened");
      const declared = declaredDurability(policy, subject) === "durable";
      expect(isClassifiedDurable(policy, subject)).toBe(declared);
      expect(streamOf(policy, subject) !== undefined).toBe(declared);
    },
  );

  test("with drain differs from as found in its name, its why and its shutdown alone", () => {
    const { name: _a, why: _b, shutdown: drained, ...drain } = bundled("cordum-with-drain");
    const { name: _c, why: _d, shutdown: closed, ...found } = bundled("cordum-as-found");
    expect(drain).toEqual(found);
    expect(drained).toEqual({ ...closed, strategy: "drain" });
  });
});

describe("a scenario's policy", () => {
  test("named, is in memory what it is in its file", () => {
    const read = parseScenario(JSON.stringify({ ...scenario, policy: "core-only" }), "x.json");
    expect(read.policy).toEqual(bundled("core-only"));
    expect(checkScenario(read, "x.json")).toEqual(read);
  });

  test("named by a path, is read from beside the scenario", () => {
    const folder = ownFolder();
    writeFileSync(join(folder, "mine.json"), JSON.stringify({ ...bundled("core-only"), name: "mine" }));
    const text = JSON.stringify({ ...scenario, policy: "./mine.json" });
    expect(parseScenario(text, join(folder, "scenario.json")).policy?.name).toBe("mine");
    expect(parseScenario(text, "scenario.json", folder).policy?.name).toBe("mine");
  });

  test.each<[what: string, policy: unknown, says: string]>([
    [
      "no such name",
      "nope",
      'policy: there is no policy "nope"; there are cordum-a, cordum-as-found, cordum-b, cordum-c, cordum-hardened, cordum-patched, cordum-with-drain, core-only, and a file of your own ends in .json',
    ],
    ["no such file", "./nope.json", "policy: there is no file ./nope.json beside it"],
    ["not a JSON file", "./nope.txt", "policy: must be a policy's name or a .json file, relative to this one"],
    ["an absolute path", "/etc/policy.json", "policy: must be a policy's name or a .json file, relative to this one"],
    ["a number", 7, "policy: invalid input: expected object, received number"],
    ["half a policy", { version: 1 }, "policy.name: invalid input: expected string, received undefined"],
  ])("%s: is refused in one line", (_what, policy, says) => {
    const said = complaint(() => parseScenario(JSON.stringify({ ...scenario, policy }), "x.json"));
    expect(said).toBe(`x.json: ${says}`);
  });

  test("within a counterexample, is refused with the whole path", () => {
    const policy = { ...bundled("core-only"), colour: "red" };
    const said = complaint(() => checkScenario({ ...scenario, policy }, "x.json", ["scenario"]));
    expect(said).toBe('x.json: scenario.policy: unknown field "colour"');
  });

  test("sets the client's options where the scenario says nothing of them", () => {
    const read = (options: object) =>
      parseScenario(JSON.stringify({ ...scenario, policy: "cordum-hardened", options }), "x.json").options;
    expect(read({})).toMatchObject({ reconnectWaitMs: 2_000, reconnectBufferBytesMax: 33_554_432 });
    expect(read({ reconnectWaitMs: 2_000, pingIntervalMs: 150 })).toMatchObject({ pingIntervalMs: 150 });
    expect(complaint(() => read({ reconnectWaitMs: 20 }))).toBe(
      "x.json: options.reconnectWaitMs: is 20, and the policy cordum-hardened sets 2000",
    );
  });

  test("in a file of another name than its own, is refused", () => {
    const folder = ownFolder();
    const path = join(folder, "other.json");
    writeFileSync(path, JSON.stringify(bundled("core-only")));
    const said = complaint(() => readPolicyFile(path, "other.json"));
    expect(said).toBe('other.json: name: is "core-only", and must be "other", as the file\'s');
  });
});

describe("docs/policies.md", () => {
  const page = readFileSync(new URL("../../docs/policies.md", import.meta.url), "utf8");

  test("explains every field that a policy has", () => {
    const words = new Set(page.match(/[$A-Za-z]+/g));
    const fields = fieldsOf(policyJsonSchema());
    expect(fields.length).toBeGreaterThan(50);
    for (const name of fields) expect(words, name).toContain(name);
  });

  test("lists every bundled policy, and no other", () => {
    const table = page.slice(page.indexOf("| bundled | is |"), page.indexOf("## Your own"));
    expect([...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name).toSorted()).toEqual(bundledPolicies());
  });
});

/** Every name of a property, at any depth of a JSON Schema. */
function fieldsOf(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = "properties" in schema ? Object.keys(schema.properties as object) : [];
  return [...own, ...Object.values(schema).flatMap(fieldsOf)];
}

test("a scenario put under another policy has its client options, and expects nothing typed in under the first", () => {
  const expected = { "nats-go": { fact: "Table 1", classes: { kept: 1 } } };
  const before = parseScenario(JSON.stringify({ ...scenario, policy: "core-only", expect: expected }), "x.json");
  const after = underPolicy(before, bundled("cordum-hardened"));
  expect(after.policy?.name).toBe("cordum-hardened");
  expect(after.options).toMatchObject({ reconnectWaitMs: 2_000, reconnectBufferBytesMax: 33_554_432 });
  expect(after.expect).toEqual({});
  // What the one policy had set is not left over for the next.
  expect(underPolicy(after, bundled("core-only")).options).toEqual(before.options);
  expect(underPolicy(before, bundled("core-only"))).toBe(before);
});

test.each(bundledPolicies())(
  "%s in live time can be waited for, stays as it is there, and its stop has the same first end",
  name => {
    const policy = bundled(name);
    const live = inLiveTime(policy);
    expect(inLiveTime(live)).toEqual(live);
    const waits = [
      ...live.streams.map(stream => stream.duplicateWindowMs),
      live.publish.ackTimeoutMs,
      live.consume.ackWaitMs,
      live.startup.connectTimeoutMs,
      live.startup.deadlineMs ?? 0,
      live.shutdown.budgetMs,
      longestRestartMs(live.supervisor),
      live.supervisor.killAfterMs,
    ];
    expect(Math.max(...waits)).toBeLessThanOrEqual(8_000);
    const first = ({ shutdown, supervisor }: Policy): number => Math.sign(supervisor.killAfterMs - shutdown.budgetMs);
    expect(first(live)).toBe(first(policy));
  },
);

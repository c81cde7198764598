/** Scenarios under a policy are ones that could be read from a file, meet every concern of the policy, and shrink to an end. */
import { describe, expect, test } from "vitest";
import { plan } from "../../models/plan/plan.ts";
import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { streamOf } from "../../models/policy/streams.ts";
import { subjectsByTreatment, subjectsOf } from "../../models/policy/subjects.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import {
  type Capability,
  capabilities,
  type Fault,
  type Scenario,
  type Step,
} from "../../models/vocabulary/scenario.ts";
import { inStep } from "../../properties/arbitraries/policy-reductions.ts";
import { policyScenarioOf } from "../../properties/arbitraries/policy-scenario.ts";
import { reductions } from "../../properties/arbitraries/reductions.ts";
import { scenarioUnder } from "../../properties/arbitraries/runs.ts";
import { bundledPolicies, bundledPolicy } from "../../src/files/policies.ts";
import { checkPolicy } from "../../src/files/policy-schema.ts";
import { checkScenario } from "../../src/files/scenario-schema.ts";
import { missingCapabilities } from "../../src/judge/capability.ts";
import { describeScenario, profileNamed, profilesByName, randomScenario, smallest, times } from "../models/cases.ts";
import { policyWith, sound, stream } from "../models/policies.ts";

const lettingGo = (["workqueue", "interest"] as const).flatMap(retention =>
  (["created", "bound"] as const).map(durables => {
    const parts = { streams: [{ ...stream, retention }], consume: { durables } };
    return [`${durables} consumers of a stream with retention ${retention}`, policyWith(parts)] as const;
  }),
);
const limited = (["workqueue", "interest"] as const).map(retention => {
  const limits = { messagesMax: 5, ageMaxMs: 600_000 };
  const parts = { streams: [{ ...stream, retention, ...limits }], consume: { durables: "created" as const } };
  return [`a stream with retention ${retention}, a limit and an age`, policyWith(parts)] as const;
});
const consuming = (
  [
    { durables: "bound", stands: { ackWaitMs: 1_000, deliverMax: -1 } },
    { durables: "created", stands: { deliverMax: 5 } },
    { durables: "created", deliverPolicy: "new" },
    { durables: "created", ackPolicy: "none" },
    { durables: "created", ackPolicy: "all" },
    { durables: "ephemeral", inactiveThresholdMs: 60_000 },
    { durables: "created", ackWaitMs: 1_000, inactiveThresholdMs: 10_000 },
    { durables: "updated", stands: { ackWaitMs: 1_000, deliverMax: -1 } },
  ] as const
).map(consume => [`consumers ${JSON.stringify(consume)}`, policyWith({ consume })] as const);
const declaringAGap = policyWith({
  families: [...sound.families, { subjects: "beat.>", durability: "best-effort", reason: "periodic", gapMs: 1_000 }],
  client: { reconnectWaitMs: 500, reconnectAttemptsMax: -1 },
});
const policies = [
  ...bundledPolicies().map(name => [name, bundledPolicy(name) as Policy] as const),
  ...lettingGo,
  ...limited,
  ...consuming,
  ["a family that declares a gap", declaringAGap] as const,
];
const profile = profileNamed("nats-go");
const has: ReadonlySet<Capability> = new Set(capabilities);
const scenarioOf = (word: string, policy: Policy): Scenario =>
  policyScenarioOf(word, { profile, policy, capabilities: has });
const asFound = bundledPolicy("cordum-as-found") as Policy;

/** Every step, those of a together too. */
const stepsOf = ({ steps }: Scenario): readonly Step[] =>
  steps.flatMap((one): readonly Step[] => (one.kind === "together" ? [one, ...one.steps] : [one]));

describe.each(policies)("under %s", (_name, policy) => {
  test("every random scenario is one that could be read from a file", () => {
    for (let i = 0; i < times(400); i++) {
      const scenario = { ...scenarioOf(`file-${i}`, policy), id: "random/word" };
      expect(checkScenario(scenario, "x.json")).toEqual(scenario);
    }
  });

  test.each(profilesByName)("for %s every fault is one that can take effect there", (_name, profile) => {
    for (let i = 0; i < times(400); i++) {
      const scenario = policyScenarioOf(`fault-${i}`, { profile, policy, capabilities: has });
      const skipped = plan(scenario, profile).steps.filter(
        one => one.skipped !== undefined && one.step.kind === "fault",
      );
      expect(
        skipped.map(one => `${one.step.id}: ${one.skipped?.reason}`),
        describeScenario(scenario),
      ).toEqual([]);
    }
  });

  test("a scenario needs no capability beyond those that it was made for", () => {
    for (let i = 0; i < times(600); i++) {
      const without = capabilities[i % capabilities.length] as Capability;
      const rest = new Set<Capability>([...has].filter(one => one !== without));
      const scenario = policyScenarioOf(`needs-${i}`, { profile, policy, capabilities: rest });
      // Every bus under a policy publishes and flushes; and what a policy sets, its client can do.
      const always = ["publish", "flush", "policy", "reconnect-buffer-limit", "reconnect-attempts-limit"];
      const missing = missingCapabilities(scenario, rest).filter(one => !always.includes(one));
      expect(missing, `without ${without}: ${describeScenario(scenario)}`).toEqual([]);
    }
  });

  test("every reduction of a scenario is one that could be read from a file", () => {
    for (let i = 0; i < times(25); i++) {
      const scenario = { ...scenarioOf(`reduce-${i}`, policy), id: "random/word" };
      for (const smaller of reductions(scenario)) expect(checkScenario(smaller, "x.json")).toEqual(smaller);
    }
  });

  test("whatever fails always is reduced to one start", () => {
    for (let i = 0; i < times(40); i++) {
      const small = smallest(scenarioOf(`end-${i}`, policy), () => true);
      expect(small.steps.length, describeScenario(small)).toBe(1);
    }
  });

  test("its durable subjects are those that it sends into a stream", () => {
    const { durable, uncovered, captured, core } = subjectsByTreatment(policy);
    for (const subject of subjectsOf(policy)) {
      const treated = `${isClassifiedDurable(policy, subject)} ${streamOf(policy, subject) !== undefined}`;
      const list = { "true true": durable, "true false": uncovered, "false true": captured, "false false": core }[
        treated
      ];
      expect(list, subject).toContain(subject);
    }
  });
});

test("the same word makes the same scenario, and another word another", () => {
  expect(scenarioOf("a", asFound)).toEqual(scenarioOf("a", asFound));
  expect(scenarioOf("a", asFound).steps).not.toEqual(scenarioOf("b", asFound).steps);
});

test("without a policy it is the bare client's scenario of that word", () => {
  expect(scenarioUnder("a", { profile, capabilities: has }, undefined)).toEqual(randomScenario("a", profile));
});

test("what tells Cordum's classifier from its streams is found: a token more, and a dot shared by both ends", () => {
  expect(subjectsByTreatment(asFound).uncovered).toEqual(["worker.a.b.jobs", "worker.jobs"]);
  expect(subjectsByTreatment(bundledPolicy("cordum-hardened") as Policy).uncovered).toEqual([]);
});

test("an exact rule is told from a prefix, a suffix alone from nothing before it", () => {
  const policy = checkPolicy(
    { ...bundledPolicy("core-only"), classifier: [{ exact: "a.b" }, { suffix: ".end" }, { pattern: "x.*.z" }] },
    "x.json",
  );
  expect(subjectsOf(policy)).toEqual([
    "a.b",
    "a.b.a",
    "a.b.end",
    "a.end",
    "events.a",
    "events.a.b",
    "events.a.b.c",
    "unnamed",
    "x.a.b.z",
    "x.a.z",
  ]);
});

test("no subject is made that a server would refuse, is the server's own, or is longer than 128 characters", () => {
  const long = `${"x".repeat(60)}.${"y".repeat(60)}`;
  const classifier = [{ exact: "$SYS.a" }, { exact: "a..b" }, { exact: `${long}.${long}` }, { exact: long }];
  const made = subjectsOf({ ...sound, classifier });
  expect(made).toContain(long);
  expect(made.filter(one => one.startsWith("$") || one.includes("..") || one.length > 128)).toEqual([]);
});

test("a stream's limit is met just under, at and just over it", () => {
  const limited = { ...asFound, streams: asFound.streams.map(one => ({ ...one, messagesMax: 300 })) };
  const counts = Array.from({ length: 500 }, (_, i) => scenarioOf(`limit-${i}`, limited))
    .flatMap(stepsOf)
    .flatMap(one => (one.kind === "publish" ? [one.count] : []));
  for (const count of [299, 300, 301]) expect(counts.filter(one => one === count).length).toBeGreaterThan(10);
});

describe("a thousand scenarios for Cordum meet", () => {
  const scenarios = Array.from({ length: 1_000 }, (_, i) => scenarioOf(`meet-${i}`, asFound));
  const met = (does: (step: Step) => boolean): number => scenarios.filter(one => stepsOf(one).some(does)).length;
  const faultBeforeStart = ({ steps }: Scenario): string | undefined =>
    steps[0]?.kind === "fault" ? steps[0].fault.kind : undefined;

  test.each<[what: string, does: (step: Step) => boolean]>([
    [
      "a subject that is classified durable and in no stream",
      one => one.kind === "publish" && one.subject === "worker.a.b.jobs",
    ],
    ["a key", one => one.kind === "publish" && one.key !== undefined],
    ["a publish without waiting", one => one.kind === "publish" && one.async === true],
    ["the same messages again", one => one.kind === "publish" && one.again !== undefined],
    ["a lost acknowledgement", one => one.kind === "fault" && one.fault.kind === "lose-ack"],
    [
      "a server killed with its store lost",
      one =>
        one.kind === "fault" &&
        one.fault.kind === "stop-server" &&
        one.fault.signal === "KILL" &&
        one.fault.store === "lost",
    ],
    [
      "a server killed with its store kept",
      one =>
        one.kind === "fault" &&
        one.fault.kind === "stop-server" &&
        one.fault.signal === "KILL" &&
        one.fault.store === undefined,
    ],
    ["a loss of power", one => one.kind === "fault" && one.fault.kind === "power-loss"],
    ["SIGTERM to the one that publishes", one => one.kind === "signal" && one.signal === "TERM" && one.replica === 0],
    ["SIGKILL to it", one => one.kind === "signal" && one.signal === "KILL" && one.replica === 0],
    ["SIGTERM to a replica", one => one.kind === "signal" && one.signal === "TERM" && one.replica > 0],
    ["a handler that fails", one => one.kind === "subscribe" && one.handler === "fails"],
    ["a handler that hangs", one => one.kind === "subscribe" && one.handler === "hangs"],
    ["a handler in the process that publishes", one => one.kind === "subscribe" && one.replica === 0],
    ["a process that exits", one => one.kind === "exit"],
    ...[119_999, 120_000, 120_001].map(
      ms =>
        [
          `an advance to the duplicate window's edge, ${ms}`,
          (one: Step) => one.kind === "advance" && one.ms === ms,
        ] as [string, (step: Step) => boolean],
    ),
    ...[599_999, 600_000, 600_001].map(
      ms =>
        [`an advance to the ack wait's edge, ${ms}`, (one: Step) => one.kind === "advance" && one.ms === ms] as [
          string,
          (step: Step) => boolean,
        ],
    ),
  ])("%s, ten times at least", (_what, does) => {
    expect(met(does)).toBeGreaterThanOrEqual(10);
  });

  test.each(["cut", "stop-server", "no-jetstream", "refuse-credentials", "silent-handshake"])(
    "%s before the first start, ten times at least",
    kind => {
      expect(scenarios.filter(one => faultBeforeStart(one) === kind).length).toBeGreaterThanOrEqual(10);
    },
  );

  test("two publishes about one thing", () => {
    const keysOf = (one: Scenario) =>
      stepsOf(one).flatMap(step =>
        step.kind === "publish" && step.key && step.again === undefined ? [`${step.subject} ${step.key}`] : [],
      );
    expect(scenarios.filter(one => new Set(keysOf(one)).size < keysOf(one).length).length).toBeGreaterThanOrEqual(10);
  });

  test("each kind of step is left out of some", () => {
    for (const kind of ["signal", "subscribe", "advance", "fault"])
      expect(scenarios.filter(one => !one.steps.some(step => step.kind === kind)).length, kind).toBeGreaterThan(50);
  });
});

describe("one bug is one case: there is a reduction", () => {
  const start: Step = { id: "start", kind: "start" };
  const peer: Step = { id: "peer", kind: "start", replica: 1 };
  const publish: Step = { id: "publish", kind: "publish", count: 1, bytes: 16, subject: "a" };
  const subscribe = (replica: number): Step => ({
    id: "sub",
    kind: "subscribe",
    replica,
    subject: "a",
    handler: "acks",
  });
  const fault = (one: Fault): Step => ({ id: "fault", kind: "fault", fault: one });
  const cold = fault({ kind: "cut", awaits: "none" });
  const reduced = (...steps: readonly Step[]): readonly (readonly Step[])[] =>
    [...reductions({ ...scenarioOf("a", asFound), steps })].map(one => one.steps);

  test("from what a process meets when it starts to what befalls it while it runs", () => {
    for (const met of [cold, fault({ kind: "no-jetstream" })])
      for (const awaited of [
        { kind: "cut", awaits: "noticed" },
        { kind: "stop-server", signal: "TERM", awaits: "noticed" },
      ] as const)
        expect(reduced(met, start, publish)).toContainEqual([start, fault(awaited), publish]);
  });

  test.each<Fault>([
    { kind: "stop-server", signal: "KILL", awaits: "none" },
    { kind: "no-jetstream" },
    { kind: "silent-handshake" },
    { kind: "refuse-credentials" },
  ])("from $kind before the first start to a cut", one => {
    expect(reduced(fault(one), start)).toContainEqual([cold, start]);
  });

  test("from what another process does to the first one doing it", () => {
    expect(reduced(start, peer, subscribe(1), publish)).toContainEqual([start, subscribe(0), publish]);
    expect(reduced(peer, subscribe(1)).flat()).not.toContainEqual(subscribe(0));
  });

  test("to processes that start, then subscribe, and then publish; and none back", () => {
    const other = subscribe(0);
    expect(reduced(start, publish, peer)).toContainEqual([start, peer, publish]);
    expect(reduced(start, publish, other)).toContainEqual([start, other, publish]);
    expect(reduced(start, other, peer)).toContainEqual([start, peer, other]);
    const ordered = [start, peer, other, publish];
    for (const steps of reduced(...ordered))
      if (steps.length === ordered.length) expect(steps.map(one => one.id)).toEqual(ordered.map(one => one.id));
  });
});

describe("a publish that repeats another", () => {
  const first = { id: "first", kind: "publish", count: 3, bytes: 16, subject: "a.b", key: "k" } as const;
  const repeat = { ...first, id: "second", again: "first" } as const;
  const scenario = (steps: readonly Step[]): Scenario => ({ ...scenarioOf("a", asFound), steps });

  test("says what its first says, however that is reduced", () => {
    const { key: _key, ...keyless } = { ...first, count: 1, bytes: 8, subject: "c" };
    const { key: _gone, ...mended } = { ...repeat, count: 1, bytes: 8, subject: "c" };
    expect(inStep(scenario([keyless, repeat])).steps).toEqual([keyless, mended]);
  });

  test("is a publish of its own once its first is gone", () => {
    const { again: _again, ...plain } = repeat;
    expect(inStep(scenario([repeat])).steps).toEqual([plain]);
  });

  test("within a together is mended, too", () => {
    const together: Step = { id: "t", kind: "together", steps: [{ ...first, count: 7 }, repeat] };
    expect(inStep(scenario([together])).steps).toEqual([
      {
        ...together,
        steps: [
          { ...first, count: 7 },
          { ...repeat, count: 7 },
        ],
      },
    ]);
  });
});

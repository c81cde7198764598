/** Steps, faults, schedules and scenarios are values of fast-check: they compose with its combinators, stay valid, and shrink to the end. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import {
  type Capability,
  capabilities,
  type Fault,
  type Scenario,
  type Step,
} from "../../models/vocabulary/scenario.ts";
import {
  type FaultName,
  faults,
  type Schedule,
  type StepName,
  scenarios,
  scenarioWith,
  scheduleOf,
  schedules,
  steps,
} from "../../properties/index.ts";
import { bundledPolicy } from "../../src/files/policies.ts";
import { checkScenario } from "../../src/files/scenario-schema.ts";
import { missingCapabilities } from "../../src/judge/capability.ts";
import { profileNamed, stepsOf, times } from "../models/cases.ts";

const profile = profileNamed("nats-go");
const policy = bundledPolicy("cordum-hardened") as Policy;
const settings = [
  ["of a bare client", {}],
  ["under a policy", { policy }],
] as const;
type Setting = (typeof settings)[number][1];

const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns = times(300), seed = 1): readonly T[] =>
  fc.sample(arbitrary, { numRuns, seed });

const expectValid = (schedule: Schedule, setting: Setting): void => {
  const scenario = scenarioWith(schedule, setting);
  expect(checkScenario(scenario, "x.json")).toEqual(scenario);
};

const faultsIn = (all: readonly Step[]): readonly Fault[] =>
  all.flatMap(one => (one.kind === "fault" ? [one.fault] : []));
const has = (all: readonly Step[], kind: StepName): boolean => all.some(one => one.kind === kind);
const hasFault = (all: readonly Step[], kind: FaultName): boolean => faultsIn(all).some(one => one.kind === kind);
const kindsIn = (all: readonly Step[]): readonly string[] =>
  all.map(one => (one.kind === "fault" ? one.fault.kind : one.kind));

/** What a property that always fails ends in. */
function smallest<T>(arbitrary: fc.Arbitrary<T>, seed: number, fails: (value: T) => boolean = () => true): T {
  const found = fc.check(
    fc.property(arbitrary, value => !fails(value)),
    { seed, numRuns: 500 },
  );
  if (found.counterexample === null) throw new Error(`nothing fails with seed ${seed}`);
  return found.counterexample[0];
}

/** The shrinks of a value, and of the first few of these again. */
function shrinksOf<T>(arbitrary: fc.Arbitrary<T>, value: T, depth = 3): readonly T[] {
  const all = [...arbitrary.shrink(value, undefined)].map(one => one.value);
  return depth === 0 ? all : [...all, ...all.slice(0, 2).flatMap(one => shrinksOf(arbitrary, one, depth - 1))];
}

/** What a seed draws, and all that it may shrink to at once: nothing fails except the value itself. */
function valueAndShrinks<T>(arbitrary: fc.Arbitrary<T>, seed: number): readonly T[] {
  const met: T[] = [];
  const isFirst = (value: T): boolean => met.push(value) === 1;
  fc.check(
    fc.property(arbitrary, value => !isFirst(value)),
    { seed, numRuns: 1 },
  );
  return met;
}

describe.each(settings)("%s", (_name, setting) => {
  const drawable: readonly (readonly [string, fc.Arbitrary<Schedule>])[] = [
    ["a fault", faults(setting).map(one => scheduleOf([one]))],
    ["a step", steps(setting).map(one => scheduleOf([one]))],
    ["a schedule", schedules(setting)],
    ["a scenario", scenarios({ profile, ...setting }).map(one => one.steps)],
    ["an array of steps and faults", fc.array(fc.oneof(steps(setting), faults(setting))).map(scheduleOf)],
    [
      "two schedules, one after the other",
      fc.tuple(schedules(setting), schedules(setting)).map(two => scheduleOf(two.flat())),
    ],
    [
      "a schedule with a fault in its midst",
      schedules(setting).chain(all => faults(setting).map(one => scheduleOf([...all, one, ...all]))),
    ],
    ["a schedule that publishes", schedules(setting).filter(all => has(all, "publish"))],
  ];

  test.each(drawable)("%s makes a scenario that could be read from a file", (_what, arbitrary) => {
    for (const all of sample(arbitrary)) expectValid(all, setting);
  });

  test.each(drawable)("%s is the same for the same seed of fast-check, and another for another", (_what, arbitrary) => {
    expect(sample(arbitrary, 20, 7)).toEqual(sample(arbitrary, 20, 7));
    expect(sample(arbitrary, 20, 7)).not.toEqual(sample(arbitrary, 20, 8));
  });

  test.each(drawable)(
    "%s that fails always shrinks to at most two steps beside its start, and stays valid",
    (_what, arbitrary) => {
      for (let seed = 1; seed <= times(15); seed++) {
        const met: Schedule[] = [];
        const property = fc.property(arbitrary, all => {
          met.push(all);
          return false;
        });
        const { counterexample } = fc.check(property, { seed, numRuns: 1 });
        for (const all of met) expectValid(all, setting);
        expect(counterexample?.[0].filter(one => one.kind !== "start").length).toBeLessThanOrEqual(2);
      }
    },
  );

  test.each([
    ["faults", faults(setting), 1],
    ["steps", steps(setting), 1],
    ["schedules", schedules(setting), 0],
    ["scenarios", scenarios({ profile, ...setting }), 0],
  ] as const)("stored %s are known again, and shrink to others", (_what, arbitrary: fc.Arbitrary<unknown>, depth) => {
    let shrunk = 0;
    for (const one of sample(arbitrary, 40)) {
      expect(arbitrary.canShrinkWithoutContext(one)).toBe(true);
      const smaller = shrinksOf(arbitrary, one, depth);
      for (const other of smaller) expect(JSON.stringify(other)).not.toBe(JSON.stringify(one));
      shrunk += smaller.length;
    }
    expect(shrunk).toBeGreaterThan(10);
    for (const other of [undefined, null, 7, "cut", {}, { kind: "nothing" }, [{}]])
      expect(arbitrary.canShrinkWithoutContext(other)).toBe(false);
  });
});

describe("the plan", () => {
  const shareDone = (all: readonly Scenario[]): number => {
    const planned = all.flatMap(one => stepsOf(one, profile));
    return planned.filter(one => one.skipped === undefined).length / planned.length;
  };

  test.each(settings)("does nine of ten steps of a schedule %s", (_name, setting) => {
    const all = sample(schedules({ profile, ...setting })).map(one => scenarioWith(one, setting));
    expect(shareDone(all)).toBeGreaterThan(0.9);
  });

  test("does more than half of the steps that are put together by hand", () => {
    const parts = fc.oneof(faults({ kinds: ["cut", "blackhole"] }), steps({ kinds: ["publish", "heal"] }));
    expect(shareDone(sample(fc.array(parts).map(scheduleOf)).map(one => scenarioWith(one)))).toBeGreaterThan(0.5);
  });
});

describe("what is asked for", () => {
  const kinds: readonly StepName[] = ["publish", "fault", "heal"];
  const asked = { kinds, faults: ["cut", "hold"] as const, countMax: 4, bytes: [32, 64] };
  const withinAsked = (all: readonly Step[]): void => {
    for (const step of all) {
      expect(["start", ...kinds]).toContain(step.kind);
      if (step.kind === "fault") expect(asked.faults).toContain(step.fault.kind);
      if (step.kind === "publish") expect([step.count <= 4, asked.bytes.includes(step.bytes)]).toEqual([true, true]);
    }
  };

  test.each(settings)("is all that comes, and all that it shrinks to, %s", (_name, setting) => {
    const arbitraries: readonly fc.Arbitrary<readonly Step[]>[] = [
      steps({ ...asked, ...setting }).map(one => [one]),
      schedules({ ...asked, ...setting }),
      scenarios({ profile, ...asked, ...setting }).map(one => one.steps),
    ];
    for (const arbitrary of arbitraries) {
      const met = Array.from({ length: times(60) }, (_, seed) => valueAndShrinks(arbitrary, seed));
      for (const all of met.flat()) withinAsked(all);
      expect(met.flat().length).toBeGreaterThan(1.5 * met.length);
    }
    for (const one of sample(scenarios({ profile, ...asked, ...setting }), 50))
      expect(checkScenario(one, "x.json")).toEqual(one);
  });

  test("leaves no kind out", () => {
    const seen = (arbitrary: fc.Arbitrary<readonly Step[]>): Set<string> =>
      new Set(sample(arbitrary, 2_000).flatMap(kindsIn));
    const bare: readonly StepName[] = ["start", "publish", "flush", "drain", "close", "exit", "together"];
    const service: readonly StepName[] = ["subscribe", "signal", "advance"];
    const clientFaults: readonly FaultName[] = ["cut", "hold", "limit", "blackhole", "stop-server", "pause-server"];
    const serviceFaults: readonly FaultName[] = ["lose-ack", "power-loss", "no-jetstream", "refuse-credentials"];
    const inSteps = seen(fc.array(steps()));
    for (const kind of [...bare, ...clientFaults, "server-error", "heal", "await-noticed"])
      expect(inSteps).toContain(kind);
    const inSchedules = seen(schedules({ policy }));
    for (const kind of [...bare, ...service, ...clientFaults, ...serviceFaults, "silent-handshake", "heal"])
      expect(inSchedules).toContain(kind);
    expect(seen(schedules())).not.toContain("signal");
  });

  test.each(settings)("keeps to the capabilities, %s", (_name, setting) => {
    for (const without of capabilities.filter(one => one !== "publish" && one !== "flush")) {
      const able = new Set<Capability>(capabilities.filter(one => one !== without));
      const space = { profile, ...setting, capabilities: able };
      const all = [
        ...sample(schedules(space), times(40)).map(one => scenarioWith(one, setting)),
        ...sample(scenarios(space), times(40)).flatMap(one => [
          one,
          ...shrinksOf(scenarios(space), one, 0).slice(0, 5),
        ]),
      ];
      const always = ["policy", "reconnect-buffer-limit", "reconnect-attempts-limit", "cold-start"];
      for (const one of all) {
        const missing = missingCapabilities(one, able).filter(name => !always.includes(name));
        expect(missing, `without ${without}: ${JSON.stringify(one.steps)}`).toEqual([]);
      }
    }
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      "a kind of step of a service, without a policy",
      () => steps({ kinds: ["signal"] }),
      /signal is no kind of step without a policy/,
    ],
    [
      "a kind of fault of a service, without a policy",
      () => faults({ kinds: ["lose-ack"] }),
      /lose-ack is no kind of fault without/,
    ],
    [
      "an error of the server under a policy",
      () => schedules({ policy, faults: ["server-error"] }),
      /server-error is no kind of fault under a policy/,
    ],
    ["no kind of fault", () => faults({ kinds: [] }), /leave no kind of fault/],
    [
      "a kind that the capabilities lack",
      () => steps({ kinds: ["drain"], capabilities: new Set(["publish"]) }),
      /leave no kind of step/,
    ],
    ["no message", () => schedules({ countMax: 0 }), /countMax must be a whole number from 1 to 100000; it is 0/],
    [
      "a payload that has no room for a number",
      () => scenarios({ profile, bytes: [16, 7] }),
      /from 8 to 1048576; one is 7/,
    ],
    ["no size", () => steps({ bytes: [] }), /bytes must be one or more/],
  ])("is refused at once where it is %s", (_what, make, why) => {
    expect(make).toThrow(why);
    expect(make).toThrow(RangeError);
  });

  test("may be as large as a file may have it", () => {
    for (const all of sample(schedules({ countMax: 100_000, bytes: [1_048_576, 8] }), 50)) expectValid(all, {});
  });
});

describe("a planted failure", () => {
  const cutAndPublish = (all: readonly Step[]): boolean => hasFault(all, "cut") && has(all, "publish");
  const leastKinds = ["cut", "publish", "start"];

  test.each(settings)("beside a number shrinks in both, %s", (_name, setting) => {
    const property = fc.property(
      scenarios({ profile, ...setting }),
      fc.integer(),
      (one, n) => !cutAndPublish(one.steps) || n < 10,
    );
    for (let seed = 1; seed <= times(10); seed++) {
      const { counterexample } = fc.check(property, { seed, numRuns: 1_000 });
      const [scenario, n] = counterexample ?? [];
      expect([kindsIn(scenario?.steps ?? []).toSorted(), n]).toEqual([leastKinds, 10]);
    }
  });

  test.each(settings)("of a schedule shrinks to one message and a cut that is noticed, %s", (_name, setting) => {
    for (let seed = 1; seed <= times(10); seed++) {
      const small = smallest(schedules(setting), seed, cutAndPublish);
      expect(kindsIn(small).toSorted()).toEqual(leastKinds);
      expect(faultsIn(small)).toEqual([{ kind: "cut", awaits: "noticed" }]);
      expect(small.find(one => one.kind === "publish")).toMatchObject({ count: 1, bytes: 16 });
    }
  });

  test("of a schedule built by hand shrinks to its shortest", () => {
    const parts = fc.oneof(faults({ kinds: ["cut", "blackhole"] }), steps({ kinds: ["publish", "heal"] }));
    for (let seed = 1; seed <= times(10); seed++) {
      const small = smallest(
        fc.array(parts).map(scheduleOf),
        seed,
        all => hasFault(all, "blackhole") && has(all, "publish"),
      );
      expect(kindsIn(small).toSorted()).toEqual(["blackhole", "publish", "start"]);
      expect(small.find(one => one.kind === "publish")).toMatchObject({ count: 1, bytes: 16 });
    }
  });

  test("of a fault shrinks to the plainest of the kinds that were asked for", () => {
    expect(smallest(faults({ kinds: ["cut", "stop-server"] }), 2)).toEqual({ kind: "cut", awaits: "noticed" });
    expect(smallest(faults({ kinds: ["stop-server"] }), 2)).toMatchObject({ signal: "TERM", awaits: "noticed" });
    expect(smallest(faults({ kinds: ["limit"] }), 2, one => one.kind === "limit" && one.bytes > 40)).toEqual({
      kind: "limit",
      bytes: 41,
    });
  });
});

describe("a schedule made of parts", () => {
  test("has a start, ids of its own, and publishes again what it published", () => {
    const first: Step = { id: "a", kind: "publish", count: 3, bytes: 16, subject: "job.a" };
    const parts: readonly (Step | Fault)[] = [
      first,
      { kind: "cut", awaits: "noticed" },
      { ...first, again: "a" },
      { ...first, id: "b", again: "gone" },
    ];
    expect(scheduleOf(parts)).toEqual([
      { id: "start-0", kind: "start" },
      { ...first, id: "publish-1" },
      { id: "cut-2", kind: "fault", fault: { kind: "cut", awaits: "noticed" } },
      { ...first, id: "publish-3", again: "publish-1" },
      { ...first, id: "publish-4" },
    ]);
  });

  test("has the options that the policy sets, whatever else is asked", () => {
    const buffered = { ...policy, client: { reconnectBufferBytesMax: 512 } };
    const { options } = scenarioWith(scheduleOf([]), {
      policy: buffered,
      options: { cutsWith: "rst", reconnectBufferBytesMax: 1 },
    });
    expect(options).toMatchObject({ cutsWith: "rst", reconnectBufferBytesMax: 512, reconnectWaitMs: 20 });
  });
});

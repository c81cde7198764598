/** The plan alone says what befalls a process and how a case ends; whoever runs or judges the case reads it there. */
import { describe, expect, test } from "vitest";
import { observe } from "../../../models/observation.ts";
import { admits } from "../../../models/oracle.ts";
import { type Life, type PlannedCase, Planner, plan, planAsDecided, planCase } from "../../../models/plan/plan.ts";
import { longestRestartMs } from "../../../models/policy/restarts.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { runModel } from "../../../src/worlds/model.ts";
import {
  type Bare,
  cut,
  fault,
  heal,
  hold,
  profilesByName,
  publish,
  randomScenario,
  scenarioWith,
  start,
} from "../cases.ts";
import { advance, policyWith, sound, underPolicy } from "../policies.ts";

const finite = { reconnectAttemptsMax: 3 };
const refuses = fault({ kind: "refuse-credentials" });
const failFast = policyWith({ startup: { strategy: "fail-fast" } });
const backsOff = policyWith({
  startup: { strategy: "fail-fast" },
  supervisor: { restartMs: [0, 1_000, 2_000] },
});
const outside = policyWith({ startup: { strategy: "wait-outside" } });
const silent = fault({ kind: "silent-handshake" });
const probesOnce = policyWith({ startup: { strategy: "retry-forever", jetStreamProbe: "once" } });
const ignoring = policyWith({ startup: { whenClosed: "ignore" } });

const text = (life: readonly Life[]): string =>
  life.map(one => `${one.what}${one.what === "exited" ? ` by ${one.because}` : ""} at ${one.atMs}`).join(", ");

describe("a planned step says what befalls the process by it", () => {
  test.each<[what: string, policy: Policy, steps: readonly Bare[], life: readonly string[]]>([
    ["a start", sound, [start], ["started at 0, connected at 0"]],
    ["a start before its server", sound, [cut("none"), start, heal()], ["", "started at 0", "connected at 0"]],
    [
      "a deadline that runs out",
      sound,
      [cut("none"), start, advance(105_000)],
      ["", "started at 0", "exited by startup at 105000"],
    ],
    [
      "a start that fails fast, and its supervisor",
      failFast,
      [cut("none"), start, advance(1_000), heal(), advance(1_000)],
      [
        "",
        "started at 0, exited by startup at 0",
        "started at 1000, exited by startup at 1000",
        "",
        "started at 2000, connected at 2000",
      ],
    ],
    [
      "a start that fails fast, and a supervisor that backs off",
      backsOff,
      [cut("none"), start, advance(1_001), heal(), advance(2_000)],
      [
        "",
        "started at 0, exited by startup at 0",
        "started at 1, exited by startup at 1, started at 1001, exited by startup at 1001",
        "",
        "started at 3001, connected at 3001",
      ],
    ],
    [
      "a process that has run for long, and a supervisor that backs off",
      backsOff,
      [
        start,
        advance(4_001),
        cut("gave-up"),
        heal(),
        advance(1),
        advance(4_000),
        cut("gave-up"),
        heal(),
        advance(1_000),
      ],
      [
        "started at 0, connected at 0",
        "",
        "exited by client-closed at 4001",
        "",
        "started at 4002, connected at 4002",
        "",
        "exited by client-closed at 8002",
        "",
        "started at 9002, connected at 9002",
      ],
    ],
    [
      "a start that something outside waits with, and a later outage that it does not wait for",
      outside,
      [cut("none"), start, advance(5_000), heal(), cut("gave-up"), advance(1_000), heal()],
      [
        "",
        "",
        "",
        "started at 5000, connected at 5000",
        "exited by client-closed at 5000",
        "started at 6000, exited by startup at 6000",
        "",
      ],
    ],
    [
      "refused credentials, which are an answer",
      outside,
      [refuses, start],
      ["", "started at 0, exited by credentials at 0"],
    ],
    ["credentials that are refused", sound, [refuses, start], ["", "started at 0, exited by credentials at 0"]],
    [
      "a client that gives up",
      sound,
      [start, cut("gave-up")],
      ["started at 0, connected at 0", "exited by client-closed at 0"],
    ],
    [
      "one whose process runs on",
      ignoring,
      [start, cut("gave-up")],
      ["started at 0, connected at 0", "client-closed at 0"],
    ],
    ["what happens to the link alone", sound, [start, hold, heal()], ["started at 0, connected at 0", "", ""]],
  ])("%s", (_what, policy, steps, life) => {
    const options = steps.some(one => one.kind === "fault" && "awaits" in one.fault && one.fault.awaits === "gave-up")
      ? finite
      : {};
    const planned = plan(underPolicy(policy, steps, options), natsGo);
    expect(planned.steps.map(one => one.skipped?.reason)).toEqual([...steps.map(() => undefined), undefined]);
    expect(planned.steps.slice(0, -1).map(one => text(one.life))).toEqual(life);
  });
});

describe("a server that never greets", () => {
  const { connectTimeoutMs } = probesOnce.startup;
  test.each<[waits: string, ms: number, natsGoPath: string, natsJsPath: string]>([
    ["within the first dial", connectTimeoutMs - 1, "jetstream", "jetstream"],
    ["once the first dial has timed out", connectTimeoutMs, "core", "jetstream"],
  ])("leaves the path of a bus that asks once, healed %s", (_waits, ms, natsGoPath, natsJsPath) => {
    const pathOf = (profile: typeof natsGo) =>
      plan(underPolicy(probesOnce, [silent, start, advance(ms), heal()]), profile).settle.before.path;
    expect([natsGo, natsJs3].map(pathOf)).toEqual([natsGoPath, natsJsPath]);
  });
});

describe("the end of a case", () => {
  test("is its last step, and heals what is wrong", () => {
    const { steps, settle } = plan(scenarioWith([start, cut(), publish(1)]), natsGo);
    expect(steps.at(-1)).toBe(settle);
    expect(settle).toMatchObject({ kind: "settle", heals: true, life: [], passes: [] });
    expect([settle.before.link, settle.healed.link, settle.after.link]).toEqual(["down", "up", "up"]);
  });

  test.each<[what: string, steps: readonly Bare[]]>([
    ["where nothing is wrong", [start, publish(1)]],
    ["where nothing was started", [publish(1)]],
  ])("heals nothing %s", (_what, steps) => {
    const { settle } = plan(scenarioWith(steps), natsGo);
    expect(settle.heals).toBe(false);
    expect(settle.healed).toBe(settle.before);
  });

  test("lets a process connect that has waited for its server", () => {
    const { settle } = plan(underPolicy(sound, [cut("none"), start]), natsGo);
    expect(text(settle.life)).toBe("connected at 0");
    expect(settle.healed.process).toBe("running");
  });

  test("waits for the supervisor, and for every redelivery that there can be", () => {
    const policy = policyWith({ startup: { strategy: "fail-fast" }, consume: { deliverMax: 2 } });
    const { settle } = plan(underPolicy(policy, [cut("none"), start]), natsGo);
    const restartMs = longestRestartMs(policy.supervisor);
    const { ackWaitMs } = policy.consume;
    expect(settle.passes.map(({ ms, life, after }) => [ms, text(life), after.nowMs])).toEqual([
      [restartMs, `started at ${restartMs}, connected at ${restartMs}`, restartMs],
      [ackWaitMs, "", restartMs + ackWaitMs],
      [ackWaitMs, "", restartMs + 2 * ackWaitMs],
    ]);
    expect(settle.after).toBe(settle.passes.at(-1)?.after);
  });

  test("waits for three redeliveries where there can be many", () => {
    const { settle } = plan(underPolicy(policyWith({ consume: { deliverMax: 100 } }), [start]), natsGo);
    expect(settle.passes).toHaveLength(1 + 3);
  });
});

/** The policy, and how often anybody has asked it for what the life of its process follows from. */
function counted(policy: Policy): { readonly policy: Policy; readonly reads: () => number } {
  let reads = 0;
  const counting = <Part extends object>(part: Part, ...fields: readonly (keyof Part)[]): Part =>
    new Proxy(part, {
      get(target, field) {
        if (fields.includes(field as keyof Part)) reads++;
        return Reflect.get(target, field);
      },
    });
  return {
    policy: {
      ...policy,
      startup: counting(policy.startup, "strategy", "deadlineMs", "whenClosed"),
      supervisor: counting(policy.supervisor, "restartMs"),
    },
    reads: () => reads,
  };
}

test("what befalls a process is worked out once a planned step: the model and the oracle only read it", () => {
  const { policy, reads } = counted(failFast);
  const steps = [cut("none"), start, advance(1_500), heal(), advance(1_000), cut("gave-up"), advance(5_000), heal()];
  const planned: PlannedCase = planCase(underPolicy(policy, steps, finite), natsGo);
  const whenPlanned = reads();
  expect(whenPlanned).toBeGreaterThan(steps.length);
  const events: Event[] = [];
  runModel(planned, "1", event => void events.push(event));
  expect(events.filter(event => event.kind === "process").length).toBeGreaterThan(4);
  expect(admits(planned, observe(events)).answer).toBe("permitted");
  expect(reads()).toBe(whenPlanned);
  plan(planned.scenario, natsGo);
  expect(reads()).toBe(2 * whenPlanned);
});

test.each(profilesByName)(
  "a plan of %s that is made step by step is the same, while each step is looked at",
  (_name, profile) => {
    for (let i = 0; i < 50; i++) {
      const scenario = randomScenario(`planner-${i}`, profile);
      const planner = new Planner(scenario, profile);
      for (const whole of plan(scenario, profile).steps) expect(planner.next()).toEqual(whole);
      expect(planner.next()).toBeUndefined();
    }
  },
);

test("a bus that is not what it is declared to be does the same steps, and another life befalls it", () => {
  const declared = plan(underPolicy(sound, [cut("none"), start, advance(1_000), heal()]), natsGo);
  const other = planAsDecided(declared, underPolicy(failFast, [cut("none"), start, advance(1_000), heal()]), natsGo);
  expect(other.steps.map(({ step, overlapping }) => [step.id, overlapping])).toEqual(
    declared.steps.map(({ step, overlapping }) => [step.id, overlapping]),
  );
  expect(declared.steps.slice(0, -1).map(({ life }) => text(life))).toEqual([
    "",
    "started at 0",
    "",
    "connected at 1000",
  ]);
  expect(text(other.steps[1]?.life ?? [])).toBe("started at 0, exited by startup at 0");
  // What is skipped is as it was decided, whatever this bus could do.
  const skipped = plan(scenarioWith([start, cut(), cut()]), natsJs3);
  expect(planAsDecided(skipped, scenarioWith([start, cut(), cut()]), natsGo).steps[2]?.skipped?.reason).toBe(
    "the link is down already",
  );
});

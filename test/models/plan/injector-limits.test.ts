/** What only an injector cannot do is skipped where it has that limit, and done where it has not. */
import { describe, expect, test } from "vitest";
import { type Plan, plan, planCase } from "../../../models/plan/plan.ts";
import { type InjectorLimit, injectorLimits, liveLimits } from "../../../models/plan/setting.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Options } from "../../../models/vocabulary/scenario.ts";
import { planFor, runCase } from "../../../src/judge/run.ts";
import type { Case } from "../../../src/world.ts";
import {
  type Bare,
  blackhole,
  close,
  cut,
  drain,
  fault,
  flush,
  heal,
  hold,
  limit,
  pauseServer,
  publish,
  scenarioWith,
  start,
  together,
} from "../cases.ts";
import { advance, job, sound, term, underPolicy } from "../policies.ts";

const stale: Partial<Options> = { pingIntervalMs: 150, pingsOutMax: 2 };
const finite: Partial<Options> = { reconnectAttemptsMax: 3 };
const rst: Partial<Options> = { cutsWith: "rst" };
const loseAck = fault({ kind: "lose-ack" });

type Limited = [limit: InjectorLimit, steps: readonly Bare[], options?: Partial<Options>];

/** The last step meets the limit. */
const limited: readonly Limited[] = [
  ["client-timers", [start, blackhole, cut()], stale],
  ["client-timers", [start, blackhole, heal()], stale],
  ["client-timers", [start, hold], stale],
  ["client-timers", [start, hold], finite],
  ["client-timers", [start, limit(100)], finite],
  ["client-timers", [start, pauseServer], finite],
  ["client-timers", [start, cut()], finite],
  ["client-timers", [start, fault({ kind: "stop-server", signal: "KILL", awaits: "none" })], finite],
  ["socket-buffers", [start, hold, publish(9_000, 1_000)]],
  ["machine-load", [start, flush(60)]],
  ["proxy-reset", [start, limit(100)], rst],
  ["proxy-reset", [start, pauseServer], rst],
  ["proxy-reset", [start, close], rst],
  ["proxy-reset", [start, together(publish(5), close)], rst],
];

const limitedUnderPolicy: readonly Limited[] = [
  ["client-timers", [start, loseAck], stale],
  ["client-timers", [start, blackhole, job()], stale],
  ["client-timers", [start, blackhole, advance(1)], stale],
  ["proxy-reset", [start, term()], rst],
  ["proxy-reset", [start, blackhole, term()], rst],
];

describe.each([
  ["without a policy", limited, scenarioWith],
  ["under a policy", limitedUnderPolicy, (steps: readonly Bare[], options = {}) => underPolicy(sound, steps, options)],
] as const)("%s", (_when, cases, scenarioOf) => {
  test.each(cases)("%s", (...[word, steps, options = {}]) => {
    const scenario = scenarioOf(steps, options);
    const lastSkipped = (limits: ReadonlySet<InjectorLimit>): unknown =>
      plan(scenario, natsGo, limits).steps[steps.length - 1]?.skipped;
    expect(lastSkipped(liveLimits)).toMatchObject({ kind: "injector", limit: word });
    expect(lastSkipped(new Set([word]))).toMatchObject({ kind: "injector", limit: word });
    expect(lastSkipped(new Set(injectorLimits.filter(one => one !== word)))).toBeUndefined();
    expect(lastSkipped(new Set())).toBeUndefined();
  });
});

test("every limit is met above, and the live world has them all", () => {
  const met = new Set([...limited, ...limitedUnderPolicy].map(([word]) => word));
  expect([...met].sort()).toEqual([...injectorLimits].sort());
  expect([...liveLimits].sort()).toEqual([...injectorLimits].sort());
});

test("a case is planned by what neither its world nor the model can do", async () => {
  const scenario = scenarioWith([start, flush(60)]);
  const asked = { scenario, profile: natsGo, bus: "a bus", seed: "1" };
  expect(planFor({ limits: new Set() }, asked).plan.steps[1]?.skipped).toMatchObject({ limit: "machine-load" });
  const given: Plan[] = [];
  const world = { limits: new Set<InjectorLimit>(), capabilities: new Set<never>(), close: async () => {} };
  const run = (one: Case): void => void given.push(one.plan);
  await runCase({ ...world, run }, asked);
  expect(given).toEqual([planCase(scenario, natsGo).plan]);
});

test.each([
  ["impossible", [start, start]],
  ["impossible", [start, close, flush()]],
  ["unjudgeable", [start, hold, blackhole]],
  ["unjudgeable", [start, cut("none"), drain]],
] as const)("what is %s stays so without any limit", (kind, steps) => {
  const skipped = plan(scenarioWith(steps), natsGo, new Set()).steps[steps.length - 1]?.skipped;
  expect(skipped).toMatchObject({ kind });
});

/** The probes that kill: when a supervisor ends a process, and what the plan refuses since nobody could know it. */
import { describe, expect, test } from "vitest";
import { type Life, plan } from "../../../models/plan/plan.ts";
import { shortestToKillMs } from "../../../models/policy/probes.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { type Bare, cut, fault, heal, hold, start } from "../cases.ts";
import { advance, policyWith, subscribe, underPolicy } from "../policies.ts";

const liveness = { periodMs: 1_000, failureThreshold: 3 };
const supervisor = { restartMs: [0, 10_000], killAfterMs: 30_000 };
const asReadiness = { liveness: "as-readiness", readiness: "connected", strategy: "retry-forever" } as const;
const closes = { strategy: "close" } as const;
const killed = policyWith({ startup: asReadiness, shutdown: closes, supervisor: { ...supervisor, liveness } });
const independent = policyWith({ shutdown: closes, supervisor: { ...supervisor, liveness } });
const durable = policyWith({
  startup: { ...asReadiness, readiness: "connected-and-durable" },
  shutdown: closes,
  supervisor: { ...supervisor, liveness },
});
const noJetStream = fault({ kind: "no-jetstream" });

const text = (life: readonly Life[]): string =>
  life.map(one => `${one.what}${one.what === "killed" ? ` by ${one.by}` : ""} at ${one.atMs}`).join(", ");

/** The life of the process in each step, or the reason why the step is not done. */
const lives = (policy: Policy, ...steps: readonly Bare[]): readonly string[] =>
  plan(underPolicy(policy, steps), natsGo)
    .steps.slice(0, -1)
    .map(one => one.skipped?.reason ?? text(one.life));
const last = (policy: Policy, ...steps: readonly Bare[]): string | undefined => lives(policy, ...steps).at(-1);

describe("a liveness probe that asks for NATS", () => {
  test("kills a process that fails it for period times threshold, again and again", () => {
    expect(last(killed, start, cut(), advance(20_000))).toBe(
      "killed by liveness at 3000, started at 3001, killed by liveness at 6001, started at 16001, killed by liveness at 19001",
    );
  });

  test("kills nothing in a shorter outage, and counts anew in the next", () => {
    expect(lives(killed, start, cut(), advance(1_999), heal(), advance(5_000), cut(), advance(1_999)).slice(2)).toEqual(
      ["", "", "", "", ""],
    );
  });

  test("is not judged where kubelet may have asked often enough or not", () => {
    const reason = "whether its probe has failed often enough by then depends on when it was asked";
    for (const ms of [2_000, 2_999]) expect(last(killed, start, cut(), advance(ms))).toBe(reason);
  });

  test("leaves a process alone whose liveness is independent", () => {
    expect(last(independent, start, cut(), advance(100_000))).toBe("");
  });

  test("is asked only after its initial delay, from each start on", () => {
    const late = { ...supervisor, liveness: { ...liveness, initialDelayMs: 5_000 } };
    const policy = policyWith({ startup: asReadiness, shutdown: closes, supervisor: late });
    expect(last(policy, start, cut(), advance(17_000))).toBe(
      "killed by liveness at 8000, started at 8001, killed by liveness at 16001",
    );
  });

  test("waits for the stop that it has begun before it starts the process again", () => {
    const slow = policyWith({ startup: asReadiness, supervisor: { ...supervisor, liveness } });
    expect(last(slow, start, cut(), advance(23_001))).toBe("killed by liveness at 3000, started at 23001");
  });

  test("kills one that publishes durable messages as core NATS for life, where readiness means durable", () => {
    const once = { ...durable, startup: { ...durable.startup, jetStreamProbe: "once" } as const };
    expect(last(once, noJetStream, start, heal(), advance(3_001))).toBe(
      "killed by liveness at 3000, started at 3001, connected at 3001",
    );
    const handles = [noJetStream, start, heal(), subscribe(0), advance(3_001)];
    expect(last(once, ...handles)).toBe("how much it handles before its supervisor kills it is not known");
  });

  test("is not judged where its answer is not known", () => {
    const reason = "whether its probes succeed meanwhile is not known";
    const restarted = [fault({ kind: "stop-server", signal: "KILL", awaits: "noticed" }), heal()];
    expect(last(durable, start, advance(9_000))).toBe("");
    expect(last(durable, start, ...restarted, advance(1))).toBe(reason);
    expect(last(durable, start, hold, advance(1))).toBe(reason);
    expect(last(killed, start, ...restarted, advance(9_000))).toBe("");
  });

  test("is not asked once nothing is wrong any more", () => {
    const ignores = policyWith({ ...killed, startup: { ...asReadiness, whenClosed: "ignore" } });
    const scenario = underPolicy(ignores, [start, cut("gave-up"), heal()], { reconnectAttemptsMax: 3 });
    const { settle } = plan(scenario, natsGo);
    expect(settle.passes.map(({ life }) => text(life))).toEqual(settle.passes.map(() => ""));
    const later = underPolicy(ignores, [start, cut("gave-up"), heal(), advance(3_001)], { reconnectAttemptsMax: 3 });
    expect(text(plan(later, natsGo).steps.at(-2)?.life as Life[])).toBe(
      "killed by liveness at 3000, started at 3001, connected at 3001",
    );
  });
});

describe("a startup probe", () => {
  const startupProbe = { asks: "readiness", periodMs: 5_000, failureThreshold: 2 } as const;
  const starts = policyWith({
    startup: { ...asReadiness, liveness: "independent" },
    shutdown: closes,
    supervisor: { ...supervisor, liveness, startupProbe },
  });

  test("kills a process that does not succeed in time, whatever its liveness", () => {
    expect(last(starts, cut("none"), start, advance(20_001))).toBe(
      "killed by startup-probe at 10000, started at 10001, killed by startup-probe at 20001",
    );
  });

  test("is asked no more once it has succeeded", () => {
    expect(last(starts, start, cut(), advance(100_000))).toBe("");
  });

  test("holds the liveness probe back until then", () => {
    const both = { ...starts, startup: { ...starts.startup, liveness: "as-readiness" } as const };
    expect(last(both, cut("none"), start, advance(10_000))).toBe("killed by startup-probe at 10000");
    expect(last(both, cut("none"), start, advance(4_999), heal(), cut(), advance(3_000))).toBe(
      "killed by liveness at 7999",
    );
  });
});

test("the shortest time to a kill is that of the probes that can fail for want of NATS", () => {
  expect(shortestToKillMs(killed)).toBe(2_000);
  expect(shortestToKillMs(independent)).toBe(Number.POSITIVE_INFINITY);
  const asks = { periodMs: 5_000, failureThreshold: 2, initialDelayMs: 1_000 } as const;
  const under = (startupProbe: NonNullable<Policy["supervisor"]["startupProbe"]>, readiness: "process" | "connected") =>
    policyWith({ startup: { readiness }, supervisor: { ...supervisor, liveness, startupProbe } });
  expect(shortestToKillMs(under({ ...asks, asks: "readiness" }, "connected"))).toBe(6_000);
  expect(shortestToKillMs(under(asks, "connected"))).toBe(Number.POSITIVE_INFINITY);
  expect(shortestToKillMs(under({ ...asks, asks: "readiness" }, "process"))).toBe(Number.POSITIVE_INFINITY);
});

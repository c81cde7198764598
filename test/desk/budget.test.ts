/** The times of starts and stops, held against hand-typed figures, against the model, and against what an import reads from the fragments. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { profiles } from "../../models/profiles/index.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { policies } from "../../properties/arbitraries/policies.ts";
import { misfitsIn } from "../../src/desk/budget/fit.ts";
import { graceNeededMs, kubernetesFragment, systemdFragment } from "../../src/desk/budget/fragments.ts";
import { startedInOutage } from "../../src/desk/budget/moments.ts";
import { startBudget } from "../../src/desk/budget/start.ts";
import { stopBudget } from "../../src/desk/budget/stop.ts";
import { trapsOf } from "../../src/desk/budget/traps.ts";
import { knownPolicy } from "../../src/runs/policies.ts";

const { policy: hardened } = knownPolicy("cordum-hardened");

type Part = "startup" | "shutdown" | "supervisor" | "consume" | "client";
const changed = <P extends Part>(part: P, change: Partial<Policy[P]>, base = hardened): Policy => ({
  ...base,
  [part]: { ...base[part], ...change },
});

const misfits = (policy: Policy, profile: Profile = natsGo) =>
  misfitsIn(policy, profile, startBudget(policy, profile), stopBudget(policy, profile)).map(
    ({ at, missingMs }) => [at.join("."), missingMs] as const,
  );

describe("cordum-hardened", () => {
  test("may try for 105 s, and is started again 10 s later", () => {
    expect(startBudget({ ...hardened, client: { ...hardened.client, servers: 3 } }, natsGo)).toMatchObject({
      ...{ passMs: 30_000, deadlineMs: 105_000, passes: 3, marginMs: 15_000, kills: [], restartsMs: [10_000] },
      givesUp: { leastMs: 105_000, mostMs: 105_000 },
    });
    const moments = startedInOutage(hardened, natsGo, 240_000).map(({ atMs, what }) => `${atMs / 1_000} ${what}`);
    expect(moments).toEqual(["0 started", "105 gave-up", "115 started", "220 gave-up", "230 started"]);
  });

  test("stops at once, or is forced after 25 s, 5 s before SIGKILL", () => {
    const { courses, termToKillMs } = stopBudget(hardened, natsGo);
    expect(termToKillMs).toBe(30_000);
    expect(courses.map(({ situation, tookMs, endedBy, leftMs }) => [situation, tookMs, endedBy, leftMs])).toEqual([
      ["idle", 0, "itself", 30_000],
      ["handler-hangs", 25_000, "budget", 5_000],
      ["silent-link", 25_000, "budget", 5_000],
      ["down", 25_000, "budget", 5_000],
    ]);
    expect(misfits(hardened)).toEqual([]);
  });
});

const asReadiness = changed("startup", { liveness: "as-readiness" });
const drained = changed("shutdown", { strategy: "drain", drainTimeoutMs: 26_000, forced: true });

test.each<[what: string, policy: Policy, found: readonly (readonly [string, number])[]]>([
  [
    "a grace period below the budget",
    changed("supervisor", { killAfterMs: 20_000 }),
    [["supervisor.killAfterMs", 5_000]],
  ],
  ["a preStop that takes of it", changed("supervisor", { preStopMs: 8_000 }), [["supervisor.killAfterMs", 3_000]]],
  ["a preStop that leaves enough", changed("supervisor", { preStopMs: 5_000 }), []],
  [
    "a startup probe that asks for NATS, and a start that may take longer",
    changed("supervisor", { startupProbe: { periodMs: 10_000, failureThreshold: 6, asks: "readiness" } }),
    [["supervisor.startupProbe", 55_000]],
  ],
  [
    "one that gives enough",
    changed("supervisor", { startupProbe: { periodMs: 10_000, failureThreshold: 12, asks: "readiness" } }),
    [],
  ],
  [
    "one that asks the process alone",
    changed("supervisor", { startupProbe: { periodMs: 1_000, failureThreshold: 1 } }),
    [],
  ],
  [
    "a liveness that depends on NATS",
    changed("supervisor", { liveness: { periodMs: 10_000, failureThreshold: 3, initialDelayMs: 5_000 } }, asReadiness),
    [["supervisor.liveness", 80_000]],
  ],
  [
    "a liveness that depends on NATS, of a start that goes on trying: no time would do",
    {
      ...changed("supervisor", { liveness: { periodMs: 10_000, failureThreshold: 3 } }, asReadiness),
      startup: { ...asReadiness.startup, strategy: "retry-forever" },
    },
    [["supervisor.liveness", 0]],
  ],
  ["a liveness of its own", changed("supervisor", { liveness: { periodMs: 10_000, failureThreshold: 3 } }), []],
  [
    "a deadline below one pass",
    changed("client", { servers: 3 }, changed("startup", { deadlineMs: 20_000 })),
    [["startup.deadlineMs", 10_000]],
  ],
  ["a drain that is waited for longer than the stop has", drained, [["shutdown.drainTimeoutMs", 1_000]]],
  [
    "a handler that works longer than the stop has",
    changed("consume", { handlerMs: 40_000 }),
    [["consume.handlerMs", 15_000]],
  ],
  ["a handler that ends in time", changed("consume", { handlerMs: 20_000 }), []],
  [
    "a stop that nothing but SIGKILL ends",
    changed("shutdown", { forced: false }),
    [
      ["shutdown.forced", 0],
      ["shutdown.forced", 0],
      ["shutdown.forced", 0],
    ],
  ],
  [
    "servers that are killed in lame duck mode",
    { ...hardened, server: { killAfterMs: 60_000 } },
    [["server.killAfterMs", 60_000]],
  ],
  ["servers with a shorter lame duck mode", { ...hardened, server: { killAfterMs: 60_000, lameDuckMs: 30_000 } }, []],
])("%s", (_what, policy, found) => {
  expect(misfits(policy)).toEqual(found);
});

test("a pod that its startup probe kills goes round under back-off", () => {
  const supervisor: Policy["supervisor"] = {
    ...{ restartMs: [0, 10_000, 20_000], killAfterMs: 30_000 },
    startupProbe: { periodMs: 10_000, failureThreshold: 3, asks: "readiness" },
  };
  const policy = { ...hardened, supervisor };
  const [misfit] = misfitsIn(policy, natsGo, startBudget(policy, natsGo), stopBudget(policy, natsGo));
  const told = misfit?.consequence.map(
    ({ atMs, what, probe }) => `${atMs / 1_000} ${what}${probe === undefined ? "" : ` by ${probe}`}`,
  );
  expect(told?.slice(0, 4)).toEqual(["0 started", "30 told-to-stop by startup-probe", "55 forced", "55.001 started"]);
});

test("what a client does by itself comes from its profile", () => {
  expect(trapsOf(natsGo)).toContain("a drain deletes the durable that the library has made");
  expect(trapsOf(natsJs3)).toContain("a drain behind a link that says nothing has no end of its own");
  for (const profile of Object.values(profiles)) expect(new Set(trapsOf(profile)).size).toBe(trapsOf(profile).length);
});

describe("fragments", () => {
  test("have the times that the policy's own start and stop need", () => {
    const policy = changed("supervisor", { preStopMs: 4_000 });
    const [start, stop] = [startBudget(policy, natsGo), stopBudget(policy, natsGo)];
    const spec = parse(kubernetesFragment(start, stop).join("\n"));
    expect(spec.terminationGracePeriodSeconds).toBe(34);
    const [{ startupProbe, lifecycle }] = spec.containers;
    expect(lifecycle.preStop.exec.command).toEqual(["sleep", "4"]);
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThan(105);
    expect(systemdFragment(policy, start, stop)).toEqual([
      "[Service]",
      "# Type=notify: the service says READY=1 once it is connected.",
      "Type=notify",
      "TimeoutStartSec=110",
      "TimeoutStopSec=34",
      "Restart=on-failure",
      "RestartSec=10",
      "KillMode=mixed",
    ]);
  });
});

test("any policy: the model gives up, is killed and stops within the spans, and the grace period of the fragment fits", () => {
  fc.assert(
    fc.property(policies(), fc.constantFrom(...Object.values(profiles)), (policy, profile) => {
      const [start, stop] = [startBudget(policy, profile), stopBudget(policy, profile)];
      const first = startedInOutage(policy, profile, 120_000).find(
        ({ what }) => what === "gave-up" || what === "told-to-stop" || what === "killed",
      );
      if (first?.what === "gave-up") {
        expect(first.atMs).toBeGreaterThanOrEqual(start.givesUp.leastMs);
        expect(first.atMs).toBeLessThanOrEqual(start.givesUp.mostMs ?? -1);
      } else if (first !== undefined) {
        const { leastMs, mostMs } = start.kills.find(({ probe }) => probe === first.probe) ?? {
          leastMs: -1,
          mostMs: -1,
        };
        // SIGTERM comes once preStop has run.
        const orderedMs = first.atMs - (policy.supervisor.preStopMs ?? 0);
        expect(orderedMs).toBeGreaterThanOrEqual(leastMs);
        expect(orderedMs).toBeLessThanOrEqual(mostMs ?? -1);
      }
      for (const { tookMs, leftMs } of stop.courses) {
        expect(tookMs).toBeLessThanOrEqual(Math.max(0, stop.termToKillMs));
        expect(leftMs).toBe(stop.termToKillMs - tookMs);
      }
      const isTight = misfits(policy, profile).some(([place]) => place === "supervisor.killAfterMs");
      expect(isTight).toBe(stop.budgetMs > stop.termToKillMs);
      const roomy = changed("supervisor", { killAfterMs: graceNeededMs(stop) }, policy);
      expect(misfits(roomy, profile).some(([place]) => place === "supervisor.killAfterMs")).toBe(false);
    }),
    { numRuns: 200 },
  );
});

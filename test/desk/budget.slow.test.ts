/** Starts and stops of a real bus at settings drawn by chance: it gives up, is killed and stops when `budget` says. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy, ShutdownPolicy } from "../../models/vocabulary/policy.ts";
import { startBudget } from "../../src/desk/budget/start.ts";
import { stepsOfStop, stopBudget } from "../../src/desk/budget/stop.ts";
import { advance, type Draft, sketched, start } from "../../src/drills/drill.ts";
import { planFor } from "../../src/judge/run.ts";
import { type LiveStage, openSite, type Site } from "../../src/worlds/live/index.ts";
import { clean } from "../lint/mistakes.ts";

let site: Site;
let stage: LiveStage;
beforeAll(async () => {
  site = await openSite(() => {}, { lanes: 1, backend: "process" });
  stage = await site.openBus("go-nats-go");
});
afterAll(() => site.close());

const strategies: readonly ShutdownPolicy["strategy"][] = [
  "drain",
  "four-steps",
  "close",
  "subscriptions-waited-then-close",
];
const settings = fc.sample(
  fc.record({
    deadlineMs: fc.integer({ min: 700, max: 2_500 }),
    budgetMs: fc.integer({ min: 600, max: 2_000 }),
    killAfterMs: fc.integer({ min: 700, max: 2_500 }),
    forced: fc.boolean(),
    strategy: fc.constantFrom(...strategies),
    situation: fc.constantFrom("handler-hangs", "silent-link", "down", "idle"),
  }),
  { seed: 1715, numRuns: 20 },
);

const policyOf = ({ deadlineMs, budgetMs, killAfterMs, forced, strategy }: (typeof settings)[number]): Policy => ({
  ...clean,
  startup: { ...clean.startup, deadlineMs, connectTimeoutMs: 600 },
  shutdown: {
    ...{ strategy, budgetMs, forced, tellsLoss: true },
    ...(strategy === "subscriptions-waited-then-close" ? { drainTimeoutMs: 500 } : {}),
  },
  supervisor: { restartMs: 60_000, killAfterMs },
});

type Exited = Extract<Event, { readonly kind: "process"; readonly change: "exited" }>;

async function exitOf(policy: Policy, steps: readonly Draft[]): Promise<Exited> {
  const scenario = sketched({ id: "budget/live", why: "as budget says", policy, steps });
  const events: Event[] = [];
  await stage.run(planFor(stage, { scenario, bus: "go-nats-go", profile: natsGo, seed: "budget" }), one =>
    events.push(one),
  );
  const exit = events.find((one): one is Exited => one.kind === "process" && one.change === "exited");
  if (exit === undefined) throw new Error(`it did not end: ${JSON.stringify(events)}`);
  return exit;
}

/** The time that a process needs besides, on a busy machine. */
const marginMs = 1_000;

test("20 settings", { timeout: 300_000 }, async () => {
  for (const one of settings) {
    const policy = policyOf(one);
    const { givesUp } = startBudget(policy, natsGo);
    const gone = await exitOf(policy, [
      { kind: "fault", fault: { kind: "stop-server", signal: "TERM", awaits: "none" } },
      start(),
      advance(one.deadlineMs + 1),
    ]);
    expect([gone.because, gone.tookMs >= givesUp.leastMs, gone.tookMs <= (givesUp.mostMs ?? 0) + marginMs]).toEqual([
      "startup",
      true,
      true,
    ]);
    const course = stopBudget(policy, natsGo).courses.find(({ situation }) => situation === one.situation);
    const stopped = await exitOf(policy, stepsOfStop(policy, one.situation) ?? []);
    const by = stopped.because === "killed" ? "SIGKILL" : stopped.forced ? "budget" : "itself";
    expect([JSON.stringify(one), by]).toEqual([JSON.stringify(one), course?.endedBy]);
    expect(stopped.tookMs).toBeGreaterThanOrEqual((course?.tookMs ?? 0) - 20);
    expect(stopped.tookMs).toBeLessThanOrEqual((course?.tookMs ?? 0) + marginMs);
  }
});

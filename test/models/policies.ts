/** A policy for tests, and steps that only a bus with a policy can be asked for. */
import type { Policy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import type { Handler, Options, PublishStep, Scenario } from "../../models/vocabulary/scenario.ts";
import { type Bare, scenarioWith } from "./cases.ts";

export const stream: StreamPolicy = {
  name: "JOBS",
  subjects: ["job.>"],
  storage: "file",
  duplicateWindowMs: 120_000,
  discard: "old",
  made: "present",
};

/** Everything right: `job.>` durable and stored, ids of its own for every message, a stop in four steps. */
export const sound: Policy = {
  version: 1,
  name: "sound",
  why: "for tests",
  families: [{ subjects: "job.>", durability: "durable", reason: "work" }],
  classifier: [{ prefix: "job." }],
  streams: [stream],
  taps: [],
  publish: { messageIds: [{ subjects: "job.>", id: "event" }], ackTimeoutMs: 5_000, attemptsMax: 1 },
  consume: { durables: "bound", ackWaitMs: 30_000, deliverMax: 3, failures: "redelivered" },
  startup: {
    strategy: "retry-with-deadline",
    deadlineMs: 105_000,
    connectTimeoutMs: 10_000,
    jetStreamProbe: "until-usable",
    readiness: "connected-and-durable",
    liveness: "independent",
    whenClosed: "exit",
  },
  shutdown: { strategy: "four-steps", budgetMs: 20_000, forced: true, tellsLoss: true },
  supervisor: { restartMs: 1_000, killAfterMs: 30_000 },
  client: {},
  demands: [],
};

/** The policy with parts of its parts changed. */
export function policyWith(changes: { readonly [Part in keyof Policy]?: Partial<Policy[Part]> }): Policy {
  const parts = Object.entries(changes).map(([name, change]) => {
    const old = sound[name as keyof Policy];
    const merges = typeof old === "object" && !Array.isArray(old);
    return [name, merges ? { ...old, ...(change as object) } : change];
  });
  return { ...sound, ...Object.fromEntries(parts) };
}

export const underPolicy = (policy: Policy, steps: readonly Bare[], options: Partial<Options> = {}): Scenario => ({
  ...scenarioWith(steps, options),
  policy,
});

export const job = (count = 1, more: { key?: string; async?: true; overlap?: true; subject?: string } = {}): Bare => ({
  kind: "publish",
  count,
  bytes: 16,
  subject: "job.a",
  ...more,
});
/** Publishes again what the step at that place of the scenario published. */
export const jobAgain = (place: number, count = 1, key?: string): Bare => ({
  kind: "publish",
  count,
  bytes: 16,
  subject: "job.a",
  again: `publish-${place}`,
  ...(key === undefined ? {} : { key }),
});
export const news = (count = 1): Bare => ({ kind: "publish", count, bytes: 16, subject: "news.a" });
export const advance = (ms: number): Bare => ({ kind: "advance", ms });
export const term = (replica = 0): Bare => ({ kind: "signal", replica, signal: "TERM" });
export const kill = (replica = 0): Bare => ({ kind: "signal", replica, signal: "KILL" });
export const replica = (number: number): Bare => ({ kind: "start", replica: number });
export const subscribe = (to: number, handler: Handler = "acks"): Bare => ({
  kind: "subscribe",
  replica: to,
  subject: "job.a",
  handler,
});
/** The fault ends once so many attempts of the publish before it have timed out. */
export const healAfter = (afterAttempts: number): Bare => ({ kind: "heal", awaits: "connected", afterAttempts });
/** SIGTERM to replica 0, which publishes before it has ended. */
export const termWhile = (...meanwhile: readonly Bare[]): Bare => ({
  kind: "signal",
  replica: 0,
  signal: "TERM",
  meanwhile: meanwhile.map((one, i) => ({ ...one, id: `meanwhile-${i}` }) as PublishStep),
});
/** Its handler naks, and asks for a delay or for none. */
export const subscribeNaks = (to: number, nakDelayMs?: number): Bare => ({
  kind: "subscribe",
  replica: to,
  subject: "job.a",
  handler: "naks",
  ...(nakDelayMs === undefined ? {} : { nakDelayMs }),
});

/** Its handler acknowledges after so long. */
export const subscribeSlow = (to: number, takesMs: number, subject = "job.a", handler: Handler = "acks"): Bare => ({
  kind: "subscribe",
  replica: to,
  subject,
  handler,
  takesMs,
});

/** Hand-written runs under a policy: its events, a policy to hold them to, and the table in which a concern's tests are written. */
import { describe, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type {
  ConnectionChange,
  Event,
  HandledOutcome,
  Outcome,
  ProcessEvent,
  UnsettledKind,
} from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Fault, Handler, Options } from "../../models/vocabulary/scenario.ts";
import type { PropertyVerdict, Verdict } from "../../models/vocabulary/verdict.ts";
import { type Declared, judgeProperty, type Property } from "../../properties/property.ts";

export const policy: Policy = {
  version: 1,
  name: "jobs",
  why: "one stream of jobs, whatever else goes is best-effort",
  families: [
    { subjects: "job.>", durability: "durable", reason: "dispatches a job" },
    { subjects: "audit", durability: "durable", reason: "evidence, and nobody made a stream for it" },
  ],
  classifier: [{ prefix: "job." }, { exact: "audit" }, { exact: "stray" }],
  streams: [
    {
      name: "JOBS",
      subjects: ["job.>"],
      storage: "file",
      duplicateWindowMs: 120_000,
      discard: "old",
      made: "present",
    },
  ],
  taps: [],
  publish: {
    messageIds: [
      { subjects: "job.plain", id: "event" },
      { subjects: "job.*", id: "key" },
    ],
    ackTimeoutMs: 5_000,
    attemptsMax: 1,
  },
  consume: { durables: "bound", ackWaitMs: 30_000, deliverMax: 3, failures: "dead-letter", deadLetterSubject: "dead" },
  startup: {
    strategy: "retry-with-deadline",
    deadlineMs: 60_000,
    connectTimeoutMs: 2_000,
    jetStreamProbe: "until-usable",
    readiness: "connected-and-durable",
    liveness: "independent",
    whenClosed: "exit",
  },
  shutdown: { strategy: "four-steps", budgetMs: 25_000, forced: true, tellsLoss: true },
  supervisor: { restartMs: 10_000, killAfterMs: 30_000 },
  client: {},
  demands: [],
};

/** The stream keeps its messages in memory, or at most two of them. */
export const inMemory: Policy = { ...policy, streams: policy.streams.map(one => ({ ...one, storage: "memory" })) };
export const limited: Policy = { ...policy, streams: policy.streams.map(one => ({ ...one, messagesMax: 2 })) };

const options: Options = { subject: "other", reconnectWaitMs: 100, reconnectAttemptsMax: -1, cutsWith: "fin" };

// What callers are told.
export const accepted: Outcome = { is: "accepted" };
export const acked: Outcome = { is: "acked" };
export const duplicate: Outcome = { is: "acked", duplicate: true };
export const noResponders: Outcome = { is: "rejected", kind: "no-responders" };
export const full: Outcome = { is: "rejected", kind: "stream-full" };
export const unsettled = (kind: UnsettledKind): Outcome => ({ is: "unsettled", kind });
export const timedOut = unsettled("timeout");

interface Publish {
  readonly subject?: string;
  readonly key?: string;
  readonly again?: true;
  readonly count?: number;
}

/** Done within a step of its own, as worlds do. */
const stepOf = (...events: readonly Event[]): Event[] => [
  { kind: "step", step: "s", phase: "began" },
  ...events,
  { kind: "step", step: "s", phase: "ended" },
];

/** Through JetStream, on a subject of the stream. */
export const durably = (
  first: number,
  outcome: Outcome,
  { count = 1, subject = "job.plain", ...more }: Publish = {},
): Event[] =>
  stepOf({ kind: "published", step: "s", first, count, frameBytes: 60, outcome, durable: true, subject, ...more });

/** As core NATS. */
export const plainly = (
  first: number,
  outcome: Outcome,
  { count = 1, subject = "other", ...more }: Publish = {},
): Event[] => stepOf({ kind: "published", step: "s", first, count, frameBytes: 40, outcome, subject, ...more });

export const arrives = (first: number, count = 1): Event => ({ kind: "delivered", first, count });
export const holds = (first: number, count = 1): Event => ({ kind: "holds", stream: "JOBS", first, count });
export const discards = (first: number, count = 1): Event => ({ kind: "discarded", stream: "JOBS", first, count });
export const mayDiscard = (first: number, count = 1): Event => ({
  kind: "may-be-discarded",
  stream: "JOBS",
  first,
  count,
});
export const handles = (
  first: number,
  outcome: HandledOutcome,
  { delivery = 1, replica = 1, subject = "job.plain" } = {},
): Event => ({ kind: "handled", replica, subject, delivery, outcome, first, count: 1 });
export const subscribes = (
  replica: number,
  handler: Handler = "acks",
  subject = "job.plain",
  takesMs?: number,
): Event => ({
  kind: "subscribed",
  replica,
  subject,
  handler,
  ...(takesMs === undefined ? {} : { takesMs }),
});

export const installs = (fault: Fault["kind"], store?: "lost"): Event[] =>
  stepOf({ kind: "fault", step: "s", fault, phase: "installed", ...(store === undefined ? {} : { store }) });
export const heals: Event = { kind: "healed", step: "h" };
export const client = (change: ConnectionChange): Event => ({ kind: "connection", change });
export const passes = (atMs: number): Event => ({ kind: "advanced", step: "a", atMs });
export const settles: Event = { kind: "phase", phase: "settled" };
export const unobserved: Event = { kind: "observed", complete: false };
export const calls = (call: "flush" | "close" | "drain" | "exit"): Event => ({
  kind: "called",
  step: "s",
  call,
  outcome: { is: "ok" },
});

export const starts = (replica = 0, atMs = 0): Event => ({
  kind: "process",
  change: "started",
  replica,
  by: "scenario",
  atMs,
});
export const stops = (replica = 0, atMs = 0): Event => ({ kind: "process", change: "stopping", replica, atMs });
type Exited = Extract<ProcessEvent, { readonly change: "exited" }>;
export const exits = (because: Exited["because"], more: Partial<Exited> = {}): Event => ({
  kind: "process",
  change: "exited",
  replica: 0,
  code: because === "stopped" ? 0 : 1,
  because,
  tookMs: 0,
  forced: false,
  toldLost: 0,
  atMs: 0,
  ...more,
});
export const probes = (
  said: { readonly ready?: boolean; readonly live?: boolean; readonly connected?: boolean; readonly durable?: boolean },
  replica = 0,
  atMs = 0,
): Event => ({ kind: "probe", replica, ready: false, live: true, connected: false, durable: false, atMs, ...said });

/** The publishing process runs and is connected. */
export const up: readonly Event[] = [starts(), client("connected")];

export interface Case {
  readonly id: string;
  readonly what: string;
  readonly events: readonly Event[];
  readonly under?: Policy;
  readonly of?: Profile;
  /** How often it applies; or why it breaks, word for word. */
  readonly exercised?: number;
  readonly breaks?: string;
}

/** One run, folded and judged. */
export function judged(
  one: Property,
  { events, under = policy, of = natsGo }: Omit<Case, "id" | "what">,
): PropertyVerdict {
  const declared: Declared = { options: { ...options, ...under.client }, profile: of, policy: under };
  const state = one.start(declared);
  for (const event of events) one.on(state, event);
  return judgeProperty(one, state);
}

/** The cases of a concern; every property of it must hold, break and be vacuous in one of them. */
export function testCases(properties: readonly Property[], cases: readonly Case[]): void {
  const byId = new Map(properties.map(one => [one.id, one]));
  const verdicts = new Map<string, Set<Verdict>>(properties.map(({ id }) => [id, new Set()]));

  describe.each(cases.map(one => [`${one.id}: ${one.what}`, one] as const))("%s", (_name, one) => {
    const found = byId.get(one.id);
    if (found === undefined) throw new Error(`there is no property ${one.id}`);
    const verdict = judged(found, one);
    verdicts.get(one.id)?.add(verdict.verdict);

    test("is judged so", () => {
      if (one.breaks === undefined) {
        expect(verdict).toMatchObject({ exercised: one.exercised ?? 0 });
        expect(verdict.verdict).toBe((one.exercised ?? 0) > 0 ? "holds" : "inconclusive");
      } else {
        expect(verdict).toMatchObject({ verdict: "violated", reason: one.breaks });
        expect(verdict.exercised).toBeGreaterThan(0);
      }
    });

    test("says nothing without a policy", () => {
      const state = found.start({ options, profile: natsGo });
      for (const event of one.events) found.on(state, event);
      expect(found.end(state)).toEqual({ exercised: 0 });
    });
  });

  test.each([...byId.keys()])("%s holds, breaks and is vacuous here", id => {
    expect([...(verdicts.get(id) ?? [])].sort()).toEqual(["holds", "inconclusive", "violated"]);
  });
}

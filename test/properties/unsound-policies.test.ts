/**
 * What is wrong with a policy shows in the model as a broken promise, and with the sound policy the same steps break none. The true
 * bus of a promise that no policy can break is here too: the promise is put to the test and holds.
 */
import { describe, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Options } from "../../models/vocabulary/scenario.ts";
import type { PropertyVerdict } from "../../models/vocabulary/verdict.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { declaredBy, judgeProperty } from "../../properties/property.ts";
import { type Bare, cut, eventsOf, fault, flush, heal, hold, publish, start } from "../models/cases.ts";
import {
  advance,
  job,
  jobAgain,
  kill,
  news,
  policyWith,
  replica,
  sound,
  stream,
  subscribe,
  term,
  underPolicy,
} from "../models/policies.ts";

const seeds = ["1", "2", "3", "4", "5", "6"];

/** The worst of a few runs for one promise. */
function worstOf(id: string, policy: Policy, steps: readonly Bare[], of: Profile, options: Partial<Options> = {}) {
  const one = catalogue.find(other => other.id === id);
  if (one === undefined) throw new Error(`there is no property ${id}`);
  const scenario = underPolicy(policy, steps, options);
  const verdicts = seeds.map((seed): PropertyVerdict => {
    const state = one.start(declaredBy(scenario, of));
    for (const event of eventsOf(scenario, of, seed)) one.on(state, event);
    return judgeProperty(one, state);
  });
  const violated = verdicts.find(({ verdict }) => verdict === "violated");
  return violated ?? verdicts.find(({ exercised }) => exercised > 0) ?? (verdicts[0] as PropertyVerdict);
}

const serverKilled = [fault({ kind: "stop-server", signal: "KILL", awaits: "noticed" }), heal()];
const powerLost = [fault({ kind: "power-loss", awaits: "noticed" }), heal()];
const coldCut = cut("none");
const lateJetStream = [fault({ kind: "no-jetstream" }), start, heal(), job()];
const refused = fault({ kind: "refuse-credentials" });
const drained = policyWith({ consume: { durables: "created" }, shutdown: { strategy: "drain" } });
const oneOfTwoStops = [start, replica(1), subscribe(1), replica(2), subscribe(2), job(), term(1), job(2)];

interface Case {
  readonly id: string;
  readonly policy: Policy;
  readonly steps: readonly Bare[];
  readonly of?: Profile;
  readonly options?: Partial<Options>;
  /** The sound policy is not put to this test by the same steps. */
  readonly idle?: true;
}

const unsound: readonly Case[] = [
  {
    id: "durable-path/acked-is-never-lost",
    policy: policyWith({ streams: [{ ...stream, storage: "memory" }] }),
    steps: [start, job(3), ...serverKilled],
  },
  {
    id: "durable-path/no-responders-is-told-as-such",
    policy: policyWith({ classifier: [{ prefix: "stray" }], taps: ["stray"] }),
    steps: [start, job(2, { subject: "stray" })],
    idle: true,
  },
  {
    id: "durable-path/a-distinct-message-is-not-swallowed",
    policy: policyWith({
      publish: { messageIds: [{ subjects: "job.>", id: "key" }], ackTimeoutMs: 5_000, attemptsMax: 1 },
    }),
    steps: [
      start,
      fault({ kind: "lose-ack" }),
      job(1, { key: "7" }),
      heal(),
      jobAgain(2, 1, "7"),
      job(1, { key: "7" }),
    ],
  },
  {
    id: "durable-path/declared-durable-is-acknowledged",
    policy: policyWith({ startup: { jetStreamProbe: "once" } }),
    steps: lateJetStream,
  },
  {
    id: "durable-path/every-declared-durable-subject-has-a-stream",
    policy: policyWith({ streams: [{ ...stream, subjects: ["job.b"] }] }),
    steps: [start, job()],
  },
  {
    id: "durable-path/best-effort-is-not-stored",
    policy: policyWith({ streams: [{ ...stream, subjects: [">"] }] }),
    steps: [start, news(2), flush()],
  },
  { id: "durable-path/every-stored-message-is-handled", policy: drained, steps: oneOfTwoStops },
  {
    id: "durable-path/a-failed-message-is-kept",
    policy: policyWith({ consume: { failures: "acknowledged" } }),
    steps: [start, replica(1), subscribe(1, "fails"), job()],
  },
  {
    id: "shutdown/nothing-accepted-is-lost-in-silence-by-a-stop",
    policy: policyWith({ shutdown: { tellsLoss: false } }),
    steps: [start, flush(), cut(), news(4), term()],
  },
  {
    id: "shutdown/a-stop-ends-within-its-budget",
    policy: policyWith({ shutdown: { forced: false } }),
    steps: [start, replica(1), subscribe(1, "hangs"), job(), term(1)],
  },
  { id: "shutdown/stopping-one-replica-harms-no-other", policy: drained, steps: oneOfTwoStops },
  {
    id: "shutdown/a-restart-replays-no-history",
    policy: drained,
    steps: [start, replica(1), subscribe(1), job(2), term(1), replica(1), subscribe(1)],
  },
  {
    id: "cold-start/ready-means-usable",
    policy: policyWith({ startup: { readiness: "connected" } }),
    steps: [fault({ kind: "no-jetstream" }), start, heal()],
  },
  {
    id: "cold-start/liveness-is-independent-of-nats",
    policy: policyWith({ startup: { liveness: "as-readiness" } }),
    steps: [start, cut(), heal()],
  },
  {
    id: "cold-start/wrong-credentials-never-look-like-waiting",
    policy: policyWith({ startup: { whenClosed: "ignore" } }),
    steps: [refused, start, advance(60_000)],
  },
  {
    id: "cold-start/a-late-jetstream-is-used-once-it-is-there",
    policy: policyWith({ startup: { jetStreamProbe: "once" } }),
    steps: lateJetStream,
  },
  {
    id: "connection/a-closed-client-leaves-no-ready-process",
    policy: policyWith({ startup: { whenClosed: "ignore", readiness: "process" } }),
    steps: [start, cut("gave-up")],
    options: { reconnectAttemptsMax: 3 },
  },
];

describe.each(unsound.map(one => [one.id, one] as const))("%s", (id, { policy, steps, of = natsGo, options, idle }) => {
  test("is broken by what is wrong with the policy", () => {
    expect(worstOf(id, policy, steps, of, options)).toMatchObject({ verdict: "violated" });
  });

  test("is kept by the sound one", () => {
    expect(worstOf(id, sound, steps, of, options).verdict).toBe(idle === true ? "inconclusive" : "holds");
  });
});

const kept: readonly Case[] = [
  {
    id: "durable-path/a-retry-with-an-id-stores-once",
    policy: sound,
    steps: [start, fault({ kind: "lose-ack" }), job(), heal(), jobAgain(2)],
  },
  {
    id: "durable-path/an-error-that-proves-nothing-happened-is-true",
    policy: sound,
    steps: [coldCut, start, job(2), heal()],
    of: natsJs3,
  },
  {
    id: "durable-path/redelivery-is-bounded",
    policy: sound,
    steps: [start, replica(1), subscribe(1, "fails"), job(), advance(300_000)],
  },
  // What a server's memory loses is judged by acked-is-never-lost.
  {
    id: "shutdown/what-was-acked-outlives-a-kill",
    policy: sound,
    steps: [start, job(), kill(), start, ...serverKilled],
  },
  {
    id: "cold-start/fail-fast-ends-within-its-bound",
    policy: policyWith({ startup: { strategy: "fail-fast" } }),
    steps: [coldCut, start],
  },
  {
    id: "cold-start/retry-with-deadline-connects-or-exits",
    policy: sound,
    steps: [coldCut, start, advance(500_000)],
  },
  {
    id: "cold-start/nothing-is-lost-before-the-first-connection",
    policy: sound,
    steps: [coldCut, start, news(5), heal()],
  },
];

test.each(kept.map(one => [one.id, one] as const))("%s holds", (id, { policy, steps, of = natsGo, options }) => {
  expect(worstOf(id, policy, steps, of, options)).toMatchObject({ verdict: "holds" });
});

test("power takes what was acknowledged and not synced, and nothing that is older", () => {
  const id = "durable-path/synced-survives-power-loss";
  expect(worstOf(id, sound, [start, job(5), ...powerLost], natsGo).verdict).toBe("inconclusive");
  expect(worstOf(id, sound, [start, job(5), advance(120_000), ...powerLost], natsGo).verdict).toBe("holds");
});

test("a hold is the fault's, not the stop's", () => {
  const id = "shutdown/nothing-accepted-is-lost-in-silence-by-a-stop";
  const exits = policyWith({ shutdown: { strategy: "exit", tellsLoss: false } });
  expect(worstOf(id, exits, [start, flush(), hold, publish(3), term(), heal()], natsGo).exercised).toBe(0);
});

/** Steps that cannot be done while a handler is at work, since nobody could tell what comes of them. */
import { describe, expect, test } from "vitest";
import { plan } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { type Bare, close, cut, drain, fault, heal, hold, start } from "../cases.ts";
import {
  advance,
  job,
  kill,
  news,
  policyWith,
  replica,
  sound,
  stream,
  subscribe,
  subscribeSlow,
  term,
  underPolicy,
} from "../policies.ts";

/** The reason why the last step is skipped. */
function whyLast(steps: readonly Bare[], policy: Policy = sound): string | undefined {
  const planned = plan(underPolicy(policy, steps, policy.client), natsGo).steps.at(-2);
  return planned?.kind === "step" ? planned.skipped?.reason : undefined;
}

const stopServer = (signal: "TERM" | "KILL", more: { store?: "lost" } = {}): Bare =>
  fault({ kind: "stop-server", signal, awaits: "noticed", ...more });
const busy: readonly Bare[] = [start, subscribeSlow(0, 400), job()];
const atWork = "a handler is still at work";
const severalMessages = "when a slow handler comes to each of several messages is not known";
const whichHandler = "which of its handlers gets a message is not known";

const skipped: readonly (readonly [what: string, steps: readonly Bare[], reason: string])[] = [
  ["a cut that the client need not notice", [...busy, cut("none")], atWork],
  ["a stop of the server by KILL", [...busy, stopServer("KILL")], atWork],
  ["a stop of the server that takes its store along", [...busy, stopServer("TERM", { store: "lost" })], atWork],
  ["a blackhole", [...busy, fault({ kind: "blackhole" })], atWork],
  ["a kill while a link holds its acknowledgement", [...busy, hold, advance(400), kill()], atWork],
  ["a kill while its server is away", [...busy, stopServer("TERM"), kill()], atWork],
  [
    "a restart in which the server may give the message again",
    [...busy, stopServer("TERM"), advance(29_000)],
    "a message is given again in an outage, as its acknowledgement is kept or lost",
  ],
  [
    "a cut beside a handler that says that it is at work",
    [start, subscribeSlow(0, 400, "job.a", "in-progress"), job(), cut()],
    atWork,
  ],
  ["a cut beside a slow handler of another replica", [start, replica(1), subscribeSlow(1, 400), job(), cut()], atWork],
  ["a stop while it is cut off", [...busy, cut(), term()], atWork],
  ["a publish while it is cut off", [...busy, cut(), news()], atWork],
  ["a heal that is not waited for", [...busy, cut(), heal("none")], atWork],
  [
    "time within its work in an outage",
    [...busy, cut(), advance(399)],
    "how far the handler has come by then is not known",
  ],
  [
    "an outage as long as the ack wait",
    [...busy, cut(), advance(30_000)],
    "a message is given again in an outage, as its acknowledgement is kept or lost",
  ],
  ["a close", [...busy, close], atWork],
  ["a drain", [...busy, drain], atWork],
  ["a second message", [...busy, job()], atWork],
  ["two messages at once", [start, subscribeSlow(0, 400), job(2)], severalMessages],
  ["a message that may race", [start, subscribeSlow(0, 400), job(1, { overlap: true })], severalMessages],
  ["a message while down", [start, subscribeSlow(0, 400), cut(), job()], severalMessages],
  ["time that ends in the middle", [...busy, advance(399)], "how far the handler has come by then is not known"],
  ["a slow handler of what is published already", [start, job(), subscribeSlow(0, 400)], severalMessages],
  ["a second handler of the replica", [start, subscribeSlow(0, 400), subscribe(0)], whichHandler],
  ["a slow handler beside another of the replica", [start, subscribe(0), subscribeSlow(0, 400)], whichHandler],
  [
    "a handler of another length on the subject",
    [start, subscribeSlow(0, 400), replica(1), subscribeSlow(1, 500)],
    whichHandler,
  ],
  [
    "a handler that takes as long as the ack wait",
    [start, subscribeSlow(0, 30_000)],
    "a message is given again while its handler is at work",
  ],
  [
    "time after a replica has left its work to another slow one",
    [start, subscribeSlow(0, 400), replica(1), subscribeSlow(1, 400), job(), kill(1), advance(30_000)],
    "when another slow handler takes up what one has left is not known",
  ],
];

describe("a step is skipped", () => {
  test.each(skipped)("%s", (_what, steps, reason) => {
    expect(whyLast(steps)).toBe(reason);
  });

  test.each<[what: string, policy: Policy]>([
    ["counts what it keeps", policyWith({ client: { reconnectBufferBytesMax: 65_536 } })],
    ["gives up", policyWith({ client: { reconnectAttemptsMax: 3 } })],
    ["is killed by its probe", policyWith({ supervisor: { liveness: { periodMs: 60_000, failureThreshold: 3 } } })],
    ["acknowledges nothing", policyWith({ consume: { durables: "created", ackPolicy: "none" } })],
  ])("a cut beside a handler at work of a bus that %s", (_what, policy) => {
    expect(whyLast([...busy, cut()], policy)).toBe(atWork);
  });

  test.each<[what: string, policy: Policy]>([
    ["keeps its stream in memory", policyWith({ streams: [{ ...stream, storage: "memory" }] })],
    ["has no durable consumer", policyWith({ consume: { durables: "ephemeral" } })],
    ["has little more ack wait than its handler takes", policyWith({ consume: { ackWaitMs: 1_400 } })],
  ])("a restart of the server beside a handler at work of a bus that %s", (_what, policy) => {
    expect(whyLast([...busy, stopServer("TERM")], policy)).toBe(atWork);
    expect(whyLast([...busy, cut()], policy)).toBeUndefined();
  });

  test("a stop whose budget is as long as the handler is beyond a busy machine", () => {
    const close = policyWith({ shutdown: { budgetMs: 450 } });
    expect(whyLast([...busy, term()], close)).toMatch(/^on a busy machine the handler may end before/);
    expect(whyLast([...busy, term()], policyWith({ shutdown: { budgetMs: 200 } }))).toBeUndefined();
  });
});

const done: readonly (readonly [what: string, steps: readonly Bare[]])[] = [
  ["SIGTERM", [...busy, term()]],
  ["SIGKILL", [...busy, kill()]],
  ["a publish on another subject", [...busy, news(5)]],
  ["time until it is through", [...busy, advance(400)]],
  ["a cut once it is through", [...busy, advance(400), cut()]],
  ["another message once it is through", [...busy, advance(400), job()]],
  ["a cut, and a heal", [...busy, cut(), heal()]],
  ["a second cut", [...busy, cut(), heal(), cut()]],
  ["a hold", [...busy, hold]],
  ["a hold for less than the ack wait", [...busy, hold, advance(29_999), heal()]],
  ["a stop of the server", [...busy, stopServer("TERM")]],
  ["a stop of the server for a second less than the ack wait", [...busy, stopServer("TERM"), advance(28_999), heal()]],
  ["a kill before its acknowledgement has gone", [...busy, cut(), advance(400), kill()]],
  ["an outage until it is through, and a message after it", [...busy, cut(), advance(400), heal(), job()]],
  ["a handler of another replica", [...busy, replica(1), subscribe(1)]],
  ["all again after a restart", [...busy, term(), start, job(5)]],
  ["a message after an outage", [start, subscribeSlow(0, 400), cut(), heal(), job()]],
];

test.each(done)("%s is done", (_what, steps) => {
  expect(whyLast(steps)).toBeUndefined();
});

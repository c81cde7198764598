/** Consumers that the server deletes once nobody has used them for long enough: what handlers are given then, and which steps are not judged. */
import { expect, test } from "vitest";
import { plan } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { ConsumePolicy, Policy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import { ledgerOf, newLedger, recordInLedger } from "../../properties/ledger.ts";
import { type Bare, cut, eventsOf, heal, start } from "./cases.ts";
import { advance, job, kill, policyWith, replica, stream, subscribe, subscribeSlow, underPolicy } from "./policies.ts";

const thresholdMs = 10_000;
/** The threshold, its jitter, and two ack waits. */
const goneMs = 13_000;

const consume = { durables: "created", ackWaitMs: 1_000, inactiveThresholdMs: thresholdMs } as const;
const under = (more: Partial<ConsumePolicy> = {}, of: Partial<StreamPolicy> = {}): Policy =>
  policyWith({ consume: { ...consume, ...more }, streams: [{ ...stream, ...of }] });

const eventsIn = (policy: Policy, steps: readonly Bare[]): readonly Event[] =>
  eventsOf(underPolicy(policy, steps), natsGo, "1");

/** Every message that a handler is given before all is settled, as number#delivery. */
function given(policy: Policy, steps: readonly Bare[]): string[] {
  const events = eventsIn(policy, steps);
  const end = events.findLastIndex(event => event.kind === "step" && event.phase === "ended");
  return events
    .slice(0, end)
    .flatMap(event =>
      event.kind === "handled"
        ? Array.from({ length: event.count }, (_, i) => `${event.first + i}#${event.delivery}`)
        : [],
    );
}

function classesIn(policy: Policy, steps: readonly Bare[]): Readonly<Record<string, number>> {
  const ledger = newLedger();
  for (const event of eventsIn(policy, steps)) recordInLedger(ledger, event);
  return Object.fromEntries(Object.entries(ledgerOf(ledger).classes).filter(([, count]) => count > 0));
}

const told = (policy: Policy, steps: readonly Bare[]): string[] =>
  eventsIn(policy, steps).flatMap(event =>
    event.kind === "called" && event.call === "subscribe" ? [event.outcome.is] : [],
  );

const skipped = (policy: Policy, steps: readonly Bare[]): string | undefined =>
  plan(underPolicy(policy, steps), natsGo).steps.findLast(one => one.kind === "step")?.skipped?.reason;

const orphaned = [start, replica(1), subscribe(1), job(2), kill(1)];
const unknown = "whether the server has deleted a consumer that nobody used is not known";

test("the next subscriber makes the consumer anew, and is given what was handled once more", () => {
  const anew = [replica(2), subscribe(2), job()];
  expect(given(under(), [...orphaned, advance(goneMs), ...anew])).toEqual(["0#1", "1#1", "0#1", "1#1", "2#1"]);
  expect(given(under(), [...orphaned, advance(thresholdMs - 1), ...anew])).toEqual(["0#1", "1#1", "2#1"]);
});

test("one that begins with the next message passes over what came while nobody used it", () => {
  const away = [...orphaned, job(), advance(goneMs), replica(2), subscribe(2), job()];
  expect(given(under({ deliverPolicy: "new" }), away)).toEqual(["0#1", "1#1", "3#1"]);
});

test("a subscriber that comes back after it is given nothing more", () => {
  const outage = (ms: number): readonly Bare[] => [start, subscribe(0), job(), cut(), advance(ms), heal(), job()];
  expect(given(under(), outage(goneMs))).toEqual(["0#1"]);
  expect(given(under(), outage(thresholdMs - 1))).toEqual(["0#1", "1#1"]);
});

test("code that binds is told that the operator's consumer is gone", () => {
  const again = [...orphaned, advance(goneMs), replica(2), subscribe(2), job()];
  expect(told(under({ durables: "bound" }), again)).toEqual(["ok", "failed"]);
  expect(told(under(), again)).toEqual(["ok", "ok"]);
});

test("a feed drops what it kept for the consumer alone, and a work queue keeps it", () => {
  const waiting = [start, replica(1), subscribe(1), job(), kill(1), job(2), advance(goneMs)];
  expect(classesIn(under({}, { retention: "interest" }), waiting)).toEqual({ kept: 1, silentLoss: 2 });
  expect(classesIn(under({}, { retention: "interest" }), [...waiting, job()])).toEqual({ kept: 1, silentLoss: 3 });
  expect(classesIn(under({}, { retention: "workqueue" }), waiting)).toEqual({ kept: 3 });
});

test("a feed drops it where the wait at the end of the case passes the threshold", () => {
  const feed = { retention: "interest" } as const;
  const waiting = [start, replica(1), subscribe(1), kill(1), job()];
  expect(classesIn(under({ ackWaitMs: 5_000, inactiveThresholdMs: 1_000, deliverMax: 5 }, feed), waiting)).toEqual({
    silentLoss: 1,
  });
  expect(classesIn(under({ deliverMax: 5 }, feed), waiting)).toEqual({ kept: 1 });
});

test("what happens between its threshold and the moment from which it is surely gone is not judged", () => {
  expect(skipped(under(), [...orphaned, advance(thresholdMs - 1)])).toBeUndefined();
  expect(skipped(under(), [...orphaned, advance(thresholdMs)])).toBe(unknown);
  expect(skipped(under(), [...orphaned, advance(goneMs - 1)])).toBe(unknown);
  expect(skipped(under(), [...orphaned, advance(goneMs)])).toBeUndefined();
});

test("the time counts from the last use, and not from the end of the subscription alone", () => {
  const idle = [start, replica(1), subscribe(1), advance(thresholdMs)];
  expect(skipped(under(), [...idle, kill(1), advance(1)])).toBe(unknown);
  expect(skipped(under(), [...idle, kill(1), replica(2), subscribe(2)])).toBe(unknown);
  expect(skipped(under(), [...idle, job(), kill(1), advance(1)])).toBeUndefined();
});

test("a consumer that somebody uses stands for good, and the operator's is not used before its first subscriber", () => {
  expect(skipped(under(), [start, subscribe(0), replica(1), subscribe(1), kill(1), advance(goneMs)])).toBeUndefined();
  const bound = under({ durables: "bound" });
  expect(skipped(bound, [start, advance(thresholdMs - 1), subscribe(0)])).toBeUndefined();
  expect(skipped(bound, [start, advance(thresholdMs), subscribe(0)])).toBe(unknown);
});

test("a link that keeps requests leaves open whether it is used", () => {
  const held: Bare = { kind: "fault", fault: { kind: "hold" } };
  expect(skipped(under(), [start, subscribe(0), held, advance(thresholdMs - 1)])).toBeUndefined();
  expect(skipped(under(), [start, subscribe(0), held, advance(goneMs)])).toBe(unknown);
});

test("a subscriber that has lost its consumer is not judged beside the next one of that name", () => {
  const lost = [start, subscribe(0), job(), cut(), advance(goneMs)];
  expect(skipped(under(), [...lost, heal(), replica(1), subscribe(1)])).toBe(
    "whether a subscriber whose consumer was deleted is given messages by the next one of its name is not known",
  );
  expect(skipped(under(), [...lost, kill(), heal(), start, subscribe(0)])).toBeUndefined();
});

test("a handler that works for as long as the threshold is not judged", () => {
  expect(skipped(under({ ackWaitMs: 30_000 }), [start, subscribeSlow(0, thresholdMs)])).toBe(
    "whether a consumer counts as used while its handler works is not known",
  );
  expect(skipped(under({ ackWaitMs: 30_000 }), [start, subscribeSlow(0, thresholdMs - 1)])).toBeUndefined();
});

/** Publishes between SIGTERM and the end of a process: when something keeps the stop open for them, and what comes of them. */
import { describe, expect, test } from "vitest";
import { plan } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import {
  type Bare,
  type BareCall,
  close,
  cut,
  drain,
  eventsOf,
  fault,
  flush,
  heal,
  hold,
  publish,
  scenarioWith,
  start,
  together,
} from "../cases.ts";
import {
  advance,
  job,
  news,
  policyWith,
  replica,
  sound,
  subscribe,
  subscribeSlow,
  term,
  termWhile,
  underPolicy,
} from "../policies.ts";

function whyLast(steps: readonly Bare[], policy: Policy = sound, profile: Profile = natsGo): string | undefined {
  const planned = plan(underPolicy(policy, steps), profile).steps.at(-2);
  return planned?.kind === "step" ? planned.skipped?.reason : undefined;
}

const other = job(1, { subject: "job.b" });
const busy: readonly Bare[] = [start, subscribeSlow(0, 400), job()];
const ends = "nothing keeps the stop open for it";
const drains = policyWith({ shutdown: { strategy: "drain" } });
const open = policyWith({ shutdown: { intake: "open" } });
const openDrain = policyWith({ shutdown: { strategy: "drain", intake: "open" } });
const waits = "a publish that waits for its acknowledgement may outlast the stop";

describe("publishes during a stop", () => {
  test("are made while four steps or a drain of nats.go wait for a handler", () => {
    expect(whyLast([...busy, termWhile(news(2), other)])).toBeUndefined();
    expect(whyLast([...busy, termWhile(news(2))], drains)).toBeUndefined();
    expect(whyLast([...busy, termWhile(news(2))], drains, natsJs3)).toBe(ends);
  });

  test("are made while the flush of four steps waits behind a hold", () => {
    expect(whyLast([start, flush(), hold, termWhile(news(2))])).toBeUndefined();
    expect(whyLast([start, flush(), hold, termWhile(other)], open)).toBe(waits);
    expect(whyLast([start, flush(), hold, termWhile(news(2))], drains)).toMatch(/^a bus that drains/);
  });

  test.each([
    ["nothing is at work", [start, termWhile(news())], ends],
    ["the handler is through", [...busy, advance(400), termWhile(news())], ends],
    ["it is down", [start, cut(), termWhile(news())], ends],
    [
      "another replica may have the message",
      [start, replica(1), subscribe(1), ...busy.slice(1), termWhile(news())],
      ends,
    ],
    ["the handler is short", [start, subscribeSlow(0, 200), job(), termWhile(news())], ends],
    [
      "its own handlers would get them",
      [start, subscribe(0), job(2, { subject: "job.c" }), ...busy.slice(1), termWhile(job())],
      "whether its handlers still get the message is not known",
    ],
  ] as const)("are skipped with their stop where %s", (_what, steps, reason) => {
    expect(whyLast(steps as readonly Bare[])).toBe(reason);
  });

  test("close, which ends at once, leaves no room for them", () => {
    expect(whyLast([...busy, termWhile(news())], policyWith({ shutdown: { strategy: "close" } }))).toBe(ends);
  });
});

describe("a publish in one breath with the end of its connection", () => {
  /** JetStream comes late to a bus that asks once: its durable messages are core messages, which the stream captures. */
  const asksOnce = policyWith({ startup: { jetStreamProbe: "once", readiness: "connected" } });
  const late: readonly Bare[] = [fault({ kind: "no-jetstream" }), start, heal(), subscribe(0)];
  const breath = (...calls: readonly Bare[]): Bare => together(...(calls as readonly BareCall[]));

  test.each([
    ["a drain", [breath(job(), drain)]],
    ["a close", [breath(news(), job(), close)]],
  ])("is skipped where a handler would be given it: %s", (_what, steps) => {
    expect(whyLast([...late, ...steps], asksOnce)).toBe("whether its handlers still get the message is not known");
  });

  test.each([
    ["nobody handles it", [breath(news(), drain)]],
    ["it comes after the end", [breath(drain, job())]],
    ["the connection goes on", [breath(job(), flush())]],
  ])("is made where %s", (_what, steps) => {
    expect(whyLast([...late, ...steps], asksOnce)).toBeUndefined();
  });
});

const told = (policy: Policy, steps: readonly Bare[]): string[] =>
  eventsOf(underPolicy(policy, steps), natsGo).flatMap((event: Event) =>
    event.kind === "published" && event.step.startsWith("meanwhile")
      ? [`${event.first}+${event.count} ${event.outcome.is}`]
      : event.kind === "delivered"
        ? [`${event.first}+${event.count} delivered`]
        : [],
  );

describe("what is published during a stop", () => {
  test("is refused, and does not arrive", () => {
    expect(told(sound, [...busy, termWhile(news(2), other)])).toEqual(["1+2 rejected", "3+1 rejected"]);
  });

  test("is taken by an open intake, and arrives", () => {
    for (const policy of [open, openDrain])
      expect(told(policy, [...busy, termWhile(news(2), other)])).toEqual([
        "1+2 accepted",
        "1+2 delivered",
        "3+1 acked",
      ]);
  });

  test("is taken into a held link, and arrives when that lets go", () => {
    expect(told(open, [start, flush(), hold, termWhile(news(2)), heal()])).toEqual(["0+2 accepted", "0+2 delivered"]);
  });
});

describe("a drain that nobody waits for", () => {
  const exits: Bare = { kind: "exit", after: "drain" };
  const further = "how far a drain that nobody waits for has come by then is not known";
  const unawaited = (durables: "created" | "bound") =>
    policyWith({ shutdown: { strategy: "drain-not-awaited" }, consume: { durables } });

  test("is called before an exit while nothing is wrong and nothing is handled", () => {
    expect(whyLast([start, exits])).toBeUndefined();
    expect(whyLast([start, cut(), exits])).toBe(further);
    expect(whyLast([start, subscribe(0), exits])).toBe(further);
  });

  test("is called at SIGTERM, unless the library might delete its consumer on the way", () => {
    expect(whyLast([start, subscribe(0), term()], unawaited("bound"))).toBeUndefined();
    expect(whyLast([start, subscribe(0), term()], unawaited("created"))).toBe(further);
    expect(whyLast([start, subscribe(0), term()], unawaited("created"), natsJs3)).toBeUndefined();
    expect(whyLast([start, replica(1), subscribe(1), term(1)], unawaited("created"))).toBe(further);
  });

  test("loses as much as an exit alone", () => {
    const lost = (after: object): number =>
      eventsOf(
        scenarioWith([start, flush(), together(publish(1_000, 101), { kind: "exit", ...after })]),
        natsJs3,
      ).reduce((sum, event) => sum + (event.kind === "ended" && event.place === "process exit" ? event.count : 0), 0);
    expect(lost({ after: "drain" })).toBe(178);
    expect(lost({})).toBe(178);
  });
});

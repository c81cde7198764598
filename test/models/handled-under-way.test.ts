/**
 * Messages that nobody waits for an acknowledgement of may be handled before a step that ends their handler, or after it: F-203 of
 * docs/facts.md. The oracle admits both, and the model asks only where it matters.
 */
import { describe, expect, test } from "vitest";
import { observe } from "../../models/observation.ts";
import { admits } from "../../models/oracle.ts";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsPy } from "../../models/profiles/nats-py.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { type Answered, type Answers, answeredRun } from "./answered.ts";
import { type Bare, close, cut, fault, flush, heal, hold, start } from "./cases.ts";
import { advance, job, kill, news, policyWith, replica, subscribe, term, underPolicy } from "./policies.ts";

const patient = policyWith({ consume: { ackWaitMs: 30_000 }, shutdown: { strategy: "close" } });
const noJetStream = fault({ kind: "no-jetstream" });
const asksOnce = policyWith({
  startup: { jetStreamProbe: "once", readiness: "connected" },
  shutdown: { strategy: "close" },
});

const run = (profile: Profile, steps: readonly Bare[], answers: Answers = {}, policy: Policy = patient): Answered =>
  answeredRun(underPolicy(policy, steps), profile, answers);
/** A reconnect of nats-py is a round trip, and a close after it loses nothing. */
const arrivals = (steps: readonly Bare[], policy?: Policy): readonly string[] =>
  run(natsPy, steps, {}, policy).asked.filter(one => one.includes("arrived-before-cut"));
const handled = (events: readonly Event[]): readonly string[] =>
  events.flatMap(event =>
    event.kind === "handled" ? [`${event.first}+${event.count} by ${event.replica}, ${event.outcome}`] : [],
  );

/** Stored at the reconnect, after its call has timed out. */
const kept: readonly Bare[] = [start, subscribe(0), cut(), job(), heal()];
const held: readonly Bare[] = [start, subscribe(0), hold, job(), heal()];
/** JetStream comes late to a bus that asks once, so its durable messages go out as core messages, which the stream captures. */
const captured: readonly Bare[] = [
  noJetStream,
  start,
  heal(),
  replica(1),
  replica(2),
  subscribe(1, "hangs"),
  subscribe(2),
  job(3),
];

describe.each([natsGo, natsPy])(
  "$name: a message under way is handled before the step that ends its handler, or not",
  profile => {
    test.each<[step: string, steps: readonly Bare[]]>([
      ["SIGTERM", [...kept, term()]],
      ["SIGKILL", [...kept, kill()]],
      ["a close", [...kept, close]],
      ["another cut, and SIGTERM", [...kept, cut(), term()]],
      ["SIGTERM, after a hold that was released", [...held, term()]],
    ])("%s", (_step, steps) => {
      const planned = planCase(underPolicy(patient, steps), profile);
      const first = run(profile, steps, { "arrived-before-cut": 1 });
      const never = run(profile, steps, { "arrived-before-cut": 0 });
      expect(first.asked[0]).toMatch(/^\S+-5 arrived-before-cut 0\.\.1$/);
      expect(handled(first.said)).toEqual(["0+1 by 0, acked"]);
      expect(handled(never.said)).toEqual([]);
      for (const { said } of [first, never]) expect(admits(planned, observe(said)).answer).toBe("permitted");
    });

    test("another replica that is stopped has been given some of them, and fails to acknowledge them", () => {
      const steps = [...captured, term(1)];
      const planned = planCase(underPolicy(asksOnce, steps), profile);
      expect(arrivals(steps, asksOnce)).toEqual(["signal-8 arrived-before-cut 0..3"]);
      const first = run(profile, steps, { "arrived-before-cut": 3, "handled-by": 0 }, asksOnce);
      const never = run(profile, steps, { "arrived-before-cut": 0, "handled-by": 0 }, asksOnce);
      expect(handled(first.said).slice(0, 3)).toEqual(["0+1 by 1, hung", "1+1 by 1, hung", "2+1 by 1, hung"]);
      expect(handled(never.said)).toEqual(["0+3 by 2, acked"]);
      for (const { said } of [first, never]) expect(admits(planned, observe(said)).answer).toBe("permitted");
    });

    test("those before it on the connection have arrived with it, and those after it need not have", () => {
      const steps = [...captured.slice(0, -1), news(2), job(2), news(2), term(1)];
      const { said } = run(profile, steps, { "arrived-before-cut": 1, "handled-by": 0 }, asksOnce);
      const before = said.slice(
        0,
        said.findIndex(event => event.kind === "process" && event.change === "stopping"),
      );
      const arrived = before.flatMap(event => (event.kind === "delivered" ? [`${event.first}+${event.count}`] : []));
      expect(arrived.slice(0, 2)).toEqual(["0+2", "2+1"]);
      expect(handled(before)).toEqual(["2+1 by 1, hung"]);
    });
  },
);

test("the ack wait of what is under way begins when it arrives, not when the time that passes is over", () => {
  const policy = policyWith({ consume: { ackWaitMs: 4_000, deliverMax: 3 } });
  const steps = [start, subscribe(0, "hangs"), cut(), job(), heal(), advance(4_600)];
  const { said } = run(natsGo, steps, {}, policy);
  const begins = said.findIndex(event => event.kind === "step" && event.step === "advance-5");
  const passed = said.slice(
    begins,
    said.findIndex(event => event.kind === "step" && event.step === "advance-5" && event.phase === "ended"),
  );
  expect(
    passed.flatMap(event =>
      event.kind === "handled" ? [`delivery ${event.delivery}`] : event.kind === "advanced" ? [`${event.atMs} ms`] : [],
    ),
  ).toEqual(["delivery 1", "4000 ms", "delivery 2", "4600 ms"]);
});

describe("nothing is asked", () => {
  test.each<[where: string, steps: readonly Bare[]]>([
    ["where nobody subscribes", [start, cut(), job(), heal(), term()]],
    [
      "of a subject that nobody subscribes to",
      [start, subscribe(0), cut(), job(1, { subject: "job.b" }), heal(), term()],
    ],
    ["of a message whose acknowledgement was waited for", [start, subscribe(0), job(), term()]],
    ["after a round trip", [...kept, flush(), term()]],
    ["of what a hold still has", [start, subscribe(0), flush(), hold, job(), term()]],
    ["where nothing ends the handler", kept],
  ])("%s", (_where, steps) => {
    expect(arrivals(steps)).toEqual([]);
  });
});

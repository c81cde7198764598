/** The settings of a consumer, on both of its sides: what a handler is given, what a subscription is told, and which steps are not judged. */
import { describe, expect, test } from "vitest";
import { plan } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { ConsumePolicy, Policy } from "../../models/vocabulary/policy.ts";
import { type Bare, cut, eventsOf, fault, heal, hold, start } from "./cases.ts";
import {
  advance,
  job,
  kill,
  policyWith,
  replica,
  stream,
  subscribe,
  subscribeNaks,
  subscribeSlow,
  term,
  underPolicy,
} from "./policies.ts";

const under = (consume: Partial<ConsumePolicy>): Policy => policyWith({ consume });
const created = (more: Partial<ConsumePolicy>): Policy => under({ durables: "created", ...more });

/** Every message that a handler is given before all is settled, as number#delivery: outcome. */
function given(policy: Policy, steps: readonly Bare[], profile = natsGo): string[] {
  const events = eventsOf(underPolicy(policy, steps), profile, "1");
  const end = events.findLastIndex(event => event.kind === "step" && event.phase === "ended");
  return events.slice(0, end).flatMap(event => {
    if (event.kind !== "handled") return [];
    const { first, count, delivery, outcome } = event;
    return Array.from({ length: count }, (_, i) => `${first + i}#${delivery}: ${outcome}`);
  });
}

/** The answer to each subscription. */
const told = (policy: Policy, steps: readonly Bare[]): string[] =>
  eventsOf(underPolicy(policy, steps), natsGo, "1").flatMap(event =>
    event.kind === "called" && event.call === "subscribe" ? [event.outcome.is] : [],
  );

/** The reason why the last step is skipped. */
const skipped = (policy: Policy, steps: readonly Bare[], profile = natsGo): string | undefined => {
  const { steps: planned } = plan(underPolicy(policy, steps), profile);
  const last = planned.findLast(one => one.kind === "step");
  return last?.skipped?.reason;
};

describe("where the operator's consumer has another ack wait than the code asks for", () => {
  const stands = { ackWaitMs: 1_000 } as const;

  test("a bus that binds is given its message again after the one that stands", () => {
    expect(given(under({ stands }), [start, subscribe(0, "hangs"), job(), advance(1_000)])).toEqual([
      "0#1: hung",
      "0#2: hung",
    ]);
    expect(given(under({}), [start, subscribe(0, "hangs"), job(), advance(1_000)])).toEqual(["0#1: hung"]);
  });

  test("a bus that binds is given it as often as the limit that stands says", () => {
    const steps = [start, subscribe(0, "fails"), job(), ...Array.from({ length: 5 }, () => advance(30_000))];
    expect(given(under({ deliverMax: 2, stands: { deliverMax: 4 } }), steps).length).toBe(4);
  });

  test("a library that is to create the consumer is refused, and nobody handles anything", () => {
    const steps = [start, subscribe(0), job()];
    expect(told(created({ stands }), steps)).toEqual(["failed"]);
    expect(given(created({ stands }), steps)).toEqual([]);
    expect(told(created({}), steps)).toEqual(["ok"]);
  });

  test("a handler that says so seldom that it is at work is not judged", () => {
    const says = subscribeSlow(0, 5_000, "job.a", "in-progress");
    expect(skipped(under({ stands }), [start, says])).toBe("a message is given again while its handler is at work");
    expect(skipped(under({}), [start, says])).toBeUndefined();
  });
});

describe("a new consumer", () => {
  const steps = [start, job(3), subscribe(0), job()];

  test.each<[ConsumePolicy["deliverPolicy"], readonly number[]]>([
    ["all", [0, 1, 2, 3]],
    ["new", [3]],
    ["last", [2, 3]],
    ["last-per-subject", [2, 3]],
  ])("with deliver policy %s gives what it says", (deliverPolicy = "all", messages) => {
    expect(given(created({ deliverPolicy }), steps)).toEqual(messages.map(message => `${message}#1: acked`));
  });

  test("that the operator made before all messages passes over none", () => {
    expect(given(under({ deliverPolicy: "new" }), steps).length).toBe(4);
  });

  test("that is there already begins nothing anew for a second subscriber", () => {
    const later = [start, replica(1), subscribe(1), job(2), kill(1), job(2), subscribe(0)];
    expect(given(created({ deliverPolicy: "new" }), later)).toEqual([
      "0#1: acked",
      "1#1: acked",
      "2#1: acked",
      "3#1: acked",
    ]);
  });

  test("of a pattern is not judged with the last message of each subject", () => {
    const pattern: Bare = { kind: "subscribe", replica: 0, subject: "job.*", handler: "acks" };
    expect(skipped(created({ deliverPolicy: "last-per-subject" }), [start, pattern])).toBe(
      "which subjects of a pattern have a last message is not known",
    );
  });

  test("is not judged where it is not known what its stream holds by then", () => {
    const later = [start, job(), cut(), heal("none"), replica(1), subscribe(1)];
    expect(skipped(created({ deliverPolicy: "new" }), later)).toBe(
      "what the stream holds when the consumer is made is not known",
    );
  });
});

describe("with ack policy none", () => {
  const none = created({ ackPolicy: "none" });

  test("a handler that is killed at work has lost its message", () => {
    const steps = [
      start,
      replica(1),
      subscribeSlow(1, 5_000),
      job(),
      kill(1),
      replica(1),
      subscribe(1),
      advance(60_000),
    ];
    expect(given(none, steps)).toEqual(["0#1: acked-early"]);
    expect(given(created({}), steps)).toEqual(["0#1: begun", "0#2: acked"]);
  });

  test("a handler that fails has lost its message, whatever the code leaves it to", () => {
    const steps = [start, subscribe(0, "fails"), job(), advance(60_000)];
    expect(given(none, steps)).toEqual(["0#1: acknowledged-failed"]);
    expect(given(under({ stands: { ackPolicy: "none" } }), steps)).toEqual(["0#1: failed"]);
  });

  test("a handler takes longer than the ack wait, and is given its message once", () => {
    const steps = [start, subscribeSlow(0, 40_000), job(), advance(40_000)];
    expect(given(none, steps)).toEqual(["0#1: acked-early", "0#1: worked"]);
    expect(skipped(created({}), steps.slice(0, 2))).toBe("a message is given again while its handler is at work");
  });

  test.each<[what: string, step: Bare, reason: string]>([
    ["naks", subscribeNaks(0), "the server waits for no acknowledgement, so the handler has nothing to say to it"],
    [
      "hangs",
      subscribe(0, "hangs"),
      "what a handler that hangs keeps from the others is judged where it is given again",
    ],
  ])("a handler that %s is not judged", (_what, step, reason) => {
    expect(skipped(none, [start, step])).toBe(reason);
  });

  test("a publish that nobody waits for is not judged beside a handler, nor is the end of the server", () => {
    const lost = "whether a delivery that is not acknowledged is lost on its way is not known";
    expect(skipped(none, [start, subscribe(0), job(1, { overlap: true }), cut()])).toBeUndefined();
    expect(skipped(none, [start, subscribe(0), cut(), job()])).toBe(lost);
    const stop: Bare = { kind: "fault", fault: { kind: "stop-server", signal: "TERM", awaits: "noticed" } };
    expect(skipped(none, [start, subscribe(0), stop])).toBe(
      "what a server that starts knows of deliveries without acknowledgements is not known",
    );
  });
});

describe("code that updates its consumer", () => {
  const updated = (more: Partial<ConsumePolicy> = {}): Policy => under({ durables: "updated", ...more });
  const hung = [start, subscribe(0, "hangs"), job(), advance(30_000), advance(30_000)];

  test("is given its messages by its own settings, whatever stands", () => {
    const stands = { ackWaitMs: 1_000, deliverMax: 1 };
    expect(given(updated({ stands }), hung)).toEqual(["0#1: hung", "0#2: hung", "0#3: hung"]);
    expect(given(under({ stands }), hung)).toEqual(["0#1: hung"]);
  });

  test("is refused another ack policy or deliver policy than the one that stands, and nothing else", () => {
    expect(told(updated({ stands: { ackPolicy: "none" } }), [start, subscribe(0)])).toEqual(["failed"]);
    expect(told(updated({ stands: { deliverPolicy: "new" } }), [start, subscribe(0)])).toEqual(["failed"]);
    expect(told(updated({ stands: { ackWaitMs: 1_000, deliverMax: -1 } }), [start, subscribe(0)])).toEqual(["ok"]);
    expect(told(updated(), [start, subscribe(0)])).toEqual(["ok"]);
  });

  test("makes one that is not there, which no drain deletes", () => {
    const drained = [start, replica(1), subscribe(1), job(), term(1), replica(2), subscribe(2), job()];
    expect(given(updated(), drained)).toEqual(["0#1: acked", "1#1: acked"]);
    expect(given(created({}), drained)).toEqual(["0#1: acked", "0#1: acked", "1#1: acked"]);
  });

  test("makes it anew where the server has deleted it, with another ack policy too", () => {
    const policy = updated({ ackWaitMs: 1_000, inactiveThresholdMs: 5_000, stands: { ackPolicy: "none" } });
    expect(told(policy, [start, subscribe(0), advance(4_999), subscribe(0)])).toEqual(["failed", "failed"]);
    expect(skipped(policy, [start, subscribe(0), advance(20_000)])).toBe(
      "whether the server has deleted a consumer that nobody used is not known",
    );
  });
});

describe("with ack policy all", () => {
  const all = created({ ackPolicy: "all" });
  const failed = [start, replica(1), subscribe(1, "fails"), job(2), kill(1)];

  test("an acknowledgement takes along what was given before it and not acknowledged", () => {
    const steps = [...failed, subscribe(0), job(), advance(60_000)];
    expect(given(all, steps)).toEqual(["0#1: failed", "1#1: failed", "2#1: acked"]);
    expect(given(created({}), steps)).toEqual([
      ...["0#1: failed", "1#1: failed", "2#1: acked", "0#2: acked", "1#2: acked"],
    ]);
  });

  test("a message that comes after it is given again", () => {
    const steps = [start, subscribe(0, "hangs"), job(2), advance(30_000)];
    expect(given(all, steps)).toEqual(["0#1: hung", "1#1: hung", "0#2: hung", "1#2: hung"]);
  });

  test("a message that is terminated takes the others along, and so does one that a limit takes", () => {
    const terminated = [...failed, subscribe(0, "terminates"), job(), advance(60_000)];
    expect(given(all, terminated)).toEqual(["0#1: failed", "1#1: failed", "2#1: terminated"]);
    const streams = [{ ...stream, messagesPerSubjectMax: 1 }];
    const each = policyWith({ streams, consume: { durables: "created", ackPolicy: "all" } });
    const hang = { ...subscribe(0, "hangs"), subject: "job.*" } as Bare;
    const of = (subject: string): Bare => job(1, { subject });
    const steps = [start, hang, of("job.a"), of("job.b"), of("job.b"), advance(30_000)];
    expect(given(each, steps)).toEqual(["0#1: hung", "1#1: hung", "2#1: hung", "2#2: hung"]);
  });

  const order = "in which order messages were stored, of which one may be acknowledged with another, is not known";
  const calm = "which messages are acknowledged with one is judged while nothing is wrong";
  test.each<[what: string, steps: readonly Bare[], reason: string | undefined]>([
    ["one after the other", [subscribe(0, "hangs"), job(2)], undefined],
    ["without waiting", [subscribe(0, "hangs"), job(2, { async: true })], order],
    ["beside handlers that acknowledge", [subscribe(0), job(2, { async: true })], undefined],
    ["before the handler that may leave it", [job(), subscribe(0, "hangs")], order],
    ["before one that acknowledges", [job(), subscribe(0)], undefined],
    ["and a cut of the handler's own link", [subscribe(0), cut()], calm],
    ["and a cut of another link", [replica(1), subscribe(1), cut()], undefined],
  ])("published %s", (_, steps, reason) => {
    expect(skipped(all, [start, ...steps])).toBe(reason);
  });
});

describe("an ephemeral consumer", () => {
  const ephemeral = (more: Partial<ConsumePolicy> = {}): Policy => under({ durables: "ephemeral", ...more });
  const restarted = [start, replica(1), subscribe(1), job(2), kill(1), job(), replica(1), subscribe(1), job()];

  test("begins anew with the next process", () => {
    expect(given(ephemeral(), restarted)).toEqual([0, 1, 0, 1, 2, 3].map(message => `${message}#1: acked`));
    expect(given(created({}), restarted)).toEqual([0, 1, 2, 3].map(message => `${message}#1: acked`));
  });

  test("misses what was stored in between, where it begins with the next message", () => {
    expect(given(ephemeral({ deliverPolicy: "new" }), restarted)).toEqual(
      [0, 1, 3].map(message => `${message}#1: acked`),
    );
  });

  test("is not judged beside another one of its subject", () => {
    expect(skipped(ephemeral(), [start, replica(1), subscribe(1), subscribe(0)])).toBe(
      "each of two ephemeral consumers of one subject gives its subscriber every message",
    );
    expect(skipped(ephemeral(), [start, replica(1), subscribe(1), term(1), subscribe(0)])).toBeUndefined();
  });
});

describe("a consumer that the server deletes when nobody uses it", () => {
  const unknown = "whether the server has deleted a consumer that nobody used is not known";
  const threshold = created({ inactiveThresholdMs: 60_000 });

  test("is judged for as long as it is used, and until the threshold where it is not", () => {
    expect(skipped(threshold, [start, subscribe(0), job(), advance(90_000)])).toBeUndefined();
    expect(skipped(threshold, [start, subscribe(0), job(), cut(), advance(59_999)])).toBeUndefined();
    expect(skipped(threshold, [start, subscribe(0), job(), cut(), advance(60_000)])).toBe(unknown);
    expect(skipped(threshold, [start, replica(1), subscribe(1), kill(1), advance(60_000)])).toBe(unknown);
  });

  test("has the server's own threshold where it has no durable name", () => {
    const steps = [start, subscribe(0), cut(), advance(5_000)];
    expect(skipped(under({ durables: "ephemeral" }), steps)).toBe(unknown);
    expect(skipped(created({}), steps)).toBeUndefined();
  });

  test("is of no interest any more once its process is gone and it has no durable name", () => {
    const steps = [start, replica(1), subscribe(1), kill(1), advance(5_000)];
    expect(skipped(under({ durables: "ephemeral" }), steps)).toBeUndefined();
  });
});

describe("a handler that is at work when its connection is cut", () => {
  const busy = [start, subscribeSlow(0, 5_000), job(), cut()];
  const through = [...busy, advance(5_000), heal()];

  test("acknowledges once, where it is through after the heal", () => {
    expect(given(under({}), [...busy, heal(), advance(5_000), advance(60_000)])).toEqual(["0#1: begun", "0#1: acked"]);
    expect(given(under({}), [...busy, heal(), advance(5_000), advance(60_000)], natsJs3)).toEqual([
      "0#1: begun",
      "0#1: acked",
    ]);
  });

  test("has its acknowledgement kept by nats.go, where it is through before", () => {
    expect(given(under({}), [...through, advance(60_000)])).toEqual(["0#1: begun", "0#1: acked"]);
  });

  test("has its acknowledgement reset by nats.js, and is given the message again when the ack wait is over", () => {
    expect(given(under({}), [...through, advance(30_000)], natsJs3)).toEqual([
      ...["0#1: begun", "0#1: acked"],
      ...["0#2: begun", "0#2: acked"],
    ]);
    expect(given(under({ deliverMax: 1 }), [...through, advance(60_000)], natsJs3).length).toBe(2);
  });

  test("is taken to be at work again by the plan only where its acknowledgement was lost", () => {
    const next = [...through, job()];
    expect(skipped(under({}), next)).toBeUndefined();
    expect(skipped(under({}), next, natsJs3)).toBe("a handler is still at work");
    expect(skipped(under({}), [...through, advance(30_000), job()], natsJs3)).toBeUndefined();
  });

  test("has its acknowledgement kept or lost in a second outage as in the first", () => {
    const twice = [...busy, heal(), cut(), advance(5_000), heal(), advance(30_000)];
    expect(given(under({}), twice)).toEqual(["0#1: begun", "0#1: acked"]);
    expect(given(under({}), twice, natsJs3)).toHaveLength(4);
  });

  test("is given its message again where its process is killed with the acknowledgement", () => {
    const killed = [...busy, advance(5_000), kill(), heal(), start, subscribe(0), advance(30_000)];
    for (const profile of [natsGo, natsJs3])
      expect(given(under({}), killed, profile)).toEqual(["0#1: begun", "0#1: acked", "0#2: acked"]);
  });
});

describe("a handler that is at work", () => {
  const busy = [start, subscribeSlow(0, 5_000), job()];
  const once = ["0#1: begun", "0#1: acked"];

  test("has its acknowledgement held by a link, and heard when that lets go", () => {
    for (const profile of [natsGo, natsJs3])
      expect(given(under({}), [...busy, hold, advance(5_000), heal(), advance(60_000)], profile)).toEqual(once);
  });

  test("has its acknowledgement kept or lost while its server is away", () => {
    const away = [...busy, fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" })];
    expect(given(under({}), [...away, advance(5_000), heal(), advance(60_000)])).toEqual(once);
    expect(given(under({}), [...away, advance(5_000), heal(), advance(30_000)], natsJs3)).toHaveLength(4);
    expect(given(under({}), [...away, heal(), advance(5_000), advance(60_000)], natsJs3)).toEqual(once);
  });
});

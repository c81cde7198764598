/** Work queues: a message is gone once its handler has acknowledged it, and stays whatever else becomes of it. */
import { describe, expect, test } from "vitest";
import { plan } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Policy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import type { Handler } from "../../models/vocabulary/scenario.ts";
import { type Answers, answeredRun } from "./answered.ts";
import { type Bare, type BareCall, cut, fault, flush, heal, hold, start, together } from "./cases.ts";
import {
  advance,
  job,
  jobAgain,
  kill,
  policyWith,
  replica,
  stream,
  subscribe,
  subscribeSlow,
  term,
  underPolicy,
} from "./policies.ts";

const queue: StreamPolicy = { ...stream, retention: "workqueue" };
const queued = policyWith({ streams: [queue] });
const created = policyWith({ streams: [queue], consume: { durables: "created" } });
const stopServer = fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" });
const subscribeTo = (subject: string, to = 0, handler: Handler = "acks"): Bare => ({
  ...{ kind: "subscribe", replica: to, subject, handler },
});

/** Messages that the stream holds at the end, that are gone from it, and how each subscription ended. */
function shown(steps: readonly Bare[], policy: Policy = queued) {
  const { said } = answeredRun(underPolicy(policy, steps), natsGo, {});
  const each = ({ first, count }: { first: number; count: number }): number[] =>
    Array.from({ length: count }, (_, i) => first + i);
  return {
    held: said.flatMap(event => (event.kind === "holds" ? each(event) : [])),
    gone: said.flatMap(event => (event.kind === "discarded" && event.because === "handled" ? each(event) : [])),
    subscribed: said.flatMap(event =>
      event.kind === "called" && event.call === "subscribe" ? [event.outcome.is] : [],
    ),
    told: said.flatMap(event => (event.kind === "published" ? [event.outcome] : [])),
  };
}

describe("a message of a work queue", () => {
  test.each<[what: string, steps: readonly Bare[], held: readonly number[], gone: readonly number[]]>([
    ["is gone once it is acknowledged", [start, subscribe(0), job(3)], [], [0, 1, 2]],
    ["stays without a handler", [start, job(2)], [0, 1], []],
    ["stays where its handler hangs", [start, subscribe(0, "hangs"), job(2)], [0, 1], []],
    ["stays once it has had its last delivery", [start, subscribe(0, "fails"), job(1), advance(90_000)], [0], []],
    [
      "is gone from the middle of its stream",
      [start, job(1, { subject: "job.b" }), job(1), job(1, { subject: "job.b" }), subscribe(0)],
      [0, 2],
      [1],
    ],
    ["is gone once a link lets go of what it held", [start, subscribe(0), hold, job(1), heal()], [], [0]],
    ["is gone when a slow handler is through", [start, subscribeSlow(0, 400), job(1), advance(400)], [], [0]],
    ["survives a killed handler", [start, replica(1), subscribe(1, "hangs"), job(1), kill(1)], [0], []],
  ])("%s", (_, steps, held, gone) => {
    expect(shown(steps)).toMatchObject({ held, gone });
  });

  test("stays in a stream that keeps what is handled", () => {
    expect(shown([start, subscribe(0), job(2)], policyWith({}))).toMatchObject({ held: [0, 1], gone: [] });
  });
});

describe("a message of a feed", () => {
  const feed = (consume: Partial<Policy["consume"]>): Policy =>
    policyWith({ streams: [{ ...stream, retention: "interest" }], consume: { durables: "created", ...consume } });
  const failed = [start, replica(1), subscribe(1, "fails"), job(2), kill(1)];

  test("is gone once it is delivered, where its consumer waits for no acknowledgement", () => {
    const none = feed({ ackPolicy: "none" });
    expect(shown(failed, none)).toMatchObject({ held: [], gone: [0, 1] });
    expect(shown([...failed, job(1)], none)).toMatchObject({ held: [2], gone: [0, 1] });
    const stands = {
      ...none,
      consume: { ...feed({}).consume, durables: "bound", stands: { ackPolicy: "none" } },
    } as const;
    expect(shown([start, subscribe(0, "fails"), job(2)], stands)).toMatchObject({ held: [], gone: [0, 1] });
    const slow = [start, subscribeSlow(0, 400), job(1)];
    expect(shown([...slow, kill()], stands)).toMatchObject({ held: [], gone: [0] });
    expect(shown([...slow, advance(400)], none)).toMatchObject({ held: [], gone: [0] });
  });

  test("is gone with the acknowledgement of a later one, where that is for all before it", () => {
    const all = feed({ ackPolicy: "all" });
    expect(shown([...failed, subscribe(0), job(1)], all)).toMatchObject({ held: [], gone: [0, 1, 2] });
    expect(shown([...failed, subscribe(0), job(1)], feed({}))).toMatchObject({ held: [], gone: [2, 0, 1] });
  });

  test("stays where its deliveries were used up before", () => {
    const steps = [...failed, advance(30_000), subscribe(0), job(1)];
    expect(shown(steps, feed({ ackPolicy: "all", deliverMax: 1 }))).toMatchObject({ held: [0, 1], gone: [2] });
  });

  test("is given by a consumer that begins anywhere, since nothing is kept from before it", () => {
    const next = [start, job(1), subscribe(0), job(2)];
    for (const deliverPolicy of ["all", "new", "last", "last-per-subject"] as const)
      expect(shown(next, feed({ deliverPolicy }))).toMatchObject({ held: [], gone: [1, 2] });
  });
});

describe("the id of a message", () => {
  test("that is handled and gone is known until the server starts again", () => {
    const again = [start, subscribe(0), job(1), jobAgain(2)];
    expect(shown(again)).toMatchObject({ gone: [0], told: [{ is: "acked" }, { is: "acked", duplicate: true }] });
    const restarted = [start, subscribe(0), job(1), stopServer, heal(), jobAgain(2)];
    expect(shown(restarted)).toMatchObject({ gone: [0, 0], told: [{ is: "acked" }, { is: "acked" }] });
  });

  test("that is held is known after that, too", () => {
    expect(shown([start, job(1), stopServer, heal(), jobAgain(1)])).toMatchObject({
      held: [0],
      told: [{ is: "acked" }, { is: "acked", duplicate: true }],
    });
  });

  test("that a limit has discarded is forgotten then", () => {
    const ring = policyWith({ streams: [{ ...stream, messagesMax: 1 }] });
    expect(shown([start, job(1), job(1), stopServer, heal(), jobAgain(1)], ring).held).toEqual([0]);
  });
});

describe("a second consumer", () => {
  const steps = (subject: string): readonly Bare[] => [
    start,
    replica(1),
    subscribeTo("job.a"),
    subscribeTo(subject, 1),
  ];
  const whyLast = (all: readonly Bare[], policy: Policy): string | undefined => {
    const planned = plan(underPolicy(policy, all), natsGo).steps.at(-2);
    return planned?.kind === "step" ? planned.skipped?.reason : undefined;
  };

  test.each([
    ["job.*", "failed"],
    ["job.>", "failed"],
    ["job.b", "ok"],
    ["job.*.b", "ok"],
    ["job.a", "ok"],
  ])("of %s beside one of job.a on a work queue: %s", (subject, outcome) => {
    expect(shown(steps(subject), created).subscribed).toEqual(["ok", outcome]);
  });

  test("is nothing that the operator of a work queue can make", () => {
    const reason = "the operator is refused a second consumer of one subject of a work queue";
    expect(whyLast(steps("job.>"), queued)).toBe(reason);
  });

  test("is not judged where the stream keeps what is handled", () => {
    expect(whyLast(steps("job.>"), policyWith({}))).toBe(
      "which of two consumers comes first to a message is not known",
    );
  });

  test.each<[subject: string, why: string]>([
    ["news.*", "only what a stream holds is handled here"],
    ["*.a", "only what a stream holds is handled here"],
  ])("a consumer of %s, which no stream takes as a whole, is skipped", (subject, why) => {
    expect(whyLast([start, subscribeTo(subject)], created)).toBe(why);
  });

  test("of the same name as another is not judged", () => {
    const steps = [start, subscribeTo("job.a.b"), subscribeTo("job.a_b")];
    expect(whyLast(steps, created)).toBe("its consumer has the name of another one");
  });

  test("with a handler that takes time is not judged", () => {
    const slow = [start, { ...subscribeSlow(0, 400, "job.*") }];
    expect(whyLast(slow, created)).toBe("a handler that takes time is judged for one subject, with one consumer");
  });
});

describe("a limit of a stream that lets go of what is handled", () => {
  const withLimit = (part: Partial<StreamPolicy>, retention: StreamPolicy["retention"] = "workqueue"): Policy =>
    policyWith({ streams: [{ ...queue, retention, ...part }], consume: { durables: "created" } });
  const full = withLimit({ discard: "new", messagesMax: 2 });
  const ring = withLimit({ messagesMax: 2 });
  const bytes = withLimit({ discard: "new", bytesMax: 200 });
  const passing = policyWith({
    streams: [{ ...queue, retention: "interest", discard: "new", messagesMax: 1 }],
    consume: { durables: "ephemeral" },
  });
  const asking: Policy = {
    ...full,
    publish: { ...full.publish, onError: { retries: 1, waitMs: 100, lastError: "returned" } },
  };
  const dropping: Policy = { ...full, publish: { ...full.publish, onError: "dropped" } };
  const other = job(1, { subject: "job.b" });
  /** Messages that the stream holds at the end, that a limit took, that were given, and what the callers were told. */
  const limited = (policy: Policy, steps: readonly Bare[]) => {
    const { said } = answeredRun(underPolicy(policy, [start, ...steps]), natsGo, {});
    const { held, told } = shown([start, ...steps], policy);
    const each = ({ first, count }: { first: number; count: number }): number[] =>
      Array.from({ length: count }, (_, i) => first + i);
    return {
      held,
      told: told.map(one => one.is),
      gone: said.flatMap(one => (one.kind === "discarded" && one.because === undefined ? each(one) : [])),
      given: said.flatMap(one => (one.kind === "handled" ? each(one) : [])),
    };
  };

  test("counts what is not acknowledged yet, in hand or not", () => {
    const acked = ["acked", "acked", "acked", "acked"];
    expect(limited(full, [other, subscribe(0), job(1), job(1), job(1)])).toMatchObject({ held: [0], told: acked });
    expect(limited(ring, [other, subscribe(0), job(1), job(1), job(1)])).toMatchObject({ held: [0], gone: [] });
    expect(limited(full, [subscribe(0, "hangs"), job(1), job(1), job(1)]).told).toEqual(["acked", "acked", "rejected"]);
  });

  test("takes the oldest of what nobody has handled, and the next handler is given the rest", () => {
    expect(limited(ring, [job(4), subscribe(0)])).toMatchObject({ held: [], gone: [0, 1], given: [2, 3] });
    const each = withLimit({ messagesPerSubjectMax: 1 });
    expect(limited(each, [job(2), other, subscribe(0)])).toMatchObject({ held: [2], gone: [0], given: [1] });
  });

  test("does not keep out what no consumer wants", () => {
    const feed = withLimit({ discard: "new", messagesMax: 1 }, "interest");
    expect(limited(feed, [subscribe(0, "hangs"), job(1), other, job(1)])).toMatchObject({
      held: [0],
      told: ["acked", "acked", "rejected"],
    });
  });

  test("is left or not while a burst goes on, by how far its handler has come", () => {
    const burst = (answers: Answers, ...steps: readonly Bare[]) => {
      const { said, asked } = answeredRun(underPolicy(full, [start, ...steps]), natsGo, answers);
      const each = said.flatMap(one => (one.kind === "published" ? [`${one.count} ${one.outcome.is}`] : []));
      return { each, asked: asked.filter(one => one.includes("room-made")).length };
    };
    expect(burst({ "room-made": 1 }, subscribe(0), job(4))).toEqual({ each: ["4 acked"], asked: 2 });
    expect(burst({ "room-made": 0 }, subscribe(0), job(4))).toEqual({ each: ["2 acked", "2 rejected"], asked: 2 });
    // What hangs makes no room, and the next in line is given to the other replica.
    expect(burst({ "room-made": 1 }, subscribe(0, "hangs"), job(4))).toEqual({
      each: ["2 acked", "2 rejected"],
      asked: 0,
    });
    const both = [replica(1), subscribe(0, "hangs"), subscribe(1), job(3)];
    expect(burst({ "room-made": 1, "handled-by": 1 }, ...both)).toEqual({ each: ["3 acked"], asked: 1 });
    expect(burst({ "room-made": 1, "handled-by": 0 }, ...both)).toEqual({ each: ["2 acked", "1 rejected"], asked: 2 });
  });

  test("is an age as well", () => {
    const old = withLimit({ ageMaxMs: 2_000, duplicateWindowMs: 1_000 });
    const steps = [subscribe(0), job(1), { ...other, count: 2 } as Bare, advance(2_400)];
    expect(limited(old, steps)).toMatchObject({ held: [], gone: [1, 2], given: [0] });
  });

  const roomUnknown = "whether an acknowledgement has made room in the stream by then is not known";
  const goesFromWork = "a limit or its age may take a message that its handler is at work on";
  test.each<[what: string, policy: Policy, steps: readonly Bare[], reason: string | undefined]>([
    ["several messages at once", full, [subscribe(0), job(3)], undefined],
    ["several for two consumers", full, [subscribe(0), subscribeTo("job.b"), job(3)], roomUnknown],
    ["several that the caller asks for again", asking, [subscribe(0), job(3)], roomUnknown],
    ["several whose errors the caller drops", dropping, [subscribe(0), job(3)], roomUnknown],
    ["several that two replicas share", full, [replica(1), subscribe(0), subscribe(1), job(3)], undefined],
    ["several whose bytes two replicas share", bytes, [replica(1), subscribe(0), subscribe(1), job(3)], roomUnknown],
    ["several of one replica, by bytes", bytes, [subscribe(0), job(3)], undefined],
    ["several at one moment", full, [subscribe(0), together(job(3) as BareCall)], roomUnknown],
    ["several that nobody acknowledges", full, [subscribe(0, "hangs"), subscribe(0, "loses-ack"), job(3)], undefined],
    [
      "one at one moment that an ephemeral consumer has in hand",
      passing,
      [subscribe(0, "hangs"), together(job(2) as BareCall)],
      roomUnknown,
    ],
    ["several that fail, and are left to the next", full, [subscribe(0, "fails"), job(3)], undefined],
    ["several that nobody acknowledges, while down", full, [subscribe(0, "hangs"), job(2), cut(), job(1)], undefined],
    ["several that all find room", full, [subscribe(0), job(2)], undefined],
    ["one by one", full, [subscribe(0), job(1), job(1), job(1)], undefined],
    ["several without waiting", full, [subscribe(0), job(1), job(2, { async: true })], undefined],
    ["one while down", full, [subscribe(0), job(2), cut(), job(1)], roomUnknown],
    ["one after an outage", full, [subscribe(0), job(2), cut(), heal(), job(1)], roomUnknown],
    ["one after an outage and a flush", full, [subscribe(0), job(2), cut(), heal(), flush(), job(1)], undefined],
    ["several without a handler", full, [job(3)], undefined],
    ["several that push out others", ring, [subscribe(0), job(3)], roomUnknown],
    ["one that pushes out what hangs", ring, [subscribe(0, "hangs"), job(2), job(1)], undefined],
    ["one that pushes out what is worked on", ring, [subscribeSlow(0, 400), other, job(1), other], goesFromWork],
  ])("%s, published to it, may not be judged", (_, policy, steps, reason) => {
    expect(plan(underPolicy(policy, [start, ...steps]), natsGo).steps.at(-2)?.skipped?.reason).toBe(reason);
  });
});

test("a server with a work queue that was handled is neither killed nor without power", () => {
  const reasonOf = (last: Bare) =>
    plan(underPolicy(queued, [start, replica(1), subscribe(1), kill(1), last]), natsGo).steps.at(-2)?.skipped?.reason;
  const reason = "which acknowledgements its disk has is not known";
  expect(reasonOf(fault({ kind: "stop-server", signal: "KILL", awaits: "noticed" }))).toBe(reason);
  expect(reasonOf(fault({ kind: "power-loss", awaits: "noticed" }))).toBe(reason);
  expect(reasonOf(stopServer)).toBeUndefined();
});

test("a memory stream does not survive a server that wants credentials first, and the operator makes it anew after one without JetStream", () => {
  const memory = policyWith({ streams: [{ ...stream, storage: "memory" }] });
  const told = (first: Bare) => shown([first, heal(), start, job(1)], memory).told;
  expect(told(fault({ kind: "refuse-credentials" }))).toMatchObject([{ is: "rejected", kind: "no-responders" }]);
  expect(told(fault({ kind: "no-jetstream" }))).toMatchObject([{ is: "acked" }]);
});

describe("a stream that keeps messages for its consumers alone", () => {
  const feed: StreamPolicy = { ...stream, retention: "interest" };
  const made = policyWith({ streams: [feed], consume: { durables: "created" } });
  const bound = policyWith({ streams: [feed] });
  /** The place where each message ended. */
  const places = (steps: readonly Bare[]): readonly string[] =>
    answeredRun(underPolicy(made, steps), natsGo, {}).said.flatMap(event =>
      event.kind === "ended" ? Array.from({ length: event.count }, (_, i) => `${event.first + i} ${event.place}`) : [],
    );
  const whySkipped = (policy: Policy, steps: readonly Bare[]): string | undefined =>
    plan(underPolicy(policy, steps), natsGo).steps.at(-2)?.skipped?.reason;

  test("acknowledges what it does not keep, and keeps the rest until it is handled", () => {
    const steps = [start, job(2), subscribe(0, "fails"), job(1)];
    expect(shown(steps, made)).toMatchObject({ held: [2], gone: [], told: [{ is: "acked" }, { is: "acked" }] });
    expect(places(steps)).toEqual(["0 no consumer", "1 no consumer", "2 arrived"]);
    expect(shown([start, subscribe(0), job(1)], made)).toMatchObject({ held: [], gone: [0] });
    expect(shown([start, subscribe(0, "fails"), job(1), job(1, { subject: "job.b" })], made).held).toEqual([0]);
  });

  test("remembers the id of what it has not kept", () => {
    const steps = [start, job(1), subscribe(0), jobAgain(1)];
    expect(shown(steps, made)).toMatchObject({ held: [], gone: [], told: [{}, { is: "acked", duplicate: true }] });
    expect(places(steps)).toEqual(["0 no consumer", "0 no consumer"]);
  });

  test.each<[what: string, policy: Policy, steps: readonly Bare[], reason: string]>([
    [
      "a publish before the operator's consumer is known",
      bound,
      [start, job(1)],
      "whether the operator has made a consumer of its subject is not known",
    ],
    [
      "a drain that deletes the consumer",
      made,
      [start, replica(1), subscribe(1), term(1)],
      "which messages go with the consumer that the library deletes is not known",
    ],
    [
      "a publish again once time has passed",
      made,
      [start, job(1), advance(1), jobAgain(1)],
      "when the server forgets the id of a message that it has not kept is not known",
    ],
    [
      "an end of the server",
      made,
      [start, job(1), stopServer],
      "what a stream has kept for its consumers after the server has ended is not known",
    ],
  ])("%s is not judged", (_, policy, steps, reason) => {
    expect(whySkipped(policy, steps)).toBe(reason);
  });

  test("an end of the server before anything came to it is judged, and so is what the operator's consumer takes", () => {
    expect(whySkipped(made, [start, stopServer])).toBeUndefined();
    expect(whySkipped(bound, [start, subscribe(0), job(1)])).toBeUndefined();
  });
});

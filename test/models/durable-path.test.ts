/** The durable path in the model, row by row of what was measured (docs/facts.md names the tables). */
import { describe, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { type Answers, answeredRun } from "./answered.ts";
import { type Bare, blackhole, cut, eventsOf, fault, heal, hold, start } from "./cases.ts";
import {
  advance,
  healAfter,
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
} from "./policies.ts";

const outcomeText = (event: Extract<Event, { kind: "published" }>): string =>
  [event.outcome.is, "kind" in event.outcome ? event.outcome.kind : "", "duplicate" in event.outcome ? "duplicate" : ""]
    .filter(word => word !== "")
    .join(" ");

/** What each publish was told, and how many messages the streams hold. */
function shown(scenario: Scenario, profile: Profile, seed = "1"): { told: readonly string[]; held: readonly number[] } {
  const events = eventsOf(scenario, profile, seed);
  return {
    told: events.flatMap(event =>
      event.kind === "published" ? Array.from({ length: event.count }, () => outcomeText(event)) : [],
    ),
    held: events.flatMap(event =>
      event.kind === "holds" ? Array.from({ length: event.count }, (_, i) => event.first + i) : [],
    ),
  };
}

const loseAck = fault({ kind: "lose-ack" });
const byKey = policyWith({ publish: { messageIds: [{ subjects: "job.>", id: "key" }] } });
const noId = policyWith({ publish: { messageIds: [] } });
const uncovered = policyWith({ streams: [{ ...stream, subjects: ["job.b"] }] });

test.each([natsGo, natsJs3])("$name: what a stream takes is acknowledged and held", profile => {
  expect(shown(underPolicy(sound, [start, job(3)]), profile)).toEqual({
    told: ["acked", "acked", "acked"],
    held: [0, 1, 2],
  });
});

describe("table 6", () => {
  test("no stream on the subject: the client says that nobody answered, nats.go after its two retries", () => {
    const scenario = underPolicy(uncovered, [start, job()]);
    expect(shown(scenario, natsJs3)).toEqual({ told: ["rejected no-responders"], held: [] });
    const [said] = eventsOf(scenario, natsGo).filter(event => event.kind === "published");
    expect(said).toMatchObject({ outcome: { is: "rejected", kind: "no-responders" }, tookMs: 500 });
  });

  test("no stream, but somebody listens: nobody says so, and the call waits out its time", () => {
    const tapped = { ...uncovered, taps: ["job.>"] };
    const [said] = eventsOf(underPolicy(tapped, [start, job()]), natsGo).filter(event => event.kind === "published");
    expect(said).toMatchObject({ outcome: { is: "unsettled", kind: "timeout" }, tookMs: 5_000 });
  });

  test.each([natsGo, natsJs3])("$name: a lost ack is a timeout, and the message is stored", profile => {
    expect(shown(underPolicy(sound, [start, loseAck, job(), heal()]), profile)).toEqual({
      told: ["unsettled timeout"],
      held: [0],
    });
  });

  test.each([natsGo, natsJs3])(
    "$name: … retried with its id it is a duplicate, without one it is stored twice",
    profile => {
      const steps: Bare[] = [start, loseAck, job(), heal(), jobAgain(2)];
      expect(shown(underPolicy(sound, steps), profile)).toEqual({
        told: ["unsettled timeout", "acked duplicate"],
        held: [0],
      });
      expect(shown(underPolicy(noId, steps), profile)).toEqual({ told: ["unsettled timeout", "acked"], held: [0, 0] });
    },
  );

  test("published while down and given up: nats.go stores it later, nats.js has lost it", () => {
    const scenario = underPolicy(sound, [start, cut(), job(), heal()]);
    expect(shown(scenario, natsGo)).toEqual({ told: ["unsettled timeout"], held: [0] });
    expect(shown(scenario, natsJs3)).toEqual({ told: ["unsettled timeout"], held: [] });
  });

  test("published while down, restored in time: nats.go is acknowledged, nats.js times out", () => {
    const scenario = underPolicy(sound, [start, cut(), job(1, { overlap: true }), heal()]);
    expect(shown(scenario, natsGo)).toEqual({ told: ["acked"], held: [0] });
    expect(shown(scenario, natsJs3)).toEqual({ told: ["unsettled timeout"], held: [] });
  });

  test("a disabled reconnect buffer refuses at once", () => {
    const scenario = underPolicy(sound, [start, cut(), job(), heal()], { reconnectBufferBytesMax: -1 });
    expect(shown(scenario, natsGo)).toEqual({ told: ["rejected buffer-full"], held: [] });
  });

  test("a refusal after an attempt that was handed on proves nothing", () => {
    const twice = policyWith({ publish: { attemptsMax: 2 } });
    const scenario = underPolicy(twice, [start, loseAck, job(), heal()], { reconnectBufferBytesMax: -1 });
    expect(shown(scenario, natsGo)).toEqual({ told: ["unsettled timeout"], held: [0] });
  });

  test("held in the link: a timeout, and stored when it is let go; dropped in the link: a timeout, and gone", () => {
    expect(shown(underPolicy(sound, [start, hold, job(2), heal()]), natsGo)).toEqual({
      told: ["unsettled timeout", "unsettled timeout"],
      held: [0, 1],
    });
    expect(shown(underPolicy(sound, [start, blackhole, job(2), heal()]), natsGo).held).toEqual([]);
  });

  test("a core publish on a stream's subject is stored without an ack", () => {
    const captured = policyWith({ streams: [{ ...stream, subjects: ["job.>", "news.>"] }] });
    expect(shown(underPolicy(captured, [start, news(2)]), natsGo)).toEqual({
      told: ["accepted", "accepted"],
      held: [0, 1],
    });
  });
});

describe("the dedupe window", () => {
  const twice = (ms: number): Bare[] => [start, job(1, { key: "j1" }), advance(ms), job(1, { key: "j1" })];

  test("swallows a second, different message of the same id, and calls it acknowledged", () => {
    expect(shown(underPolicy(byKey, twice(119_999)), natsGo)).toEqual({
      told: ["acked", "acked duplicate"],
      held: [0],
    });
    expect(shown(underPolicy(byKey, twice(120_001)), natsGo)).toEqual({ told: ["acked", "acked"], held: [0, 1] });
  });

  test.each([
    ["a window that outlasts the attempts", 120_000, [0]],
    ["a window that is over before they are", 5_000, [0, 0]],
  ])("goes on while a publish waits for acknowledgements that never come: %s", (_what, duplicateWindowMs, held) => {
    const policy = policyWith({ publish: { attemptsMax: 2 }, streams: [{ ...stream, duplicateWindowMs }] });
    expect(policy.publish.ackTimeoutMs * 2).toBeGreaterThan(5_000);
    const steps = [start, fault({ kind: "lose-ack" }), job(), heal()];
    expect(shown(underPolicy(policy, steps), natsGo).held).toEqual(held);
  });

  test("may or may not have ended at its very end", () => {
    const held = new Set(
      Array.from({ length: 20 }, (_, i) => shown(underPolicy(byKey, twice(120_000)), natsGo, `${i}`).held.length),
    );
    expect([...held].sort()).toEqual([1, 2]);
  });
});

describe("table 7: the server is killed", () => {
  const killed = (store?: "lost"): Bare =>
    fault({ kind: "stop-server", signal: "KILL", awaits: "noticed", ...(store === undefined ? {} : { store }) });
  const inMemory = policyWith({ streams: [{ ...stream, storage: "memory" }] });

  test("a file stream keeps what it acknowledged, a memory stream is gone with its definition", () => {
    const steps = [start, job(3), killed(), heal(), job()];
    expect(shown(underPolicy(sound, steps), natsGo)).toEqual({
      told: ["acked", "acked", "acked", "acked"],
      held: [0, 1, 2, 3],
    });
    expect(shown(underPolicy(inMemory, steps), natsGo)).toEqual({
      told: ["acked", "acked", "acked", "rejected no-responders"],
      held: [],
    });
    expect(shown(underPolicy(sound, [start, job(3), killed("lost"), heal()]), natsGo).held).toEqual([]);
  });

  test("a bus that asks until its path is usable makes its stream again, when its readiness probe misses it", () => {
    const made = { streams: [{ ...stream, storage: "memory", made: "created" }] } as const;
    const steps = [start, job(3), killed(), heal(), job()];
    const again = { told: ["acked", "acked", "acked", "acked"], held: [3] };
    const gone = { told: ["acked", "acked", "acked", "rejected no-responders"], held: [] };
    expect(shown(underPolicy(policyWith(made), steps), natsGo)).toEqual(again);
    const once = policyWith({ ...made, startup: { jetStreamProbe: "once" } });
    expect(shown(underPolicy(once, steps), natsGo)).toEqual(gone);
    const connected = policyWith({ ...made, startup: { readiness: "connected" } });
    expect(shown(underPolicy(connected, steps), natsGo)).toEqual(gone);
  });

  test("the dedupe window survives it", () => {
    const steps = [start, job(1, { key: "j1" }), killed(), heal(), job(1, { key: "j1" })];
    expect(shown(underPolicy(byKey, steps), natsGo).told).toEqual(["acked", "acked duplicate"]);
  });

  test("of what was captured without an ack any prefix is kept", () => {
    const captured = policyWith({ streams: [{ ...stream, subjects: ["job.>", "news.>"] }] });
    const scenario = underPolicy(captured, [start, news(50), { kind: "flush", timeoutMs: 5_000 }, killed(), heal()]);
    const held = Array.from({ length: 40 }, (_, i) => shown(scenario, natsGo, `${i}`).held);
    for (const one of held) expect(one).toEqual(one.map((_, i) => i));
    const lengths = held.map(one => one.length);
    expect(Math.min(...lengths)).toBe(0);
    expect(Math.max(...lengths)).toBe(50);
  });
});

test("a full stream discards the oldest, or refuses the new", () => {
  const full = (discard: "old" | "new") => policyWith({ streams: [{ ...stream, messagesMax: 2, discard }] });
  expect(shown(underPolicy(full("old"), [start, job(3)]), natsGo)).toEqual({
    told: ["acked", "acked", "acked"],
    held: [1, 2],
  });
  expect(shown(underPolicy(full("new"), [start, job(3)]), natsGo)).toEqual({
    told: ["acked", "acked", "rejected stream-full"],
    held: [0, 1],
  });
});

const size = 30 + "job.a".length + 4 + 34 + 16;

test.each<[what: string, limits: Partial<StreamPolicy>, told: readonly string[]]>([
  ["bytes that take two to the last one", { bytesMax: 2 * size }, ["acked", "acked", "rejected stream-full"]],
  ["a byte less than two need", { bytesMax: 2 * size - 1 }, ["acked", "rejected stream-full", "rejected stream-full"]],
  [
    "bytes in memory, where each counts for less",
    { storage: "memory", bytesMax: 2 * (size - 18) },
    ["acked", "acked", "rejected stream-full"],
  ],
  ["the size of one with its header", { messageBytesMax: 50 }, ["acked", "acked", "acked"]],
  ["a byte less than that", { messageBytesMax: 49 }, Array(3).fill("rejected too-large")],
  [
    "one message of a subject",
    { messagesPerSubjectMax: 1, discardsNewPerSubject: true },
    ["acked", "rejected stream-full", "rejected stream-full"],
  ],
])("a stream that refuses the new has a limit: %s", (_, limits, told) => {
  const policy = policyWith({ streams: [{ ...stream, discard: "new", ...limits }] });
  expect(shown(underPolicy(policy, [start, job(3)]), natsGo).told).toEqual(told);
});

describe("a server that restarts", () => {
  const policy = policyWith({ streams: [{ ...stream, duplicateWindowMs: 2_000 }] });
  const again = jobAgain(1);
  const stop = fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" });
  const restart = [stop, heal()];
  const held = (...steps: readonly Bare[]): readonly number[] =>
    shown(underPolicy(policy, [start, job(), ...steps]), natsGo).held;

  test("keeps the ids that it still knows for one more window", () => {
    expect(held(advance(1_000), ...restart, advance(1_500), again)).toEqual([0]);
    expect(held(advance(1_000), ...restart, advance(2_100), again)).toEqual([0, 0]);
  });

  test("does not read those that are older than their window", () => {
    expect(held(advance(1_000), ...restart, advance(1_100), ...restart, again)).toEqual([0, 0]);
    expect(held(advance(1_000), stop, advance(1_100), heal(), again)).toEqual([0, 0]);
  });

  test("is started once by a heal that awaits a handshake, and not again by the next", () => {
    const handshake = [stop, heal("handshake")];
    expect(held(advance(1_000), ...handshake, advance(1_100), heal(), again)).toEqual([0]);
    expect(held(advance(1_000), ...handshake, advance(900), heal(), advance(1_300), again)).toEqual([0, 0]);
  });

  test("may have read an id at the very end of its window", () => {
    const steps = [start, job(), advance(2_000), ...restart, again];
    const lengths = Array.from({ length: 20 }, (_, i) => shown(underPolicy(policy, steps), natsGo, `${i}`).held.length);
    expect(new Set(lengths)).toEqual(new Set([1, 2]));
  });

  test("counts the window of what is published from then on as always", () => {
    const afterLater = (ms: number) => [advance(1_000), ...restart, advance(1_000), job(), advance(ms), jobAgain(6)];
    expect(held(...afterLater(1_900))).toEqual([0, 1]);
    expect(held(...afterLater(2_100))).toEqual([0, 1, 1]);
  });
});

test("a full subject leaves room for another", () => {
  const policy = policyWith({
    streams: [{ ...stream, discard: "new", messagesPerSubjectMax: 1, discardsNewPerSubject: true }],
  });
  const steps = [start, job(2), job(1, { subject: "job.b" })];
  expect(shown(underPolicy(policy, steps), natsGo)).toEqual({
    told: ["acked", "rejected stream-full", "acked"],
    held: [0, 2],
  });
});

test("asynchronous publishes at a cut: nats.go fails all that were made before it noticed, nats.js waits for each", () => {
  const scenario = underPolicy(sound, [start, job(9, { async: true, overlap: true }), cut(), heal()]);
  const unsettled = (profile: Profile): Set<string> =>
    new Set(
      Array.from({ length: 30 }, (_, i) => shown(scenario, profile, `${i}`).told)
        .flat()
        .filter(told => told !== "acked"),
    );
  expect([...unsettled(natsGo)]).toEqual(["unsettled disconnected", "unsettled timeout"]);
  expect([...unsettled(natsJs3)]).toEqual(["unsettled timeout"]);
});

test("asynchronous publishes at a cut: nats.go returns the error of a write where a full buffer is written, as for core NATS", () => {
  const told = (profile: Profile, count: number): readonly string[] => {
    const scenario = underPolicy(sound, [start, job(count, { async: true, overlap: true }), cut(), heal()]);
    const { said } = answeredRun(scenario, profile, { "noticed-at": count, "kept-from": count });
    return said.flatMap(event =>
      event.kind === "published" ? [`${event.first}+${event.count} ${kindOf(event)}`] : [],
    );
  };
  const [frame] = eventsOf(underPolicy(sound, [start, job()]), natsGo).flatMap(event =>
    event.kind === "published" ? [event.frameBytes] : [],
  );
  const first = Math.ceil(32_768 / (frame ?? 0));
  expect(told(natsGo, first - 1)).toEqual([`0+${first - 1} disconnected`]);
  expect(told(natsGo, first + 1)).toEqual([
    `0+${first - 1} disconnected`,
    `${first - 1}+1 write-failed`,
    `${first}+1 disconnected`,
  ]);
  expect(told(natsJs3, first + 1)).toEqual([`0+${first + 1} timeout`]);
});

const kindOf = ({ outcome }: Extract<Event, { kind: "published" }>): string =>
  outcome.is === "unsettled" ? outcome.kind : outcome.is;

describe("consumers", () => {
  const handled = (scenario: Scenario, seed = "1"): string[] =>
    eventsOf(scenario, natsGo, seed).flatMap(event =>
      event.kind === "handled"
        ? [`${event.replica}: ${event.first}+${event.count} ${event.delivery} ${event.outcome}`]
        : [],
    );

  test("what is not acknowledged is given again after the ack wait, as often as it may be", () => {
    expect(handled(underPolicy(sound, [start, subscribe(0, "hangs"), job(2), advance(30_000)]))).toEqual([
      "0: 0+2 1 hung",
      "0: 0+2 2 hung",
      "0: 0+2 3 hung",
    ]);
  });

  test("a failed message is acknowledged and gone, or kept on its dead letter subject", () => {
    const steps = [start, subscribe(0, "fails"), job()];
    const gone = policyWith({ consume: { failures: "acknowledged" } });
    expect(handled(underPolicy(gone, steps))).toEqual(["0: 0+1 1 acknowledged-failed"]);
    const kept = policyWith({ consume: { failures: "dead-letter", deadLetterSubject: "job.dead" } });
    expect(handled(underPolicy(kept, steps))).toEqual(["0: 0+1 1 dead-lettered"]);
  });

  test("nats.go#874: who made a shared durable deletes it when it drains, and the survivor is given nothing", () => {
    const steps = [start, subscribe(0), replica(1), subscribe(1), job(), term(), start, job()];
    const drains = policyWith({ consume: { durables: "created" }, shutdown: { strategy: "drain" } });
    const before = handled(underPolicy(drains, steps)).filter(text => text.includes("1+1"));
    expect(before).toEqual([]);
    const bound = policyWith({ shutdown: { strategy: "drain" } });
    expect(handled(underPolicy(bound, steps)).filter(text => text.includes("1+1"))).toEqual(["1: 1+1 1 acked"]);
  });

  test("… and a new subscriber starts from the beginning of the stream", () => {
    const drains = policyWith({ consume: { durables: "created" }, shutdown: { strategy: "drain" } });
    const steps = [start, subscribe(0), job(2), term(), start, subscribe(0)];
    expect(handled(underPolicy(drains, steps))).toEqual(["0: 0+2 1 acked", "0: 0+2 1 acked"]);
  });

  test("an acknowledgement that a cut loses brings the message back", () => {
    const steps = [start, replica(1), subscribe(1, "hangs"), job(), subscribe(0), kill(1), hold, advance(30_000)];
    const given = ["1: 0+1 1 hung", "0: 0+1 2 acked"];
    expect(handled(underPolicy(sound, [...steps, heal()]))).toEqual(given);
    expect(handled(underPolicy(sound, [...steps, cut(), heal()]))).toEqual([...given, "0: 0+1 3 acked"]);
  });
});

describe("a fault that ends while a publish makes its second attempt", () => {
  const tries = (attemptsMax: number, hasId = true): Policy =>
    policyWith({ publish: { attemptsMax, ...(hasId ? {} : { messageIds: [] }) } });
  const ends = (policy: Policy, fault: Bare, profile: Profile = natsGo): string[] =>
    eventsOf(underPolicy(policy, [start, fault, job(1, { overlap: true }), healAfter(1)]), profile).flatMap(event => {
      if (event.kind === "published") return ["duplicate" in event.outcome ? "duplicate" : event.outcome.is];
      return event.kind === "holds" ? [`stored ${event.count}`] : [];
    });

  test("behind a hold: both attempts arrive, and the second is acknowledged", () => {
    expect(ends(tries(2), hold)).toEqual(["duplicate", "stored 1"]);
    expect(ends(tries(2, false), hold)).toEqual(["acked", "stored 1", "stored 1"]);
  });

  test("in an outage: nats.go sends what it kept, and nats.js needs one attempt more", () => {
    expect(ends(tries(2), cut())).toEqual(["duplicate", "stored 1"]);
    expect(ends(tries(2), cut(), natsJs3)).toEqual(["unsettled"]);
    expect(ends(tries(3), cut(), natsJs3)).toEqual(["acked", "stored 1"]);
  });
});

test("asynchronous publishes that overlap the heal were all made while down: nats.js has wiped them all", () => {
  const steps = [start, cut(), job(10, { overlap: true, async: true }), heal()];
  const told = (profile: Profile): string[] =>
    eventsOf(underPolicy(sound, steps), profile).flatMap(event =>
      event.kind === "published" ? [`${event.count} ${event.outcome.is}`] : [],
    );
  expect(told(natsJs3)).toEqual(["10 unsettled"]);
  expect(told(natsGo).every(one => one.endsWith("acked"))).toBe(true);
});

test("what a server without JetStream was sent is in no stream, though the stream is there once it has JetStream", () => {
  const asksOnce = policyWith({ startup: { jetStreamProbe: "once" } });
  const held = (steps: readonly Bare[]): readonly number[] =>
    ["1", "2", "3"].flatMap(seed =>
      eventsOf(underPolicy(asksOnce, steps), natsGo, seed).flatMap(event =>
        event.kind === "holds" ? [event.first] : [],
      ),
    );
  const before = [fault({ kind: "no-jetstream" }), start, job()];
  expect(held(before)).toEqual([]);
  expect(held([...before, heal(), job()])).toEqual([1, 1, 1]);
});

test("a publish under way at a cut makes its other attempts while down: nats.go sends them after the reconnect", () => {
  const ends = (profile: Profile, messageIds: Policy["publish"]["messageIds"]): ReadonlySet<string> => {
    const tries = policyWith({ publish: { attemptsMax: 2, messageIds } });
    const scenario = underPolicy(tries, [start, job(1, { overlap: true }), cut(), heal()]);
    const all = Array.from({ length: 40 }, (_, seed) => shown(scenario, profile, String(seed)));
    return new Set(all.map(({ told, held }) => `${told.join()}, held ${held.length} times`));
  };
  const ids = [{ subjects: "job.>", id: "event" }] as const;
  expect(ends(natsGo, ids)).toEqual(new Set(["acked, held 1 times", "unsettled timeout, held 1 times"]));
  expect(ends(natsGo, [])).toEqual(
    new Set(["acked, held 1 times", "unsettled timeout, held 1 times", "unsettled timeout, held 2 times"]),
  );
  // It wipes what was published while down.
  expect(ends(natsJs3, ids)).toEqual(
    new Set(["acked, held 1 times", "unsettled timeout, held 1 times", "unsettled timeout, held 0 times"]),
  );
});

test("what a client sends as core NATS before a durable burst is lost in part where the burst meets a cut and has no answer", () => {
  const policy = policyWith({ classifier: [{ pattern: "job.a" }] });
  const steps = [start, job(4, { subject: "job.b" }), job(2, { overlap: true }), cut(), heal()];
  const heldOf = (answers: Answers): readonly string[] =>
    answeredRun(underPolicy(policy, steps), natsGo, answers).said.flatMap(event =>
      event.kind === "holds" ? [`${event.first}+${event.count}`] : [],
    );
  expect(heldOf({ "arrived-before-cut": 2, "ack-lost": 1 })).toEqual(["0+2", "5+1"]);
  expect(heldOf({ "arrived-before-cut": 4, "ack-lost": 1 })).toEqual(["0+4", "4+1", "5+1"]);
  // An answer to the burst comes behind all that was sent before it.
  expect(heldOf({ "acked-before-cut": 1, "arrived-before-cut": 0 })).toEqual(["0+4", "4+1"]);
});

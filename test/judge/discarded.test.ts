/** What is concluded of a stream that discards, on events written by hand: only what the numbers that the server tells prove. */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Event, HandledOutcome, Outcome } from "../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import { readCase } from "../../src/findings/counterexample.ts";
import { judge } from "../../src/judge/judge.ts";
import { runModelCase } from "../../src/judge/run.ts";
import { discardsOf, type Sent } from "../../src/worlds/driver/discarded.ts";
import type { Held } from "../../src/worlds/driver/rig.ts";
import { policy as base } from "../properties/service-events.ts";

const ring: StreamPolicy = {
  name: "RING",
  subjects: ["ring.>", "dead"],
  storage: "file",
  duplicateWindowMs: 120_000,
  messagesMax: 3,
  discard: "old",
  made: "created",
};
/** Each message was sent at the moment that its step is called. */
const sent: Sent = {
  contents: [{ first: 0, count: 100, subject: "ring.a", bytes: 16 }],
  toldAtMs: new Map([0, 400, 1_000].map(ms => [`at-${ms}`, ms])),
  atEndMs: 1_000,
  seen: new Set(),
  lost: { held: new Set(), discarded: new Set() },
  unstored: new Set(),
};
const policyOf = (stream: StreamPolicy, more: Partial<Policy> = {}): Policy => ({
  ...base,
  streams: [stream],
  ...more,
});

const acked: Outcome = { is: "acked" };
const duplicate: Outcome = { is: "acked", duplicate: true };
const timedOut: Outcome = { is: "unsettled", kind: "timeout" };
type Published = Extract<Event, { kind: "published" }>;
const publish = (first: number, count: number, outcome: Outcome, more: Partial<Published> = {}): Event => ({
  ...{ kind: "published", step: "s", first, count, frameBytes: 60, outcome, subject: "ring.a", durable: true },
  ...more,
});
const ends = (store?: "lost"): Event[] => [
  { kind: "fault", step: "f", fault: "stop-server", phase: "installed", ...(store === undefined ? {} : { store }) },
  { kind: "healed", step: "h" },
];
/** Of so many that were ever stored, the newest, which are these. */
const holds = (
  stored: number,
  numbers: readonly number[],
  more: Partial<Held["state"]> & { foreign?: number } = {},
): Held => {
  const { foreign = 0, ...state } = more;
  return {
    runs: numbers.map(first => ({ first, count: 1, subject: "ring.a", bytes: 16 })),
    foreign,
    deadLetters: [],
    numbers: undefined,
    state: {
      firstNumber: stored - numbers.length + 1,
      lastNumber: stored,
      messages: numbers.length,
      deleted: 0,
      keepsMax: ring.messagesMax,
      ...state,
    },
  };
};
const discarded = (first: number, count: number) => ({ kind: "discarded", stream: "RING", first, count });
const maybe = (first: number, count: number) => ({ kind: "may-be-discarded", stream: "RING", first, count });

interface Case {
  readonly events: readonly Event[];
  readonly held: Held | undefined;
  readonly stream?: Partial<StreamPolicy>;
  readonly under?: Partial<Policy>;
  readonly seen?: readonly number[];
  readonly says: readonly object[];
}
const check = ({ events, held, stream = {}, under = {}, seen = [], says }: Case): void => {
  const one = { ...ring, ...stream };
  expect(discardsOf(policyOf(one, under), one, events, held, { ...sent, seen: new Set(seen) }).says).toEqual(says);
};

test("what is larger than its stream is gone, though a queue's numbers count for nothing once its server has ended", () => {
  const { messagesMax: _, ...rest } = ring;
  const one: StreamPolicy = { ...rest, retention: "workqueue", bytesMax: 60 };
  const held = holds(2, []);
  const events = [publish(0, 1, acked), ...ends(), publish(1, 1, acked)];
  const large = { ...sent, contents: [{ first: 0, count: 100, subject: "ring.a", bytes: 100 }] };
  expect(discardsOf(policyOf(one), one, events, held, large).says).toEqual([discarded(0, 2)]);
  expect(discardsOf(policyOf(one), one, events, held, sent).says).toEqual([maybe(0, 1)]);
});

test("what is larger than its stream was gone when the stream was lost, and of two copies one may be pushed out", () => {
  const { messagesMax: _, ...rest } = ring;
  const one: StreamPolicy = { ...rest, storage: "memory", bytesMax: 60 };
  const large = { ...sent, contents: [{ first: 0, count: 100, subject: "ring.a", bytes: 100 }] };
  expect(discardsOf(policyOf(one), one, [publish(0, 2, acked), ...ends()], undefined, large).says).toEqual([
    discarded(0, 2),
  ]);
  const queue: StreamPolicy = { ...rest, retention: "workqueue", bytesMax: 120 };
  const twice = [publish(0, 1, acked), publish(0, 1, acked, { again: true }), publish(1, 1, acked)];
  expect(discardsOf(policyOf(queue), queue, twice, holds(3, [0, 1]), sent)).toEqual({ says: [], least: 0, most: 1 });
});

test("the last look at a stream before its loss tells what was lost with it from what its limit had taken", () => {
  const one: StreamPolicy = { ...ring, storage: "memory", messagesMax: 2 };
  const says = (held: readonly number[], gone: readonly number[], ...more: readonly Event[]) => {
    const events = [publish(0, 3, acked), ...more, ...ends()];
    const lost = { held: new Set(held), discarded: new Set(gone) };
    return discardsOf(policyOf(one), one, events, undefined, { ...sent, lost }).says;
  };
  expect(says([], [])).toEqual([maybe(0, 1)]);
  expect(says([1, 2], [0])).toEqual([discarded(0, 1)]);
  expect(says([0, 1, 2], [])).toEqual([]);
  // What is still under way may be stored after the look.
  expect(says([0, 1, 2], [], publish(3, 2, timedOut))).toEqual([maybe(0, 3)]);
});

test("what is called once its server has ended was not stored before, and pushed nothing out", () => {
  const one: StreamPolicy = { ...ring, storage: "memory", messagesMax: 2 };
  const [installed, healed] = ends();
  const ended: Event = { kind: "step", step: "f", phase: "ended" };
  const says = (...between: readonly (Event | undefined)[]) => {
    const events = [publish(0, 1, acked), installed, ...between, healed, ...ends()];
    return discardsOf(policyOf(one), one, events as readonly Event[], undefined, sent).says;
  };
  const late = publish(1, 1, timedOut);
  expect(says(ended, late)).toEqual([]);
  expect(says(late, ended)).toEqual([maybe(0, 1)]);
});

describe("discarded is what has a number below the first that is held", () => {
  test.each<[what: string, one: Case]>([
    [
      "all that was acknowledged before",
      { events: [publish(0, 5, acked)], held: holds(5, [2, 3, 4]), says: [discarded(0, 2)] },
    ],
    [
      "in several calls, and what was refused has none",
      {
        events: [publish(0, 2, acked), publish(2, 1, { is: "rejected", kind: "no-responders" }), publish(3, 4, acked)],
        held: holds(6, [4, 5, 6]),
        says: [discarded(0, 2), discarded(3, 1)],
      },
    ],
    [
      "one that was left open and stored counts",
      {
        events: [publish(0, 2, acked), publish(2, 1, timedOut), publish(3, 3, acked)],
        held: holds(6, [3, 4, 5]),
        says: [discarded(0, 2)],
      },
    ],
    [
      "one that was captured on its way to others counts",
      {
        events: [publish(0, 1, { is: "accepted" }, { durable: undefined } as object), publish(1, 4, acked)],
        held: holds(5, [2, 3, 4]),
        says: [discarded(1, 1)],
      },
    ],
    [
      "one that was published again and stored again counts twice",
      {
        events: [publish(0, 1, acked), publish(0, 1, acked, { again: true }), publish(1, 3, acked)],
        held: holds(5, [1, 2, 3]),
        says: [discarded(0, 1)],
      },
    ],
    [
      "a duplicate of itself counts once",
      {
        events: [publish(0, 1, timedOut), publish(0, 1, duplicate, { again: true }), publish(1, 3, acked)],
        held: holds(4, [1, 2, 3]),
        says: [discarded(0, 1)],
      },
    ],
    [
      "a file outlives the end of its server",
      {
        events: [publish(0, 2, acked), ...ends(), publish(2, 3, acked)],
        held: holds(5, [2, 3, 4]),
        says: [discarded(0, 2)],
      },
    ],
  ])("%s", (_what, one) => check(one));
});

describe("what was acknowledged and never stored is not excused", () => {
  test.each<[what: string, one: Case]>([
    ["nothing was discarded", { events: [publish(0, 5, acked)], held: holds(3, [2, 3, 4]), says: [] }],
    ["the stream is not at its limit", { events: [publish(0, 3, acked)], held: holds(2, [1, 2]), says: [] }],
    [
      "it was published after one that is held",
      { events: [publish(0, 6, acked)], held: holds(5, [2, 3, 5]), says: [discarded(0, 2)] },
    ],
    [
      "there are fewer numbers than acknowledgements: only the oldest may have had one",
      { events: [publish(0, 5, acked)], held: holds(4, [2, 3, 4]), says: [maybe(0, 1)] },
    ],
    ["the stream is gone", { events: [publish(0, 5, acked)], held: undefined, says: [] }],
    [
      "what is swallowed by another's id had no number",
      {
        events: [publish(0, 1, acked, { key: "a" }), publish(1, 1, duplicate, { key: "a" }), publish(2, 3, acked)],
        held: holds(4, [2, 3, 4]),
        under: { publish: { ...base.publish, attemptsMax: 1, messageIds: [{ subjects: "ring.>", id: "key" }] } },
        says: [discarded(0, 1)],
      },
    ],
    [
      "the disk was lost with the newest three",
      { events: [publish(0, 3, acked), ...ends("lost")], held: holds(0, []), says: [] },
    ],
  ])("%s", (_what, one) => check(one));

  test("a stream without a limit, and one that refuses what is new, discard nothing", () => {
    const events = [publish(0, 5, acked)];
    const { messagesMax: _, ...unlimited } = ring;
    expect(discardsOf(policyOf(unlimited), unlimited, events, holds(5, [2, 3, 4]), sent).says).toEqual([]);
    check({ events, held: holds(5, [2, 3, 4]), stream: { discard: "new" }, says: [] });
  });
});

describe("by bytes", () => {
  // 52 bytes each: 30, the subject of 6, and 16 of payload.
  const byBytes: Partial<StreamPolicy> = { messagesMax: undefined, bytesMax: 156 } as object;
  test.each<[what: string, one: Case]>([
    [
      "what was acknowledged before three others has made room",
      { events: [publish(0, 5, acked)], held: holds(5, [2, 3, 4]), stream: byBytes, says: [discarded(0, 2)] },
    ],
    [
      "nothing has where all that was stored has room",
      { events: [publish(0, 3, acked)], held: holds(3, [1, 2]), stream: byBytes, says: [] },
    ],
    [
      "one that is larger than its stream takes all before it, and itself",
      {
        events: [publish(0, 3, acked)],
        held: holds(3, []),
        stream: { ...byBytes, bytesMax: 51 },
        says: [discarded(0, 3)],
      },
    ],
    [
      "what was acknowledged and has no number is not excused",
      { events: [publish(0, 6, acked)], held: holds(5, [3, 4, 5]), stream: byBytes, says: [maybe(0, 2)] },
    ],
    [
      "where memory was lost, what then has made room cannot be told",
      {
        events: [publish(0, 5, acked), ...ends(), publish(5, 1, acked)],
        held: holds(1, [5]),
        // 38 bytes each in memory.
        stream: { ...byBytes, bytesMax: 114, storage: "memory" },
        says: [maybe(0, 2)],
      },
    ],
  ])("%s", (_what, one) => check(one));
});

describe("within a subject", () => {
  const bySubject: Partial<StreamPolicy> = { messagesMax: undefined, messagesPerSubjectMax: 1 } as object;
  const other = { subject: "ring.b" };
  /** The numbers that the stream has given, and what it holds by subject. */
  const among = (stored: number, a: readonly number[], b: readonly number[]): Held => {
    const held = holds(stored, [...a, ...b]);
    const runs = held.runs.map((run, i) => ({ ...run, subject: i < a.length ? "ring.a" : "ring.b" }));
    return { ...held, runs, state: { ...held.state, firstNumber: 1, deleted: stored - runs.length } };
  };
  test.each<[what: string, one: Case]>([
    [
      "the older one is replaced, from the middle too",
      {
        events: [publish(0, 1, acked), publish(1, 1, acked, other), publish(2, 1, acked), publish(3, 1, acked)],
        held: among(4, [3], [1]),
        stream: bySubject,
        says: [discarded(0, 1), discarded(2, 1)],
      },
    ],
    [
      "also where the stream refuses what is new beyond its other limits",
      {
        events: [publish(0, 2, acked)],
        held: among(2, [1], []),
        stream: { ...bySubject, discard: "new" },
        says: [discarded(0, 1)],
      },
    ],
    [
      "nothing is where the new is refused for each subject",
      {
        events: [publish(0, 2, acked)],
        held: among(2, [1], []),
        stream: { ...bySubject, discard: "new", discardsNewPerSubject: true },
        says: [],
      },
    ],
    [
      "nothing is while its subject has room",
      {
        events: [publish(0, 1, acked), publish(1, 1, acked, other)],
        held: among(2, [], [1]),
        stream: bySubject,
        says: [],
      },
    ],
    [
      "what was acknowledged and has no number is not excused",
      {
        events: [publish(0, 3, acked)],
        held: among(2, [2], []),
        stream: bySubject,
        says: [maybe(0, 1)],
      },
    ],
  ])("%s", (_what, one) => check(one));
});

describe("by age", () => {
  const byAge: Partial<StreamPolicy> = { messagesMax: undefined, ageMaxMs: 600, duplicateWindowMs: 500 } as object;
  const publishAt = (ms: number, first: number, outcome: Outcome = acked): Event =>
    publish(first, 1, outcome, { step: `at-${ms}` });
  test.each<[what: string, one: Case]>([
    [
      "what was old enough by the scenario's time is gone",
      {
        events: [publishAt(0, 0), publishAt(400, 1), publishAt(1_000, 2)],
        held: holds(3, [2]),
        stream: byAge,
        says: [discarded(0, 2)],
      },
    ],
    [
      "what was too young is not excused",
      { events: [publishAt(0, 0), publishAt(1_000, 1)], held: holds(2, []), stream: byAge, says: [maybe(0, 1)] },
    ],
    [
      "what was acknowledged and has no number is not excused",
      {
        events: [publishAt(0, 0), publishAt(0, 1), publishAt(1_000, 2)],
        held: holds(2, [2]),
        stream: byAge,
        says: [maybe(0, 1)],
      },
    ],
    [
      "an age of which no scenario sees the end takes nothing",
      { events: [publishAt(0, 0)], held: holds(1, []), stream: { ...byAge, ageMaxMs: 86_400_000 }, says: [] },
    ],
  ])("%s", (_what, one) => check(one));
});

describe("where the numbers do not tell, it is said so", () => {
  const open = [publish(0, 2, acked), publish(2, 1, timedOut), publish(3, 3, acked)];
  test.each<[what: string, one: Case]>([
    [
      "one that was left open may have had the number",
      { events: open, held: holds(5, [3, 4, 5]), says: [maybe(0, 2)] },
    ],
    [
      "except of one that was seen there",
      { events: open, held: holds(5, [3, 4, 5]), seen: [1, 3], says: [discarded(1, 1), maybe(0, 1)] },
    ],
    [
      "one that was seen there has its number, and another one has none",
      { events: [publish(0, 5, acked)], held: holds(4, [2, 3, 4]), seen: [1], says: [discarded(1, 1)] },
    ],
    [
      "more was stored than was published",
      { events: [publish(0, 5, acked)], held: holds(6, [2, 3, 4]), says: [maybe(0, 2)] },
    ],
    [
      "a call may have stored its message twice",
      {
        events: [publish(0, 5, acked)],
        held: holds(5, [2, 3, 4]),
        under: { publish: { ...base.publish, attemptsMax: 2, messageIds: [] } },
        says: [maybe(0, 2)],
      },
    ],
    [
      "others store in it, too",
      {
        events: [publish(0, 4, acked)],
        held: { ...holds(5, [2, 3], { messages: 3, firstNumber: 3, foreign: 1 }) },
        says: [maybe(0, 2)],
      },
    ],
    [
      "somebody has deleted from it",
      {
        events: [publish(0, 5, acked)],
        held: holds(5, [2, 3, 4], { firstNumber: 3, deleted: 1 }),
        says: [maybe(0, 2)],
      },
    ],
    [
      "dead letters took numbers",
      {
        events: [
          publish(0, 4, acked),
          { kind: "handled", replica: 1, subject: "ring.a", delivery: 1, outcome: "dead-lettered", first: 0, count: 1 },
        ],
        held: holds(4, [1, 2, 3]),
        under: { consume: { ...base.consume, failures: "dead-letter", deadLetterSubject: "dead" } },
        says: [maybe(0, 1)],
      },
    ],
    [
      "memory was lost: the newest three with it, and those before may have made room",
      {
        events: [publish(0, 5, acked), ...ends(), publish(5, 1, acked)],
        held: holds(1, [5]),
        stream: { storage: "memory" },
        says: [maybe(0, 2)],
      },
    ],
  ])("%s", (_what, one) => check(one));
});

describe("out of a stream that lets go of what is handled", () => {
  const queue = { retention: "workqueue" } as const;
  const handled = (message: number, outcome: HandledOutcome = "acked", delivery = 1): Event => ({
    ...{ kind: "handled", replica: 1, subject: "ring.a", delivery, outcome, first: message, count: 1 },
  });
  const subscribed: Event = { kind: "subscribed", replica: 1, subject: "ring.a", handler: "acks" };
  test.each<[what: string, one: Omit<Case, "stream">, stream?: Partial<StreamPolicy>]>([
    [
      "a limit takes the oldest that nobody has handled",
      { events: [publish(0, 5, acked)], held: holds(5, [2, 3, 4]), says: [discarded(0, 2)] },
    ],
    [
      "handlers take others, whose numbers are theirs",
      {
        events: [publish(0, 6, acked), handled(2), handled(5)],
        held: holds(6, [3, 4]),
        says: [discarded(0, 2)],
      },
    ],
    [
      "handlers take all that is gone",
      { events: [publish(0, 5, acked), handled(0), handled(1)], held: holds(5, [2, 3, 4]), says: [] },
    ],
    [
      "one that was never stored has no number",
      { events: [publish(0, 6, acked), handled(0)], held: holds(4, [4, 5]), says: [maybe(1, 1)] },
    ],
    [
      "one that hangs is no less gone",
      {
        events: [publish(0, 4, acked), handled(0, "hung"), handled(1, "failed")],
        held: holds(4, [1, 2, 3]),
        says: [discarded(0, 1)],
      },
    ],
    ["a limit takes none before it is reached", { events: [publish(0, 3, acked)], held: holds(3, [1, 2]), says: [] }],
    [
      "an age takes what is old enough",
      {
        events: [publish(0, 2, acked, { step: "at-0" }), handled(1), publish(2, 1, acked, { step: "at-400" })],
        held: holds(3, [2]),
        says: [discarded(0, 1)],
      },
      { messagesMax: 100, ageMaxMs: 1_000 },
    ],
    [
      "within a subject, though it is not full any more",
      { events: [publish(0, 3, acked), handled(2)], held: holds(3, []), says: [discarded(0, 2)] },
      { messagesMax: 100, messagesPerSubjectMax: 1 },
    ],
    [
      "what had no consumer has a number of its own",
      {
        events: [publish(0, 2, acked), subscribed, publish(2, 4, acked)],
        held: holds(6, [3, 4, 5]),
        says: [discarded(2, 1)],
      },
      { retention: "interest" },
    ],
    [
      "a call without an answer leaves it open, except for what was seen there",
      {
        events: [publish(0, 2, acked), publish(2, 1, timedOut), publish(3, 3, acked)],
        held: holds(5, [3, 4, 5]),
        seen: [0],
        says: [discarded(0, 1), maybe(1, 1)],
      },
    ],
    [
      "a message that was handled twice leaves it open",
      { events: [publish(0, 5, acked), handled(4), handled(4)], held: holds(5, [2, 3]), says: [maybe(0, 2)] },
    ],
    [
      "an end of the server leaves it open",
      {
        events: [publish(0, 5, acked), ...ends()],
        held: holds(5, [2, 3, 4]),
        seen: [1],
        says: [discarded(1, 1), maybe(0, 1)],
      },
    ],
    [
      "an end of the server before all does not",
      { events: [...ends(), publish(0, 5, acked)], held: holds(5, [2, 3, 4]), says: [discarded(0, 2)] },
    ],
    [
      "memory was lost with it, and what was handled before is none of it",
      { events: [publish(0, 5, acked), handled(1), ...ends()], held: undefined, says: [maybe(0, 1)] },
      { storage: "memory" },
    ],
  ])("%s", (_what, one, stream) => check({ ...one, stream: { ...queue, ...stream } }));

  /** What becomes of each message: whether it is stored, and when a handler acknowledges it. */
  const happening = fc.record({
    outcome: fc.constantFrom<Outcome>(acked, acked, timedOut),
    isStored: fc.boolean(),
    handles: fc.boolean(),
  });
  test("whatever happens, no message is excused that was never there, and no true one is in doubt", () => {
    const stream: StreamPolicy = { ...ring, ...queue };
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 12 }), all => {
        const events: Event[] = [];
        let there: number[] = [];
        const stored = new Set<number>();
        const gone: number[] = [];
        for (const [message, { outcome, isStored, handles }] of all.entries()) {
          events.push(publish(message, 1, outcome));
          if (isStored || outcome === acked) {
            stored.add(message);
            there.push(message);
            if (there.length > 3) gone.push(...there.splice(0, 1));
          }
          const oldest = there[0];
          if (!handles || oldest === undefined) continue;
          events.push(handled(oldest));
          there = there.slice(1);
        }
        const { says } = discardsOf(policyOf(stream), stream, events, holds(stored.size, there), sent);
        const each = (kind: string): readonly number[] =>
          says
            .filter(one => one.kind === kind)
            .flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
        for (const message of each("discarded")) expect(gone).toContain(message);
        const ackedGone = gone.filter(message => all[message]?.outcome === acked);
        expect([...each("discarded"), ...each("may-be-discarded")]).toEqual(expect.arrayContaining(ackedGone));
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });
});

test("a case in which nobody can tell is inconclusive, and names the message", () => {
  const file = "fixtures/scenarios/durable-path/a-full-stream-discards-the-oldest.json";
  const scenario = { ...readCase(join(import.meta.dirname, "../..", file), file).scenario, expect: {} };
  const id = "durable-path/acked-is-never-lost";
  const verdictOf = (kind: "discarded" | "may-be-discarded" | undefined) => {
    const { events } = runModelCase({ scenario, profile: natsGo, seed: "1" });
    const said = events.flatMap((one): Event[] => {
      if (one.kind !== "discarded") return [one];
      const { stream, first, count } = one;
      return kind === undefined ? [] : [{ kind, stream, first, count }];
    });
    return judge(planCase(scenario, natsGo), said, { require: [id] });
  };
  expect(verdictOf("discarded")).toMatchObject({ verdict: "holds", ledger: { classes: { kept: 3, silentLoss: 2 } } });
  expect(verdictOf("may-be-discarded")).toMatchObject({
    verdict: "inconclusive",
    reason: "whether the limit of its stream has discarded message 0, or it was lost, cannot be told",
    ledger: { classes: { kept: 3, silentLoss: 0, unknown: 2 } },
  });
  expect(verdictOf(undefined)).toMatchObject({
    verdict: "violated",
    about: { kind: "promise", property: id },
    reason: "message 0 was acknowledged, and no stream holds it",
  });
});

describe("of any stream, whatever was told and stored", () => {
  /** What a call was told, and whether its message was stored. */
  const call = fc.constantFrom(
    { outcome: acked, stored: true, kind: "kept" },
    { outcome: acked, stored: false, kind: "lie" },
    { outcome: timedOut, stored: true, kind: "open" },
    { outcome: timedOut, stored: false, kind: "open" },
    { outcome: { is: "rejected", kind: "no-responders" } as Outcome, stored: false, kind: "refused" },
  );
  const calls = fc.array(call, { maxLength: 12 });

  function concluded(made: readonly { readonly outcome: Outcome; readonly stored: boolean }[]) {
    const stored = made.flatMap((one, message) => (one.stored ? [message] : []));
    const held = stored.slice(-(ring.messagesMax ?? 0));
    const events = made.map(({ outcome }, message) => publish(message, 1, outcome));
    const said = discardsOf(policyOf(ring), ring, events, holds(stored.length, held), sent).says;
    const of = (kind: string): readonly number[] =>
      said
        .filter(one => one.kind === kind)
        .flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
    return { stored: new Set(stored), held: new Set(held), discarded: of("discarded"), maybe: of("may-be-discarded") };
  }

  test("nothing is said to be discarded that was never stored", () => {
    fc.assert(
      fc.property(calls, made => {
        const { stored, held, discarded: gone } = concluded(made);
        for (const message of gone) expect([stored.has(message), held.has(message)]).toEqual([true, false]);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  test("where nobody lies, nothing that was discarded is left without a word", () => {
    fc.assert(
      fc.property(calls, all => {
        const made = all.filter(({ kind }) => kind !== "lie");
        const { held, discarded: gone, maybe: open } = concluded(made);
        const missing = made.flatMap(({ outcome }, m) => (outcome === acked && !held.has(m) ? [m] : []));
        expect([...gone, ...open].toSorted((a, b) => a - b)).toEqual(missing);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  test("where somebody lies and every call is acknowledged, one at least is not excused", () => {
    fc.assert(
      fc.property(calls, all => {
        const made = all.filter(({ outcome }) => outcome === acked);
        const lies = made.filter(({ stored }) => !stored).length;
        const { held, discarded: gone, maybe: open } = concluded(made);
        const excused = gone.length + open.length;
        expect(made.length - held.size - excused).toBeGreaterThanOrEqual(lies);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });
});

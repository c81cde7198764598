/** What is concluded of a message that a work queue does not hold, on events and figures written by hand. */
import { describe, expect, test } from "vitest";
import type { Event, HandledOutcome, Outcome } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { acknowledgedIn, type NumbersGone } from "../../../src/worlds/driver/acknowledged.ts";
import type { Held, Removal } from "../../../src/worlds/driver/rig.ts";
import type { StreamEnd } from "../../../src/worlds/driver/sequences.ts";
import { policy as base } from "../../properties/service-events.ts";

const queue: StreamPolicy = {
  ...{ name: "JOBS", subjects: ["job.>"], storage: "file", duplicateWindowMs: 120_000 },
  ...{ discard: "old", made: "present", retention: "workqueue" },
};
const handled = (message: number, outcome: HandledOutcome = "acked", delivery = 1, subject = "job.a"): Event => ({
  ...{ kind: "handled", replica: 1, subject, delivery, outcome, first: message, count: 1 },
});
const stored = (message: number): Event => ({
  ...{ kind: "published", step: "s", first: message, count: 1, frameBytes: 60, subject: "job.a", durable: true },
  outcome: { is: "acked" },
});
const restarted: Event = { kind: "fault", step: "f", fault: "stop-server", phase: "installed" };

/** So many were ever stored, of which these are there. */
const holds = (stored: number, messages: readonly number[]): Held => ({
  runs: messages.map(first => ({ first, count: 1, subject: "job.a", bytes: 16 })),
  ...{ foreign: 0, deadLetters: [], numbers: undefined },
  state: {
    ...{ firstNumber: stored - messages.length + 1, lastNumber: stored, messages: messages.length },
    ...{ deleted: 0, keepsMax: undefined },
  },
});

function concluded(
  told: readonly Event[],
  held: Held | undefined,
  more: Partial<StreamEnd> = {},
  byLimit?: NumbersGone,
) {
  const { stream = queue } = more;
  const policy: Policy = { ...base, streams: [stream] };
  const end = {
    policy,
    stream,
    told,
    held,
    elsewhere: new Set<number>(),
    removals: [],
    client: "faultline-4",
    ...more,
  };
  const { gone, doubt } = acknowledgedIn(end, byLimit);
  return { gone: gone.map(({ first, count }) => `${first}+${count}`), doubt };
}

test.each<[what: string, told: readonly Event[], held: Held | undefined, gone: readonly string[]]>([
  ["handled, and not held", [handled(0), handled(1)], holds(2, []), ["0+2"]],
  [
    "failed and acknowledged",
    [handled(0, "acknowledged-failed"), handled(2, "dead-lettered")],
    holds(2, []),
    ["0+1", "2+1"],
  ],
  ["beside others that are held", [handled(1), handled(0, "hung")], holds(3, [0, 2]), ["1+1"]],
  [
    "not what failed, hangs or has begun",
    [handled(0, "failed"), handled(1, "hung"), handled(2, "begun")],
    holds(3, [0, 1, 2]),
    [],
  ],
  [
    "terminated, or acknowledged before the work",
    [handled(0, "terminated"), handled(1, "acked-early")],
    holds(2, []),
    ["0+2"],
  ],
  ["given twice, stored once", [handled(0, "failed"), handled(0, "acked", 2)], holds(1, []), ["0+1"]],
  ["acknowledged twice, stored once", [handled(0), handled(0, "acked", 2)], holds(1, []), ["0+1"]],
  ["stored twice", [handled(0), handled(0)], holds(2, []), ["0+1", "0+1"]],
  [
    "stored twice as its publisher was told, and one copy given twice",
    [stored(0), stored(0), handled(0, "failed"), handled(0), handled(0, "acked", 2)],
    holds(2, []),
    ["0+1", "0+1"],
  ],
  [
    "the one of such copies that is not held",
    [stored(0), stored(0), handled(0), handled(0, "acked", 2)],
    holds(2, [0]),
    ["0+1"],
  ],
  ["given twice by consumers made anew, stored once", [handled(0), handled(0)], holds(1, []), ["0+1"]],
  ["not one whose acknowledgement was lost", [handled(0), handled(1)], holds(2, [0]), ["1+1"]],
  ["one of two copies", [handled(0)], holds(2, [0]), ["0+1"]],
  ["not what another stream has", [handled(0, "acked", 1, "other.a")], holds(0, []), []],
  ["where the stream is lost", [handled(0), restarted], undefined, ["0+1"]],
  ["where numbers begin again", [handled(0), handled(1), restarted, handled(2)], holds(1, []), ["0+3"]],
  ["stored again after a restart", [handled(0), restarted, handled(0)], holds(2, []), ["0+1", "0+1"]],
  ["nothing where more was told than was ever stored", [handled(0), handled(1)], holds(1, []), []],
])("%s", (_, told, held, gone) => {
  expect(concluded(told, held)).toEqual({ gone, doubt: undefined });
});

test("more that is gone than handlers have told of is in doubt", () => {
  expect(concluded([handled(0)], holds(3, []))).toEqual({
    gone: ["0+1"],
    doubt:
      "3 of the 3 messages that JOBS has numbered are gone, and the bus has told of 1 that were acknowledged by a handler or had no consumer: whether the others were too, or were removed, cannot be told",
  });
  const between = concluded([handled(0), handled(0), handled(1), handled(1)], holds(3, []));
  expect(between.doubt).toMatch(/has told of 2 to 4 that/);
});

test.each<[what: string, held: Held, byLimit: NumbersGone, gone: readonly string[], isInDoubt: boolean]>([
  ["all that handlers have not taken", holds(3, []), { least: 2, most: 2 }, ["0+1"], false],
  ["all that may have been stored", holds(3, []), { least: 1, most: 3 }, ["0+1"], false],
  ["less than is gone", holds(3, []), { least: 1, most: 1 }, ["0+1"], true],
  ["more than is gone, so handlers told of too much", holds(2, []), { least: 2, most: 2 }, [], false],
])("a limit of the stream has taken %s", (_, held, byLimit, gone, isInDoubt) => {
  const one = concluded([handled(0)], held, {}, byLimit);
  expect([one.gone, one.doubt !== undefined]).toEqual([gone, isInDoubt]);
});

test("a removal that was heard explains it, and a stream that keeps what is handled is left alone", () => {
  const removals: readonly Removal[] = [{ stream: "JOBS", what: "messages", by: "faultline-4" }];
  expect(concluded([handled(0)], holds(3, []), { removals }).doubt).toBeUndefined();
  const { retention: _, ...keeps } = queue;
  expect(concluded([handled(0)], holds(3, []), { stream: keeps })).toEqual({ gone: [], doubt: undefined });
});

describe("a stream that keeps messages for its consumers alone", () => {
  const feed: StreamPolicy = { ...queue, retention: "interest" };
  const publishes = (first: number, count: number, outcome: Outcome, subject = "job.a"): Event => ({
    ...{ kind: "published", step: "s", first, count, frameBytes: 60, outcome, subject, durable: true },
  });
  const subscribed: Event = { kind: "subscribed", replica: 1, subject: "job.a", handler: "acks" };
  const acked: Outcome = { is: "acked" };
  const timedOut: Outcome = { is: "unsettled", kind: "timeout" };
  const judged = (told: readonly Event[], held: Held, ackPolicy: "explicit" | "none" | "all" = "explicit") => {
    const policy: Policy = { ...base, streams: [feed], consume: { ...base.consume, ackPolicy } };
    const end = { policy, stream: feed, told, held, elsewhere: new Set<number>(), removals: [], client: "faultline-4" };
    const { gone, doubt } = acknowledgedIn(end);
    return [
      ...gone.map(({ because, first, count }) => `${because} ${first}+${count}`),
      ...(doubt === undefined ? [] : ["doubt"]),
    ];
  };

  test.each<[what: string, told: readonly Event[], held: Held, says: readonly string[]]>([
    ["has not kept what came before its consumer", [publishes(0, 2, acked)], holds(2, []), ["no-consumer 0+2"]],
    [
      "keeps what came after it",
      [publishes(0, 1, acked), subscribed, publishes(1, 1, acked)],
      holds(2, [1]),
      ["no-consumer 0+1"],
    ],
    ["lets go of what is handled", [subscribed, publishes(0, 1, acked), handled(0)], holds(1, []), ["handled 0+1"]],
    [
      "tells nothing of a message that its consumer should have",
      [subscribed, publishes(0, 1, acked)],
      holds(1, []),
      ["doubt"],
    ],
    [
      "may have had a message that timed out",
      [publishes(0, 1, acked), publishes(1, 1, timedOut)],
      holds(2, []),
      ["no-consumer 0+1"],
    ],
    ["never had what it did not number", [publishes(0, 2, acked)], holds(1, []), []],
    [
      "had a message that timed out, and that it knows by its id afterwards",
      [publishes(0, 1, timedOut), publishes(0, 1, { is: "acked", duplicate: true })],
      holds(1, []),
      ["no-consumer 0+1"],
    ],
    [
      "may have got it late, for a consumer that was there by then",
      [publishes(0, 1, timedOut), subscribed, publishes(0, 1, { is: "acked", duplicate: true })],
      holds(1, []),
      [],
    ],
    [
      "knows a duplicate from a message",
      [publishes(0, 1, acked), publishes(0, 1, { is: "acked", duplicate: true })],
      holds(1, []),
      ["no-consumer 0+1"],
    ],
  ])("%s", (_, told, held, says) => {
    expect(judged(told, held)).toEqual(says);
  });

  const deleted: Event = { kind: "consumer-deleted", stream: "JOBS", subject: "job.a" };
  const dropped = (first: number): Event => ({
    ...{ kind: "discarded", stream: "JOBS", because: "no-consumer", first, count: 1 },
  });
  const given = [subscribed, publishes(0, 3, acked)];

  test("may have kept a late message for a consumer that was deleted before it is known again", () => {
    const known = publishes(0, 1, { is: "acked", duplicate: true });
    expect(judged([publishes(0, 1, timedOut), subscribed, deleted, known], holds(1, []))).toEqual([]);
  });

  test("drops what it kept for a consumer that was deleted, which is told once, and keeps nothing after it", () => {
    const told = [...given, handled(0), deleted, dropped(1), dropped(2), publishes(3, 1, acked)];
    expect(judged(told, holds(4, []))).toEqual(["no-consumer 3+1", "handled 0+1"]);
    expect(judged([...told, subscribed, publishes(4, 1, acked)], holds(5, [4]))).toEqual([
      ...["no-consumer 3+1", "handled 0+1"],
    ]);
    expect(judged([...given, handled(0), deleted], holds(3, []))).toContain("doubt");
  });

  test("lets go of what is delivered, or of what stands before an acknowledged one, as its ack policy says", () => {
    const failed = [...given, handled(0, "failed"), handled(1, "failed")];
    expect(judged(failed, holds(3, [2]), "none")).toEqual(["handled 0+2"]);
    expect(judged(failed, holds(3, [0, 1, 2]), "all")).toEqual([]);
    expect(judged([...failed, handled(2)], holds(3, []), "all")).toEqual(["handled 0+3"]);
    expect(judged([...failed, handled(2)], holds(3, [0, 1]), "all")).toEqual(["handled 2+1"]);
    expect(judged([...failed, handled(2)], holds(3, []))).toContain("doubt");
  });
});

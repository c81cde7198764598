/** What the properties hold as runs is what the ledger holds message by message, also over events that no sane bus would emit. */
import { expect, test } from "vitest";
import type { Event, Outcome } from "../../models/vocabulary/event.ts";
import { randomOf } from "../../properties/arbitraries/random.ts";
import { newLedger, recordInLedger } from "../../properties/ledger.ts";
import { firstOvertaking, firstSilentlyLost } from "../../properties/message-runs.ts";
import { newSeen, see } from "../../properties/seen.ts";
import { times } from "../models/cases.ts";

const outcomes: readonly Outcome[] = [
  { is: "accepted" },
  { is: "rejected", kind: "buffer-full" },
  { is: "unsettled", kind: "timeout" },
];

/** Overlapping, repeated and out of order. */
function randomEvents(word: string): Event[] {
  const random = randomOf(word, "events");
  const event = (): Event => {
    const run = { first: random.int(0, 30), count: random.int(0, 8) };
    if (random.chance(0.5)) return { kind: "delivered", ...run };
    return { kind: "published", step: "publish", frameBytes: 30, outcome: random.pick(outcomes), ...run };
  };
  return Array.from({ length: random.int(1, 25) }, event);
}

test("every message has the outcome and the arrivals that the ledger has, without a gap", () => {
  for (let i = 0; i < times(500); i++) {
    const seen = newSeen();
    const { known } = seen;
    const ledger = newLedger();
    for (const event of randomEvents(`runs-${i}`)) {
      see(seen, event);
      recordInLedger(ledger, event);
    }
    let next = 0;
    for (const { first, count, outcome, arrivals } of known.runs) {
      expect(first).toBe(next);
      next += count;
      for (let m = first; m < next; m++)
        expect([m, outcome, arrivals]).toEqual([m, ledger.outcomes[m], ledger.arrivals[m] ?? 0]);
    }
    expect(next).toBeGreaterThanOrEqual(Math.max(ledger.arrivals.length, ledger.outcomes.length));
    expect(known.published).toBeGreaterThanOrEqual(ledger.outcomes.length);
  }
});

test("what is counted while events come is what a full scan of the ledger counts", () => {
  for (let i = 0; i < times(500); i++) {
    const seen = newSeen();
    const ledger = newLedger();
    const events = randomEvents(`counts-${i}`);
    for (const event of events) {
      see(seen, event);
      recordInLedger(ledger, event);
    }
    const messages = Array.from({ length: Math.max(ledger.outcomes.length, ledger.arrivals.length) }, (_, m) => ({
      is: ledger.outcomes[m]?.is,
      arrivals: ledger.arrivals[m] ?? 0,
    }));
    const those = (fit: (one: (typeof messages)[number]) => boolean): number => messages.filter(fit).length;
    expect(seen.known.counts).toEqual({
      arrived: those(({ arrivals }) => arrivals > 0),
      arrivedTwice: those(({ arrivals }) => arrivals > 1),
      arrivedUntold: those(({ is, arrivals }) => is === undefined && arrivals > 0),
      rejected: those(({ is }) => is === "rejected"),
      rejectedArrived: those(({ is, arrivals }) => is === "rejected" && arrivals > 0),
      lost: those(({ is, arrivals }) => is !== undefined && is !== "rejected" && arrivals === 0),
      missing: those(({ is, arrivals }) => is === "accepted" && arrivals === 0),
    });
  }
});

test("the first message lost in silence, and the first that overtook, are named", () => {
  const seen = newSeen();
  const { known } = seen;
  const published: Event = {
    kind: "published",
    step: "publish",
    first: 0,
    count: 10,
    frameBytes: 30,
    outcome: { is: "accepted" },
  };
  const delivered: readonly Event[] = [
    { kind: "delivered", first: 0, count: 3 },
    { kind: "delivered", first: 7, count: 3 },
    { kind: "delivered", first: 5, count: 1 },
  ];
  for (const event of [published, ...delivered]) see(seen, event);
  expect(firstSilentlyLost(known, [{ first: 0, count: 3 }])).toBeUndefined();
  expect(firstSilentlyLost(known, [{ first: 0, count: 10 }])).toBe(3);
  expect(firstSilentlyLost(known, [{ first: 5, count: 2 }])).toBe(6);
  expect(
    firstOvertaking(known, [
      { first: 0, count: 3 },
      { first: 7, count: 3 },
    ]),
  ).toBeUndefined();
  expect(firstOvertaking(known, [{ first: 5, count: 5 }])).toBe(7);
  expect(firstOvertaking(known, [{ first: 3, count: 3 }])).toBe(5);
  see(seen, { kind: "observed", complete: false });
  expect(firstSilentlyLost(known, [{ first: 0, count: 10 }])).toBeUndefined();
  // Messages 3 and 4 may have arrived unseen, before message 5; message 5 was seen after message 7.
  expect(firstOvertaking(known, [{ first: 3, count: 3 }])).toBeUndefined();
  expect(firstOvertaking(known, [{ first: 5, count: 5 }])).toBe(7);
});

test("where a message stands in the order of arrival is told of those that arrived, and of no other", () => {
  const seen = newSeen();
  const accepted: Outcome = { is: "accepted" };
  for (const event of [
    { kind: "published", step: "publish", first: 0, count: 6, frameBytes: 30, outcome: accepted } as const,
    { kind: "delivered", first: 3, count: 2 } as const,
    { kind: "delivered", first: 0, count: 1 } as const,
  ])
    see(seen, event);
  expect(seen.known.runs.map(({ first, count, arrivedAt }) => [first, count, arrivedAt])).toEqual([
    [0, 1, 2],
    [1, 2, -1],
    [3, 2, 0],
    [5, 1, -1],
  ]);
});

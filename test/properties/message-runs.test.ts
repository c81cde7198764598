/** What the properties hold as runs is what the ledger holds message by message, also over events that no sane bus would emit. */
import { expect, test } from "vitest";
import type { Event, Outcome } from "../../models/vocabulary/event.ts";
import { randomOf } from "../../properties/arbitraries/random.ts";
import { newLedger, recordInLedger } from "../../properties/ledger.ts";
import { firstOvertaking, firstSilentlyLost, newKnown, recordRuns } from "../../properties/message-runs.ts";
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
    const known = newKnown();
    const ledger = newLedger();
    for (const event of randomEvents(`runs-${i}`)) {
      recordRuns(known, event);
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

test("the first message lost in silence, and the first that overtook, are named", () => {
  const known = newKnown();
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
  for (const event of [published, ...delivered]) recordRuns(known, event);
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
  recordRuns(known, { kind: "observed", complete: false });
  expect(firstSilentlyLost(known, [{ first: 0, count: 10 }])).toBeUndefined();
});

/** The six classes of a publish, as the table of the design has them. */
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../models/vocabulary/event.ts";
import type { ClassName } from "../../models/vocabulary/scenario.ts";
import { classOf, ledgerOf, newLedger, recordInLedger } from "../../properties/ledger.ts";
import { accepted, delivered, observed, published, rejected, unsettled } from "./events.ts";

const acked: Outcome = { is: "acked" };
const full = rejected("buffer-full");

describe("a publish that its caller was told is", () => {
  test.each<[told: string, outcome: Outcome | undefined, classes: readonly ClassName[]]>([
    ["accepted", accepted, ["silentLoss", "unknown", "kept", "kept", "duplicated", "duplicated"]],
    ["acked", acked, ["silentLoss", "unknown", "kept", "kept", "duplicated", "duplicated"]],
    ["rejected", full, Array<ClassName>(6).fill("reportedLoss")],
    ["unsettled", unsettled, ["ambiguous", "unknown", "ambiguous", "ambiguous", "duplicated", "duplicated"]],
    ["nothing", undefined, ["ambiguous", "unknown", "ambiguous", "ambiguous", "duplicated", "duplicated"]],
  ])("%s falls into its class by how often it arrived, and whether all could be seen", (_told, outcome, classes) => {
    const found = [0, 1, 2].flatMap(arrivals => [true, false].map(complete => classOf(outcome, arrivals, complete)));
    expect(found).toEqual(classes);
  });
});

describe("the ledger", () => {
  test("adds up classes and places over all that was published, and nothing else", () => {
    const state = newLedger();
    for (const event of [
      published(0, 4),
      published(4, 2, full),
      published(6, 1, unsettled),
      delivered(0, 2),
      delivered(1),
      // Nobody published this one.
      delivered(9),
      { kind: "ended", place: "arrived", first: 0, count: 2 } as const,
      { kind: "ended", place: "refused", first: 4, count: 2 } as const,
    ])
      recordInLedger(state, event);
    expect(ledgerOf(state)).toEqual({
      published: 7,
      classes: { kept: 1, silentLoss: 2, reportedLoss: 2, ambiguous: 1, duplicated: 1, unknown: 0 },
      places: { arrived: 2, refused: 2 },
    });
  });

  test("holds the size of every frame, and takes back its claim of loss where not all was seen", () => {
    const state = newLedger();
    for (const event of [published(0, 2), observed(false)]) recordInLedger(state, event);
    expect(state.frameBytes).toEqual([34, 34]);
    expect(ledgerOf(state).classes).toMatchObject({ silentLoss: 0, unknown: 2 });
  });
});

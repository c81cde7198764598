/** The gaps of best-effort families in the questions: what the client's wait, the stop and the back-off make of them. */
import { expect, test } from "vitest";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { coldStartCases } from "../../src/drills/cold-start.ts";
import type { DrillCase } from "../../src/drills/drill.ts";
import { durabilityCases } from "../../src/drills/durability.ts";
import { gapRows } from "../../src/drills/gaps.ts";
import { shutdownCases } from "../../src/drills/shutdown.ts";
import { runModelCase } from "../../src/judge/run.ts";
import { profileNamed } from "../models/cases.ts";
import { policyWith, sound } from "../models/policies.ts";

const profile = profileNamed("nats-go");
const id = "core-path/a-best-effort-gap-is-no-longer-than-declared";
const declaring = (gapMs: number, parts: Parameters<typeof policyWith>[0] = {}): Policy =>
  policyWith({
    families: [...sound.families, { subjects: "beat", durability: "best-effort", reason: "periodic", gapMs }],
    client: { reconnectWaitMs: 2_000, reconnectAttemptsMax: -1 },
    demands: [id],
    ...parts,
  });

const gapCasesOf = (cases: readonly DrillCase[]): readonly DrillCase[] => cases.filter(({ part }) => part === "gaps");
const rowsOf = (own: DrillCase, events: readonly Event[], live?: readonly Event[]) =>
  gapRows(profile, [{ own, scaled: own, ownModel: events, live }]);
const modelled = (cases: readonly DrillCase[]) =>
  gapCasesOf(cases).map(one => {
    const { events, judgement } = runModelCase({ scenario: one.scenario, profile, seed: "1" });
    const [row] = rowsOf(one, events);
    return [judgement.verdict, row?.outageMs, row?.leastMs, row?.mostMs];
  });

test("a cut for a moment leaves a gap of the whole wait before a dial", () => {
  expect(modelled(durabilityCases(declaring(5_000)))).toEqual([
    ["holds", 0, 0, 2_000],
    ["holds", 2_500, 2_500, 4_500],
  ]);
  expect(modelled(durabilityCases(declaring(1_500)))).toEqual([
    ["violated", 0, 0, 2_000],
    ["violated", 750, 750, 2_750],
  ]);
});

test("a rolled process leaves a gap of the time in which its handler works", () => {
  const [[verdict, , leastMs, mostMs] = []] = modelled(shutdownCases(declaring(20_000)));
  expect([verdict, leastMs]).toEqual(["holds", mostMs]);
  expect(mostMs).toBeGreaterThan(5_000);
  expect(modelled(shutdownCases(declaring(1_000)))[0]?.[0]).toBe("violated");
});

test("a process that backs off leaves a gap beyond its server's absence", () => {
  const failing = { startup: { strategy: "fail-fast" as const }, supervisor: { restartMs: [0, 3_000] } };
  expect(modelled(coldStartCases(declaring(4_000, failing)))).toEqual([["holds", 2_000, 3_001, 3_001]]);
  expect(modelled(coldStartCases(declaring(2_500, failing)))).toEqual([["violated", 1_250, 3_001, 3_001]]);
});

test("a live row has the measured gap, or none where it could not be measured", () => {
  const [one] = gapCasesOf(durabilityCases(declaring(5_000)));
  if (one === undefined) throw new Error("no case about a gap");
  const { events } = runModelCase({ scenario: one.scenario, profile, seed: "1" });
  const saying = (said: Event) =>
    events.flatMap(event => (event.kind === "connection" && event.change === "reconnected" ? [event, said] : [event]));
  expect(rowsOf(one, events, saying({ kind: "gap", took: { leastMs: 2_013, mostMs: 2_040 } }))).toMatchObject([
    { world: "model", leastMs: 0, mostMs: 2_000 },
    { world: "live", leastMs: 2_013, mostMs: 2_040 },
  ]);
  expect(rowsOf(one, events, saying({ kind: "gap" }))[1]).toMatchObject({ world: "live", leastMs: null, mostMs: null });
});

test("a policy that declares no gap has no such case", () => {
  expect([durabilityCases, shutdownCases, coldStartCases].flatMap(cases => gapCasesOf(cases(sound)))).toEqual([]);
});

/** The policy's durability map beside two others: what each policy becomes, and the figures of a run written by hand. */
import { describe, expect, test } from "vitest";
import { subjectsByTreatment } from "../../models/policy/subjects.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Step } from "../../models/vocabulary/scenario.ts";
import { payloadBytes } from "../../src/drills/drill.ts";
import { mapCases, mapFigures } from "../../src/drills/maps.ts";
import { bundledPolicies, bundledPolicy } from "../../src/files/policies.ts";

const policies = bundledPolicies().map(name => bundledPolicy(name) as Policy);
const hardened = bundledPolicy("cordum-hardened") as Policy;
const under = (policy: Policy, variant: string): Policy =>
  mapCases(policy).find(one => one.variant === variant)?.scenario.policy as Policy;

describe("the maps", () => {
  test("with everything durable, every subject is published through JetStream into a stream", () => {
    for (const policy of policies) {
      const { durable, uncovered, captured } = subjectsByTreatment(under(policy, "all durable"));
      expect(durable.length).toBeGreaterThan(0);
      expect([uncovered, captured]).toEqual([[], []]);
    }
  });

  test("with everything best-effort, no subject is, and no stream takes one", () => {
    for (const policy of policies) {
      const { durable, uncovered, captured, misdeclared } = subjectsByTreatment(under(policy, "all best-effort"));
      expect([durable, uncovered, captured, misdeclared]).toEqual([[], [], [], []]);
    }
  });

  test("families that overlap fit into no one stream, so that the map with everything durable is left out", () => {
    const families = [
      { subjects: "job.*", durability: "durable", reason: "one" },
      { subjects: "*.done", durability: "best-effort", reason: "two" },
    ] as const;
    expect(mapCases({ ...hardened, families }).map(({ variant }) => variant)).toEqual([undefined, "all best-effort"]);
  });

  test("a policy without families has no maps", () => {
    expect(mapCases({ ...hardened, families: [] })).toEqual([]);
  });
});

describe("the figures", () => {
  const steps: readonly Step[] = [
    { id: "start", kind: "start" },
    { id: "calm-1", kind: "publish", count: 4, bytes: payloadBytes, subject: "job.a" },
    { id: "calm-2", kind: "publish", count: 2, bytes: payloadBytes, subject: "sys.heartbeat" },
    { id: "after", kind: "publish", count: 1, bytes: payloadBytes, subject: "job.a" },
  ];
  const published = (
    first: number,
    count: number,
    subject: string,
    outcome: Extract<Event, { kind: "published" }>["outcome"],
  ): Event => ({
    ...{ kind: "published", step: "s", frameBytes: 100, subject, first, count, outcome },
    ...(subject === "job.a" ? { durable: true as const } : {}),
  });
  const phase = (step: string, which: "began" | "ended"): Event => ({ kind: "step", step, phase: which });
  const events: readonly Event[] = [
    phase("calm-1", "began"),
    published(0, 4, "job.a", { is: "acked" }),
    phase("calm-1", "ended"),
    phase("calm-2", "began"),
    published(4, 2, "sys.heartbeat", { is: "accepted" }),
    phase("calm-2", "ended"),
    published(6, 1, "job.a", { is: "unsettled", kind: "timeout" }),
    { kind: "delivered", first: 4, count: 1 },
    { kind: "holds", stream: "CORDUM_JOBS", first: 0, count: 4 },
    { kind: "observed", complete: true },
  ];
  const scenario = { policy: hardened, steps };

  test("are counted over all families, and the stored bytes are those that the server counts", () => {
    const { calmPublishMs: _, ...counted } = mapFigures(events, scenario, undefined);
    // F-206: 30, the subject of 5, 4 and a header of 34, the payload.
    const bytesOfOne = 30 + 5 + 4 + 34 + payloadBytes;
    expect(counted).toEqual({
      ...{ published: 7, arrived: 5, silentLoss: 1, told: 1, notObserved: 0 },
      ...{ stored: 4, storedBytes: 4 * bytesOfOne, waited: 5 },
    });
  });

  test("the time of a publish is that of the calm steps alone, and null without a clock", () => {
    const atMs = [100, 101, 112, 120, 121, 132, 900, 901, 902, 903];
    expect(mapFigures(events, scenario, atMs).calmPublishMs).toBe(4);
    expect(mapFigures(events, scenario, undefined).calmPublishMs).toBeNull();
    expect(mapFigures(events.slice(0, 5), scenario, atMs).calmPublishMs).toBeNull();
  });
});

/** When the deliveries of a message came: by the model's own time, and by the clock of a live run. */
import { expect, test } from "vitest";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { DrillCase } from "../../src/drills/drill.ts";
import { durabilityCases } from "../../src/drills/durability.ts";
import { redeliveredRows } from "../../src/drills/redelivered.ts";
import { runModelCase } from "../../src/judge/run.ts";
import { profileNamed } from "../models/cases.ts";
import { policyWith } from "../models/policies.ts";

const profile = profileNamed("nats-go");

const failing = (consume: Partial<Policy["consume"]>): { readonly policy: Policy; readonly one: DrillCase } => {
  const policy = policyWith({ consume });
  const one = durabilityCases(policy).find(({ scenario }) => scenario.id.endsWith("a-handler-fails-for-good"));
  if (one === undefined) throw new Error("no case of a handler that fails");
  return { policy, one };
};

const modelled = ({ policy, one }: ReturnType<typeof failing>) => {
  const { events } = runModelCase({ scenario: one.scenario, profile, seed: "1" });
  return redeliveredRows(policy, [{ own: one, ownModel: events, live: undefined, atMs: undefined }]);
};

test.each([
  ["after each ack wait", { ackWaitMs: 30_000, deliverMax: 3 }, [0, 30_000, 60_000]],
  [
    "after each wait of a backoff, of which the last repeats",
    { ackWaitMs: 7_000, backoffMs: [7_000, 9_000], deliverMax: 4 },
    [0, 7_000, 16_000, 25_000],
  ],
])("a message whose handler fails is delivered again %s", (_when, consume, afterMs) => {
  expect(modelled(failing(consume))).toMatchObject([
    {
      case: "durability/a-handler-fails-for-good",
      subjects: "job.>",
      message: 0,
      world: "model",
      judged: true,
      afterMs,
    },
  ]);
});

test("a message that is delivered once has no row", () => {
  expect(modelled(failing({ deliverMax: 1 }))).toEqual([]);
});

const published: Event = {
  ...{ kind: "published", step: "publish-3", first: 0, count: 1, frameBytes: 90 },
  ...{ outcome: { is: "acked" }, subject: "job.a", durable: true },
};
const handled = (delivery: number, outcome: "begun" | "acked" | "failed", replica = 0): Event => ({
  ...{ kind: "handled", step: "settle", replica, subject: "job.a", delivery, outcome, first: 0, count: 1 },
});

test.each<[what: string, events: readonly Event[], atMs: readonly number[], afterMs: readonly number[]]>([
  ["counts from the publish", [published, handled(1, "failed"), handled(2, "acked")], [100, 103.2, 2_605], [3, 2_505]],
  [
    "is at once where the handler was told of first",
    [handled(1, "failed"), published, handled(2, "acked")],
    [100, 101, 2_601],
    [0, 2_500],
  ],
  [
    "counts a slow handler once, at its beginning",
    [published, handled(1, "begun"), handled(1, "acked"), handled(2, "acked")],
    [0, 5, 600, 2_500],
    [5, 2_500],
  ],
  [
    "counts the same delivery of a consumer that was made anew",
    [published, handled(1, "acked"), handled(1, "acked", 1)],
    [0, 5, 700],
    [5, 700],
  ],
])("a live row %s", (_what, live, atMs, afterMs) => {
  const { policy, one } = failing({});
  expect(redeliveredRows(policy, [{ own: one, ownModel: [], live, atMs }])).toMatchObject([{ world: "live", afterMs }]);
});

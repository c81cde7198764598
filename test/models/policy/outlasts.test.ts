/** How long an outage a policy's own patience lasts, typed by hand. */
import { expect, test } from "vitest";
import { outlastsOf } from "../../../models/policy/outlasts.ts";
import { policyWith } from "../policies.ts";

test("attempts, deliveries, dials and the deadline of a start", () => {
  const policy = policyWith({
    publish: { ackTimeoutMs: 5_000, attemptsMax: 3 },
    consume: { ackWaitMs: 30_000, deliverMax: 20 },
    client: { reconnectAttemptsMax: 60, reconnectWaitMs: 2_000 },
    startup: { strategy: "retry-with-deadline", deadlineMs: 21_000 },
  });
  expect(outlastsOf(policy)).toEqual({
    publishMs: 15_000,
    deliveriesMs: 570_000,
    dialsMs: 120_000,
    startMs: 21_000,
  });
});

test.each([
  [1, undefined, 0],
  [2, undefined, 1_000],
  [4, [1_000, 5_000], 11_000],
  [2, [1_000, 5_000], 1_000],
  [1_000_000, [1_000, 5_000], 1_000 + 999_998 * 5_000],
])("of %i deliveries with the backoff %j the last comes %i ms after the first", (deliverMax, backoffMs, ms) => {
  const consume = { ackWaitMs: 1_000, deliverMax, ...(backoffMs === undefined ? {} : { backoffMs }) };
  expect(outlastsOf(policyWith({ consume })).deliveriesMs).toBe(ms);
});

test("the deliveries are those of the consumer that stands", () => {
  const consume = { ackWaitMs: 1_000, deliverMax: -1, stands: { ackWaitMs: 2_000, deliverMax: 3 } };
  expect(outlastsOf(policyWith({ consume })).deliveriesMs).toBe(4_000);
});

test("what has no end is null, one pass is 0, and what the policy does not say is absent", () => {
  const policy = policyWith({ consume: { deliverMax: -1 }, startup: { strategy: "fail-fast" } });
  expect(outlastsOf({ ...policy, client: {} })).toEqual({ publishMs: 5_000, deliveriesMs: null, startMs: 0 });
  const forever = policyWith({ client: { reconnectAttemptsMax: -1 }, startup: { strategy: "retry-forever" } });
  expect(outlastsOf(forever)).toMatchObject({ dialsMs: null, startMs: null });
});

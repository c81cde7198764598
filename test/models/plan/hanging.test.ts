/** A stop beside a handler that hangs is done where nothing that is seen rests on the durable that its drain may have deleted. */
import { expect, test } from "vitest";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { type Bare, skippedIn, start } from "../cases.ts";
import { job, kill, policyWith, replica, subscribe, term, underPolicy } from "../policies.ts";

const policyOf = (
  strategy: Policy["shutdown"]["strategy"],
  durables: Policy["consume"]["durables"] = "created",
): Policy => policyWith({ shutdown: { strategy }, consume: { durables } });
const hanging = [start, subscribe(0, "hangs"), job()];
const shared = [...hanging, replica(1), subscribe(1)];
const reason = "whether a handler hangs in its client's callback decides what the drain deletes";

/** The steps that are skipped, by their places. */
const skipped = (steps: readonly Bare[], policy: Policy, profile = natsGo): readonly number[] =>
  skippedIn(underPolicy(policy, steps), profile).flatMap((why, i) => (why === reason ? [i] : []));

test.each(["drain", "four-steps"] as const)("by %s: not while another replica shares the durable", strategy => {
  const policy = policyOf(strategy);
  expect(skipped([...shared, term()], policy)).toEqual([5]);
  expect(skipped([...hanging, replica(1), term(), job()], policy)).toEqual([]);
  expect(skipped([...shared, term(1)], policy)).toEqual([]);
  expect(skipped([...shared, kill()], policy)).toEqual([]);
  expect(skipped([start, subscribe(0), replica(1), subscribe(1), term()], policy)).toEqual([]);
  expect(skipped([...shared, term()], policy, natsJs3)).toEqual([]);
  expect(skipped([...shared, term()], policyOf(strategy, "bound"))).toEqual([]);
});

test("nobody subscribes after it", () => {
  const policy = policyOf("drain");
  expect(skipped([...hanging, replica(1), term(), subscribe(1)], policy)).toEqual([5]);
  expect(skipped([...hanging, replica(1), kill(), subscribe(1)], policy)).toEqual([]);
});

test("a stop that waits for no handler deletes no durable of one that hangs", () => {
  expect(skipped([...shared, term()], policyOf("close"))).toEqual([]);
});

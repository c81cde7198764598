/** A stop by drain while the client is down: with nats.js it lasts until the next dial, which must come well before the stop's bound. */
import { expect, test } from "vitest";
import { plan } from "../../../models/plan/plan.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { cut, profileNamed, start } from "../cases.ts";
import { policyWith, term, underPolicy } from "../policies.ts";

const draining = (shutdown: Partial<Policy["shutdown"]>): Policy =>
  policyWith({ shutdown: { strategy: "drain", budgetMs: 1_500, ...shutdown } });
const skipped = (name: string, shutdown: Partial<Policy["shutdown"]>, reconnectWaitMs: number) =>
  plan(underPolicy(draining(shutdown), [start, cut(), term()], { reconnectWaitMs }), profileNamed(name)).steps.flatMap(
    one => (one.kind === "step" && one.skipped !== undefined ? [one.skipped.reason] : []),
  );
const unknown = ["whether the stop ends before its bound depends on when the client dials next"];

test("is not judged where the wait before a dial is about as long as the stop's bound, or longer", () => {
  for (const name of ["nats-js-3", "nats-js-2"]) {
    expect(skipped(name, {}, 2_000)).toEqual(unknown);
    expect(skipped(name, {}, 1_201)).toEqual(unknown);
    expect(skipped(name, {}, 1_200)).toEqual([]);
    expect(skipped(name, { drainTimeoutMs: 600 }, 400)).toEqual(unknown);
  }
});

test("is judged with a client whose drain ends at once, and with another strategy", () => {
  expect(skipped("nats-go", {}, 2_000)).toEqual([]);
  expect(skipped("nats-py", {}, 2_000)).toEqual([]);
  expect(skipped("nats-js-3", { strategy: "close" }, 2_000)).toEqual([]);
});

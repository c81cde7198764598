/** Steps that cannot be done beside a handler that naks, since nobody could tell what comes of them. */
import { describe, expect, test } from "vitest";
import { plan } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { type Bare, cut, fault, heal, hold, start } from "../cases.ts";
import {
  advance,
  job,
  kill,
  news,
  policyWith,
  replica,
  sound,
  subscribe,
  subscribeNaks,
  term,
  underPolicy,
} from "../policies.ts";

/** The reason why the last step is skipped. */
function whyLast(steps: readonly Bare[], policy: Policy = sound): string | undefined {
  const planned = plan(underPolicy(policy, steps), natsGo).steps.at(-2);
  return planned?.kind === "step" ? planned.skipped?.reason : undefined;
}

const naks: readonly Bare[] = [start, subscribeNaks(0)];
const several = "in which order several messages come again after a nak is not known";
const other = "which of its handlers gets a message again after a nak is not known";
const onItsWay = "when a nak gets through to the server is not known";

const skipped: readonly (readonly [what: string, steps: readonly Bare[], reason: string])[] = [
  ["two messages at once", [...naks, job(2)], several],
  ["a message that may race", [...naks, job(1, { overlap: true }), cut()].slice(0, -1), several],
  ["a message while down", [...naks, cut(), job()], several],
  ["a message behind a hold", [...naks, hold], onItsWay],
  ["a stop of the server", [...naks, fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" })], onItsWay],
  ["a handler that naks what is published already", [start, job(), subscribeNaks(0)], several],
  ["a handler that naks beside another", [start, subscribe(0), subscribeNaks(0)], other],
  ["a handler that hangs beside it", [...naks, replica(1), subscribe(1, "hangs")], other],
];

describe.each(skipped.map(one => [one[0], one] as const))("%s", (_name, [, steps, reason]) => {
  test("is skipped", () => {
    expect(whyLast(steps)).toBe(reason);
  });
});

test("a handler that naks at once needs a limit of deliveries, and one that asks for a delay does not", () => {
  const endless = policyWith({ consume: { deliverMax: -1 } });
  expect(whyLast(naks, endless)).toBe(
    "a consumer without a limit of deliveries gives it the message again without end",
  );
  expect(whyLast([start, subscribeNaks(0, 1_000)], endless)).toBeUndefined();
});

test.each<readonly [what: string, steps: readonly Bare[]]>([
  ["one message after the other", [...naks, job(), job()]],
  ["a cut, and its heal", [...naks, job(), cut(), heal()]],
  ["messages on other subjects", [...naks, news(3)]],
  ["time", [...naks, job(), advance(29_999)]],
  ["a stop", [...naks, job(), term()]],
  ["a kill", [...naks, job(), kill()]],
  ["a handler of another replica that acknowledges", [...naks, replica(1), subscribe(1)]],
])("%s can be judged", (_what, steps) => {
  expect(whyLast(steps)).toBeUndefined();
});

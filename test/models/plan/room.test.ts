/** A consumer with little room for what is not acknowledged: which message is given when, and which steps cannot be judged. */
import { describe, expect, test } from "vitest";
import { plan } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { type Bare, cut, eventsOf, hold, start } from "../cases.ts";
import { advance, job, policyWith, replica, sound, subscribe, underPolicy } from "../policies.ts";

const roomForTwo = policyWith({ consume: { ackPendingMax: 2, deliverMax: 2 } });
const endless = policyWith({ consume: { ackPendingMax: 2, deliverMax: -1 } });

function given(steps: readonly Bare[], policy = roomForTwo): string[] {
  return eventsOf(underPolicy(policy, steps), natsGo, "1").flatMap(event =>
    event.kind === "handled"
      ? Array.from({ length: event.count }, (_, i) => `${event.first + i}#${event.delivery}`)
      : [],
  );
}

describe("of five messages whose handler hangs", () => {
  const steps = [start, subscribe(0, "hangs"), job(5)];

  test("two are given until their deliveries are used up, and then the next two", () => {
    expect(given([...steps, advance(150_000)])).toEqual([
      "0#1",
      "1#1",
      "0#2",
      "1#2",
      "2#1",
      "3#1",
      "2#2",
      "3#2",
      "4#1",
      "4#2",
    ]);
  });

  test("the last three are given to nobody where there is no limit of deliveries", () => {
    expect(new Set(given([...steps, advance(150_000)], endless).map(text => text[0]))).toEqual(new Set(["0", "1"]));
  });

  test("all are given where there is room", () => {
    expect(given(steps, sound).slice(0, 5)).toEqual(["0#1", "1#1", "2#1", "3#1", "4#1"]);
  });
});

test("a handler that acknowledges is given all, however little room there is", () => {
  expect(given([start, subscribe(0), job(5)])).toEqual(["0#1", "1#1", "2#1", "3#1", "4#1"]);
});

/** The reason why the last step is skipped. */
function whyLast(steps: readonly Bare[], policy = roomForTwo): string | undefined {
  const planned = plan(underPolicy(policy, steps), natsGo).steps.at(-2);
  return planned?.kind === "step" ? planned.skipped?.reason : undefined;
}

const hangs = [start, subscribe(0, "hangs"), job()];
const later = "in which order the room of the consumer is freed is not known";
const others = "which handler's messages take up the room of the consumer is not known";

test.each<readonly [what: string, steps: readonly Bare[], reason: string]>([
  ["a message published later", [...hangs, advance(1_000), job()], later],
  ["a message while down", [...hangs, cut(), job()], later],
  ["another kind of handler", [...hangs, replica(1), subscribe(1)], others],
  [
    "a handler that hangs beside one that acknowledges",
    [start, subscribe(0), replica(1), subscribe(1, "hangs")],
    others,
  ],
  ["a hold", [...hangs, hold], "which acknowledgements make room in the consumer by then is not known"],
])("%s is skipped", (_what, steps, reason) => {
  expect(whyLast(steps)).toBe(reason);
  expect(whyLast(steps, sound)).toBeUndefined();
});

test.each<readonly [what: string, steps: readonly Bare[]]>([
  ["another message at the same moment", [...hangs, job(3)]],
  ["a second handler of the same kind", [...hangs, replica(1), subscribe(1, "hangs")]],
  ["a cut", [...hangs, cut()]],
  ["time", [...hangs, advance(1_000)]],
])("%s can be judged", (_what, steps) => {
  expect(whyLast(steps)).toBeUndefined();
});

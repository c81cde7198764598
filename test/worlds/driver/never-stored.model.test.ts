/** Publishes without an answer that are proven to have stored nothing. */
import { describe, expect, test } from "vitest";
import { newView } from "../../../models/plan/view.ts";
import type { Event, Outcome, Run } from "../../../models/vocabulary/event.ts";
import { neverStored } from "../../../src/worlds/driver/never-stored.ts";
import type { Held } from "../../../src/worlds/driver/rig.ts";
import { policyWith, stream } from "../../models/policies.ts";

const ring = { ...stream, messagesPerSubjectMax: 2 };
const policy = policyWith({ streams: [ring] });
const calm = { ...newView(policy), serverUp: true, client: "connected" as const };

const publishes = (first: number, outcome: Outcome, count = 1): Event => ({
  ...{ kind: "published", step: `publish-${first}`, first, count, frameBytes: 60, outcome, subject: "job.a" },
});
const acked: Outcome = { is: "acked" };
const timedOut: Outcome = { is: "unsettled", kind: "timeout" };
const cut: Event = { kind: "fault", step: "cut", fault: "cut", phase: "installed" };
const flushed: Event = { kind: "called", step: "flush", call: "flush", outcome: { is: "ok" } };

const lost = publishes(1, timedOut);
const told = [publishes(0, acked), cut, lost, publishes(2, acked)];

interface Shown {
  readonly told?: readonly Event[];
  readonly seen?: readonly number[];
  readonly runs?: readonly Run[];
  readonly numbered?: number;
  readonly view?: Partial<typeof calm>;
}

function found({
  told: events = told,
  seen = [0, 2],
  runs = [{ first: 2, count: 1 }],
  numbered = 2,
  view = {},
}: Shown) {
  const held = { runs, foreign: 0, state: { lastNumber: numbered } } as unknown as Held;
  return neverStored({
    ...{ policy, stream: ring, told: events, view: { ...calm, ...view }, held, seen: new Set(seen) },
  });
}

test("every number belongs to an acknowledged message, and a later publish was answered", () => {
  expect(found({})).toEqual([lost]);
  expect(found({ told: [...told, cut, flushed] })).toEqual([lost]);
});

describe("nothing is proven", () => {
  test.each<[what: string, Shown]>([
    ["where a number may be its own", { numbered: 3 }],
    ["where the stream has not been seen to hold an acknowledged message", { seen: [2] }],
    ["where it may be on its way", { told: [publishes(0, acked), cut, lost], seen: [0], numbered: 1 }],
    ["where the connection has ended since", { told: [...told, cut] }],
    ["where the last flush was not answered", { told: [...told, { ...flushed, outcome: { is: "timeout" } } as never] }],
    ["while the client is down", { view: { client: "down" as never } }],
    [
      "where the server has ended, and numbers may have begun anew",
      { told: [{ ...cut, fault: "stop-server" }, ...told] },
    ],
    [
      "where one copy of a message is seen and two were acknowledged",
      { told: [...told, publishes(2, acked)], numbered: 3 },
    ],
  ])("%s", (_what, shown) => {
    expect(found(shown)).toEqual([]);
  });

  test("and two copies that are held are two numbers", () => {
    const twice = [...told, publishes(2, acked)];
    const runs = [
      { first: 2, count: 1 },
      { first: 2, count: 1 },
    ];
    expect(found({ told: twice, runs, numbered: 3 })).toEqual([lost]);
  });
});

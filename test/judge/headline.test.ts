/** A case that breaks several promises is headed by the one that says most about it. */
import { expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { allBrokenBy, brokeText } from "../../src/findings/broke.ts";
import { judge } from "../../src/judge/judge.ts";
import { cut, eventsOf, flush, heal, publish, scenarioWith, start } from "../models/cases.ts";

/** The run without the arrival of that message. */
const losing = (message: number, events: readonly Event[]): readonly Event[] =>
  events.flatMap((event): readonly Event[] => {
    if (event.kind === "ended") return [];
    if (event.kind !== "delivered" || message < event.first || message >= event.first + event.count) return [event];
    const { first, count } = event;
    return [
      { ...event, first, count: message - first },
      { ...event, first: message + 1, count: first + count - message - 1 },
    ].filter(one => one.count > 0);
  });

const whileDown = [cut(), publish(5), heal()];

test("a promise yields to promises that there are", () => {
  const ids = catalogue.map(({ id }) => id);
  const yieldedTo = catalogue.flatMap(one => one.yieldsTo ?? []);
  expect(yieldedTo.length).toBeGreaterThan(0);
  expect(ids).toEqual(expect.arrayContaining(yieldedTo));
});

test.each([
  [
    "a flushed message that was lost before any outage, by flushed-messages-arrive",
    scenarioWith([start, publish(10), flush(), ...whileDown, flush()]),
    3,
    "core-path/flushed-messages-arrive",
    /^message 3 was flushed and did not arrive$/,
  ],
  [
    "a message that was lost after the outage, by silent-loss-only-inside-a-disturbance",
    scenarioWith([start, flush(), ...whileDown, flush(), publish(10)]),
    8,
    "core-path/silent-loss-only-inside-a-disturbance",
    /^message 8 was accepted with no fault in force and did not arrive$/,
  ],
])("%s", (_what, scenario, message, about, reason) => {
  const planned = planCase(scenario, natsJs3);
  const events = eventsOf(scenario, natsJs3, "1");
  expect(judge(planned, events).verdict).toBe("holds");
  const judgement = judge(planned, losing(message, events));
  expect(judgement.about && brokeText(judgement.about)).toBe(about);
  expect(judgement.reason).toMatch(reason);
  // What the outage lost and this one are two blocks, which says less.
  const broken = allBrokenBy(judgement).map(brokeText);
  expect(broken[0]).toBe(about);
  expect(broken).toContain("core-path/loss-around-one-cut-is-one-block");
});

/** nats-py may go on dialling after a close while down (F-200): named, and held against no bus; any other client that comes back is convicted. */
import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs2 } from "../../models/profiles/nats-js-2.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { natsPy } from "../../models/profiles/nats-py.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { judge } from "../../src/judge/judge.ts";
import { type Bare, close, cut, eventsOf, heal, publish, scenarioWith, start } from "../models/cases.ts";

const whileDown: readonly Bare[] = [start, publish(2), cut(), close, heal("none")];
const whileUp: readonly Bare[] = [start, publish(2), close, cut("none"), heal("none")];
const isBack: Event = { kind: "connection", change: "reconnected" };
const isListed: Event = { kind: "closed-client", is: "back", proof: "the server has connection 7" };

function judged(profile: Profile, steps: readonly Bare[], more: Event | undefined) {
  const scenario = scenarioWith(steps);
  const events = eventsOf(scenario, profile).flatMap(event =>
    more !== undefined && event.kind === "observed" ? [more, event] : [event],
  );
  return judge(planCase(scenario, profile), events);
}

describe("nats-py that closed while down", () => {
  test.each([
    ["says that it is connected again", isBack],
    ["is on the server's list again", isListed],
  ])("and %s is in doubt, and its fault is named", (_what, more) => {
    const { verdict, reason, properties } = judged(natsPy, whileDown, more);
    expect(verdict).toBe("inconclusive");
    expect(reason).toMatch(
      /^the client had closed while it was down, and came back: nats-py .*F-200\)\. Nothing of this run is held against the bus$/,
    );
    expect(properties.filter(one => one.verdict === "violated")).toEqual([]);
  });

  test("and stays closed is not in doubt", () => {
    expect(judged(natsPy, whileDown, undefined).reason).not.toContain("came back");
  });
});

test("nats-py that closed while connected has no such excuse", () => {
  expect(judged(natsPy, whileUp, isBack).verdict).toBe("violated");
  expect(judged(natsPy, whileUp, isListed).verdict).toBe("violated");
});

test.each([natsGo, natsJs2, natsJs3])("$name has no such excuse", profile => {
  expect(judged(profile, whileDown, isBack).verdict).toBe("violated");
});

/** Headers move every byte that the model foretells: what rests on bytes is set aside then, and nothing else. */
import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Event, HeaderBytes } from "../../models/vocabulary/event.ts";
import { frameBytes } from "../../models/vocabulary/frame.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { eventShape } from "../../src/judge/event-shape.ts";
import { judge } from "../../src/judge/judge.ts";
import { cut, eventsOf, flush, heal, limit, publish, scenarioWith, start } from "../models/cases.ts";

const added = 37;
const same: HeaderBytes = { least: added, most: added };
const payloadBytes = 16;

/** The events of a client that is right, whose frames are all that much longer than its profile says. */
function withLongerFrames(scenario: Scenario, profile: Profile): Event[] {
  const spacesWithoutReply = profile.frame.spacesWithoutReply + added;
  const behaves = { ...profile, frame: { ...profile.frame, spacesWithoutReply } } as Profile;
  const bytes = frameBytes(scenario.options.subject, payloadBytes, profile);
  return eventsOf(scenario, profile, "1", behaves).map(event =>
    event.kind === "published" ? { ...event, frameBytes: bytes } : event,
  );
}

const seenWith = (events: readonly Event[], headerBytes: HeaderBytes | undefined): readonly Event[] =>
  events
    .filter(({ kind }) => kind !== "ended")
    .map(event => (event.kind === "observed" && headerBytes ? { ...event, headerBytes } : event));

const judged = (scenario: Scenario, profile: Profile, events: readonly Event[], headerBytes?: HeaderBytes) =>
  judge(planCase(scenario, profile), seenWith(events, headerBytes));

const sentence =
  /^the bus adds 37 bytes of headers to each message, which the profile does not know, so what depends on bytes is not judged\. A bus has to send no headers/;

const small = scenarioWith([start, publish(5), flush(), cut(), publish(50), heal(), flush()], {
  reconnectBufferBytesMax: 1_024,
});
const atAByte = scenarioWith([start, publish(1), flush(), limit(680), publish(50), heal(), flush()]);

describe("a true client whose bus adds headers", () => {
  test.each<[what: string, scenario: Scenario, profile: Profile]>([
    ["a small reconnect buffer", small, natsGo],
    ["a limit at the end of a frame", atAByte, natsJs3],
  ])("is not accused over %s, and is told why", (_what, scenario, profile) => {
    const events = withLongerFrames(scenario, profile);
    expect(judged(scenario, profile, events).verdict).toBe("violated");
    const { verdict, reason, conformance, properties, notPromised } = judged(scenario, profile, events, same);
    expect([verdict, reason]).toEqual(["inconclusive", expect.stringMatching(sentence)]);
    expect(conformance).toEqual({ answer: "undecided", reason });
    expect([...properties, ...notPromised].filter(one => one.verdict === "violated")).toEqual([]);
  });

  test("is told between how many bytes they are, where they differ", () => {
    const { reason } = judged(small, natsGo, withLongerFrames(small, natsGo), { least: 0, most: 40 });
    expect(reason).toMatch(/^the bus adds between 0 and 40 bytes of headers/);
  });

  test("is not held to counts that were typed in for frames without headers", () => {
    const expected = {
      ...atAByte,
      expect: { [natsJs3.name]: { fact: "A test.", classes: { kept: 21, silentLoss: 30 } } },
    };
    const events = withLongerFrames(expected, natsJs3);
    expect(judged(expected, natsJs3, events).expectMet).toBe(false);
    const { verdict, reason, expectMet } = judged(expected, natsJs3, events, same);
    expect([verdict, expectMet]).toEqual(["inconclusive", undefined]);
    expect(reason).toMatch(sentence);
  });

  test("holds where nothing parts from the model", () => {
    const plain = scenarioWith([start, publish(5), flush(), cut(), publish(3), heal(), flush()]);
    expect(judged(plain, natsGo, eventsOf(plain, natsGo), same).verdict).toBe("holds");
  });
});

describe("headers are no excuse for", () => {
  const delivers = (...firsts: readonly number[]): Event[] =>
    firsts.map(first => ({ kind: "delivered", first, count: 1 }));
  const flushed = scenarioWith([start, publish(3), flush(), cut(), heal(), flush()]);
  const instead = (news: readonly Event[]): readonly Event[] =>
    eventsOf(flushed, natsGo).flatMap(event => (event.kind === "delivered" ? news : [event]));
  const alters: Event = {
    kind: "altered",
    published: { subject: "subject", bytes: 16 },
    arrived: { subject: "subject", bytes: 15 },
    first: 0,
    count: 1,
  };

  test.each<[what: string, events: readonly Event[], broken: RegExp]>([
    ["the loss of a flushed message", instead(delivers(0, 2)), /message 1 was flushed and did not arrive/],
    ["a message that arrives twice", instead(delivers(0, 1, 2, 1)), /message 1 arrived 2 times/],
    ["another order", instead(delivers(1, 0, 2)), /message 0 arrived after message 1/],
    ["another content", instead([...delivers(0, 1, 2), alters]), /arrived on subject with 15 bytes/],
  ])("%s", (_what, events, broken) => {
    const { verdict, reason } = judged(flushed, natsGo, events, same);
    expect([verdict, reason]).toEqual(["violated", expect.stringMatching(broken)]);
  });

  test("a buffer that holds more than its limit, since headers only add to it", () => {
    const events = eventsOf(small, natsGo).map(
      (event): Event => (event.kind === "published" ? { ...event, outcome: { is: "accepted" } } : event),
    );
    const { verdict, properties } = judged(small, natsGo, events, same);
    expect(verdict).toBe("violated");
    expect(properties.filter(one => one.verdict === "violated").map(one => one.property)).toContain(
      "reconnect-buffer/never-holds-more-than-limit-and-one-frame",
    );
  });

  test("a kept message that is dropped", () => {
    const events = withLongerFrames(small, natsGo).flatMap(event =>
      event.kind === "delivered" && event.first + event.count > 6 ? [{ ...event, count: 1 }] : [event],
    );
    const { verdict, properties } = judged(small, natsGo, events, same);
    expect(verdict).toBe("violated");
    expect(properties.filter(one => one.verdict === "violated").map(one => one.property)).toEqual(
      expect.arrayContaining(["reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence"]),
    );
  });
});

test.each([[null], [{}], [{ least: 1 }], [{ least: "1", most: 2 }]])(
  "a file's headers of %j are refused",
  headerBytes => {
    expect(eventShape.safeParse({ kind: "observed", complete: true, headerBytes }).success).toBe(false);
  },
);

test("a file's headers with a least and a most are read", () => {
  expect(eventShape.safeParse({ kind: "observed", complete: true, headerBytes: same }).success).toBe(true);
});

/** Streams of a policy: what the operator makes, and what a durable publish finds. */
import { expect, test } from "vitest";
import { boundSubjects, isUnanswered, presentStreams } from "../../../models/policy/streams.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import { policy } from "../../properties/service-events.ts";

const stream = { storage: "file", duplicateWindowMs: 1_000, discard: "old" } as const;
const made: Policy = {
  ...policy,
  streams: [
    { ...stream, name: "OWN", subjects: ["own.*"], made: "created" },
    { ...stream, name: "GIVEN", subjects: ["given.*"], made: "present" },
  ],
  taps: ["tapped"],
};
const bound: Policy = { ...made, consume: { ...made.consume, durables: "bound" } };
const created: Policy = { ...made, consume: { ...made.consume, durables: "created" } };
const subjects = ["own.a", "given.a", "nowhere"];

test("the operator makes the streams that the policy calls present, and no others", () => {
  expect(presentStreams(made).map(({ name }) => name)).toEqual(["GIVEN"]);
});

test("the operator makes a durable consumer only where the bus binds to it and its stream is present", () => {
  expect(boundSubjects(bound, subjects)).toEqual(["given.a"]);
  expect(boundSubjects(created, subjects)).toEqual([]);
});

test("a durable publish is unanswered where no stream takes it and no tap hears it", () => {
  expect(["own.a", "tapped", "nowhere"].map(subject => isUnanswered(made, subject))).toEqual([false, false, true]);
});

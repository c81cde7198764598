/** What became of a message, in words: on the core path it arrives, on the durable path it is stored. */
import { expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { stepFates } from "../../src/report/fates.ts";
import { cut, eventsOf, heal, publish, scenarioWith, start } from "../models/cases.ts";
import { job, policyWith, sound, stream, subscribe, underPolicy } from "../models/policies.ts";

const kindsOf = (scenario: Scenario, step: string): readonly string[] =>
  stepFates(eventsOf(scenario, natsGo))
    .find(one => one.step === step)
    ?.notes.map(({ kind }) => kind) ?? [];

const notesOf = (scenario: Scenario, step: string, profile: Profile = natsGo): readonly string[] =>
  stepFates(eventsOf(scenario, profile))
    .find(one => one.step === step)
    ?.notes.map(({ text }) => text) ?? [];

test("what a handler is given is no fate of a publish, and neither is what the client says", () => {
  const steps = [start, subscribe(0), job(1), cut(), job(2), heal()];
  const scenario = underPolicy(sound, steps);
  expect(notesOf(scenario, "publish-2")).toEqual(["message 0 acked, stored", "replica 0 is given message 0: acked"]);
  expect(kindsOf(scenario, "publish-2")).toEqual(["fate", "happening"]);
  expect(kindsOf(scenario, "fault-3")).not.toContain("fate");
});

test("a core publish arrives, or does not", () => {
  const steps = [start, publish(1), cut(), publish(2), heal()];
  expect(notesOf(scenarioWith(steps), "publish-3")).toEqual(["messages 1-2 accepted, arrived"]);
  expect(notesOf(scenarioWith(steps), "publish-3", natsJs3)).toEqual([
    "messages 1-2 accepted, did not arrive (reset at dial) → silent loss",
  ]);
});

test("a publish through JetStream is stored, or is not", () => {
  const byKey = policyWith({ publish: { messageIds: [{ subjects: "job.>", id: "key" }] } });
  const twice = [start, job(1, { key: "7" }), job(1, { key: "7" })];
  expect(notesOf(underPolicy(byKey, twice), "publish-1")).toEqual(["message 0 acked, stored"]);
  expect(notesOf(underPolicy(byKey, twice), "publish-2")).toEqual([
    "message 1 acked, not stored (dedupe window) → silent loss",
  ]);
  const elsewhere = policyWith({ streams: [{ ...stream, subjects: ["job.b"] }] });
  expect(notesOf(underPolicy(elsewhere, [start, job()]), "publish-1")).toEqual([
    "message 0 rejected (no-responders), not stored (no stream) → reported loss",
  ]);
});

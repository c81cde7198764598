/** What became of a message, in words: on the core path it arrives, on the durable path it is stored. */
import { expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { stepFates } from "../../src/report/fates.ts";
import { cut, eventsOf, heal, publish, scenarioWith, start } from "../models/cases.ts";
import { advance, job, policyWith, sound, stream, subscribe, underPolicy } from "../models/policies.ts";

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
  expect(notesOf(scenario, "publish-2")).toEqual([
    "message 0 acked, stored",
    "replica 0 is given message 0 at 0 ms: acked",
  ]);
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

test("what happens after the last step stands under settling, and each delivery has its time", () => {
  const steps = [start, subscribe(0, "fails"), job(1), advance(10_000)];
  const scenario = underPolicy(policyWith({ consume: { ackWaitMs: 30_000 } }), steps);
  const given = (step: string): readonly string[] => notesOf(scenario, step).filter(text => text.includes("is given"));
  expect(given("advance-3")).toEqual([]);
  const [first = "", ...others] = given("settle");
  expect(first).toMatch(/^replica 0 is given message 0, delivery 2, at 30 s: /);
  expect(others.length).toBeGreaterThan(0);
});

test("the client's own words for an error are shown once a step, cleaned and cut", () => {
  const words = `nats: \u001b[2J${"x".repeat(1_000)}`;
  const failed = { step: "publish-1", outcome: { is: "rejected", kind: "too-large" }, frameBytes: 20 } as const;
  const notes = stepFates([
    { kind: "step", step: "publish-1", phase: "began" },
    { kind: "published", ...failed, first: 0, count: 1, text: words },
    { kind: "published", ...failed, first: 1, count: 1, text: words },
    { kind: "called", step: "publish-1", call: "flush", outcome: { is: "failed", kind: "timeout" }, text: "timed out" },
    { kind: "step", step: "publish-1", phase: "ended" },
  ]).flatMap(one => one.notes.map(({ text }) => text));
  const said = notes.filter(text => text.startsWith("in the client's words"));
  expect(said).toEqual([expect.stringMatching(/^in the client's words: "nats: .*… \(\d+ more characters\)"$/)]);
  expect(said[0]?.length).toBeLessThan(300);
  expect(notes).toContain('flush failed: timeout ("timed out")');
});

test("what a stream's figures prove stands where the streams are read", () => {
  const proof = "the bus told 2 acknowledgements of JOBS, and the stream has numbered 1 message";
  const fates = stepFates([
    { kind: "step", step: "publish-1", phase: "began" },
    { kind: "step", step: "publish-1", phase: "ended" },
    { kind: "phase", phase: "healed" },
    { kind: "stream-lacks", stream: "JOBS", is: "never-numbered", proof },
  ]);
  expect(fates.find(({ step }) => step === "settle")?.notes.map(({ text }) => text)).toEqual([proof]);
});

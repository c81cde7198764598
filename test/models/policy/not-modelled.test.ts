/** The parts of a policy that the model leaves out are named, or refused where an answer could be false without them. */
import { expect, test } from "vitest";
import { notModelled } from "../../../models/policy/not-modelled.ts";
import type { ConsumePolicy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { checkPolicy } from "../../../src/files/policy-schema.ts";
import { checkScenario } from "../../../src/files/scenario-schema.ts";
import { scenarioWith } from "../cases.ts";
import { policyWith, sound, stream } from "../policies.ts";

const dayMs = 86_400_000;
const streamWith = (part: Partial<StreamPolicy>) => policyWith({ streams: [{ ...stream, ...part }] });

test("a policy of which everything is modelled has nothing to name", () => {
  expect(notModelled(sound)).toEqual([]);
  const refuses = { discard: "new", bytesMax: 1_000, messagesPerSubjectMax: 5, discardsNewPerSubject: true } as const;
  expect(notModelled(streamWith({ ...refuses, messageBytesMax: 100, messagesMax: 3, replicas: 1 }))).toEqual([]);
  expect(notModelled(streamWith({ bytesMax: 1_000, messagesPerSubjectMax: 1, messagesMax: 3 }))).toEqual([]);
  expect(notModelled(streamWith({ discard: "new", messagesPerSubjectMax: 1 }))).toEqual([]);
  expect(notModelled(streamWith({ noAck: true }))).toEqual([]);
  expect(notModelled(streamWith({ ageMaxMs: 3_600_000 }))).toEqual([]);
  expect(notModelled(streamWith({ retention: "workqueue", messagesMax: 1_000_000 }))).toEqual([]);
  expect(notModelled(streamWith({ retention: "workqueue" }))).toEqual([]);
  expect(notModelled(streamWith({ retention: "interest" }))).toEqual([]);
  expect(notModelled(streamWith({ retention: "workqueue", discard: "new", messagesMax: 3 }))).toEqual([]);
  expect(notModelled(streamWith({ retention: "interest", messagesMax: 5 }))).toEqual([]);
  expect(notModelled(streamWith({ retention: "workqueue", bytesMax: 1_000_000, ageMaxMs: 3_600_000 }))).toEqual([]);
});

test.each<[part: Partial<StreamPolicy>, place: string]>([
  [{ ageMaxMs: 7 * dayMs }, "ageMaxMs"],
  [{ replicas: 3 }, "replicas"],
  [{ declared: ["republish"] }, "declared"],
  [{ declared: ["sources"] }, "declared"],
])("%j is named, and an answer is true without it", (part, place) => {
  const policy = streamWith(part);
  const [one, ...others] = notModelled(policy);
  expect([one?.place[2], one?.falsifies, others]).toEqual([place, false, []]);
  expect(checkPolicy(policy, "a.json").streams[0]).toMatchObject(part);
});

test.each<[part: Partial<StreamPolicy>, place: string]>([
  [{ declared: ["mirror"] }, "declared[0]"],
  [{ declared: ["republish", "subject_transform"] }, "declared[1]"],
])("%j is refused: an answer could be false without it", (part, place) => {
  expect(() => checkPolicy(streamWith(part), "a.json")).toThrow(
    `a.json: streams[0].${place}: is not modelled, and an answer without it could be false: `,
  );
});

test.each<[consume: Partial<ConsumePolicy>, stream: Partial<StreamPolicy>, place: string]>([
  [{ ackPolicy: "all" }, { retention: "interest", messagesMax: 5 }, "ackPolicy"],
  [{ ackPolicy: "all" }, { retention: "interest", ageMaxMs: 600_000 }, "ackPolicy"],
  [{ ackPolicy: "none", stands: { ackPolicy: "explicit" } }, {}, "stands.ackPolicy"],
  [{ deliverSubject: "deliver.jobs" }, {}, "deliverSubject"],
  [{ durables: "updated", stands: { ackPendingMax: 5 } }, {}, "stands.ackPendingMax"],
  [{ durables: "updated", stands: { inactiveThresholdMs: 5_000 } }, {}, "stands.inactiveThresholdMs"],
  [{ durables: "ephemeral" }, { retention: "interest" }, "durables"],
  [{ durables: "ephemeral" }, { retention: "workqueue" }, "durables"],
])("a consumer with %j on a stream with %j is refused", (consume, part, place) => {
  const policy = policyWith({ consume, streams: [{ ...stream, ...part }] });
  expect(() => checkPolicy(policy, "a.json")).toThrow(`a.json: consume.${place}: is not modelled, and an answer`);
});

test("any deliver policy and ack policy is modelled with retention by interest, and ack policy all with little room", () => {
  const interest = [{ ...stream, retention: "interest" as const }];
  for (const consume of [{ deliverPolicy: "new" }, { ackPolicy: "none" }, { ackPolicy: "all" }] as const)
    expect(notModelled(policyWith({ consume, streams: interest }))).toEqual([]);
  expect(notModelled(policyWith({ consume: { ackPolicy: "all", ackPendingMax: 5 } }))).toEqual([]);
});

test("a queue group is named, and an answer is true without it", () => {
  const policy = policyWith({ consume: { deliverSubject: "deliver.jobs", deliverGroup: "workers" } });
  expect(notModelled(policy)).toMatchObject([{ place: ["consume", "deliverGroup"], falsifies: false }]);
  expect(checkPolicy(policy, "a.json").consume).toMatchObject({ deliverGroup: "workers" });
});

test("a scenario under such a policy is refused at the policy's place in its file", () => {
  const scenario = { ...scenarioWith([{ kind: "start" }]), policy: streamWith({ declared: ["mirror"] }) };
  expect(() => checkScenario(scenario, "a.json")).toThrow("a.json: policy.streams[0].declared[0]: is not modelled");
});

test("a stream that takes dead letters is refused where it acknowledges none, and where they push others out", () => {
  const consume = { ...sound.consume, failures: "dead-letter", deadLetterSubject: "job.dead" } as const;
  const refused = (part: Partial<StreamPolicy>) =>
    notModelled({ ...streamWith(part), consume }).map(({ place, falsifies }) => [place[2], falsifies]);
  expect(refused({ noAck: true })).toEqual([["noAck", true]]);
  expect(refused({ bytesMax: 1_000 })).toEqual([["bytesMax", true]]);
  expect(refused({ messagesMax: 5 })).toEqual([["messagesMax", true]]);
  expect(refused({ messagesPerSubjectMax: 5, ageMaxMs: 3_600_000 })).toEqual([]);
  expect(refused({ bytesMax: 1_000, subjects: ["job.dead"] })).toEqual([]);
});

test("a bound of unacknowledged messages is named where no scenario reaches it, and modelled otherwise", () => {
  const bounded = (ackPendingMax: number) => ({ ...sound, consume: { ...sound.consume, ackPendingMax } });
  expect(notModelled(bounded(2_048))).toMatchObject([{ place: ["consume", "ackPendingMax"], falsifies: false }]);
  expect(notModelled(bounded(-1))).toEqual([]);
  expect(notModelled(bounded(10))).toEqual([]);
  expect(() => checkPolicy(bounded(10), "a.json")).not.toThrow();
});

test.each<[part: Partial<StreamPolicy>, error: string]>([
  [{ discardsNewPerSubject: true, messagesPerSubjectMax: 5 }, 'discardsNewPerSubject: needs discard "new"'],
  [{ discardsNewPerSubject: true, discard: "new" }, "discardsNewPerSubject: needs discard"],
  [{ ageMaxMs: dayMs, duplicateWindowMs: dayMs + 1 }, "duplicateWindowMs: is longer than ageMaxMs"],
])("%j is refused, as the server refuses it", (part, error) => {
  expect(() => checkPolicy(streamWith(part), "a.json")).toThrow(`a.json: streams[0].${error}`);
});

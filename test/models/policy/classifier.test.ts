/** Which subjects a pattern covers, and what follows from it: family, way, stream, id. */
import { describe, expect, test } from "vitest";
import { declaredDurability, isClassifiedDurable } from "../../../models/policy/classifier.ts";
import { messageId } from "../../../models/policy/ids.ts";
import { covers } from "../../../models/policy/pattern.ts";
import { isTapped, streamOf } from "../../../models/policy/streams.ts";
import { policy } from "../../properties/service-events.ts";

test.each<[string, string, boolean]>([
  ["a.b", "a.b", true],
  ["a.b", "a.c", false],
  ["a.b", "a", false],
  ["a", "a.b", false],
  ["a.*", "a.b", true],
  ["a.*", "a.b.c", false],
  ["a.*", "a", false],
  ["*.b", "a.b", true],
  ["a.*.c", "a.b.c", true],
  ["a.>", "a.b", true],
  ["a.>", "a.b.c", true],
  ["a.>", "a", false],
  [">", "a", true],
])("%s and %s: %s", (pattern, subject, expected) => {
  expect(covers(pattern, subject)).toBe(expected);
});

describe("of a policy", () => {
  test("the first family counts, and without one a subject is best-effort", () => {
    const families = [{ subjects: "job.log", durability: "best-effort", reason: "" } as const, ...policy.families];
    expect(declaredDurability({ ...policy, families }, "job.log")).toBe("best-effort");
    expect(declaredDurability({ ...policy, families }, "job.x")).toBe("durable");
    expect(declaredDurability(policy, "nobody.knows")).toBe("best-effort");
  });

  test("a rule matches by the whole subject, a pattern, or both its ends", () => {
    const classifier = [{ exact: "sys.job" }, { pattern: "a.*" }, { prefix: "worker.", suffix: ".jobs" }];
    const isDurable = (subject: string): boolean => isClassifiedDurable({ ...policy, classifier }, subject);
    expect(["sys.job", "a.b", "worker.x.jobs", "worker.a.b.jobs"].filter(isDurable)).toHaveLength(4);
    expect(["sys.job.x", "a.b.c", "worker.x", "x.jobs", "job"].filter(isDurable)).toEqual([]);
  });

  test("a stream takes a subject whichever way it is published, and one that the classifier knows may be in none", () => {
    expect(streamOf(policy, "job.a.b")?.name).toBe("JOBS");
    expect(streamOf(policy, "audit")).toBeUndefined();
    expect(isTapped({ ...policy, taps: ["*"] }, "audit")).toBe(true);
    expect(isTapped(policy, "audit")).toBe(false);
  });

  test("an id is one of the event's own, one of subject and key, or none", () => {
    expect(messageId(policy, "job.plain", "7", 1)).not.toBe(messageId(policy, "job.plain", "7", 2));
    expect(messageId(policy, "job.x", "7", 1)).toBe(messageId(policy, "job.x", "7", 2));
    expect(messageId(policy, "job.x", "7", 1)).not.toBe(messageId(policy, "job.x", "8", 1));
    expect(messageId(policy, "job.x", "7", 1)).not.toBe(messageId(policy, "job.y", "7", 1));
    expect(messageId(policy, "job.x", undefined, 1)).not.toBe(messageId(policy, "job.x", undefined, 2));
    expect(messageId(policy, "job.a.b", "7", 1)).toBeUndefined();
  });
});

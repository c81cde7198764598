/** Under a policy: what is added to the alphabet, and that equal states have equal futures there, too. */
import { describe, expect, test } from "vitest";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import {
  alphabetOf,
  boundsOf,
  kindsLeftOut,
  scopeOf,
  settingsOf,
  sizesOf,
} from "../../../src/search/exhaust/alphabet.ts";
import { type Exhaust, exhaust } from "../../../src/search/exhaust/exhaust.ts";
import { walkPaths } from "../../../src/search/exhaust/paths.ts";
import { durableSubject } from "../../../src/search/exhaust/policy-alphabet.ts";
import { policyWith, sound } from "../../models/policies.ts";

/** Few enough to be walked five steps deep. */
const written =
  /^start$|on job\.a$|about one thing|again|handler acks|to replica 0|12000\d ms|lose-ack|power-loss|store is lost|heal, await connected/;

function under(policy: Policy, profile: Profile, publishes: number, faults: number): Omit<Exhaust, "world"> {
  const settings = settingsOf(profile, sizesOf(profile, publishes)).filter(one => one.name === "default options");
  return {
    profile,
    letters: alphabetOf(profile, scopeOf(publishes, policy)).filter(({ name }) => written.test(name)),
    settings: settings.map(one => ({ ...one, name: policy.name, policy })),
    bounds: boundsOf(publishes, faults, policy),
    statesMax: 1_000_000,
    budgetMs: 60_000,
    // Neither promises nor the oracle are the question here.
    judging: { only: [] },
    oracleSample: 0,
  };
}

test("no kind of step or fault is left out that a service can meet", () => {
  expect(kindsLeftOut(scopeOf(2, sound))).toEqual(["server-error", "cut-server"]);
  expect(kindsLeftOut(scopeOf(2, policyWith({ client: { servers: 2 } })))).toEqual(["server-error"]);
  expect(kindsLeftOut(scopeOf(2))).toContain("signal");
});

test("a durable subject is one that the policy's own patterns name and its classifier takes for durable", () => {
  expect(durableSubject(sound)).toBe("job.a");
  expect(durableSubject({ ...sound, classifier: [] })).toBeUndefined();
  const names = alphabetOf(natsGo, scopeOf(2, { ...sound, classifier: [] })).map(one => one.name);
  expect(names.filter(name => name.includes("job."))).toEqual([]);
});

describe("merging equal states loses nothing", () => {
  test.each([
    ["nats-go, sound", natsGo, sound],
    ["nats-js-3, ids by key", natsJs3, policyWith({ publish: { messageIds: [{ subjects: "job.>", id: "key" }] } })],
  ] as const)(
    "%s: with and without memory the same schedules end in the same ledgers",
    async (_name, profile, policy) => {
      const space = { ...under(policy, profile, 2, 1), depthMax: 4 };
      const walked = walkPaths({ ...space, pathsMax: 100_000, breaks: () => undefined });
      const merged = await exhaust(space);
      expect(walked.complete).toBe(true);
      expect(merged.violations).toEqual([]);
      expect(merged.ledgers).toEqual(walked.ledgers);
      expect(merged.explored[0]?.schedules).toBe(walked.schedules);
      expect(merged.explored[0]?.states).toBeLessThan(walked.paths);
    },
  );
});

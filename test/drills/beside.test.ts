/** The rows beside a policy: which of them a bus is asked, and which have a part in the verdict. */
import { expect, test } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { questions } from "../../src/drills/drill.ts";
import { casesOf } from "../../src/drills/index.ts";
import { isCounted } from "../../src/drills/question/found.ts";
import { isModelAlone } from "../../src/drills/question/run.ts";
import { bundledPolicy } from "../../src/files/policies.ts";
import { knownProfile } from "../../src/runs/profiles.ts";

test.for(questions)(
  "drill %s: a bus with one behaviour is asked every row of its policy, and no other bus is spared a row",
  question => {
    const cases = casesOf(question, bundledPolicy("cordum-hardened") as Policy, knownProfile("nats-go"));
    expect(cases.filter(one => !isModelAlone(one, { fixed: true }))).toEqual(cases.filter(({ judged }) => judged));
    expect(cases.filter(one => isModelAlone(one, {}))).toEqual([]);
  },
);

test("a row beside the policy counts only where it is violated, and never where it is the model's alone", () => {
  const beside = { judged: false } as const;
  expect(isCounted({ ...beside, verdict: "violated" })).toBe(true);
  expect(isCounted({ ...beside, verdict: "inconclusive" })).toBe(false);
  expect(isCounted({ ...beside, verdict: "violated", modelAlone: true })).toBe(false);
  for (const verdict of ["holds", "inconclusive", "violated"] as const)
    expect(isCounted({ judged: true, verdict })).toBe(true);
});

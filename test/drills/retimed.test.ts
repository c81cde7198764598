/** A question's case whose waits end in another order in the time of a live run: it has its answer in the policy's own time alone. */
import { expect, test } from "vitest";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { type Question, questions } from "../../src/drills/drill.ts";
import { type AskedQuestion, pairsOf } from "../../src/drills/question/asked.ts";
import { type CaseResult, newFound, type QuestionDrill, record } from "../../src/drills/question/found.ts";
import { isRetimed, modelRuns } from "../../src/drills/question/run.ts";
import { bundledPolicy } from "../../src/files/policies.ts";
import { knownProfile } from "../../src/runs/profiles.ts";
import { policyWith } from "../models/policies.ts";

const profile = knownProfile("nats-go");
const askedOf = (question: Question, policy: Policy): AskedQuestion =>
  ({
    question,
    bus: "go-nats-go",
    policy: { name: policy.name, policy },
    common: { seed: "s" },
  }) as unknown as AskedQuestion;

/** The waits of nats.go before it asks again use up this ack timeout, and not the longer one that a live run needs. */
const reordered = policyWith({
  streams: [],
  publish: { ackTimeoutMs: 500 },
  demands: catalogue.map(({ id }) => id),
});

test("is judged in the own time, and says that it was not run live", () => {
  const asked = askedOf("durability", reordered);
  const pairs = pairsOf(asked, profile).map(pair => ({ pair, models: modelRuns(asked, profile, pair) }));
  const retimed = pairs.filter(({ models }) => isRetimed(models));
  expect(retimed.length).toBeGreaterThan(0);
  for (const { pair, models } of retimed) {
    const found = newFound();
    const drill = { asked, found, folder: { write: () => "a-file" } } as unknown as QuestionDrill;
    record(drill, { pair, models, result: { kind: "retimed" } satisfies CaseResult });
    expect(found.cases).toMatchObject([
      { live: null, agrees: null, retimed: true, model: models.own.judgement.verdict },
    ]);
    expect(found.ran[0]?.model).toBe(models.own.events);
  }
});

test.for(["cordum-hardened", "cordum-c", "cordum-patched", "core-only"])("the bundled policy %s has none", name => {
  const policy = bundledPolicy(name) as Policy;
  const retimed = questions.flatMap(question => {
    const asked = askedOf(question, policy);
    return pairsOf(asked, profile).filter(pair => isRetimed(modelRuns(asked, profile, pair)));
  });
  expect(retimed.map(({ own }) => own.scenario.id)).toEqual([]);
});

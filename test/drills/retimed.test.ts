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

/** A drain waits as long for its handlers as the server waits for an acknowledgement; in the time of a live run it waits less. */
const reordered = policyWith({
  consume: { ackWaitMs: 2_000 },
  shutdown: { strategy: "subscriptions-waited-then-close", budgetMs: 10_000, drainTimeoutMs: 2_000 },
  demands: catalogue.map(({ id }) => id),
});

test("is judged in the own time, and says that it was not run live", () => {
  const asked = askedOf("shutdown", reordered);
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

const retimedUnder = (policy: Policy): readonly string[] =>
  questions.flatMap(question => {
    const asked = askedOf(question, policy);
    const retimed = pairsOf(asked, profile).filter(pair => isRetimed(modelRuns(asked, profile, pair)));
    return retimed.map(({ own }) => own.scenario.id);
  });

test.each<[what: string, policy: Policy]>([
  [
    "nats.go's waits before it asks again use up the ack timeout",
    policyWith({ streams: [], publish: { ackTimeoutMs: 500 }, demands: catalogue.map(({ id }) => id) }),
  ],
  [
    "SIGKILL comes long before the budget of a stop ends",
    policyWith({ shutdown: { budgetMs: 30_000 }, supervisor: { killAfterMs: 1_000 } }),
  ],
  ["the budget of a stop is shorter than any of a live run", policyWith({ shutdown: { budgetMs: 400 } })],
  [
    "a client that has closed for good is left alone by its process",
    policyWith({ startup: { whenClosed: "ignore" }, consume: { ackWaitMs: 200_000 } }),
  ],
  [
    "a probe kills sooner than the next start comes",
    policyWith({
      startup: { readiness: "connected" },
      supervisor: { startupProbe: { asks: "readiness", periodMs: 100, failureThreshold: 3 } },
    }),
  ],
])("no case is run in the own time alone where %s", (_what, policy) => {
  expect(retimedUnder(policy)).toEqual([]);
});

test.for(["cordum-hardened", "cordum-c", "cordum-patched", "core-only"])("the bundled policy %s has none", name => {
  expect(retimedUnder(bundledPolicy(name) as Policy)).toEqual([]);
});

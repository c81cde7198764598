/** A demand that the model breaks in the same scenario is no violation of a live run; anything else that breaks still is one. */
import { describe, expect, test } from "vitest";
import { sampled } from "../../models/choice.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { besidesOf, withoutForetold } from "../../src/judge/foretold.ts";
import type { JudgeOptions } from "../../src/judge/judge.ts";
import { runCase } from "../../src/judge/run.ts";
import type { Stage } from "../../src/world.ts";
import { openModel } from "../../src/worlds/model.ts";
import { type Bare, scenarioWith } from "../models/cases.ts";
import { policyWith } from "../models/policies.ts";

const noStream = "durable-path/every-declared-durable-subject-has-a-stream";
const retried = "durable-path/a-retry-with-an-id-stores-once";
/** `job.a` is durable, and in no stream. */
const policy = policyWith({ streams: [], demands: [noStream, retried] });
const steps: readonly Bare[] = [{ kind: "start" }, { kind: "publish", count: 2, bytes: 16, subject: "job.a" }] as const;
const scenario = { ...scenarioWith(steps), policy };

async function judged(spoil: (event: Event) => readonly Event[], judging: JudgeOptions = {}, of: Scenario = scenario) {
  const model = openModel(natsGo);
  const stage: Stage = { ...model, run: (planned, emit) => model.run(planned, event => spoil(event).forEach(emit)) };
  const one = { scenario: of, profile: natsGo, bus: "b", seed: "1" };
  const run = await runCase(stage, one, judging);
  const { judgement } = withoutForetold(stage, one, run, { judging, otherwise: sampled("2") });
  return { before: run.judgement, judgement };
}
const asItIs = (event: Event): readonly Event[] => [event];

describe("a demand that the policy breaks by itself", () => {
  test("is left out of the verdict, and stays among what is broken", async () => {
    const { before, judgement } = await judged(asItIs);
    expect([before.verdict, before.about]).toEqual(["violated", { kind: "promise", property: noStream }]);
    expect(judgement.verdict).not.toBe("violated");
    expect(besidesOf(scenario, judgement).foretold.map(one => one.property)).toEqual([noStream]);
  });

  test("is left out of a run that was given up before the step that excuses it", async () => {
    const losesAll: Bare = {
      kind: "fault",
      fault: { kind: "stop-server", signal: "TERM", awaits: "noticed", store: "lost" },
    };
    const whole = { ...scenarioWith([...steps, losesAll, { kind: "heal", awaits: "connected" }]), policy };
    const given: readonly Event[] = [
      { kind: "not-awaited", step: "settle", what: "a real clock", byHarness: true },
      { kind: "observed", complete: false },
    ];
    let isOver = false;
    const { before, judgement } = await judged(
      event => {
        if (isOver) return [];
        isOver = event.kind === "step" && event.step === whole.steps[2]?.id;
        return isOver ? given : [event];
      },
      {},
      whole,
    );
    expect(before.about).toEqual({ kind: "promise", property: noStream });
    expect(judgement.verdict).toBe("inconclusive");
  });

  test("is a violation where the user requires it by name", async () => {
    const { judgement } = await judged(asItIs, { require: [noStream] });
    expect(judgement.about).toEqual({ kind: "promise", property: noStream });
  });

  test("hides nothing else: what the model does not admit is what is reported", async () => {
    const { judgement } = await judged(event =>
      event.kind === "published" ? [{ ...event, outcome: { is: "accepted" } } as Event] : [event],
    );
    expect([judgement.verdict, judgement.about]).toEqual(["violated", { kind: "conformance" }]);
  });
});

/** A search under a policy goes on after the first failure, and keeps the shortest case of all that breaks. */
import { expect, test } from "vitest";
import { sampled } from "../../models/choice.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { bundledPolicy } from "../../src/files/policies.ts";
import { allBrokenBy, brokeText } from "../../src/findings/broke.ts";
import { runAnsweredCase } from "../../src/judge/run.ts";
import { type ModelFound, searchModel } from "../../src/search/random/model.ts";
import { profileNamed } from "../models/cases.ts";

const profile = profileNamed("nats-go");
const policyNamed = (name: string): Policy => bundledPolicy(name) as Policy;

const searchUnder = (policy: Policy, runsMax: number, goesOn = true): Promise<ModelFound> =>
  searchModel(
    { profile, seed: "1", runsMax, budgetMs: 60_000, judging: {}, policy, ...(goesOn ? { goesOn } : {}) },
    () => false,
  );

const kinds = ({ steps }: Scenario): readonly string[] =>
  steps.map(one => (one.kind === "fault" ? one.fault.kind : one.kind));

test("what Cordum's bus breaks is found in a few hundred scenarios, each promise once and in a case that one can read", async () => {
  const { runs, failures, coverage } = await searchUnder(policyNamed("cordum-as-found"), 600);
  expect(runs).toBe(600);
  expect(coverage.verdicts.violated).toBeGreaterThan(300);
  const broken = failures.map(one => brokeText(one.broken));
  expect(new Set(broken).size).toBe(broken.length);
  const of = (id: string): Scenario => {
    const found = failures.find(one => brokeText(one.broken) === id);
    if (found === undefined) throw new Error(`${id} did not break; there broke ${broken.join(", ")}`);
    return found.scenario;
  };

  const gap = of("durable-path/every-declared-durable-subject-has-a-stream");
  expect(kinds(gap)).toEqual(["start", "publish"]);
  expect(gap.steps[1]).toMatchObject({ subject: "worker.a.b.jobs", count: 1 });

  const swallowed = of("durable-path/a-distinct-message-is-not-swallowed");
  expect(kinds(swallowed)).toEqual(["start", "publish"]);
  expect(swallowed.steps[1]).toMatchObject({ count: 2, key: expect.any(String) });

  expect(kinds(of("durable-path/declared-durable-is-acknowledged"))).toEqual(["no-jetstream", "start", "publish"]);
  expect(kinds(of("durable-path/best-effort-is-not-stored"))).toEqual(["start", "publish"]);
  expect(kinds(of("cold-start/ready-means-usable"))).toEqual(["start", "cut"]);
  expect(kinds(of("shutdown/nothing-accepted-is-lost-in-silence-by-a-stop"))).toContain("signal");
});

test("each case replays from its own answers, under any seed, and breaks what it was kept for", async () => {
  const { failures } = await searchUnder(policyNamed("cordum-as-found"), 200);
  expect(failures.length).toBeGreaterThan(3);
  for (const { scenario, answers, broken, judgement } of failures) {
    const again = runAnsweredCase({ scenario, profile, answers, otherwise: sampled("any other") });
    expect(allBrokenBy(again.judgement)).toContainEqual(broken);
    expect(again.judgement.digest).toBe(judgement.digest);
  }
});

test("without being told to go on it ends at the first", async () => {
  const { runs, failures } = await searchUnder(policyNamed("cordum-as-found"), 600, false);
  expect(runs).toBeLessThan(20);
  expect(failures).toHaveLength(1);
});

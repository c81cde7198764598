/** The cases of the four questions: valid for every bundled policy and client, every step of them done, each about what it says. */

import { describe, expect, test } from "vitest";
import { budgetExample, startupBudgetMs } from "../../models/policy/budget.ts";
import { familyOf } from "../../models/policy/classifier.ts";
import { kubeletRestartMs } from "../../models/policy/restarts.ts";
import { familySubjects } from "../../models/policy/subjects.ts";
import { inLiveTime } from "../../models/policy/times.ts";
import { profiles } from "../../models/profiles/index.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { fillId } from "../../src/drills/buffer.ts";
import { type DrillCase, questions } from "../../src/drills/drill.ts";
import { fillFigures, startFigures } from "../../src/drills/figures.ts";
import { casesOf } from "../../src/drills/index.ts";
import { bundledPolicies, bundledPolicy } from "../../src/files/policies.ts";
import { checkScenario } from "../../src/files/scenario-schema.ts";
import { allBrokenBy, brokeText } from "../../src/findings/broke.ts";
import { runModelCase } from "../../src/judge/run.ts";
import { stepsOf } from "../models/cases.ts";

const policy = (name: string): Policy => bundledPolicy(name) as Policy;
const natsGo = profiles["nats-go"] as Profile;
/** The supervisor as Kubernetes has it: it backs off, asks probes, and runs a preStop. */
const inKubernetes: Policy = {
  ...policy("cordum-hardened"),
  supervisor: {
    restartMs: kubeletRestartMs,
    killAfterMs: 40_000,
    preStopMs: 5_000,
    liveness: { periodMs: 10_000, failureThreshold: 3 },
    startupProbe: { asks: "liveness", periodMs: 10_000, failureThreshold: 30 },
  },
};
const { deadlineMs: _, ...startup } = inKubernetes.startup;
const waitsOutside: Policy = { ...inKubernetes, startup: { ...startup, strategy: "wait-outside" } };
const everyPolicy = [...bundledPolicies().map(policy), inKubernetes, waitsOutside].flatMap(one => [
  one,
  inLiveTime(one),
]);

describe.for(questions)("%s", question => {
  test("every case is a valid scenario of its own", () => {
    for (const one of everyPolicy) {
      const cases = casesOf(question, one, natsGo);
      expect(cases.length).toBeGreaterThan(0);
      expect(new Set(cases.map(({ scenario }) => scenario.id)).size).toBe(cases.length);
      for (const { scenario } of cases)
        expect(checkScenario(JSON.parse(JSON.stringify(scenario)), scenario.id)).toEqual(scenario);
    }
  });

  test("no step of nats.go's cases is skipped, but for what an exited process leaves undone", () => {
    for (const one of everyPolicy)
      for (const { scenario } of casesOf(question, one, natsGo)) {
        const skipped = stepsOf(scenario, natsGo).filter(
          ({ skipped: why }) => why !== undefined && why.reason !== "the bus is not started",
        );
        expect([scenario.id, skipped.map(({ step, skipped: why }) => `${step.id}: ${why?.reason}`)]).toEqual([
          scenario.id,
          [],
        ]);
      }
  });

  test("in live time a policy has the same cases", () => {
    for (const name of bundledPolicies()) {
      const shape = (one: Policy): readonly string[] =>
        casesOf(question, one, natsGo).map(
          ({ scenario }) => `${scenario.id} ${scenario.steps.map(({ kind }) => kind).join()}`,
        );
      expect(shape(inLiveTime(policy(name)))).toEqual(shape(policy(name)));
    }
  });

  test("what is set beside the policy is asked for nothing", () => {
    for (const one of everyPolicy)
      for (const { judged, scenario, variant } of casesOf(question, one, natsGo)) {
        expect(judged).toBe(variant === undefined);
        expect(scenario.policy?.demands).toEqual(judged ? one.demands : []);
      }
  });

  test("the hardened policy keeps all its promises in the model, with every client", () => {
    for (const profile of Object.values(profiles))
      for (const { scenario } of casesOf(question, policy("cordum-hardened"), profile)) {
        const { verdict, reason } = runModelCase({ scenario, profile, seed: "1" }).judgement;
        expect([profile.name, scenario.id, verdict, reason].join(" ")).toMatch(/ holds /);
      }
  });
});

const brokenAsFound = (): readonly string[] => {
  const cases = questions.flatMap(question => casesOf(question, policy("cordum-as-found"), natsGo));
  const judged = cases.filter(one => one.judged);
  return judged.flatMap(({ scenario }) => [
    ...allBrokenBy(runModelCase({ scenario, profile: natsGo, seed: "1" }).judgement).map(brokeText),
  ]);
};

test("the four questions find in Cordum's bus all that random search finds in it", () => {
  expect([...new Set(brokenAsFound())].sort()).toEqual([
    "cold-start/a-late-jetstream-is-used-once-it-is-there",
    "cold-start/ready-means-usable",
    "durable-path/a-distinct-message-is-not-swallowed",
    "durable-path/a-failed-message-is-kept",
    "durable-path/best-effort-is-not-stored",
    "durable-path/declared-durable-is-acknowledged",
    "durable-path/every-declared-durable-subject-has-a-stream",
    "shutdown/nothing-accepted-is-lost-in-silence-by-a-stop",
  ]);
});

test("every family has a subject that is its own, and is published on through a rolling restart", () => {
  const one = policy("cordum-as-found");
  const published = familySubjects(one);
  expect(published.map(({ family }) => family)).toEqual(one.families);
  for (const { family, subject } of published) expect(familyOf(one, subject)).toBe(family);
  const about = casesOf("durability", one, natsGo).filter(({ part }) => part === "restart");
  expect(about).toHaveLength(one.families.length);
});

test("each server of a pool is lost in turn while a family is published, and none where there is one server", () => {
  const one = policy("cordum-hardened");
  const lostIn = (servers: number): readonly number[] =>
    casesOf("durability", { ...one, client: { ...one.client, servers } }, natsGo)
      .filter(({ part }) => part === "pool")
      .map(({ scenario }) => stepsOf(scenario, natsGo))
      .map(steps => steps.filter(({ step, skipped }) => step.kind === "fault" && skipped === undefined).length);
  expect(lostIn(3)).toEqual(one.families.map(() => 3));
  expect(lostIn(1)).toEqual([]);
});

test("a process under back-off is up only when its supervisor has waited, as long after the server as the case shows", () => {
  const cases = casesOf("cold-start", inKubernetes, natsGo);
  const { scenario } = cases.find(one => one.scenario.id.endsWith("fail-fast-server-never-comes")) as DrillCase;
  const heal = scenario.steps.find(({ kind }) => kind === "heal");
  const { events } = runModelCase({ scenario, profile: natsGo, seed: "1" });
  // At 0, 10, 30, 70, 150, 310, 610 and 910 s; the server comes after the deadline of 105 s and 760 s of waits.
  expect(startFigures(events, heal?.id)).toMatchObject({ restarts: 8, connectedAfterMs: 45_001 });
});

test("a family that another covers wholly is passed over", () => {
  const [first] = policy("core-only").families;
  const shadowed = {
    ...policy("core-only"),
    families: [
      { ...first, subjects: "events.>" },
      { ...first, subjects: "events.a" },
    ],
  };
  expect(familySubjects(shadowed as Policy).map(({ subject }) => subject)).toEqual(["events.a"]);
});

const filled = (profile: Profile, variant?: string): DrillCase =>
  casesOf("buffer", policy("cordum-hardened"), profile).find(
    one => one.part === "size" && one.variant === variant,
  ) as DrillCase;

test.for([
  [undefined, 33_554_432],
  ["default", 8_388_608],
  ["small", 65_536],
  ["off", 0],
] as const)("a buffer of the size %s is filled to its limit and 25 messages beyond", ([variant, limitBytes]) => {
  const { scenario } = filled(natsGo, variant);
  const { events } = runModelCase({ scenario, profile: natsGo, seed: "1" });
  const { takenBytes, frameBytes, published, firstRefusal, errors } = fillFigures(events, fillId);
  expect(takenBytes).toBeGreaterThanOrEqual(limitBytes);
  expect(takenBytes).toBeLessThan(limitBytes + frameBytes);
  expect(errors).toEqual({ "buffer-full": 25 });
  expect(firstRefusal).toBe(published - 25);
});

test("a client without a buffer has no sizes", () => {
  const sizes = casesOf("buffer", policy("cordum-hardened"), profiles["nats-js-3"] as Profile).filter(
    one => one.part === "size",
  );
  expect(sizes.map(({ variant }) => variant)).toEqual([undefined, "default"]);
});

test("three passes over three servers of 10 s, and 15 s, are 105 s", () => {
  expect(startupBudgetMs(budgetExample, 10_000)).toBe(105_000);
});

/** The oracle goes by what an observation says and never by how it is put: whatever is worded anew at random, its answers stay. */
import { describe, expect, test } from "vitest";
import { type Observation, observe } from "../../models/observation.ts";
import { type Admission, admits } from "../../models/oracle.ts";
import { planCase, settleId } from "../../models/plan/plan.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario, Step, StepId } from "../../models/vocabulary/scenario.ts";
import { policyScenarioOf } from "../../properties/arbitraries/policy-scenario.ts";
import { bundledPolicies, bundledPolicy } from "../../src/files/policies.ts";
import { modelCapabilities } from "../../src/worlds/model.ts";
import { allProfiles, draw, enough, eventsOf, randomScenario, times } from "./cases.ts";
import { corruptions } from "./corruptions.ts";

/** Beginnings and ends that sentences of the oracle have or once had: code that reads one back is misled by these. */
const traps = [
  "message 0",
  "messages 1-2",
  "publish of message 3",
  "the model says",
  "rejected",
  "unsettled",
  "settle",
];

/** A text that depends on nothing but the two words, and is another for every other first one. */
const randomText = (word: string, purpose: string): string => {
  const [begin, end] = ["begin", "end"].map(part => traps[draw(word, `${purpose}/${part}`) % traps.length]);
  return `${begin} ${word} ${end}`;
};

interface Run {
  readonly scenario: Scenario;
  readonly events: readonly Event[];
}

/** The same run with every id of a step, and every text that an event carries for a reader, worded at random. */
function reworded({ scenario, events }: Run, seed: string): Run {
  const idOf = (id: StepId): StepId => (id === settleId ? id : randomText(id, seed));
  const stepOf = <S extends Step>(step: S): S => ({
    ...step,
    id: idOf(step.id),
    ...(step.kind === "publish" && step.again !== undefined ? { again: idOf(step.again) } : {}),
    ...(step.kind === "together" ? { steps: step.steps.map(stepOf) } : {}),
    ...(step.kind === "signal" && step.meanwhile !== undefined ? { meanwhile: step.meanwhile.map(stepOf) } : {}),
  });
  const eventOf = (event: Event, at: number): Event => {
    const named = "step" in event ? { ...event, step: idOf(event.step) } : event;
    const text = randomText(String(at), seed);
    switch (named.kind) {
      case "skipped":
        return { ...named, reason: text };
      case "fault":
        return { ...named, proof: text };
      case "published":
      case "called":
        return { ...named, text };
      default:
        return named;
    }
  };
  return { scenario: { ...scenario, steps: scenario.steps.map(stepOf) }, events: events.map(eventOf) };
}

/** An answer without the ids of steps, which differ. */
function answerOf(admission: Admission): unknown {
  const { answer, evaluations } = admission;
  if (answer === "permitted") return { answer, evaluations, ended: admission.ended };
  const { reason } = admission;
  if (reason.kind !== "disagreement") return { answer, evaluations, reason };
  const { lead, matched, deliveries } = reason;
  const { step: _step, ...said } = { step: "", ...lead };
  return { answer, evaluations, said, matched, deliveries };
}

/** What a liar makes of the observation of a run, one lie of each kind. */
const liesAbout = (observed: Observation, seed: string): readonly Observation[] =>
  Object.entries(corruptions).flatMap(([name, corrupt]) => {
    let drawn = 0;
    return corrupt(observed, below => draw(seed, `${name}${drawn++}`) % Math.max(1, below)) ?? [];
  });

/** Under each policy, and under none: 3,000 together. */
const runs = 600;
/** One run of ten is also lied about, in the old words and in the new. */
const liedAbout = 10;
const policies: readonly [string, Policy | undefined][] = [
  ["no policy", undefined],
  ...bundledPolicies().map((name): [string, Policy | undefined] => [name, bundledPolicy(name)]),
];

function runOf(word: string, profile: Profile, policy: Policy | undefined): Run {
  const space = { profile, capabilities: modelCapabilities(profile) };
  const scenario = policy === undefined ? randomScenario(word, profile) : policyScenarioOf(word, { ...space, policy });
  return { scenario, events: eventsOf(scenario, profile, word) };
}

test("there are eight bundled policies", () => {
  expect(policies.filter(([, policy]) => policy !== undefined)).toHaveLength(8);
});

describe.each(policies)("a rewording under %s", (name, policy) => {
  test(`leaves each of ${runs} runs of the model admitted, and every lie about one answered as before`, () => {
    const seen = { texts: 0, lies: 0, refused: 0 };
    for (let i = 0; i < times(runs); i++) {
      const profile = allProfiles[i % allProfiles.length] as Profile;
      const word = `reword-${name}-${i}`;
      const run = runOf(word, profile, policy);
      const again = reworded(run, word);
      const observed = observe(again.events);
      const admission = admits(planCase(again.scenario, profile), observed, { knowsPlaces: true });
      expect(admission.answer, word).toBe("permitted");
      seen.texts += again.events.filter(event => event.kind === "skipped" || event.kind === "fault").length;
      if (i % liedAbout !== 0) continue;
      const lies = liesAbout(observed, word);
      for (const [at, truth] of liesAbout(observe(run.events), word).entries()) {
        const bounds = { evaluationsMax: 300 };
        const before = answerOf(admits(planCase(run.scenario, profile), truth, bounds));
        const after = admits(planCase(again.scenario, profile), lies[at] as Observation, bounds);
        expect(answerOf(after), `${word}, lie ${at}`).toEqual(before);
        seen.lies++;
        if (after.answer === "not-permitted") seen.refused++;
      }
    }
    expect(seen.texts, JSON.stringify(seen)).toBeGreaterThan(enough(1_000));
    expect(seen.lies, JSON.stringify(seen)).toBeGreaterThan(enough(400));
    expect(seen.refused, JSON.stringify(seen)).toBeGreaterThan(enough(300));
  });
});

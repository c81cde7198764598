/** Cases for tests of the model and the properties: hand-written scenarios, random ones, small ones, and the smallest that fails. */

import { hashText, mix } from "../../models/choice.ts";
import { plan, planCase, type ScenarioStep } from "../../models/plan/plan.ts";
import { profiles } from "../../models/profiles/index.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { CallStep, Fault, Options, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import { withinCount } from "../../properties/arbitraries/at-once.ts";
import { reductions } from "../../properties/arbitraries/reductions.ts";
import { scenarioOf } from "../../properties/arbitraries/scenario.ts";
import { modelCapabilities, runModel } from "../../src/worlds/model.ts";

/** The share of every random test that is done: all of it in the suite, little where each single mutant of mutation/ costs a run. */
const share = Number(process.env.FAULTLINE_TEST_SHARE ?? "1");
export const times = (all: number): number => Math.ceil(all * share);
/** What a random test must have seen in its runs. In few of them chance weighs more, and a quarter of it is enough. */
export const enough = (all: number): number => (share < 1 ? Math.floor((all * share) / 4) : all);

export const allProfiles: readonly Profile[] = Object.values(profiles);
export const profilesByName = allProfiles.map(profile => [profile.name, profile] as const);

export function profileNamed(name: string): Profile {
  const profile = profiles[name];
  if (profile === undefined) throw new Error(`there is no profile ${name}`);
  return profile;
}

/** The steps of the scenario, without the end that the harness appends. */
export const stepsOf = (scenario: Scenario, profile: Profile): readonly ScenarioStep[] =>
  plan(scenario, profile).steps.filter(one => one.kind === "step");

/** Why each step of the scenario is skipped; undefined where it is done. */
export const skippedIn = (scenario: Scenario, profile: Profile): readonly (string | undefined)[] =>
  stepsOf(scenario, profile).map(({ skipped }) => skipped?.reason);

/** What the model world says when it runs the scenario. */
export function eventsOf(scenario: Scenario, profile: Profile, seed = "1", behaves: Profile = profile): Event[] {
  const events: Event[] = [];
  runModel(planCase(scenario, profile), seed, event => void events.push(event), behaves);
  return events;
}

type WithoutId<S> = S extends Step ? Omit<S, "id"> : never;
/** A step as a test writes it; its id is its kind and its place. */
export type Bare = WithoutId<Step>;
export type BareCall = WithoutId<CallStep>;

export const start: Bare = { kind: "start" };
export const drain: BareCall = { kind: "drain" };
export const close: BareCall = { kind: "close" };
export const awaitNoticed: Bare = { kind: "await-noticed" };
export const flush = (timeoutMs = 5_000): BareCall => ({ kind: "flush", timeoutMs });
export const publish = (count: number, bytes = 16): BareCall => ({ kind: "publish", count, bytes });
export const overlapped = (count: number, bytes = 16): Bare => ({ kind: "publish", count, bytes, overlap: true });
export const fault = (one: Fault): Bare => ({ kind: "fault", fault: one });
/** An outage of that many refused dials, or of all that the client makes. */
export const counted = (dials: number | "all"): Bare =>
  fault({ kind: "cut", awaits: dials === "all" ? "gave-up" : "noticed", dials });
export const cut = (awaits: "noticed" | "gave-up" | "none" = "noticed"): Bare => fault({ kind: "cut", awaits });
export const hold: Bare = fault({ kind: "hold" });
export const blackhole: Bare = fault({ kind: "blackhole" });
export const pauseServer: Bare = fault({ kind: "pause-server" });
export const limit = (bytes: number): Bare => fault({ kind: "limit", bytes });
export const heal = (awaits: "connected" | "handshake" | "none" = "connected"): Bare => ({ kind: "heal", awaits });
export const together = (...calls: readonly BareCall[]): Bare => ({
  kind: "together",
  steps: calls.map((call, i) => ({ ...call, id: `part-${i}-${call.kind}` }) as CallStep),
});

const plainOptions: Options = {
  subject: "subject",
  reconnectWaitMs: 20,
  reconnectAttemptsMax: -1,
  cutsWith: "fin",
};

export function scenarioWith(steps: readonly Bare[], options: Partial<Options> = {}): Scenario {
  return {
    version: 1,
    id: "core-path/written-by-a-test",
    why: "written by a test",
    requires: [],
    options: { ...plainOptions, ...options },
    steps: steps.map((step, i) => ({ ...step, id: `${step.kind}-${i}` }) as Step),
    mustHappen: [],
    expect: {},
  };
}

/** The random scenario of one word, for a modelled client. */
export const randomScenario = (word: string, profile: Profile, episodesMax?: number): Scenario =>
  scenarioOf(word, {
    profile,
    capabilities: modelCapabilities(profile),
    ...(episodesMax === undefined ? {} : { episodesMax }),
  });

/** The same scenario, with bursts of at most `countMax` and frames of two sizes: few enough answers to try them all. */
export function smallScenario(word: string, profile: Profile, countMax: number, limits: readonly number[]): Scenario {
  const scenario = randomScenario(word, profile, 1 + (draw(word, "episodes") % 2));
  const limitBytes = limits[draw(word, "limit") % limits.length];
  return {
    ...scenario,
    options: {
      ...withoutLimit(scenario.options),
      ...(limitBytes === undefined ? {} : { reconnectBufferBytesMax: limitBytes }),
    },
    steps: scenario.steps.map(step => smallStep(step, countMax)),
  };
}

function smallStep(step: Step, countMax: number): Step {
  if (step.kind === "together")
    return { ...step, steps: step.steps.map(part => smallStep(part, countMax) as CallStep) };
  if (step.kind === "publish") {
    const bytes = draw(step.id, String(step.count)) % 3 === 0 ? 8 : 16;
    return withinCount({ ...step, count: 1 + (step.count % countMax), bytes });
  }
  if (step.kind === "fault" && step.fault.kind === "limit")
    return { ...step, fault: { ...step.fault, bytes: 1 + (step.fault.bytes % (34 * countMax)) } };
  return step;
}

function withoutLimit(options: Options): Options {
  const { reconnectBufferBytesMax: _dropped, ...rest } = options;
  return rest;
}

export const withLimit = (scenario: Scenario, reconnectBufferBytesMax: number): Scenario => ({
  ...scenario,
  options: { ...scenario.options, reconnectBufferBytesMax },
});

/** A number that depends on nothing but the two words. */
export const draw = (word: string, purpose: string): number => mix(hashText(purpose, hashText(word)));

/** Every way the deliveries went in 300 runs, as a bar per message: `#` arrived, `.` did not. */
export function endsOf(scenario: Scenario, name: string): string[] {
  const seen = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const bar: string[] = [];
    for (const event of eventsOf(scenario, profileNamed(name), `race-${seed}`)) {
      if (event.kind === "published") for (let i = 0; i < event.count; i++) bar[event.first + i] ??= ".";
      if (event.kind === "delivered") for (let i = 0; i < event.count; i++) bar[event.first + i] = "#";
    }
    seen.add(bar.join(""));
  }
  return [...seen].sort();
}

/** The smallest scenario that still fails, by the reductions that searches use. */
export function smallest(scenario: Scenario, fails: (candidate: Scenario) => boolean): Scenario {
  let best = scenario;
  for (let left = share < 1 ? 20 : 200; left > 0; left--) {
    let smaller: Scenario | undefined;
    for (const candidate of reductions(best)) {
      if (!fails(candidate)) continue;
      smaller = candidate;
      break;
    }
    if (smaller === undefined) return best;
    best = smaller;
  }
  return best;
}

/** One line of a scenario, for a failed assertion. */
export const describeScenario = (scenario: Scenario): string =>
  JSON.stringify({ options: scenario.options, steps: scenario.steps });

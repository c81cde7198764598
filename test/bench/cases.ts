/** What the benchmarks run: the search itself, the bare reducer, and the same reducer under fast-check's own commands and arrays. */
import fc from "fast-check";
import { settle, step } from "../../models/bus.ts";
import type { Choose } from "../../models/choice.ts";
import { notEnabled, type PlannedStep, plan } from "../../models/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { type BusState, newState } from "../../models/state.ts";
import type { Emit } from "../../models/vocabulary/event.ts";
import type { Fault, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import { scenarioOf } from "../../properties/arbitraries/scenario.ts";
import { newCoverage } from "../../src/search/coverage.ts";
import { promisedBy, runFast } from "../../src/search/fast-case.ts";
import { ModelCases } from "../../src/search/model.ts";
import { modelCapabilities } from "../../src/worlds/model.ts";

const profile = natsGo;
const capabilities = modelCapabilities(profile);
const options: Scenario["options"] = {
  subject: "subject",
  reconnectWaitMs: 20,
  reconnectAttemptsMax: -1,
  cutsWith: "fin",
};

/** Milliseconds of processor time of this thread. */
export function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

/** The search as `faultline search` runs it. */
export const newCases = (): ModelCases => new ModelCases({ profile, seed: "bench", judging: {} });

export function search(cases: ModelCases, from: number, to: number): number[] {
  const coverage = newCoverage();
  const failing: number[] = [];
  for (let i = from; i < to; i++) if (cases.run(i, coverage) !== undefined) failing.push(i);
  return failing;
}

/** A client that drops what it is held to deliver: cases that break something. */
export const casesThatFail = (): ModelCases =>
  new ModelCases({
    profile,
    seed: "bench",
    judging: {},
    behaves: { ...profile, reconnectBuffer: { kind: "reset-at-dial" } },
  });

let word = 0x9e3779b9;
/** The inline generator of the bare loop: xorshift32. */
const choose: Choose = (_label, lo, hi) => {
  word ^= word << 13;
  word ^= word >>> 17;
  word ^= word << 5;
  return hi <= lo ? lo : lo + ((word >>> 0) % (hi - lo + 1));
};
const toNobody: Emit = () => {};

/** The project's own reducer and nothing else: the scenario is given, answers come from the inline generator, nobody listens. */
export function bare(scenario: Scenario): void {
  const state = newState();
  for (const planned of plan(scenario, profile).steps)
    step(state, planned, profile, scenario.options, choose, toNobody);
  settle(state, profile, scenario.options, choose, toNobody);
}

/** A scenario of exactly `steps` steps, its bus never closed. */
export function longScenario(steps: number): Scenario {
  for (let i = 0; ; i++) {
    const one = scenarioOf(`long-${i}`, { profile, capabilities, episodesMax: 20_000 });
    const body = one.steps.slice(0, steps);
    if (body.length === steps && body.every(({ kind }) => kind !== "close" && kind !== "drain" && kind !== "together"))
      return { ...one, steps: body };
  }
}

/** A copy, so that the plan is made anew. */
export function runLong(scenario: Scenario): void {
  const { verdict } = runFast(promisedBy(profile, {}), { ...scenario }, "1");
  if (verdict === "violated") throw new Error("a correct client broke a promise");
}

/** As long as a random scenario of ours on average, at fast-check's largest size. */
const lengths = { maxLength: 29, maxCommands: 29, size: "max" } as const;

/** One record each, as a test of one's own would write them. */
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      id: fc.constant("publish"),
      kind: fc.constant("publish" as const),
      count: fc.integer({ min: 1, max: 60 }),
      bytes: fc.constantFrom(8, 16, 100, 1_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      id: fc.constant("flush"),
      kind: fc.constant("flush" as const),
      timeoutMs: fc.constant(5_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      id: fc.constant("fault"),
      kind: fc.constant("fault" as const),
      fault: fc.constantFrom<Fault>(
        { kind: "cut", awaits: "noticed" },
        { kind: "cut", awaits: "none" },
        { kind: "hold" },
        { kind: "blackhole" },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      id: fc.constant("heal"),
      kind: fc.constant("heal" as const),
      awaits: fc.constantFrom("connected" as const, "none" as const),
    }),
  },
);
const start: Step = { id: "start", kind: "start" };
const view = newState().view;
const planned = (one: Step): PlannedStep => ({ step: one, overlapping: false, before: view, after: view });

class StepCommand implements fc.Command<BusState, object> {
  readonly step: Step;
  readonly done: Step[] | undefined;
  constructor(one: Step, done: Step[] | undefined) {
    this.step = one;
    this.done = done;
  }
  check(state: Readonly<BusState>): boolean {
    return notEnabled(state.view, this.step, undefined, options) === undefined;
  }
  run(state: BusState): void {
    step(state, planned(this.step), profile, options, choose, toNobody);
    this.done?.push(this.step);
  }
}

const asScenario = (body: readonly Step[]): Scenario => ({
  version: 1,
  id: "bench/steps",
  why: "for a benchmark",
  requires: [],
  options,
  steps: [start, ...body],
  mustHappen: [],
  expect: {},
});

/** fc.commands over the reducer, and nothing judged. With `seen` the steps that were done are noted, for the bare loop. */
export function commands(runs: number, seen?: Scenario[]): void {
  const done: Step[] | undefined = seen === undefined ? undefined : [];
  const all = fc.commands([steps.map(one => new StepCommand(one, done))], lengths);
  fc.assert(
    fc.property(all, some => {
      const state = newState();
      step(state, planned(start), profile, options, choose, toNobody);
      fc.modelRun(() => ({ model: state, real: {} }), some);
      settle(state, profile, options, choose, toNobody);
      if (done !== undefined) seen?.push(asScenario(done.splice(0)));
    }),
    { numRuns: runs, seed: 1 },
  );
}

/** fc.array of records over the reducer, and nothing judged. */
export function arrays(runs: number, seen?: Scenario[]): void {
  fc.assert(
    fc.property(fc.array(steps, lengths), body => {
      const scenario = asScenario(body);
      bare(scenario);
      seen?.push(scenario);
    }),
    { numRuns: runs, seed: 1 },
  );
}

/**
 * What the benchmarks run: the search itself; the bare reducer, alone and in the loop that one would write by hand; and the same reducer
 * under fast-check's own commands and arrays, which come to the same verdict by the public properties, or judge nothing at all.
 */
import fc from "fast-check";
import { step } from "../../models/bus.ts";
import type { Choose } from "../../models/choice.ts";
import { notEnabled } from "../../models/plan/enabled.ts";
import { firstView, Planner, planSettle, planStep, settingOf, type View } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { type BusState, newState } from "../../models/state.ts";
import type { Emit, Event } from "../../models/vocabulary/event.ts";
import type { Fault, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import type { Verdict } from "../../models/vocabulary/verdict.ts";
import { scenarioOf } from "../../properties/arbitraries/scenario.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { newEffect, trackEffect, whyVacuous } from "../../properties/effect.ts";
import { promisedBy, runFast } from "../../src/search/random/fast-case.ts";
import { foldDigest, newDigest } from "../../src/search/random/fast-digest.ts";
import { ModelCases } from "../../src/search/random/model.ts";
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

/** The compiler is through with the last of them by then: the search still gets faster in its fifth second. */
const warmUpMs = 8_000;

export function warmUp(work: () => void): void {
  for (let ms = 0; ms < warmUpMs; ms += cpuMs(work));
}

/** The search as `faultline search` runs it. */
export const newCases = (): ModelCases => new ModelCases({ profile, seed: "bench", judging: {} });

export function search(cases: ModelCases, from: number, to: number): number[] {
  const failing: number[] = [];
  for (let i = from; i < to; i++) if (cases.run(i) !== undefined) failing.push(i);
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
export function bare(scenario: Scenario, emit: Emit = toNobody): void {
  const given = { state: newState(), profile, options: scenario.options, choose, emit };
  const planner = new Planner(scenario, profile);
  for (let planned = planner.next(); planned !== undefined; planned = planner.next()) step(planned, given);
}

/** The loop that one would write by hand: run i makes its schedule from its seed, runs it, keeps a rolling hash, and checks one invariant. */
export function byHand(make: (index: number) => Scenario, from: number, to: number): void {
  let hash = 0;
  for (let i = from; i < to; i++) {
    const scenario = make(i);
    let told = 0;
    let arrived = 0;
    let ended = 0;
    const emit: Emit = event => {
      switch (event.kind) {
        case "published":
          told += event.count;
          hash = Math.imul(hash ^ event.count, 0x01000193);
          return;
        case "delivered":
          arrived += event.count;
          hash = Math.imul(hash ^ event.first, 0x01000193);
          return;
        case "ended":
          ended += event.count;
          hash = Math.imul(hash ^ event.place.length, 0x01000193);
          return;
        default:
          hash = Math.imul(hash ^ event.kind.length, 0x01000193);
          return;
      }
    };
    bare(scenario, emit);
    if (told !== ended || arrived > told) throw new Error(`${scenario.id}: ${told} published, ${ended} ended`);
  }
}

/** The same, with nobody who listens: seed, schedule, run. */
export function unjudged(make: (index: number) => Scenario, from: number, to: number): void {
  for (let i = from; i < to; i++) bare(make(i));
}

/** A scenario of exactly `steps` steps, its bus never closed and now and then disconnected, so that the reconnect buffer fills. */
export function longScenario(steps: number): Scenario {
  for (let i = 0; ; i++) {
    const one = scenarioOf(`long-${i}`, { profile, capabilities, episodesMax: 20_000 });
    const body = one.steps.slice(0, steps);
    const livesOn = body.every(({ kind }) => kind !== "close" && kind !== "drain" && kind !== "together");
    const isCut = body.some(step => step.kind === "fault" && step.fault.kind === "cut");
    if (body.length === steps && livesOn && isCut) return { ...one, steps: body };
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
const setting = settingOf({ options }, profile);

/** What a test of one's own judges by: the promises of the profile, each folded on its own over the events that were kept. */
const promised = catalogue.filter(({ id }) => profile.promises.includes(id));

/** And whether the run proves anything: a search asks that of every one. */
function judgeKept(events: readonly Event[]): Verdict {
  const digest = newDigest();
  const effect = newEffect();
  for (const event of events) {
    foldDigest(digest, event);
    trackEffect(effect, event);
  }
  for (const one of promised) {
    const state = one.start({ options, profile });
    for (const event of events) one.on(state, event);
    const { broken } = one.end(state);
    if (broken !== undefined) return "violated";
  }
  return whyVacuous(effect) === undefined ? "holds" : "inconclusive";
}

/** Runs with what is emitted kept and then judged, or with nobody who listens. */
function keeping(judges: boolean, run: (emit: Emit) => void): Verdict | undefined {
  const events: Event[] = [];
  run(judges ? event => void events.push(event) : toNobody);
  return judges ? judgeKept([...events, { kind: "observed", complete: true }]) : undefined;
}

class StepCommand implements fc.Command<Model, object> {
  readonly step: Step;
  readonly done: Step[] | undefined;
  constructor(one: Step, done: Step[] | undefined) {
    this.step = one;
    this.done = done;
  }
  check({ view }: Readonly<Model>): boolean {
    return notEnabled(view, this.step, undefined, setting) === undefined;
  }
  run(model: Model): void {
    const { state, view, emit } = model;
    const planned = planStep(view, this.step, false, setting);
    step(planned, { state, profile, options, choose, emit });
    model.view = planned.after;
    this.done?.push(this.step);
  }
}

interface Model {
  readonly state: BusState;
  view: Readonly<View>;
  readonly emit: Emit;
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

/** What was run, for the bare loop and for counting steps. */
type OnRun = (scenario: Scenario) => void;

/** fc.commands over the reducer. With `onRun` the steps that were done are noted. */
export function commands(judges: boolean, runs: number, onRun?: OnRun): void {
  const done: Step[] | undefined = onRun === undefined ? undefined : [];
  const all = fc.commands([steps.map(one => new StepCommand(one, done))], lengths);
  fc.assert(
    fc.property(all, some => {
      const verdict = keeping(judges, emit => {
        const state = newState();
        const given = { state, profile, options, choose, emit };
        const started = planStep(firstView(setting), start, false, setting);
        step(started, given);
        const model: Model = { state, view: started.after, emit };
        fc.modelRun(() => ({ model, real: {} }), some);
        step(planSettle(model.view, setting), given);
      });
      if (done !== undefined) onRun?.(asScenario(done.splice(0)));
      return verdict !== "violated";
    }),
    { numRuns: runs, seed: 1 },
  );
}

/** fc.array of records over the reducer. */
export function arrays(judges: boolean, runs: number, onRun?: OnRun): void {
  fc.assert(
    fc.property(fc.array(steps, lengths), body => {
      const scenario = asScenario(body);
      const verdict = keeping(judges, emit => bare(scenario, emit));
      onRun?.(scenario);
      return verdict !== "violated";
    }),
    { numRuns: runs, seed: 1 },
  );
}

/** Which branches of the model a run is a witness of, and which it forces: held against every explanation there is. */
import { describe, expect, test } from "vitest";
import { step } from "../../models/bus.ts";
import { type Asked, expand, labels, wholeRange } from "../../models/choice.ts";
import { observe } from "../../models/observation.ts";
import { admits, forcedAnswers } from "../../models/oracle.ts";
import { type PlannedStep, plan, planCase } from "../../models/plan/plan.ts";
import { type BusState, copy, newState } from "../../models/state.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { judge } from "../../src/judge/judge.ts";
import { branches, kindsOf } from "../../src/judge/witnessed.ts";
import { plain } from "../../src/report/paint.ts";
import { renderWitnessed } from "../../src/report/witnessed.ts";
import { answeredRun } from "../models/answered.ts";
import {
  cut,
  describeScenario,
  enough,
  eventsOf,
  heal,
  overlapped,
  profileNamed,
  profilesByName,
  publish,
  scenarioWith,
  smallScenario,
  start,
  times,
} from "../models/cases.ts";

/** As a live world tells it: where a message ended nobody sees. */
const seen = (events: readonly Event[]): readonly Event[] => events.filter(event => event.kind !== "ended");

describe("a run by hand", () => {
  const js = profileNamed("nats-js-3");
  const scenario = scenarioWith([start, publish(4), cut(), heal()]);
  const trace = (arrived: number): Event[] => [
    { kind: "connection", change: "connected" },
    { kind: "called", step: "start-0", call: "start", outcome: { is: "ok" } },
    { kind: "published", step: "publish-1", first: 0, count: 4, frameBytes: 34, outcome: { is: "accepted" } },
    { kind: "fault", step: "fault-2", fault: "cut", phase: "installed" },
    { kind: "delivered", first: 0, count: arrived },
    { kind: "connection", change: "disconnected" },
    { kind: "fault", step: "fault-2", fault: "cut", phase: "took-effect" },
    { kind: "connection", change: "reconnected" },
    { kind: "healed", step: "heal-3" },
    { kind: "phase", phase: "settled" },
  ];

  test.each([
    [0, "least"],
    [2, "between"],
    [4, "most"],
  ])("in which %i of 4 arrive before the cut forces exactly one branch", (arrived, answer) => {
    const { verdict, witnessed } = judge(planCase(scenario, js), trace(arrived));
    expect(verdict).toBe("holds");
    expect(witnessed).toEqual([{ label: "arrived-before-cut", answer, witnessed: 1, forced: 1 }]);
  });

  test("with two explanations witnesses the first, and forces neither", () => {
    const go = profileNamed("nats-go");
    const raced = scenarioWith([start, overlapped(4), cut("none"), heal()]);
    const { said } = answeredRun(raced, go, { "arrived-before-cut": 4, "noticed-at": 4 });
    const { witnessed } = judge(planCase(raced, go), seen(said));
    // All four arrived; or some did, and the client had noticed and kept the others.
    expect(witnessed).toEqual([{ label: "arrived-before-cut", answer: "most", witnessed: 1, forced: 0 }]);
  });

  test("that asks the same twice is one witness", () => {
    const twice = scenarioWith([start, publish(4), cut(), heal(), publish(4), cut(), heal()]);
    const { said } = answeredRun(twice, js, { "arrived-before-cut": 2 });
    expect(judge(planCase(twice, js), seen(said)).witnessed).toEqual([
      { label: "arrived-before-cut", answer: "between", witnessed: 1, forced: 1 },
    ]);
  });

  test("that the model does not admit witnesses nothing, nor does one that proved nothing", () => {
    const lie = trace(2).map((event): Event => (event.kind === "delivered" ? { ...event, first: 1 } : event));
    const unproven = trace(2).filter(event => event.kind !== "fault" || event.phase !== "took-effect");
    expect(
      [lie, unproven].map(events => judge(planCase(scenario, js), events)).map(one => [one.verdict, one.witnessed]),
    ).toEqual([
      ["violated", []],
      ["inconclusive", []],
    ]);
  });

  test("of the model world itself witnesses nothing", () => {
    expect(judge(planCase(scenario, js), eventsOf(scenario, js)).witnessed).toEqual([]);
  });
});

describe("what is forced is what every explanation agrees on", () => {
  test.each(profilesByName)("for %s, held against all paths tried without memory", (_name, profile) => {
    const counts = { forced: 0, open: 0, left: 0 };
    for (let i = 0; i < times(400); i++) {
      const scenario = smallScenario(`forced-${i}`, profile, 3, [-1, 34, 100, 1_024]);
      const events = seen(eventsOf(scenario, profile, String(i)));
      const all = everyExplanation(scenario, profile, events, 1_500);
      const observed = observe(events);
      const admission = admits(planCase(scenario, profile), observed);
      if (all === undefined || admission.answer !== "permitted") continue;
      const open = admission.answers.filter(one => one.hi > one.lo);
      const expected = open.filter(one => all.every(given => given.some(other => isSame(one, other))));
      const forced = forcedAnswers(planCase(scenario, profile), observed, open, isSame, 100_000);
      expect(forced, describeScenario(scenario)).toEqual(expected);
      counts.open += open.length;
      counts.forced += forced.length;
      const short = forcedAnswers(planCase(scenario, profile), observed, open, isSame, 2);
      expect(short.every(one => forced.includes(one))).toBe(true);
      counts.left += open.length - short.length;
    }
    expect(counts.forced, JSON.stringify(counts)).toBeGreaterThanOrEqual(enough(80));
    expect(counts.open - counts.forced, JSON.stringify(counts)).toBeGreaterThanOrEqual(enough(10));
    expect(counts.left, JSON.stringify(counts)).toBeGreaterThan(counts.open - counts.forced);
  });

  const isSame = (one: Asked, other: Asked): boolean =>
    one.step === other.step &&
    one.label === other.label &&
    one.occurrence === other.occurrence &&
    one.answer === other.answer;
});

/** The answers of each path of the model that looks like the events; undefined beyond `pathsMax` paths. */
function everyExplanation(
  scenario: Scenario,
  profile: Profile,
  events: readonly Event[],
  pathsMax: number,
): readonly (readonly Asked[])[] | undefined {
  const textOf = (all: readonly Event[]): string => {
    const observed = observe(all);
    return JSON.stringify({ ...observed, calls: [...observed.calls], again: [], service: [] });
  };
  const due = textOf(events);
  const { steps } = plan(scenario, profile);
  const found: (readonly Asked[])[] = [];
  let paths = 0;
  const from = (index: number, state: BusState, said: readonly Event[], answers: readonly Asked[]): boolean => {
    if (index === steps.length) {
      if (textOf(said) === due) found.push(answers);
      return ++paths <= pathsMax;
    }
    let goesOn = true;
    const planned = steps[index] as PlannedStep;
    expand(
      choose => {
        const next = copy(state);
        const now: Event[] = [];
        const emit = (event: Event): void => void now.push(event);
        step(planned, { state: next, profile, options: scenario.options, choose, emit });
        return { next, now };
      },
      wholeRange,
      ({ next, now }, given) => {
        const named = given.map(one => ({ step: planned.step.id, ...one }));
        goesOn = from(index + 1, next, said.concat(now), answers.concat(named));
        return goesOn;
      },
    );
    return goesOn;
  };
  return from(0, newState(), [], []) ? found : undefined;
}

describe("added up", () => {
  const some = [
    { label: "noticed-at", answer: "most", witnessed: 2, forced: 1 },
    { label: "timed-out-first", answer: "timeout first", witnessed: 1, forced: 1 },
    { label: "noticed-at", answer: "most", witnessed: 3, forced: 3 },
  ] as const;

  test("every branch is told, those without a witness too", () => {
    const all = branches(some);
    expect(all.length).toBe(labels.reduce((sum, label) => sum + kindsOf(label).length, 0));
    expect(all.filter(one => one.witnessed > 0)).toEqual([
      { label: "noticed-at", answer: "most", witnessed: 5, forced: 4 },
      { label: "timed-out-first", answer: "timeout first", witnessed: 1, forced: 1 },
    ]);
    expect(branches([...all, ...branches(some)]).find(one => one.answer === "timeout first")?.witnessed).toBe(2);
  });

  test("they are shown by label, and what nothing witnessed is named", () => {
    const text = renderWitnessed(branches(some), plain);
    expect(text).toContain("noticed-at         most 5 (4)");
    expect(text).toMatch(
      /without a witness +noticed-at: least, noticed-at: between, timed-out-first: event first\n +never asked +arrived-before-cut, /,
    );
    expect(renderWitnessed(branches([]), plain)).toBe("");
  });
});

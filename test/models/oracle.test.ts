/** The oracle admits all that the model makes, and nothing else: its narrowed search is held against two that try everything. */
import { describe, expect, test } from "vitest";
import { step } from "../../models/bus.ts";
import { expand, wholeRange } from "../../models/choice.ts";
import { type Observation, observe } from "../../models/observation.ts";
import { type Admission, admits } from "../../models/oracle.ts";
import { type PlannedStep, plan, planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs2 } from "../../models/profiles/nats-js-2.ts";
import { type BusState, copy, newState } from "../../models/state.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { worded } from "../../models/words.ts";
import {
  close,
  cut,
  describeScenario,
  drain,
  draw,
  enough,
  eventsOf,
  flush,
  heal,
  profileNamed,
  profilesByName,
  publish,
  randomScenario,
  scenarioWith,
  smallest,
  smallScenario,
  start,
  times,
  together,
  withLimit,
} from "./cases.ts";
import { corruptions } from "./corruptions.ts";

const limits = [-1, 1, 34, 100, 1_024];

/** Buffers so small that bursts of a few messages fill them, notice a cut in their midst, and meet write errors. */
const tiny = (profile: Profile, inlineFlushBytes: number): Profile => ({
  ...profile,
  name: `${profile.name}, written out at ${inlineFlushBytes} bytes`,
  inlineFlushBytes,
});
const tinyProfiles = [...profilesByName.map(([, profile]) => profile), natsGo, natsJs2]
  .map((profile, i) => (i < 3 ? profile : tiny(profile, 60)))
  .concat(tiny(natsGo, 34), tiny(natsGo, 1))
  .map(profile => [profile.name, profile] as const);

describe("every trace the model makes is admitted", () => {
  const refused = (scenario: Scenario, profile: Profile, seed: string): string | undefined => {
    const admission = admits(planCase(scenario, profile), observe(eventsOf(scenario, profile, seed)));
    return admission.answer === "permitted" || isOpen(admission) ? undefined : worded(admission.reason);
  };
  const check = (scenario: Scenario, profile: Profile, seed: string): void => {
    const reason = refused(scenario, profile, seed);
    if (reason === undefined) return;
    const small = smallest(scenario, candidate => refused(candidate, profile, seed) !== undefined);
    expect.fail(`seed ${seed}, ${scenario.id}: ${refused(small, profile, seed)}\n${describeScenario(small)}`);
  };

  test.each(profilesByName)("by %s, over 4,000 random scenarios", (_name, profile) => {
    for (let i = 0; i < times(4_000); i++) check(randomScenario(`admit-${i}`, profile), profile, String(i));
  });

  test.each(limits)("by nats-go with a buffer of %i bytes, over 800 random scenarios", limitBytes => {
    for (let i = 0; i < times(800); i++)
      check(withLimit(randomScenario(`limit-${i}`, natsGo), limitBytes), natsGo, String(i));
  });

  test.each(tinyProfiles)("by %s, over 2,000 small scenarios", (_name, profile) => {
    for (let i = 0; i < times(2_000); i++) check(smallScenario(`small-${i}`, profile, 4, limits), profile, String(i));
  });
});

/** The true observation and every corruption of it. */
function observations(scenario: Scenario, profile: Profile, seed: string): readonly [string, Observation][] {
  const truth = observe(eventsOf(scenario, profile, seed));
  const lies = Object.entries(corruptions).flatMap(([name, corrupt]) => {
    let drawn = 0;
    const lie = corrupt(
      timeless(truth),
      below => draw(`${scenario.id}/${seed}`, `${name}${drawn++}`) % Math.max(1, below),
    );
    return lie === undefined ? [] : [[name, lie] as [string, Observation]];
  });
  return [["the truth", truth], ...lies];
}

/** Not every order of several publishers' calls is tried where two faults met them. */
const isOpen = (admission: Admission): boolean =>
  admission.answer === "undecided" && admission.reason.kind === "turns-unknown";

describe("the narrowed search answers as the plain one does, to the truth and to lies", () => {
  const evaluationsMax = 4_000;
  test.each(tinyProfiles)("for %s", (_name, profile) => {
    const seen = { compared: 0, permitted: 0, undecided: 0 };
    for (let i = 0; i < times(2_000); i++) {
      const scenario = smallScenario(`plain-${i}`, profile, 4, [...limits, 0, 60]);
      for (const [what, observed] of observations(scenario, profile, String(i))) {
        const plain = admits(planCase(scenario, profile), observed, { search: "plain", evaluationsMax });
        if (plain.answer === "undecided") {
          seen.undecided++;
          continue;
        }
        const narrowed = admits(planCase(scenario, profile), observed);
        if (isOpen(narrowed)) {
          seen.undecided++;
          continue;
        }
        seen.compared++;
        if (plain.answer === "permitted") seen.permitted++;
        if (narrowed.answer !== plain.answer)
          expect.fail(disagreement(scenario, profile, String(i), what, narrowed.answer, plain.answer));
      }
    }
    expect(seen.compared, JSON.stringify(seen)).toBeGreaterThan(enough(15_000));
    expect(seen.permitted, JSON.stringify(seen)).toBeGreaterThan(enough(2_000));
    expect(seen.compared - seen.permitted, JSON.stringify(seen)).toBeGreaterThan(enough(8_000));
    expect(seen.undecided, JSON.stringify(seen)).toBeLessThan(seen.compared / 20);
  });

  function disagreement(
    scenario: Scenario,
    profile: Profile,
    seed: string,
    what: string,
    narrowed: string,
    plain: string,
  ): string {
    const differs = (candidate: Scenario): boolean =>
      observations(candidate, profile, seed).some(([name, observed]) => {
        if (name !== what) return false;
        const reference = admits(planCase(candidate, profile), observed, { search: "plain", evaluationsMax });
        const other = admits(planCase(candidate, profile), observed);
        return reference.answer !== "undecided" && !isOpen(other) && reference.answer !== other.answer;
      });
    const small = smallest(scenario, differs);
    const observed = observations(small, profile, seed).find(([name]) => name === what)?.[1];
    return `${what}, seed ${seed}: narrowed says ${narrowed}, plain says ${plain}\n${describeScenario(small)}\n${textOf(observed)}`;
  }
});

describe("the oracle admits exactly the observations that the model can make", () => {
  test.each(tinyProfiles)("of %s, every path tried without any memory", (_name, profile) => {
    let compared = 0;
    let made = 0;
    for (let i = 0; i < times(1_200); i++) {
      const scenario = smallScenario(`every-${i}`, profile, 3, [...limits, 0, 60]);
      const possible = everyObservation(scenario, profile, 1_500);
      if (possible === undefined) continue;
      made += possible.size;
      for (const [what, observed] of observations(scenario, profile, String(i))) {
        compared++;
        const expected = possible.has(textOf(observed)) ? "permitted" : "not-permitted";
        const admission = admits(planCase(scenario, profile), observed);
        const { answer } = admission;
        if (isOpen(admission)) continue;
        expect(answer, `${what}, ${describeScenario(scenario)}\n${textOf(observed)}`).toBe(expected);
      }
      for (const observed of [...possible.values()].slice(0, 50)) {
        compared++;
        const admission = admits(planCase(scenario, profile), observed);
        const { answer } = admission;
        if (isOpen(admission)) continue;
        expect(answer, `${describeScenario(scenario)}\n${textOf(observed)}`).toBe("permitted");
      }
    }
    expect(compared).toBeGreaterThan(enough(7_500));
    expect(made).toBeGreaterThan(enough(2_500));
  });
});

const textOf = (observed: Observation | undefined): string =>
  JSON.stringify(observed && { ...observed, calls: [...observed.calls], saidInARow: undefined });

/** The same without what it says about moments, which a lie about another part of it leaves as they were. */
const timeless = (observed: Observation): Observation => ({ ...observed, arrivedBy: new Map(), seenBy: new Map() });

/** All that could be observed of the scenario, by trying every answer to every question; undefined beyond `pathsMax` paths. */
function everyObservation(
  scenario: Scenario,
  profile: Profile,
  pathsMax: number,
): Map<string, Observation> | undefined {
  const { steps } = plan(scenario, profile);
  const found = new Map<string, Observation>();
  let paths = 0;
  const from = (index: number, state: BusState, events: readonly Event[]): boolean => {
    if (index === steps.length) {
      const observed = observe(events);
      found.set(textOf(observed), observed);
      return ++paths <= pathsMax;
    }
    let go = true;
    expand(
      choose => {
        const next = copy(state);
        const said: Event[] = [];
        const planned = steps[index] as PlannedStep;
        const emit = (event: Event): void => void said.push(event);
        step(planned, { state: next, profile, options: scenario.options, choose, emit });
        return { next, said };
      },
      wholeRange,
      ({ next, said }) => {
        go = from(index + 1, next, events.concat(said));
        return go;
      },
    );
    return go;
  };
  return from(0, newState(), []) ? found : undefined;
}

describe("a bus held against another client's profile is told apart", () => {
  const publishedWhileDown = scenarioWith([start, publish(10), flush(), cut(), publish(50), heal()]);
  const closedInTheSameTick = scenarioWith([start, together(publish(1_000, 100), close)], { subject: "subject8" });
  const drainedWhileDown = scenarioWith([start, cut(), publish(20), drain]);
  const flushedWhileDown = scenarioWith([start, cut(), publish(5), flush(60), heal()]);
  const limited = scenarioWith([start, cut(), publish(50), heal()], { reconnectBufferBytesMax: 1_024 });

  test.each([
    ["nats-js-3", "nats-go", "50 published while down", publishedWhileDown, /message 10\b/],
    ["nats-go", "nats-js-3", "50 published while down", publishedWhileDown, /message 10\b/],
    ["nats-js-2", "nats-js-3", "a close in the tick of a burst", closedInTheSameTick, /message 822\b/],
    ["nats-js-3", "nats-js-2", "a close in the tick of a burst", closedInTheSameTick, /message 822\b/],
    ["nats-go", "nats-js-2", "a drain while down", drainedWhileDown, /drain-3.*drain failed reconnecting/],
    ["nats-js-2", "nats-go", "a drain while down", drainedWhileDown, /becomes closed; observed reconnected.*drain-3/],
    ["nats-js-3", "nats-js-2", "a drain while down", drainedWhileDown, /drain-3.*drain failed disconnected/],
    ["nats-go", "nats-js-3", "a flush while down", flushedWhileDown, /message 0\b/],
    ["nats-js-3", "nats-go", "a limit of 1,024 bytes", limited, /message 31\b/],
    ["nats-go", "nats-js-3", "a limit of 1,024 bytes", limited, /message (0|31)\b/],
  ] as const)("%s held against %s, by %s", (did, declared, _what, scenario, reason) => {
    const observed = observe(eventsOf(scenario, profileNamed(did)));
    const admission = admits(planCase(scenario, profileNamed(declared)), observed);
    expect(admission.answer).toBe("not-permitted");
    expect(admission.answer === "not-permitted" && worded(admission.reason)).toMatch(reason);
  });

  test.each(profilesByName)("and %s under its own is admitted in each of these", (_name, profile) => {
    for (const scenario of [publishedWhileDown, closedInTheSameTick, drainedWhileDown, flushedWhileDown, limited])
      expect(admits(planCase(scenario, profile), observe(eventsOf(scenario, profile))).answer).toBe("permitted");
  });
});

describe("what the oracle says", () => {
  test("names the message first", () => {
    const scenario = scenarioWith([start, publish(5), flush(), cut(), publish(3), heal()]);
    const truth = observe(eventsOf(scenario, natsGo));
    const lie = { ...truth, delivered: truth.delivered.filter(m => m !== 6) };
    const admission = admits(planCase(scenario, natsGo), lie);
    expect(admission.answer === "not-permitted" && worded(admission.reason)).toMatch(
      /^the model says message 6 arrives/,
    );
  });

  test("is undecided beyond its bound, and says the bound", () => {
    const scenario = scenarioWith([start, publish(60), cut(), heal(), publish(60), cut(), heal()]);
    const lie = { ...observe(eventsOf(scenario, natsGo)), connection: [] };
    const admission = admits(
      planCase(scenario, natsGo),
      { ...lie, connection: ["connected"] },
      { search: "plain", evaluationsMax: 50 },
    );
    expect(admission.answer).toBe("undecided");
    expect(admission.answer === "undecided" && worded(admission.reason)).toBe("no answer within 50 step evaluations");
  });

  test("is the same for the same observation, places and answers included", () => {
    for (let i = 0; i < 50; i++) {
      const scenario = randomScenario(`twice-${i}`, natsGo);
      const observed = observe(eventsOf(scenario, natsGo, String(i)));
      expect(admits(planCase(scenario, natsGo), observed)).toEqual(admits(planCase(scenario, natsGo), observed));
    }
  });
});

test("a scenario of 2,000 steps is judged, however its questions are answered", () => {
  const steps = Array.from({ length: 1_999 }, (_, i) => (i % 3 === 2 ? flush() : publish(1)));
  const scenario = scenarioWith([start, ...steps]);
  const one = planCase(scenario, natsGo);
  const observed = observe(eventsOf(scenario, natsGo));
  expect(admits(one, observed).answer).toBe("permitted");
  expect(admits(one, observed, { search: "plain" }).answer).toBe("permitted");
});

/** The books balance, a copied state is a state of its own, equal keys have equal futures, and answers belong to steps. */
import { describe, expect, test } from "vitest";
import { step } from "../../models/bus.ts";
import { type Choose, expand, type Label, sampled, wholeRange } from "../../models/choice.ts";
import { plan } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { type BusState, copy, key, newState } from "../../models/state.ts";
import type { Emit, Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { classNames, type Scenario } from "../../models/vocabulary/scenario.ts";
import { ledgerOf, newLedger, recordInLedger } from "../../properties/ledger.ts";
import {
  allProfiles,
  cut,
  describeScenario,
  draw,
  enough,
  eventsOf,
  flush,
  heal,
  overlapped,
  profilesByName,
  publish,
  randomScenario,
  scenarioWith,
  smallScenario,
  start,
  times,
} from "./cases.ts";

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** What the steps that are done publish, counted from the scenario alone. */
function publishCalls(scenario: Scenario, profile: Profile): number {
  return sum(
    plan(scenario, profile).steps.map(({ step, skipped }) => {
      if (skipped !== undefined) return 0;
      if (step.kind === "publish") return step.count;
      return step.kind === "together" ? sum(step.steps.map(part => (part.kind === "publish" ? part.count : 0))) : 0;
    }),
  );
}

describe.each(profilesByName)("the ledger of %s, over 3,000 random runs", (_name, profile) => {
  const ledgers = Array.from({ length: times(3_000) }, (_, i) => {
    const scenario = randomScenario(`ledger-${i}`, profile);
    const state = newLedger();
    for (const event of eventsOf(scenario, profile, String(i))) recordInLedger(state, event);
    return { scenario, ledger: ledgerOf(state) };
  });

  test("counts every publish call of the scenario", () => {
    for (const { scenario, ledger } of ledgers)
      expect(ledger.published, describeScenario(scenario)).toBe(publishCalls(scenario, profile));
  });

  test("has six classes that add up to what was published", () => {
    for (const { scenario, ledger } of ledgers)
      expect(sum(classNames.map(name => ledger.classes[name])), describeScenario(scenario)).toBe(ledger.published);
  });

  test("gives every message one place where it ended", () => {
    for (const { scenario, ledger } of ledgers)
      expect(sum(Object.values(ledger.places)), describeScenario(scenario)).toBe(ledger.published);
  });

  test("places as arrived what is kept or doubled, and as refused what is reported lost", () => {
    for (const { scenario, ledger } of ledgers) {
      expect(ledger.places.refused ?? 0, describeScenario(scenario)).toBe(ledger.classes.reportedLoss);
      const { kept, ambiguous, duplicated } = ledger.classes;
      expect(ledger.places.arrived ?? 0).toBeGreaterThanOrEqual(kept + duplicated);
      expect(ledger.places.arrived ?? 0).toBeLessThanOrEqual(kept + duplicated + ambiguous);
    }
  });

  test("shows loss, so that none of this is idle", () => {
    expect(sum(ledgers.map(({ ledger }) => ledger.classes.silentLoss))).toBeGreaterThan(enough(10_000));
    expect(sum(ledgers.map(({ ledger }) => ledger.classes.kept))).toBeGreaterThan(enough(10_000));
  });
});

test("without complete observation no loss is claimed", () => {
  const state = newLedger();
  for (const event of eventsOf(scenarioWith([start, publish(9)]), natsGo))
    if (event.kind !== "delivered") recordInLedger(state, event);
  recordInLedger(state, { kind: "observed", complete: false });
  expect(ledgerOf(state).classes).toMatchObject({ silentLoss: 0, unknown: 9 });
});

const ignore = (): void => {};

/** The states of a sampled run, before each step, settling being the last. */
function* statesOf(scenario: Scenario, profile: Profile, seed: string): Generator<{ state: BusState; index: number }> {
  const state = newState();
  const { choose, at } = sampled(seed);
  const { steps } = plan(scenario, profile);
  for (const [index, planned] of steps.entries()) {
    yield { state, index };
    if (planned.kind === "settle") return;
    at(planned.step.id);
    step(planned, { state, profile, options: scenario.options, choose, emit: ignore });
  }
}

/** What the model says from this state on. */
function futureOf(from: BusState, index: number, scenario: Scenario, profile: Profile, seed: string): Event[] {
  const state = copy(from);
  const events: Event[] = [];
  const emit = (event: Event): void => void events.push(event);
  const { choose, at } = sampled(seed);
  for (const planned of plan(scenario, profile).steps.slice(index)) {
    at(planned.step.id);
    step(planned, { state, profile, options: scenario.options, choose, emit });
  }
  return events;
}

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

describe("a state", () => {
  test.each(profilesByName)("of %s is left alone by whatever its copy goes through", (_name, profile) => {
    for (let i = 0; i < times(400); i++) {
      const scenario = randomScenario(`copy-${i}`, profile);
      for (const { state, index } of statesOf(scenario, profile, String(i))) {
        const kept = frozen(structuredClone(state));
        const before = JSON.stringify(kept);
        // Strict mode throws where a copy shares with the frozen original what it changes.
        futureOf(kept, index, scenario, profile, "other");
        expect(JSON.stringify(kept)).toBe(before);
        expect(key(copy(kept))).toBe(key(kept));
      }
    }
  });

  test.each(profilesByName)("of %s with the same key has the same futures", (_name, profile) => {
    let met = 0;
    for (let i = 0; i < times(400); i++) {
      const scenario = smallScenario(`key-${i}`, profile, 3, [-1, 34, 100, 0]);
      const seen = new Map<string, string>();
      for (let run = 0; run < 12; run++) {
        for (const { state, index } of statesOf(scenario, profile, `${i}/${run}`)) {
          const future = JSON.stringify(["x", "y"].map(seed => futureOf(state, index, scenario, profile, seed)));
          const place = `${index}/${key(state)}`;
          const other = seen.get(place);
          seen.set(place, future);
          if (other === undefined) continue;
          met++;
          expect(future, `${describeScenario(scenario)}\n${place}`).toBe(other);
        }
      }
    }
    expect(met).toBeGreaterThan(enough(5_000));
  });

  test("has every field but names in its key", () => {
    const scenario = scenarioWith([start, publish(3), cut(), publish(2), flush(60)]);
    const last = [...statesOf(scenario, natsGo, "1")].at(-1)?.state ?? newState();
    const original = key(last);
    const others: BusState[] = [
      { ...last, client: "closed" },
      { ...last, stuck: true },
      { ...last, fresh: !last.fresh },
      { ...last, reset: true },
      { ...last, nextMessage: last.nextMessage + 1 },
      { ...last, wire: [{ first: 0, count: 1, frameBytes: 9 }] },
      { ...last, wireFree: last.wireFree + 1 },
      { ...last, pending: [] },
      { ...last, pendingBytes: last.pendingBytes + 1 },
      { ...last, unwrittenMessages: 7 },
      { ...last, open: { step: "x", first: 0, count: 1, frameBytes: 9 } },
    ];
    for (const other of others) expect(key(other), JSON.stringify(other)).not.toBe(original);
  });
});

/** The answers given in a run, by step, label and how often that was asked. */
function answersOf(scenario: Scenario, profile: Profile, seed: string): Map<string, { range: string; answer: number }> {
  const given = new Map<string, { range: string; answer: number }>();
  const { choose, at } = sampled(seed);
  let running = "";
  let asked = 0;
  const noted: Choose = (label, lo, hi, about) => {
    const answer = choose(label, lo, hi, about);
    given.set(`${running}/${label}/${asked++}`, { range: `${lo}..${hi}`, answer });
    return answer;
  };
  const enter = (id: string): void => {
    running = id;
    asked = 0;
    at(id);
  };
  const state = newState();
  for (const planned of plan(scenario, profile).steps) {
    enter(planned.step.id);
    step(planned, { state, profile, options: scenario.options, choose: noted, emit: ignore });
  }
  return given;
}

describe("sampled answers", () => {
  test("stay with their step when another step is removed", () => {
    let same = 0;
    for (let i = 0; i < times(600); i++) {
      for (const profile of allProfiles) {
        const scenario = randomScenario(`answers-${i}`, profile);
        const gone = 1 + (draw(scenario.id, "gone") % Math.max(1, scenario.steps.length - 1));
        const fewer = { ...scenario, steps: scenario.steps.toSpliced(gone, 1) };
        const before = answersOf(scenario, profile, String(i));
        for (const [question, { range, answer }] of answersOf(fewer, profile, String(i))) {
          const earlier = before.get(question);
          if (earlier === undefined || earlier.range !== range) continue;
          expect(answer, `${question} ${describeScenario(scenario)}`).toBe(earlier.answer);
          same++;
        }
      }
    }
    expect(same).toBeGreaterThan(enough(1_000));
  });

  test("lie within their range, and take each end about a quarter of the time", () => {
    const { choose, at } = sampled("ends");
    const seen = { lo: 0, hi: 0 };
    for (let i = 0; i < 4_000; i++) {
      at(`step-${i}`);
      const answer = choose("noticed-at", 10, 1_009);
      expect(answer).toBeGreaterThanOrEqual(10);
      expect(answer).toBeLessThanOrEqual(1_009);
      if (answer === 10) seen.lo++;
      if (answer === 1_009) seen.hi++;
    }
    for (const times of [seen.lo, seen.hi]) {
      expect(times).toBeGreaterThan(850);
      expect(times).toBeLessThan(1_150);
    }
  });

  test("hardly move when their range grows a little", () => {
    const moved = Array.from({ length: 1_000 }, (_, i) => {
      const [before, after] = [100, 103].map(hi => {
        const { choose, at } = sampled("grow");
        at(`step-${i}`);
        return choose("noticed-at", 0, hi);
      });
      return Math.abs((before ?? 0) - (after ?? 0));
    });
    expect(Math.max(...moved)).toBeLessThanOrEqual(3);
  });

  test("depend on seed, step, label and occurrence, each by itself", () => {
    const draws = (seed: string, id: string, label: Label): string => {
      const { choose, at } = sampled(seed);
      at(id);
      return Array.from({ length: 40 }, () => choose(label, 0, 1_000_000)).join();
    };
    const base = draws("s", "a", "noticed-at");
    expect(draws("s", "a", "noticed-at")).toBe(base);
    expect(new Set(base.split(",")).size).toBeGreaterThan(10);
    for (const other of [draws("t", "a", "noticed-at"), draws("s", "b", "noticed-at"), draws("s", "a", "dialled-at")])
      expect(other).not.toBe(base);
  });
});

describe("expand", () => {
  const all = (once: (choose: Choose) => string): string[] => {
    const found: string[] = [];
    expand(once, wholeRange, outcome => found.push(outcome) > 0);
    return found;
  };

  test("gives every combination of answers once", () => {
    const found = all(
      choose => `${choose("noticed-at", 0, 2)}${choose("dialled-at", 5, 6)}${choose("write-error-at", 1, 3)}`,
    );
    expect(found).toHaveLength(3 * 2 * 3);
    expect(new Set(found).size).toBe(found.length);
  });

  test("asks again where an earlier answer changes what is asked", () => {
    const found = all(choose => {
      const first = choose("noticed-at", 0, 2);
      return first === 1 ? `1-${choose("dialled-at", 0, 3)}` : String(first);
    });
    expect(found).toEqual(["0", "1-0", "1-1", "1-2", "1-3", "2"]);
  });

  test("runs once where nothing is asked, or only what has one answer", () => {
    expect(all(() => "nothing")).toEqual(["nothing"]);
    expect(all(choose => String(choose("noticed-at", 4, 4)))).toEqual(["4"]);
  });

  test("stops when told to", () => {
    let visits = 0;
    expand(
      choose => choose("noticed-at", 0, 99),
      wholeRange,
      () => ++visits < 3,
    );
    expect(visits).toBe(3);
  });

  test("of one step of the bus gives every prefix of what was in flight", () => {
    const scenario = scenarioWith([start, overlapped(4), cut(), heal()]);
    const kept = new Set<number>();
    const { steps } = plan(scenario, natsGo);
    const state = newState();
    for (const planned of steps.slice(0, 2))
      step(planned, { state, profile: natsGo, options: scenario.options, choose: (_label, lo) => lo, emit: ignore });
    const racing = steps[2];
    if (racing === undefined) throw new Error("there is no third step");
    expand(
      choose => {
        let arrived = 0;
        const emit: Emit = event => {
          if (event.kind === "delivered") arrived += event.count;
        };
        step(racing, { state: copy(state), profile: natsGo, options: scenario.options, choose, emit });
        return arrived;
      },
      wholeRange,
      arrived => kept.add(arrived).size > 0,
    );
    expect([...kept].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

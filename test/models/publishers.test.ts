/** Several publishers at once on one connection: which orders the model makes, and which the oracle admits. */
import { describe, expect, test } from "vitest";
import { expand, wholeRange } from "../../models/choice.ts";
import { observe } from "../../models/observation.ts";
import { type Admission, admits } from "../../models/oracle.ts";
import { planCase } from "../../models/plan/plan.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { blocksOf } from "../../models/vocabulary/publishers.ts";
import type { Options, Scenario } from "../../models/vocabulary/scenario.ts";
import { shareAtOnce } from "../../properties/arbitraries/at-once.ts";
import { DrawStream } from "../../properties/arbitraries/random.ts";
import { judge } from "../../src/judge/judge.ts";
import { runAnswered } from "../../src/worlds/model.ts";
import {
  allProfiles,
  type Bare,
  cut,
  eventsOf,
  flush,
  heal,
  limit,
  profileNamed,
  profilesByName,
  publish,
  randomScenario,
  scenarioWith,
  skippedIn,
  start,
  times,
} from "./cases.ts";

const atOnce = (count: number, publishers: number, more: Partial<Extract<Bare, { kind: "publish" }>> = {}): Bare => ({
  kind: "publish",
  count,
  bytes: 16,
  publishers,
  ...more,
});

const deliveredBy = (events: readonly Event[]): readonly number[] =>
  events.flatMap(event =>
    event.kind === "delivered" ? Array.from({ length: event.count }, (_, i) => event.first + i) : [],
  );

/** The runs of the model for every way of answering. */
function everyRun(scenario: Scenario, profile: Profile): readonly (readonly Event[])[] {
  const planned = planCase(scenario, profile);
  const runs: (readonly Event[])[] = [];
  expand(
    choose => {
      const events: Event[] = [];
      runAnswered(planned, { answering: { choose, at: () => {} }, emit: event => void events.push(event) });
      return events;
    },
    wholeRange,
    events => runs.push(events) > 0,
  );
  return runs;
}

const answerOf = (scenario: Scenario, profile: Profile, events: readonly Event[], plain = false): Admission["answer"] =>
  admits(planCase(scenario, profile), observe(events), plain ? { search: "plain" } : {}).answer;

/** The same run with its deliveries in another order. */
function delivering(events: readonly Event[], order: readonly number[]): readonly Event[] {
  const first = events.findIndex(event => event.kind === "delivered");
  const others: readonly Event[] = events.filter(event => event.kind !== "delivered" && event.kind !== "ended");
  const deliveries = order.map(message => ({ kind: "delivered", first: message, count: 1 }) as const);
  return others.toSpliced(Math.min(first, others.length - 1), 0, ...deliveries);
}

const permutations = (list: readonly number[]): readonly (readonly number[])[] =>
  list.length < 2 ? [list] : list.flatMap((one, i) => permutations(list.toSpliced(i, 1)).map(rest => [one, ...rest]));

test("the messages of a step are shared evenly, the first publishers having one more", () => {
  expect(blocksOf({ first: 10, count: 7 }, 3)).toEqual([
    { first: 10, count: 3 },
    { first: 13, count: 2 },
    { first: 15, count: 2 },
  ]);
});

describe.each(profilesByName)("%s", (_name, profile) => {
  const calm = scenarioWith([start, publish(1), atOnce(4, 2), publish(1), flush()]);

  test("hands on what two publishers have in every order that each of them keeps, and in no other", () => {
    const orders = new Set(everyRun(calm, profile).map(events => deliveredBy(events).join(" ")));
    expect([...orders].sort()).toEqual([
      "0 1 2 3 4 5",
      "0 1 3 2 4 5",
      "0 1 3 4 2 5",
      "0 3 1 2 4 5",
      "0 3 1 4 2 5",
      "0 3 4 1 2 5",
    ]);
  });

  test("is permitted exactly these orders, by both searches", () => {
    const [events = []] = everyRun(calm, profile);
    for (const order of permutations([0, 1, 2, 3, 4, 5])) {
      const place = (message: number): number => order.indexOf(message);
      const isKept = place(1) < place(2) && place(3) < place(4);
      const isBetween = place(0) === 0 && place(5) === 5;
      const due = isKept && isBetween ? "permitted" : "not-permitted";
      const observed = delivering(events, order);
      expect([order, answerOf(calm, profile, observed)]).toEqual([order, due]);
      expect([order, answerOf(calm, profile, observed, true)]).toEqual([order, due]);
    }
  });

  const small: readonly (readonly [string, Scenario])[] = [
    ["a byte limit", scenarioWith([start, flush(), limit(70), atOnce(4, 2), heal(), publish(1), flush()])],
    [
      "a cut that races with them",
      scenarioWith([start, flush(), atOnce(4, 2, { overlap: true }), cut(), heal(), flush()]),
    ],
    ["an outage", scenarioWith([start, flush(), cut(), atOnce(4, 2), heal(), publish(1), flush()])],
    ["an un-awaited cut", scenarioWith([start, publish(1), flush(), cut("none"), atOnce(4, 2), heal(), flush()])],
    [
      "a handshake",
      scenarioWith([start, flush(), cut(), heal("handshake"), atOnce(4, 2, { overlap: true }), heal(), flush()]),
    ],
  ];
  const limited: readonly Partial<Options>[] =
    profile.reconnectBuffer.kind === "kept" ? [{}, { reconnectBufferBytesMax: 60 }] : [{}];
  const all = small.flatMap(([name, scenario]) =>
    limited.map(
      options =>
        [`${name} ${JSON.stringify(options)}`, { ...scenario, options: { ...scenario.options, ...options } }] as const,
    ),
  );

  test.each(all)(
    "is permitted everything that it can do at %s, and with a message less or two swapped what the plain search permits",
    (_name, scenario) => {
      const runs = everyRun(scenario, profile);
      const seen = new Map(
        runs.map(events => [
          JSON.stringify([deliveredBy(events), events.filter(one => one.kind === "published")]),
          events,
        ]),
      );
      for (const events of seen.values()) {
        expect(answerOf(scenario, profile, events)).toBe("permitted");
        const order = deliveredBy(events);
        const changed = [
          order.slice(1),
          order.slice(0, -1),
          order.toReversed(),
          order.length > 2 ? [order[1], order[0], ...order.slice(2)] : order,
        ];
        for (const other of changed) {
          const observed = delivering(events, other as number[]);
          expect([other, answerOf(scenario, profile, observed)]).toEqual([
            other,
            answerOf(scenario, profile, observed, true),
          ]);
        }
      }
    },
  );
});

test("no client is accused where several publishers share the steps of random scenarios", () => {
  const draws = new DrawStream("publishers", "test");
  let shared = 0;
  let undecided = 0;
  for (const profile of allProfiles)
    for (let i = 0; i < times(400); i++) {
      const made = randomScenario(`publishers-${i}`, profile);
      const steps = made.steps.slice();
      shareAtOnce({ random: draws.at(i), profile, options: made.options, steps });
      const scenario = { ...made, steps };
      shared += steps.filter(one => one.kind === "publish" && one.publishers !== undefined).length;
      const { properties, conformance } = judge(planCase(scenario, profile), eventsOf(scenario, profile, String(i)));
      const broken = properties.filter(one => one.verdict === "violated");
      if (conformance.answer === "undecided") undecided++;
      expect({ profile: profile.name, i, broken }).toEqual({ profile: profile.name, i, broken: [] });
      expect({ profile: profile.name, i, ...conformance }).not.toHaveProperty("answer", "not-permitted");
    }
  expect(shared).toBeGreaterThan(times(1_000));
  expect(undecided).toBeLessThan(times(1_600) / 100);
});

test("an order that no publisher kept is undecided only where two faults may have lost some of them", () => {
  const { "nats-go": profile } = Object.fromEntries(profilesByName);
  if (profile === undefined) throw new Error("there is no nats-go");
  const once = scenarioWith([start, flush(), atOnce(4, 2, { overlap: true }), cut(), heal(), flush(), cut(), heal()]);
  const twice = scenarioWith([start, flush(), atOnce(4, 2, { overlap: true }), cut(), heal(), cut(), heal()]);
  for (const [scenario, due] of [
    [once, "not-permitted"],
    [twice, "undecided"],
  ] as const) {
    const events = everyRun(scenario, profile).find(one => deliveredBy(one).length === 4) ?? [];
    expect(answerOf(scenario, profile, events)).toBe("permitted");
    expect(answerOf(scenario, profile, delivering(events, [1, 0, 2, 3]))).toBe(due);
  }
});

test("what may end in a write error of one publisher or another is skipped where clients return it", () => {
  const raced = scenarioWith([start, flush(), atOnce(1_000, 2, { overlap: true }), cut(), heal()]);
  expect(skippedIn(raced, profileNamed("nats-go"))[2]).toMatch(/which publisher's call/);
  expect(skippedIn(raced, profileNamed("nats-js-3"))[2]).toBeUndefined();
});

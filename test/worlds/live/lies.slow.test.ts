/**
 * An observer and a reader of streams that lie convict nobody: each lie is planted in what one of them says of a true run, and a second
 * witness tells otherwise. With the truth the same scenarios hold.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Scenario, Step } from "../../../models/vocabulary/scenario.ts";
import { policyNamedIn } from "../../../src/files/policies.ts";
import { parseScenario } from "../../../src/files/scenario-schema.ts";
import type { CaseRun } from "../../../src/judge/run.ts";
import type { Arrived, ArrivedRun, Held, HeldContent } from "../../../src/worlds/driver/rig.ts";
import type { LiveObserver } from "../../../src/worlds/live/observer.ts";
import type { LiveStreams } from "../../../src/worlds/live/streams.ts";
import { type OneLane, openOneLane } from "./one-lane.ts";
import { withChanges } from "./with-changes.ts";

let lane: OneLane;

beforeAll(async () => {
  lane = await openOneLane();
}, 1_200_000);

afterAll(() => lane?.close());

// ---- Scenarios ----

const start: Step = { id: "start", kind: "start" };
const flush: Step = { id: "flush", kind: "flush", timeoutMs: 5_000 };
const publish = (id: string, count: number): Step => ({ id, kind: "publish", count, bytes: 16 });
const cut: Step = { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } };
const heal: Step = { id: "heal", kind: "heal", awaits: "connected" };
const scenarioOf = (steps: readonly Step[], policy?: object): Scenario =>
  parseScenario(
    JSON.stringify({ version: 1, id: "lies/one", why: "A test.", ...(policy && { policy }), options: {}, steps }),
    "lies.slow.test.ts",
  );

/** More than 40 messages, on both sides of an outage. */
const outage = scenarioOf([
  start,
  publish("first", 50),
  flush,
  cut,
  publish("down", 30),
  heal,
  publish("after", 5),
  { ...flush, id: "last" } as Step,
]);
const durable: Step = { ...publish("stored", 45), subject: "sys.job.submit" } as Step;
const stored = scenarioOf(
  [start, flush, durable, cut, heal, { ...durable, id: "more", count: 5 } as Step],
  policyNamedIn("cordum-hardened", ".", "lies.slow.test.ts", "policy"),
);

// ---- Lies ----

type Runs = readonly ArrivedRun[];
/** The same messages, one by one. */
const each = (runs: Runs): ArrivedRun[] =>
  runs.flatMap(({ count, ...run }) =>
    Array.from({ length: count }, (_, i) => ({ ...run, first: run.first + i, count: 1 })),
  );
const at = 39;
const without = (runs: Runs): Runs => each(runs).toSpliced(at, 1);
const doubled = (runs: Runs): Runs => each(runs).flatMap((one, i) => (i === at ? [one, one] : [one]));
const doubledAtTheEnd = (runs: Runs): Runs => [...each(runs), ...each(runs).slice(at, at + 1)];
const swapped = (runs: Runs): Runs => {
  const all = each(runs);
  const [one, other] = all.slice(at - 1, at + 1);
  return one === undefined || other === undefined ? all : all.toSpliced(at - 1, 2, other, one);
};
const delayed = (runs: Runs): Runs => {
  const all = each(runs);
  return [...all.toSpliced(at, 1), ...all.slice(at, at + 1)];
};
const altered =
  (change: Partial<ArrivedRun>) =>
  (runs: Runs): Runs =>
    each(runs).map((one, i) => (i === at ? { ...one, ...change } : one));
const first =
  (count: number) =>
  (runs: Runs): Runs =>
    each(runs).slice(0, count);
const last =
  (count: number) =>
  (runs: Runs): Runs =>
    each(runs).slice(count);
const reversed = (runs: Runs): Runs => each(runs).reverse();
const replaced = (runs: Runs): Runs => each(runs).map((one, i) => (i === at ? { ...one, first: one.first - 1 } : one));
const none = (): Runs => [];

const ofRuns: readonly (readonly [string, (runs: Runs) => Runs])[] = [
  ["loses one message in 40", without],
  ["doubles one message in 40", doubled],
  ["shows one message again at the end", doubledAtTheEnd],
  ["swaps two messages", swapped],
  ["delays one message to the end", delayed],
  ["shows one message on another subject", altered({ subject: "another" })],
  ["shows one message shorter than it is", altered({ bytes: 15 })],
  ["shows one message longer than it is", altered({ bytes: 17 })],
  ["shows one message as another", replaced],
  ["loses all but the first", first(1)],
  ["stops before the last", first(44)],
  ["begins only at the second", last(1)],
  ["begins late", last(10)],
  ["sees nothing", none],
  ["sees all in the opposite order", reversed],
];
const lying =
  (lie: (runs: Runs) => Runs) =>
  <Seen extends Arrived>(seen: Seen): Seen => ({ ...seen, runs: lie(seen.runs) });
const inventing =
  (foreign: number) =>
  <Seen extends Arrived>(seen: Seen): Seen => ({ ...seen, foreign: seen.foreign + foreign });
/** One message of 40 cannot be read. */
const unreadable = <Seen extends Arrived>(seen: Seen): Seen => ({ ...seen, runs: without(seen.runs), foreign: 1 });

type Lie = <Seen extends Arrived>(seen: Seen) => Seen;
const lies: readonly (readonly [string, Lie])[] = [
  ...ofRuns.map(([what, lie]) => [what, lying(lie)] as const),
  ["sees a message that no one sent", inventing(1)],
  ["sees many messages that no one sent", inventing(40)],
  ["cannot read one message", unreadable],
];

// ---- Runs ----

interface Lies {
  readonly observer?: (observer: LiveObserver) => Partial<LiveObserver>;
  readonly streams?: (streams: LiveStreams) => Partial<LiveStreams>;
}

const run = (scenario: Scenario, { observer, streams }: Lies = {}): Promise<CaseRun> =>
  lane.run(scenario, parts => ({
    openObserver: async subjects => {
      const one = await parts.openObserver(subjects);
      return withChanges(one, observer?.(one));
    },
    openStreams: async () => {
      const one = await parts.openStreams();
      return withChanges(one, streams?.(one));
    },
  }));

function expectNobodyConvicted({ judgement, events }: CaseRun): void {
  expect(judgement.verdict, `${judgement.reason}\n${JSON.stringify(events)}`).toBe("inconclusive");
  expect(judgement.reason).toMatch(/^faultline's own witnesses differ: /);
  expect(judgement.properties.filter(one => one.verdict === "violated")).toEqual([]);
  expect([judgement.notPromised, judgement.conformance.answer]).toEqual([[], "undecided"]);
}

test("there are more than 40 of them, beside those of an injector", () => {
  expect(2 * lies.length + 2 * fewLies.length + counts.length + readings.length).toBeGreaterThan(40);
});

describe("an observer that", () => {
  test.each(lies)("%s", { timeout: 60_000 }, async (_, lie) => {
    expectNobodyConvicted(await run(outage, { observer: one => ({ arrived: () => lie(one.arrived()) }) }));
  });
});

/** A second witness is held against the first one, as the first against it: a few of the lies show that. */
const fewLies = lies.slice(0, 5);

describe("a second observer that", () => {
  test.each(fewLies)("%s", { timeout: 60_000 }, async (_, lie) => {
    const second = (one: LiveObserver): Arrived | undefined => {
      const seen = one.second();
      return seen && lie(seen);
    };
    expectNobodyConvicted(await run(outage, { observer: one => ({ second: () => second(one) }) }));
  });
});

const counts: readonly (readonly [string, number])[] = [
  ["one more than it was", 1],
  ["one less than it was", -1],
];
test.each(counts)("an observer that has read what the server says is %s", { timeout: 60_000 }, async (_, more) => {
  const counting = (one: LiveObserver): Partial<LiveObserver> => ({
    counts: async () => {
      const { read, sent } = await one.counts();
      return { read, sent: sent === undefined ? undefined : sent + more };
    },
  });
  expectNobodyConvicted(await run(outage, { observer: counting }));
});

describe("a reader of a stream that", () => {
  test.each(lies)("%s", { timeout: 60_000 }, async (_, lie) => {
    const held = (one: LiveStreams) => async (stream: string) => lie(await one.held(stream));
    expectNobodyConvicted(await run(stored, { streams: one => ({ held: held(one) }) }));
  });
});

const readings: readonly (readonly [string, (held: Held) => Held])[] = [
  ["counts one message more", held => ({ ...held, state: { ...held.state, messages: held.state.messages + 1 } })],
  ["counts one message less", held => ({ ...held, state: { ...held.state, messages: held.state.messages - 1 } })],
  [
    "takes a message for a dead letter",
    held => ({
      ...held,
      runs: without(held.runs),
      deadLetters: [
        { of: { subject: "sys.job.submit", message: at }, number: at, subject: "sys.job.submit", bytes: 16 },
      ],
    }),
  ],
];
test.each(readings)("a reader of a stream that %s", { timeout: 60_000 }, async (_, lie) => {
  expectNobodyConvicted(await run(stored, { streams: one => ({ held: async stream => lie(await one.held(stream)) }) }));
});

test.each(fewLies)("a second reader of a stream that %s", { timeout: 60_000 }, async (_, lie) => {
  const byNumber =
    (one: LiveStreams) =>
    async (stream: string): Promise<HeldContent | undefined> => {
      const held = await one.heldByNumber(stream);
      return held && lie(held);
    };
  expectNobodyConvicted(await run(stored, { streams: one => ({ heldByNumber: byNumber(one) }) }));
});

test.each([
  ["an outage", outage],
  ["a stream", stored],
])("with the truth the scenario of %s holds", { timeout: 60_000 }, async (_, scenario) => {
  const { judgement, events } = await run(scenario);
  expect(judgement.verdict, `${judgement.reason}\n${JSON.stringify(events)}`).toBe("holds");
});

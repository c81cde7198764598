/**
 * An observer and a reader of streams that lie convict nobody: each lie is planted in what one of them says of a true run, and a second
 * witness tells otherwise. Neither does a client beside the case that takes messages from a stream. With the truth the same scenarios hold.
 */
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Scenario, Step } from "../../../models/vocabulary/scenario.ts";
import { policyNamedIn } from "../../../src/files/policies.ts";
import { parseScenario } from "../../../src/files/scenario-schema.ts";
import type { CaseRun } from "../../../src/judge/run.ts";
import type { Arrived, ArrivedRun, Held, HeldContent, Removal, StreamState } from "../../../src/worlds/driver/rig.ts";
import type { BusProcess } from "../../../src/worlds/live/bus-process.ts";
import type { LiveObserver } from "../../../src/worlds/live/observer.ts";
import type { LiveStreams } from "../../../src/worlds/live/streams.ts";
import type { LiveLink } from "../../../src/worlds/live/toxiproxy.ts";
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
/** The stream that takes them. */
const storing = "CORDUM_SYS";
const hardened = policyNamedIn("cordum-hardened", ".", "lies.slow.test.ts", "policy");
const storedOnce = scenarioOf([start, flush, durable, cut, heal], hardened);
const stored = scenarioOf([start, flush, durable, cut, heal, { ...durable, id: "more", count: 5 } as Step], hardened);

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
  readonly client?: (client: BusProcess["client"]) => Partial<BusProcess["client"]>;
  /** What happens before the link is cut; it is given the name of the case's client. */
  readonly beforeCut?: (name: string) => Promise<void>;
}

const run = (scenario: Scenario, { observer, streams, client, beforeCut }: Lies = {}): Promise<CaseRun> =>
  lane.run(scenario, (parts, name) => ({
    link: withChanges(
      parts.link,
      cutting(parts.link, async () => beforeCut?.(name)),
    ),
    spawn: async () => {
      const process = await parts.spawn();
      return client === undefined
        ? process
        : withChanges(process, { client: withChanges(process.client, client(process.client)) });
    },
    openObserver: async subjects => {
      const one = await parts.openObserver(subjects);
      return withChanges(one, observer?.(one));
    },
    openStreams: async () => {
      const one = await parts.openStreams();
      return withChanges(one, streams?.(one));
    },
  }));

/** Something happens before the first cut. The link is cut once more when the case is over. */
function cutting(link: LiveLink, before: () => Promise<void>): Partial<LiveLink> {
  let isFirst = true;
  const cut = async (): Promise<void> => {
    if (isFirst) await before();
    isFirst = false;
    await link.cut();
  };
  return { cut };
}

function expectNobodyConvicted({ judgement, events }: CaseRun): void {
  expect(judgement.verdict, `${judgement.reason}\n${JSON.stringify(events)}`).toBe("inconclusive");
  expect(judgement.reason).toMatch(/^faultline's own witnesses differ: /);
  expect(judgement.properties.filter(one => one.verdict === "violated")).toEqual([]);
  expect([judgement.notPromised, judgement.conformance.answer]).toEqual([[], "undecided"]);
}

test("there are more than 40 of them, beside those of an injector", () => {
  expect(2 * lies.length + 2 * fewLies.length + counts.length + readings.length + 2).toBeGreaterThan(40);
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

const stating =
  (lie: (state: StreamState) => Partial<StreamState>) =>
  (held: Held): Held => ({ ...held, state: { ...held.state, ...lie(held.state) } });

const readings: readonly (readonly [string, (held: Held) => Held])[] = [
  ["counts one message more", held => ({ ...held, state: { ...held.state, messages: held.state.messages + 1 } })],
  ["counts one message less", held => ({ ...held, state: { ...held.state, messages: held.state.messages - 1 } })],
  ["begins at the next number", stating(({ firstNumber }) => ({ firstNumber: firstNumber + 1 }))],
  ["ends at the next number", stating(({ lastNumber }) => ({ lastNumber: lastNumber + 1 }))],
  ["ends at the number before", stating(({ lastNumber }) => ({ lastNumber: lastNumber - 1 }))],
  ["counts one message as deleted", stating(({ deleted }) => ({ deleted: deleted + 1 }))],
  [
    "tells all numbers one higher",
    stating(({ firstNumber, lastNumber }) => ({ firstNumber: firstNumber + 1, lastNumber: lastNumber + 1 })),
  ],
  [
    "tells of a number that is deleted at the end",
    stating(({ lastNumber, deleted }) => ({ lastNumber: lastNumber + 1, deleted: deleted + 1 })),
  ],
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

test("a second reader of a stream that has met other numbers", { timeout: 60_000 }, async () => {
  const byNumber = (one: LiveStreams) => async (stream: string) => {
    const held = await one.heldByNumber(stream);
    return held?.numbers && { ...held, numbers: { ...held.numbers, last: held.numbers.last + 1 } };
  };
  expectNobodyConvicted(await run(stored, { streams: one => ({ heldByNumber: byNumber(one) }) }));
});

test("a listener that has heard of a removal which no one asked for", { timeout: 60_000 }, async () => {
  const removals = async (): Promise<readonly Removal[]> => [{ stream: storing, what: "message", by: "ops" }];
  expectNobodyConvicted(await run(stored, { streams: () => ({ removals }) }));
});

// ---- Somebody beside the case ----

const asOperator = async (name: string, does: (api: JetStreamManager) => Promise<unknown>): Promise<void> => {
  const connection = await connect({ servers: `127.0.0.1:${lane.serverPort}`, name });
  await does(await jetstreamManager(connection));
  await connection.close();
};
const deletesOne = (api: JetStreamManager): Promise<boolean> => api.streams.deleteMessage(storing, 40);

test.each<[what: string, does: (api: JetStreamManager) => Promise<unknown>, says: string]>([
  ["deletes a message", deletesOne, `"ops", has deleted a message of ${storing}, which holds 49 of the 50 messages`],
  ["purges a stream", api => api.streams.purge(storing), `"ops", has purged ${storing}, which holds 5 of the 50`],
])("a client beside the case that %s convicts nobody", { timeout: 60_000 }, async (_, does, says) => {
  const one = await run(stored, { beforeCut: () => asOperator("ops", does) });
  expectNobodyConvicted(one);
  expect(one.judgement.reason).toContain(says);
});

test("a client beside the case that deletes a stream convicts nobody", { timeout: 60_000 }, async () => {
  const one = await run(storedOnce, { beforeCut: () => asOperator("ops", api => api.streams.delete(storing)) });
  expectNobodyConvicted(one);
  expect(one.judgement.reason).toContain(`"ops", has deleted the stream ${storing}`);
});

test("a message that is gone, and no one was heard to ask for it, convicts nobody", { timeout: 60_000 }, async () => {
  const one = await run(stored, {
    beforeCut: () => asOperator("ops", deletesOne),
    streams: () => ({ removals: async () => [] }),
  });
  expectNobodyConvicted(one);
  expect(one.judgement.reason).toContain(`1 of the 50 messages that ${storing} has numbered is gone, though`);
});

// ---- What is held against the bus ----

const lost = "durable-path/acked-is-never-lost";
const whyLost = ({ judgement }: CaseRun): readonly unknown[] => [
  judgement.verdict,
  [...judgement.properties, ...judgement.notPromised].find(({ property }) => property === lost)?.reason,
];

test("a message that the bus itself deletes is held against it", { timeout: 60_000 }, async () => {
  expect(whyLost(await run(stored, { beforeCut: name => asOperator(name, deletesOne) }))).toEqual([
    "violated",
    `message 39 was acknowledged, and no stream holds it: the bus itself has deleted a message of ${storing}, which holds 49 of the 50 messages that it has numbered`,
  ]);
});

test("acknowledgements of messages that were never published are not the server's", { timeout: 60_000 }, async () => {
  /** The messages of the last step go nowhere. */
  const client = (one: BusProcess["client"]): Partial<BusProcess["client"]> => ({
    call: (command, boundMs) =>
      command.do === "publish" && command.first === 45
        ? Promise.resolve({ outcomes: [{ count: command.count, outcome: { is: "acked" } }] } as never)
        : one.call(command, boundMs),
  });
  expect(whyLost(await run(stored, { client }))).toEqual([
    "violated",
    `message 45 was acknowledged, and no stream holds it: the bus told 50 acknowledgements of ${storing}, and the stream has numbered 45 messages, so the server never gave at least 5 of them`,
  ]);
});

test.each([
  ["an outage", outage],
  ["a stream", stored],
])("with the truth the scenario of %s holds", { timeout: 60_000 }, async (_, scenario) => {
  const { judgement, events } = await run(scenario);
  expect(judgement.verdict, `${judgement.reason}\n${JSON.stringify(events)}`).toBe("holds");
});

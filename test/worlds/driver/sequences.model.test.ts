/**
 * What a stream's own numbers prove at the end of a case, on streams written by hand: an acknowledgement that the server never gave, a
 * message that somebody beside the case removed, and figures that do not agree with each other or with what was read.
 */
import { describe, expect, test } from "vitest";
import { planCase } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Event, Outcome } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import { ServerFailed } from "../../../src/errors.ts";
import { judge } from "../../../src/judge/judge.ts";
import { runModelCase } from "../../../src/judge/run.ts";
import { runCase } from "../../../src/worlds/driver/case.ts";
import type { Course } from "../../../src/worlds/driver/course.ts";
import { operate } from "../../../src/worlds/driver/operator.ts";
import type { Held, Removal, Rig, StreamState } from "../../../src/worlds/driver/rig.ts";
import { lacksOf, removalDoubt, type StreamEnd } from "../../../src/worlds/driver/sequences.ts";
import { lookForRemovals, sayHeld } from "../../../src/worlds/driver/voice.ts";
import { streamDoubt } from "../../../src/worlds/driver/witnesses.ts";
import { liveRig, type Parts } from "../../../src/worlds/live/rig.ts";
import { flush, publish, scenarioWith, start } from "../../models/cases.ts";
import { policy as base } from "../../properties/service-events.ts";
import { memoryRig } from "./memory-rig.ts";

const jobs: StreamPolicy = {
  ...{ name: "JOBS", subjects: ["job.>"], storage: "file", duplicateWindowMs: 120_000 },
  ...{ discard: "old", made: "present" },
};
const policyOf = (stream: StreamPolicy): Policy => ({ ...base, streams: [stream] });

const acked: Outcome = { is: "acked" };
const duplicate: Outcome = { is: "acked", duplicate: true };
const timedOut: Outcome = { is: "unsettled", kind: "timeout" };
type Published = Extract<Event, { kind: "published" }>;
/** Each message of `job.plain` has its own id, those of `job.a` about one key share theirs, and those of `job.a.b` have none. */
const publishes = (first: number, count: number, outcome: Outcome, more: Partial<Published> = {}): Event => ({
  ...{ kind: "published", step: "s", first, count, frameBytes: 60, outcome, subject: "job.plain", durable: true },
  ...more,
});
const fault = (kind: Extract<Event, { kind: "fault" }>["fault"]): Event => ({
  ...{ kind: "fault", step: "f", fault: kind, phase: "installed" },
});

/** These of the messages, under the numbers that the server gave them. */
const holding = (numbered: ReadonlyMap<number, number>, state: Partial<StreamState> & { lastNumber: number }): Held => {
  const numbers = [...numbered.keys()];
  const first = numbers[0] ?? state.lastNumber + 1;
  return {
    runs: [...numbered.values()].map(message => ({ first: message, count: 1, subject: "job.plain", bytes: 16 })),
    foreign: 0,
    deadLetters: [],
    numbers: numbers.length === 0 ? undefined : { first, last: numbers.at(-1) ?? 0 },
    state: {
      firstNumber: first,
      messages: numbers.length,
      deleted: state.lastNumber - first + 1 - numbers.length,
      keepsMax: Number.POSITIVE_INFINITY,
      ...state,
    },
  };
};
/** Messages in the order of their numbers, of which those at `gone` were taken away. */
const held = (messages: readonly number[], gone: readonly number[] = [], more: Partial<StreamState> = {}): Held =>
  holding(new Map(messages.map((message, i) => [i + 1, message] as const).filter(([n]) => !gone.includes(n))), {
    lastNumber: messages.length,
    ...more,
  });

const endOf = (more: Partial<StreamEnd>): StreamEnd => {
  const { stream = jobs } = more;
  return {
    policy: policyOf(stream),
    ...{ stream, told: [], held: held([]), elsewhere: new Set(), removals: [], client: "faultline-4" },
    ...more,
  };
};
const asked = (by: string, what: Removal["what"] = "message", stream = "JOBS"): Removal => ({ stream, what, by });

describe("more acknowledgements than the stream has numbered messages", () => {
  const proof = (end: Partial<StreamEnd>): string | undefined => lacksOf(endOf(end))?.proof;
  const tells = "the bus told 5 acknowledgements of JOBS, and the stream has numbered 3 messages";

  test("prove that the server never gave the rest", () => {
    expect(lacksOf(endOf({ told: [publishes(0, 5, acked)], held: held([0, 1, 2]) }))).toEqual({
      ...{ kind: "stream-lacks", stream: "JOBS", is: "never-numbered" },
      proof: `${tells}, so the server never gave at least 2 of them`,
    });
  });

  test.each<[what: string, told: readonly Event[], end?: Partial<StreamEnd>]>([
    ["also where a limit has discarded the oldest", [publishes(0, 5, acked)], { held: held([0, 1, 2], [1, 2]) }],
    ["messages without an id count, each of them", [publishes(0, 5, acked, { subject: "job.a.b" })]],
    [
      "a message that is published again counts once",
      [publishes(0, 5, acked), publishes(0, 5, acked, { again: true })],
    ],
    [
      "those that share an id count once",
      [publishes(0, 4, acked), publishes(4, 3, acked, { subject: "job.a", key: "7" })],
    ],
    ["a duplicate does not count", [publishes(0, 5, acked), publishes(5, 3, duplicate)]],
    ["what timed out does not count", [publishes(0, 5, acked), publishes(5, 3, timedOut)]],
    [
      "what another stream takes does not count",
      [publishes(0, 5, acked), publishes(5, 3, acked, { subject: "audit" })],
    ],
    ["what another stream holds does not count", [publishes(0, 7, acked)], { elsewhere: new Set([5, 6]) }],
    ["a fault that leaves the server running changes nothing", [fault("cut"), publishes(0, 5, acked)]],
  ])("%s", (_, told, end = {}) => {
    expect(proof({ told, held: held([0, 1, 2]), ...end })).toMatch(new RegExp(`^${tells}`));
  });

  test.each<[what: string, end: Partial<StreamEnd>]>([
    [
      "where the server has ended, a store may have been lost",
      { told: [publishes(0, 5, acked), fault("stop-server")] },
    ],
    ["or the power", { told: [publishes(0, 5, acked), fault("power-loss")] }],
    ["where JetStream was away, the server has ended twice", { told: [fault("no-jetstream"), publishes(0, 5, acked)] }],
    ["where the stream is not there", { told: [publishes(0, 5, acked)], held: undefined }],
    ["where as many are numbered, and all are held", { told: [publishes(0, 3, acked)] }],
  ])("prove nothing %s", (_, end) => {
    expect(proof({ held: held([0, 1, 2]), ...end })).toBeUndefined();
  });
});

test("a stream that holds all that it has numbered has lost none, whatever else it took", () => {
  const told = [publishes(0, 1, acked), publishes(1, 2, timedOut)];
  expect(lacksOf(endOf({ told, held: held([1, 2]) }))).toMatchObject({
    is: "holds-all",
    proof: "JOBS still holds each of the 2 messages that it has numbered, so the server has lost none",
  });
  expect(lacksOf(endOf({ told, held: held([1, 2], [1]) }))).toBeUndefined();
  expect(lacksOf(endOf({ told, held: held([0, 1]) }))).toBeUndefined();
});

describe("messages that are gone", () => {
  const told = [publishes(0, 5, acked)];
  const all = [0, 1, 2, 3, 4];

  test.each<[what: string, gone: readonly number[], says: string]>([
    ["the first", [1], "1 of the 5 messages that JOBS has numbered is gone"],
    ["one in the middle", [3], "1 of the 5 messages that JOBS has numbered is gone"],
    ["the last", [5], "1 of the 5 messages that JOBS has numbered is gone"],
    ["all of them", [1, 2, 3, 4, 5], "5 of the 5 messages that JOBS has numbered are gone"],
  ])("convict no client where nothing of the case takes them: %s", (_, gone, says) => {
    const doubt = removalDoubt(endOf({ told, held: held(all, gone) }));
    expect(doubt).toBe(
      `${says}, though it has discarded none, the server never ended, and no client was heard to ask for that: the server has lost ${gone.length === 1 ? "it, or somebody has removed it" : "them, or somebody has removed them"} beside the case`,
    );
  });

  test.each<[what: string, stored: number, gone: readonly number[], count: string]>([
    ["another one is a gap", 5, [1, 2, 4], "1 of the 5 messages that JOBS has numbered is"],
    ["the gap has been filled up", 6, [1, 2, 4], "1 of the 6 messages that JOBS has numbered is"],
    ["the next ones are gone, too", 5, [1, 2, 3, 4], "2 of the 5 messages that JOBS has numbered are"],
  ])("convict no client where a limit has taken the oldest, and %s", (_, stored, gone, count) => {
    const messages = Array.from({ length: stored }, (_one, i) => i);
    expect(removalDoubt(endOf({ told, held: held(messages, gone, { keepsMax: 3 }) }))).toContain(
      `at least ${count} gone, and not by its limit, the server never ended, and no client was heard`,
    );
  });

  test.each<[what: string, end: Partial<StreamEnd>]>([
    ["none is gone", { held: held(all) }],
    ["the stream's limit has discarded the oldest", { held: held(all, [1, 2], { keepsMax: 3 }) }],
    ["the stream was made to let messages go", { held: held(all, [1, 2], { keepsMax: undefined }) }],
    ["the server has ended", { told: [...told, fault("stop-server")], held: held(all, [3]) }],
    ["its power was lost", { told: [...told, fault("power-loss")], held: held(all, [3]) }],
    ["the stream is gone, and no one was heard", { held: undefined }],
    ["the bus itself has deleted one", { held: held(all, [3]), removals: [asked("faultline-4")] }],
    ["another replica of the bus has", { held: held(all, [3]), removals: [asked("faultline-4-r2")] }],
    ["another stream was emptied", { held: held(all), removals: [asked("ops", "messages", "OTHER")] }],
  ])("are held against the bus where %s", (_, end) => {
    expect(removalDoubt(endOf({ told, held: held(all), ...end }))).toBeUndefined();
  });

  test.each<[what: string, removal: Removal, end: Partial<StreamEnd>, says: string]>([
    [
      "a message",
      asked("ops"),
      { held: held(all, [3]) },
      'a client that is none of this case, "ops", has deleted a message of JOBS, which holds 4 of the 5 messages that it has numbered',
    ],
    [
      "all messages, and the server has ended",
      asked("faultline-41", "messages"),
      { told: [fault("stop-server")], held: held(all, [1, 2, 3, 4, 5]) },
      'a client that is none of this case, "faultline-41", has purged JOBS, which holds 0 of the 5 messages that it has numbered',
    ],
    ["the stream", asked("", "stream"), { held: undefined }, "a client without a name has deleted the stream JOBS"],
    [
      "its settings",
      asked("ops", "settings"),
      { held: held(all, [1, 2], { keepsMax: 3 }) },
      'a client that is none of this case, "ops", has changed the settings of JOBS, which holds 3 of the 5 messages that it has numbered',
    ],
  ])("are the work of another client that was heard to ask for it: %s", (_, removal, end, says) => {
    expect(removalDoubt(endOf({ told, ...end, removals: [asked("faultline-4"), removal] }))).toBe(says);
  });

  test("are said to be the bus's work where it has asked for it", () => {
    const removals = [asked("faultline-4", "settings"), asked("faultline-4")];
    expect(lacksOf(endOf({ told, held: held(all, [3]), removals }))).toMatchObject({
      is: "removed-by-the-bus",
      proof: "the bus itself has deleted a message of JOBS, which holds 4 of the 5 messages that it has numbered",
    });
    expect(lacksOf(endOf({ told, held: held(all), removals: removals.slice(0, 1) }))).toBeUndefined();
  });
});

describe("a stream's figures, and the numbers that were read", () => {
  const sound = held([0, 1, 2, 3], [1, 3]);
  const doubtOf = (one: Held, other = one): string | undefined => streamDoubt("JOBS", one, other);
  const stated = (state: Partial<StreamState>): Held => ({ ...sound, state: { ...sound.state, ...state } });

  test.each([
    ["with gaps", sound],
    ["with nothing gone", held([0, 1, 2])],
    ["never used", held([])],
    ["emptied", held([0, 1], [1, 2])],
    ["with the last one gone", held([0, 1], [2])],
  ])("agree: %s", (_, one) => {
    expect(doubtOf(one)).toBeUndefined();
  });

  test.each<[what: string, one: Held, says: string]>([
    [
      "the first number is another",
      stated({ firstNumber: 1 }),
      "the server counts 2 messages in JOBS and 1 deleted, and numbers them from 1 to 4",
    ],
    [
      "the last number is higher",
      stated({ lastNumber: 5 }),
      "the server counts 2 messages in JOBS and 1 deleted, and numbers them from 2 to 5",
    ],
    [
      "fewer are deleted",
      stated({ deleted: 0 }),
      "the server counts 2 messages in JOBS and 0 deleted, and numbers them from 2 to 4",
    ],
    [
      "all numbers are one higher",
      stated({ firstNumber: 3, lastNumber: 5 }),
      "the server numbers the messages of JOBS from 3 to 5, and the numbers 2 to 4 were read",
    ],
    [
      "the last that was read lies beyond them",
      { ...sound, numbers: { first: 2, last: 5 } },
      "the server numbers the messages of JOBS from 2 to 4, and the numbers 2 to 5 were read",
    ],
  ])("differ: %s", (_, one, says) => {
    expect(doubtOf(one)).toBe(says);
  });

  test("differ between two readings", () => {
    expect(doubtOf(sound, { ...sound, numbers: { first: 2, last: 3 } })).toBe(
      "a reading of JOBS has met the numbers 2 to 4, and a second one the numbers 2 to 3",
    );
  });
});

describe("the driver", () => {
  /** The end of a case on streams in memory. */
  async function ended(one: Held, removals: readonly Removal[], names = ["JOBS"]) {
    const events: Event[] = [];
    const streams = {
      names: async () => names,
      held: async () => one,
      heldByNumber: async () => one,
      removals: async () => removals,
    };
    const told = [publishes(0, 5, acked)];
    const course = {
      ...{
        service: {
          policy: policyOf(jobs),
          told,
          seenHeld: new Map(),
          lastHeld: new Map(),
          lostHeld: new Map(),
          neverStored: new Set(),
        },
        rig: { streams },
        name: "faultline-4",
        doubt: undefined,
      },
      ...{ published: { contents: [], toldAtMs: new Map() }, emit: (event: Event) => events.push(event) },
    } as unknown as Course;
    await sayHeld(course);
    return { doubt: course.doubt, lacks: events.filter(({ kind }) => kind === "stream-lacks") };
  }

  test("says what is proven, and what is in doubt", async () => {
    expect(await ended(held([0, 1, 2, 3, 4]), [])).toEqual({ doubt: undefined, lacks: [] });
    expect(await ended(held([0, 1, 2]), [])).toMatchObject({ doubt: undefined, lacks: [{ is: "never-numbered" }] });
    expect(await ended(held([0, 1, 2, 3, 4], [2]), [])).toEqual({
      ...{ doubt: expect.stringMatching(/^1 of the 5 /), lacks: [] },
    });
    expect((await ended(held([0, 1, 2, 3, 4], [2]), [asked("ops")])).doubt).toMatch(/"ops", has deleted a message/);
  });

  test("says nothing of what the server gave where a stream is there that the policy does not know", async () => {
    expect(await ended(held([0, 1, 2]), [], ["JOBS", "OTHER"])).toEqual({ doubt: undefined, lacks: [] });
  });
});

describe("removals are listened for", () => {
  const askedIn = async (policy: Policy): Promise<readonly string[]> => {
    const calls: string[] = [];
    const streams = {
      create: async () => void calls.push("create"),
      bind: async () => void calls.push("bind"),
      removals: async () => void calls.push("removals"),
    };
    const course = { service: { policy }, one: { plan: { steps: [] } }, rig: { streams } };
    await operate(course as unknown as Course);
    return calls;
  };

  test("from before there is a stream, also where the bus makes it", async () => {
    expect(await askedIn(policyOf(jobs))).toEqual(["removals", "create"]);
    expect(await askedIn(policyOf({ ...jobs, made: "created" }))).toEqual(["removals"]);
    expect(await askedIn({ ...base, streams: [] })).toEqual([]);
  });

  test("over a restart of the server", async () => {
    const opened: string[] = [];
    const openStreams = async () => {
      const number = opened.push("once more");
      const removalsHeard = [asked(`ops ${number}`)];
      return { removalsHeard, removals: async () => removalsHeard, close: async () => {} };
    };
    const parts = {
      link: { port: 1 },
      server: { port: 2, restart: async () => {} },
      shared: { client: {} },
      openStreams,
    };
    const rig = liveRig(parts as unknown as Parts);
    expect(await rig.streams.removals()).toEqual([asked("ops 1")]);
    await rig.server.restart();
    expect(await rig.streams.removals()).toEqual([asked("ops 1"), asked("ops 2")]);
  });
});

describe("a case that was given up", () => {
  const givenUp = async (removals: readonly Removal[], server = { isRunning: true, isHalted: false }) => {
    const rig = { server, streams: { removals: async () => removals } };
    const course = { service: { policy: policyOf(jobs) }, rig, name: "faultline-4", doubt: undefined };
    await lookForRemovals(course as unknown as Course);
    return course.doubt;
  };

  test("convicts no one where another client took what a stream held", async () => {
    const doubt = 'a client that is none of this case, "ops", has purged JOBS';
    expect(await givenUp([asked("faultline-4"), asked("ops", "messages")])).toBe(doubt);
    expect(await givenUp([asked("faultline-4")])).toBeUndefined();
  });

  test("says so as its last word", async () => {
    const rig = memoryRig();
    const gone: Partial<Rig> = {
      processes: { ...rig.processes, spawn: async () => rig.processes.shared },
      streams: {
        ...rig.streams,
        removals: async () => [asked("ops", "stream")],
        create: async () => {
          throw new ServerFailed("no answer");
        },
      },
    };
    const scenario = { ...scenarioWith([start, publish(2), flush()]), policy: base };
    const events: Event[] = [];
    const one = { ...planCase(scenario, natsGo), bus: "in memory", seed: "1" };
    await runCase(one, 4, { ...rig, ...gone }, event => events.push(event));
    expect(events.slice(-2)).toMatchObject([
      { kind: "not-awaited", byHarness: true },
      {
        kind: "observed",
        contradicted: true,
        why: 'a client that is none of this case, "ops", has deleted the stream JOBS',
      },
    ]);
  });

  test("asks no server that cannot answer", async () => {
    for (const server of [
      { isRunning: false, isHalted: false },
      { isRunning: true, isHalted: true },
    ])
      expect(await givenUp([asked("ops")], server)).toBeUndefined();
  });
});

test("an acknowledgement that the server never gave is no run of the model, and is not the server's loss", () => {
  const scenario = { ...scenarioWith([start, publish(2), flush()]), policy: base };
  const { events } = runModelCase({ scenario, profile: natsGo, seed: "1" });
  const proof = "the bus told 2 acknowledgements of JOBS, and the stream has numbered 1 message";
  const lacks: Event = { kind: "stream-lacks", stream: "JOBS", is: "never-numbered", proof };
  const { verdict, reason } = judge(planCase(scenario, natsGo), [...events, lacks], {
    require: ["durable-path/acked-is-never-lost"],
  });
  expect([verdict, reason]).toEqual(["violated", proof]);
});

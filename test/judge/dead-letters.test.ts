/** A dead letter that a bus says it has stored is looked for in its stream, wherever the stream cannot have lost it since. */
import { describe, expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../models/vocabulary/policy.ts";
import { judge } from "../../src/judge/judge.ts";
import { runModelCase } from "../../src/judge/run.ts";
import { lettersOf } from "../../src/worlds/driver/dead-letters.ts";
import type { DeadLetter, Held } from "../../src/worlds/driver/rig.ts";
import { flush, publish, scenarioWith, start } from "../models/cases.ts";
import { policy as base } from "../properties/service-events.ts";

const dead: StreamPolicy = {
  name: "DEAD",
  subjects: ["dead"],
  storage: "file",
  duplicateWindowMs: 120_000,
  discard: "old",
  made: "created",
};
const policyOf = (more: Partial<StreamPolicy> = {}): Policy => ({ ...base, streams: [{ ...dead, ...more }] });
const letter = (message: number, more: Partial<DeadLetter> = {}): DeadLetter => ({
  ...{ of: { subject: "job.a", message }, subject: "dead", bytes: 16, number: message },
  ...more,
});
const holding = (...deadLetters: readonly DeadLetter[]): Held => ({
  ...{ runs: [], foreign: 0, deadLetters },
  numbers: undefined,
  state: {
    firstNumber: 1,
    lastNumber: deadLetters.length,
    messages: deadLetters.length,
    deleted: 0,
    keepsMax: Number.POSITIVE_INFINITY,
  },
});
const buried = (first: number, count = 1): Event => ({
  ...{ kind: "handled", replica: 0, subject: "job.a", delivery: 1, outcome: "dead-lettered" },
  ...{ first, count },
});
const ends = (fault: "stop-server" | "power-loss", store?: "lost"): readonly Event[] => [
  { kind: "fault", step: "f", fault, phase: "installed", ...(store === undefined ? {} : { store }) },
  { kind: "healed", step: "h" },
];
const contents = [{ first: 0, count: 9, subject: "job.a", bytes: 16 }];
const told = (events: readonly Event[], held: Held | undefined, more: Partial<StreamPolicy> = {}): readonly Event[] => {
  const policy = policyOf(more);
  return lettersOf(policy, policy.streams[0] as StreamPolicy, events, held, contents);
};
const missing = (first: number): Event => ({ kind: "dead-letter-missing", stream: "DEAD", first, count: 1 });

describe("a claimed dead letter", () => {
  test("is there, and nothing is told", () => {
    expect(told([buried(0, 2)], holding(letter(0), letter(1)))).toEqual([]);
  });
  test("was claimed again after a redelivery, and is stored once", () => {
    expect(told([buried(0), buried(0)], holding(letter(0)))).toEqual([]);
  });
  test("is not there", () => {
    expect(told([buried(0, 2)], holding(letter(1)))).toEqual([missing(0)]);
    expect(told([buried(0)], holding(letter(0, { of: { subject: "job.b", message: 0 } })))).toEqual([missing(0)]);
    expect(told([buried(0)], undefined)).toEqual([missing(0)]);
  });
  test.each([
    ["empty", { bytes: 0, number: undefined }],
    ["shorter", { bytes: 8 }],
    ["of another message", { number: 1 }],
    ["on another subject", { subject: "dead.too" }],
  ] as const)("is there, and %s", (_how, more) => {
    expect(told([buried(0)], holding(letter(0, more)))).toMatchObject([
      { kind: "altered", stream: "DEAD", first: 0, published: { subject: "dead", bytes: 16 } },
    ]);
  });
});

describe("nobody can tell where the stream may have lost it", () => {
  test.each([
    ["its machine lost power", ends("power-loss"), {}],
    ["its disk was lost", ends("stop-server", "lost"), {}],
    ["its memory was lost", ends("stop-server"), { storage: "memory" }],
    ["its limit discards", [], { messagesMax: 3 }],
  ] as const)("%s", (_why, events, more) => {
    expect(told([buried(0), ...events], holding(), more)).toEqual([]);
  });
  test("it was told while the server was ending", () => {
    const [fault, healed] = ends("power-loss") as [Event, Event];
    expect(told([fault, buried(0), healed], holding())).toEqual([]);
  });
  test("a file outlives a stop, and what came after a loss is looked for", () => {
    expect(told([buried(0), ...ends("stop-server")], holding())).toEqual([missing(0)]);
    expect(told([buried(0), ...ends("power-loss"), buried(1)], holding())).toEqual([missing(1)]);
    expect(told([buried(0)], holding(), { messagesMax: 3, discard: "new" })).toEqual([missing(0)]);
  });
  test("a stream that takes no dead letters has none", () => {
    expect(told([buried(0)], holding(), { subjects: ["other"] })).toEqual([]);
  });
});

test("a dead letter that is missing is a violation, and no run of the model", () => {
  const scenario = scenarioWith([start, publish(1), flush()]);
  const { events } = runModelCase({ scenario, profile: natsGo, seed: "1" });
  const { verdict, reason } = judge(planCase(scenario, natsGo), [...events, missing(0)]);
  expect(verdict).not.toBe("holds");
  expect(reason).toBe("message 0 was said to be stored as a dead letter, and DEAD does not hold it");
});

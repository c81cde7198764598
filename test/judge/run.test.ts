/** A run whose waits were cut short is tried once more, alone, where the world can do that; any other run is not. */
import { describe, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Emit, Event } from "../../models/vocabulary/event.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { parseScenario } from "../../src/files/scenario-schema.ts";
import { runCase } from "../../src/judge/run.ts";
import type { Case, Stage } from "../../src/world.ts";
import { openModel } from "../../src/worlds/model.ts";
import { type Bare, scenarioWith } from "../models/cases.ts";
import { job, sound } from "../models/policies.ts";

const steps = [
  { id: "start", kind: "start" },
  { id: "flush", kind: "flush" },
  { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } },
  { id: "publish", kind: "publish", count: 5, bytes: 16 },
  { id: "heal", kind: "heal", awaits: "connected" },
];
const data = { version: 1, id: "judge/cut-short", why: "A test.", options: {}, steps };
const one = { scenario: parseScenario(JSON.stringify(data), "run.test.ts"), profile: natsGo, bus: "b", seed: "1" };

type Spoil = (event: Event) => readonly Event[];
const gaveUp: Spoil = event =>
  event.kind === "observed" ? [{ kind: "not-awaited", step: "heal", what: "the client to reconnect" }, event] : [event];
const unseen: Spoil = event => (event.kind === "observed" ? [{ ...event, complete: false }] : [event]);
const lossy: Spoil = event => (event.kind === "delivered" ? [] : [event]);
const asItIs: Spoil = event => [event];
const contradicted: Spoil = event =>
  event.kind === "observed"
    ? [{ ...event, complete: false, why: "one has seen more", contradicted: true }]
    : lossy(event);
const lostLink: Spoil = event =>
  event.kind === "observed" ? [{ kind: "healed-link-lost", times: 3, proof: "it was open" }, event] : [event];
const lostLinkAndMessage: Spoil = event => lostLink(event).flatMap(one => lossy(one));
/** Every message arrives within something else. */
const enveloped: Spoil = event => (event.kind === "delivered" ? [{ kind: "foreign", count: event.count }] : [event]);
/** One message arrives within something else, and the others as they are. */
const oneEnveloped: Spoil = event =>
  event.kind === "delivered"
    ? [
        { ...event, count: event.count - 1 },
        { kind: "foreign", count: 1 },
      ]
    : [event];

function stageOf(first: Spoil, alone: Spoil | undefined) {
  const model = openModel(natsGo);
  const runs: string[] = [];
  const spoiled = (name: string, spoil: Spoil) => async (planned: Case, emit: Emit) => {
    runs.push(name);
    await model.run(planned, event => spoil(event).forEach(emit));
  };
  const stage: Stage = {
    ...model,
    run: spoiled("beside", first),
    ...(alone === undefined ? {} : { runAlone: spoiled("alone", alone) }),
  };
  return { stage, runs };
}

test.each([
  ["a wait that was given up", gaveUp, asItIs, ["beside", "alone"], "holds"],
  ["an observer that could not see everything", unseen, asItIs, ["beside", "alone"], "holds"],
  ["a wait that is given up twice", gaveUp, gaveUp, ["beside", "alone"], "inconclusive"],
  ["a wait that was given up, where nothing can run alone", gaveUp, undefined, ["beside"], "inconclusive"],
  ["two witnesses that differ", contradicted, asItIs, ["beside", "alone"], "holds"],
  ["two witnesses that differ twice", contradicted, contradicted, ["beside", "alone"], "inconclusive"],
  ["a healed link that is lost, and then is not", lostLink, asItIs, ["beside", "alone"], "inconclusive"],
  ["a healed link that is lost each time", lostLink, lostLink, ["beside", "alone"], "violated"],
  ["a healed link that is lost, beside a loss", lostLinkAndMessage, asItIs, ["beside"], "violated"],
  ["payloads in an envelope", enveloped, asItIs, ["beside"], "inconclusive"],
  ["one payload in an envelope", oneEnveloped, asItIs, ["beside"], "violated"],
  ["a loss", lossy, asItIs, ["beside"], "violated"],
  ["nothing wrong", asItIs, lossy, ["beside"], "holds"],
] as const)("%s", async (_what, first, alone, ran, verdict) => {
  const { stage, runs } = stageOf(first, alone);
  const { judgement } = await runCase(stage, one);
  expect([runs, judgement.verdict]).toEqual([ran, verdict]);
});

describe("a consumer that is behind", () => {
  const handled = "durable-path/every-stored-message-is-handled";
  const policy = { ...sound, demands: [handled] };
  const served = { ...one, scenario: { ...scenarioWith([{ kind: "start" }, job(2)]), policy } };
  const behind: Spoil = event =>
    event.kind === "observed"
      ? [{ kind: "consumer-behind", step: "publish-1", subject: "job.a", is: "unhandled", proof: "it counts 3" }, event]
      : [event];

  test.each([
    ["each time is a violation", behind, "violated"],
    ["and then is not, is in doubt", asItIs, "inconclusive"],
  ] as const)("%s", async (_what, alone, verdict) => {
    const { stage, runs } = stageOf(behind, alone);
    const { judgement } = await runCase(stage, served);
    expect([runs, judgement.verdict]).toEqual([["beside", "alone"], verdict]);
    expect(judgement.about).toEqual({ kind: "promise", property: handled });
  });
});

describe("what rests on a duration", () => {
  const stop = "shutdown/a-stop-ends-within-its-budget";
  const policy = { ...sound, demands: [stop] };
  const stopped: readonly Bare[] = [
    { kind: "start" },
    { kind: "publish", count: 2, bytes: 16, subject: "job.a" },
    { kind: "fault", fault: { kind: "cut", awaits: "noticed" } },
    { kind: "publish", count: 1, bytes: 16, subject: "other" },
    { kind: "heal", awaits: "connected" },
    { kind: "signal", signal: "TERM", replica: 0 },
  ];
  const scenario = { ...scenarioWith(stopped), policy };
  const timed = { ...one, scenario };
  const late: Spoil = event =>
    event.kind === "process" && event.change === "exited" ? [{ ...event, tookMs: 42_178 }] : [event];
  const lateAndLossy: Spoil = event => lossy(event).flatMap(late);

  test.each([
    ["is said where it comes again", late, late, ["beside", "alone"], "violated"],
    ["is not said where it does not", late, asItIs, ["beside", "alone"], "inconclusive"],
    ["is not said where the second run is cut short", late, gaveUp, ["beside", "alone"], "inconclusive"],
    ["is said at once where nothing can run alone", late, undefined, ["beside"], "violated"],
    ["is said at once where something else broke as well", lateAndLossy, asItIs, ["beside"], "violated"],
  ] as const)("%s", async (_what, first, alone, ran, verdict) => {
    const { stage, runs } = stageOf(first, alone);
    const { judgement } = await runCase(stage, timed);
    expect([runs, judgement.verdict]).toEqual([ran, verdict]);
  });

  test("is told with the figures of both runs where it is left open", async () => {
    const { judgement } = await runCase(stageOf(late, asItIs).stage, timed);
    expect(judgement.about).toEqual({ kind: "promise", property: stop });
    expect(judgement.reason).toMatch(
      /^the stop of replica 0 took 42178 ms of 20000, in one run; in a second, with nothing beside it, that did not come again: the stops took \d+ ms$/,
    );
  });

  test("is marked in the catalogue, and says what was measured", () => {
    const marked = catalogue.filter(one => one.restsOnTime);
    expect(marked.map(one => one.id)).toEqual([
      stop,
      "cold-start/fail-fast-ends-within-its-bound",
      "cold-start/retry-with-deadline-connects-or-exits",
      "cold-start/wrong-credentials-never-look-like-waiting",
    ]);
    expect(marked.every(one => one.measured !== undefined)).toBe(true);
  });
});

test("where not one message can be read the wrapper is named, and nothing is held against the client", async () => {
  const { judgement } = await runCase(stageOf(enveloped, undefined).stage, one);
  expect(judgement.reason).toMatch(
    /^5 messages arrived, and not one as the bus was told to send it: so it looks where a wrapper puts payloads into an envelope/,
  );
  expect(judgement.properties.filter(({ verdict }) => verdict === "violated")).toEqual([]);
});

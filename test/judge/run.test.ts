/** A run whose waits were cut short is tried once more, alone, where the world can do that; any other run is not. */
import { describe, expect, test } from "vitest";
import { sampled } from "../../models/choice.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Emit, Event } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { parseScenario } from "../../src/files/scenario-schema.ts";
import { withoutForetold } from "../../src/judge/foretold.ts";
import { runCase } from "../../src/judge/run.ts";
import type { Case, Stage } from "../../src/world.ts";
import { openModel } from "../../src/worlds/model.ts";
import { type Bare, scenarioWith } from "../models/cases.ts";
import { job, sound, subscribeSlow } from "../models/policies.ts";

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
const unable: Spoil = event =>
  event.kind === "observed"
    ? [{ kind: "not-awaited", step: "heal", what: "the scenario to keep pace", byHarness: true }, event]
    : [event];
/** The publish call at a step without a fault ends in a timeout. */
const timedOut: Spoil = event =>
  event.kind === "published" ? [{ ...event, outcome: { is: "unsettled", kind: "timeout" } }] : [event];
const flushTimedOut: Spoil = event =>
  event.kind === "called" && event.step === "flush"
    ? [{ ...event, outcome: { is: "failed", kind: "timeout" } }]
    : [event];
const flushFailed: Spoil = event =>
  event.kind === "called" && event.step === "flush"
    ? [{ ...event, outcome: { is: "failed", kind: "closed" } }]
    : [event];
const unseen: Spoil = event => (event.kind === "observed" ? [{ ...event, complete: false }] : [event]);
const lossy: Spoil = event => (event.kind === "delivered" ? [] : [event]);
const asItIs: Spoil = event => [event];
const contradicted: Spoil = event =>
  event.kind === "observed"
    ? [{ ...event, complete: false, why: "one has seen more", contradicted: true }]
    : lossy(event);
/** The client does not say that it is back. */
const unreturned: Spoil = event =>
  event.kind === "connection" && event.change === "reconnected"
    ? [{ kind: "not-awaited", step: "heal", what: "the client to reconnect" }]
    : [event];
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

/** `alone`: how each run alone is spoilt; the last of a list is that of all that follow. */
function stageOf(first: Spoil, alone: Spoil | readonly Spoil[] | undefined, profile: Profile = natsGo) {
  const alones = typeof alone === "function" ? [alone] : (alone ?? []);
  let ranAlone = 0;
  const model = openModel(profile);
  const runs: string[] = [];
  const spoiled = (name: string, spoil: Spoil) => async (planned: Case, emit: Emit) => {
    runs.push(name);
    await model.run(planned, event => spoil(event).forEach(emit));
  };
  const stage: Stage = {
    ...model,
    run: spoiled("beside", first),
    ...(alone === undefined
      ? {}
      : {
          runAlone: (planned: Case, emit: Emit) => {
            const spoil = alones[Math.min(ranAlone, alones.length - 1)] ?? asItIs;
            ranAlone += 1;
            return spoiled("alone", spoil)(planned, emit);
          },
        }),
  };
  return { stage, runs };
}

test.each([
  ["a wait that was given up", gaveUp, asItIs, ["beside", "alone"], "holds"],
  ["an observer that could not see everything", unseen, asItIs, ["beside", "alone"], "holds"],
  ["a wait that is given up twice", gaveUp, gaveUp, ["beside", "alone"], "inconclusive"],
  [
    "a wait that was given up, then a harness that is unable",
    gaveUp,
    [unable, asItIs],
    ["beside", "alone", "alone"],
    "holds",
  ],
  [
    "a harness that is unable three times",
    unable,
    [unable, unable, asItIs],
    ["beside", "alone", "alone", "alone"],
    "holds",
  ],
  ["a harness that is unable each time", unable, unable, ["beside", "alone", "alone", "alone"], "inconclusive"],
  ["a publish that timed out once", timedOut, asItIs, ["beside", "alone"], "inconclusive"],
  ["a flush that timed out once", flushTimedOut, asItIs, ["beside", "alone"], "inconclusive"],
  ["a flush that timed out twice", flushTimedOut, flushTimedOut, ["beside", "alone"], "violated"],
  ["a flush that failed otherwise", flushFailed, asItIs, ["beside"], "violated"],
  ["a wait that was given up, where nothing can run alone", gaveUp, undefined, ["beside"], "inconclusive"],
  ["two witnesses that differ", contradicted, asItIs, ["beside", "alone"], "holds"],
  ["two witnesses that differ twice", contradicted, [contradicted, asItIs], ["beside", "alone", "alone"], "holds"],
  [
    "two witnesses that differ each time",
    contradicted,
    contradicted,
    ["beside", "alone", "alone", "alone"],
    "inconclusive",
  ],
  [
    "a client that does not say that it is back, and then does",
    unreturned,
    asItIs,
    ["beside", "alone"],
    "inconclusive",
  ],
  ["a client that does not say that it is back each time", unreturned, unreturned, ["beside", "alone"], "violated"],
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

describe("a violation whose link is watched in a second run", () => {
  const spoilt: Spoil = event =>
    event.kind === "observed"
      ? [{ ...event, complete: false, why: "the link took 2 bytes", contradicted: true, linkSpoilt: true }]
      : lossy(event);

  test.each([
    ["stays where the link is true, and the loss comes again", lossy, "violated"],
    ["stays where the link is true, and nothing is lost", asItIs, "violated"],
    ["stays where other witnesses differ", contradicted, "violated"],
    ["is taken back where the link spoils what it carries", spoilt, "inconclusive"],
  ] as const)("%s", async (_what, watched, verdict) => {
    const { stage, runs } = stageOf(lossy, asItIs);
    const watchedStage = stageOf(watched, undefined);
    const { judgement } = await runCase(
      { ...stage, runWatched: async (...asked) => watchedStage.stage.run(...asked) },
      one,
    );
    expect([runs, watchedStage.runs, judgement.verdict]).toEqual([["beside"], ["beside"], verdict]);
    expect(judgement.reason).toMatch(verdict === "violated" ? /did not arrive|no longer/ : /the link took 2 bytes/);
  });

  test("is not lost where the second run fails", async () => {
    const { stage } = stageOf(lossy, asItIs);
    const failing = { ...stage, runWatched: () => Promise.reject(new Error("its process has ended")) };
    expect((await runCase(failing, one)).judgement.verdict).toBe("violated");
  });

  test("is the only run that is watched", async () => {
    const { stage } = stageOf(asItIs, asItIs);
    const { stage: watched, runs } = stageOf(spoilt, undefined);
    expect(
      (await runCase({ ...stage, runWatched: async (...asked) => watched.run(...asked) }, one)).judgement.verdict,
    ).toBe("holds");
    expect(runs).toEqual([]);
  });
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

describe("an answer that the end of a bound gives", () => {
  const steps: readonly Bare[] = [{ kind: "start" }, job(2), { kind: "signal", signal: "TERM", replica: 0 }];
  const served = { ...one, scenario: { ...scenarioWith(steps), policy: { ...sound, demands: [] } } };
  const unready: Spoil = event => (event.kind === "probe" ? [{ ...event, ready: false }] : [event]);
  const ended =
    (other: { readonly forced?: true; readonly because?: "killed" | "exit" }): Spoil =>
    event =>
      event.kind === "process" && event.change === "exited" ? [{ ...event, ...other }] : [event];

  test.each([
    ["a probe", unready, asItIs, ["beside", "alone"], "inconclusive"],
    ["a probe, each time", unready, unready, ["beside", "alone"], "violated"],
    ["a stop that was forced", ended({ forced: true }), asItIs, ["beside", "alone"], "inconclusive"],
    ["a stop that was killed", ended({ because: "killed" }), asItIs, ["beside", "alone"], "inconclusive"],
    ["a process that ended for a reason of its own", ended({ because: "exit" }), asItIs, ["beside"], "violated"],
  ] as const)("%s", async (_what, first, alone, ran, verdict) => {
    const { stage, runs } = stageOf(first, alone);
    const { judgement } = await runCase(stage, served);
    expect([runs, judgement.verdict]).toEqual([ran, verdict]);
    expect(judgement.about).toEqual({ kind: "conformance" });
  });
});

describe("a handler that took longer than it was to", () => {
  const slow: readonly Bare[] = [{ kind: "start" }, subscribeSlow(0, 400), job(), { kind: "advance", ms: 400 }];
  const served = { ...one, scenario: { ...scenarioWith(slow), policy: { ...sound, demands: [] } } };
  const late: Spoil = event =>
    event.kind === "handled" && event.outcome === "acked" ? [{ ...event, tookMs: 1_511 }] : [event];
  const failed: Spoil = event =>
    event.kind === "handled" && event.outcome === "acked" ? [{ ...event, outcome: "failed" }] : [event];

  test.each([
    ["once is in doubt", late, asItIs, ["beside", "alone"], "inconclusive"],
    ["each time is a violation", late, late, ["beside", "alone"], "violated"],
    ["is no matter of time where it failed", failed, asItIs, ["beside"], "violated"],
  ] as const)("%s", async (_what, first, alone, ran, verdict) => {
    const { stage, runs } = stageOf(first, alone);
    const { judgement } = await runCase(stage, served);
    expect([runs, judgement.verdict]).toEqual([ran, verdict]);
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

  test("is run again beside a demand that breaks in the model as well, and that nobody is held to", async () => {
    const noStream = "durable-path/every-declared-durable-subject-has-a-stream";
    const both = { ...timed, scenario: { ...scenario, policy: { ...policy, streams: [], demands: [stop, noStream] } } };
    const { stage, runs } = stageOf(late, asItIs);
    const judging = {};
    const otherwise = sampled("2");
    const { judgement } = await runCase(stage, both, judging, run =>
      withoutForetold(stage, both, run, { judging, otherwise }),
    );
    expect([runs, judgement.verdict]).toEqual([["beside", "alone"], "inconclusive"]);
    expect(judgement.about).toEqual({ kind: "promise", property: stop });
  });

  test("is told with the figures of both runs where it is left open", async () => {
    const { judgement } = await runCase(stageOf(late, asItIs).stage, timed);
    expect(judgement.about).toEqual({ kind: "promise", property: stop });
    expect(judgement.reason).toMatch(
      /^the stop of replica 0 took 42178 ms of 20000, in one run; in a second, with nothing beside it, that did not come again: the stops took \d+ ms$/,
    );
  });

  test.each([
    ["nats.js says so of each dial that was greeted, and is asked again", natsJs3, ["beside", "alone"], "inconclusive"],
    ["nats.go says so once for an outage, whatever its dials met", natsGo, ["beside"], "violated"],
  ] as const)("disconnected twice in a row: %s", async (_what, profile, ran, verdict) => {
    const twice: Spoil = event =>
      event.kind === "connection" && event.change === "disconnected" ? [event, event] : [event];
    const { stage, runs } = stageOf(twice, asItIs, profile);
    const { judgement } = await runCase(stage, { ...one, profile });
    expect([runs, judgement.verdict]).toEqual([ran, verdict]);
  });

  test.each([
    ["is asked again", asItIs, ["beside", "alone"], "inconclusive"],
    ["is said where it comes again", "again", ["beside", "alone"], "violated"],
  ] as const)("a client that gave up before its last attempt %s", async (_what, alone, ran, verdict) => {
    const counted = { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed", dials: 3 } };
    const counting = {
      ...data,
      options: { reconnectAttemptsMax: 5 },
      steps: steps.map(step => (step.id === "cut" ? counted : step)),
    };
    const outage = { ...one, scenario: parseScenario(JSON.stringify(counting), "run.test.ts") };
    const givesUp: Spoil = event =>
      event.kind === "connection" && event.change === "reconnected" ? [{ ...event, change: "closed" }] : [event];
    const { stage, runs } = stageOf(givesUp, alone === "again" ? givesUp : alone);
    const { judgement } = await runCase(stage, outage);
    expect([runs, judgement.verdict]).toEqual([ran, verdict]);
  });

  test("is marked in the catalogue, and says what was measured", () => {
    const marked = catalogue.filter(one => one.restsOnTime);
    expect(marked.map(one => one.id)).toEqual([
      "core-path/a-best-effort-gap-is-no-longer-than-declared",
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

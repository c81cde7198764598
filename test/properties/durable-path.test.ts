/** The promises of the durable path, each held, broken and idle in a run written by hand. */
import { describe, expect, test } from "vitest";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { corePath } from "../../properties/core-path.ts";
import { durablePath } from "../../properties/durable-path.ts";
import { handling } from "../../properties/handling.ts";
import { ledgerOf, newLedger, recordInLedger } from "../../properties/ledger.ts";
import {
  accepted,
  acked,
  arrives,
  type Case,
  calls,
  client,
  discards,
  duplicate,
  durably,
  exits,
  full,
  handles,
  heals,
  holds,
  inMemory,
  installs,
  judged,
  limited,
  mayDiscard,
  noResponders,
  passes,
  plainly,
  policy,
  settles,
  starts,
  stops,
  subscribes,
  testCases,
  timedOut,
  unobserved,
  unsettled,
  up,
} from "./service-events.ts";

const about =
  (id: string) =>
  (what: string, events: readonly Event[], rest: Partial<Case> = {}): Case => ({
    id: `durable-path/${id}`,
    what,
    events,
    ...rest,
  });

const serverRestarts = (fault: "stop-server" | "power-loss", store?: "lost"): readonly Event[] => [
  ...installs(fault, store),
  client("disconnected"),
  client("reconnected"),
  heals,
];
const outage: readonly Event[] = [...installs("cut"), client("disconnected"), client("reconnected"), heals];

const lost = about("acked-is-never-lost");
const reported = about("what-is-reported-as-published-is-stored");
const dropsErrors: Policy = { ...policy, publish: { ...policy.publish, onError: "dropped" } };
const atMostOnce = about("a-message-is-stored-at-most-once");
const power = about("synced-survives-power-loss");
const once = about("a-retry-with-an-id-stores-once");
const responders = about("no-responders-is-told-as-such");
const error = about("an-error-that-proves-nothing-happened-is-true");
const distinct = about("a-distinct-message-is-not-swallowed");
const downgrade = about("declared-durable-is-acknowledged");
const covered = about("every-declared-durable-subject-has-a-stream");
const effort = about("best-effort-is-not-stored");
const handled = about("every-stored-message-is-handled");
const failed = about("a-failed-message-is-kept");
const bounded = about("redelivery-is-bounded");
const declaring: Policy = { ...policy, publish: { ...policy.publish, outlastsMs: 8_000 } };
const outlasting = (what: string, events: readonly Event[], rest: Partial<Case> = {}): Case =>
  about("a-publish-outlasts-a-declared-outage")(what, events, { under: declaring, ...rest });
const waited = (tookMs: number): readonly Event[] =>
  durably(0, timedOut).map(one => (one.kind === "published" ? { ...one, tookMs } : one));

const job = { subject: "job.x", key: "7" } as const;
const counts = (is: Extract<Event, { kind: "consumer-behind" }>["is"]): Event => ({
  kind: "consumer-behind",
  step: "s",
  subject: "job.plain",
  is,
  proof: "the server says so",
});
const lacks = (is: Extract<Event, { kind: "stream-lacks" }>["is"], stream = "JOBS"): Event => ({
  ...{ kind: "stream-lacks", stream, is, proof: "the server's figures say so" },
});
const again = { again: true } as const;

testCases(
  durablePath.filter(one => !handling.includes(one)),
  [
    lost("held to the end", [...up, ...durably(0, acked, { count: 3 }), holds(0, 3)], { exercised: 3 }),
    lost(
      "held after an outage and a server restart",
      [...up, ...durably(0, acked), ...outage, ...serverRestarts("stop-server"), holds(0)],
      {
        exercised: 1,
      },
    ),
    lost("the second of three is gone", [...up, ...durably(0, acked, { count: 3 }), holds(0), holds(2)], {
      breaks: "message 1 was acknowledged, and no stream holds it",
    }),
    lost("the server's figures tell why", [...up, ...durably(0, acked, { count: 2 }), holds(0), lacks("holds-all")], {
      breaks: "message 1 was acknowledged, and no stream holds it: the server's figures say so",
    }),
    lost("the figures are those of another stream", [...up, ...durably(0, acked), lacks("holds-all", "OTHER")], {
      breaks: "message 0 was acknowledged, and no stream holds it",
    }),
    lost(
      "more was told than the server gave, in a run that was not seen whole",
      [...up, ...durably(0, acked, { count: 2 }), lacks("never-numbered"), { kind: "observed", complete: false }],
      { breaks: "the server's figures say so" },
    ),
    lost(
      "the figures prove nothing by themselves",
      [...up, ...durably(0, acked), holds(0), lacks("removed-by-the-bus")],
      {
        exercised: 1,
      },
    ),
    reported("the error was dropped, and the message is stored", [...up, ...durably(0, accepted), holds(0)], {
      under: dropsErrors,
      exercised: 1,
    }),
    reported(
      "the error was dropped, and so was the message",
      [...up, ...durably(0, accepted, { count: 2 }), holds(1)],
      {
        under: dropsErrors,
        breaks: "message 0 was reported as published: its error was dropped, and no stream holds it",
      },
    ),
    reported("it was acknowledged later", [...up, ...durably(0, accepted), ...durably(0, acked, again), holds(0)], {
      under: dropsErrors,
    }),
    reported("a bus that drops no errors accepts as core NATS", [...up, ...durably(0, accepted)]),
    downgrade("the error of a publish through JetStream was dropped", [...up, ...durably(0, accepted)], {
      under: dropsErrors,
    }),
    atMostOnce("stored once", [...up, ...durably(0, acked, { count: 2 }), holds(0, 2)], { exercised: 2 }),
    atMostOnce("two attempts were stored", [...up, ...durably(0, timedOut), holds(0), holds(0)], {
      breaks: "message 0 was published once, and is stored 2 times",
    }),
    atMostOnce("its caller published it again", [
      ...up,
      ...durably(0, timedOut),
      ...durably(0, acked, again),
      holds(0),
      holds(0),
    ]),
    atMostOnce("nothing was published through JetStream", [...up, ...plainly(0, accepted), holds(0)]),
    lost(
      "a memory stream does not outlive its server",
      [...up, ...durably(0, acked), ...serverRestarts("stop-server")],
      {
        under: inMemory,
        breaks: "message 0 was acknowledged, and no stream holds it",
      },
    ),
    lost(
      "a retry says that it was stored the first time",
      [...up, ...durably(0, timedOut), ...durably(0, duplicate, again)],
      {
        breaks: "message 0 was acknowledged, and no stream holds it",
      },
    ),
    lost(
      "a retry without an id says so",
      [
        ...up,
        ...durably(0, timedOut, { subject: "job.a.b" }),
        ...durably(0, duplicate, { subject: "job.a.b", ...again }),
      ],
      { breaks: "message 0 was acknowledged, and no stream holds it" },
    ),
    lost("a duplicate of an id that others share may be one of theirs", [...up, ...durably(0, duplicate, job)]),
    lost(
      "stored as itself first, and a duplicate of itself then",
      [...up, ...durably(0, acked, job), ...durably(0, duplicate, { ...job, ...again })],
      { breaks: "message 0 was acknowledged, and no stream holds it" },
    ),
    lost("a limit that was not declared took it", [...up, ...durably(0, acked), discards(0)], {
      breaks: "message 0 was acknowledged, and no stream holds it",
    }),
    lost(
      "a declared limit may have taken it",
      [...up, ...durably(0, acked, { count: 3 }), mayDiscard(0), holds(1, 2)],
      {
        exercised: 2,
        under: limited,
      },
    ),
    lost("a declared limit took it", [...up, ...durably(0, acked, { count: 3 }), discards(0), holds(1, 2)], {
      under: limited,
      exercised: 2,
    }),
    lost(
      "the power went, after the first and before the second",
      [...up, ...durably(0, acked), ...serverRestarts("power-loss"), ...durably(1, acked), holds(1)],
      { exercised: 1 },
    ),
    lost("acknowledged in a burst that raced with the loss of power", [
      ...up,
      ...installs("power-loss"),
      ...durably(0, acked),
      client("disconnected"),
      client("reconnected"),
      heals,
    ]),
    lost("the disk is gone", [...up, ...durably(0, acked), ...serverRestarts("stop-server", "lost")]),
    lost(
      "a lost disk excuses nothing that came later",
      [...up, ...serverRestarts("stop-server", "lost"), ...durably(0, acked), ...serverRestarts("stop-server")],
      { breaks: "message 0 was acknowledged, and no stream holds it" },
    ),
    lost("nothing was acknowledged", [...up, ...durably(0, timedOut)]),
    lost("nobody could look", [...up, ...durably(0, acked), unobserved]),

    power("kept", [...up, ...durably(0, acked), passes(120_000), ...serverRestarts("power-loss"), holds(0)], {
      exercised: 1,
    }),
    power(
      "gone",
      [...up, ...durably(0, acked, { count: 2 }), passes(120_000), ...serverRestarts("power-loss"), holds(0)],
      { breaks: "message 1 was acknowledged and synced before the power was lost, and no stream holds it" },
    ),
    power("not synced", [...up, ...durably(0, acked), passes(119_999), ...serverRestarts("power-loss")]),
    power("not synced then", [...up, ...durably(0, acked), ...serverRestarts("power-loss"), passes(120_000)]),
    power("acknowledged only afterwards", [...up, ...serverRestarts("power-loss"), ...durably(0, acked)]),
    power("the server was killed, its machine was not", [
      ...up,
      ...durably(0, acked),
      ...serverRestarts("stop-server"),
    ]),

    once("a timeout, then a duplicate", [...up, ...durably(0, timedOut), ...durably(0, duplicate, again), holds(0)], {
      exercised: 1,
    }),
    once("stored by both", [...up, ...durably(0, timedOut), ...durably(0, acked, again), holds(0), holds(0)], {
      breaks: "message 0 carries an id, and is stored 2 times within the window",
    }),
    once("stored by two attempts of one call", [...up, ...durably(0, acked), holds(0), holds(0)], {
      breaks: "message 0 carries an id, and is stored 2 times within the window",
    }),
    once("stored by both, the second when the window was over", [
      ...up,
      ...durably(0, timedOut),
      passes(120_000),
      ...durably(0, acked, again),
      holds(0),
      holds(0),
    ]),
    once(
      "within the window, though the run outlasts it",
      [
        ...up,
        ...durably(0, timedOut),
        passes(114_999),
        ...durably(0, acked, again),
        passes(500_000),
        holds(0),
        holds(0),
      ],
      { breaks: "message 0 carries an id, and is stored 2 times within the window" },
    ),
    once(
      "a call that is refused when the window is over has stored nothing",
      [
        ...up,
        ...durably(0, timedOut),
        ...durably(0, duplicate, again),
        passes(500_000),
        ...durably(0, full, again),
        holds(0),
      ],
      { exercised: 1 },
    ),
    once("the last retry is open, and may have come when the window was over", [
      ...up,
      ...durably(0, acked),
      ...durably(0, timedOut, again),
      passes(500_000),
      holds(0),
      holds(0),
    ]),
    once("published once", [...up, ...durably(0, acked), holds(0)]),
    once("it carries no id", [
      ...up,
      ...durably(0, timedOut, { subject: "job.a.b" }),
      ...durably(0, acked, { subject: "job.a.b", ...again }),
      holds(0),
      holds(0),
    ]),

    responders("told", [...up, ...durably(0, noResponders, { subject: "stray" })], { exercised: 1 }),
    responders("a timeout", [...up, ...durably(0, timedOut, { subject: "stray" })], {
      breaks: "message 0 on stray, which no stream takes, ran into its timeout",
    }),
    responders("a timeout, for a tap listens", [...up, ...durably(0, timedOut, { subject: "stray" })], {
      under: { ...policy, taps: ["stray"] },
      breaks: "message 0 on stray, which no stream takes, ran into its timeout: a tap listens there and never answers",
    }),
    responders("a timeout in an outage", [...up, ...installs("cut"), ...durably(0, timedOut, { subject: "stray" })]),
    responders("a timeout that an outage began before", [
      ...up,
      ...installs("cut"),
      client("disconnected"),
      { kind: "step", step: "h", phase: "began" },
      client("reconnected"),
      heals,
      {
        kind: "published",
        step: "p",
        first: 0,
        count: 1,
        frameBytes: 60,
        outcome: timedOut,
        durable: true,
        subject: "stray",
      },
    ]),
    responders("a stream takes it", [...up, ...durably(0, timedOut)]),
    responders("closed by its own application", [
      ...up,
      calls("close"),
      ...durably(0, unsettled("closed"), { subject: "stray" }),
    ]),

    error("rejected, and in no stream", [...up, ...durably(0, full)], { exercised: 1 }),
    error("rejected, and stored", [...up, ...durably(0, full, { count: 2 }), holds(1)], {
      breaks: "message 1 was rejected, and a stream holds it",
    }),
    error("a later call was rejected, an earlier one was not", [
      ...up,
      ...durably(0, timedOut),
      ...durably(0, full, again),
      holds(0),
    ]),
    error("nothing was rejected", [...up, ...durably(0, acked), holds(0)]),

    distinct(
      "a retry is a duplicate of itself",
      [...up, ...durably(0, acked), ...durably(1, duplicate, job), holds(0, 2)],
      {
        exercised: 1,
      },
    ),
    distinct("two results of one job", [...up, ...durably(0, acked, job), ...durably(1, duplicate, job), holds(0)], {
      breaks: "message 1 on job.x about 7 was acknowledged as a duplicate, and its own content is in no stream",
    }),
    distinct("a server that mistakes ids", [...up, ...durably(0, acked), ...durably(1, duplicate), holds(0)], {
      breaks: "message 1 on job.plain was acknowledged as a duplicate, and its own content is in no stream",
    }),
    distinct(
      "swallowed, and a file stream outlives its server",
      [...up, ...durably(0, acked, job), ...durably(1, duplicate, job), ...serverRestarts("stop-server"), holds(0)],
      { breaks: "message 1 on job.x about 7 was acknowledged as a duplicate, and its own content is in no stream" },
    ),
    distinct("the stream itself is gone", [...up, ...durably(0, duplicate, job), ...serverRestarts("stop-server")], {
      under: inMemory,
    }),
    distinct("nothing was a duplicate", [...up, ...durably(0, acked), holds(0)]),

    downgrade("acknowledged", [...up, ...durably(0, acked), holds(0)], { exercised: 1 }),
    downgrade("sent as core NATS", [...up, ...plainly(0, accepted, { subject: "job.plain" }), arrives(0), holds(0)], {
      breaks: "message 0 on job.plain, declared durable, went out as core NATS and was accepted",
    }),
    downgrade(
      "sent again as core NATS",
      [...up, ...durably(0, acked), ...plainly(0, accepted, { subject: "job.plain", ...again }), holds(0)],
      { breaks: "message 0 on job.plain, declared durable, went out as core NATS and was accepted" },
    ),
    downgrade("declared best-effort", [...up, ...plainly(0, accepted), arrives(0)]),
    downgrade("refused", [...up, ...durably(0, noResponders)]),

    covered("acknowledged", [...up, ...durably(0, acked)], { exercised: 1 }),
    covered("no stream was made for a family", [...up, ...durably(0, noResponders, { subject: "audit" })], {
      breaks: "message 0 on audit got no acknowledgement: no stream takes its subject",
    }),
    covered("classified durable, declared nowhere", [...up, ...durably(0, noResponders, { subject: "stray" })], {
      breaks: "message 0 on stray got no acknowledgement: no stream takes its subject",
    }),
    covered("the stream was never made", [...up, ...durably(0, timedOut)], {
      breaks: "message 0 on job.plain got no acknowledgement: its stream is not there",
    }),
    covered("declared durable, classified by nothing", [...up, ...durably(0, noResponders)], {
      under: { ...policy, classifier: [] },
      breaks: "message 0 on job.plain got no acknowledgement: its stream is not there",
    }),
    covered("without JetStream", [...up, ...installs("no-jetstream"), ...durably(0, noResponders)]),
    covered(
      "a memory stream went with its server",
      [...up, ...serverRestarts("stop-server"), ...durably(0, noResponders)],
      { under: inMemory },
    ),
    covered(
      "a memory stream went with its server, whatever else was in force",
      [
        ...up,
        ...[...installs("hold"), ...installs("stop-server"), client("disconnected"), client("reconnected"), heals],
        ...durably(0, noResponders),
      ],
      { under: inMemory },
    ),
    ...(["refuse-credentials", "no-jetstream"] as const).map(fault =>
      covered(
        `a memory stream went with a server that was started anew: ${fault}`,
        [...up, ...installs(fault), client("disconnected"), client("reconnected"), heals, ...durably(0, noResponders)],
        { under: inMemory },
      ),
    ),
    covered("an outage of the link takes no stream", [...up, ...outage, ...durably(0, noResponders)], {
      under: inMemory,
      breaks: "message 0 on job.plain got no acknowledgement: its stream is not there",
    }),
    covered("the process is gone", [...up, exits("killed"), ...durably(0, timedOut)]),
    covered("its client was closed by its own application", [...up, calls("close"), ...durably(0, timedOut)]),
    covered("the next process is well", [...up, exits("killed"), ...up, ...durably(0, acked)], { exercised: 1 }),
    covered("the stream is full", [...up, ...durably(0, full)]),
    covered("while the process stops", [...up, stops(), ...durably(0, timedOut)]),

    effort("seen by the observer alone", [...up, ...plainly(0, accepted), arrives(0)], { exercised: 1 }),
    effort("captured", [...up, ...plainly(0, accepted), arrives(0), holds(0)], {
      breaks: "message 0 on other, declared by no family, is held by a stream",
    }),
    effort("captured by a stream that takes too much", [...up, ...plainly(0, accepted), arrives(0), holds(0)], {
      under: {
        ...policy,
        families: [{ subjects: "*", durability: "best-effort", reason: "" }],
        streams: policy.streams.map(one => ({ ...one, subjects: [">"] })),
      },
      breaks: "message 0 on other, declared best-effort, is held by JOBS",
    }),
    effort("it never reached the server", [...up, ...plainly(0, accepted)]),
    effort("declared durable", [...up, ...durably(0, acked), holds(0)]),

    handled(
      "acknowledged by its handler",
      [...up, starts(1), subscribes(1), ...durably(0, acked), handles(0, "acked"), settles, holds(0)],
      { exercised: 1 },
    ),
    ...(["unhandled", "unacknowledged", "not-redelivered"] as const).map(is =>
      handled(
        `the server's counts show it ${is}`,
        [...up, starts(1), subscribes(1), ...durably(0, acked), counts(is)],
        {
          breaks: "on job.plain the server says so",
        },
      ),
    ),
    failed(
      "the stream of dead letters does not hold it",
      [...up, starts(1), subscribes(1), { kind: "dead-letter-missing", stream: "DEAD", first: 4, count: 1 }],
      { breaks: "message 4 failed, was acknowledged, and DEAD does not hold its dead letter" },
    ),
    failed(
      "the server's counts show it gone",
      [...up, starts(1), subscribes(1), counts("acknowledged-though-failed")],
      {
        breaks: "on job.plain the server says so",
      },
    ),
    handled("nobody got it", [...up, starts(1), subscribes(1), ...durably(0, acked), settles, holds(0)], {
      breaks: "message 0 is stored, job.plain is subscribed to, and nobody has handled it",
    }),
    handled(
      "its handler hung, and it did not come again when its ack wait was over",
      [
        ...up,
        starts(1),
        starts(2),
        subscribes(1, "hangs"),
        subscribes(2),
        ...durably(0, acked),
        handles(0, "hung"),
        exits("killed", { replica: 1 }),
        passes(30_000),
        settles,
        holds(0),
      ],
      { breaks: "message 0 is stored, job.plain is subscribed to, and nobody has handled it" },
    ),
    handled(
      "a process that handles nothing is gone, and takes nothing with it",
      [
        ...up,
        starts(1),
        starts(2),
        subscribes(1),
        ...durably(0, acked),
        exits("killed", { replica: 2 }),
        settles,
        holds(0),
      ],
      { breaks: "message 0 is stored, job.plain is subscribed to, and nobody has handled it" },
    ),
    handled("its process has ended its own connection, and the handler with it", [
      ...up,
      subscribes(0),
      ...durably(0, timedOut),
      calls("drain"),
      settles,
      holds(0),
    ]),
    handled("its client has closed for good", [
      ...up,
      subscribes(0),
      ...durably(0, timedOut),
      client("disconnected"),
      client("closed"),
      settles,
      holds(0),
    ]),
    handled("its ack wait is not over", [
      ...up,
      starts(1),
      subscribes(1),
      ...durably(0, acked),
      handles(0, "failed"),
      passes(29_999),
      settles,
      holds(0),
    ]),
    handled("an outage may have it under way", [
      ...up,
      starts(1),
      subscribes(1),
      ...durably(0, acked),
      ...outage,
      settles,
      holds(0),
    ]),
    handled("one that is gone has used up its deliveries", [
      ...up,
      starts(1),
      subscribes(1),
      ...durably(0, acked),
      handles(0, "hung", { delivery: 3 }),
      passes(60_000),
      settles,
      holds(0),
    ]),
    handled(
      "one delivery is left",
      [
        ...up,
        starts(1),
        subscribes(1),
        ...durably(0, acked),
        handles(0, "hung", { delivery: 2 }),
        passes(60_000),
        settles,
        holds(0),
      ],
      { breaks: "message 0 is stored, job.plain is subscribed to, and nobody has handled it" },
    ),
    handled("one of its handlers hangs", [
      ...up,
      starts(1),
      subscribes(1),
      subscribes(1, "hangs"),
      ...durably(0, acked),
      settles,
      holds(0),
    ]),
    ...(["acknowledged-failed", "dead-lettered"] as const).map(outcome =>
      handled(
        `${outcome}: that is an end`,
        [...up, starts(1), subscribes(1), ...durably(0, acked), handles(0, outcome), settles, holds(0)],
        { exercised: 1 },
      ),
    ),
    handled("nobody subscribes", [...up, ...durably(0, acked), settles, holds(0)]),

    failed("dead-lettered, and left to the next delivery", [handles(0, "dead-lettered"), handles(1, "failed")], {
      exercised: 2,
    }),
    failed("acknowledged", [...up, ...durably(0, acked), handles(0, "failed"), handles(0, "acknowledged-failed")], {
      breaks: "message 0 on job.plain failed, was acknowledged, and is kept nowhere",
    }),
    failed("nothing failed", [...up, ...durably(0, acked), handles(0, "hung"), handles(0, "acked")]),

    bounded(
      "three times of three",
      [1, 2, 3].map(delivery => handles(0, "failed", { delivery })),
      { exercised: 1 },
    ),
    bounded(
      "a fourth time",
      [1, 2, 3, 4].map(delivery => handles(0, "failed", { delivery })),
      {
        breaks: "message 0 was delivered 4 times; at most 3 are allowed",
      },
    ),
    bounded("never again", [handles(0, "acked")]),
    outlasting("acknowledged after the outage", [...installs("hold"), ...durably(0, acked)], { exercised: 1 }),
    outlasting("given up when it was declared to be over", [...installs("hold"), ...waited(8_000)], { exercised: 1 }),
    outlasting("given up a little sooner by another clock", [...installs("hold"), ...waited(7_960)], { exercised: 1 }),
    outlasting("given up sooner", [...installs("hold"), ...waited(5_000)], {
      breaks: "message 0 was given up after 5000 ms in an outage; a publish is declared to outlast 8000 ms",
    }),
    outlasting("given up where nothing is wrong", [...up, ...waited(5_000)]),
    outlasting("refused at once", [...installs("hold"), ...durably(0, noResponders)]),
    outlasting("given up by a process that stops", [starts(0), ...installs("hold"), stops(0), ...waited(5_000)]),
    outlasting("given up under a policy that declares nothing", [...installs("hold"), ...waited(5_000)], {
      under: policy,
    }),
    bounded(
      "without a bound",
      [1, 2, 3, 4].map(delivery => handles(0, "failed", { delivery })),
      {
        under: { ...policy, consume: { ...policy.consume, deliverMax: -1 } },
      },
    ),
  ],
);

describe("in the ledger", () => {
  const classesOf = (...events: readonly Event[]) => {
    const state = newLedger();
    for (const event of events) recordInLedger(state, event);
    return ledgerOf(state);
  };

  test.each<[string, readonly Event[], string]>([
    ["held once is kept", [...durably(0, acked), holds(0)], "kept"],
    ["what the observer saw of it says nothing", [...durably(0, acked), arrives(0)], "silentLoss"],
    ["held twice is duplicated", [...durably(0, acked), holds(0), holds(0)], "duplicated"],
    [
      "a duplicate held by content is kept",
      [...durably(0, timedOut), ...durably(0, duplicate, again), holds(0)],
      "kept",
    ],
    ["swallowed by another is silent loss", durably(0, duplicate, job), "silentLoss"],
    [
      "discarded by a limit is silent loss, where it was told as kept",
      [...durably(0, acked), discards(0)],
      "silentLoss",
    ],
    ["a timeout is ambiguous, stored or not", [...durably(0, timedOut), holds(0)], "ambiguous"],
    ["refused is reported loss", durably(0, noResponders), "reportedLoss"],
    ["a later refusal takes nothing back", [...durably(0, timedOut), ...durably(0, full, again)], "ambiguous"],
    ["best-effort is what the observer saw, captured or not", [...plainly(0, accepted), arrives(0), holds(0)], "kept"],
    ["unobserved it is unknown", [...durably(0, acked), unobserved], "unknown"],
    ["absent, and maybe discarded, it is unknown", [...durably(0, acked), mayDiscard(0)], "unknown"],
  ])("%s", (_what, events, name) => {
    const { published, classes } = classesOf(...events);
    expect(published).toBe(1);
    expect(classes).toMatchObject({ [name]: 1 });
  });

  test("what a limit discarded ended there", () => {
    expect(classesOf(...durably(0, acked), discards(0)).places).toEqual({ "stream limit": 1 });
  });
});

test("the promises of the core path leave out what goes through JetStream", () => {
  const events = [...up, ...durably(0, acked, { count: 3 }), calls("flush"), ...durably(3, full), holds(0, 3), settles];
  for (const one of corePath) expect([one.id, judged(one, { events }).exercised]).toEqual([one.id, 0]);
});

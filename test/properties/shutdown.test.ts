/** The promises of the shutdown, each held, broken and idle in a run written by hand. */
import { expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import { corePath } from "../../properties/core-path.ts";
import { reconnectBuffer } from "../../properties/reconnect-buffer.ts";
import { shutdown } from "../../properties/shutdown.ts";
import {
  accepted,
  acked,
  arrives,
  type Case,
  calls,
  client,
  discards,
  durably,
  exits,
  handles,
  heals,
  holds,
  inMemory,
  installs,
  judged,
  mayDiscard,
  passes,
  plainly,
  probes,
  settles,
  starts,
  stops,
  subscribes,
  testCases,
  unobserved,
  unsettled,
  up,
} from "./service-events.ts";

const about =
  (id: string) =>
  (what: string, events: readonly Event[], rest: Partial<Case> = {}): Case => ({
    id: `shutdown/${id}`,
    what,
    events,
    ...rest,
  });

const silence = about("nothing-accepted-is-lost-in-silence-by-a-stop");
const budget = about("a-stop-ends-within-its-budget");
const waits = about("a-stop-waits-for-its-handlers");
const intake = about("nothing-is-accepted-after-intake-stopped");
const others = about("stopping-one-replica-harms-no-other");
const history = about("a-restart-replays-no-history");
const kill = about("what-was-acked-outlives-a-kill");

const down = [...installs("cut"), client("disconnected")];
const twoReplicas = [...up, starts(1), subscribes(0), subscribes(1)];
const stopsWhole = [stops(), exits("stopped")];

const atWork = [...up, starts(1), subscribes(1, "acks", "job.plain", 400), ...durably(0, acked), handles(0, "begun")];
const stoppedAfter = (tookMs: number): Event => exits("stopped", { replica: 1, tookMs });

testCases(shutdown, [
  waits("it is through before the process ends", [...atWork, stops(1), handles(0, "acked"), stoppedAfter(400)], {
    exercised: 1,
  }),
  waits("the process ends in the middle of it", [...atWork, stops(1), stoppedAfter(3)], {
    breaks: "replica 1 ended 3 ms after it was told to stop, in the middle of its work of 400 ms on message 0",
  }),
  waits("it was through before the stop", [...atWork, handles(0, "acked"), stops(1), stoppedAfter(3)]),
  waits("it takes longer than the budget", [
    ...[...up, starts(1), subscribes(1, "acks", "job.plain", 600_000), ...durably(0, acked), handles(0, "begun")],
    ...[stops(1), stoppedAfter(20_000)],
  ]),
  waits("it is killed, not told to stop", [...atWork, exits("killed", { replica: 1 })]),
  silence("all arrive", [...up, ...plainly(0, accepted, { count: 5 }), stops(), arrives(0, 5), exits("stopped")], {
    exercised: 5,
  }),
  silence(
    "the tail is lost",
    [...up, ...plainly(0, accepted, { count: 5 }), stops(), arrives(0, 3), exits("stopped")],
    {
      breaks: "the stop lost 2 of 5 messages that were accepted before it, and told of 0",
    },
  ),
  silence(
    "the tail is lost, and told",
    [...up, ...plainly(0, accepted, { count: 5 }), stops(), arrives(0, 3), exits("stopped", { toldLost: 2 })],
    { exercised: 5 },
  ),
  silence(
    "only a part of it is told",
    [...up, ...plainly(0, accepted, { count: 5 }), stops(), exits("stopped", { toldLost: 4 })],
    { breaks: "the stop lost 5 of 5 messages that were accepted before it, and told of 4" },
  ),
  silence(
    "kept by a client that is down",
    [...up, ...down, ...plainly(0, accepted, { count: 2 }), stops(), exits("stopped")],
    {
      breaks: "the stop lost 2 of 2 messages that were accepted before it, and told of 0",
    },
  ),
  silence(
    "a client that keeps nothing lost it at its dial",
    [...up, ...down, ...plainly(0, accepted, { count: 2 }), stops(), exits("stopped")],
    { of: natsJs3 },
  ),
  silence("the reconnect has sent what was kept, and judges it", [
    ...up,
    ...down,
    ...plainly(0, accepted),
    client("reconnected"),
    heals,
    ...stopsWhole,
  ]),
  silence("a fault came between", [...up, ...plainly(0, accepted), ...installs("hold"), ...stopsWhole]),
  silence("a fault came while it stopped", [
    ...up,
    ...plainly(0, accepted),
    stops(),
    ...installs("cut"),
    exits("stopped"),
  ]),
  silence("flushed before", [...up, ...plainly(0, accepted), calls("flush"), arrives(0), ...stopsWhole]),
  silence("closed before, by its own application", [...up, ...plainly(0, accepted), calls("close"), ...stopsWhole]),
  ...(["disconnected", "closed"] as const).map(word =>
    silence(`the client is ${word} before, whyever`, [...up, ...plainly(0, accepted), client(word), ...stopsWhole]),
  ),
  ...(["close", "drain", "exit"] as const).map(call =>
    silence(`${call} was called before`, [...up, ...down, ...plainly(0, accepted), calls(call), ...stopsWhole]),
  ),
  silence(
    "only a flush that succeeds has sent it",
    [
      ...up,
      ...plainly(0, accepted),
      { kind: "called", step: "f", call: "flush", outcome: { is: "failed", kind: "timeout" } },
      { kind: "called", step: "f", call: "subscribe", outcome: { is: "ok" } },
      ...stopsWhole,
    ],
    { breaks: "the stop lost 1 of 1 messages that were accepted before it, and told of 0" },
  ),
  silence(
    "another replica starts and stops",
    [...up, ...plainly(0, accepted), ...[starts(1), stops(1), exits("stopped", { replica: 1 })], ...stopsWhole],
    { breaks: "the stop lost 1 of 1 messages that were accepted before it, and told of 0" },
  ),
  silence("killed", [...up, ...plainly(0, accepted), exits("killed")]),
  silence("refused, or durable", [...up, ...plainly(0, unsettled("closed")), ...durably(1, acked), ...stopsWhole]),
  silence("nobody could look", [...up, ...plainly(0, accepted), ...stopsWhole, unobserved]),
  silence(
    "the first of two is named",
    [...up, ...plainly(0, accepted), ...stopsWhole, ...up, ...plainly(1, accepted, { count: 3 }), ...stopsWhole],
    { breaks: "the stop lost 1 of 1 messages that were accepted before it, and told of 0" },
  ),
  silence(
    "the next process is judged for its own",
    [
      ...up,
      ...plainly(0, accepted),
      stops(),
      arrives(0),
      exits("stopped"),
      ...up,
      ...plainly(1, accepted, { count: 3 }),
      ...stopsWhole,
    ],
    { breaks: "the stop lost 3 of 3 messages that were accepted before it, and told of 0" },
  ),

  budget("in time", [...up, stops(), exits("stopped", { tookMs: 25_000 })], { exercised: 1 }),
  budget("through in time, and ended a moment later", [...up, stops(), exits("stopped", { tookMs: 25_250 })], {
    exercised: 1,
  }),
  budget("forced at its end", [...up, stops(), exits("stopped", { tookMs: 26_000, forced: true })], { exercised: 1 }),
  budget("beyond the margin", [...up, stops(), exits("stopped", { tookMs: 26_001, forced: true })], {
    breaks: "the stop of replica 0 took 26001 ms of 25000",
  }),
  budget("late, and not said to be forced", [...up, stops(), exits("stopped", { tookMs: 25_251 })], {
    breaks: "the stop of replica 0 outlasted its budget of 25000 ms, and was not said to be forced",
  }),
  budget(
    "killed a moment after its end, with nothing left to say",
    [...up, stops(), exits("killed", { tookMs: 25_001 })],
    {
      exercised: 1,
    },
  ),
  budget("killed beyond the margin", [...up, stops(), exits("killed", { tookMs: 26_001 })], {
    breaks: "the stop of replica 0 took 26001 ms of 25000",
  }),
  budget("forced too soon", [...up, stops(), exits("stopped", { tookMs: 24_999, forced: true })], {
    breaks: "the stop of replica 0 was said to be forced after 24999 ms of 25000",
  }),
  budget("forced at its very end", [...up, stops(), exits("stopped", { tookMs: 25_000, forced: true })], {
    exercised: 1,
  }),
  ...(
    [
      [{ tookMs: 90_000 }, "took 90000 ms of 25000"],
      [{ tookMs: 25_251 }, "outlasted its budget of 25000 ms, and was not said to be forced"],
      [{ tookMs: 1, forced: true }, "was said to be forced after 1 ms of 25000"],
    ] as const
  ).map(([first, says]) =>
    budget(
      `the first of two is named: ${says}`,
      [
        ...[...up, stops(), exits("stopped", first)],
        ...[starts(1), stops(1), exits("stopped", { replica: 1, ...first })],
      ],
      { breaks: `the stop of replica 0 ${says}` },
    ),
  ),
  budget("two that never ended", [...up, starts(1), stops(1), stops(), settles], {
    breaks: "replica 0 was told to stop, and still runs",
  }),
  budget("still at it", [...up, stops()]),
  budget("never ended", [...up, stops(), settles], { breaks: "replica 0 was told to stop, and still runs" }),
  budget("the other replica", [...up, starts(1), stops(1), exits("killed", { replica: 1, tookMs: 30_000 })], {
    breaks: "the stop of replica 1 took 30000 ms of 25000",
  }),
  budget("nobody stopped it", [...up, exits("killed", { tookMs: 90_000 })]),

  intake("refused", [...up, stops(), ...plainly(0, unsettled("closed"), { count: 2 })], { exercised: 2 }),
  intake("accepted as core NATS", [...up, stops(), ...plainly(0, accepted)], {
    breaks: "message 0 was accepted after the stop had begun",
  }),
  intake("two of them", [...up, stops(), ...plainly(0, accepted), ...plainly(1, accepted)], {
    breaks: "message 0 was accepted after the stop had begun",
  }),
  intake("acknowledged after its exit", [...up, ...stopsWhole, ...durably(4, acked)], {
    breaks: "message 4 was acked after the stop had begun",
  }),
  intake("accepted by the next process", [...up, ...stopsWhole, ...up, ...plainly(0, accepted)]),
  intake("nothing was published any more", [...up, ...plainly(0, accepted), stops()]),

  others(
    "the one that stays handles it",
    [
      ...twoReplicas,
      ...[stops(1), exits("stopped", { replica: 1 })],
      ...durably(0, acked, { count: 2 }),
      handles(0, "acked", { replica: 0 }),
      handles(1, "acked", { replica: 0 }),
      settles,
      holds(0, 2),
    ],
    { exercised: 2 },
  ),
  others(
    "its consumer went with the one that stopped",
    [
      ...twoReplicas,
      ...durably(0, acked),
      handles(0, "acked"),
      ...[stops(1), exits("stopped", { replica: 1 })],
      ...durably(1, acked),
      settles,
      holds(0, 2),
    ],
    { breaks: "message 1 was stored after a replica that handles job.plain had stopped, and the other never got it" },
  ),
  others("the disk went, and its consumers with it", [
    ...twoReplicas,
    ...[stops(1), exits("stopped", { replica: 1 })],
    ...installs("stop-server", "lost"),
    heals,
    ...durably(0, acked),
    passes(60_000),
    settles,
    holds(0),
  ]),
  others(
    "the disk went before anyone subscribed, and its consumer with the one that stopped",
    [
      ...installs("stop-server", "lost"),
      heals,
      ...twoReplicas,
      ...[stops(1), exits("stopped", { replica: 1 })],
      ...durably(0, acked),
      settles,
      holds(0),
    ],
    { breaks: "message 0 was stored after a replica that handles job.plain had stopped, and the other never got it" },
  ),
  others("stored before it stopped", [
    ...twoReplicas,
    ...durably(0, acked),
    ...[stops(1), exits("stopped", { replica: 1 })],
    settles,
    holds(0),
  ]),
  others("the other came later", [
    ...up,
    starts(1),
    subscribes(1),
    ...[stops(1), exits("stopped", { replica: 1 })],
    subscribes(0),
    ...durably(0, acked),
    settles,
    holds(0),
  ]),
  others("the other handles something else", [
    ...up,
    starts(1),
    subscribes(0, "acks", "job.x"),
    subscribes(1),
    ...[stops(1), exits("stopped", { replica: 1 })],
    ...durably(0, acked, { subject: "job.x" }),
    settles,
    holds(0),
  ]),
  others("it was never stored", [
    ...twoReplicas,
    ...[stops(1), exits("stopped", { replica: 1 })],
    ...durably(0, unsettled("timeout")),
    settles,
  ]),
  others("it was killed, and drained nothing", [
    ...twoReplicas,
    exits("killed", { replica: 1 }),
    ...durably(0, acked),
    settles,
    holds(0),
  ]),
  others("the disk was lost, and the consumer with it", [
    ...twoReplicas,
    ...[stops(1), exits("stopped", { replica: 1 })],
    ...installs("stop-server", "lost"),
    heals,
    ...durably(0, acked),
    settles,
    holds(0),
  ]),
  others(
    "the server restarted, and kept its disk",
    [
      ...twoReplicas,
      ...[stops(1), exits("stopped", { replica: 1 })],
      ...installs("stop-server"),
      heals,
      ...durably(0, acked),
      settles,
      holds(0),
    ],
    { breaks: "message 0 was stored after a replica that handles job.plain had stopped, and the other never got it" },
  ),
  others("not settled yet", [
    ...twoReplicas,
    ...[stops(1), exits("stopped", { replica: 1 })],
    ...durably(0, acked),
    holds(0),
  ]),

  history(
    "goes on where it was",
    [
      ...twoReplicas,
      ...durably(0, acked),
      handles(0, "acked"),
      ...[stops(1), exits("stopped", { replica: 1 }), starts(1), subscribes(1)],
      ...durably(1, acked),
      handles(1, "acked"),
    ],
    { exercised: 1 },
  ),
  history(
    "begins again",
    [
      ...twoReplicas,
      ...durably(0, acked),
      handles(0, "acked"),
      ...[stops(1), exits("stopped", { replica: 1 }), starts(1), subscribes(1)],
      handles(0, "acked"),
    ],
    { breaks: "message 0 on job.plain was acknowledged by its handler, and delivered anew to a process started since" },
  ),
  history(
    "a lost acknowledgement brings it a second time, and says so",
    [
      ...twoReplicas,
      ...durably(0, acked),
      handles(0, "acked"),
      ...[exits("killed", { replica: 1 }), starts(1), subscribes(1)],
      handles(0, "acked", { delivery: 2 }),
    ],
    { exercised: 1 },
  ),
  ...[
    ["it was published again, and may be stored twice", durably(0, acked, { again: true })],
    ["it is stored twice", [holds(0), holds(0)]],
    ["a limit has discarded one that may have been stored twice", [discards(0)]],
    ["a limit may have discarded one", [mayDiscard(0)]],
    ["the power was lost, and what is stored may be another copy", [...installs("power-loss"), heals]],
    ["the disk was lost", [...installs("stop-server", "lost"), heals]],
  ].map(([what, events]) =>
    history(what as string, [
      ...twoReplicas,
      ...durably(0, acked),
      handles(0, "acked"),
      ...[stops(1), exits("stopped", { replica: 1 }), starts(1), subscribes(1)],
      ...(events as Event[]),
      handles(0, "acked"),
    ]),
  ),
  history(
    "delivered twice before, and not after",
    [
      ...twoReplicas,
      ...durably(0, acked),
      handles(0, "acked"),
      handles(0, "acked"),
      ...[stops(1), exits("stopped", { replica: 1 }), starts(1), subscribes(1)],
    ],
    { exercised: 1 },
  ),
  history("nobody subscribes after the restart", [
    ...twoReplicas,
    ...durably(0, acked),
    handles(0, "acked"),
    ...[stops(1), exits("stopped", { replica: 1 }), starts(1)],
  ]),
  history("it had failed", [
    ...twoReplicas,
    ...durably(0, acked),
    handles(0, "hung"),
    ...[exits("killed", { replica: 1 }), starts(1), subscribes(1)],
    handles(0, "acked"),
  ]),

  kill(
    "not held, and the server's figures tell why",
    [
      ...[...up, ...durably(0, acked), exits("killed")],
      { kind: "stream-lacks", stream: "JOBS", is: "holds-all", proof: "JOBS still holds all" },
    ],
    { breaks: "message 0 was acknowledged, and no stream holds it: the process was killed, and JOBS still holds all" },
  ),
  kill("held", [...up, ...durably(0, acked), exits("killed"), holds(0)], { exercised: 1 }),
  kill("told before it was stored", [...up, ...durably(0, acked, { count: 2 }), exits("exit"), holds(0)], {
    breaks: "message 1 was acknowledged, and no stream holds it: the process was killed",
  }),
  kill(
    "acknowledged before and after",
    [...up, ...durably(0, acked), exits("killed"), ...up, ...durably(0, acked, { again: true }), holds(0)],
    { exercised: 1 },
  ),
  kill("stopped in order", [...up, ...durably(0, acked), ...stopsWhole]),
  kill("acknowledged to the next process", [...up, exits("killed"), ...up, ...durably(0, acked)]),
  kill(
    "a restart of the server took its memory first",
    [...up, ...durably(0, acked), ...installs("stop-server"), heals, exits("killed")],
    { under: inMemory },
  ),
  kill(
    "a restart of the server before it was acknowledged is no excuse",
    [...up, ...installs("stop-server"), heals, ...durably(0, acked), exits("killed")],
    { under: inMemory, breaks: "message 0 was acknowledged, and no stream holds it: the process was killed" },
  ),
  kill("the power went too", [...up, ...durably(0, acked), exits("killed"), ...installs("power-loss"), heals], {
    under: inMemory,
  }),
]);

const byId = (id: string) => {
  const found = [...corePath, ...reconnectBuffer].find(one => one.id === id);
  if (found === undefined) throw new Error(`there is no property ${id}`);
  return found;
};

test("what a process took with it is no loss of the core path, what a process after it loses is", () => {
  const one = byId("core-path/silent-loss-only-inside-a-disturbance");
  const first = [...up, ...plainly(0, accepted, { count: 9 }), exits("killed"), starts(), client("connected")];
  expect(judged(one, { events: first })).toMatchObject({ exercised: 0, verdict: "inconclusive" });
  expect(judged(one, { events: [...first, ...plainly(9, accepted)] })).toMatchObject({
    reason: "message 9 was accepted with no fault in force and did not arrive",
  });
});

test("a flush of the next process says nothing of what the last one sent", () => {
  const one = byId("core-path/flushed-messages-arrive");
  const second = [...up, ...plainly(1, accepted), calls("flush"), settles, arrives(1)];
  expect(judged(one, { events: [...up, ...plainly(0, accepted), exits("killed"), ...second] })).toMatchObject({
    exercised: 1,
    verdict: "holds",
  });
});

test("the buffer ends with its process", () => {
  const one = byId("reconnect-buffer/below-the-limit-all-arrive-in-order");
  const kept = [...up, ...down, ...plainly(0, accepted)];
  const back = [client("reconnected"), heals, settles];
  expect(judged(one, { events: [...kept, ...back], of: natsGo }).reason).toMatch(/^message 0 was kept below/);
  expect(judged(one, { events: [...kept, exits("killed", { replica: 1 }), ...back] }).verdict).toBe("violated");
  expect(
    judged(one, { events: [...kept, exits("killed"), starts(), client("connected"), heals, settles] }),
  ).toMatchObject({
    exercised: 0,
  });
});

test("with a durable publish in the buffer nobody can tell how many bytes it holds", () => {
  const one = byId("reconnect-buffer/the-first-refusal-is-where-predicted");
  const refused = plainly(1, { is: "rejected", kind: "buffer-full" });
  expect(judged(one, { events: [...up, ...down, ...plainly(0, accepted), ...refused] }).verdict).toBe("violated");
  expect(judged(one, { events: [...up, ...down, ...durably(0, unsettled("timeout")), ...refused] })).toMatchObject({
    exercised: 0,
  });
});

test("time is what the events say, in whichever of them", () => {
  const one = shutdown.find(({ id }) => id.endsWith("harms-no-other"));
  if (one === undefined) throw new Error("renamed");
  const stopped = [...twoReplicas, stops(1), exits("stopped", { replica: 1 }), ...durably(0, acked)];
  const late = (clock: Event) => [...stopped, handles(0, "failed", { replica: 0 }), clock, settles, holds(0)];
  for (const clock of [passes(30_000), starts(2, 30_000), probes({}, 0, 30_000)])
    expect(judged(one, { events: late(clock) }).verdict).toBe("violated");
  for (const clock of [passes(29_999), starts(2, 29_999), probes({}, 0, 29_999)])
    expect(judged(one, { events: late(clock) }).verdict).toBe("inconclusive");
});

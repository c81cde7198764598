/** The promises of the cold start, each held, broken and idle in a run written by hand. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { coldStart } from "../../properties/cold-start.ts";
import {
  accepted,
  acked,
  arrives,
  type Case,
  calls,
  client,
  durably,
  exits,
  heals,
  holds,
  installs,
  noResponders,
  passes,
  plainly,
  policy,
  probes,
  settles,
  starts,
  stops,
  testCases,
  unobserved,
  up,
} from "./service-events.ts";

const about =
  (id: string) =>
  (what: string, events: readonly Event[], rest: Partial<Case> = {}): Case => ({
    id: `cold-start/${id}`,
    what,
    events,
    ...rest,
  });

const starting = (startup: Partial<Policy["startup"]>): Policy => ({
  ...policy,
  startup: { ...policy.startup, ...startup },
});
const failFast = starting({ strategy: "fail-fast" });
const bestEffort: Policy = { ...policy, families: [] };

const fast = about("fail-fast-ends-within-its-bound");
const deadline = about("retry-with-deadline-connects-or-exits");
const ready = about("ready-means-usable");
const live = about("liveness-is-independent-of-nats");
const credentials = about("wrong-credentials-never-look-like-waiting");
const early = about("nothing-is-lost-before-the-first-connection");
const late = about("a-late-jetstream-is-used-once-it-is-there");

const away = [...installs("cut"), starts()];
const here = [client("connected"), heals];
const usable = { connected: true, durable: true } as const;

testCases(coldStart, [
  fast("exits after one pass", [...installs("silent-handshake"), starts(), exits("startup", { tookMs: 2_000 })], {
    under: failFast,
    exercised: 1,
  }),
  fast(
    "a crash loop counts every start",
    [...away, exits("startup"), starts(0, 10_000), exits("startup", { atMs: 10_000 })],
    {
      under: failFast,
      exercised: 2,
    },
  ),
  fast("exits late", [...away, exits("startup", { tookMs: 3_001 })], {
    under: failFast,
    breaks: "replica 0 was neither connected nor gone 3001 ms after its start; its bound is 2000 ms",
  }),
  fast("never exits", [...away, passes(3_001), settles], {
    under: failFast,
    breaks: "replica 0 was neither connected nor gone 3001 ms after its start; its bound is 2000 ms",
  }),
  fast("waits, and is connected in the end", [...away, passes(60_000), ...here], {
    under: failFast,
    breaks: "replica 0 was neither connected nor gone 60000 ms after its start; its bound is 2000 ms",
  }),
  fast("exits with 0", [...away, exits("startup", { code: 0 })], {
    under: failFast,
    breaks: "replica 0 gave up its start, and its exit code says that all went well",
  }),
  fast(
    "the first of two is named",
    [...away, exits("startup", { tookMs: 4_000 }), starts(), exits("startup", { tookMs: 5_000 })],
    {
      under: failFast,
      breaks: "replica 0 was neither connected nor gone 4000 ms after its start; its bound is 2000 ms",
    },
  ),
  fast(
    "the first of two, whatever the second",
    [...away, exits("startup", { code: 0 }), starts(1), exits("startup", { code: 0, replica: 1 })],
    { under: failFast, breaks: "replica 0 gave up its start, and its exit code says that all went well" },
  ),
  fast("nothing was in its way", up, { under: failFast }),
  fast("it had another thing to wait for", [...installs("no-jetstream"), ...up], { under: failFast }),
  fast("it was killed meanwhile", [...away, exits("killed", { tookMs: 90_000 })], { under: failFast }),
  fast("it retries", [...away, exits("startup", { tookMs: 3_001 })]),

  deadline("exits at its deadline", [...away, passes(60_000), exits("startup", { tookMs: 60_000 })], { exercised: 1 }),
  deadline("is connected in time", [...away, passes(59_000), ...here], { exercised: 1 }),
  deadline(
    "a replica without a link of ours says by its probes when it is connected",
    [
      ...installs("cut"),
      starts(1),
      probes({}, 1),
      passes(59_000),
      probes({ connected: true }, 1, 59_000),
      probes({ connected: true, durable: true }, 1, 90_000),
    ],
    { exercised: 1 },
  ),
  deadline("what a probe says late", [...away, probes({}), probes({ connected: true }, 0, 61_001)], {
    breaks: "replica 0 was neither connected nor gone 61001 ms after its start; its bound is 60000 ms",
  }),
  deadline("waits beyond it", [...away, passes(61_001)], {
    breaks: "replica 0 was neither connected nor gone 61001 ms after its start; its bound is 60000 ms",
  }),
  deadline("is connected in time, and lives long", [...away, passes(59_000), ...here, passes(500_000)], {
    exercised: 1,
  }),
  deadline("at the end of its margin", [...away, exits("startup", { tookMs: 61_000 })], { exercised: 1 }),
  deadline("still has time", [...away, passes(59_000)]),
  deadline("fails fast", [...away, passes(61_001)], { under: failFast }),

  ready("not before it is connected", [...away, probes({}), ...here, probes({ ...usable, ready: true }), settles], {
    exercised: 1,
  }),
  ready("because it runs", [...away, probes({ ready: true })], {
    breaks: "replica 0 says that it is ready, and its client is not connected",
  }),
  ready("one after the other", [...up, starts(1), probes({ ready: true }, 1), probes({ ready: true })], {
    breaks: "replica 1 says that it is ready, and its client is not connected",
  }),
  ready("because it is connected", [...up, probes({ ready: true, connected: true })], {
    breaks: "replica 0 says that it is ready, and a durable publish would not be acknowledged",
  }),
  ready(
    "because it is connected, where nothing is durable",
    [...away, probes({}), ...here, probes({ ready: true, connected: true }), settles],
    { under: bestEffort, exercised: 1 },
  ),
  ready("never, though all is well", [...up, probes(usable), settles], {
    breaks: "replica 0 is connected and its durable path usable, and it never says that it is ready",
  }),
  ready("not while it stops", [...up, stops(), probes({ ready: true }), settles]),
  ready("not while it stops, though all is well", [...up, probes(usable), stops(), settles]),
  ready("not of a process that is gone", [...up, probes(usable), exits("killed"), settles]),
  ready("all was well from the first", [...up, probes({ ...usable, ready: true }), settles]),
  ready("nobody answers for a process that is gone", [...up, exits("killed"), probes({ ready: true })]),

  live("alive while NATS is away", [...up, ...installs("cut"), probes({})], { exercised: 1 }),
  live("not alive, for NATS is away", [...up, starts(1), ...installs("cut"), probes({ live: false }, 1)], {
    breaks: "replica 1 says that it is not alive, and only its client is not connected",
  }),
  live("one after the other", [...up, starts(1), probes({ live: false }, 1), probes({ live: false })], {
    breaks: "replica 1 says that it is not alive, and only its client is not connected",
  }),
  live("not alive, for its client is closed for good", [...up, client("closed"), probes({ live: false })]),
  live("NATS was there", [...up, probes({ ...usable, ready: true })]),

  credentials("says so", [...installs("refuse-credentials"), starts(), exits("credentials")], { exercised: 1 }),
  credentials(
    "its client is closed, and so it exits",
    [...installs("refuse-credentials"), starts(), client("closed"), exits("client-closed")],
    { exercised: 1 },
  ),
  credentials(
    "as if NATS were away",
    [...installs("refuse-credentials"), starts(), exits("startup", { tookMs: 60_000 })],
    {
      breaks: "replica 0 was refused its credentials, and exited as if NATS were away",
    },
  ),
  credentials(
    "its client is closed, and it lives on",
    [...installs("refuse-credentials"), starts(), client("closed")],
    {
      breaks: "replica 0 was refused its credentials, its client has closed, and the process runs on",
    },
  ),
  credentials("it dials for ever", [...installs("refuse-credentials"), starts(), passes(5_201)], {
    breaks: "replica 0 was refused its credentials, and still waited after 5201 ms",
  }),
  credentials(
    "it says so late",
    [...installs("refuse-credentials"), starts(), exits("credentials", { tookMs: 5_201 })],
    {
      breaks: "replica 0 was refused its credentials, and said so only after 5201 ms",
    },
  ),
  credentials("it may still find out", [...installs("refuse-credentials"), starts(), passes(5_200)]),
  credentials("it was killed before", [
    ...installs("refuse-credentials"),
    starts(),
    exits("killed", { tookMs: 90_000 }),
  ]),
  credentials("they are right", [...away, exits("startup")]),

  early("all arrive", [...away, ...plainly(0, accepted, { count: 3 }), ...here, arrives(0, 3), settles], {
    exercised: 3,
  }),
  early("the last is lost", [...away, ...plainly(0, accepted, { count: 3 }), ...here, arrives(0, 2), settles], {
    breaks: "1 of 3 messages accepted before the first connection were lost, and 0 told of",
  }),
  early(
    "given up with them, and told",
    [...away, ...plainly(0, accepted, { count: 3 }), exits("startup", { toldLost: 3 })],
    { exercised: 3 },
  ),
  early("given up with them in silence", [...away, ...plainly(0, accepted, { count: 3 }), exits("startup")], {
    breaks: "3 of 3 messages accepted before the first connection were lost, and 0 told of",
  }),
  early(
    "its client is closed, and the process lives on",
    [...away, ...plainly(0, accepted), client("closed"), settles],
    {
      breaks: "1 of 1 messages accepted before the first connection were lost, and 0 told of",
    },
  ),
  early(
    "lost after a flush",
    [
      ...away,
      ...plainly(0, accepted),
      ...here,
      { kind: "step", step: "f", phase: "began" },
      calls("flush"),
      ...installs("cut"),
      client("disconnected"),
    ],
    { breaks: "1 of 1 messages accepted before the first connection were lost, and 0 told of" },
  ),
  early("lost with the connection that it had just got", [
    ...away,
    ...plainly(0, accepted),
    ...here,
    ...installs("cut"),
    client("disconnected"),
    settles,
  ]),
  early("lost with the connection, whyever", [
    ...away,
    ...plainly(0, accepted),
    ...here,
    client("disconnected"),
    settles,
  ]),
  early(
    "a second fault, before it was connected, takes nothing",
    [...away, ...plainly(0, accepted), ...installs("cut"), ...here, settles],
    { breaks: "1 of 1 messages accepted before the first connection were lost, and 0 told of" },
  ),
  early(
    "the first of two is named",
    [
      ...away,
      ...plainly(0, accepted),
      exits("startup"),
      starts(),
      ...plainly(1, accepted, { count: 2 }),
      exits("startup"),
    ],
    { breaks: "1 of 1 messages accepted before the first connection were lost, and 0 told of" },
  ),
  early("ended by its own code", [...away, ...plainly(0, accepted), exits("exit")]),
  early("connected, and stopped before it was flushed: the stop's", [
    ...away,
    ...plainly(0, accepted),
    ...here,
    stops(),
    exits("stopped"),
  ]),
  early("killed", [...away, ...plainly(0, accepted), exits("killed")]),
  early("accepted when it was connected", [...up, ...plainly(0, accepted), settles]),
  early("nobody could look", [...away, ...plainly(0, accepted), ...here, settles, unobserved]),

  late(
    "through JetStream",
    [...installs("no-jetstream"), ...up, heals, client("reconnected"), ...durably(0, acked), holds(0)],
    {
      exercised: 1,
    },
  ),
  late(
    "as core NATS for life",
    [
      ...installs("no-jetstream"),
      ...up,
      heals,
      client("reconnected"),
      ...plainly(0, accepted, { subject: "job.plain" }),
    ],
    { breaks: "message 0 went out as core NATS though JetStream was there by then" },
  ),
  late(
    "as core NATS for life, where it was due through JetStream",
    [...installs("no-jetstream"), ...up, heals, client("reconnected"), ...durably(0, accepted)],
    { breaks: "message 0 went out as core NATS though JetStream was there by then" },
  ),
  late(
    "as core NATS for life, for NATS itself was late",
    [...away, ...here, ...plainly(0, accepted, { subject: "audit" })],
    { breaks: "message 0 went out as core NATS though JetStream was there by then" },
  ),
  late("declared nowhere, and classified durable", [...away, ...here, ...plainly(3, accepted, { subject: "stray" })], {
    breaks: "message 3 went out as core NATS though JetStream was there by then",
  }),
  late(
    "two of them",
    [...away, ...here, ...plainly(0, accepted, { subject: "audit" }), ...plainly(1, accepted, { subject: "audit" })],
    { breaks: "message 0 went out as core NATS though JetStream was there by then" },
  ),
  late("before it is there", [...installs("no-jetstream"), ...up, ...plainly(0, accepted, { subject: "job.plain" })]),
  late("what is best-effort", [...away, ...here, ...plainly(0, accepted)]),
  late("it was there from the first", [...up, ...durably(0, noResponders)]),
  late("the next process found it", [...away, exits("startup"), heals, ...up, ...durably(0, acked)]),
  late("a client with its own patience", [...away, ...here, ...durably(0, acked), holds(0)], {
    of: natsGo,
    exercised: 1,
  }),
]);

/** Mutants of a bus with a policy, tables 3 to 8 of docs/facts.md and Cordum's own: a bus, a library or a server that does not do as its policy says. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Delivery } from "../../models/server.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import { type Bare, cut, fault, flush, heal, hold, start } from "../models/cases.ts";
import {
  advance,
  healAfter,
  job,
  jobAgain,
  kill,
  news,
  replica,
  stream,
  subscribe,
  subscribeSlow,
  term,
  termWhile,
  underPolicy,
} from "../models/policies.ts";
import { handlerMutants } from "./handlers.ts";
import type { Moment, Mutant } from "./mutant.ts";
import { streamMutants } from "./streams.ts";
import { demanding, follows, type Parts } from "./unfaithful.ts";

const serverKilled: readonly Bare[] = [fault({ kind: "stop-server", signal: "KILL", awaits: "noticed" }), heal()];
const lateJetStream: readonly Bare[] = [fault({ kind: "no-jetstream" }), start, heal(), job()];
const oneOfTwoStops: readonly Bare[] = [
  start,
  replica(1),
  subscribe(1),
  replica(2),
  subscribe(2),
  job(),
  term(1),
  job(2),
];
const retried: readonly Bare[] = [start, fault({ kind: "lose-ack" }), job(), heal(), jobAgain(2)];

const unfaithful: readonly Mutant[] = [
  follows(
    { streams: [{ ...stream, storage: "memory" }] },
    {
      name: "keeps its stream in memory",
      row: "F-59: memory stream, the stream itself is gone",
      steps: [start, job(3), ...serverKilled],
      killedBy: ["durable-path/acked-is-never-lost"],
    },
  ),
  follows(
    { publish: { messageIds: [{ subjects: "job.>", id: "key" }] } },
    {
      name: "names its messages by what they are about",
      row: "Cordum: message id <subject>:<jobId>, the second of two results is swallowed",
      steps: [start, job(1, { key: "7" }), job(1, { key: "7" })],
      killedBy: ["durable-path/a-distinct-message-is-not-swallowed"],
    },
  ),
  follows(
    { publish: { messageIds: [{ subjects: "job.>", id: ["key"] }] } },
    {
      name: "names its messages by what they are about, whatever their subject",
      row: "F-207: one job on two subjects of one stream, stored once",
      declared: { publish: { messageIds: [{ subjects: "job.>", id: "key" }] } },
      steps: [start, job(1, { key: "7" }), job(1, { subject: "job.b", key: "7" })],
      killedBy: ["durable-path/a-distinct-message-is-not-swallowed"],
    },
  ),
  follows(
    { publish: { attemptsMax: 1 } },
    {
      name: "makes one attempt where its policy counts on three",
      row: "F-260: no acknowledgement, a timeout after 300 of 300 ms",
      declared: { publish: { attemptsMax: 3, outlastsMs: 12_000 } },
      steps: [start, hold, job(), heal()],
      killedBy: ["durable-path/a-publish-outlasts-a-declared-outage"],
    },
  ),
  {
    ...follows(
      { supervisor: { restartMs: 5_000 } },
      {
        name: "is started again later than its supervisor is said to",
        row: "F-220: kubelet's waits, which grow with each failure",
        declared: {
          families: [{ subjects: "news.>", durability: "best-effort", reason: "heals itself", gapMs: 3_000 }],
          startup: { strategy: "fail-fast" },
          streams: [],
        },
        notDemanded: ["durable-path/every-declared-durable-subject-has-a-stream"],
        steps: [
          start,
          news(),
          fault({ kind: "stop-server", signal: "TERM", awaits: "noticed" }),
          kill(),
          start,
          advance(500),
          heal(),
          advance(6_000),
          news(),
        ],
        killedBy: [],
      },
    ),
    // Its scenario's own time is never compared.
    killedBy: ["core-path/a-best-effort-gap-is-no-longer-than-declared"],
  },
  follows(
    { publish: { onError: "dropped" } },
    {
      name: "drops the errors of its publishes",
      row: "Cordum: an event whose publish failed is logged, and its caller goes on",
      steps: [start, fault({ kind: "cut", awaits: "noticed" }), job(), heal()],
      killedBy: ["durable-path/declared-durable-is-acknowledged"],
    },
  ),
  follows(
    { streams: [] },
    {
      name: "drops the error that there is no stream",
      row: "F-46: no responders, of which the caller learns nothing",
      declared: { publish: { onError: "dropped" } },
      notDemanded: ["durable-path/every-declared-durable-subject-has-a-stream"],
      steps: [start, job()],
      killedBy: ["durable-path/what-is-reported-as-published-is-stored"],
    },
  ),
  follows(
    { publish: { messageIds: [] } },
    {
      name: "sends no ids",
      row: "F-50: retry, no msgId, stored 2",
      steps: retried,
      killedBy: ["durable-path/a-retry-with-an-id-stores-once"],
    },
  ),
  follows(
    { publish: { messageIds: [], attemptsMax: 2 } },
    {
      name: "sends no ids with its own attempts",
      row: "F-50, F-52: what the client has kept is stored beside the first attempt",
      declared: { publish: { attemptsMax: 2 } },
      steps: [start, fault({ kind: "lose-ack" }), job(), heal()],
      killedBy: ["durable-path/a-message-is-stored-at-most-once"],
    },
  ),
  follows(
    { publish: { onError: "returned" } },
    {
      name: "gives up at the first refusal",
      row: "F-255: refused while down, published again once connected",
      declared: { publish: { onError: { retries: 3, waitMs: 1_000 } } },
      steps: [start, cut(), job(1, { overlap: true }), healAfter(1)],
      options: { reconnectBufferBytesMax: -1 },
      killedBy: [],
    },
  ),
  follows(
    { streams: [] },
    {
      name: "drops the last error of a caller that publishes again",
      row: "F-302: refused each time, of which the caller learns nothing",
      declared: { publish: { onError: { retries: 2, waitMs: 100, lastError: "dropped" } } },
      notDemanded: ["durable-path/every-declared-durable-subject-has-a-stream"],
      steps: [start, job()],
      killedBy: ["durable-path/what-is-reported-as-published-is-stored"],
    },
  ),
  follows(
    { publish: { onError: { retries: 1, waitMs: 1_000, lastError: "dropped" } } },
    {
      name: "returns no error after the last retry, though its policy says so",
      row: "F-302: refused each time, of which the caller learns nothing",
      declared: { publish: { onError: { retries: 1, waitMs: 1_000 } }, streams: [] },
      notDemanded: ["durable-path/every-declared-durable-subject-has-a-stream"],
      steps: [start, job()],
      killedBy: ["durable-path/declared-durable-is-acknowledged"],
    },
  ),
  follows(
    { publish: { messageIds: [] } },
    {
      name: "makes an id anew each time that its caller publishes again",
      row: "F-255: published again after a timeout, without an id",
      declared: { publish: { onError: { retries: 1, waitMs: 1_000 } } },
      steps: [start, hold, job(1, { overlap: true }), healAfter(1)],
      killedBy: ["durable-path/a-message-is-stored-at-most-once"],
    },
  ),
  follows(
    { streams: [{ ...stream, duplicateWindowMs: 1_000 }] },
    {
      name: "has a window that is over before its attempts are",
      row: "F-209: a duplicate window that ends while a publish waits for its acknowledgement",
      declared: { publish: { attemptsMax: 2 } },
      steps: [start, fault({ kind: "lose-ack" }), job(), heal()],
      killedBy: ["durable-path/a-message-is-stored-at-most-once"],
    },
  ),
  follows(
    { streams: [{ ...stream, duplicateWindowMs: 0 }] },
    {
      name: "has a stream without a duplicate window",
      row: "F-49: retry, same msgId, stored 1",
      steps: [start, fault({ kind: "lose-ack" }), job(), heal(), advance(1), jobAgain(2)],
      killedBy: ["durable-path/a-retry-with-an-id-stores-once"],
    },
  ),
  follows(
    { startup: { jetStreamProbe: "once" } },
    {
      name: "asks for JetStream once, and stays on core NATS for life",
      row: "Cordum: on error it logs and stays on core NATS for the life of the process",
      steps: lateJetStream,
      killedBy: [
        "durable-path/declared-durable-is-acknowledged",
        "cold-start/a-late-jetstream-is-used-once-it-is-there",
      ],
    },
  ),
  follows(
    { streams: [{ ...stream, subjects: ["job.b"] }] },
    {
      name: "has a stream that does not cover what its classifier calls durable",
      row: "Cordum: worker.a.b.jobs is durable by its suffix and in no stream",
      steps: [start, job()],
      killedBy: ["durable-path/every-declared-durable-subject-has-a-stream"],
    },
  ),
  follows(
    { streams: [{ ...stream, subjects: [">"] }] },
    {
      name: "has a stream that captures what is declared best-effort",
      row: "Cordum: sys.heartbeat is best-effort, and in CORDUM_SYS",
      steps: [start, news(2), flush()],
      killedBy: ["durable-path/best-effort-is-not-stored"],
    },
  ),
  follows(
    { taps: ["stray"] },
    {
      name: "has a listener that never answers",
      row: "Cordum: the gateway's taps change no responders into a timeout of 5 s",
      declared: {
        families: [{ subjects: "stray", durability: "durable", reason: "work" }],
        classifier: [{ exact: "stray" }],
        streams: [],
      },
      notDemanded: ["durable-path/every-declared-durable-subject-has-a-stream"],
      steps: [start, job(2, { subject: "stray" })],
      killedBy: ["durable-path/no-responders-is-told-as-such"],
    },
  ),
  follows(
    { consume: { durables: "created" }, shutdown: { strategy: "drain" } },
    {
      name: "drains, and its library deletes the durable that others share",
      row: "F-83, nats.go#874: the creator deletes its durable consumer when it drains",
      steps: oneOfTwoStops,
      killedBy: ["durable-path/every-stored-message-is-handled", "shutdown/stopping-one-replica-harms-no-other"],
    },
  ),
  follows(
    { consume: { durables: "created" }, shutdown: { strategy: "drain" } },
    {
      name: "makes its durable anew after a drain",
      row: "F-83, nats.go#874: a restart redelivers everything",
      steps: [start, replica(1), subscribe(1), job(2), term(1), replica(1), subscribe(1)],
      killedBy: ["shutdown/a-restart-replays-no-history"],
    },
  ),
  follows(
    { consume: { failures: "acknowledged" } },
    {
      name: "acknowledges what its handler could not do",
      row: "Cordum: any other error is acknowledged and gone",
      steps: [start, replica(1), subscribe(1, "fails"), job()],
      notDemanded: ["durable-path/a-message-given-up-is-a-dead-letter"],
      killedBy: ["durable-path/a-failed-message-is-kept"],
    },
  ),
  follows(
    { consume: { deliverMax: -1 } },
    {
      name: "has a consumer without a limit of deliveries",
      row: "Cordum: MaxDeliver not set",
      steps: [start, replica(1), subscribe(1, "fails"), job(), advance(300_000)],
      notDemanded: ["durable-path/a-message-given-up-is-a-dead-letter"],
      killedBy: ["durable-path/redelivery-is-bounded", "durable-path/a-poison-message-ends"],
    },
  ),
  follows(
    { shutdown: { tellsLoss: false } },
    {
      name: "stops while down and tells nobody what it kept",
      row: "F-38: close while down, 20 kept, 0/20, no error",
      steps: [start, flush(), cut(), news(4), term()],
      killedBy: ["shutdown/nothing-accepted-is-lost-in-silence-by-a-stop"],
    },
  ),
  follows(
    { shutdown: { forced: false } },
    {
      name: "has a budget for its stop and does not enforce it",
      row: "F-81: drain hangs, the supervisor's patience ends it",
      steps: [start, replica(1), subscribe(1, "hangs"), job(), term(1)],
      killedBy: ["shutdown/a-stop-ends-within-its-budget"],
    },
  ),
  follows(
    { publish: { attemptsMax: 1 } },
    {
      name: "does not try again after a timeout",
      row: "F-146: a heal while a publish makes its second attempt, acknowledged",
      declared: { publish: { attemptsMax: 2 } },
      steps: [start, hold, job(1, { overlap: true }), healAfter(1)],
      killedBy: [],
    },
  ),
  follows(
    { shutdown: { strategy: "drain-not-awaited" } },
    {
      name: "calls its client's drain when it stops, and does not wait for it",
      row: "F-145: a drain that nobody waits for leaves a handler at work",
      declared: { shutdown: { strategy: "drain" } },
      steps: [start, replica(1), subscribeSlow(1, 400), job(), term(1)],
      killedBy: ["shutdown/a-stop-waits-for-its-handlers"],
    },
  ),
  follows(
    { shutdown: { strategy: "subscriptions-waited-then-close", drainTimeoutMs: 6_000 } },
    {
      name: "waits for its subscriptions to drain before it closes",
      row: "F-208: the creator of a shared durable waits for its drain, and deletes it",
      declared: { consume: { durables: "created" }, shutdown: { strategy: "subscriptions-then-close" } },
      steps: oneOfTwoStops,
      killedBy: ["durable-path/every-stored-message-is-handled", "shutdown/stopping-one-replica-harms-no-other"],
    },
  ),
  follows(
    { shutdown: { strategy: "subscriptions-waited-then-close", drainTimeoutMs: 500 } },
    {
      name: "waits for less time for each subscription than its policy says",
      row: "F-208: two handlers that hang, 300 ms each, 600 ms",
      declared: { shutdown: { strategy: "subscriptions-waited-then-close", drainTimeoutMs: 5_000 } },
      steps: [start, replica(1), subscribe(1, "hangs"), job(), term(1)],
      killedBy: [],
    },
  ),
  follows(
    { shutdown: { drainTimeoutMs: 400 } },
    {
      name: "waits for its drain for less time than its policy says",
      row: "F-257: a drain that is waited for 400 ms, behind a hold",
      declared: { shutdown: { strategy: "drain", drainTimeoutMs: 3_000 } },
      steps: [start, flush(), hold, news(3), term()],
      killedBy: [],
    },
  ),
  follows(
    { shutdown: { intake: "open" } },
    {
      name: "takes publishes while it stops",
      row: "F-144: publishes between SIGTERM and the end, refused by the bus",
      steps: [start, subscribeSlow(0, 400), job(), termWhile(news(2))],
      killedBy: ["shutdown/nothing-is-accepted-after-intake-stopped"],
      beyond: "no letter publishes while a process stops",
    },
  ),
  follows(
    { startup: { readiness: "connected" } },
    {
      name: "is ready while JetStream is not",
      row: "Cordum's seeds: readiness is IsConnected",
      steps: [fault({ kind: "no-jetstream" }), start, heal()],
      killedBy: ["cold-start/ready-means-usable"],
    },
  ),
  follows(
    { startup: { liveness: "as-readiness" } },
    {
      name: "is not alive while NATS is away",
      row: "Cordum: one health path for both probes",
      steps: [start, cut(), heal()],
      killedBy: ["cold-start/liveness-is-independent-of-nats"],
    },
  ),
  follows(
    { startup: { whenClosed: "ignore" } },
    {
      name: "runs on when its credentials were refused",
      row: "F-70 and F-90: two equal auth errors stop the client",
      steps: [fault({ kind: "refuse-credentials" }), start, advance(60_000)],
      killedBy: ["cold-start/wrong-credentials-never-look-like-waiting"],
    },
  ),
  follows(
    { startup: { whenClosed: "ignore", readiness: "process" } },
    {
      name: "says that it is ready with a client that has given up",
      row: "Cordum: the closed handler only logs",
      steps: [start, cut("gave-up")],
      options: { reconnectAttemptsMax: 3 },
      killedBy: ["connection/a-closed-client-leaves-no-ready-process"],
    },
  ),
  follows(
    { startup: { strategy: "retry-forever" } },
    {
      name: "waits beyond its startup deadline",
      row: "seed 002: retry for ever hides the age of the outage",
      steps: [cut("none"), start, advance(500_000)],
      killedBy: ["cold-start/retry-with-deadline-connects-or-exits"],
    },
  ),
  follows(
    { startup: { strategy: "retry-forever" } },
    {
      name: "waits where it was to fail fast",
      row: "F-65: port closed, default, an error in less than 25 ms",
      declared: { startup: { strategy: "fail-fast" } },
      steps: [cut("none"), start, advance(500_000)],
      killedBy: ["cold-start/fail-fast-ends-within-its-bound"],
    },
  ),
];

const isSignal = ({ planned }: Moment, signal: "TERM" | "KILL"): boolean =>
  planned.step.kind === "signal" && planned.step.signal === signal;
const isPowerLoss = ({ planned }: Moment): boolean =>
  planned.step.kind === "fault" && planned.step.fault.kind === "power-loss";

/** Every stream has lost what it held. */
function emptyStreams({ state }: Moment): void {
  for (const one of state.service?.server.streams ?? []) one.log = [];
}

/** Puts other deliveries in the place of those that handlers are at work on. */
function leaveWork({ state }: Moment, into: (one: Delivery) => readonly Delivery[]): void {
  for (const { open } of state.service?.server.consumers ?? [])
    open.splice(0, open.length, ...open.flatMap(one => (one.endsMs === undefined ? [one] : into(one))));
}

/** The word "stopping" comes before what was published last. */
function stopsToldEarlier(events: readonly Event[]): readonly Event[] {
  const stopping = events.findIndex(event => event.kind === "process" && event.change === "stopping");
  const published = events.findLastIndex((event, i) => i < stopping && event.kind === "published");
  const told = events[stopping];
  if (told === undefined || published < 0) return events;
  return [...events.slice(0, published), told, ...events.slice(published, stopping), ...events.slice(stopping + 1)];
}

const backsOff: Parts = { startup: { strategy: "fail-fast" }, supervisor: { restartMs: [0, 1_000, 2_000] } };

const supervised: readonly Mutant[] = [
  follows(
    { supervisor: { restartMs: [0, 1_000, 1_000] } },
    {
      name: "is started again by a supervisor that does not back off",
      row: "F-220: 10 s, 20 s, 40 s, to 300 s",
      declared: backsOff,
      steps: [cut("none"), start, advance(2_001)],
      killedBy: [],
    },
  ),
];

const probed: Parts = {
  startup: { strategy: "retry-forever", readiness: "connected" },
  supervisor: { restartMs: [0, 1_000], liveness: { periodMs: 100, failureThreshold: 3 } },
};
const outage: readonly Bare[] = [start, cut(), advance(1_000), heal(), job()];

const killing: readonly Mutant[] = [
  follows(
    { supervisor: { killAfterMs: 20_500, preStopMs: 2_000 } },
    {
      name: "has a preStop that nobody declared, and is killed within its budget",
      row: "F-222: preStop is taken from the grace period",
      steps: [start, cut(), news(3), term()],
      killedBy: ["shutdown/nothing-accepted-is-lost-in-silence-by-a-stop"],
    },
  ),
  follows(
    { startup: { liveness: "as-readiness" } },
    {
      name: "is not live while NATS is away, and is killed for it",
      row: "F-221: a liveness probe that fails kills the container",
      declared: probed,
      steps: outage,
      killedBy: ["cold-start/liveness-is-independent-of-nats"],
    },
  ),
  follows(
    { supervisor: { startupProbe: { asks: "readiness", periodMs: 100, failureThreshold: 3 } } },
    {
      name: "is killed by a startup probe that asks for NATS",
      row: "F-221: a startup probe that fails kills the container",
      declared: { startup: { strategy: "retry-forever", readiness: "connected" } },
      steps: [cut("none"), start, advance(1_000), heal(), job()],
      killedBy: ["cold-start/liveness-is-independent-of-nats"],
    },
  ),
];

const faulty: readonly Mutant[] = [
  {
    name: "loses with its process what a stream had acknowledged to it",
    row: "F-58: PubAck seen, 1/1 after a kill",
    declared: natsGo,
    does: () => (moment, go) => {
      if (isSignal(moment, "KILL")) emptyStreams(moment);
      go();
    },
    where: underPolicy(demanding(), [start, job(2), kill()]),
    killedBy: ["shutdown/what-was-acked-outlives-a-kill", "durable-path/acked-is-never-lost", "conformance"],
  },
  {
    name: "loses what a work queue holds with the handler that it was given to",
    row: "F-210: a work queue keeps what is not acknowledged, whether it has a consumer or not",
    declared: natsGo,
    does: () => (moment, go) => {
      if (isSignal(moment, "KILL")) emptyStreams(moment);
      go();
    },
    where: underPolicy(demanding({ streams: [{ ...stream, retention: "workqueue" }] }), [
      start,
      replica(1),
      subscribe(1, "hangs"),
      job(2),
      kill(1),
    ]),
    killedBy: ["durable-path/acked-is-never-lost", "conformance"],
  },
  {
    name: "loses with the power what its disk had",
    row: "nats-server: sync_interval, 2 minutes",
    declared: natsGo,
    does: () => (moment, go) => {
      if (isPowerLoss(moment)) emptyStreams(moment);
      go();
    },
    where: underPolicy(demanding(), [
      start,
      job(5),
      advance(120_000),
      fault({ kind: "power-loss", awaits: "noticed" }),
      heal(),
    ]),
    killedBy: ["durable-path/synced-survives-power-loss", "conformance"],
  },
  {
    name: "says of what was stored that nobody answered",
    row: "F-46: an error that proves nothing happened",
    declared: natsGo,
    does: () => (moment, go) =>
      go({
        emit: event =>
          moment.emit(
            event.kind === "published" && event.outcome.is === "acked"
              ? { ...event, outcome: { is: "rejected", kind: "no-responders" } }
              : event,
          ),
      }),
    where: underPolicy(demanding(), [start, job()]),
    killedBy: ["durable-path/an-error-that-proves-nothing-happened-is-true", "conformance"],
  },
  {
    name: "drops at its first connection what was published before it",
    row: "F-67: retry, publish buffered and delivered (5/5)",
    declared: natsGo,
    does: () => (moment, go) =>
      go({
        emit: event => {
          moment.emit(event);
          if (event.kind !== "connection" || event.change !== "connected") return;
          moment.state.pending = [];
          moment.state.pendingBytes = 0;
        },
      }),
    where: underPolicy(demanding(), [cut("none"), start, news(5), heal(), flush()]),
    killedBy: ["cold-start/nothing-is-lost-before-the-first-connection", "conformance"],
  },
  {
    name: "stops without waiting for the handlers that are at work",
    row: "F-143: SIGTERM while a handler is at work, four steps",
    declared: natsGo,
    does: () => (moment, go) => {
      if (isSignal(moment, "TERM")) leaveWork(moment, ({ endsMs: _, ...rest }) => [rest]);
      go();
    },
    where: underPolicy(demanding(), [start, replica(1), subscribeSlow(1, 400), job(), term(1)]),
    killedBy: ["shutdown/a-stop-waits-for-its-handlers", "conformance"],
  },
  {
    name: "acknowledges a message before its handler is through",
    row: "F-143: killed while a handler is at work, the message is given again",
    declared: natsGo,
    does: () => (moment, go) => {
      if (isSignal(moment, "KILL")) leaveWork(moment, () => []);
      go();
    },
    where: underPolicy(demanding(), [
      start,
      replica(1),
      subscribeSlow(1, 400),
      job(),
      kill(1),
      replica(1),
      subscribe(1),
      advance(30_000),
    ]),
    killedBy: ["durable-path/every-stored-message-is-handled", "conformance"],
    beyond: "it shows after six steps: the message is given again to a handler of the next process",
  },
  {
    name: "goes on publishing after it was told to stop",
    row: "seed 000: stop intake first",
    declared: natsGo,
    says: stopsToldEarlier,
    where: underPolicy(demanding(), [start, news(2), term()]),
    killedBy: ["shutdown/nothing-is-accepted-after-intake-stopped"],
  },
];

export const serviceMutants: readonly Mutant[] = [
  ...unfaithful,
  ...streamMutants,
  ...supervised,
  ...killing,
  ...faulty,
  ...handlerMutants,
];

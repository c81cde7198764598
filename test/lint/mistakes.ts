/** A policy without a mistake, and each mistake that `lint` knows as one change to it. */
import type { Policy } from "../../models/vocabulary/policy.ts";

const stream = {
  name: "JOBS",
  subjects: ["job.>", "dead.job"],
  storage: "file",
  duplicateWindowMs: 120_000,
  discard: "old",
  made: "present",
} as const;

export const clean: Policy = {
  version: 1,
  name: "clean",
  why: "nothing is wrong with it",
  families: [
    { subjects: "job.>", durability: "durable", reason: "work" },
    { subjects: "dead.job", durability: "durable", reason: "what could not be handled" },
    { subjects: "news.>", durability: "best-effort", reason: "the next one comes anyway" },
  ],
  classifier: [{ pattern: "job.>" }, { exact: "dead.job" }],
  streams: [stream],
  taps: [],
  publish: { messageIds: [{ subjects: ">", id: "event" }], ackTimeoutMs: 1_000, attemptsMax: 3 },
  consume: {
    durables: "bound",
    ackWaitMs: 30_000,
    deliverMax: -1,
    failures: "dead-letter",
    deadLetterSubject: "dead.job",
  },
  startup: {
    strategy: "retry-with-deadline",
    deadlineMs: 30_000,
    connectTimeoutMs: 2_000,
    jetStreamProbe: "until-usable",
    readiness: "connected-and-durable",
    liveness: "independent",
    whenClosed: "exit",
  },
  shutdown: { strategy: "four-steps", budgetMs: 10_000, forced: true, tellsLoss: true },
  supervisor: { restartMs: 1_000, killAfterMs: 15_000 },
  client: { reconnectWaitMs: 200, reconnectAttemptsMax: -1 },
  demands: [],
};

type Part = "publish" | "consume" | "startup" | "shutdown" | "supervisor" | "client";
const within = <P extends Part>(part: P, change: Partial<Policy[P]>): Policy => ({
  ...clean,
  [part]: { ...clean[part], ...change },
});
const withStream = (change: Partial<Policy["streams"][number]>): Policy => ({
  ...clean,
  streams: [{ ...stream, ...change }],
});
const without = (field: string, data: object): object =>
  Object.fromEntries(Object.entries(data).filter(([name]) => name !== field));
/** Failures are left to the next delivery, so that nothing goes to a dead letter. */
const redelivers = (change: Partial<Policy["consume"]>): Policy => ({
  ...clean,
  consume: {
    ...(without("deadLetterSubject", clean.consume) as Policy["consume"]),
    failures: "redelivered",
    ...change,
  },
});
const startsBy = (strategy: Policy["startup"]["strategy"], change: Partial<Policy["startup"]> = {}): Policy => ({
  ...clean,
  startup: { ...(without("deadlineMs", clean.startup) as Policy["startup"]), strategy, ...change },
});

export interface Mistake {
  readonly id: string;
  readonly what: string;
  readonly policy: Policy;
  readonly severity: "error" | "warning";
  /** Other rules that the change also breaks. */
  readonly also?: readonly string[];
}

export const mistakes: readonly Mistake[] = [
  {
    id: "P001",
    what: "a durable family that no stream takes",
    policy: {
      ...clean,
      families: [{ subjects: "audit.>", durability: "durable", reason: "evidence" }, ...clean.families],
      classifier: [...clean.classifier, { pattern: "audit.>" }],
    },
    severity: "error",
  },
  {
    id: "P003",
    what: "a stream that takes a best-effort family",
    policy: withStream({ subjects: ["job.>", "dead.job", "news.>"] }),
    severity: "error",
  },
  {
    id: "P003",
    what: "a stream that takes more than any family declares",
    policy: withStream({ subjects: ["job.>", "dead.>"] }),
    severity: "error",
  },
  {
    id: "P004",
    what: "a classifier by prefix and suffix that is wider than the stream",
    policy: {
      ...clean,
      classifier: [...clean.classifier, { prefix: "worker.", suffix: ".jobs" }],
      families: [...clean.families, { subjects: "worker.*.jobs", durability: "durable", reason: "work" }],
      streams: [{ ...stream, subjects: [...stream.subjects, "worker.*.jobs"] }],
    },
    severity: "error",
  },
  {
    id: "P005",
    what: "a durable family that the classifier misses",
    policy: { ...clean, classifier: [{ exact: "dead.job" }, { pattern: "job.a" }] },
    severity: "error",
  },
  {
    id: "P006",
    what: "a listener on a subject without a stream",
    policy: {
      ...clean,
      families: [{ subjects: "audit.>", durability: "durable", reason: "evidence" }, ...clean.families],
      classifier: [...clean.classifier, { pattern: "audit.>" }],
      taps: ["audit.>"],
    },
    severity: "error",
    also: ["P001"],
  },
  {
    id: "P007",
    what: "a consumer that waits for no acknowledgement",
    policy: redelivers({ ackPolicy: "none" }),
    severity: "error",
    also: ["P036"],
  },
  {
    id: "P008",
    what: "a drain beside a durable that its library made",
    policy: within("consume", { durables: "created" }),
    severity: "error",
  },
  {
    id: "P009",
    what: "an id that names the thing",
    policy: within("publish", { messageIds: [{ subjects: ">", id: "key" }] }),
    severity: "error",
  },
  {
    id: "P010",
    what: "a duplicate window of 1.5 s beside attempts that last 3 s",
    policy: withStream({ duplicateWindowMs: 1_500 }),
    severity: "error",
  },
  {
    id: "P011",
    what: "3 deliveries of 30 s beside a declared outage of 5 min",
    policy: redelivers({ deliverMax: 3, outlastsMs: 300_000 }),
    severity: "error",
  },
  {
    id: "P012",
    what: "a handler that works for longer than the ack wait",
    policy: within("consume", { handlerMs: 45_000 }),
    severity: "warning",
  },
  {
    id: "P013",
    what: "a durable family in memory",
    policy: withStream({ storage: "memory" }),
    severity: "error",
  },
  {
    id: "P013",
    what: "servers that lose their disk with their pod",
    policy: { ...clean, server: { keepsDisk: false } },
    severity: "warning",
  },
  {
    id: "P014",
    what: "a sync interval of 10 min beside a demand on power loss",
    policy: { ...clean, demands: ["durable-path/synced-survives-power-loss"], server: { syncMs: 600_000 } },
    severity: "warning",
  },
  {
    id: "P015",
    what: "10 attempts in a process that ignores its closed client",
    policy: {
      ...clean,
      startup: { ...clean.startup, whenClosed: "ignore" },
      client: { ...clean.client, reconnectAttemptsMax: 10 },
    },
    severity: "warning",
  },
  {
    id: "P016",
    what: "a buffer that the declared load fills before the declared outage is over",
    policy: {
      ...clean,
      families: clean.families.map(one =>
        one.subjects === "news.>"
          ? { ...one, load: { perSecond: 1_000, bytes: 1_000 }, gaps: { serverRestartMs: 30_000 } }
          : one,
      ),
    },
    severity: "warning",
  },
  {
    id: "P017",
    what: "SIGKILL before the budget of the stop is over",
    policy: within("supervisor", { killAfterMs: 5_000 }),
    severity: "error",
  },
  {
    id: "P017",
    what: "a server that is killed in its lame duck mode",
    policy: { ...clean, server: { killAfterMs: 60_000 } },
    severity: "warning",
  },
  {
    id: "P018",
    what: "liveness that is readiness",
    policy: {
      ...clean,
      startup: { ...clean.startup, liveness: "as-readiness" },
      supervisor: { ...clean.supervisor, liveness: { periodMs: 2_000, failureThreshold: 3 } },
    },
    severity: "error",
  },
  {
    id: "P019",
    what: "JetStream asked for once",
    policy: within("startup", { jetStreamProbe: "once" }),
    severity: "error",
  },
  {
    id: "P020",
    what: "an age of 1 min beside deliveries that last 3 min",
    policy: {
      ...redelivers({ deliverMax: 6 }),
      streams: [{ ...stream, ageMaxMs: 60_000, duplicateWindowMs: 60_000 }],
    },
    severity: "error",
  },
  {
    id: "P020",
    what: "a stream of 10 messages that drops the oldest",
    policy: { ...redelivers({}), streams: [{ ...stream, messagesMax: 10 }] },
    severity: "error",
    also: ["P036"],
  },
  {
    id: "P022",
    what: "an ephemeral consumer of a durable family",
    policy: within("consume", { durables: "ephemeral" }),
    severity: "error",
  },
  {
    id: "P022",
    what: "an ephemeral consumer that begins with the next message",
    policy: within("consume", { durables: "ephemeral", deliverPolicy: "new" }),
    severity: "error",
  },
  {
    id: "P023",
    what: "a stop by close that tells nothing",
    policy: within("shutdown", { strategy: "close", tellsLoss: false }),
    severity: "error",
  },
  {
    id: "P024",
    what: "a startup probe that waits for NATS",
    policy: within("supervisor", { startupProbe: { periodMs: 1_000, failureThreshold: 5, asks: "readiness" } }),
    severity: "error",
  },
  {
    id: "P027",
    what: "one id on two subjects of a stream",
    policy: within("publish", { messageIds: [{ subjects: ">", id: [{ constant: "job" }, "key"] }] }),
    severity: "error",
    also: ["P009"],
  },
  {
    id: "P029",
    what: "a durable stream that acknowledges nothing",
    policy: { ...redelivers({ deliverMax: 20 }), streams: [{ ...stream, noAck: true }] },
    severity: "error",
  },
  {
    id: "P030",
    what: "a consumer with another ack wait than the code asks for",
    policy: within("consume", { stands: { ackWaitMs: 60_000 } }),
    severity: "error",
  },
  {
    id: "P031",
    what: "dead letters that no stream takes",
    policy: {
      ...clean,
      families: clean.families.filter(({ subjects }) => subjects !== "dead.job"),
      streams: [{ ...stream, subjects: ["job.>"] }],
    },
    severity: "error",
    also: ["P004"],
  },
  {
    id: "P032",
    what: "a publish whose error is dropped",
    policy: within("publish", { onError: "dropped" }),
    severity: "error",
  },
  {
    id: "P034",
    what: "one replica on three servers",
    policy: { ...clean, server: { count: 3 } },
    severity: "warning",
  },
  {
    id: "P034",
    what: "three replicas on one server",
    policy: { ...clean, streams: [{ ...stream, replicas: 3 }], server: { count: 1 } },
    severity: "warning",
  },
  {
    id: "P035",
    what: "retention by interest before the consumer is there",
    policy: {
      ...clean,
      streams: [{ ...stream, retention: "interest" }],
      consume: { ...clean.consume, durables: "updated" },
    },
    severity: "error",
  },
  {
    id: "P036",
    what: "a poison message that is demanded to end, and never does",
    policy: { ...redelivers({}), demands: ["durable-path/a-poison-message-ends"] },
    severity: "error",
  },
  {
    id: "P037",
    what: "a failed message that is acknowledged",
    policy: redelivers({ failures: "acknowledged" }),
    severity: "error",
  },
  {
    id: "P038",
    what: "room for two hung handlers, and no limit of deliveries",
    policy: within("consume", { ackPendingMax: 2 }),
    severity: "error",
  },
  {
    id: "P039",
    what: "a consumer that begins with the next message",
    policy: within("consume", { durables: "updated", deliverPolicy: "new" }),
    severity: "error",
  },
  {
    id: "P040",
    what: "attempts without an id",
    policy: within("publish", { messageIds: [] }),
    severity: "error",
  },
  {
    id: "P041",
    what: "attempts of 3 s beside a declared outage of 30 s",
    policy: within("publish", { outlastsMs: 30_000 }),
    severity: "error",
  },
  {
    id: "P042",
    what: "another id than the family declares",
    policy: {
      ...clean,
      families: clean.families.map(one => (one.subjects === "job.>" ? { ...one, idRule: ["subject", "event"] } : one)),
    },
    severity: "warning",
  },
  {
    id: "P043",
    what: "a drain that nobody waits for",
    policy: within("shutdown", { strategy: "drain-not-awaited", tellsLoss: false }),
    severity: "warning",
    also: ["P023"],
  },
  {
    id: "P044",
    what: "a stop that waits for a hung handler without an end",
    policy: {
      ...clean,
      shutdown: { ...clean.shutdown, forced: false },
      supervisor: { ...clean.supervisor, killAfterMs: 40_000 },
    },
    severity: "error",
    also: ["P023"],
  },
  {
    id: "P045",
    what: "publishes that are taken while stopping",
    policy: within("shutdown", { intake: "open" }),
    severity: "error",
  },
  {
    id: "P046",
    what: "readiness that says only that the process runs",
    policy: within("startup", { readiness: "process" }),
    severity: "error",
  },
  {
    id: "P046",
    what: "readiness that says only that the client is connected",
    policy: within("startup", { readiness: "connected" }),
    severity: "error",
  },
  {
    id: "P047",
    what: "a start that retries for ever with refused credentials",
    policy: startsBy("retry-forever", { whenClosed: "ignore" }),
    severity: "error",
  },
];

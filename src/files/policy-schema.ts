/** The shape of a policy file. Strict: unknown fields and contradictions are refused, and everything has a bound. */
import { z } from "zod";
import { notModelled } from "../../models/policy/not-modelled.ts";
import { overlap } from "../../models/policy/pattern.ts";
import { areMadeByOperator, asStands, drifted } from "../../models/policy/two-sides.ts";
import type { ConsumePolicy, ConsumerSettings, Policy } from "../../models/vocabulary/policy.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { BadInput } from "../errors.ts";
import { checkShape, type FilePlace, parseJson, placeText, whole } from "./json.ts";
import { nearest } from "./nearest.ts";

const dayMs = 86_400_000;
const listMax = 200;
const subjectCharsMax = 128;

const isToken = (token: string): boolean => /^[^\s.*>]+$/.test(token);

/** A `$` begins the server's own subjects. */
const isSubject = (text: string): boolean => !text.startsWith("$") && text.split(".").every(isToken);

function isPattern(text: string): boolean {
  const tokens = text.split(".");
  const last = tokens.pop() ?? "";
  return (
    !text.startsWith("$") && tokens.every(one => one === "*" || isToken(one)) && (/^[*>]$/.test(last) || isToken(last))
  );
}

export const subjectShape = z
  .string()
  .max(subjectCharsMax)
  .refine(isSubject, "must be a NATS subject: tokens parted by dots, without spaces, * and >, not beginning with $");
export const patternShape = z
  .string()
  .max(subjectCharsMax)
  .refine(
    isPattern,
    "must be a NATS subject pattern: tokens parted by dots, of which any may be * and the last >, not beginning with $",
  );
const streamPattern = patternShape.refine(
  one => one !== ">",
  "is every subject: the server gives such a stream no acknowledgements",
);
/** A part of a subject, which may end in the middle of a token. */
const part = z
  .string()
  .max(subjectCharsMax)
  .regex(/^[^\s*>]+$/, "must be a part of a subject: one or more letters, without spaces, * and >");
const sentence = z.string().min(1).max(2_000);
const list = <T extends z.ZodType>(of: T): z.ZodArray<T> => z.array(of).max(listMax);

const classifierRule = z
  .strictObject({
    exact: subjectShape.optional(),
    pattern: patternShape.optional(),
    prefix: part.optional(),
    suffix: part.optional(),
  })
  .refine(
    ({ exact, pattern, prefix, suffix }) =>
      [exact !== undefined, pattern !== undefined, prefix !== undefined || suffix !== undefined].filter(Boolean)
        .length === 1,
    "must have exactly one form: exact, pattern, or prefix and suffix (either or both)",
  );

const stream = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 letters, digits, _ and -"),
  subjects: list(streamPattern).min(1),
  storage: z.enum(["file", "memory"]),
  duplicateWindowMs: whole(100, 30 * dayMs),
  messagesMax: whole(1, 1_000_000_000).optional(),
  bytesMax: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  messagesPerSubjectMax: whole(1, 1_000_000_000).optional(),
  discardsNewPerSubject: z.boolean().optional(),
  messageBytesMax: whole(1, 67_108_864).optional(),
  ageMaxMs: whole(100, 3_650 * dayMs).optional(),
  discard: z.enum(["old", "new"]),
  retention: z.enum(["limits", "workqueue", "interest"]).optional(),
  noAck: z.boolean().optional(),
  replicas: whole(1, 5).optional(),
  declared: z
    .array(z.enum(["mirror", "sources", "subject_transform", "republish"]))
    .max(4)
    .optional(),
  made: z.enum(["created", "present"]),
});

const constant = z.string().regex(/^[!-~]{1,64}$/, "must be 1 to 64 printable characters without spaces");
const idPart = z.union([z.enum(["event", "key", "subject"]), z.strictObject({ constant })]);
const messageIdShape = z.union(
  [z.enum(["event", "key"]), z.array(idPart).min(1, "must have a part").max(8)],
  'must be "event", "key", or a list of parts: "event", "key", "subject" and { "constant": … }',
);

const gapsAllowed = z
  .strictObject({
    serverRestartMs: whole(0, dayMs),
    clientRestartMs: whole(0, dayMs),
    rolloutMs: whole(0, dayMs),
    failoverMs: whole(0, dayMs),
  })
  .partial();

const payloadBytes = whole(0, 67_108_864);
const sharesMax = 20;
const load = z.strictObject({
  perSecond: z.number("must be a number of messages a second").positive().max(1_000_000),
  bytes: z.union(
    [
      payloadBytes,
      z
        .array(z.strictObject({ bytes: payloadBytes, share: z.number().positive().max(1) }))
        .min(1)
        .max(sharesMax)
        .refine(
          shares => Math.abs(shares.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-6,
          "must have shares that add up to 1",
        ),
    ],
    'must be a number of bytes, or a list of { "bytes": …, "share": … } whose shares add up to 1',
  ),
});

const family = z
  .strictObject({
    subjects: patternShape,
    durability: z.enum(["durable", "best-effort"]),
    reason: sentence,
    gapMs: whole(1, dayMs).optional(),
    owner: z.string().min(1).max(200).optional(),
    publishPath: z.enum(["js-ack", "js-async", "core"]).optional(),
    gaps: gapsAllowed.optional(),
    healedBy: z.enum(["period", "poll", "re-register"]).optional(),
    healsWithinMs: whole(1, 30 * dayMs).optional(),
    staleAfterMs: whole(1, 3_650 * dayMs).optional(),
    duplicatesTolerated: z.boolean().optional(),
    idRule: z.union([z.literal("none"), messageIdShape]).optional(),
    load: load.optional(),
  })
  .refine(({ durability, gapMs }) => durability === "best-effort" || gapMs === undefined, {
    path: ["gapMs"],
    error: "is for a best-effort family: what is durable is stored, and its consumers come to it later",
  })
  .refine(({ durability, publishPath }) => durability === "best-effort" || publishPath !== "core", {
    path: ["publishPath"],
    error:
      'is "core", which stores nothing that the publisher could rely on: a durable family needs "js-ack" or "js-async"',
  })
  .refine(({ healedBy, healsWithinMs }) => healedBy !== undefined || healsWithinMs === undefined, {
    path: ["healsWithinMs"],
    error: "means nothing without healedBy",
  });

const publish = z
  .strictObject({
    messageIds: list(z.strictObject({ subjects: patternShape, id: messageIdShape })),
    ackTimeoutMs: whole(1, dayMs),
    attemptsMax: whole(1, 100),
    outlastsMs: whole(1, dayMs).optional(),
    noResponders: z.strictObject({ retries: whole(0, 100), waitMs: whole(1, dayMs) }).optional(),
    onError: z
      .union(
        [
          z.enum(["returned", "dropped"]),
          z.strictObject({
            retries: whole(1, 100),
            waitMs: whole(1, dayMs),
            lastError: z.enum(["returned", "dropped"]).optional(),
          }),
        ],
        'must be "returned", "dropped", or { "retries": …, "waitMs": … }, and "lastError": "dropped" where that is',
      )
      .optional(),
  })
  .refine(({ noResponders, ackTimeoutMs }) => noResponders === undefined || noResponders.waitMs <= ackTimeoutMs, {
    path: ["noResponders", "waitMs"],
    error: "is longer than ackTimeoutMs: the client would sleep beyond the end of the attempt",
  });

const backoffLengthMax = 100;

const orNoBound = whole(-1, 1_000_000).refine(most => most !== 0, "must be at least 1, or -1 for no bound");
const waits = z.array(whole(1, dayMs)).max(backoffLengthMax);

const consumerSettings = {
  ackWaitMs: whole(1, dayMs),
  backoffMs: waits.min(1).optional(),
  deliverMax: orNoBound,
  ackPendingMax: orNoBound.optional(),
  deliverPolicy: z.enum(["all", "new", "last", "last-per-subject"]).optional(),
  ackPolicy: z.enum(["explicit", "none", "all"]).optional(),
  inactiveThresholdMs: whole(1, 30 * dayMs).optional(),
} as const;

const consume = z
  .strictObject({
    durables: z.enum(["created", "bound", "updated", "ephemeral"]),
    ...consumerSettings,
    stands: z
      .strictObject({ ...consumerSettings, backoffMs: waits })
      .partial()
      .optional(),
    deliverSubject: subjectShape.optional(),
    deliverGroup: z
      .string()
      .min(1)
      .max(subjectCharsMax)
      .refine(isToken, "must be the name of a queue group")
      .optional(),
    failures: z.enum(["acknowledged", "dead-letter", "redelivered"]),
    deadLetterSubject: subjectShape.optional(),
    handlerMs: whole(1, dayMs).optional(),
    outlastsMs: whole(1, dayMs).optional(),
  })
  .refine(({ failures, deadLetterSubject }) => failures !== "dead-letter" || deadLetterSubject !== undefined, {
    path: ["deadLetterSubject"],
    error: "is missing: failures are stored there",
  })
  .refine(({ failures, deadLetterSubject }) => failures === "dead-letter" || deadLetterSubject === undefined, {
    path: ["deadLetterSubject"],
    error: 'means nothing unless failures is "dead-letter"',
  })
  .refine(({ deliverSubject, deliverGroup }) => deliverGroup === undefined || deliverSubject !== undefined, {
    path: ["deliverGroup"],
    error: "means nothing without deliverSubject: only a consumer that pushes has a group",
  })
  .check(({ value, issues }) => {
    const refuse = (path: FilePlace, message: string): void =>
      void issues.push({ code: "custom", path: [...path], message, input: value });
    refuseSettings(value as ConsumePolicy, [], refuse);
    if (value.stands !== undefined) refuseStanding(value as ConsumePolicy, refuse);
  });

/** Refuses what the server refuses of a consumer, or has in another way. */
function refuseSettings(
  { backoffMs = [], deliverMax, ackWaitMs }: ConsumerSettings,
  at: FilePlace,
  refuse: Refuse,
): void {
  if (deliverMax >= 0 && deliverMax < backoffMs.length)
    refuse([...at, "deliverMax"], "is less than the number of waits in backoffMs, which the server refuses");
  if (backoffMs.length > 0 && backoffMs[0] !== ackWaitMs)
    refuse([...at, "ackWaitMs"], "is not the first wait of backoffMs, which the server puts in its place");
}

const defaults: Partial<ConsumerSettings> = { deliverPolicy: "all", ackPolicy: "explicit", backoffMs: [] };

/** The operator's consumer is one that the server takes, and another one than the code asks for. */
function refuseStanding(asked: ConsumePolicy, refuse: Refuse): void {
  const names = drifted(asked);
  if (asked.durables === "ephemeral")
    refuse(["stands"], "means nothing: an ephemeral consumer has no name that another could have");
  if (names.length === 0) refuse(["stands"], "names no setting: leave it out where the two sides agree");
  for (const name of names)
    if (JSON.stringify(asked.stands?.[name]) === JSON.stringify(asked[name] ?? defaults[name]))
      refuse(["stands", name], "is what the code asks for: leave it out, since the two sides agree in it");
  refuseSettings(asStands(asked), ["stands"], refuse);
}

const startup = z
  .strictObject({
    strategy: z.enum(["fail-fast", "retry-with-deadline", "retry-forever", "wait-outside"]),
    deadlineMs: whole(1, dayMs).optional(),
    connectTimeoutMs: whole(1, 600_000),
    jetStreamProbe: z.enum(["once", "until-usable", "none"]),
    readiness: z.enum(["process", "connected", "connected-and-durable"]),
    liveness: z.enum(["independent", "as-readiness"]),
    whenClosed: z.enum(["exit", "ignore"]),
  })
  .refine(({ strategy, deadlineMs }) => strategy !== "retry-with-deadline" || deadlineMs !== undefined, {
    path: ["deadlineMs"],
    error: "is missing: the strategy is retry-with-deadline",
  })
  .refine(({ strategy, deadlineMs }) => strategy === "retry-with-deadline" || deadlineMs === undefined, {
    path: ["deadlineMs"],
    error: 'means nothing unless the strategy is "retry-with-deadline"',
  });

const waitsInTurn = "subscriptions-waited-then-close";
const mayTimeOut: readonly string[] = [waitsInTurn, "drain"];

const shutdown = z
  .strictObject({
    strategy: z.enum([
      ...([
        "exit",
        "close",
        "subscriptions-then-close",
        waitsInTurn,
        "drain",
        "drain-not-awaited",
        "four-steps",
      ] as const),
    ]),
    drainTimeoutMs: whole(1, dayMs).optional(),
    intake: z.enum(["refused", "open"]).optional(),
    budgetMs: whole(1, dayMs),
    forced: z.boolean(),
    tellsLoss: z.boolean(),
  })
  .refine(({ strategy, drainTimeoutMs }) => strategy !== waitsInTurn || drainTimeoutMs !== undefined, {
    path: ["drainTimeoutMs"],
    error: `is missing: the strategy is ${waitsInTurn}`,
  })
  .refine(({ strategy, drainTimeoutMs }) => mayTimeOut.includes(strategy) || drainTimeoutMs === undefined, {
    path: ["drainTimeoutMs"],
    error: `means nothing unless the strategy is "${waitsInTurn}" or "drain"`,
  });

const restartWait = whole(0, dayMs);
const rises = (waits: readonly number[]): boolean => waits.every((ms, i) => ms >= (waits[i - 1] ?? 0));

const killingProbe = {
  initialDelayMs: whole(0, dayMs).optional(),
  periodMs: whole(1, dayMs),
  failureThreshold: whole(1, 1_000),
} as const;

const supervisor = z
  .strictObject({
    restartMs: z.union(
      [restartWait, z.array(restartWait).min(1).max(20).refine(rises)],
      "must be a number of milliseconds, or a list of up to 20 waits, of which none is shorter than the one before",
    ),
    killAfterMs: whole(1, dayMs),
    preStopMs: whole(0, dayMs).optional(),
    liveness: z.strictObject(killingProbe).optional(),
    startupProbe: z.strictObject({ ...killingProbe, asks: z.enum(["liveness", "readiness"]).optional() }).optional(),
    replicas: whole(0, 10_000).optional(),
    memoryBytesMax: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  })
  .refine(({ killAfterMs, preStopMs = 0 }) => preStopMs < killAfterMs, {
    path: ["preStopMs"],
    error: "leaves nothing of killAfterMs: it is a part of the grace period",
  });

const server = z
  .strictObject({
    count: whole(1, 100),
    killAfterMs: whole(1, dayMs),
    lameDuckMs: whole(1, dayMs),
    syncMs: whole(0, dayMs),
    keepsDisk: z.boolean(),
  })
  .partial();

/** The options of a client that a policy may set; a scenario's options have the same bounds. */
export const clientOptions = {
  reconnectBufferBytesMax: whole(-1, 67_108_864),
  // These waits stay well below the time that the harness waits for a client to notice and to come back.
  reconnectWaitMs: whole(1, 3_000),
  reconnectJitterMs: whole(1, 3_000),
  reconnectAttemptsMax: whole(-1, 1_000),
  // A live lane has no more ports.
  servers: z
    .int("must be the number of servers in the client's pool, whose addresses are the harness's own")
    .min(1)
    .max(5),
  pingIntervalMs: whole(20, 5_000),
  pingsOutMax: whole(1, 10),
} as const;

const demand = z.string().max(200);

export const policyName = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A policy as it is in memory, with every default filled in. */
export const policyWhole = z.strictObject({
  $schema: z.string().max(500).optional(),
  version: z.literal(1),
  name: z.string().regex(policyName, "must be 1 to 63 of a-z, 0-9 and -, not beginning with -, as the file's name"),
  why: sentence,
  families: list(family).min(1),
  classifier: list(classifierRule),
  streams: list(stream),
  taps: list(patternShape).default([]),
  publish,
  consume,
  startup,
  shutdown,
  supervisor,
  client: z.strictObject(clientOptions).partial().default({}),
  server: server.optional(),
  demands: list(demand),
});

export const policyShape = policyWhole
  .extend({
    demands: z
      .union([z.literal("all"), list(demand)])
      .default([])
      .transform(said => (said === "all" ? catalogue.map(one => one.id) : said)),
  })
  .check(({ value, issues }) => {
    const refuse = (path: FilePlace, message: string): void =>
      void issues.push({ code: "custom", path: [...path], message, input: value });
    refuseStreams(value.streams, refuse);
    refuseLimits(value.streams, refuse);
    refuseOnQueue(value as Policy, refuse);
    refuseDemands(value.demands, refuse);
    if (areMadeByOperator(value as Policy)) refuseUnmade(value as Policy, refuse);
  });

/** Refuses what the server refuses of one stream: stream.go of nats-server 2.15.2, checkStreamCfg. */
function refuseLimits(streams: readonly z.infer<typeof stream>[], refuse: Refuse): void {
  streams.forEach((one, i) => {
    const at = (field: string): FilePlace => ["streams", i, field];
    if (one.discardsNewPerSubject === true && (one.discard !== "new" || one.messagesPerSubjectMax === undefined))
      refuse(at("discardsNewPerSubject"), 'needs discard "new" and messagesPerSubjectMax, as the server says');
    if (one.ageMaxMs !== undefined && one.duplicateWindowMs > one.ageMaxMs)
      refuse(at("duplicateWindowMs"), `is longer than ageMaxMs, ${one.ageMaxMs}, which the server refuses`);
  });
}

type Refuse = (path: FilePlace, message: string) => void;

/** Refuses what the server refuses: two streams of one name, and subjects that overlap, within a stream or between two. */
function refuseStreams(streams: readonly { name: string; subjects: readonly string[] }[], refuse: Refuse): void {
  const before: { readonly name: string; readonly subject: string }[] = [];
  streams.forEach(({ name, subjects }, i) => {
    if (streams.findIndex(one => one.name === name) < i)
      refuse(["streams", i, "name"], `the stream name ${name} is used twice`);
    subjects.forEach((subject, j) => {
      const other = before.find(one => overlap(one.subject, subject));
      if (other !== undefined)
        refuse(
          ["streams", i, "subjects", j],
          `${subject} overlaps with ${other.subject} of ${other.name}, which the server refuses`,
        );
      before.push({ name, subject });
    });
  });
}

/** Refuses what the server refuses of a consumer of a work queue (F-210 of docs/facts.md). */
function refuseOnQueue({ streams, consume }: Policy, refuse: Refuse): void {
  if (!streams.some(one => one.retention === "workqueue")) return;
  const { deliverPolicy = "all", ackPolicy = "explicit" } = asStands(consume);
  if (deliverPolicy !== "all")
    refuse(["consume", "deliverPolicy"], 'must be "all" on a work queue, as the server says');
  if (ackPolicy !== "explicit")
    refuse(["consume", "ackPolicy"], `must not be "${ackPolicy}" on a work queue, as the server says`);
}

/** A consumer that was there before the bus needs a stream that was there before it. */
function refuseUnmade({ streams, consume: { durables } }: Policy, refuse: Refuse): void {
  const why =
    durables === "bound"
      ? 'so there is no consumer that consume.durables "bound" could bind to: write "present" here, or durables "created"'
      : 'so no consumer can be there before it as consume.stands says: write "present" here, or leave that out';
  streams.forEach(({ made }, i) => {
    if (made === "created") refuse(["streams", i, "made"], `is "created" by the bus, ${why}`);
  });
}

function refuseDemands(demands: readonly string[], refuse: Refuse): void {
  demands.forEach((id, i) => {
    if (demands.indexOf(id) < i) refuse(["demands", i], `${id} is demanded twice`);
    if (!catalogue.some(one => one.id === id))
      refuse(
        ["demands", i],
        `there is no property ${id}; the nearest is ${nearest(
          id,
          catalogue.map(one => one.id),
        )}`,
      );
  });
}

/** The JSON Schema that policy files name in `$schema`. */
export const policyJsonSchema = (): object => z.toJSONSchema(policyShape, { io: "input" });

/** Parses and validates a policy's text. @throws BadInput with file, place and reason. */
export const parsePolicy = (text: string, file: string): Policy => checkPolicy(parseJson(text, file), file);

/** Validates a policy given as data. @throws BadInput */
export const checkPolicy = (data: unknown, file: string): Policy => mustBeModelled(writtenPolicy(data, file), file);

/** The same for a policy that no question is asked about: it may have parts that are refused then. @throws BadInput */
export const writtenPolicy = (data: unknown, file: string): Policy =>
  checkShape(policyShape, data, file, [], "a policy") as Policy;

/** @throws BadInput where an answer about the policy could be false; `path`: its place in the file */
export function mustBeModelled(policy: Policy, file: string, path: FilePlace = []): Policy {
  const left = notModelled(policy).find(one => one.falsifies);
  if (left === undefined) return policy;
  const reason = `is not modelled, and an answer without it could be false: ${left.means}`;
  throw new BadInput(file, placeText([...path, ...left.place]), reason);
}

/**
 * The policy that streams, consumers and a deployment come to. What no file says is assumed: each assumption is what happens where a
 * service's code does nothing about it, and is listed with its reason.
 */

import { notModelled } from "../../../models/policy/not-modelled.ts";
import { overlap } from "../../../models/policy/pattern.ts";
import { termToKillMs } from "../../../models/policy/stops.ts";
import type { ServerPolicy } from "../../../models/vocabulary/expectation.ts";
import type {
  ConsumePolicy,
  ConsumerSettings,
  Policy,
  StreamExtra,
  StreamPolicy,
} from "../../../models/vocabulary/policy.ts";
import { BadInput } from "../../errors.ts";
import { type Assume, type Assumed, boundedIn, type Tell, type ToFill } from "./assumed.ts";
import {
  completeConsumer,
  completeStream,
  type FoundThing,
  type ImportedConsumer,
  type ImportedDeployment,
  type ImportedStream,
} from "./canonical.ts";
import { type NotCarried, placeOf, type Where } from "./spot.ts";
import { clientOf, serverOf, startupOf, supervisorOf } from "./to-service.ts";

export interface Mapped {
  readonly policy: unknown;
  readonly notCarried: readonly NotCarried[];
  readonly toFill: readonly ToFill[];
}

export interface FoundThings {
  readonly streams: readonly FoundThing<ImportedStream>[];
  readonly consumers: readonly FoundThing<ImportedConsumer>[];
  readonly deployments: readonly FoundThing<ImportedDeployment>[];
  readonly servers: readonly FoundThing<ServerPolicy>[];
}

/** Fields of a consumer that a policy does not hold; each is told unless it has the value that changes nothing. */
const notHeldOfConsumers: readonly (readonly [field: keyof ImportedConsumer, unless: unknown, means: string])[] = [
  ["filterSubjects", [], "a policy's consumer takes every subject of its stream"],
];

const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;

export function toPolicy(found: FoundThings, name: string): Mapped {
  const notCarried: NotCarried[] = [];
  const toFill: ToFill[] = [];
  const tell = (where: Where, means: string): void => void notCarried.push({ ...where, means });
  const assume = <V extends Assumed>(place: string, value: V, why: string): V => {
    toFill.push({ place, default: value, why });
    return value;
  };
  const streams = found.streams.flatMap(one => streamOf(one, tell));
  refuseOverlaps(found.streams);
  const durable = streams.length > 0;
  const subjects = streams.flatMap(one => one.subjects.map(subject => ({ subject, stream: one.name })));
  if (durable) assumeStreams(assume);
  const supervisor = supervisorOf(found.deployments, tell, assume);
  const termMs = termToKillMs(supervisor);
  const policy: Policy = {
    version: 1,
    name,
    why: `Read from ${filesOf(found)}. Where no file answers, a default was assumed; see the list that the import printed.`,
    families: durable
      ? subjects.map(({ subject, stream }) => ({
          subjects: subject,
          durability: "durable",
          reason: `the stream ${stream} captures it (assumed: nobody has declared it)`,
        }))
      : [{ subjects: ">", durability: "best-effort", reason: "no file has a stream" }],
    classifier: subjects.map(({ subject }) => (/[*>]/.test(subject) ? { pattern: subject } : { exact: subject })),
    streams,
    taps: [],
    publish: {
      messageIds: [],
      ackTimeoutMs: assume("publish.ackTimeoutMs", 5_000, "the time that nats.go waits for an acknowledgement"),
      attemptsMax: assume("publish.attemptsMax", 1, "the service does not try again by itself"),
    },
    consume: consumeOf(found.consumers, tell, assume),
    startup: startupOf(found.deployments, assume, durable),
    shutdown: {
      strategy: assume("shutdown.strategy", "exit", "a process that does nothing about SIGTERM ends at once"),
      budgetMs: assume(
        "shutdown.budgetMs",
        Math.max(1, termMs - Math.min(5_000, Math.floor(termMs / 2))),
        `a stop must end before SIGKILL, which comes ${termMs} ms after SIGTERM`,
      ),
      forced: assume("shutdown.forced", false, "nothing but the supervisor ends a stop that takes too long"),
      tellsLoss: assume("shutdown.tellsLoss", false, "a client does not report what it has not sent"),
    },
    supervisor,
    client: clientOf(found.deployments, tell),
    ...serverOf(found.servers, tell),
    demands: [],
  };
  toFill.push({
    place: "publish.messageIds",
    default: null,
    why: "no message has an id (Nats-Msg-Id), so a retry may be stored twice",
  });
  toFill.push({
    place: "demands",
    default: null,
    why: "nothing is demanded: what breaks is named, and is not in the verdict",
  });
  refuseFalse(policy, found);
  return { policy, notCarried, toFill };
}

/** The policy's form of one stream. One that a policy cannot hold at all is told as a whole. */
function streamOf(found: FoundThing<ImportedStream>, tell: Tell): readonly StreamPolicy[] {
  const stream = completeStream(found);
  const reason = whyNotHeld(stream);
  if (reason !== undefined) {
    tell(found.where, `the stream ${stream.name}: ${reason}`);
    return [];
  }
  const within = boundedIn(found, tell);
  const limits = limitsOf(stream, within);
  // Without such a limit the server refuses it, and there is nothing to refuse by.
  const bySubject =
    stream.discardsNewPerSubject && stream.discard === "new" && limits.messagesPerSubjectMax !== undefined;
  const declared = stream.declared.filter(isExtra);
  return [
    {
      name: stream.name,
      subjects: stream.subjects,
      storage: stream.storage,
      duplicateWindowMs: within("duplicateWindowMs", stream.duplicateWindowMs, 100, 30 * dayMs),
      ...limits,
      discard: stream.discard,
      ...(bySubject ? { discardsNewPerSubject: true } : {}),
      ...(stream.retention === "limits" ? {} : { retention: stream.retention }),
      ...(stream.noAck ? { noAck: true } : {}),
      ...(stream.replicas === 1 ? {} : { replicas: within("replicas", stream.replicas, 1, 5) }),
      ...(declared.length === 0 ? {} : { declared }),
      made: "present",
    },
  ];
}

const extras: readonly StreamExtra[] = ["mirror", "sources", "subject_transform", "republish"];
const isExtra = (word: string): word is StreamExtra => extras.some(one => one === word);

type Within<T> = (field: keyof T, value: number, min: number, max: number) => number;

/** The least and the most that a policy holds of each limit of a stream. */
const limitBounds = {
  messagesMax: { min: 1, max: 1_000_000_000 },
  bytesMax: { min: 1, max: Number.MAX_SAFE_INTEGER },
  messagesPerSubjectMax: { min: 1, max: 1_000_000_000 },
  messageBytesMax: { min: 1, max: 67_108_864 },
  ageMaxMs: { min: 100, max: 3_650 * dayMs },
} as const;
type LimitName = keyof typeof limitBounds;

function limitsOf(stream: ImportedStream, within: Within<ImportedStream>): Partial<Record<LimitName, number>> {
  const names = Object.keys(limitBounds) as LimitName[];
  return Object.fromEntries(
    names.flatMap(name => {
      const value = stream[name];
      const { min, max } = limitBounds[name];
      return value === undefined ? [] : [[name, within(name, value, min, max)]];
    }),
  );
}

/** Refuses a policy about which an answer could be false, at the place in the file that says so. @throws BadInput */
function refuseFalse(policy: Policy, { streams, consumers }: FoundThings): void {
  const part = notModelled(policy).find(one => one.falsifies);
  if (part === undefined) return;
  const [of, i, field] = part.place;
  const name = of === "streams" ? policy.streams[Number(i)]?.name : undefined;
  const stream = streams.find(one => one.given.name === name);
  const place =
    of === "streams"
      ? (stream?.places[field as keyof ImportedStream] ?? stream?.where)
      : (consumers[0]?.places[String(i) as keyof ImportedConsumer] ?? consumers[0]?.where);
  throw new BadInput(
    place === undefined ? policy.name : placeOf(place),
    place?.key ?? "",
    `${name === undefined ? "" : `of ${name} `}is not modelled, and an answer without it could be false: ${part.means}. Leave it out to ask about the rest`,
  );
}

function whyNotHeld({ name, subjects }: ImportedStream): string | undefined {
  if (subjects.length === 0) return "it mirrors another stream, and no service publishes to it";
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) return "a policy's stream has a name of 1 to 64 letters, digits, _ and -";
  if (subjects.some(one => one.startsWith("$")))
    return "its subjects begin with $, as those of key-value and object buckets do";
  if (subjects.includes(">"))
    return "it captures every subject, and the server gives such a stream no acknowledgements";
  const odd = subjects.find(one => one.length > 128 || /\s/.test(one) || one.split(".").includes(""));
  return odd === undefined ? undefined : `${odd} is no subject that a policy holds`;
}

function tellNotHeld<T>(
  { places, where }: FoundThing<T>,
  thing: T,
  table: readonly (readonly [field: keyof T, unless: unknown, means: string])[],
  tell: Tell,
): void {
  for (const [field, unless, means] of table) {
    const value = thing[field];
    if (JSON.stringify(value) === JSON.stringify(unless)) continue;
    const place = places[field];
    tell(
      place ?? where,
      place === undefined ? `${String(field)} is ${JSON.stringify(value)} by default: ${means}` : means,
    );
  }
}

/** The server refuses two streams on one subject, so the files are not of one account. @throws BadInput */
function refuseOverlaps(streams: readonly FoundThing<ImportedStream>[]): void {
  const kept = streams.filter(one => whyNotHeld(completeStream(one)) === undefined);
  const all = kept.flatMap(one => completeStream(one).subjects.map(subject => ({ subject, one })));
  for (const [i, { subject, one }] of all.entries()) {
    const other = all.slice(0, i).find(before => overlap(before.subject, subject));
    if (other === undefined) continue;
    const where = one.places.subjects ?? one.where;
    const before = other.one.places.subjects ?? other.one.where;
    throw new BadInput(
      placeOf(where),
      where.key,
      `${subject} overlaps with ${other.subject} of ${other.one.given.name} at ${placeOf(before)}, which the server refuses within one account: import the files of one account at a time`,
    );
  }
}

function assumeStreams(assume: Assume): void {
  assume("families[].durability", "durable", "a stream captures the subjects");
  assume("classifier", "the families", "the service publishes through JetStream exactly what the streams capture");
  assume("streams[].made", "present", "the files make the streams, so the service need not");
}

function consumeOf(consumers: readonly FoundThing<ImportedConsumer>[], tell: Tell, assume: Assume): Policy["consume"] {
  const failures = assume("consume.failures", "redelivered", "a handler that fails does not acknowledge its message");
  const [first, ...others] = consumers;
  if (first === undefined)
    return {
      durables: assume(
        "consume.durables",
        "created",
        "no file makes a consumer, so the library makes it for the first subscriber",
      ),
      ackWaitMs: assume("consume.ackWaitMs", 30_000, "the server's default"),
      deliverMax: assume("consume.deliverMax", -1, "the server's default: no bound"),
      failures,
    };
  const taken = completeConsumer(first);
  tellNotHeld(first, taken, notHeldOfConsumers, tell);
  for (const other of others) tellOther(other, first, tell);
  const within = boundedIn(first, tell);
  const isBound = consumers.some(one => completeConsumer(one).durable);
  if (!isHeldBeginning(taken.deliverPolicy)) tell(first.places.deliverPolicy ?? first.where, beginsElsewhere);
  if (first.given.ackWaitMs === undefined && taken.backoffMs.length === 0)
    assume("consume.ackWaitMs", taken.ackWaitMs, "the default of the server: the consumer has none");
  if (first.given.deliverMax === undefined)
    assume("consume.deliverMax", -1, "the default of the server: the consumer has none");
  return {
    durables: isBound ? "bound" : "ephemeral",
    // The server takes the first wait of a backoff in place of the ack wait.
    ackWaitMs: within("ackWaitMs", ackWaitOf(taken), 1, dayMs),
    deliverMax: within("deliverMax", taken.deliverMax, -1, 1_000_000),
    ...(taken.backoffMs.length === 0
      ? {}
      : { backoffMs: taken.backoffMs.map(ms => within("backoffMs", ms, 1, dayMs)) }),
    ...(taken.ackPendingMax === undefined
      ? {}
      : { ackPendingMax: within("ackPendingMax", taken.ackPendingMax, -1, 1_000_000) }),
    ...declaredOf(taken, within),
    failures,
  };
}

const beginsElsewhere = "a policy's consumer begins at the first message, the last one or the next";

const isHeldBeginning = (policy: string): boolean => policy in beginnings;

const beginnings: Readonly<Record<string, NonNullable<ConsumerSettings["deliverPolicy"]> | undefined>> = {
  all: undefined,
  new: "new",
  last: "last",
  last_per_subject: "last-per-subject",
};

/** The settings that most consumers leave as they are by default. */
function declaredOf(taken: ImportedConsumer, within: Within<ImportedConsumer>): Partial<ConsumePolicy> {
  const deliverPolicy = beginnings[taken.deliverPolicy];
  const { ackPolicy, inactiveThresholdMs, deliverSubject, deliverGroup } = taken;
  return {
    ...(deliverPolicy === undefined ? {} : { deliverPolicy }),
    ...(ackPolicy === "explicit" ? {} : { ackPolicy }),
    ...(inactiveThresholdMs === undefined || inactiveThresholdMs === 0
      ? {}
      : { inactiveThresholdMs: within("inactiveThresholdMs", inactiveThresholdMs, 1, 30 * dayMs) }),
    ...(deliverSubject === undefined ? {} : { deliverSubject }),
    ...(deliverSubject === undefined || deliverGroup === undefined ? {} : { deliverGroup }),
  };
}

const ackWaitOf = ({ backoffMs, ackWaitMs }: ImportedConsumer): number => backoffMs[0] ?? ackWaitMs;
const shownConsumer = ({ given }: FoundThing<ImportedConsumer>): string => given.name ?? "without a name";

/** A policy has one kind of consumer: the first one's values hold for all. */
function tellOther(other: FoundThing<ImportedConsumer>, first: FoundThing<ImportedConsumer>, tell: Tell): void {
  const [its, taken] = [completeConsumer(other), completeConsumer(first)];
  const differs = [
    ...(ackWaitOf(its) === ackWaitOf(taken) ? [] : [`ack wait ${ackWaitOf(its)} ms, and not ${ackWaitOf(taken)} ms`]),
    ...(its.deliverMax === taken.deliverMax
      ? []
      : [`at most ${its.deliverMax} deliveries, and not ${taken.deliverMax}`]),
    ...(its.ackPolicy === taken.ackPolicy ? [] : [`ack policy ${its.ackPolicy}, and not ${taken.ackPolicy}`]),
    ...(its.deliverPolicy === taken.deliverPolicy
      ? []
      : [`deliver policy ${its.deliverPolicy}, and not ${taken.deliverPolicy}`]),
  ];
  if (differs.length > 0)
    tell(
      other.where,
      `the consumer ${shownConsumer(other)} has ${differs.join("; ")}: the values of ${shownConsumer(first)} at ${placeOf(first.where)} were taken for all`,
    );
  tellNotHeld(other, its, notHeldOfConsumers, tell);
}

function filesOf({ streams, consumers, deployments }: FoundThings): string {
  const files = new Set([...streams, ...consumers, ...deployments].map(one => one.where.file));
  const [first = "files", ...more] = files;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}

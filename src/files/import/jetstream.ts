/**
 * Streams and consumers in the three ways in which people write them: the server's own JSON, nack's resources, and Terraform's. One table
 * says how each calls a field; the unit of a duration belongs to the format.
 */
import type { FormatName, FoundThing, ImportedConsumer, ImportedStream } from "./canonical.ts";
import { at, type FileSpot, isUnset, itemsOf, markRead, refuse, tell, type Where, whereIs } from "./spot.ts";
import { type DurationUnit, durationMsOf, flagOf, limitOf, oneOf, textOf, textsOf, wholeOf } from "./values.ts";

type JetStreamFormat = Extract<FormatName, "jetstream" | "nack" | "terraform">;

const units: Readonly<Record<JetStreamFormat, DurationUnit>> = {
  jetstream: "nanoseconds",
  nack: "go",
  terraform: "seconds",
};

interface FieldNames<T> {
  readonly to: keyof T & string;
  /** The name in the server's JSON, in nack and in Terraform; undefined where that format lacks it. */
  readonly names: readonly [jetstream: string, nack: string | undefined, terraform: string | undefined];
  readonly read: (spot: FileSpot, unit: DurationUnit) => unknown;
}

const column: Readonly<Record<JetStreamFormat, 0 | 1 | 2>> = { jetstream: 0, nack: 1, terraform: 2 };
const isFile = ["file", "memory"] as const;

const streamFields: readonly FieldNames<ImportedStream>[] = [
  { to: "name", names: ["name", "name", "name"], read: textOf },
  { to: "subjects", names: ["subjects", "subjects", "subjects"], read: textsOf },
  { to: "storage", names: ["storage", "storage", "storage"], read: spot => oneOf(spot, isFile) },
  {
    to: "retention",
    names: ["retention", "retention", "retention"],
    read: spot => oneOf(spot, ["limits", "workqueue", "interest"]),
  },
  { to: "discard", names: ["discard", "discard", "discard"], read: spot => oneOf(spot, ["old", "new"]) },
  { to: "duplicateWindowMs", names: ["duplicate_window", "duplicateWindow", "duplicate_window"], read: durationMsOf },
  { to: "messagesMax", names: ["max_msgs", "maxMsgs", "max_msgs"], read: limitOf },
  { to: "bytesMax", names: ["max_bytes", "maxBytes", "max_bytes"], read: limitOf },
  { to: "ageMaxMs", names: ["max_age", "maxAge", "max_age"], read: durationMsOf },
  {
    to: "messagesPerSubjectMax",
    names: ["max_msgs_per_subject", "maxMsgsPerSubject", "max_msgs_per_subject"],
    read: limitOf,
  },
  { to: "messageBytesMax", names: ["max_msg_size", "maxMsgSize", "max_msg_size"], read: limitOf },
  {
    to: "discardsNewPerSubject",
    names: ["discard_new_per_subject", "discardPerSubject", "discard_new_per_subject"],
    read: flagOf,
  },
  { to: "replicas", names: ["num_replicas", "replicas", "replicas"], read: wholeOf },
  { to: "noAck", names: ["no_ack", "noAck", undefined], read: flagOf },
  // The provider asks the other way round.
  { to: "noAck", names: ["", undefined, "ack"], read: spot => !flagOf(spot) },
];

/** Parts of a stream that change what becomes of a message, and that faultline does not model. */
const declarations: readonly (readonly [word: string, names: readonly string[]])[] = [
  ["mirror", ["mirror"]],
  ["sources", ["sources", "source"]],
  ["subject_transform", ["subject_transform", "subjectTransform"]],
  ["republish", ["republish"]],
  ["sealed", ["sealed"]],
  ["rollup", ["allow_rollup_hdrs", "allowRollup"]],
  ["message TTL", ["allow_msg_ttl", "allowMsgTtl"]],
  ["message schedules", ["allow_msg_schedules", "allowMsgSchedules"]],
  ["message counter", ["allow_msg_counter", "allowMsgCounter"]],
  ["atomic publish", ["allow_atomic", "allowAtomicPublish"]],
  ["batched publish", ["allow_batched"]],
  ["persist mode", ["persist_mode", "persistMode"]],
  ["consumer limits", ["consumer_limits", "consumerLimits"]],
];

/** Parts that change nothing of what is modelled. */
const streamMeanings: Readonly<Record<string, string>> = {
  sensitive_values: "marks of Terraform; no value of them is read",
  description: "words for people; a policy has `why`",
  metadata: "words for tools, without a part in what becomes of a message",
  max_consumers: "a policy does not count consumers",
  maxConsumers: "a policy does not count consumers",
  placement: "a policy does not say on which servers a stream is",
  placement_cluster: "a policy does not say on which servers a stream is",
  placement_tags: "a policy does not say on which servers a stream is",
  allow_direct: "about reading single messages, which is not modelled",
  allowDirect: "about reading single messages, which is not modelled",
  mirror_direct: "about reading single messages, which is not modelled",
  mirrorDirect: "about reading single messages, which is not modelled",
  deny_delete: "nobody deletes messages in the model",
  denyDelete: "nobody deletes messages in the model",
  deny_purge: "nobody purges streams in the model",
  denyPurge: "nobody purges streams in the model",
  compression: "how the server keeps messages on disk, without a part in what becomes of them",
  first_seq: "the first number of a stream is not modelled",
  firstSequence: "the first number of a stream is not modelled",
  state: "the state of the server when it was asked; a policy holds configuration only",
  created: "the state of the server when it was asked; a policy holds configuration only",
  cluster: "the state of the server when it was asked; a policy holds configuration only",
  ts: "the state of the server when it was asked; a policy holds configuration only",
};

const consumerFields: readonly FieldNames<ImportedConsumer>[] = [
  {
    to: "stream",
    names: ["stream_name", "streamName", "stream_id"],
    read: spot => textOf(spot).replace(/^JETSTREAM_STREAM_/, ""),
  },
  {
    to: "ackPolicy",
    names: ["ack_policy", "ackPolicy", "ack_policy"],
    read: spot => oneOf(spot, ["explicit", "all", "none"]),
  },
  { to: "ackWaitMs", names: ["ack_wait", "ackWait", "ack_wait"], read: durationMsOf },
  { to: "deliverMax", names: ["max_deliver", "maxDeliver", "max_delivery"], read: spot => limitOf(spot) ?? -1 },
  {
    to: "backoffMs",
    names: ["backoff", "backoff", "backoff"],
    read: (spot, unit) => listOf(spot).map(one => durationMsOf(one, unit) ?? 0),
  },
  { to: "ackPendingMax", names: ["max_ack_pending", "maxAckPending", "max_ack_pending"], read: limitOf },
  { to: "deliverPolicy", names: ["deliver_policy", "deliverPolicy", undefined], read: textOf },
  {
    to: "filterSubjects",
    names: ["filter_subject", "filterSubject", "filter_subject"],
    read: spot => [textOf(spot)].filter(one => one !== ""),
  },
  { to: "filterSubjects", names: ["filter_subjects", "filterSubjects", "filter_subjects"], read: textsOf },
  {
    to: "inactiveThresholdMs",
    names: ["inactive_threshold", "inactiveThreshold", "inactive_threshold"],
    read: durationMsOf,
  },
  { to: "deliverSubject", names: ["deliver_subject", "deliverSubject", "delivery_subject"], read: nonEmpty },
  { to: "deliverGroup", names: ["deliver_group", "deliverGroup", "delivery_group"], read: nonEmpty },
];

const consumerMeanings: Readonly<Record<string, string>> = {
  ...streamMeanings,
  replay_policy: "the pace of a replay is not modelled",
  replayPolicy: "the pace of a replay is not modelled",
  num_replicas: "on how many servers the consumer is kept is not modelled",
  replicas: "on how many servers the consumer is kept is not modelled",
  max_waiting: "the number of waiting pulls is not modelled",
  maxWaiting: "the number of waiting pulls is not modelled",
  delivered: streamMeanings.state as string,
  ack_floor: streamMeanings.state as string,
  num_ack_pending: streamMeanings.state as string,
  num_redelivered: streamMeanings.state as string,
  num_waiting: streamMeanings.state as string,
  num_pending: streamMeanings.state as string,
};

function listOf(spot: FileSpot): readonly FileSpot[] {
  if (spot.tree.kind !== "list") return refuse(spot, "must be a list of durations");
  markRead(spot);
  return itemsOf(spot);
}

function nonEmpty(spot: FileSpot): string | undefined {
  const text = textOf(spot);
  return text === "" ? undefined : text;
}

export const meaningOfStream = (key: string): string => streamMeanings[key] ?? unknownMeaning(key);
export const meaningOfConsumer = (key: string): string => consumerMeanings[key] ?? unknownMeaning(key);
const unknownMeaning = (key: string): string => `faultline does not model ${key}`;

interface Gathered {
  readonly given: Record<string, unknown>;
  readonly places: Record<string, Where>;
}

function gathered<T>(config: FileSpot, format: JetStreamFormat, fields: readonly FieldNames<T>[]): Gathered {
  const { given, places }: Gathered = { given: {}, places: {} };
  for (const { to, names, read } of fields) {
    const name = names[column[format]];
    const spot = name === undefined || name === "" ? undefined : at(config, name);
    if (spot === undefined) continue;
    const value = read(spot, units[format]);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    given[to] = value;
    places[to] = whereIs(spot);
  }
  return { given, places };
}

/** `config` has the fields; a key that the table does not know is left for the caller to tell. */
export function readStream(config: FileSpot, format: JetStreamFormat): FoundThing<ImportedStream> {
  const { given, places } = gathered(config, format, streamFields);
  if (given.name === undefined) refuse(config, "is a stream without a name");
  const declared = declarations.flatMap(([word, names]) => names.map(name => declare(at(config, name), word)));
  const words = declared.filter(one => one !== undefined);
  if (words.length > 0) given.declared = words;
  passOverUnset(config, streamMeanings);
  return { format, where: whereIs(config), given: given as Partial<ImportedStream>, places };
}

function declare(spot: FileSpot | undefined, word: string): string | undefined {
  if (spot === undefined) return undefined;
  if (isUnset(spot)) return void markRead(spot);
  tell(spot, `${word}: declared by the stream, and not modelled`);
  return word;
}

/** A known field with nothing in it carries nothing. */
function passOverUnset(config: FileSpot, meanings: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(meanings)) {
    const spot = at(config, name);
    if (spot !== undefined && isUnset(spot)) markRead(spot);
  }
}

export function readConsumer(
  config: FileSpot,
  format: JetStreamFormat,
  stream?: FileSpot,
): FoundThing<ImportedConsumer> {
  const { given, places } = gathered(config, format, consumerFields);
  if (stream !== undefined) {
    given.stream = textOf(stream);
    places.stream = whereIs(stream);
  }
  const durable = at(config, { jetstream: "durable_name", nack: "durableName", terraform: "durable_name" }[format]);
  const name = format === "jetstream" ? at(config, "name") : undefined;
  const named = [durable, name]
    .filter(one => one !== undefined)
    .map(textOf)
    .filter(text => text !== "");
  if (named[0] !== undefined) given.name = named[0];
  given.durable = durable !== undefined && named.length > 0;
  if (format === "terraform") deliverFlags(config, given, places);
  passOverUnset(config, consumerMeanings);
  return { format, where: whereIs(config), given: given as Partial<ImportedConsumer>, places };
}

/** The provider has a flag for each policy. */
function deliverFlags(config: FileSpot, given: Record<string, unknown>, places: Record<string, Where>): void {
  for (const policy of ["all", "last", "new", "last_per_subject"]) {
    const spot = at(config, `deliver_${policy}`);
    if (spot === undefined || !flagOf(spot)) continue;
    given.deliverPolicy = policy;
    places.deliverPolicy = whereIs(spot);
  }
  for (const [name, policy] of [
    ["stream_sequence", "by_start_sequence"],
    ["start_time", "by_start_time"],
  ] as const) {
    const spot = at(config, name);
    if (spot === undefined) continue;
    if (isUnset(spot)) markRead(spot);
    else {
      given.deliverPolicy = policy;
      places.deliverPolicy = whereIs(spot);
    }
  }
}

/**
 * JetStream as the operator sees it: streams and durable consumers made before a case, their content read after it, and all of it deleted
 * for the next. It uses a connection beside the proxy, so that no fault of the link touches it. A server that is stopped, without JetStream
 * or refusing causes an error in words here; every call is bounded.
 */
import { setTimeout as wait } from "node:timers/promises";
import {
  AckPolicy,
  type ConsumerInfo,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  type MsgRequest,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from "@nats-io/jetstream";
import { connect, type NatsConnection, nanos } from "@nats-io/transport-node";
import { consumerNameOf } from "../../../models/policy/streams.ts";
import type { StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type {
  BoundConsumer,
  ConsumerState,
  DeadLetter,
  Held,
  HeldContent,
  Removal,
  StreamState,
} from "../driver/rig.ts";
import { Arrivals, numberOf } from "./arrivals.ts";
import { hearRemovals } from "./audit.ts";
import { isDoneWithin } from "./guard.ts";
import type { Credentials } from "./nats-server.ts";

/** The rig's view of a consumer, and one count more. */
export interface LiveConsumer extends ConsumerState {
  /** The number of those delivered and not acknowledged that were delivered more than once. */
  readonly numRedelivered: number;
}

export interface LiveStreams {
  create(streams: readonly StreamPolicy[], replicas?: number): Promise<void>;
  bind(consumer: BoundConsumer): Promise<void>;
  /**
   * The messages that the stream holds, in its order. Messages that a handler stored as dead letters are known by their ids and listed apart;
   * they count in `state`.
   */
  held(stream: string): Promise<Held>;
  /** The same, asked for one by one; undefined where there are more than a case can wait for. */
  heldByNumber(stream: string): Promise<HeldContent | undefined>;
  names(): Promise<readonly string[]>;
  /** All that the server has carried out since this connection was opened, except those of connections like it. */
  removals(): Promise<readonly Removal[]>;
  /** Those of them that have been heard by now. */
  readonly removalsHeard: readonly Removal[];
  /** Undefined where the subject has no consumer of that name, or no stream. */
  consumer(subject: string): Promise<LiveConsumer | undefined>;
  /** Deletes every stream of the server, with its consumers and duplicate windows. Returns their names. */
  deleteAll(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** fixtures/buses/protocol.md: the id of a dead letter. */
const deadLetterId = "dead-letter:";
const ownName = "faultline-streams";
const connectBoundMs = 5_000;
/** A server that has just started may be slow with its first file. */
const requestBoundMs = 10_000;
const readBoundMs = 30_000;
const pollMs = 20;
/** More than that are not asked for one by one. */
const byNumberMax = 1_000;
const atOnceMax = 100;

export async function openStreams(port: number, credentials?: Credentials): Promise<LiveStreams> {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    name: ownName,
    // Losses that a reconnect would hide belong to the case.
    reconnect: false,
    timeout: connectBoundMs,
    ...(credentials === undefined ? {} : { user: credentials.user, pass: credentials.password }),
  });
  try {
    const api = await asked(port, "for JetStream", jetstreamManager(connection, { timeout: requestBoundMs }));
    return new ServerStreams(port, connection, api);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

class ServerStreams implements LiveStreams {
  readonly #port: number;
  readonly #connection: NatsConnection;
  readonly #api: JetStreamManager;
  readonly removalsHeard: readonly Removal[];

  constructor(port: number, connection: NatsConnection, api: JetStreamManager) {
    this.#port = port;
    this.#connection = connection;
    this.#api = api;
    this.removalsHeard = hearRemovals(connection, ownName);
  }

  async create(streams: readonly StreamPolicy[], replicas = 1): Promise<void> {
    for (const { name, subjects, storage, duplicateWindowMs, discard, retention, noAck, ...limits } of streams) {
      await this.#ask(
        `to create the stream ${name}`,
        this.#api.streams.add({
          name,
          subjects: [...subjects],
          storage: storage === "file" ? StorageType.File : StorageType.Memory,
          retention: retentions[retention ?? "limits"],
          duplicate_window: nanos(duplicateWindowMs),
          ...limitsOf(limits),
          discard: discard === "new" ? DiscardPolicy.New : DiscardPolicy.Old,
          no_ack: noAck ?? false,
          num_replicas: replicas,
        }),
      );
    }
  }

  async bind({
    subject,
    ackWaitMs,
    backoffMs,
    deliverMax,
    ackPendingMax,
    deliverPolicy,
    ackPolicy,
    inactiveThresholdMs,
  }: BoundConsumer): Promise<void> {
    const stream = await this.#streamOf(subject);
    if (stream === undefined) throw this.#error(`to bind a consumer to ${subject}`, "no stream takes that subject");
    await this.#ask(
      `to bind a consumer to ${subject}`,
      this.#api.consumers.add(stream, {
        durable_name: consumerNameOf(subject),
        filter_subject: subject,
        ack_policy: ackPolicies[ackPolicy ?? "explicit"],
        deliver_policy: deliverPolicies[deliverPolicy ?? "all"],
        ack_wait: nanos(ackWaitMs),
        max_deliver: deliverMax,
        ...(backoffMs === undefined ? {} : { backoff: backoffMs.map(nanos) }),
        ...(ackPendingMax === undefined ? {} : { max_ack_pending: ackPendingMax }),
        ...(inactiveThresholdMs === undefined ? {} : { inactive_threshold: nanos(inactiveThresholdMs) }),
      }),
    );
  }

  async held(stream: string): Promise<Held> {
    const info = await this.#ask(`what the stream ${stream} holds`, this.#api.streams.info(stream));
    const state = stateOf(info);
    if (state.messages === 0) return { ...contentOf(newReading()), state };
    // Where acknowledgements take messages, another consumer is refused, or its reading would count.
    const isKept = info.config.retention === RetentionPolicy.Limits;
    const reading = isKept
      ? await this.#readAll(stream, state.messages)
      : await this.#ask(`for the messages of ${stream} one by one`, this.#readOneByOne(stream, state.messages));
    return { ...contentOf(reading), state };
  }

  /**
   * A node of a cluster may not know yet about the consumer that another has just made for reading. It then answers "no responders", and is
   * asked again.
   */
  async #readAll(stream: string, messages: number): Promise<Reading> {
    const until = performance.now() + requestBoundMs;
    for (;;) {
      const reading = newReading();
      const read = this.#read(stream, messages, (id, message) => take(reading, id, message));
      const told = performance.now() < until ? unlessRefusedWith(noResponders, read) : read;
      const count = await this.#ask(`for the messages of ${stream}`, told);
      if (count === messages) return reading;
      if (count !== undefined)
        throw this.#error(`for the messages of ${stream}`, `${count} of ${messages} came within ${readBoundMs} ms`);
      await wait(pollMs);
    }
  }

  /** Each by the number of the one before it. */
  async #readOneByOne(stream: string, messages: number): Promise<Reading> {
    const reading = newReading();
    const until = performance.now() + readBoundMs;
    let next = 1;
    for (let read = 0; read < messages; read++) {
      const one = await this.#api.streams.getMessage(stream, nextFrom(next));
      if (one === null) break;
      take(reading, one.header.get("Nats-Msg-Id"), one);
      next = one.seq + 1;
      if (performance.now() > until) throw new Error(`${read + 1} of ${messages} came within ${readBoundMs} ms`);
    }
    return reading;
  }

  async heldByNumber(stream: string): Promise<HeldContent | undefined> {
    const { state } = await this.#ask(`what the stream ${stream} holds`, this.#api.streams.info(stream));
    const { first_seq: first, last_seq: last, messages } = state;
    const reading = newReading();
    if (messages > 0 && last - first >= byNumberMax) return undefined;
    for (let from = first; messages > 0 && from <= last; from += atOnceMax) {
      const numbers = Array.from({ length: Math.min(atOnceMax, last - from + 1) }, (_, i) => from + i);
      const told = Promise.all(numbers.map(seq => this.#api.streams.getMessage(stream, { seq })));
      for (const one of await this.#ask(`for the messages of ${stream} by their numbers`, told))
        if (one !== null) take(reading, one.header.get("Nats-Msg-Id"), one);
    }
    return contentOf(reading);
  }

  /** Reads by an ordered consumer, which leaves nothing behind. Returns the number of messages. */
  async #read(stream: string, count: number, onMessage: (id: string, message: JsMsg) => void) {
    const consumer = await jetstream(this.#connection, { timeout: requestBoundMs }).consumers.get(stream, {});
    let read = 0;
    try {
      for await (const message of await consumer.fetch({ max_messages: count, expires: readBoundMs })) {
        onMessage(message.headers?.get("Nats-Msg-Id") ?? "", message);
        read += 1;
        if (read === count) break;
      }
    } finally {
      await consumer.delete();
    }
    return read;
  }

  async consumer(subject: string): Promise<LiveConsumer | undefined> {
    const stream = await this.#streamOf(subject);
    if (stream === undefined) return undefined;
    const name = consumerNameOf(subject);
    const named = await this.#ask(
      `about the consumer ${name}`,
      unlessRefusedWith(consumerNotFound, this.#api.consumers.info(stream, name)),
    );
    const info = named ?? (await this.#ask(`about the consumers of ${stream}`, this.#newestEphemeral(stream, subject)));
    return info === undefined
      ? undefined
      : {
          numPending: info.num_pending,
          numAckPending: info.num_ack_pending,
          numRedelivered: info.num_redelivered,
          delivered: info.delivered.consumer_seq,
        };
  }

  /** The last one made of those without a durable name: a process that starts again has another one. */
  async #newestEphemeral(stream: string, subject: string): Promise<ConsumerInfo | undefined> {
    let newest: ConsumerInfo | undefined;
    for await (const one of this.#api.consumers.list(stream)) {
      if (one.config.durable_name !== undefined || one.config.filter_subject !== subject) continue;
      if (newest === undefined || one.created > newest.created) newest = one;
    }
    return newest;
  }

  async deleteAll(): Promise<readonly string[]> {
    const names = await this.names();
    for (const name of names)
      await this.#ask(
        `to delete the stream ${name}`,
        unlessRefusedWith(streamNotFound, this.#api.streams.delete(name)),
      );
    return names;
  }

  names(): Promise<readonly string[]> {
    return this.#ask("for its streams", this.#namesOf());
  }

  async removals(): Promise<readonly Removal[]> {
    if (!(await isDoneWithin(this.#connection.flush(), requestBoundMs)))
      throw this.#error("for everything that it had to tell", `no answer came within ${requestBoundMs} ms`);
    return this.removalsHeard;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #streamOf(subject: string): Promise<string | undefined> {
    const [name] = await this.#ask(`which stream takes ${subject}`, this.#namesOf(subject));
    return name;
  }

  async #namesOf(subject = ""): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const name of this.#api.streams.names(subject)) names.push(name);
    return names;
  }

  #ask<T>(what: string, answer: Promise<T>): Promise<T> {
    return asked(this.#port, what, answer);
  }

  #error(what: string, why: string): Error {
    return failed(this.#port, what, why);
  }
}

/** The server takes this request; the client's type has half of it. */
const nextFrom = (seq: number): MsgRequest => ({ seq, next_by_subj: ">" }) as MsgRequest;

const ackPolicies: Readonly<Record<NonNullable<BoundConsumer["ackPolicy"]>, AckPolicy>> = {
  explicit: AckPolicy.Explicit,
  none: AckPolicy.None,
  all: AckPolicy.All,
};

const deliverPolicies: Readonly<Record<NonNullable<BoundConsumer["deliverPolicy"]>, DeliverPolicy>> = {
  all: DeliverPolicy.All,
  new: DeliverPolicy.New,
  last: DeliverPolicy.Last,
  "last-per-subject": DeliverPolicy.LastPerSubject,
};

const retentions: Readonly<Record<NonNullable<StreamPolicy["retention"]>, RetentionPolicy>> = {
  limits: RetentionPolicy.Limits,
  workqueue: RetentionPolicy.Workqueue,
  interest: RetentionPolicy.Interest,
};

/** The content of a stream as it is read. */
interface Reading {
  readonly arrivals: Arrivals;
  readonly deadLetters: DeadLetter[];
  first: number;
  last: number;
}

interface NumberedMessage {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
}

function take(reading: Reading, id: string, { seq, subject, data }: NumberedMessage): void {
  const { arrivals, deadLetters } = reading;
  reading.first = Math.min(reading.first, seq);
  reading.last = Math.max(reading.last, seq);
  const of = letterOf(id);
  if (of === undefined) arrivals.add(subject, data);
  else deadLetters.push({ of, subject, bytes: data.length, number: numberOf(data) });
}

const newReading = (): Reading => ({
  arrivals: new Arrivals(),
  deadLetters: [],
  first: Number.POSITIVE_INFINITY,
  last: 0,
});

const contentOf = ({ arrivals, deadLetters, first, last }: Reading): HeldContent => ({
  ...arrivals.list(),
  deadLetters,
  numbers: last === 0 ? undefined : { first, last },
});

const stateOf = ({ state, config }: StreamInfo): StreamState => ({
  // A stream that has never stored a message says 0.
  firstNumber: Math.max(1, state.first_seq),
  lastNumber: state.last_seq,
  messages: state.messages,
  deleted: state.num_deleted ?? 0,
  keepsMax: keepsMaxOf(config),
});

/** 0 is no limit. */
const limitsOf = ({
  messagesMax = 0,
  bytesMax = 0,
  messagesPerSubjectMax = 0,
  discardsNewPerSubject = false,
  messageBytesMax = 0,
  ageMaxMs = 0,
}: Partial<StreamPolicy>) => ({
  max_msgs: messagesMax,
  max_bytes: bytesMax,
  max_msgs_per_subject: messagesPerSubjectMax,
  discard_new_per_subject: discardsNewPerSubject,
  max_msg_size: messageBytesMax,
  max_age: nanos(ageMaxMs),
});

function keepsMaxOf(config: StreamInfo["config"]): number | undefined {
  const { retention, discard, max_msgs: messagesMax, max_bytes: bytesMax, max_age: age } = config;
  const { max_msgs_per_subject: perSubject, allow_rollup_hdrs: rollup, allow_msg_ttl: hasTtl } = config;
  const isOld = discard !== DiscardPolicy.New;
  const replaces = perSubject > 0 && (isOld || config.discard_new_per_subject !== true);
  const isOther = retention !== RetentionPolicy.Limits || age > 0 || replaces || rollup || hasTtl === true;
  if (isOther || (isOld && bytesMax > 0)) return undefined;
  return isOld && messagesMax > 0 ? messagesMax : Number.POSITIVE_INFINITY;
}

/** The message that a dead letter's id names; undefined where the id is none of a dead letter. */
function letterOf(id: string): DeadLetter["of"] | undefined {
  if (!id.startsWith(deadLetterId)) return undefined;
  const end = id.lastIndexOf(":");
  return { subject: id.slice(deadLetterId.length, end), message: Number(id.slice(end + 1)) };
}

const noResponders = 503;
const consumerNotFound = 10014;
const streamNotFound = 10059;

async function unlessRefusedWith<T>(code: number, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { readonly code?: number }).code === code) return undefined;
    throw error;
  }
}

async function asked<T>(port: number, what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw failed(port, what, (error as Error).message);
  }
}

const failed = (port: number, what: string, why: string): Error =>
  new Error(`The nats-server on port ${port} was asked ${what}: ${why}.`);

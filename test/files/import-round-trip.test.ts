/**
 * A random configuration, written in the units and names of each format and imported again, is the same configuration. The writers here
 * share nothing with the importers but the form between them.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import {
  completeConsumer,
  completeDeployment,
  completeStream,
  type ImportedConsumer,
  type ImportedStream,
} from "../../src/files/import/canonical.ts";
import { spotsOf, takeText } from "../../src/files/import/import.ts";
import { type Gatherings, isForeign } from "../../src/files/import/recognise.ts";
import { parseTrees } from "../../src/files/import/tree.ts";
import { isJetStreamName } from "../../src/files/jetstream-names.ts";

const runs = 1_000;

// ---- Random configurations. Whole seconds, so that Terraform can write them too. ----

const seconds = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max }).map(n => n * 1_000);
const limit = fc.option(fc.integer({ min: 1, max: 2 ** 50 }), { nil: undefined });
const word = fc.stringMatching(/^[a-z]{1,8}$/);
const subject = fc.tuple(word, fc.constantFrom("", ".*", ".>", ".x.*")).map(parts => parts.join(""));

const streams: fc.Arbitrary<ImportedStream> = fc.record({
  name: fc.stringMatching(/^[A-Z][A-Z0-9_-]{0,20}$/),
  subjects: fc.uniqueArray(subject, { minLength: 1, maxLength: 4 }),
  storage: fc.constantFrom("file", "memory"),
  retention: fc.constantFrom("limits", "workqueue", "interest"),
  discard: fc.constantFrom("old", "new"),
  duplicateWindowMs: seconds(100_000),
  messagesMax: limit,
  bytesMax: limit,
  ageMaxMs: fc.option(seconds(10_000_000), { nil: undefined }),
  messagesPerSubjectMax: limit,
  messageBytesMax: limit,
  discardsNewPerSubject: fc.boolean(),
  replicas: fc.constantFrom(1, 3, 5),
  noAck: fc.boolean(),
  declared: fc.constant([]),
});

const consumers: fc.Arbitrary<ImportedConsumer> = fc.record({
  name: word,
  stream: word,
  durable: fc.constant(true),
  ackPolicy: fc.constantFrom("explicit", "all", "none"),
  ackWaitMs: seconds(3_600),
  deliverMax: fc.oneof(fc.constant(-1), fc.integer({ min: 1, max: 1_000 })),
  backoffMs: fc.array(seconds(600), { maxLength: 4 }),
  ackPendingMax: limit,
  deliverPolicy: fc.constantFrom("all", "last", "new"),
  filterSubjects: fc.uniqueArray(subject, { maxLength: 3 }),
  inactiveThresholdMs: fc.option(seconds(3_600), { nil: undefined }),
  deliverSubject: fc.option(word, { nil: undefined }),
  deliverGroup: fc.option(word, { nil: undefined }),
});

// ---- The writers ----

const ns = (ms: number | undefined): number => (ms ?? 0) * 1_000_000;
const inSeconds = (ms: number | undefined): number => (ms ?? 0) / 1_000;
/** Go's own way of writing one: the largest units first. */
function go(ms: number | undefined): string {
  if (ms === undefined) return "";
  const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, (ms % 60_000) / 1_000];
  return `${h > 0 ? `${h}h` : ""}${h > 0 || m > 0 ? `${m}m` : ""}${s}s`;
}

/** One subject goes by the old name. */
const filters = (subjects: readonly string[], one: string, many: string): object =>
  subjects.length === 1 ? { [one]: subjects[0] } : { [many]: subjects };

const asServer = (stream: ImportedStream): object => ({
  name: stream.name,
  subjects: stream.subjects,
  storage: stream.storage,
  retention: stream.retention,
  discard: stream.discard,
  duplicate_window: ns(stream.duplicateWindowMs),
  max_msgs: stream.messagesMax ?? -1,
  max_bytes: stream.bytesMax ?? -1,
  max_age: ns(stream.ageMaxMs),
  max_msgs_per_subject: stream.messagesPerSubjectMax ?? -1,
  max_msg_size: stream.messageBytesMax ?? -1,
  discard_new_per_subject: stream.discardsNewPerSubject,
  num_replicas: stream.replicas,
  no_ack: stream.noAck,
});

const asServerConsumer = (one: ImportedConsumer): object => ({
  durable_name: one.name,
  ack_policy: one.ackPolicy,
  ack_wait: ns(one.ackWaitMs),
  max_deliver: one.deliverMax,
  backoff: one.backoffMs.map(ns),
  max_ack_pending: one.ackPendingMax ?? 0,
  deliver_policy: one.deliverPolicy,
  inactive_threshold: ns(one.inactiveThresholdMs),
  deliver_subject: one.deliverSubject ?? "",
  deliver_group: one.deliverGroup ?? "",
  ...filters(one.filterSubjects, "filter_subject", "filter_subjects"),
});

const resource = (kind: string, spec: object): string =>
  stringify({ apiVersion: "jetstream.nats.io/v1beta2", kind, metadata: { name: "made" }, spec });

const asNack = (stream: ImportedStream): string =>
  resource("Stream", {
    name: stream.name,
    subjects: stream.subjects,
    storage: stream.storage,
    retention: stream.retention,
    discard: stream.discard,
    duplicateWindow: go(stream.duplicateWindowMs),
    maxMsgs: stream.messagesMax ?? -1,
    maxBytes: stream.bytesMax ?? -1,
    maxAge: go(stream.ageMaxMs),
    maxMsgsPerSubject: stream.messagesPerSubjectMax ?? 0,
    maxMsgSize: stream.messageBytesMax ?? -1,
    discardPerSubject: stream.discardsNewPerSubject,
    replicas: stream.replicas,
    noAck: stream.noAck,
  });

const asNackConsumer = (one: ImportedConsumer): string =>
  resource("Consumer", {
    streamName: one.stream,
    durableName: one.name,
    ackPolicy: one.ackPolicy,
    ackWait: go(one.ackWaitMs),
    maxDeliver: one.deliverMax,
    backoff: one.backoffMs.map(go),
    maxAckPending: one.ackPendingMax,
    deliverPolicy: one.deliverPolicy,
    inactiveThreshold: go(one.inactiveThresholdMs),
    deliverSubject: one.deliverSubject,
    deliverGroup: one.deliverGroup,
    ...filters(one.filterSubjects, "filterSubject", "filterSubjects"),
  });

const planned = (type: string, values: object): string =>
  JSON.stringify({
    format_version: "1.2",
    planned_values: {
      root_module: { child_modules: [{ resources: [{ address: `${type}.a`, type, name: "a", values }] }] },
    },
  });

const asTerraform = (stream: ImportedStream): string =>
  planned("jetstream_stream", {
    name: stream.name,
    subjects: stream.subjects,
    storage: stream.storage,
    retention: stream.retention,
    discard: stream.discard,
    duplicate_window: inSeconds(stream.duplicateWindowMs),
    max_msgs: stream.messagesMax ?? -1,
    max_bytes: stream.bytesMax ?? -1,
    max_age: stream.ageMaxMs === undefined ? -1 : inSeconds(stream.ageMaxMs),
    max_msgs_per_subject: stream.messagesPerSubjectMax ?? -1,
    max_msg_size: stream.messageBytesMax ?? -1,
    discard_new_per_subject: stream.discardsNewPerSubject,
    replicas: stream.replicas,
    ack: !stream.noAck,
  });

const asTerraformConsumer = (one: ImportedConsumer): string =>
  planned("jetstream_consumer", {
    stream_id: `JETSTREAM_STREAM_${one.stream}`,
    durable_name: one.name,
    ack_policy: one.ackPolicy,
    ack_wait: inSeconds(one.ackWaitMs),
    max_delivery: one.deliverMax,
    backoff: one.backoffMs.map(inSeconds),
    max_ack_pending: one.ackPendingMax ?? 0,
    deliver_all: one.deliverPolicy === "all",
    deliver_last: one.deliverPolicy === "last",
    deliver_new: one.deliverPolicy === "new",
    inactive_threshold: inSeconds(one.inactiveThresholdMs),
    delivery_subject: one.deliverSubject ?? "",
    delivery_group: one.deliverGroup ?? null,
    ...filters(one.filterSubjects, "filter_subject", "filter_subjects"),
  });

function imported(text: string): Gatherings {
  const into: Gatherings = { streams: [], consumers: [], deployments: [], servers: [], read: [] };
  takeText(text, "made", into);
  return into;
}

test.each<[format: string, write: (stream: ImportedStream) => string]>([
  ["stream info of the server", one => JSON.stringify({ config: asServer(one), state: { messages: 1 } }, null, 2)],
  ["a bare configuration", one => JSON.stringify(asServer(one))],
  ["a configuration as YAML", one => stringify(asServer(one))],
  ["nack", asNack],
  ["Terraform", asTerraform],
])(`${runs} random streams are the same after a way through %s`, (_format, write) => {
  fc.assert(
    fc.property(streams, stream => {
      const [found, ...more] = imported(write(stream)).streams;
      expect(more).toEqual([]);
      expect(found === undefined ? found : completeStream(found)).toEqual(stream);
    }),
    { numRuns: runs },
  );
});

test.each<[format: string, write: (one: ImportedConsumer) => string]>([
  [
    "consumer info of the server",
    one => JSON.stringify({ stream_name: one.stream, name: one.name, config: asServerConsumer(one) }),
  ],
  ["nack", asNackConsumer],
  ["Terraform", asTerraformConsumer],
])(`${runs} random consumers are the same after a way through %s`, (_format, write) => {
  fc.assert(
    fc.property(consumers, consumer => {
      const [found, ...more] = imported(write(consumer)).consumers;
      expect(more).toEqual([]);
      expect(found === undefined ? found : completeConsumer(found)).toEqual(consumer);
    }),
    { numRuns: runs },
  );
});

test(`${runs} random deployments are the same after a way through Kubernetes`, () => {
  const path = fc.option(
    word.map(name => `/${name}`),
    { nil: undefined },
  );
  const probe = (to: string | undefined): object | undefined =>
    to === undefined ? undefined : { httpGet: { path: to, port: 80 } };
  const times = fc.record({
    delay: fc.integer({ min: 0, max: 600 }),
    period: fc.integer({ min: 1, max: 600 }),
    threshold: fc.integer({ min: 1, max: 60 }),
    sleep: fc.option(fc.integer({ min: 1, max: 99 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(word, fc.integer({ min: 1, max: 3_600 }), path, path, times, (name, grace, ready, live, asked) => {
      const { delay, period, threshold, sleep } = asked;
      const often = { initialDelaySeconds: delay, periodSeconds: period, failureThreshold: threshold };
      const container = {
        name,
        image: "x/y",
        readinessProbe: probe(ready),
        livenessProbe: live === undefined ? undefined : { ...probe(live), ...often },
        lifecycle: sleep === undefined ? undefined : { preStop: { sleep: { seconds: sleep } } },
      };
      const spec = { template: { spec: { terminationGracePeriodSeconds: grace, containers: [container] } } };
      const text = stringify({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec });
      const [found] = imported(text).deployments;
      expect(found === undefined ? found : completeDeployment(found)).toEqual({
        name,
        killAfterMs: grace * 1_000,
        ...(ready === undefined ? {} : { readinessProbe: `GET :80${ready}` }),
        ...(sleep === undefined ? {} : { preStopMs: sleep * 1_000 }),
        ...(live === undefined
          ? {}
          : {
              livenessProbe: `GET :80${live}`,
              livenessTimes: {
                ...(delay === 0 ? {} : { initialDelayMs: delay * 1_000 }),
                periodMs: period * 1_000,
                failureThreshold: threshold,
              },
            }),
      });
    }),
    { numRuns: runs },
  );
});

test("any text is read or refused in a sentence, and told foreign without an error", () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.json({ maxDepth: 4 }),
    fc
      .object({
        maxDepth: 4,
        key: fc.constantFrom("config", "name", "subjects", "spec", "kind", "apiVersion", "values", "a"),
      })
      .map(one => stringify(one)),
  );
  fc.assert(
    fc.property(texts, text => {
      try {
        imported(text);
        spotsOf(parseTrees(text, "any"), "any").some(isForeign);
      } catch (error) {
        expect((error as Error).name).toBe("BadInput");
      }
    }),
    { numRuns: runs },
  );
});

test("every name of two words that the server's JSON has for what is read is known as JetStream's own", () => {
  const one = {
    ...asServer(fc.sample(streams, 1)[0] as ImportedStream),
    ...asServerConsumer(fc.sample(consumers, 1)[0] as ImportedConsumer),
  };
  const names = Object.keys(one).filter(name => name.includes("_"));
  expect(names.length).toBeGreaterThan(15);
  expect(names.filter(name => !isJetStreamName(name))).toEqual([]);
});

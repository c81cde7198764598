/** Deployments invented for the tests: the files of a service in formats of several tools, without a mistake or with one. */
import type { ImportText } from "../../src/files/import/import.ts";

interface StreamShape {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage?: "file" | "memory";
  readonly retention?: "limits" | "workqueue" | "interest";
  readonly noAck?: boolean;
  readonly windowSeconds?: number;
}

interface ConsumerShape {
  readonly name: string;
  readonly filter: string;
  readonly ack?: "explicit" | "none";
  readonly deliverMax?: number;
}

interface PodShape {
  readonly kind?: "Deployment" | "StatefulSet";
  readonly graceSeconds?: number;
  readonly readiness?: boolean;
  readonly preStopSeconds?: number;
}

interface Shape {
  readonly name: string;
  readonly format: "nack" | "api" | "terraform";
  readonly stream: StreamShape;
  readonly consumers?: readonly ConsumerShape[];
  readonly pod?: PodShape;
  /** Values of the NATS chart. */
  readonly chart?: boolean;
}

export interface Deployed {
  readonly name: string;
  /** The mistake in it, as the rule that finds it; undefined: none. */
  readonly rule: string | undefined;
  readonly files: readonly ImportText[];
  /** The same without the mistake. */
  readonly mended: readonly ImportText[];
}

// ---- The files ----

const yamlList = (items: readonly string[]): string => items.map(one => `"${one}"`).join(", ");

function nackStream({
  name,
  subjects,
  storage = "file",
  retention = "limits",
  noAck,
  windowSeconds = 120,
}: StreamShape): string {
  return `apiVersion: jetstream.nats.io/v1beta2
kind: Stream
metadata: { name: ${name.toLowerCase()} }
spec:
  name: ${name}
  subjects: [${yamlList(subjects)}]
  storage: ${storage}
  replicas: 3
  retention: ${retention}
  duplicateWindow: ${windowSeconds}s
${noAck === true ? "  noAck: true\n" : ""}`;
}

const nackConsumer = (stream: string, { name, filter, ack = "explicit", deliverMax = 20 }: ConsumerShape): string =>
  `---
apiVersion: jetstream.nats.io/v1beta2
kind: Consumer
metadata: { name: ${name} }
spec:
  streamName: ${stream}
  durableName: ${name}
  filterSubject: "${filter}"
  ackPolicy: ${ack}
${ack === "none" ? "" : `  ackWait: 30s\n  maxDeliver: ${deliverMax}\n`}`;

const apiStream = ({
  name,
  subjects,
  storage = "file",
  retention = "limits",
  noAck = false,
  windowSeconds = 120,
}: StreamShape) => ({
  ...{ name, subjects, storage, retention, no_ack: noAck, num_replicas: 3, discard: "old" },
  ...{ max_consumers: -1, max_msgs: -1, max_bytes: -1, max_age: 0, max_msg_size: -1, max_msgs_per_subject: -1 },
  duplicate_window: windowSeconds * 1_000_000_000,
});

const apiConsumer = (stream: string, { name, filter, ack = "explicit", deliverMax = 20 }: ConsumerShape) => ({
  stream_name: stream,
  name,
  config: {
    ...{ durable_name: name, filter_subject: filter, ack_policy: ack, deliver_policy: "all", replay_policy: "instant" },
    ...(ack === "none" ? {} : { ack_wait: 30_000_000_000, max_deliver: deliverMax, max_ack_pending: 1_000 }),
  },
});

const terraform = ({
  name,
  subjects,
  storage = "file",
  retention = "limits",
  noAck = false,
  windowSeconds = 120,
}: StreamShape) => ({
  format_version: "1.2",
  planned_values: {
    root_module: {
      resources: [
        {
          ...{ address: `jetstream_stream.${name}`, mode: "managed", type: "jetstream_stream", name },
          values: {
            ...{ name, subjects, storage, retention, max_age: 0, max_msgs: -1, max_bytes: -1, max_msg_size: -1 },
            ...{ duplicate_window: windowSeconds, replicas: 3, ack: !noAck },
          },
        },
      ],
    },
  },
});

function pod(
  name: string,
  { kind = "Deployment", graceSeconds = 45, readiness = true, preStopSeconds }: PodShape,
): string {
  return `apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name} }
spec:
  replicas: 2
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: ${graceSeconds}
      containers:
        - name: ${name}
          image: example/${name}:1
          resources: { limits: { memory: 256Mi } }
          livenessProbe: { httpGet: { path: /live, port: 8080 }, periodSeconds: 10, failureThreshold: 3 }
${readiness ? "          readinessProbe: { httpGet: { path: /ready, port: 8080 }, periodSeconds: 5 }\n" : ""}${preStopSeconds === undefined ? "" : `          lifecycle: { preStop: { exec: { command: [sleep, "${preStopSeconds}"] } } }\n`}`;
}

const chartValues = `config:
  cluster: { enabled: true, replicas: 3 }
  jetstream: { enabled: true, fileStore: { pvc: { size: 10Gi } } }
  merge: { lame_duck_duration: 30s }
podTemplate: { merge: { spec: { terminationGracePeriodSeconds: 60 } } }
`;

const json = (file: string, data: unknown): ImportText => ({ file, text: JSON.stringify(data, undefined, 2) });

function filesOf({ name, format, stream, consumers = [], pod: shape = {}, chart }: Shape): readonly ImportText[] {
  const service = { file: "service.yaml", text: pod(name, shape) };
  const values = chart === true ? [{ file: "values.yaml", text: chartValues }] : [];
  switch (format) {
    case "nack":
      return [
        {
          file: "jetstream.yaml",
          text: nackStream(stream) + consumers.map(one => nackConsumer(stream.name, one)).join(""),
        },
        service,
        ...values,
      ];
    case "api":
      return [
        json("stream.json", apiStream(stream)),
        ...consumers.map(one => json(`consumer-${one.name}.json`, apiConsumer(stream.name, one))),
        service,
        ...values,
      ];
    case "terraform":
      return [json("plan.json", terraform(stream)), service, ...values];
  }
}

// ---- The deployments ----

const orders: Shape = {
  name: "orders",
  format: "nack",
  stream: { name: "ORDERS", subjects: ["orders.>"] },
  consumers: [{ name: "billing", filter: "orders.>" }],
};
const tasks: Shape = {
  name: "tasks",
  format: "api",
  stream: { name: "TASKS", subjects: ["tasks.*"], retention: "workqueue" },
  consumers: [{ name: "worker", filter: "tasks.*" }],
};
const readings: Shape = {
  name: "readings",
  format: "terraform",
  stream: { name: "READINGS", subjects: ["readings.*.raw"] },
  pod: { kind: "StatefulSet" },
};

const clean: readonly Shape[] = [
  orders,
  tasks,
  readings,
  { ...orders, name: "orders-with-chart", chart: true },
  { ...orders, name: "orders-as-api", format: "api" },
  { ...tasks, name: "tasks-as-nack", format: "nack" },
  { ...tasks, name: "tasks-stateful", pod: { kind: "StatefulSet", graceSeconds: 60, preStopSeconds: 5 } },
  { ...readings, name: "readings-as-api", format: "api" },
  {
    ...orders,
    name: "audits",
    stream: { name: "AUDITS", subjects: ["audit.>"], retention: "interest" },
    consumers: [{ name: "archive", filter: "audit.>" }],
  },
  {
    ...orders,
    name: "two-consumers",
    consumers: [
      { name: "billing", filter: "orders.new" },
      { name: "stock", filter: "orders.paid" },
    ],
  },
];

interface Mistaken {
  readonly rule: string;
  readonly of: Shape;
  readonly change: Partial<Shape>;
}

const mistaken: readonly Mistaken[] = [
  { rule: "P013", of: orders, change: { name: "orders-in-memory", stream: { ...orders.stream, storage: "memory" } } },
  {
    rule: "P013",
    of: readings,
    change: { name: "readings-in-memory", stream: { ...readings.stream, storage: "memory" } },
  },
  { rule: "P013", of: tasks, change: { name: "tasks-in-memory", stream: { ...tasks.stream, storage: "memory" } } },
  { rule: "P029", of: orders, change: { name: "orders-without-acks", stream: { ...orders.stream, noAck: true } } },
  {
    rule: "P029",
    of: readings,
    change: { name: "readings-without-acks", stream: { ...readings.stream, noAck: true } },
  },
  { rule: "P046", of: orders, change: { name: "orders-without-readiness", pod: { readiness: false } } },
  {
    rule: "P046",
    of: readings,
    change: { name: "readings-without-readiness", pod: { ...readings.pod, readiness: false } },
  },
  { rule: "P046", of: tasks, change: { name: "tasks-without-readiness", pod: { readiness: false } } },
  {
    rule: "P035",
    of: { ...orders, stream: { ...orders.stream, retention: "interest" } },
    change: { name: "orders-for-nobody", consumers: [] },
  },
  {
    rule: "P007",
    of: orders,
    change: { name: "orders-acknowledged-at-once", consumers: [{ name: "billing", filter: "orders.>", ack: "none" }] },
  },
];

/** Ten without a mistake, and ten with one. */
export const deployments: readonly Deployed[] = [
  ...clean.map(
    (shape): Deployed => ({ name: shape.name, rule: undefined, files: filesOf(shape), mended: filesOf(shape) }),
  ),
  ...mistaken.map(({ rule, of, change }): Deployed => {
    const shape = { ...of, ...change };
    return { name: shape.name, rule, files: filesOf(shape), mended: filesOf({ ...of, name: shape.name }) };
  }),
];

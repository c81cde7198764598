/** Other people's files: each fixture is read, or refused, as typed in here by hand; and no key of any of them is passed over. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { kubeletRestartMs } from "../../models/policy/restarts.ts";
import { BadInput } from "../../src/errors.ts";
import { completeStream } from "../../src/files/import/canonical.ts";
import { type Imported, importFiles, importTexts, spotsOf } from "../../src/files/import/import.ts";
import { take } from "../../src/files/import/recognise.ts";
import { parseTrees, treeBounds } from "../../src/files/import/tree.ts";
import { goNanoseconds } from "../../src/files/import/values.ts";
import { importedSource } from "../../src/files/policy-source.ts";

const folder = join(import.meta.dirname, "imported");
const read = (...names: readonly string[]): Imported => importFiles(names.map(name => join(folder, name)));
const shown = (text: string): string => text.replaceAll(`${folder}/`, "");

function complaint(go: () => unknown): string {
  try {
    go();
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return shown(error.message);
  }
  return "nothing";
}

/** "line key" of all that is told, so that a fixture's whole list fits on a few lines. */
const told = ({ notCarried }: Imported): readonly string[] =>
  notCarried.map(({ line, key }) => `${line} ${key}`).toSorted();

type Row = readonly [file: string, streams: readonly object[], consume: object, told: number];

const made = { made: "present" };
const server = { durables: "created", ackWaitMs: 30_000, deliverMax: -1 };
const twoMinutes = { duplicateWindowMs: 120_000 };

test.each<Row>([
  ["bucket-info.json", [], server, 4],
  [
    "workqueue.json",
    [
      {
        ...{ name: "JOBS", subjects: ["jobs.*"], storage: "file", retention: "workqueue", discard: "old" },
        ...{ ...twoMinutes, ...made },
      },
    ],
    server,
    0,
  ],
  [
    "limited-workqueue.json",
    [
      {
        ...{ name: "JOBS", subjects: ["jobs.*"], storage: "file", retention: "workqueue", discard: "new" },
        ...{ messagesMax: 50, bytesMax: 1_048_576, ageMaxMs: 3_600_000 },
        ...{ ...twoMinutes, ...made },
      },
    ],
    server,
    0,
  ],
  [
    "interest.yaml",
    [
      {
        ...{ name: "FEED", subjects: ["feed.*"], storage: "memory", retention: "interest", discard: "old" },
        ...{ ...twoMinutes, ...made },
      },
    ],
    server,
    1,
  ],
  [
    "short-age.json",
    [
      {
        ...{ name: "SHORT", subjects: ["short"], storage: "file", duplicateWindowMs: 60_000 },
        ...{ ageMaxMs: 60_000, discard: "old", ...made },
      },
    ],
    server,
    0,
  ],
  [
    "no-ack.json",
    [
      {
        ...{ name: "FLIGHTS", subjects: ["flights.*.status"], storage: "memory", ...twoMinutes },
        ...{ noAck: true, replicas: 3, discard: "old", ...made },
      },
    ],
    { durables: "bound", ackWaitMs: 30_000, deliverMax: -1 },
    3,
  ],
  [
    "consumer-config.json",
    [],
    { durables: "bound", ackWaitMs: 1_000, deliverMax: -1, backoffMs: [1_000, 5_000, 30_000], deliverPolicy: "new" },
    0,
  ],
  ["consumer-info.json", [], { durables: "bound", ackWaitMs: 45_000, deliverMax: 8, ackPendingMax: 1_000 }, 10],
  [
    "ephemeral-consumer-info.json",
    [],
    { durables: "ephemeral", ackWaitMs: 30_000, deliverMax: 3, deliverPolicy: "last", inactiveThresholdMs: 5_000 },
    1,
  ],
  ["acks-all.json", [], { durables: "bound", ackWaitMs: 30_000, deliverMax: -1, ackPolicy: "all" }, 0],
  [
    "push-consumer-info.json",
    [],
    {
      ...{ durables: "bound", ackWaitMs: 30_000, deliverMax: -1, ackPolicy: "none" },
      ...{ deliverSubject: "deliver.siem", deliverGroup: "siem" },
    },
    3,
  ],
  [
    "stream-info.json",
    [
      {
        name: "PAYMENTS",
        subjects: ["payments.authorised", "payments.captured.*"],
        storage: "file",
        duplicateWindowMs: 300_000,
        messagesMax: 500_000,
        bytesMax: 1_073_741_824,
        messageBytesMax: 65_536,
        ageMaxMs: 604_800_000,
        replicas: 3,
        discard: "new",
        ...made,
      },
    ],
    server,
    9,
  ],
  [
    "stream-list.json",
    [
      {
        name: "AUDIT",
        subjects: ["audit.>"],
        ageMaxMs: 2_592_000_000,
        storage: "file",
        ...twoMinutes,
        discard: "old",
        ...made,
      },
      { name: "CACHE", subjects: ["cache.set"], storage: "memory", duplicateWindowMs: 1_000, discard: "old", ...made },
    ],
    server,
    5,
  ],
  [
    "stream-array.json",
    [
      { name: "A", subjects: ["a.*"], storage: "file", ...twoMinutes, discard: "old", ...made },
      { name: "B", subjects: ["b.*"], storage: "file", ...twoMinutes, discard: "old", ...made },
    ],
    server,
    2,
  ],
  [
    "stream-config.json",
    [
      {
        name: "TELEMETRY",
        subjects: ["telemetry.*.reading"],
        storage: "memory",
        ...twoMinutes,
        ageMaxMs: 172_800_000,
        discard: "old",
        ...made,
      },
    ],
    server,
    0,
  ],
  [
    "stream-create-request.json",
    [{ name: "INVOICES", subjects: ["invoices.>"], storage: "file", ...twoMinutes, discard: "old", ...made }],
    server,
    2,
  ],
  [
    "mirror-info.json",
    [
      {
        name: "ALL_ORDERS",
        subjects: ["all.orders"],
        storage: "file",
        ...twoMinutes,
        discard: "old",
        declared: ["sources", "republish"],
        ...made,
      },
    ],
    server,
    6,
  ],
  [
    "no-subjects.json",
    [{ name: "JOBS", subjects: ["JOBS"], storage: "file", ...twoMinutes, discard: "old", ...made }],
    server,
    0,
  ],
  [
    "new-fields.json",
    [{ name: "SENSORS", subjects: ["sensors.>"], storage: "file", ...twoMinutes, discard: "old", ...made }],
    server,
    3,
  ],
  [
    "short-window.json",
    [
      {
        name: "CLICKS",
        subjects: ["clicks"],
        storage: "memory",
        duplicateWindowMs: 100,
        ageMaxMs: 172_800_000,
        discard: "old",
        ...made,
      },
    ],
    server,
    1,
  ],
  [
    "nack-stream.yaml",
    [
      {
        name: "SHIPMENTS",
        subjects: ["shipments.created", "shipments.*.delivered"],
        storage: "file",
        duplicateWindowMs: 90_000,
        messagesMax: 100_000,
        ageMaxMs: 259_200_000,
        replicas: 3,
        discard: "old",
        ...made,
      },
    ],
    server,
    2,
  ],
  // A resource of nack that says nothing of storage is in memory.
  [
    "nack-stream-defaults.yaml",
    [{ name: "SCRATCH", subjects: ["scratch.>"], storage: "memory", ...twoMinutes, discard: "old", ...made }],
    server,
    1,
  ],
  [
    "nack-consumer.yml",
    [],
    { durables: "bound", ackWaitMs: 2_000, backoffMs: [2_000, 10_000, 60_000], deliverMax: 20, ackPendingMax: 2_000 },
    2,
  ],
  [
    "nack-several.yaml",
    [{ name: "TICKETS", subjects: ["tickets.*"], storage: "file", ...twoMinutes, discard: "old", ...made }],
    { durables: "bound", ackWaitMs: 20_000, deliverMax: 5 },
    4,
  ],
  [
    "nack-with-account.yaml",
    [{ name: "TENANT_EVENTS", subjects: ["tenant.events.>"], storage: "file", ...twoMinutes, discard: "old", ...made }],
    server,
    4,
  ],
  [
    "nack-anchors.yaml",
    [
      {
        name: "RED",
        subjects: ["red.*"],
        storage: "file",
        ...twoMinutes,
        ageMaxMs: 172_800_000,
        discard: "old",
        ...made,
      },
      {
        name: "BLUE",
        subjects: ["blue.*"],
        storage: "file",
        ...twoMinutes,
        ageMaxMs: 172_800_000,
        discard: "old",
        ...made,
      },
    ],
    server,
    4,
  ],
  [
    "terraform-plan.json",
    [
      {
        name: "BOOKINGS",
        subjects: ["bookings.>"],
        storage: "file",
        duplicateWindowMs: 60_000,
        ageMaxMs: 86_400_000,
        discard: "old",
        ...made,
      },
    ],
    { durables: "bound", ackWaitMs: 25_000, deliverMax: 7 },
    7,
  ],
  [
    "terraform-state.json",
    [
      {
        name: "FLIGHTS",
        subjects: ["flights.*.status"],
        storage: "memory",
        ...twoMinutes,
        replicas: 3,
        discard: "old",
        ...made,
      },
    ],
    { durables: "bound", ackWaitMs: 30_000, deliverMax: -1, deliverPolicy: "new" },
    3,
  ],
  [
    "mixed.yaml",
    [{ name: "NOTES", subjects: ["notes.*"], storage: "file", ...twoMinutes, discard: "old", ...made }],
    server,
    2,
  ],
  ["values.yaml", [], server, 5],
])("%s is read as typed in", (file, streams, consume, count) => {
  const imported = read(file);
  expect(imported.policy.streams).toEqual(streams);
  expect(imported.policy.consume).toMatchObject(consume);
  expect(told(imported)).toHaveLength(count);
});

test.each<
  [file: string, supervisor: number, readiness: string, liveness: string, told: number, assumed: readonly string[]]
>([
  ["deployment.yaml", 60_000, "process", "independent", 6, ["startup.readiness", "startup.liveness"]],
  ["deployment-one-probe.yaml", 30_000, "process", "as-readiness", 0, ["supervisor.killAfterMs", "startup.readiness"]],
  ["deployment-no-probes.yaml", 30_000, "process", "independent", 0, ["supervisor.killAfterMs"]],
  ["statefulset.yaml", 10_000, "process", "independent", 1, ["startup.readiness", "startup.liveness"]],
  ["nats-server.yaml", 15_000, "process", "independent", 1, []],
])("%s: the service stops and is probed as typed in", (file, killAfterMs, readiness, liveness, count, assumed) => {
  const imported = read(file);
  expect(imported.policy.supervisor.killAfterMs).toBe(killAfterMs);
  expect(imported.policy.startup).toMatchObject({ readiness, liveness });
  expect(told(imported)).toHaveLength(count);
  const places = imported.toFill.map(one => one.place);
  const answered = ["supervisor.killAfterMs", "startup.readiness", "startup.liveness"];
  expect(places.filter(place => answered.includes(place)).toSorted()).toEqual(assumed.toSorted());
});

test.each<[file: string, says: string]>([
  ["broken/push.json", "broken/push.json:5: config.deliver_subject: is not modelled, and an answer without it"],
  ["broken/transform.yaml", "broken/transform.yaml:4: spec: of METRICS is not modelled"],
  ["broken/alias.yaml", "broken/alias.yaml:1: has no anchor &missing before *missing"],
  ["broken/bomb.yaml", "broken/bomb.yaml: has more than 200000 values once its aliases are expanded"],
  ["broken/circle.yaml", "broken/circle.yaml: is nested deeper than 48 levels"],
  [
    "broken/duration-below-zero.json",
    "broken/duration-below-zero.json:1: max_age: is -5, and a duration is not below 0",
  ],
  [
    "broken/duration-days.yaml",
    'broken/duration-days.yaml:6: spec.maxAge: is "7d", which is no duration of Go: write it as "90s", "1h30m" or "500ms"',
  ],
  [
    "broken/duration-text.json",
    'broken/duration-text.json:3: max_age: is "24h", and must be a duration in nanoseconds: a whole number',
  ],
  ["broken/empty.yaml", "broken/empty.yaml: is empty"],
  ["broken/half.json", "broken/half.json:2: is neither YAML nor JSON: "],
  ["broken/limit.json", 'broken/limit.json:1: max_msgs: is "1k", and must be a whole number'],
  ["broken/nameless.yaml", "broken/nameless.yaml:4: spec: is a stream without a name"],
  ["broken/nothing.yaml", "broken/nothing.yaml: holds no stream, no consumer and no deployment"],
  ["broken/other.json", "broken/other.json:1: is none of the formats that are read: nats stream info --json"],
  [
    "broken/overlap.yaml",
    "broken/overlap.yaml:9: document 2: spec.subjects: x.y overlaps with x.> of WIDE at broken/overlap.yaml:4, which the server refuses",
  ],
  ["broken/server.conf", "broken/server.conf:1: is none of the formats that are read"],
  ["broken/storage.yaml", 'broken/storage.yaml:6: spec.storage: is "tape", and must be one of file, memory'],
  ["broken/subjects.json", 'broken/subjects.json:1: subjects: is "one.*", and must be a list of texts'],
  ["broken/template.yaml", "a template is rendered first: helm template . > manifests.yaml"],
  ["broken/twice.yaml", "broken/twice.yaml:7: maxAge: is there twice in one place"],
  [
    "conflict",
    "conflict/stream.yaml:8: spec.duplicateWindow: is 300000, and conflict/info.json:7: config.duplicate_window says 120000",
  ],
  ["not-there.json", "not-there.json: there is no such file"],
])("%s is refused with its place and its reason", (file, says) => {
  expect(complaint(() => read(file))).toContain(says);
});

test("a nested text is refused and never ends in a stack, and so is a file that is too large", () => {
  for (const depth of [treeBounds.depthMax + 2, 100_000])
    expect(complaint(() => parseTrees("[".repeat(depth) + "]".repeat(depth), "deep.json"))).toBe(
      "deep.json: is nested deeper than 48 levels",
    );
  expect(complaint(() => parseTrees(" ".repeat(1_048_577), "large.json"))).toBe(
    "large.json: is larger than 1048576 bytes",
  );
});

test("two files about one stream that agree are one stream", () => {
  const imported = read("nack-stream.yaml", "nack-consumer.yml", "nack-stream.yaml");
  expect(imported.policy.streams.map(one => one.name)).toEqual(["SHIPMENTS"]);
  expect(imported.read).toHaveLength(3);
});

test("a stream that says no duplicate window has the server's: two minutes, or its age where that is shorter", () => {
  const where = { file: "x", line: 1, column: 1, key: "" };
  const window = (ageMaxMs?: number): number =>
    completeStream({ format: "jetstream", where, given: ageMaxMs === undefined ? {} : { ageMaxMs }, places: {} })
      .duplicateWindowMs;
  expect([window(), window(60_000), window(600_000)]).toEqual([120_000, 60_000, 120_000]);
});

test("of several consumers the first one's values are taken, and the others' are told", () => {
  const { means = "", line } = read("nack-several.yaml").notCarried.find(one => /search/.test(one.means)) ?? {};
  expect([line, shown(means)]).toEqual([
    15,
    "the consumer search has ack wait 300000 ms, and not 20000 ms; at most -1 deliveries, and not 5: the values of mail at nack-several.yaml:10 were taken for all",
  ]);
});

test("a deployment gives its replicas and its memory, and the chart gives the servers", () => {
  expect(read("deployment.yaml").policy.supervisor).toMatchObject({ replicas: 3, memoryBytesMax: 268_435_456 });
  expect(read("values.yaml").policy.server).toEqual({ count: 3, killAfterMs: 120_000, lameDuckMs: 30_000 });
  const chart = (values: object): unknown =>
    importTexts([{ file: "values.json", text: JSON.stringify(values) }], "x", { origin: "x" }).policy.server;
  const jetstream = { enabled: true, fileStore: { pvc: { enabled: false } }, merge: { sync_interval: "always" } };
  expect(chart({ config: { cluster: { enabled: true }, jetstream } })).toEqual({
    count: 3,
    syncMs: 0,
    keepsDisk: false,
  });
  expect(chart({ config: { jetstream: { merge: { sync_interval: "30s" } } } })).toEqual({ syncMs: 30_000 });
  expect(chart({ config: { cluster: { enabled: false } } })).toBeUndefined();
});

test("a memory limit that is no quantity is refused at its line", () => {
  const limited = (memory: unknown): string =>
    complaint(() =>
      importTexts(
        [
          {
            file: "d.json",
            text: JSON.stringify({
              apiVersion: "apps/v1",
              kind: "Deployment",
              metadata: { name: "api" },
              spec: { template: { spec: { containers: [{ name: "api", resources: { limits: { memory } } }] } } },
            }),
          },
        ],
        "x",
        { origin: "x" },
      ),
    );
  for (const memory of ["256MB", "lots", "0", "-1Gi", "1e400"])
    expect(limited(memory), memory).toMatch(/^d\.json:1: spec.*limits\.memory: .* no quantity of bytes/);
  expect(limited("1.5Gi")).toBe("nothing");
});

test.each<[file: string, path: readonly (string | number)[], line: number, column: number, key: string]>([
  ["deployment.yaml", ["supervisor", "killAfterMs"], 12, 7, "spec.template.spec.terminationGracePeriodSeconds"],
  [
    "deployment.yaml",
    ["supervisor", "liveness", "failureThreshold"],
    20,
    11,
    "spec.template.spec.containers[0].livenessProbe",
  ],
  ["nack-stream.yaml", ["streams", 0, "ageMaxMs"], 15, 3, "spec.maxAge"],
])("the policy made of %s knows where %j stands", (file, path, line, column, key) => {
  const place = importedSource(read(file)).placeOf(path);
  expect({ ...place, file: shown(place?.file ?? "") }).toEqual({ file, line, column, key });
});

test("the assumed budget of a stop ends before the kill, of which preStop has taken a part", () => {
  const { policy, toFill } = read("deployment.yaml");
  expect(policy.supervisor).toMatchObject({ killAfterMs: 60_000, preStopMs: 10_000 });
  expect(policy.shutdown.budgetMs).toBe(45_000);
  expect(toFill.find(one => one.place === "shutdown.budgetMs")?.default).toBe(45_000);
});

test("the probes that kill are read with the defaults of Kubernetes, and the back-off of its restarts is assumed", () => {
  const { policy, toFill } = read("deployment.yaml");
  expect(policy.supervisor).toMatchObject({
    restartMs: kubeletRestartMs,
    liveness: { periodMs: 10_000, failureThreshold: 6 },
    startupProbe: { asks: "liveness", periodMs: 10_000, failureThreshold: 30 },
  });
  expect(toFill.find(one => one.place === "supervisor.restartMs")?.default).toEqual(kubeletRestartMs);
  expect(read("deployment-no-probes.yaml").policy.supervisor).toEqual({
    restartMs: kubeletRestartMs,
    killAfterMs: 30_000,
  });
});

test("a preStop that takes nearly all of the grace leaves 2 s, an init container that names NATS waits, and another hook is told", () => {
  const { policy, toFill, notCarried } = read("deployment-waits.yaml");
  expect(policy.supervisor).toMatchObject({
    killAfterMs: 32_000,
    preStopMs: 30_000,
    liveness: { initialDelayMs: 5_000, periodMs: 5_000, failureThreshold: 3 },
    startupProbe: { asks: "readiness", periodMs: 2_000, failureThreshold: 3 },
  });
  expect(policy.startup).toMatchObject({ strategy: "wait-outside", liveness: "independent" });
  expect(toFill.find(one => one.place === "startup.strategy")?.why).toContain("the init container wait-for-nats");
  expect(notCarried.map(({ line, key }) => `${line} ${key.split(".").at(-1)}`)).toEqual([
    "18 preStop",
    "9 restartPolicy",
    "11 image",
    "11 command",
    "15 periodSeconds",
    "16 timeoutSeconds",
  ]);
  expect(notCarried.find(({ key }) => key.endsWith("preStop"))?.means).toContain("leaves less than 2000 ms");
  const hooks = read("deployment-hooks.yaml");
  expect(hooks.policy.supervisor).not.toHaveProperty("preStopMs");
  expect(hooks.notCarried.map(({ key }) => key.split(".").at(-1))).toEqual(["preStop", "postStart"]);
  expect(hooks.notCarried[0]?.means).toContain("it does more than sleep");
});

test("the servers that the environment names are those of the client's pool, and no password is shown", () => {
  const imported = read("deployment-pool.yaml");
  expect(imported.policy.client).toEqual({ servers: 3 });
  expect(told(imported)).toEqual(["11 spec.template.spec.containers[0].env"]);
  expect(imported.notCarried[0]?.means).toContain("its other variables are not read");
  expect(JSON.stringify(imported)).not.toContain("s3cret");
  expect(read("deployment.yaml").policy.client).toEqual({});
});

test.each<[name: string, value: string, servers: number | undefined]>([
  ["NATS_URL", "nats://a:4222,nats://b:4222", 2],
  ["NATS_URL", "nats://a:4222,nats://a:4222", undefined],
  ["MESSAGING", "nats://a:4222,b:4222,c", 3],
  ["NATS_ADDRESSES", "a:4222,b:4222", 2],
  ["MY_NATS_HOSTS", "a.example.com,b.example.com,", 2],
  ["NATS_URL", "tls://a:4222,tls://b:4222,tls://c:4222,tls://d:4222,tls://e:4222,tls://f:4222", 5],
  ["NATS_URL", "$(NATS_HOST):4222", undefined],
  ["NATS_USER", "a,b", undefined],
  ["KAFKA_SERVERS", "a:9092,b:9092", undefined],
  ["NATS_URL", "", undefined],
  ["NATS_URL", "see the wiki, please", undefined],
])("%s=%s makes a pool of %s", (name, value, servers) => {
  const spec = { template: { spec: { containers: [{ name: "a", env: [{ name, value }] }] } } };
  const text = JSON.stringify({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec });
  expect(importTexts([{ file: "a.json", text }], "a", { origin: "a.json" }).policy.client.servers).toBe(servers);
});

test("what is told of a stream has the line and the meaning of each key", () => {
  const all = read("stream-info.json").notCarried.map(({ line, key }) => `${line} ${key}`);
  expect(all).toEqual([
    ...["5 config.description", "8 config.max_consumers", "18 config.compression", "19 config.allow_direct"],
    ...["26 config.metadata", "28 created", "29 state", "30 cluster", "31 ts"],
  ]);
});

// ---- Every key is read or told ----

const fixtures = readdirSync(folder)
  .filter(name => /\./.test(name))
  .map(name => join(folder, name));

/** Every path to a value that holds no others, by the library's own reading of the file. */
function leaves(data: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof data !== "object" || data === null) return [path];
  const within = Array.isArray(data) ? data.map((one, i) => [i, one] as const) : Object.entries(data);
  return within.length === 0 ? [path] : within.flatMap(([name, one]) => leaves(one, [...path, name]));
}

test("there are at least forty fixtures", () => {
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(name => /\.\w+$/.test(name));
  expect(all.length).toBeGreaterThanOrEqual(40);
});

test.each(fixtures.map(file => [relative(folder, file), file]))(
  "%s has no key that is neither read nor told",
  (_name, file) => {
    const text = readFileSync(file, "utf8");
    const documents = [...parseAllDocuments(text, { merge: true })].map(one => one.toJS()).filter(one => one !== null);
    const spots = spotsOf(parseTrees(text, file), file);
    expect(spots).toHaveLength(documents.length);
    for (const [i, spot] of spots.entries()) {
      take(spot, { streams: [], consumers: [], deployments: [], servers: [], read: [] });
      const found = leaves(documents[i]);
      expect(found.length).toBeGreaterThan(0);
      const passedOver = found.filter(
        path =>
          !path.some((_, depth) => spot.marks.read.has(JSON.stringify(path.slice(0, depth + 1)))) &&
          !spot.marks.read.has("[]"),
      );
      expect(passedOver).toEqual([]);
    }
  },
);

// ---- Durations ----

test.each<[text: string, nanoseconds: number | undefined]>([
  ["24h", 86_400_000_000_000],
  ["1h30m", 5_400_000_000_000],
  ["1.5s", 1_500_000_000],
  ["500ms", 500_000_000],
  ["10us", 10_000],
  ["10µs", 10_000],
  ["7ns", 7],
  ["0", 0],
  ["7d", undefined],
  ["24", undefined],
  ["h", undefined],
  ["1h 30m", undefined],
  ["-1h", undefined],
  ["", undefined],
])("the Go duration %j is %s ns", (text, nanoseconds) => {
  expect(goNanoseconds(text)).toBe(nanoseconds);
});

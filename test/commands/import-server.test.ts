/** `faultline import --server`: the streams and consumers of a running server, which is asked for two lists and nothing else. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AckPolicy, jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import { connect, nanos } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findNatsServer, type SpawnedServer, spawnServer, storeFolder } from "../bus-protocol/spawn-server.ts";
import { faultline, ownFolder } from "./faultline.ts";

const program = await findNatsServer();
const store = storeFolder();
let server: SpawnedServer;

/** The reader may ask for the two lists, and for nothing else. */
const config = `
jetstream { store_dir: ${JSON.stringify(store.folder)} }
authorization { users = [
  { user: maker, password: makes }
  { user: reader, password: reads-only, permissions: {
    publish: ["$JS.API.STREAM.LIST", "$JS.API.CONSUMER.LIST.>"], subscribe: ["_INBOX.>"] } }
  { user: stranger, password: nothing, permissions: { publish: ["none"], subscribe: ["_INBOX.>"] } }
] }
`;

beforeAll(async () => {
  if (program === null) throw new Error("there is no nats-server");
  const file = join(store.folder, "server.conf");
  writeFileSync(file, config);
  server = await spawnServer(program, ["-c", file]);
  const connection = await connect({ servers: server.url, user: "maker", pass: "makes" });
  const jsm = await jetstreamManager(connection);
  await jsm.streams.add({ name: "ORDERS", subjects: ["orders.>"], max_msgs: 7_000, duplicate_window: nanos(5_000) });
  await jsm.streams.add({ name: "JOBS", subjects: ["jobs.*"], retention: RetentionPolicy.Workqueue });
  await jsm.consumers.add("ORDERS", {
    durable_name: "billing",
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(9_000),
  });
  await connection.close();
});

afterAll(async () => {
  await server.stop();
  store.remove();
});

const as = (who: string): string => server.url.replace("nats://", `nats://${who}@`);

test("a policy is made of what the server has, by a user who may change nothing", async () => {
  const args = ["import", "--server", as("reader:reads-only"), "--name", "live", "--json"];
  const { code, json, stderr } = await faultline(args);
  expect(code).toBe(0);
  expect(json.policy).toMatchObject({
    streams: [
      { name: "JOBS", retention: "workqueue" },
      { name: "ORDERS", messagesMax: 7_000, duplicateWindowMs: 5_000 },
    ],
    consume: { durables: "bound", ackWaitMs: 9_000 },
  });
  expect(json.read.map((one: { name: string }) => one.name)).toEqual(["JOBS", "ORDERS", "ORDERS > billing"]);
  expect(json.read[1].file).toBe(`${server.url}/ORDERS`);
  expect(`${JSON.stringify(json)}${stderr}`).not.toContain("reads-only");
});

test("one stream can be named, and one that is not there is told with those that are", async () => {
  const args = ["import", "--server", as("reader:reads-only"), "--name", "live", "--json"];
  const { json } = await faultline([...args, "--stream", "ORDERS"]);
  expect(json.policy.streams).toHaveLength(1);
  const { code, stderr } = await faultline([...args, "--stream", "ORDER"]);
  expect([code, stderr]).toEqual([
    65,
    expect.stringMatching(/has no stream ORDER in this account: it has JOBS, ORDERS/),
  ]);
});

test.for<readonly [string, (url: string) => string, number, RegExp]>([
  ["that refuses the credentials", url => url.replace("//", "//reader:wrong@"), 69, /cannot be asked: .*uthorization/],
  [
    "that lets the user ask nothing",
    url => url.replace("//", "//stranger:nothing@"),
    69,
    /does not answer .*ermission/,
  ],
  ["that is not there", () => "nats://127.0.0.1:1", 69, /nats:\/\/127\.0\.0\.1:1 cannot be asked/],
  ["without a name that is one", () => "http://127.0.0.1", 64, /--server must be the URL of one server/],
])("a server %s is one sentence", async ([_, url, exitCode, says]) => {
  const { code, stderr } = await faultline(["import", "--server", url(server.url)]);
  expect([code, stderr.trim().split("\n")]).toEqual([exitCode, [expect.stringMatching(says)]]);
});

test("a server without JetStream is told so", async () => {
  const bare = await spawnServer(program ?? "");
  const { code, stderr } = await faultline(["import", "--server", bare.url], { cwd: ownFolder() });
  await bare.stop();
  expect([code, stderr]).toEqual([65, expect.stringContaining("answers no question about JetStream")]);
});

test.for<readonly [readonly string[], RegExp]>([
  [[], /import needs files, folders, or --server URL/],
  [["x.json", "--creds", "y"], /--creds means nothing without --server/],
  [["x.json", "--stream", "y"], /--stream means nothing without --server/],
])("%j is a usage error", async ([args, says]) => {
  const { code, stderr } = await faultline(["import", ...args]);
  expect([code, stderr]).toEqual([64, expect.stringMatching(says)]);
});

/** Policies, and what a scenario may say under one, are read strictly; whatever is wrong is said in one line: file, place, reason. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BadInput } from "../../src/errors.ts";
import { nearest } from "../../src/files/nearest.ts";
import { parsePolicy, parseScenario, policyJsonSchema } from "../../src/files/scenario-schema.ts";

const file = "fixtures/policies/x.json";
const read = (name: string) => readFileSync(new URL(`../../fixtures/policies/${name}.json`, import.meta.url), "utf8");
const good = JSON.parse(read("cordum-hardened"));

function complaint(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    expect(error.exitCode).toBe(65);
    return error.message;
  }
  return "nothing";
}

/** One line: the file, the place, and a reason that matches. */
function expectRefused(said: string, place: string, reason: RegExp): void {
  const prefix = place === "" ? `${file}: ` : `${file}: ${place}: `;
  expect(said.slice(0, prefix.length), said).toBe(prefix);
  expect(said.slice(prefix.length)).toMatch(reason);
  expect(said.split("\n")).toHaveLength(1);
}

const withClassifier = (rule: object) => ({ ...good, classifier: [rule] });
const stream = good.streams[0];
const withStreams = (...streams: object[]) => ({ ...good, streams: streams.map(one => ({ ...stream, ...one })) });
const withFamily = (change: object) => ({ ...good, families: [{ ...good.families[0], ...change }] });
const withId = (id: unknown): object => within("publish", { messageIds: [{ subjects: "a", id }] });
const within = (part: string, change: object) => ({ ...good, [part]: { ...good[part], ...change } });

test("schemas/policy.schema.json is current", () => {
  const written = readFileSync(new URL("../../schemas/policy.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(written), "run npm run schemas").toEqual(JSON.parse(JSON.stringify(policyJsonSchema())));
});

test("the policy that the others are variations of is accepted as it stands", () => {
  expect(parsePolicy(JSON.stringify(good), file)).toEqual(good);
});

test("only what declares nothing may be left out: taps, client options, demands", () => {
  const { taps: _t, client: _c, demands: _d, ...rest } = good;
  expect(parsePolicy(JSON.stringify(rest), file)).toEqual({ ...rest, taps: [], client: {}, demands: [] });
  const optional = ["$schema", "taps", "client", "demands"];
  for (const name of Object.keys(good).filter(one => !optional.includes(one))) {
    const { [name]: _gone, ...without } = good;
    const said = complaint(() => parsePolicy(JSON.stringify(without), file));
    expectRefused(said, name, /invalid input/);
  }
});

test("what is expected of a family is accepted, and so is the deployment of the servers", () => {
  const expected = {
    ...within("supervisor", { replicas: 3, memoryBytesMax: 268_435_456 }),
    families: [
      {
        subjects: "sys.heartbeat",
        durability: "best-effort",
        reason: "the next one comes anyway",
        owner: "platform",
        publishPath: "core",
        gaps: { serverRestartMs: 2_000, rolloutMs: 0 },
        healedBy: "period",
        healsWithinMs: 10_000,
        staleAfterMs: 30_000,
        duplicatesTolerated: true,
        idRule: ["key", { constant: "beat" }],
        load: {
          perSecond: 0.5,
          bytes: [
            { bytes: 100, share: 0.9 },
            { bytes: 4_000, share: 0.1 },
          ],
        },
      },
    ],
    server: { count: 3, killAfterMs: 60_000, lameDuckMs: 130_000, syncMs: 0, keepsDisk: false },
  };
  expect(parsePolicy(JSON.stringify(expected), file)).toEqual(expected);
});

describe("a policy is refused for", () => {
  test.each<[what: string, data: unknown, place: string, reason: RegExp]>([
    ["an unknown field", { ...good, colour: "red" }, "", /unknown field "colour"/],
    [
      "shares that do not add up",
      withFamily({ load: { perSecond: 1, bytes: [{ bytes: 9, share: 0.5 }] } }),
      "families[0].load.bytes",
      /add up to 1/,
    ],
    [
      "a durable family by core NATS",
      withFamily({ durability: "durable", publishPath: "core" }),
      "families[0].publishPath",
      /stores nothing/,
    ],
    ["a repair that nothing makes", withFamily({ healsWithinMs: 5 }), "families[0].healsWithinMs", /without healedBy/],
    [
      "a gap of a durable family",
      withFamily({ durability: "durable", gapMs: 1_000 }),
      "families[0].gapMs",
      /is for a best-effort family/,
    ],
    ["an unknown field within", within("publish", { retries: 1 }), "publish", /unknown field "retries"/],
    ["a version to come", { ...good, version: 2 }, "version", /1/],
    ["a name with a space", { ...good, name: "a b" }, "name", /a-z, 0-9 and -/],
    ["a policy without a why", { ...good, why: "" }, "why", /./],
    ["no families", { ...good, families: [] }, "families", /./],
    ["an empty family", withFamily({ subjects: "" }), "families[0].subjects", /subject pattern/],
    ["a family with a space", withFamily({ subjects: "a b" }), "families[0].subjects", /subject pattern/],
    ["an empty token", withFamily({ subjects: "a..b" }), "families[0].subjects", /subject pattern/],
    ["a > in the midst", withFamily({ subjects: "a.>.b" }), "families[0].subjects", /subject pattern/],
    ["a * within a token", withFamily({ subjects: "a.b*" }), "families[0].subjects", /subject pattern/],
    ["the server's own subjects", withFamily({ subjects: "$JS.>" }), "families[0].subjects", /\$/],
    ["a pattern too long", withFamily({ subjects: "a".repeat(129) }), "families[0].subjects", /128/],
    ["an unknown durability", withFamily({ durability: "mostly" }), "families[0].durability", /./],
    ["a family without a reason", withFamily({ reason: "" }), "families[0].reason", /./],
    ["a rule of no form", withClassifier({}), "classifier[0]", /exactly one form/],
    ["a rule of two forms", withClassifier({ exact: "a", pattern: "b" }), "classifier[0]", /exactly one form/],
    ["a rule of two other forms", withClassifier({ pattern: "a", suffix: "b" }), "classifier[0]", /exactly one form/],
    ["an exact subject with a wildcard", withClassifier({ exact: "a.*" }), "classifier[0].exact", /NATS subject/],
    ["a prefix with a wildcard", withClassifier({ prefix: "a.*" }), "classifier[0].prefix", /part of a subject/],
    ["an empty suffix", withClassifier({ suffix: "" }), "classifier[0].suffix", /part of a subject/],
    ["a stream's name with a dot", withStreams({ name: "A.B" }), "streams[0].name", /letters, digits/],
    ["a stream without subjects", withStreams({ subjects: [] }), "streams[0].subjects", /./],
    ["a stream of all subjects", withStreams({ subjects: [">"] }), "streams[0].subjects[0]", /acknowledgements/],
    [
      "a stream's name used twice",
      withStreams({ subjects: ["a"] }, { subjects: ["b"] }),
      "streams[1].name",
      /CORDUM_SYS is used twice/,
    ],
    [
      "streams that overlap",
      withStreams({ name: "A", subjects: ["a.>"] }, { name: "B", subjects: ["b", "*.x"] }),
      "streams[1].subjects[1]",
      /^\*\.x overlaps with a\.> of A/,
    ],
    [
      "subjects of one stream that overlap",
      withStreams({ subjects: ["a.*", "a.b"] }),
      "streams[0].subjects[1]",
      /^a\.b overlaps with a\.\* of CORDUM_SYS/,
    ],
    ["a window too short", withStreams({ duplicateWindowMs: 99 }), "streams[0].duplicateWindowMs", />=\s?100/],
    ["no attempt at all", within("publish", { attemptsMax: 0 }), "publish.attemptsMax", /./],
    [
      "an id rule of no pattern",
      within("publish", { messageIds: [{ subjects: "a b", id: "key" }] }),
      "publish.messageIds[0].subjects",
      /subject pattern/,
    ],
    [
      "a stop that waits for each subscription without a timeout",
      within("shutdown", { strategy: "subscriptions-waited-then-close" }),
      "shutdown.drainTimeoutMs",
      /is missing/,
    ],
    [
      "the addresses of a pool",
      within("client", { servers: ["nats://a", "nats://b"] }),
      "client.servers",
      /must be the number of servers in the client's pool, whose addresses are the harness's own/,
    ],
    [
      "a timeout of a drain that is not called",
      within("shutdown", { strategy: "close", drainTimeoutMs: 6_000 }),
      "shutdown.drainTimeoutMs",
      /means nothing unless/,
    ],
    ["an id of no part", withId([]), "publish.messageIds[0].id", /must have a part/],
    ["an id of an unknown part", withId(["job"]), "publish.messageIds[0].id", /a list of parts/],
    [
      "a constant with a space",
      withId([{ constant: "a b" }]),
      "publish.messageIds[0].id[0].constant",
      /without spaces/,
    ],
    ["a part alone in place of its list", withId("subject"), "publish.messageIds[0].id", /a list of parts/],
    ["no delivery at all", within("consume", { deliverMax: 0 }), "consume.deliverMax", /-1 for no bound/],
    [
      "dead letters without their subject",
      within("consume", { deadLetterSubject: undefined }),
      "consume.deadLetterSubject",
      /is missing/,
    ],
    [
      "a dead-letter subject without dead letters",
      within("consume", { failures: "redelivered" }),
      "consume.deadLetterSubject",
      /means nothing unless/,
    ],
    [
      "a deadline that is missing",
      within("startup", { deadlineMs: undefined }),
      "startup.deadlineMs",
      /is missing: the strategy is retry-with-deadline/,
    ],
    [
      "a deadline of another strategy",
      within("startup", { strategy: "retry-forever" }),
      "startup.deadlineMs",
      /means nothing unless/,
    ],
    ["a client option that is none", within("client", { jitter: 1 }), "client", /unknown field "jitter"/],
    ["a client option out of bounds", within("client", { reconnectWaitMs: 0 }), "client.reconnectWaitMs", /./],
    [
      "a stream of the bus's own, with consumers that were there before it",
      {
        ...good,
        streams: good.streams.map((one: object) => ({ ...one, made: "created" })),
        consume: { ...good.consume, durables: "bound" },
      },
      "streams[0].made",
      /^is "created" by the bus, so there is no consumer that consume\.durables "bound" could bind to: write "present" here, or durables "created"$/,
    ],
    [
      "a consumer that stands in a stream of the bus's own",
      {
        ...good,
        streams: good.streams.map((one: object) => ({ ...one, made: "created" })),
        consume: { ...good.consume, durables: "created", stands: { ackWaitMs: 5 } },
      },
      "streams[0].made",
      /^is "created" by the bus, so no consumer can be there before it as consume\.stands says/,
    ],
    ["a side that says nothing", within("consume", { stands: {} }), "consume.stands", /names no setting/],
    [
      "two sides that agree",
      within("consume", { stands: { ackWaitMs: good.consume.ackWaitMs } }),
      "consume.stands.ackWaitMs",
      /is what the code asks for/,
    ],
    [
      "two sides that agree by default",
      within("consume", { stands: { deliverPolicy: "all" } }),
      "consume.stands.deliverPolicy",
      /is what the code asks for/,
    ],
    [
      "fewer deliveries than waits, as they stand",
      within("consume", { stands: { deliverMax: 1, ackWaitMs: 5, backoffMs: [5, 6] } }),
      "consume.stands.deliverMax",
      /which the server refuses/,
    ],
    [
      "another ack wait than the first wait, as they stand",
      within("consume", { stands: { backoffMs: [5, 6] } }),
      "consume.stands.ackWaitMs",
      /is not the first wait of backoffMs/,
    ],
    [
      "an ephemeral consumer that stands",
      within("consume", { durables: "ephemeral", stands: { ackWaitMs: 5 } }),
      "consume.stands",
      /an ephemeral consumer has no name/,
    ],
    [
      "a queue group of a consumer that does not push",
      within("consume", { deliverGroup: "workers" }),
      "consume.deliverGroup",
      /means nothing without deliverSubject/,
    ],
    [
      "a work queue whose consumers begin late",
      { ...withStreams({ retention: "workqueue" }), consume: { ...good.consume, deliverPolicy: "new" } },
      "consume.deliverPolicy",
      /must be "all" on a work queue/,
    ],
    [
      "a work queue with one acknowledgement for all before it",
      { ...withStreams({ retention: "workqueue" }), consume: { ...good.consume, ackPolicy: "all" } },
      "consume.ackPolicy",
      /must not be "all" on a work queue/,
    ],
    [
      "a work queue without acknowledgements",
      { ...withStreams({ retention: "workqueue" }), consume: { ...good.consume, ackPolicy: "none" } },
      "consume.ackPolicy",
      /must not be "none" on a work queue/,
    ],
    [
      "a demand that is no property",
      { ...good, demands: ["core-path/order-is-keept"] },
      "demands[0]",
      /^there is no property core-path\/order-is-keept; the nearest is core-path\/order-is-kept$/,
    ],
    [
      "a demand made twice",
      { ...good, demands: ["core-path/order-is-kept", "core-path/order-is-kept"] },
      "demands[1]",
      /demanded twice/,
    ],
    ["a list", [good], "", /object/],
  ])("%s", (_what, data, place, reason) => {
    expectRefused(
      complaint(() => parsePolicy(JSON.stringify(data), file)),
      place,
      reason,
    );
  });

  test("text that is not JSON", () => {
    expect(complaint(() => parsePolicy("{", file))).toMatch(/^fixtures\S+: is not JSON: ./);
  });
});

test("streams that only look alike do not overlap", () => {
  const subjects = ["a.*", "a.b.c", "a.*.d", "b", "b.>", "a"];
  const policy = withStreams(...subjects.map((one, i) => ({ name: `S${i}`, subjects: [one] })));
  expect(complaint(() => parsePolicy(JSON.stringify(policy), file))).toBe("nothing");
});

test("the nearest word is the one with the fewest letters to change, of several the first", () => {
  expect(nearest("kitten", ["mitten", "sitting", "kitchen"])).toBe("mitten");
  expect(nearest("abc", ["abd", "abe"])).toBe("abd");
  expect(nearest("", ["long", "a"])).toBe("a");
});

// ---- What a scenario may say under a policy ----

const publish = { id: "first", kind: "publish", count: 2, bytes: 16, subject: "sys.job.result", key: "job-1" };
const scenario = {
  version: 1,
  id: "durable-path/a-claim",
  why: "to be changed in one place",
  policy: "cordum-hardened",
  steps: [{ id: "start", kind: "start", replica: 0 }, publish],
};
const withSteps = (...steps: object[]) => ({ ...scenario, steps: [...scenario.steps, ...steps] });
const withFault = (fault: object) => withSteps({ id: "f", kind: "fault", fault });

test.each<[what: string, data: unknown]>([
  ["a publish without waiting", withSteps({ ...publish, id: "p", async: true })],
  ["the same messages again", withSteps({ ...publish, id: "p", again: "first" })],
  ["another replica", withSteps({ id: "s", kind: "start", replica: 15 })],
  ["a subscription", withSteps({ id: "s", kind: "subscribe", replica: 1, subject: "a.b", handler: "hangs" })],
  ["a signal", withSteps({ id: "s", kind: "signal", replica: 0, signal: "TERM" })],
  ["an advance of 30 days", withSteps({ id: "a", kind: "advance", ms: 2_592_000_000 })],
  ["an exit", withSteps({ id: "e", kind: "exit" })],
  ["an exit within a together", withSteps({ id: "t", kind: "together", steps: [{ id: "e", kind: "exit" }] })],
  ["a lost acknowledgement", withFault({ kind: "lose-ack" })],
  ["a loss of power", withFault({ kind: "power-loss", awaits: "none" })],
  ["a server without JetStream", withFault({ kind: "no-jetstream" })],
  ["refused credentials", withFault({ kind: "refuse-credentials" })],
  ["a silent handshake", withFault({ kind: "silent-handshake" })],
  ["an error of the server", withFault({ kind: "server-error", text: "stale", closes: false })],
  ["a lost store", withFault({ kind: "stop-server", signal: "KILL", awaits: "noticed", store: "lost" })],
  ["three servers", { ...scenario, options: { servers: 3 } }],
])("accepted: %s", (_what, data) => {
  expect(complaint(() => parseScenario(JSON.stringify(data), file))).toBe("nothing");
});

describe("a scenario under a policy is refused for", () => {
  test.each<[what: string, data: unknown, place: string, reason: RegExp]>([
    [
      "a wildcard to publish on",
      withSteps({ ...publish, id: "p", subject: "a.*" }),
      "steps[2].subject",
      /NATS subject/,
    ],
    ["a key with a space", withSteps({ ...publish, id: "p", key: "a b" }), "steps[2].key", /letters/],
    ["async said to be false", withSteps({ ...publish, id: "p", async: false }), "steps[2].async", /./],
    [
      "messages of a step that there is not",
      withSteps({ ...publish, id: "p", again: "nowhere" }),
      "steps[2].again",
      /there is no publish step nowhere before it/,
    ],
    ["its own messages", withSteps({ ...publish, id: "p", again: "p" }), "steps[2].again", /no publish step p before/],
    [
      "messages of a later step",
      withSteps({ ...publish, id: "p", again: "q" }, { ...publish, id: "q" }),
      "steps[2].again",
      /no publish step q before/,
    ],
    [
      "messages of a step that publishes none",
      withSteps({ ...publish, id: "p", again: "start" }),
      "steps[2].again",
      /no publish step start before/,
    ],
    [
      "more messages than there were",
      withSteps({ ...publish, id: "p", again: "first", count: 3 }),
      "steps[2].count",
      /must be as in first, whose messages it publishes again: 2/,
    ],
    [
      "the same messages on another subject",
      withSteps({ ...publish, id: "p", again: "first", subject: "sys.alert" }),
      "steps[2].subject",
      /as in first.*: sys\.job\.result/,
    ],
    [
      "the same messages under another key",
      withSteps({ ...publish, id: "p", again: "first", key: "job-2" }),
      "steps[2].key",
      /as in first.*: job-1/,
    ],
    ["too many replicas", withSteps({ id: "s", kind: "start", replica: 16 }), "steps[2].replica", /<=\s?15/],
    [
      "a subscription of nobody",
      withSteps({ id: "s", kind: "subscribe", subject: "a", handler: "acks" }),
      "steps[2].replica",
      /./,
    ],
    [
      "a handler that sleeps",
      withSteps({ id: "s", kind: "subscribe", replica: 0, subject: "a", handler: "sleeps" }),
      "steps[2].handler",
      /./,
    ],
    ["an unknown signal", withSteps({ id: "s", kind: "signal", replica: 0, signal: "HUP" }), "steps[2].signal", /./],
    ["time that stands still", withSteps({ id: "a", kind: "advance", ms: 0 }), "steps[2].ms", />=\s?1/],
    ["an advance of years", withSteps({ id: "a", kind: "advance", ms: 1e12 }), "steps[2].ms", /./],
    [
      "a store half lost",
      withFault({ kind: "stop-server", signal: "KILL", awaits: "noticed", store: "half" }),
      "steps[2].fault.store",
      /./,
    ],
    [
      "a lost acknowledgement that is awaited",
      withFault({ kind: "lose-ack", awaits: "noticed" }),
      "steps[2].fault",
      /./,
    ],
    ["a loss of power that awaits nothing", withFault({ kind: "power-loss" }), "steps[2].fault.awaits", /./],
    ["no servers", { ...scenario, options: { servers: 0 } }, "options.servers", /./],
  ])("%s", (_what, data, place, reason) => {
    expectRefused(
      complaint(() => parseScenario(JSON.stringify(data), file)),
      place,
      reason,
    );
  });
});

describe("without a policy nothing is left undone in silence:", () => {
  const bare = (...steps: object[]) => ({ ...scenario, policy: undefined, steps });
  const plain = { id: "p", kind: "publish", count: 1, bytes: 16 };
  test.each<[what: string, data: unknown, place: string]>([
    ["a subject", bare({ ...plain, subject: "a.b" }), "steps[0].subject"],
    ["a key", bare({ ...plain, key: "k" }), "steps[0].key"],
    ["async", bare({ ...plain, async: true }), "steps[0].async"],
    ["again", bare(plain, { ...plain, id: "q", again: "p" }), "steps[1].again"],
    [
      "a subject within a together",
      bare({ id: "t", kind: "together", steps: [{ ...plain, subject: "a.b" }] }),
      "steps[0].steps[0].subject",
    ],
    ["a replica", bare({ id: "s", kind: "start", replica: 0 }), "steps[0].replica"],
    ["a signal", bare({ id: "s", kind: "signal", replica: 0, signal: "TERM" }), "steps[0].kind"],
    [
      "a subscription",
      bare({ id: "s", kind: "subscribe", replica: 0, subject: "a", handler: "acks" }),
      "steps[0].kind",
    ],
  ])("%s is refused", (_what, data, place) => {
    expectRefused(
      complaint(() => parseScenario(JSON.stringify(data), file)),
      place,
      /means nothing in a scenario without a policy/,
    );
  });
});

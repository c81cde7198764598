/** Validators for the files that people write. Strict: unknown fields are refused, and every size, depth and count has a bound. */
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { restartsIn, restartsMax } from "../../models/policy/restarts.ts";
import { optionDefaults } from "../../models/policy/under.ts";
import { publishersMax } from "../../models/vocabulary/publishers.ts";
import {
  type CallStep,
  capabilities,
  classNames,
  handlers,
  mayTakeTime,
  mustTakeTime,
  partsOf,
  type Scenario,
  type Step,
  type SubscribeStep,
  serverErrorTexts,
} from "../../models/vocabulary/scenario.ts";
import { BadInput } from "../errors.ts";
import { checkShape, type FilePlace, jsonBounds, parseJson, placeText, whole } from "./json.ts";
import { policyNamedIn } from "./policies.ts";
import { clientOptions, mustBeModelled, patternShape, policyShape, subjectShape } from "./policy-schema.ts";

export { parseJson } from "./json.ts";
export { parsePolicy, policyJsonSchema } from "./policy-schema.ts";

export const bounds = {
  ...jsonBounds,
  stepsMax: 2_000,
  countMax: 100_000,
  payloadBytesMin: 8,
  payloadBytesMax: 1_048_576,
  /** The bound for all publishes of one scenario together, payloads only. */
  totalBytesMax: 67_108_864,
  /** The bound for all publishes of one scenario together: the model holds each message, and a run is to end soon after a signal. */
  totalMessagesMax: 100_000,
  /** The number of times that a supervisor may start a process again while a fault is in force. */
  restartsMax,
  timeoutMsMax: 60_000,
  /** The bound for a handler's work on one message. */
  takesMsMax: 10_000,
  attemptsMax: 16,
  publishersMax,
  /** The highest number of a replica. */
  replicaMax: 15,
  /** The most dials that one outage waits for. */
  dialsMax: 1_000,
  /** The bound for one step: 30 days. */
  advanceMsMax: 2_592_000_000,
} as const;

const stepId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be 1 to 63 of a-z, 0-9 and -, not beginning with -")
  .refine(id => id !== "settle", "settle is the harness's own step");
const replica = whole(0, bounds.replicaMax);

const publish = z.strictObject({
  id: stepId,
  kind: z.literal("publish"),
  count: whole(1, bounds.countMax),
  bytes: whole(bounds.payloadBytesMin, bounds.payloadBytesMax),
  overlap: z.literal(true).optional(),
  publishers: whole(2, bounds.publishersMax).optional(),
  subject: subjectShape.optional(),
  key: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 letters, digits, _ and -")
    .optional(),
  async: z.literal(true).optional(),
  again: stepId.optional(),
});
const flush = z.strictObject({
  id: stepId,
  kind: z.literal("flush"),
  timeoutMs: whole(1, bounds.timeoutMsMax).default(5_000),
  overlap: z.literal(true).optional(),
});
const drain = z.strictObject({ id: stepId, kind: z.literal("drain"), overlap: z.literal(true).optional() });
const close = z.strictObject({ id: stepId, kind: z.literal("close") });
const exit = z.strictObject({ id: stepId, kind: z.literal("exit"), after: z.literal("drain").optional() });
const call = z.discriminatedUnion("kind", [publish, flush, drain, close, exit]);

const faultAwait = z.enum(["noticed", "gave-up", "none"]);
const fault = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("cut"),
    awaits: faultAwait,
    dials: z.union([whole(1, bounds.dialsMax), z.literal("all")]).optional(),
  }),
  z.strictObject({ kind: z.literal("hold") }),
  z.strictObject({ kind: z.literal("limit"), bytes: whole(1, bounds.totalBytesMax) }),
  z.strictObject({ kind: z.literal("blackhole") }),
  z.strictObject({
    kind: z.literal("stop-server"),
    signal: z.enum(["TERM", "KILL"]),
    awaits: faultAwait,
    store: z.literal("lost").optional(),
  }),
  z.strictObject({ kind: z.literal("pause-server") }),
  z.strictObject({ kind: z.literal("lose-ack") }),
  z.strictObject({ kind: z.literal("power-loss"), awaits: faultAwait }),
  z.strictObject({ kind: z.literal("no-jetstream") }),
  z.strictObject({ kind: z.literal("refuse-credentials") }),
  z.strictObject({ kind: z.literal("silent-handshake") }),
  z.strictObject({ kind: z.literal("server-error"), text: z.enum(serverErrorTexts), closes: z.boolean() }),
  z.strictObject({ kind: z.literal("cut-server"), stays: z.literal(true).optional() }),
]);

const step = z.discriminatedUnion("kind", [
  z.strictObject({ id: stepId, kind: z.literal("start"), replica: replica.optional() }),
  publish,
  flush,
  drain,
  close,
  exit,
  z.strictObject({
    id: stepId,
    kind: z.literal("subscribe"),
    replica,
    subject: patternShape,
    handler: z.enum(handlers),
    takesMs: whole(1, bounds.takesMsMax).optional(),
    nakDelayMs: whole(1, bounds.takesMsMax).optional(),
  }),
  z.strictObject({
    id: stepId,
    kind: z.literal("signal"),
    replica,
    signal: z.enum(["TERM", "KILL"]),
    meanwhile: z
      .array(publish.omit({ overlap: true, async: true, again: true }))
      .min(1)
      .max(16)
      .optional(),
  }),
  z.strictObject({ id: stepId, kind: z.literal("advance"), ms: whole(1, bounds.advanceMsMax) }),
  z.strictObject({ id: stepId, kind: z.literal("together"), steps: z.array(call).min(1).max(16) }),
  z.strictObject({ id: stepId, kind: z.literal("fault"), fault }),
  z.strictObject({ id: stepId, kind: z.literal("await-noticed") }),
  z.strictObject({
    id: stepId,
    kind: z.literal("heal"),
    awaits: z.enum(["connected", "handshake", "none"]),
    afterAttempts: whole(1, bounds.attemptsMax).optional(),
  }),
]);

const options = z.strictObject({
  subject: z
    .string()
    .regex(
      /^[A-Za-z0-9]{6,64}$/,
      "must be one token of 6 to 64 letters and digits: the live world renames it, keeping its length",
    )
    .default("subject"),
  reconnectBufferBytesMax: clientOptions.reconnectBufferBytesMax.optional(),
  reconnectWaitMs: clientOptions.reconnectWaitMs.default(optionDefaults.reconnectWaitMs),
  reconnectJitterMs: clientOptions.reconnectJitterMs.optional(),
  servers: clientOptions.servers.optional(),
  reconnectAttemptsMax: clientOptions.reconnectAttemptsMax.default(optionDefaults.reconnectAttemptsMax),
  pingIntervalMs: clientOptions.pingIntervalMs.optional(),
  pingsOutMax: clientOptions.pingsOutMax.optional(),
  cutsWith: z.enum(["fin", "rst"]).default("fin"),
});

const mustHappen = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("disconnected") }),
  z.strictObject({ kind: z.literal("reconnected") }),
  z.strictObject({ kind: z.literal("fault-took-effect"), step: stepId }),
  z.strictObject({ kind: z.literal("published-while-down"), atLeast: whole(1, bounds.countMax) }),
]);

const count = whole(0, bounds.countMax);
const expectedCount = z.union([count, z.tuple([count, count])]);
const classes = z.strictObject(
  Object.fromEntries(classNames.map(name => [name, expectedCount.optional()])) as Record<
    (typeof classNames)[number],
    z.ZodOptional<typeof expectedCount>
  >,
);
const fact = z.string().min(1).max(500);
const expectation = z.strictObject({
  fact: fact.describe("What shows it; absent: what the scenario gives for all.").optional(),
  classes,
});

export const scenarioSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1),
  id: z.string().regex(/^[a-z-]+\/[a-z0-9-]+$/, "must be <concern>/<claim> in kebab case"),
  why: z.string().min(1).max(2_000),
  requires: z.array(z.enum(capabilities)).max(capabilities.length).default([]),
  options: options.prefault({}),
  policy: policyShape.optional(),
  steps: z.array(step).min(1).max(bounds.stepsMax),
  mustHappen: z.array(mustHappen).max(32).default([]),
  fact: fact.describe("Of every expectation that gives none.").optional(),
  expect: z.record(z.string().max(100), expectation).default({}),
});

/** A file may name its policy. */
const fileSchema = scenarioSchema.extend({
  policy: z
    .union([z.string().min(1).max(500), policyShape])
    .describe("A policy, the name of one under fixtures/policies, or a .json file relative to the scenario's.")
    .optional(),
});

/** The JSON Schema that scenario files name in `$schema`. */
export const scenarioJsonSchema = (): object => z.toJSONSchema(fileSchema, { io: "input" });

/**
 * Parses and validates a scenario's text. A policy that it names as a file is read from `folder`: the scenario's own by default. @throws
 * BadInput with file, place and reason.
 */
export function parseScenario(text: string, file: string, folder?: string): Scenario {
  return checkScenario(parseJson(text, file), file, [], folder);
}

/** Validates a scenario given as data, which stands at `path` of the file. @throws BadInput */
export function checkScenario(
  data: unknown,
  file: string,
  path: FilePlace = [],
  folder: string = dirname(resolve(file)),
): Scenario {
  const at = (more: FilePlace): string => placeText([...path, ...more]);
  const resolved = withPolicy(data, named => policyNamedIn(named, folder, file, at(["policy"])));
  const bad = (place: FilePlace, reason: string): BadInput => new BadInput(file, at(place), reason);
  const written = checkShape(scenarioSchema, resolved, file, path, "a scenario");
  const scenario = withClientOptions(withFacts(written, bad), data, bad);
  if (scenario.policy !== undefined) mustBeModelled(scenario.policy, file, [...path, "policy"]);
  checkSteps(scenario, bad);
  checkTotal(scenario, bad);
  checkRestarts(scenario, file, path);
  return scenario;
}

/** @throws BadInput where a process may fail and be started again more often than a scenario may have it */
export function checkRestarts({ policy, options, steps }: Scenario, file: string, path: FilePlace = []): void {
  if (policy === undefined) return;
  const restarts = restartsIn({ policy, options, steps });
  if (restarts <= bounds.restartsMax) return;
  const reason = `the process may be started again ${restarts} times while a fault is in force`;
  throw new BadInput(file, placeText([...path, "steps"]), `${reason}; the most is ${bounds.restartsMax}`);
}

function withPolicy(data: unknown, read: (named: string) => unknown): unknown {
  if (typeof data !== "object" || data === null || !("policy" in data) || typeof data.policy !== "string") return data;
  return { ...data, policy: read(data.policy) };
}

type Bad = (place: FilePlace, reason: string) => BadInput;

/** Each expectation with its fact. A file may name a fact once for the expectations that share it. */
function withFacts({ fact: shared, ...written }: z.output<typeof scenarioSchema>, bad: Bad): Scenario {
  const given = Object.entries(written.expect);
  if (shared !== undefined && given.every(([, one]) => one.fact !== undefined))
    throw bad(["fact"], "is taken by no expectation: each gives another");
  const expectations = given.map(([profile, one]) => {
    if (one.fact === undefined && shared === undefined)
      throw bad(["expect", profile, "fact"], "is missing, and the scenario gives none for all");
    return [profile, { fact: shared, ...one }];
  });
  return { ...written, expect: Object.fromEntries(expectations) } as Scenario;
}

/** The policy's client options apply, unless the file sets them itself. */
function withClientOptions(scenario: Scenario, data: unknown, bad: Bad): Scenario {
  if (scenario.policy === undefined) return scenario;
  const { client, name } = scenario.policy;
  const written = { ...(data as { options?: Readonly<Record<string, unknown>> }).options };
  for (const [option, value] of Object.entries(client))
    if (written[option] !== undefined && written[option] !== value)
      throw bad(["options", option], `is ${written[option]}, and the policy ${name} sets ${value}`);
  return { ...scenario, options: { ...scenario.options, ...client } };
}

function checkHandler({ handler, takesMs, nakDelayMs }: SubscribeStep, place: FilePlace, bad: Bad): void {
  if (takesMs !== undefined && !mayTakeTime(handler))
    throw bad([...place, "takesMs"], `means nothing for a handler that ${handler}`);
  if (takesMs === undefined && mustTakeTime(handler))
    throw bad([...place, "takesMs"], `is missing: a handler that ${handler} is about the time that it works`);
  if (nakDelayMs !== undefined && handler !== "naks")
    throw bad([...place, "nakDelayMs"], `means nothing for a handler that ${handler}`);
}

/** Checks the steps in order, with the ids and publishes before each. */
function checkSteps(scenario: Scenario, bad: Bad): void {
  const before = new Map<string, Step>();
  const check = (one: Step, place: FilePlace): void => {
    if (before.has(one.id)) throw bad([...place, "id"], `the step id ${one.id} is used twice`);
    if (scenario.policy === undefined) checkNeedsNoPolicy(one, place, bad);
    checkPublishers(one, scenario, place, bad);
    checkAgain(one, before, place, bad);
    if (one.kind === "subscribe") checkHandler(one, place, bad);
    before.set(one.id, one);
    if (one.kind === "signal" && one.meanwhile !== undefined && (one.replica > 0 || one.signal === "KILL"))
      throw bad([...place, "meanwhile"], "needs SIGTERM to replica 0, the one that publishes");
    const within = one.kind === "together" ? "steps" : "meanwhile";
    partsOf(one).forEach((part: CallStep, j) => {
      if (part.kind === "publish" && part.publishers !== undefined)
        throw bad([...place, within, j, "publishers"], "means nothing among calls that follow each other");
      check(part, [...place, within, j]);
    });
  };
  scenario.steps.forEach((one, i) => {
    check(one, ["steps", i]);
  });
  scenario.mustHappen.forEach((must, i) => {
    if (must.kind === "fault-took-effect" && !before.has(must.step))
      throw bad(["mustHappen", i, "step"], `there is no step ${must.step}`);
  });
}

const underAPolicy = ["subject", "key", "async", "again"] as const;

/** Refuses fields that only a policy gives a meaning to, since they would silently have no effect. */
function checkNeedsNoPolicy(one: Step, place: FilePlace, bad: Bad): void {
  if (one.kind === "subscribe" || one.kind === "signal")
    throw bad([...place, "kind"], `${one.kind} means nothing in a scenario without a policy`);
  if (one.kind === "heal" && one.afterAttempts !== undefined)
    throw bad([...place, "afterAttempts"], "means nothing in a scenario without a policy");
  if (one.kind === "start" && one.replica !== undefined)
    throw bad([...place, "replica"], "means nothing in a scenario without a policy");
  if (one.kind !== "publish") return;
  const field = underAPolicy.find(name => one[name] !== undefined);
  if (field !== undefined) throw bad([...place, field], "means nothing in a scenario without a policy");
}

/** Several publishers share the messages of a client without a policy, and each has one at least. */
function checkPublishers(one: Step, { policy }: Scenario, place: FilePlace, bad: Bad): void {
  if (one.kind !== "publish" || one.publishers === undefined) return;
  if (policy !== undefined) throw bad([...place, "publishers"], "means nothing in a scenario with a policy");
  if (one.publishers > one.count)
    throw bad([...place, "publishers"], `must be at most ${one.count}, the messages that they share`);
}

const repeated = ["count", "bytes", "subject", "key"] as const;

/** A repeat publishes the same messages, so every field that describes them must agree. */
function checkAgain(one: Step, before: ReadonlyMap<string, Step>, place: FilePlace, bad: Bad): void {
  if (one.kind !== "publish" || one.again === undefined) return;
  const first = before.get(one.again);
  if (first?.kind !== "publish") throw bad([...place, "again"], `there is no publish step ${one.again} before it`);
  for (const field of repeated)
    if (one[field] !== first[field])
      throw bad(
        [...place, field],
        `must be as in ${first.id}, whose messages it publishes again: ${first[field] ?? "absent"}`,
      );
}

function checkTotal(scenario: Scenario, bad: Bad): void {
  const publishes = scenario.steps
    .flatMap((one): readonly Step[] => [one, ...partsOf(one)])
    .filter(one => one.kind === "publish");
  const messages = publishes.reduce((sum, { count }) => sum + count, 0);
  if (messages > bounds.totalMessagesMax)
    throw bad(["steps"], `publishes ${messages} messages in all; the most is ${bounds.totalMessagesMax}`);
  const total = publishes.reduce((sum, { count, bytes }) => sum + count * bytes, 0);
  if (total > bounds.totalBytesMax)
    throw bad(["steps"], `publishes ${total} bytes in all; the most is ${bounds.totalBytesMax}`);
}

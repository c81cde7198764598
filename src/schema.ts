/** Validators for what people write. Strict: unknown fields are refused, and every size, depth and count has a bound. */
import { z } from "zod";
import { capabilities, classNames, type Scenario, type Step } from "../models/vocabulary/scenario.ts";
import { BadInput } from "./errors.ts";

export const bounds = {
  fileBytesMax: 1_048_576,
  depthMax: 12,
  stepsMax: 2_000,
  countMax: 100_000,
  payloadBytesMin: 8,
  payloadBytesMax: 1_048_576,
  /** Of all publishes of one scenario together, payloads only. */
  totalBytesMax: 67_108_864,
  timeoutMsMax: 60_000,
} as const;

const stepId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be 1 to 63 of a-z, 0-9 and -, not beginning with -")
  .refine(id => id !== "settle", "settle is the harness's own step");
const whole = (min: number, max: number): z.ZodNumber => z.int().min(min).max(max);

const publish = z.strictObject({
  id: stepId,
  kind: z.literal("publish"),
  count: whole(1, bounds.countMax),
  bytes: whole(bounds.payloadBytesMin, bounds.payloadBytesMax),
  overlap: z.literal(true).optional(),
});
const flush = z.strictObject({
  id: stepId,
  kind: z.literal("flush"),
  timeoutMs: whole(1, bounds.timeoutMsMax).default(5_000),
});
const drain = z.strictObject({ id: stepId, kind: z.literal("drain") });
const close = z.strictObject({ id: stepId, kind: z.literal("close") });
const call = z.discriminatedUnion("kind", [publish, flush, drain, close]);

const faultAwait = z.enum(["noticed", "gave-up", "none"]);
const fault = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("cut"), awaits: faultAwait }),
  z.strictObject({ kind: z.literal("hold") }),
  z.strictObject({ kind: z.literal("limit"), bytes: whole(1, bounds.totalBytesMax) }),
  z.strictObject({ kind: z.literal("blackhole") }),
  z.strictObject({ kind: z.literal("stop-server"), signal: z.enum(["TERM", "KILL"]), awaits: faultAwait }),
  z.strictObject({ kind: z.literal("pause-server") }),
]);

const step = z.discriminatedUnion("kind", [
  z.strictObject({ id: stepId, kind: z.literal("start") }),
  publish,
  flush,
  drain,
  close,
  z.strictObject({ id: stepId, kind: z.literal("together"), steps: z.array(call).min(1).max(16) }),
  z.strictObject({ id: stepId, kind: z.literal("fault"), fault }),
  z.strictObject({ id: stepId, kind: z.literal("await-noticed") }),
  z.strictObject({ id: stepId, kind: z.literal("heal"), awaits: z.enum(["connected", "handshake", "none"]) }),
]);

const options = z.strictObject({
  subject: z
    .string()
    .regex(
      /^[A-Za-z0-9]{6,64}$/,
      "must be one token of 6 to 64 letters and digits: the live world renames it, keeping its length",
    )
    .default("subject"),
  reconnectBufferBytesMax: whole(-1, bounds.totalBytesMax).optional(),
  // All three stay well below what the harness waits for a client to notice and to come back.
  reconnectWaitMs: whole(1, 3_000).default(20),
  reconnectAttemptsMax: whole(-1, 1_000).default(-1),
  pingIntervalMs: whole(20, 5_000).optional(),
  pingsOutMax: whole(1, 10).optional(),
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
const expectation = z.strictObject({ fact: z.string().min(1).max(500), classes });

export const scenarioSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1),
  id: z.string().regex(/^[a-z-]+\/[a-z0-9-]+$/, "must be <concern>/<claim> in kebab case"),
  why: z.string().min(1).max(2_000),
  requires: z.array(z.enum(capabilities)).max(capabilities.length).default([]),
  options: options.prefault({}),
  steps: z.array(step).min(1).max(bounds.stepsMax),
  mustHappen: z.array(mustHappen).max(32).default([]),
  expect: z.record(z.string().max(100), expectation).default({}),
});

/** The JSON Schema that scenario files name in `$schema`. */
export const scenarioJsonSchema = (): object => z.toJSONSchema(scenarioSchema, { io: "input" });

/** Parses and validates a scenario's text. @throws BadInput with file, path and reason. */
export function parseScenario(text: string, file: string): Scenario {
  return checkScenario(parseJson(text, file), file);
}

/** Parses JSON of bounded size and depth. @throws BadInput */
export function parseJson(text: string, file: string): unknown {
  if (Buffer.byteLength(text) > bounds.fileBytesMax)
    throw new BadInput(file, "", `is larger than ${bounds.fileBytesMax} bytes`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new BadInput(file, "", `is not JSON: ${(error as Error).message}`);
  }
  if (depthOf(data, 0) > bounds.depthMax)
    throw new BadInput(file, "", `is nested deeper than ${bounds.depthMax} levels`);
  return data;
}

/** Validates a scenario given as data. @throws BadInput */
export function checkScenario(data: unknown, file: string, path: readonly PropertyKey[] = []): Scenario {
  const parsed = scenarioSchema.safeParse(data);
  const at = (more: readonly PropertyKey[]): string => pathText([...path, ...more]);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BadInput(file, at(issue?.path ?? []), issue === undefined ? "is not a scenario" : issueText(issue));
  }
  const scenario = withoutUndefined(parsed.data) as Scenario;
  checkIds(scenario, file, at);
  checkTotal(scenario, file, at);
  return scenario;
}

function checkIds(scenario: Scenario, file: string, at: (path: readonly PropertyKey[]) => string): void {
  const seen = new Set<string>();
  const check = (id: string, path: readonly PropertyKey[]): void => {
    if (seen.has(id)) throw new BadInput(file, at([...path, "id"]), `the step id ${id} is used twice`);
    seen.add(id);
  };
  scenario.steps.forEach((one, i) => {
    check(one.id, ["steps", i]);
    if (one.kind === "together") {
      one.steps.forEach((part, j) => {
        check(part.id, ["steps", i, "steps", j]);
      });
    }
  });
  scenario.mustHappen.forEach((must, i) => {
    if (must.kind === "fault-took-effect" && !seen.has(must.step))
      throw new BadInput(file, at(["mustHappen", i, "step"]), `there is no step ${must.step}`);
  });
}

function checkTotal(scenario: Scenario, file: string, at: (path: readonly PropertyKey[]) => string): void {
  const bytesOf = (one: Step): number => {
    if (one.kind === "publish") return one.count * one.bytes;
    return one.kind === "together" ? one.steps.reduce((sum, part) => sum + bytesOf(part), 0) : 0;
  };
  const total = scenario.steps.reduce((sum, one) => sum + bytesOf(one), 0);
  if (total > bounds.totalBytesMax)
    throw new BadInput(file, at(["steps"]), `publishes ${total} bytes in all; the most is ${bounds.totalBytesMax}`);
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `unknown field ${issue.keys.map(name => `"${name}"`).join(", ")}`;
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map(part => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");

function depthOf(data: unknown, depth: number): number {
  if (typeof data !== "object" || data === null || depth > bounds.depthMax) return depth;
  return Object.values(data).reduce<number>((most, value) => Math.max(most, depthOf(value, depth + 1)), depth + 1);
}

/** zod leaves `key: undefined` for absent optional fields; the vocabulary says absent. */
function withoutUndefined(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(withoutUndefined);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) => (value === undefined ? [] : [[name, withoutUndefined(value)]])),
  );
}

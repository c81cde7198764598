/**
 * The validators of bus protocol 1, and its JSON Schema (schemas/bus-protocol.schema.json is written from here). The harness checks each
 * line of a bus with them; a bus need not load this file. Unknown fields are refused, and everything has a bound. At the end of the file
 * the compiler checks that validators and types agree.
 */
import { z } from "zod";
import {
  type CallOutcome,
  type ConnectionChange,
  type HandledOutcome,
  handledOutcomes,
  type Outcome,
  type RejectKind,
  type UnsettledKind,
} from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { publishersMax } from "../../models/vocabulary/publishers.ts";
import { type Handler, handlers } from "../../models/vocabulary/scenario.ts";
import {
  type BusEvent,
  busCapabilities,
  type Command,
  type NumberedCommand,
  type NumberedReply,
  numberDigits,
  protocolVersion,
  type Reply,
} from "./protocol.ts";

const id = z.int().min(0);
const caseNumber = z.int().min(0);
const word = z.string().min(1).max(200);
const text = z.string().max(2_000).exactOptional();
const waitMs = z.int().min(1).max(600_000);
const subject = z.string().regex(/^[^\s]{1,200}$/);

// ---- Commands -------------------------------------------------------------------------------------------------------

const hello = { do: z.literal("hello"), versions: z.array(z.int()).min(1).max(100) };
const startOptions = z.strictObject({
  reconnectBufferBytesMax: z.int().exactOptional(),
  reconnectWaitMs: z.int().min(0).max(600_000),
  reconnectJitterMs: waitMs.exactOptional(),
  reconnectAttemptsMax: z.int().min(-1),
  pingIntervalMs: waitMs.exactOptional(),
  pingsOutMax: z.int().min(1).exactOptional(),
  connectTimeoutMs: waitMs,
});
/** Checked when its file was read; its own schema is schemas/policy.schema.json. */
const policy = z
  .unknown()
  .refine(value => typeof value === "object")
  .describe("A policy: policy.schema.json") as unknown as z.ZodType<Policy>;
const start = {
  do: z.literal("start"),
  case: caseNumber,
  url: z.string().regex(/^nats:\/\/\S{1,200}$/),
  name: word,
  options: startOptions,
  policy: policy.exactOptional(),
};
const askingAgain = z.strictObject({ retries: z.int().min(1), waitMs: z.int().min(1) });
const publish = {
  do: z.literal("publish"),
  subject,
  first: z.int().min(0).max(99_999_999),
  count: z.int().min(1).max(1_000_000),
  bytes: z
    .int()
    .min(numberDigits)
    .max(64 * 1024 * 1024),
  publishers: z.int().min(2).max(publishersMax).exactOptional(),
  key: word.exactOptional(),
  async: z.literal(true).exactOptional(),
  resolved: z
    .discriminatedUnion("via", [
      z.strictObject({ via: z.literal("core"), onError: askingAgain.exactOptional() }),
      z.strictObject({
        via: z.literal("jetstream"),
        onError: askingAgain.exactOptional(),
        idTexts: z.array(z.string().max(2_000)).min(1).max(17).exactOptional(),
        ackTimeoutMs: z.int().min(1),
        attemptsMax: z.int().min(1),
        noResponders: z.strictObject({ retries: z.int().min(0), waitMs: z.int().min(1) }).exactOptional(),
      }),
    ])
    .exactOptional(),
};
const exit = { do: z.literal("exit"), after: z.literal("drain").exactOptional() };
const flush = { do: z.literal("flush"), timeoutMs: waitMs };
const drain = { do: z.literal("drain"), timeoutMs: waitMs };
const close = { do: z.literal("close"), timeoutMs: waitMs };
const call = z.discriminatedUnion("do", [
  z.strictObject(publish),
  z.strictObject(exit),
  z.strictObject(flush),
  z.strictObject(drain),
  z.strictObject(close),
]);
const together = { do: z.literal("together"), calls: z.array(call).min(1).max(1_000) };
const status = { do: z.literal("status") };
const handler = z.enum(handlers);
const subscribe = {
  do: z.literal("subscribe"),
  subject,
  handler,
  takesMs: waitMs.exactOptional(),
  nakDelayMs: waitMs.exactOptional(),
  resolved: z.strictObject({ stream: word.exactOptional(), durable: word }).exactOptional(),
};
const probe = { do: z.literal("probe") };
const end = { do: z.literal("end") };
const quit = { do: z.literal("quit") };

const command = z.discriminatedUnion("do", [
  z.strictObject({ id, ...hello }),
  z.strictObject({ id, ...start }),
  z.strictObject({ id, ...publish }),
  z.strictObject({ id, ...flush }),
  z.strictObject({ id, ...drain }),
  z.strictObject({ id, ...close }),
  z.strictObject({ id, ...together }),
  z.strictObject({ id, ...status }),
  z.strictObject({ id, ...exit }),
  z.strictObject({ id, ...subscribe }),
  z.strictObject({ id, ...probe }),
  z.strictObject({ id, ...end }),
  z.strictObject({ id, ...quit }),
]);

// ---- Replies --------------------------------------------------------------------------------------------------------

const rejectKind = z.enum([
  "buffer-full",
  "closed",
  "draining",
  "too-large",
  "not-connected",
  "no-responders",
  "no-headers",
  "stream-full",
]);
const unsettledKind = z.enum([
  "timeout",
  "disconnected",
  "write-failed",
  "closed",
  "never-returned",
  "reconnecting",
  "other",
]);
const outcome = z.discriminatedUnion("is", [
  z.strictObject({ is: z.literal("accepted"), text }),
  z.strictObject({ is: z.literal("acked"), duplicate: z.literal(true).exactOptional(), text }),
  z.strictObject({ is: z.literal("rejected"), kind: rejectKind, text }),
  z.strictObject({ is: z.literal("unsettled"), kind: unsettledKind, text }),
]);
const callOutcome = z.discriminatedUnion("is", [
  z.strictObject({ is: z.literal("ok"), text }),
  z.strictObject({ is: z.literal("failed"), kind: unsettledKind, text }),
]);

const greeting = {
  protocol: z.literal(protocolVersion),
  bus: word,
  profile: word,
  client: z.strictObject({ name: word, version: word }),
  capabilities: z.array(z.enum(busCapabilities)).max(busCapabilities.length),
  traits: z.array(word).max(100).exactOptional(),
  fixed: z.literal(true).exactOptional(),
  resolved: z.literal(true).exactOptional(),
  pid: z.int().min(1).exactOptional(),
};
const unsent = z
  .strictObject({ messages: z.int().min(0).exactOptional(), bytes: z.int().min(0).exactOptional() })
  .refine(({ messages, bytes }) => messages !== undefined || bytes !== undefined, "says neither messages nor bytes");
const callReply = { outcome: callOutcome, unsent: unsent.exactOptional() };
const publishReply = {
  outcomes: z
    .array(z.strictObject({ count: z.int().min(1), outcome }))
    .min(1)
    .max(100_000),
};
const togetherReply = {
  replies: z
    .array(z.union([z.strictObject(callReply), z.strictObject(publishReply)]))
    .min(1)
    .max(1_000),
};
const statusReply = { connected: z.boolean(), closed: z.boolean() };
const probeReply = { ready: z.boolean(), live: z.boolean() };
const refusal = { error: z.string().min(1).max(2_000) };

const reply = z.union([
  z.strictObject({ id, ...greeting }),
  z.strictObject({ id, ...callReply }),
  z.strictObject({ id, ...publishReply }),
  z.strictObject({ id, ...togetherReply }),
  z.strictObject({ id, ...statusReply }),
  z.strictObject({ id, ...probeReply }),
  z.strictObject({ id, ...refusal }),
]);

// ---- Events ---------------------------------------------------------------------------------------------------------

const change = z.enum(["connected", "disconnected", "reconnected", "closed"]);
const handledOutcome = z.enum(handledOutcomes);
const event = z.discriminatedUnion("event", [
  z.strictObject({ event: z.literal("connection"), case: caseNumber, change }),
  z.strictObject({ event: z.literal("stale"), case: caseNumber }),
  z.strictObject({ event: z.literal("opened"), case: caseNumber }),
  z.strictObject({ event: z.literal("path"), case: caseNumber, path: z.enum(["jetstream", "core"]) }),
  z.strictObject({
    event: z.literal("handled"),
    case: caseNumber,
    subject,
    message: z.int().min(0),
    delivery: z.int().min(1),
    outcome: handledOutcome,
  }),
  z.strictObject({
    event: z.literal("attempt"),
    case: caseNumber,
    message: z.int().min(0),
    attempt: z.int().min(2),
  }),
  z.strictObject({ event: z.literal("stopping"), case: caseNumber }),
  z.strictObject({
    event: z.literal("ending"),
    case: caseNumber,
    because: z.enum(["stopped", "startup", "credentials", "client-closed"]),
    forced: z.boolean(),
    toldLost: z.int().min(0),
  }),
]);

// ---- Exports for other files ----------------------------------------------------------------------------------------

export const commandSchema: z.ZodType<NumberedCommand> = command;
export const replySchema: z.ZodType<NumberedReply> = reply;
export const eventSchema: z.ZodType<BusEvent> = event;

/** The reply that each command asks for, without its id. */
export const replySchemas: Readonly<Record<Command["do"], z.ZodType<Reply>>> = {
  hello: z.strictObject(greeting),
  start: z.strictObject(callReply),
  publish: z.strictObject(publishReply),
  flush: z.strictObject(callReply),
  drain: z.strictObject(callReply),
  close: z.strictObject(callReply),
  together: z.strictObject(togetherReply),
  status: z.strictObject(statusReply),
  exit: z.strictObject(callReply),
  subscribe: z.strictObject(callReply),
  probe: z.strictObject(probeReply),
  end: z.strictObject(callReply),
  quit: z.strictObject(callReply),
};

/** The text of schemas/bus-protocol.schema.json. */
export function renderBusProtocolSchema(): string {
  const definitions = { command, reply, event };
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "faultline bus protocol 1",
    description:
      "One line on the stdin (command) or the stdout (reply, event) of a bus. Prose: fixtures/buses/protocol.md.",
    anyOf: Object.keys(definitions).map(name => ({ $ref: `#/$defs/${name}` })),
    $defs: Object.fromEntries(Object.entries(definitions).map(([name, type]) => [name, definitionOf(type)])),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function definitionOf(type: z.ZodType): object {
  const { $schema: _, ...definition } = z.toJSONSchema(type);
  return definition;
}

// ---- Validators and types agree: a line fails to compile where they do not. -----------------------------------------

type Same<Left, Right> = [Frozen<Left>] extends [Right] ? ([Right] extends [Frozen<Left>] ? true : false) : false;
type Frozen<Type> = Type extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : { readonly [Key in keyof Type]: Frozen<Type[Key]> };
type WithoutText<Type> = Type extends unknown ? Omit<Type, "text"> : never;

true satisfies Same<z.infer<typeof command>, NumberedCommand>;
true satisfies Same<z.infer<typeof reply>, NumberedReply>;
true satisfies Same<z.infer<typeof event>, BusEvent>;
true satisfies Same<z.infer<typeof rejectKind>, RejectKind>;
true satisfies Same<z.infer<typeof unsettledKind>, UnsettledKind>;
true satisfies Same<z.infer<typeof change>, ConnectionChange>;
true satisfies Same<z.infer<typeof handler>, Handler>;
true satisfies Same<z.infer<typeof handledOutcome>, HandledOutcome>;
true satisfies Same<WithoutText<z.infer<typeof outcome>>, Outcome>;
true satisfies Same<WithoutText<z.infer<typeof callOutcome>>, CallOutcome>;

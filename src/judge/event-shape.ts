/** The shape of an event that a file holds: every field without which a reader of events would stumble. */
import { z } from "zod";
import type { Event } from "../../models/vocabulary/event.ts";

type FieldType = "string" | "number" | "boolean" | "object";

const run = { first: "number", count: "number" } as const;
const process = { change: "string", replica: "number", atMs: "number" } as const;

/** The fields that every event of the kind has. */
const fieldsOf: Readonly<Record<Event["kind"], Readonly<Record<string, FieldType>>>> = {
  step: { step: "string", phase: "string" },
  skipped: { step: "string", what: "string", reason: "string" },
  "awaits-notice": { step: "string" },
  published: { step: "string", frameBytes: "number", outcome: "object", ...run },
  publishers: { step: "string", publishers: "number", ...run },
  called: { step: "string", call: "string", outcome: "object" },
  connection: { change: "string" },
  gap: {},
  advanced: { step: "string", atMs: "number" },
  subscribed: { replica: "number", subject: "string", handler: "string" },
  "consumer-deleted": { stream: "string", subject: "string" },
  holds: { stream: "string", ...run },
  discarded: { stream: "string", ...run },
  "may-be-discarded": { stream: "string", ...run },
  handled: { replica: "number", subject: "string", delivery: "number", outcome: "string", ...run },
  process,
  probe: {
    replica: "number",
    ready: "boolean",
    live: "boolean",
    connected: "boolean",
    durable: "boolean",
    atMs: "number",
  },
  delivered: run,
  "dead-letter-missing": { stream: "string", ...run },
  foreign: { count: "number" },
  altered: { published: "object", arrived: "object", ...run },
  fault: { step: "string", fault: "string", phase: "string" },
  dialled: { step: "string", count: "number", end: "string" },
  healed: { step: "string" },
  crashed: { step: "string", owed: "string", lastWords: "object" },
  "closed-client": { is: "string" },
  "healed-link-lost": { times: "number" },
  "server-logged": { text: "string" },
  "consumer-behind": { step: "string", subject: "string", is: "string" },
  "stream-lacks": { stream: "string", is: "string" },
  "not-awaited": { step: "string", what: "string" },
  phase: { phase: "string" },
  ended: { place: "string", ...run },
  observed: { complete: "boolean" },
  conformance: { answer: "string", reason: "string" },
};

/** The fault of an event; empty where it has none. */
function faultOf(one: unknown): string {
  if (typeof one !== "object" || one === null) return "must be an event";
  const given = one as Readonly<Record<string, unknown>>;
  const { kind } = given;
  if (typeof kind !== "string" || !Object.hasOwn(fieldsOf, kind)) return "must be an event of a known kind";
  for (const [name, type] of Object.entries(fieldsOf[kind as Event["kind"]])) {
    const value = given[name];
    if (value === undefined) return `lacks ${name}`;
    if (typeof value !== type || value === null) return `${name} must be of type ${type}`;
  }
  if ("count" in given && !(Number.isInteger(given.count) && (given.count as number) <= countMax))
    return `count must be a whole number of up to ${countMax}`;
  if (kind === "observed" && given.headerBytes !== undefined && !isHeaderBytes(given.headerBytes))
    return "headerBytes must have a least and a most";
  return "";
}

function isHeaderBytes(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { least, most } = value as Readonly<Record<string, unknown>>;
  return typeof least === "number" && typeof most === "number";
}

/** No case has more messages. */
const countMax = 1_000_000;

export const eventShape: z.ZodType<Event> = z.unknown().check(({ value, issues }) => {
  const fault = faultOf(value);
  if (fault !== "") issues.push({ code: "custom", message: fault, input: value });
}) as unknown as z.ZodType<Event>;

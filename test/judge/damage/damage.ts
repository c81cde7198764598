/** One wrong thing in what a world saw: an event dropped, doubled, moved or swapped with the next, or one of its fields changed. */
import { type Event, handledOutcomes } from "../../../models/vocabulary/event.ts";

/** Events that a world sees. The others are the harness's own word about what it did, which no bus can damage. */
const seenKinds = [
  "published",
  "called",
  "connection",
  "delivered",
  "handled",
  "process",
  "probe",
  "holds",
  "discarded",
  "may-be-discarded",
] as const;
export type SeenKind = (typeof seenKinds)[number];

/** The place and the way of the damage. `field` is set for a changed field. */
export interface Damage {
  readonly event: SeenKind;
  readonly operation: "drop" | "double" | "swap" | "move" | "change";
  readonly field?: string;
  /** The index of the event among those of the undamaged run. */
  readonly at: number;
  readonly before: Event;
  readonly after?: unknown;
}

export interface Damaged {
  readonly damage: Damage;
  readonly events: readonly Event[];
}

/** Draws an integer below its argument. */
export type Pick = (below: number) => number;

const isSeen = (event: Event): boolean => (seenKinds as readonly string[]).includes(event.kind);

/** `kind operation field`, by which damages are counted. */
export const nameOf = ({ event, operation, field }: Damage): string =>
  field === undefined ? `${event} ${operation}` : `${event} ${operation} ${field}`;

/** Damages a run in one place; undefined where nothing can be damaged, or the damage would change nothing. */
export function damage(events: readonly Event[], pick: Pick): Damaged | undefined {
  const kinds = [...new Set(events.filter(isSeen).map(event => event.kind))];
  const kind = kinds[pick(kinds.length)] as SeenKind | undefined;
  if (kind === undefined) return undefined;
  const places = events.flatMap((event, at) => (event.kind === kind ? [at] : []));
  const at = places[pick(places.length)] as number;
  const before = events[at] as Event;
  const told = { event: kind, at, before };
  switch (pick(6)) {
    case 0:
      return { damage: { ...told, operation: "drop" }, events: events.toSpliced(at, 1) };
    case 1:
      return { damage: { ...told, operation: "double" }, events: events.toSpliced(at, 0, before) };
    case 2: {
      const next = events[at + 1];
      if (next === undefined || JSON.stringify(next) === JSON.stringify(before)) return undefined;
      return {
        damage: { ...told, operation: "swap", after: next.kind },
        events: events.toSpliced(at, 2, next, before),
      };
    }
    case 3: {
      const to = pick(events.length);
      if (to === at) return undefined;
      const moved = events.toSpliced(at, 1).toSpliced(to, 0, before);
      return { damage: { ...told, operation: "move", after: to }, events: moved };
    }
    default: {
      const changed = changeField(before, pick);
      if (changed === undefined) return undefined;
      const { field, event } = changed;
      return {
        damage: { ...told, operation: "change", field, after: event[field as keyof Event] },
        events: events.with(at, event),
      };
    }
  }
}

/** What a text field may say instead. A field that is not named is a name that the user chose, and gets one letter more. */
const otherTexts: Readonly<Record<string, readonly string[]>> = {
  "connection/change": ["connected", "disconnected", "reconnected", "closed"],
  "called/call": ["start", "flush", "drain", "close", "exit", "subscribe"],
  "handled/outcome": handledOutcomes,
  "process/change": ["started", "stopping"],
  "process/by": ["scenario", "supervisor"],
  "process/because": ["stopped", "startup", "credentials", "client-closed", "killed", "exit"],
};

const outcomes: readonly object[] = [
  { is: "accepted" },
  { is: "acked" },
  { is: "acked", duplicate: true },
  { is: "rejected", kind: "buffer-full" },
  { is: "rejected", kind: "closed" },
  { is: "unsettled", kind: "timeout" },
  { is: "unsettled", kind: "disconnected" },
];
const callOutcomes: readonly object[] = [
  { is: "ok" },
  { is: "failed", kind: "timeout" },
  { is: "failed", kind: "disconnected" },
];

function changeField(event: Event, pick: Pick): { field: string; event: Event } | undefined {
  const fields = Object.keys(event).filter(field => field !== "kind");
  const field = fields[pick(fields.length)];
  if (field === undefined) return undefined;
  const value = (event as unknown as Record<string, unknown>)[field];
  const other = otherValue(`${event.kind}/${field}`, value, pick);
  return other === undefined ? undefined : { field, event: { ...event, [field]: other } as Event };
}

function otherValue(name: string, value: unknown, pick: Pick): unknown {
  const different = (all: readonly unknown[]): unknown => {
    const others = all.filter(one => JSON.stringify(one) !== JSON.stringify(value));
    return others[pick(others.length)];
  };
  switch (typeof value) {
    case "boolean":
      return !value;
    case "number":
      return otherNumber(name, value, pick);
    case "string":
      return different(otherTexts[name] ?? [`${value}x`]);
    case "object":
      return different(name.startsWith("called") ? callOutcomes : outcomes);
    default:
      return undefined;
  }
}

/** A time is halved, doubled, or set to 1 ms or to a minute more; other numbers are one off. */
function otherNumber(name: string, value: number, pick: Pick): number | undefined {
  const others = name.endsWith("Ms")
    ? [Math.floor(value / 2), value * 2, 1, value + 60_000]
    : name.endsWith("/count")
      ? [value - 1, value + 1].filter(one => one > 0)
      : [value - 1, value + 1].filter(one => one >= 0);
  const different = others.filter(one => one !== value);
  return different[pick(different.length)];
}

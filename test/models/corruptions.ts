/** What a liar could make of an observation. Not all of it is wrong: the model may well permit the outcome of a small lie. */
import type { Observation } from "../../models/observation.ts";
import type { CallTold, PublishTold } from "../../models/told.ts";
import type { ConnectionChange } from "../../models/vocabulary/event.ts";

/** Undefined where there is nothing to lie about. `pick` draws an integer below its argument. */
export type Corruption = (observed: Observation, pick: (below: number) => number) => Observation | undefined;

const changes: readonly ConnectionChange[] = ["connected", "disconnected", "reconnected", "closed"];
const accepted: PublishTold = { is: "accepted" };
const otherOutcomes: readonly PublishTold[] = [
  accepted,
  { is: "rejected", kind: "buffer-full" },
  { is: "rejected", kind: "closed" },
  { is: "rejected", kind: "draining" },
  { is: "unsettled", kind: "write-failed" },
];
const flushed: CallTold = { call: "flush", outcome: { is: "ok" } };
const otherCalls: readonly CallTold[] = [
  flushed,
  { call: "flush", outcome: { is: "failed", kind: "timeout" } },
  { call: "flush", outcome: { is: "failed", kind: "disconnected" } },
  { call: "drain", outcome: { is: "ok" } },
  { call: "close", outcome: { is: "ok" } },
];

const onDelivered =
  (change: (delivered: number[], at: number) => void): Corruption =>
  (observed, pick) => {
    if (observed.delivered.length === 0) return undefined;
    const delivered = observed.delivered.slice();
    change(delivered, pick(delivered.length));
    return { ...observed, delivered };
  };

const onConnection =
  (change: (connection: ConnectionChange[], pick: (below: number) => number) => void): Corruption =>
  (observed, pick) => {
    const connection = observed.connection.slice();
    change(connection, pick);
    return { ...observed, connection };
  };

function resurrect(observed: Observation, pick: (below: number) => number, where: "in order" | "at the end") {
  const lost = observed.outcomes.flatMap((_, m) => (observed.delivered.includes(m) ? [] : [m]));
  if (lost.length === 0) return undefined;
  const message = lost[pick(lost.length)] ?? 0;
  const after = observed.delivered.findIndex(m => m > message);
  const at = where === "at the end" || after < 0 ? observed.delivered.length : after;
  return { ...observed, delivered: observed.delivered.toSpliced(at, 0, message) };
}

export const corruptions: Readonly<Record<string, Corruption>> = {
  "drops a delivery": onDelivered((delivered, at) => void delivered.splice(at, 1)),
  "drops the last delivery": onDelivered(delivered => void delivered.pop()),
  "drops every delivery from one on": onDelivered((delivered, at) => void delivered.splice(at)),
  "doubles a delivery": onDelivered((delivered, at) => void delivered.splice(at, 0, delivered[at] ?? 0)),
  "swaps two deliveries": onDelivered((delivered, at) => {
    const [a = 0, b = a] = delivered.slice(at, at + 2);
    delivered.splice(at, 2, ...(at + 1 < delivered.length ? [b, a] : [a]));
  }),
  "brings a lost message back in its place": (observed, pick) => resurrect(observed, pick, "in order"),
  "brings a lost message back at the end": (observed, pick) => resurrect(observed, pick, "at the end"),
  "makes up a message": observed => ({ ...observed, delivered: [...observed.delivered, observed.published] }),
  "changes an outcome": (observed, pick) => {
    if (observed.outcomes.length === 0) return undefined;
    const outcome = otherOutcomes[pick(otherOutcomes.length)] ?? accepted;
    return { ...observed, outcomes: observed.outcomes.with(pick(observed.outcomes.length), outcome) };
  },
  "changes the outcome of a call": (observed, pick) => {
    const entries = [...observed.calls];
    const [step, told] = entries[pick(entries.length)] ?? [];
    if (step === undefined || told === undefined) return undefined;
    const other = otherCalls[pick(otherCalls.length)] ?? flushed;
    return { ...observed, calls: new Map(observed.calls).set(step, [other, ...told.slice(1)]) };
  },
  "drops a connection event": onConnection((connection, pick) => void connection.splice(pick(connection.length), 1)),
  "adds a connection event": onConnection(
    (connection, pick) =>
      void connection.splice(pick(connection.length + 1), 0, changes[pick(changes.length)] ?? "closed"),
  ),
};

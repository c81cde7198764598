/** The client's buffer through an outage, message by message, by the model's own rule: when it is full, and what it takes and refuses. */
import { accepts } from "../../../models/reconnect-buffer.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Options } from "../../../models/vocabulary/scenario.ts";
import { type Flow, publishedBy } from "./flows.ts";

/** Bytes that wait in the client at a moment of the outage. */
export interface PendingAt {
  readonly ms: number;
  readonly bytes: number;
}

export interface Fill {
  /** The moment of the first refusal; null: everything fits. */
  readonly firstRefusedMs: number | null;
  /** The messages that were accepted before it. */
  readonly acceptedBefore: number;
  /** The messages of each flow that were accepted, in the order of the flows. */
  readonly accepted: readonly number[];
  readonly keptBytes: number;
  readonly pending: readonly PendingAt[];
}

/** One sending of each message of a flow. */
interface Sending {
  readonly at: number;
  readonly flow: Flow;
  readonly offsetMs: number;
  readonly isFirst: boolean;
  /** The number of messages before the next one. */
  next: number;
}

const pointsMax = 120;

/** True where the buffer takes one more message of the flow. */
const hasRoom = (pendingBytes: number, flow: Flow, profile: Profile, options: Options): boolean => {
  const { frameBytes, payloadBytes, subject, durable } = flow;
  const run = { first: 0, count: 1, frameBytes, via: { subject, payloadBytes, durable } };
  return accepts(pendingBytes, run, profile, options) > 0;
};

/** `untilMs`: the end of the outage for the client, which begins at 0. */
export function fillOf(flows: readonly Flow[], profile: Profile, options: Options, untilMs: number): Fill {
  const accepted = flows.map(() => 0);
  const sendings = flows.flatMap((flow, at) =>
    flow.sendingsMs.map((offsetMs, i): Sending => ({ at, flow, offsetMs, isFirst: i === 0, next: 0 })),
  );
  const pending: PendingAt[] = [];
  let keptBytes = 0;
  let firstRefusedMs: number | null = null;
  let acceptedBefore = 0;
  const mark = (upToMs: number): void => {
    for (let i = pending.length; i <= pointsMax && (i * untilMs) / pointsMax < upToMs; i++)
      pending.push({ ms: Math.round((i * untilMs) / pointsMax), bytes: keptBytes });
  };
  for (let open = sendings; ; ) {
    const next = earliest(open, untilMs);
    if (next === undefined) break;
    mark(momentOf(next));
    const wasAccepted = next.isFirst || next.next < (accepted[next.at] ?? 0);
    const isTaken = wasAccepted && hasRoom(keptBytes, next.flow, profile, options);
    if (isTaken) {
      keptBytes += next.flow.frameBytes;
      if (next.isFirst) accepted[next.at] = (accepted[next.at] ?? 0) + 1;
      if (next.isFirst && firstRefusedMs === null) acceptedBefore++;
      next.next++;
      continue;
    }
    if (next.isFirst) firstRefusedMs ??= momentOf(next);
    // What is kept only grows, so none of the same size fits any more.
    open = open.filter(one => one !== next);
  }
  mark(Number.POSITIVE_INFINITY);
  return { firstRefusedMs, acceptedBefore, accepted, keptBytes, pending };
}

const momentOf = ({ flow, offsetMs, next }: Sending): number => offsetMs + ((next + 1) * 1_000) / flow.perSecond;

function earliest(open: readonly Sending[], untilMs: number): Sending | undefined {
  let found: Sending | undefined;
  let foundMs = untilMs;
  for (const one of open) {
    const ms = momentOf(one);
    if (ms < foundMs || (ms === foundMs && found === undefined)) [found, foundMs] = [one, ms];
  }
  return found;
}

/** The bytes of all that is published until then: a buffer of this size refuses nothing. */
export const neededBytes = (flows: readonly Flow[], untilMs: number): number =>
  flows.reduce(
    (sum, flow) =>
      sum +
      flow.frameBytes * flow.sendingsMs.reduce((count, offsetMs) => count + publishedBy(flow, untilMs - offsetMs), 0),
    0,
  );

/** True where the client keeps nothing that is published while it is down. */
export const keepsNothing = ({ reconnectBuffer }: Profile): boolean => reconnectBuffer.kind === "reset-at-dial";

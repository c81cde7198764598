/** Traces written by hand, and what a property or a fold says to them: properties are judged here without any model. */
import { profiles } from "../../models/profiles/index.ts";
import type { ConnectionChange, Event, Outcome, RejectKind } from "../../models/vocabulary/event.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Fault, Options } from "../../models/vocabulary/scenario.ts";
import type { PropertyVerdict } from "../../models/vocabulary/verdict.ts";
import { catalogue } from "../../properties/catalogue.ts";
import { judgeProperty } from "../../properties/property.ts";

/** Events, one after the other; lists of them may stand within the list. */
export type Told = Event | readonly Told[];
export const inOrder = (told: readonly Told[]): readonly Event[] => told.flat(9) as Event[];

export const accepted: Outcome = { is: "accepted" };
export const rejected = (kind: RejectKind): Outcome => ({ is: "rejected", kind });
export const unsettled: Outcome = { is: "unsettled", kind: "timeout" };

export const began = (step: string): Event => ({ kind: "step", step, phase: "began" });
export const ended = (step: string): Event => ({ kind: "step", step, phase: "ended" });
/** A frame of 34 bytes: 16 of payload, 7 of subject. */
export const published = (
  first: number,
  count: number,
  outcome: Outcome = accepted,
  step = `publish-${first}`,
): Event => ({
  kind: "published",
  step,
  first,
  count,
  frameBytes: 34,
  outcome,
});
/** A publish as the whole of its step. */
export const publishStep = (first: number, count: number, outcome: Outcome = accepted): Event[] => [
  began(`publish-${first}`),
  published(first, count, outcome),
  ended(`publish-${first}`),
];
export const delivered = (first: number, count = 1): Event => ({ kind: "delivered", first, count });
export const connection = (change: ConnectionChange): Event => ({ kind: "connection", change });
export const connected: Event = connection("connected");
export const disconnected: Event = connection("disconnected");
export const reconnected: Event = connection("reconnected");
export const closed: Event = connection("closed");
export const installed = (fault: Fault["kind"], step = fault as string): Event => ({
  kind: "fault",
  step,
  fault,
  phase: "installed",
});
export const tookEffect = (fault: Fault["kind"], step = fault as string): Event => ({
  kind: "fault",
  step,
  fault,
  phase: "took-effect",
});
export const healed: Event = { kind: "healed", step: "heal" };
export const settled: Event = { kind: "phase", phase: "settled" };
export const observed = (complete: boolean): Event => ({ kind: "observed", complete });
export const called = (call: "start" | "flush" | "drain" | "close" | "exit"): Event => ({
  kind: "called",
  step: call,
  call,
  outcome: { is: "ok" },
});
export const flushed: Event = called("flush");
export const flushFailed = (kind: "timeout" | "disconnected"): Event => ({
  kind: "called",
  step: "flush",
  call: "flush",
  outcome: { is: "failed", kind },
});

/** The client is cut off and has said so. */
export const cutOff: readonly Event[] = [installed("cut"), tookEffect("cut"), disconnected];
/** It is back. */
export const back: readonly Event[] = [reconnected, healed];

export function profileNamed(name: string): Profile {
  const profile = profiles[name];
  if (profile === undefined) throw new Error(`there is no profile ${name}`);
  return profile;
}

/** What the property says to the trace, for a client that keeps up to `limit` bytes while down and never gives up. */
export function verdictOf(
  property: string,
  events: readonly Told[],
  { limit, attempts = -1, client = "nats-go" }: { limit?: number; attempts?: number; client?: string } = {},
): PropertyVerdict {
  const one = catalogue.find(({ id }) => id === property);
  if (one === undefined) throw new Error(`there is no property ${property}`);
  const options: Options = {
    subject: "subject",
    reconnectWaitMs: 20,
    reconnectAttemptsMax: attempts,
    cutsWith: "fin",
    ...(limit === undefined ? {} : { reconnectBufferBytesMax: limit }),
  };
  const state = one.start({ options, profile: profileNamed(client) });
  for (const event of inOrder(events)) one.on(state, event);
  return judgeProperty(one, state);
}

/** As one line: the verdict, how often it applied, and the reason of a violation. */
export function saidOf(...asked: Parameters<typeof verdictOf>): string {
  const { verdict, exercised, reason } = verdictOf(...asked);
  return verdict === "violated" ? `violated (${exercised}): ${reason}` : `${verdict} (${exercised})`;
}

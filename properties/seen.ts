/**
 * The facts that a run has shown so far: its messages, and what is wrong. Nearly every promise asks for them, so a fold holds them as
 * `seen` and reads them. Folded alone it keeps a private copy. Folds of one run share one, which then receives every event once, before
 * them.
 */
import type { Event } from "../models/vocabulary/event.ts";
import { type Disturbance, disturb, newDisturbance } from "./disturbance.ts";
import { type Known, newKnown, record } from "./message-runs.ts";
import { type Hearing, hear, type On, onEach } from "./property.ts";

export interface Seen {
  readonly known: Known;
  readonly now: Disturbance;
}

export const newSeen = (): Seen => ({ known: newKnown(), now: newDisturbance() });

export const hearsSeen = {
  published: ({ known }, event) => record.published(known, event),
  publishers: ({ known }, event) => record.publishers(known, event),
  delivered: ({ known }, event) => record.delivered(known, event),
  observed: ({ known }, event) => record.observed(known, event),
  step: ({ now }, event) => disturb.step(now, event),
  fault: ({ now }, event) => disturb.fault(now, event),
  healed: ({ now }) => disturb.healed(now),
  connection: ({ now }, event) => disturb.connection(now, event),
} satisfies Hearing<Seen>;
export const see = onEach<Seen>(hearsSeen);

/** The `on` of a fold that holds a `seen`. Its handlers run after `seen` has taken the event. */
export const onSeen = <State extends { readonly seen: Seen }>(hears: Hearing<State>): On<State> =>
  Object.assign(
    (state: State, event: Event): void => {
      see(state.seen, event);
      hear(hears, state, event);
    },
    { hears },
  );

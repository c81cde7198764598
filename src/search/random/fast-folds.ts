/**
 * The folds that run while a case runs, and the events that each hears. Folds behind every client's promises are called by name, one call
 * each, since a table lookup costs twice as much. Others, those of a policy, receive every event. A test checks it against what each fold
 * declares to hear.
 */
import type { Emit, EmitStep, Event } from "../../../models/vocabulary/event.ts";
import { type Connection, hearsConnection, startConnection, trackConnection } from "../../../properties/connection.ts";
import { type CorePath, hearsCorePath, startCorePath, trackCorePath } from "../../../properties/core-path.ts";
import { type EffectState, hearsEffect, newEffect } from "../../../properties/effect.ts";
import type { Declared, Fold, Hearing, Property } from "../../../properties/property.ts";
import { hearsOutages, type Outages, startOutages, trackOutages } from "../../../properties/reconnect-buffer.ts";
import { hearsSeen, newSeen, type Seen } from "../../../properties/seen.ts";
import { type Digest, hearsDigest, newDigest } from "./fast-digest.ts";

/** The states of one case. */
export interface CaseStates {
  readonly digest: Digest;
  readonly seen: Seen;
  readonly effect: EffectState;
  readonly corePath: CorePath;
  readonly outages: Outages;
  readonly connection: Connection;
  /** Indexed by fold. */
  readonly all: readonly unknown[];
}

const named: readonly unknown[] = [trackCorePath, trackOutages, trackConnection];

export interface Folds {
  /** The folds beyond those that are called by name: each once, however many properties read it. */
  readonly others: readonly Fold<unknown>[];
  /** Indexed by property: the state in `all` that it reads. */
  readonly stateOf: readonly number[];
}

export function foldsOf(properties: readonly Property[]): Folds {
  const others: Fold<unknown>[] = [];
  const stateOf = properties.map(({ start, on }) => {
    const known = [...named, ...others.map(one => one.on)].indexOf(on);
    return known >= 0 ? known : named.length + others.push({ start, on }) - 1;
  });
  return { others, stateOf };
}

export function startFolds({ others }: Folds, declared: Declared): CaseStates {
  const seen = newSeen();
  const corePath = startCorePath(declared, seen);
  const outages = startOutages(declared, seen);
  const connection = startConnection(declared);
  const all: unknown[] = [corePath, outages, connection];
  for (const one of others) all.push(one.start(declared, seen));
  return { digest: newDigest(), seen, effect: newEffect(seen), corePath, outages, connection, all };
}

/** `seen` is up to date when the other folds hear of an event. */
export function telling(folds: Folds, states: CaseStates): Emit {
  const { others } = folds;
  if (others.length === 0) return event => tellNamed(states, event);
  return event => {
    tellNamed(states, event);
    for (const [i, { on }] of others.entries()) on(states.all[named.length + i], event);
  };
}

/** The same for the commonest events, without a look at their kind. */
export const tellingSteps = (folds: Folds, states: CaseStates): EmitStep =>
  folds.others.length === 0 ? event => hears.step(states, event) : telling(folds, states);

function tellNamed(states: CaseStates, event: Event): void {
  switch (event.kind) {
    case "step":
      hears.step(states, event);
      return;
    case "published":
      hears.published(states, event);
      return;
    case "ended":
      hears.ended(states, event);
      return;
    case "connection":
      hears.connection(states, event);
      return;
    case "delivered":
      hears.delivered(states, event);
      return;
    case "healed":
      hears.healed(states, event);
      return;
    case "fault":
      hears.fault(states, event);
      return;
    case "called":
      hears.called(states, event);
      return;
    case "phase":
      hears.phase(states, event);
      return;
    case "observed":
      hears.observed(states, event);
      return;
    case "skipped":
      hears.skipped(states, event);
      return;
    case "closed-client":
      hears["closed-client"](states, event);
      return;
    case "healed-link-lost":
      hears["healed-link-lost"](states, event);
      return;
    case "dialled":
      hears.dialled(states, event);
      return;
    case "awaits-notice":
      hears["awaits-notice"](states, event);
      return;
    case "not-awaited":
      hears["not-awaited"](states, event);
      return;
    case "process":
      hears.process(states, event);
      return;
    case "publishers":
      hears.publishers(states, event);
      return;
    case "foreign":
      hears.foreign(states, event);
      return;
    default:
      hearsDigest[event.kind](states.digest, event);
      return;
  }
}

/**
 * The calls to the folds for each kind of event. They are separate functions, since a compiler makes one small function fast and not one
 * long switch.
 */
const hears = {
  step({ digest, seen, connection }, event) {
    hearsDigest.step(digest, event);
    hearsSeen.step(seen, event);
    hearsConnection.step(connection, event);
  },
  published({ digest, seen, effect, corePath, outages }, event) {
    hearsDigest.published(digest, event);
    hearsSeen.published(seen, event);
    hearsEffect.published(effect, event);
    hearsCorePath.published(corePath, event);
    hearsOutages.published(outages, event);
  },
  ended({ digest }, event) {
    hearsDigest.ended(digest, event);
  },
  connection({ digest, seen, effect, corePath, outages, connection }, event) {
    hearsDigest.connection(digest, event);
    hearsSeen.connection(seen, event);
    hearsEffect.connection(effect, event);
    hearsCorePath.connection(corePath);
    hearsOutages.connection(outages, event);
    hearsConnection.connection(connection, event);
  },
  delivered({ digest, seen }, event) {
    hearsDigest.delivered(digest, event);
    hearsSeen.delivered(seen, event);
  },
  healed({ digest, seen, outages }, event) {
    hearsDigest.healed(digest, event);
    hearsSeen.healed(seen);
    hearsOutages.healed(outages);
  },
  fault({ digest, seen, effect, corePath, outages, connection }, event) {
    hearsDigest.fault(digest, event);
    hearsSeen.fault(seen, event);
    hearsEffect.fault(effect, event);
    hearsCorePath.fault(corePath, event);
    hearsOutages.fault(outages, event);
    hearsConnection.fault(connection, event);
  },
  called({ digest, effect, corePath, outages, connection }, event) {
    hearsDigest.called(digest, event);
    hearsEffect.called(effect, event);
    hearsCorePath.called(corePath, event);
    hearsOutages.called(outages, event);
    hearsConnection.called(connection, event);
  },
  phase({ digest, outages, connection }, event) {
    hearsDigest.phase(digest, event);
    hearsOutages.phase(outages, event);
    hearsConnection.phase(connection, event);
  },
  observed({ digest, seen }, event) {
    hearsDigest.observed(digest, event);
    hearsSeen.observed(seen, event);
  },
  skipped({ digest, effect }, event) {
    hearsDigest.skipped(digest, event);
    hearsEffect.skipped(effect, event);
  },
  "healed-link-lost"({ digest, connection }, event) {
    hearsDigest["healed-link-lost"](digest, event);
    hearsConnection["healed-link-lost"](connection, event);
  },
  "closed-client"({ digest, connection }, event) {
    hearsDigest["closed-client"](digest, event);
    hearsConnection["closed-client"](connection, event);
  },
  dialled({ digest, connection }, event) {
    hearsDigest.dialled(digest, event);
    hearsConnection.dialled(connection, event);
  },
  "awaits-notice"({ digest, connection }, event) {
    hearsDigest["awaits-notice"](digest, event);
    hearsConnection["awaits-notice"](connection);
  },
  "not-awaited"({ digest, effect, connection }, event) {
    hearsDigest["not-awaited"](digest, event);
    hearsEffect["not-awaited"](effect, event);
    hearsConnection["not-awaited"](connection, event);
  },
  process({ digest, effect, corePath, outages, connection }, event) {
    hearsDigest.process(digest, event);
    hearsEffect.process(effect, event);
    hearsCorePath.process(corePath, event);
    hearsOutages.process(outages, event);
    hearsConnection.process(connection, event);
  },
  publishers({ digest, seen, corePath, outages }, event) {
    hearsDigest.publishers(digest, event);
    hearsSeen.publishers(seen, event);
    hearsCorePath.publishers(corePath, event);
    hearsOutages.publishers(outages, event);
  },
  foreign({ digest, corePath }, event) {
    hearsDigest.foreign(digest, event);
    hearsCorePath.foreign(corePath, event);
  },
} satisfies Hearing<CaseStates>;

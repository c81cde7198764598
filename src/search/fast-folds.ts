/**
 * What is folded while a case runs, and who hears what. The folds that serve every client's promises are told by name, a call for each:
 * looked up in a table they cost twice as much. Others, those of a policy, are told everything. A test holds it to what each says that
 * it hears.
 */
import type { Emit } from "../../models/vocabulary/event.ts";
import { type Connection, hearsConnection, startConnection, trackConnection } from "../../properties/connection.ts";
import { type CorePath, hearsCorePath, startCorePath, trackCorePath } from "../../properties/core-path.ts";
import { type EffectState, hearsEffect, newEffect } from "../../properties/effect.ts";
import type { Declared, Fold, Property } from "../../properties/property.ts";
import { hearsOutages, type Outages, startOutages, trackOutages } from "../../properties/reconnect-buffer.ts";
import { hearsSeen, newSeen, type Seen } from "../../properties/seen.ts";
import { type Digest, hearsDigest, newDigest } from "./fast-digest.ts";

/** The states of one case. */
export interface CaseStates {
  readonly digest: Digest;
  readonly seen: Seen;
  readonly effect: EffectState;
  readonly corePath: CorePath;
  readonly outages: Outages;
  readonly connection: Connection;
  /** By fold. */
  readonly all: readonly unknown[];
}

const named: readonly unknown[] = [trackCorePath, trackOutages, trackConnection];

export interface Folds {
  /** Beyond those that are told by name: each once, whoever reads it. */
  readonly others: readonly Fold<unknown>[];
  /** By property: which state of `all` it reads. */
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

/** What was seen is up to date when the others hear of it. */
export function telling(folds: Folds, states: CaseStates): Emit {
  const tell = tellingNamed(states);
  const { others } = folds;
  if (others.length === 0) return tell;
  return event => {
    tell(event);
    for (const [i, { on }] of others.entries()) on(states.all[named.length + i], event);
  };
}

function tellingNamed({ digest, seen, effect, corePath, outages, connection }: CaseStates): Emit {
  return event => {
    switch (event.kind) {
      case "step":
        hearsDigest.step(digest, event);
        hearsSeen.step(seen, event);
        hearsConnection.step(connection, event);
        return;
      case "published":
        hearsDigest.published(digest, event);
        hearsSeen.published(seen, event);
        hearsEffect.published(effect, event);
        hearsCorePath.published(corePath, event);
        hearsOutages.published(outages, event);
        return;
      case "ended":
        hearsDigest.ended(digest, event);
        return;
      case "connection":
        hearsDigest.connection(digest, event);
        hearsSeen.connection(seen, event);
        hearsEffect.connection(effect, event);
        hearsCorePath.connection(corePath);
        hearsOutages.connection(outages, event);
        hearsConnection.connection(connection, event);
        return;
      case "delivered":
        hearsDigest.delivered(digest, event);
        hearsSeen.delivered(seen, event);
        return;
      case "healed":
        hearsDigest.healed(digest, event);
        hearsSeen.healed(seen);
        hearsOutages.healed(outages);
        return;
      case "fault":
        hearsDigest.fault(digest, event);
        hearsSeen.fault(seen, event);
        hearsEffect.fault(effect, event);
        hearsCorePath.fault(corePath, event);
        hearsOutages.fault(outages, event);
        return;
      case "called":
        hearsDigest.called(digest, event);
        hearsEffect.called(effect, event);
        hearsCorePath.called(corePath, event);
        hearsOutages.called(outages, event);
        hearsConnection.called(connection, event);
        return;
      case "phase":
        hearsDigest.phase(digest, event);
        hearsOutages.phase(outages, event);
        hearsConnection.phase(connection, event);
        return;
      case "observed":
        hearsDigest.observed(digest, event);
        hearsSeen.observed(seen, event);
        return;
      case "skipped":
        hearsDigest.skipped(digest, event);
        hearsEffect.skipped(effect, event);
        return;
      case "awaits-notice":
        hearsDigest["awaits-notice"](digest, event);
        hearsConnection["awaits-notice"](connection);
        return;
      case "not-awaited":
        hearsDigest["not-awaited"](digest, event);
        hearsEffect["not-awaited"](effect, event);
        hearsConnection["not-awaited"](connection, event);
        return;
      case "process":
        hearsDigest.process(digest, event);
        hearsEffect.process(effect, event);
        hearsCorePath.process(corePath, event);
        hearsOutages.process(outages, event);
        hearsConnection.process(connection, event);
        return;
      case "foreign":
        hearsDigest.foreign(digest, event);
        hearsCorePath.foreign(corePath, event);
        return;
      default:
        hearsDigest[event.kind](digest, event);
        return;
    }
  };
}

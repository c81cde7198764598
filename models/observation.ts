/** The observation of a run: everything that a world can see, taken out of its events and sorted by actor. The oracle reads nothing else. */
import { type CallTold, outcomeKey, type PublishTold, type ServiceTold, serviceKey } from "./told.ts";
import type { ConnectionChange, Content, Event, Outcome, Run } from "./vocabulary/event.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/** One ordered list per actor. No order across actors is assumed, except that of the steps that wait. */
export interface Observation {
  readonly published: number;
  /** Indexed by message. */
  readonly outcomes: readonly PublishTold[];
  readonly calls: ReadonlyMap<StepId, readonly CallTold[]>;
  readonly connection: readonly ConnectionChange[];
  readonly delivered: readonly number[];
  /** The number of messages that the bus cannot have sent. */
  readonly foreign: number;
  /** The first message that arrived with another content than it was published with. */
  readonly altered: { readonly message: number; readonly published: Content; readonly arrived: Content } | undefined;
  /** Outcomes of repeated publishes under a policy, by step and message (`publishedAgain`). */
  readonly again: ReadonlyMap<string, Outcome>;
  /** Lists under a policy: one each for `streams`, `processes` and `probes`, and one for every handler (`handlerOf`). */
  readonly service: ReadonlyMap<string, readonly ServiceTold[]>;
}

export const publishedAgain = (step: StepId, message: number): string => `${step}/${message}`;

export const handlerOf = (replica: number, subject: string): string => `handler/${replica}/${subject}`;

/** The entries of a service event, and the actor to whom they belong. */
export function serviceTold(event: Event): { actor: string; told: readonly ServiceTold[] } | undefined {
  switch (event.kind) {
    case "holds": {
      const { kind, stream } = event;
      return { actor: "streams", told: numbers(event).map(message => ({ kind, stream, message })) };
    }
    case "handled": {
      const { kind, replica, subject, delivery, outcome } = event;
      return {
        actor: handlerOf(replica, subject),
        told: numbers(event).map(message => ({ kind, replica, subject, delivery, outcome, message })),
      };
    }
    case "process": {
      const { kind, replica } = event;
      if (event.change !== "exited") return { actor: "processes", told: [{ kind, change: event.change, replica }] };
      const { change, because, forced, toldLost } = event;
      return { actor: "processes", told: [{ kind, change, replica, because, forced, toldLost }] };
    }
    case "probe": {
      const { kind, ready, live, connected, durable } = event;
      return { actor: "probes", told: [{ kind, ready, live, connected, durable }] };
    }
    default:
      return undefined;
  }
}

const numbers = ({ first, count }: Run): readonly number[] => Array.from({ length: count }, (_, i) => first + i);

/**
 * The lists that are compared. Not compared, with the reasons: the wording of errors (theirs to change); how often a client
 * says that it is disconnected before it says that it is back, and the reverse (nats.js says so once a failed dial, too); times; headers
 * (a wrapper may add its own).
 */
export function observe(events: readonly Event[]): Observation {
  const outcomes: PublishTold[] = [];
  const calls = new Map<StepId, CallTold[]>();
  const connection: ConnectionChange[] = [];
  const delivered: number[] = [];
  const again = new Map<string, Outcome>();
  const service = new Map<string, ServiceTold[]>();
  let foreign = 0;
  let altered: Observation["altered"];
  let last: ConnectionChange | undefined;
  for (const event of events) {
    // A new process has a new client, whose first report is never a repetition.
    if (event.kind === "process" && event.change === "started" && event.replica === 0) last = undefined;
    const said = serviceTold(event);
    if (said !== undefined) service.set(said.actor, [...(service.get(said.actor) ?? []), ...said.told]);
    else if (event.kind === "published" && event.again === true) {
      for (const m of numbers(event)) again.set(publishedAgain(event.step, m), event.outcome);
    } else if (event.kind === "published") {
      for (let m = event.first; m < event.first + event.count; m++) outcomes[m] = event.outcome;
    } else if (event.kind === "called") {
      const list = calls.get(event.step) ?? [];
      list.push({ call: event.call, outcome: event.outcome });
      calls.set(event.step, list);
    } else if (event.kind === "connection") {
      if (last !== event.change) connection.push(event.change);
      last = event.change;
    } else if (event.kind === "foreign") {
      foreign += event.count;
    } else if (event.kind === "altered") {
      altered ??= { message: event.first, published: event.published, arrived: event.arrived };
    } else if (event.kind === "delivered") {
      for (let m = event.first; m < event.first + event.count; m++) delivered.push(m);
    }
  }
  for (let m = 0; m < outcomes.length; m++) outcomes[m] ??= { is: "never-returned" };
  return { published: outcomes.length, outcomes, calls, connection, delivered, foreign, altered, again, service };
}

/** An observation with its keys, and with the facts about its messages that the search asks for. */
export interface Indexed {
  readonly observed: Observation;
  /** Indexed by message. */
  readonly outcomeKeys: readonly string[];
  readonly service: ReadonlyMap<string, readonly { readonly told: ServiceTold; readonly key: string }[]>;
  /** The number of delivered messages below each message. */
  readonly deliveredBelow: Int32Array;
  /** Messages that some stream holds at the end. */
  readonly held: ReadonlySet<number>;
}

export function indexed(observed: Observation): Indexed {
  const entries = [...observed.service].map(
    ([actor, all]) => [actor, all.map(told => ({ told, key: serviceKey(told) }))] as const,
  );
  const held = (observed.service.get("streams") ?? []).flatMap(told => (told.kind === "holds" ? [told.message] : []));
  return {
    observed,
    outcomeKeys: keysOf(observed.outcomes),
    service: new Map(entries),
    deliveredBelow: deliveredBelow(observed),
    held: new Set(held),
  };
}

/** Equal neighbours share one key. */
function keysOf(outcomes: readonly PublishTold[]): readonly string[] {
  let last: PublishTold | undefined;
  let key = "";
  return outcomes.map(told => {
    if (told !== last) key = outcomeKey(told);
    last = told;
    return key;
  });
}

function deliveredBelow({ published, delivered }: Observation): Int32Array {
  let most = published;
  for (const m of delivered) if (m >= most) most = m + 1;
  const counts = new Int32Array(most + 1);
  for (const m of delivered) if (m >= 0) counts[m + 1] = (counts[m + 1] ?? 0) + 1;
  for (let m = 1; m <= most; m++) counts[m] = (counts[m] ?? 0) + (counts[m - 1] ?? 0);
  return counts;
}

/** The first of the runs' messages that was delivered at any time. */
export function firstDelivered({ deliveredBelow: below }: Indexed, runs: readonly Run[]): number | undefined {
  for (const run of runs) {
    for (let m = run.first; m < run.first + run.count; m++) if ((below[m + 1] ?? 0) > (below[m] ?? 0)) return m;
  }
  return undefined;
}

/** The observation of a run: everything that a world can see, taken out of its events and sorted by actor. The oracle reads nothing else. */
import { type Contradiction, Contradictions } from "./contradiction.ts";
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
  /** The refused dials of each outage that were counted, by the step at which the count ended. */
  readonly dialled: ReadonlyMap<StepId, Dialled>;
  /** A client that had closed was connected again. */
  readonly cameBack: boolean;
  /** The first message that was said to be stored as a dead letter, and was not. */
  readonly missingLetter: { readonly message: number; readonly stream: string } | undefined;
  /** Outcomes of repeated publishes under a policy, by step and message (`publishedAgain`). */
  readonly again: ReadonlyMap<string, Outcome>;
  /** The way in which each publish call was made: by message, and for repeated ones as in `again`. */
  readonly publishes: readonly PublishAs[];
  readonly publishesAgain: ReadonlyMap<string, PublishAs>;
  /** The number of times in a row that the client said each entry of `connection`. */
  readonly saidInARow: readonly number[];
  /** The steps whose calls were answered, in this order; one answered in pieces stands once. */
  readonly answered: readonly StepId[];
  /** The number of messages that had arrived when a flush had said ok, by step. */
  readonly arrivedBy: ReadonlyMap<StepId, number>;
  /** The entries seen when each step had ended. */
  readonly seenBy: ReadonlyMap<StepId, SeenBy>;
  /** The first thing that no bus could have done. */
  readonly contradiction: Contradiction | undefined;
  /** Lists under a policy: one each for `streams`, `processes` and `probes`, and one for every handler (`handlerOf`). */
  readonly service: ReadonlyMap<string, readonly ServiceTold[]>;
}

export type Dialled = Pick<Extract<Event, { readonly kind: "dialled" }>, "count" | "end">;

/** A publish call without its message and its outcome. Calls of which one event told share one of these. */
export type PublishAs = Pick<
  Extract<Event, { readonly kind: "published" }>,
  "step" | "frameBytes" | "subject" | "key" | "durable" | "tookMs"
>;

/** Numbers of entries of the actors that the harness looks at in every step. */
export interface SeenBy {
  readonly connection: number;
  readonly answered: number;
  readonly processes: number;
  readonly probes: number;
}

export const publishedAgain = (step: StepId, message: number): string => `${step}/${message}`;

export const handlerOf = (replica: number, subject: string): string => `handler/${replica}/${subject}`;

/** The entries of a service event, and the actor to whom they belong. */
export function serviceTold(event: Event): { actor: string; told: readonly ServiceTold[] } | undefined {
  switch (event.kind) {
    case "holds": {
      const { kind, stream } = event;
      return { actor: "streams", told: messagesOf(event).map(message => ({ kind, stream, message })) };
    }
    case "handled": {
      const { kind, replica, subject, delivery, outcome, tookMs } = event;
      const took = tookMs === undefined ? {} : { tookMs };
      return {
        actor: handlerOf(replica, subject),
        told: messagesOf(event).map(message => ({ kind, replica, subject, delivery, outcome, message, ...took })),
      };
    }
    case "process": {
      const { kind, replica } = event;
      if (event.change === "started")
        return { actor: "processes", told: [{ kind, change: event.change, replica, by: event.by }] };
      if (event.change === "stopping") return { actor: "processes", told: [{ kind, change: event.change, replica }] };
      const { change, because, code, tookMs, forced, toldLost, handlerRanMs } = event;
      const ran = handlerRanMs === undefined ? {} : { handlerRanMs };
      return { actor: "processes", told: [{ kind, change, replica, because, code, tookMs, forced, toldLost, ...ran }] };
    }
    case "probe": {
      const { kind, replica, ready, live, connected, durable } = event;
      return { actor: "probes", told: [{ kind, replica, ready, live, connected, durable }] };
    }
    default:
      return undefined;
  }
}

/** The messages of a run, in their order. */
export const messagesOf = ({ first, count }: Run): readonly number[] =>
  Array.from({ length: count }, (_, i) => first + i);

/** The lists that are compared. What is not compared, and the reason, is one table: docs/compared.md. */
export function observe(events: readonly Event[]): Observation {
  const outcomes: PublishTold[] = [];
  const calls = new Map<StepId, CallTold[]>();
  const connection: ConnectionChange[] = [];
  const delivered: number[] = [];
  const again = new Map<string, Outcome>();
  const service = new Map<string, ServiceTold[]>();
  const publishes: PublishAs[] = [];
  const publishesAgain = new Map<string, PublishAs>();
  const answered: StepId[] = [];
  const saidInARow: number[] = [];
  const arrivedBy = new Map<StepId, number>();
  const dialled = new Map<StepId, Dialled>();
  const seenBy = new Map<StepId, SeenBy>();
  const contradictions = new Contradictions();
  let foreign = 0;
  let altered: Observation["altered"];
  let cameBack = false;
  let missingLetter: Observation["missingLetter"];
  let last: ConnectionChange | undefined;
  for (const event of events) {
    contradictions.read(event);
    // A new process has a new client, whose first report is never a repetition.
    if (event.kind === "process" && event.change === "started" && event.replica === 0) last = undefined;
    if ((event.kind === "published" || event.kind === "called") && event.step !== answered.at(-1))
      answered.push(event.step);
    const said = serviceTold(event);
    if (said !== undefined) {
      const list = service.get(said.actor) ?? [];
      for (const told of said.told) list.push(told);
      service.set(said.actor, list);
    } else if (event.kind === "published" && event.again === true) {
      const as = publishAs(event);
      for (const m of messagesOf(event)) {
        again.set(publishedAgain(event.step, m), event.outcome);
        publishesAgain.set(publishedAgain(event.step, m), as);
      }
    } else if (event.kind === "published") {
      const as = publishAs(event);
      for (let m = event.first; m < event.first + event.count; m++) {
        outcomes[m] = event.outcome;
        publishes[m] = as;
      }
    } else if (event.kind === "called") {
      const list = calls.get(event.step) ?? [];
      list.push({ call: event.call, outcome: event.outcome });
      calls.set(event.step, list);
      if (event.call === "flush" && event.outcome.is === "ok") arrivedBy.set(event.step, delivered.length);
    } else if (event.kind === "connection") {
      if (last !== event.change) connection.push(event.change);
      const said = connection.length - 1;
      saidInARow[said] = (saidInARow[said] ?? 0) + 1;
      last = event.change;
    } else if (event.kind === "foreign") {
      foreign += event.count;
    } else if (event.kind === "altered") {
      altered ??= { message: event.first, published: event.published, arrived: event.arrived };
    } else if (event.kind === "dead-letter-missing") {
      missingLetter ??= { message: event.first, stream: event.stream };
    } else if (event.kind === "dialled") {
      dialled.set(event.step, { count: event.count, end: event.end });
    } else if (event.kind === "closed-client") {
      cameBack ||= event.is === "back";
    } else if (event.kind === "delivered") {
      for (let m = event.first; m < event.first + event.count; m++) delivered.push(m);
    } else if (event.kind === "step" && event.phase === "ended") {
      const count = (actor: string): number => service.get(actor)?.length ?? 0;
      seenBy.set(event.step, {
        connection: connection.length,
        answered: answered.length,
        processes: count("processes"),
        probes: count("probes"),
      });
    }
  }
  for (let m = 0; m < outcomes.length; m++) outcomes[m] ??= { is: "never-returned" };
  return {
    published: outcomes.length,
    outcomes,
    calls,
    connection,
    delivered,
    foreign,
    altered,
    dialled,
    cameBack,
    missingLetter,
    again,
    publishes,
    publishesAgain,
    saidInARow,
    answered,
    arrivedBy,
    seenBy,
    contradiction: contradictions.first,
    service,
  };
}

const publishAs = (event: Extract<Event, { readonly kind: "published" }>): PublishAs => {
  const { step, frameBytes, subject, key, durable, tookMs } = event;
  return {
    step,
    frameBytes,
    ...(subject === undefined ? {} : { subject }),
    ...(key === undefined ? {} : { key }),
    ...(durable === undefined ? {} : { durable }),
    ...(tookMs === undefined ? {} : { tookMs }),
  };
};

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

/**
 * The record of a run under a policy so far: its messages and streams, the lives of its processes, the answers of their probes, and who
 * handles which subject. The durable path, the shutdown and the cold start share it; each property reads what it needs.
 */
import type { Event, ProcessEvent, Run } from "../../models/vocabulary/event.ts";
import type { Fault, Handler } from "../../models/vocabulary/scenario.ts";
import { type Disturbance, newDisturbance } from "../disturbance.ts";
import type { Declared } from "../property.ts";
import { change, countOf, type Spans } from "../spans.ts";
import { type GapRecord, newGapRecord } from "./gaps.ts";
import { type Message, type ServerEnds, unmet } from "./messages.ts";

export type EventOf<Kind extends Event["kind"]> = Extract<Event, { readonly kind: Kind }>;

type Exited = Extract<ProcessEvent, { readonly change: "exited" }>;

/** A process that is killed, or ends in the middle of its code, reports nothing. */
export const canTell = ({ because }: Exited): boolean => because !== "killed" && because !== "exit";

export type ProbeEvent = EventOf<"probe">;

/** One process, from its start to its end. */
export interface ProcessLife {
  readonly replica: number;
  readonly startedAtMs: number;
  /** The faults in force when it started. */
  readonly met: readonly Fault["kind"][];
  connectedAtMs: number | undefined;
  /** The client has closed for good without having been asked to. */
  clientClosed: boolean;
  /** The application closed or drained its client. */
  endedByCall: boolean;
  /** A stop has begun. */
  stopping: boolean;
  exit: Exited | undefined;
  probe: ProbeEvent | undefined;
  /** Messages accepted before its first connection. */
  early: Run[];
  /** `risked`: the early messages met a fault or an end after the connection, before they were known to have gone out. */
  earlyFate: "waiting" | "flushed" | "risked";
  /** Messages accepted and not known to have gone out when its stop began. */
  unsent: Run[];
  /** Messages that its handlers are at work on. */
  atWork: readonly AtWork[];
  /** The same when its stop began. */
  atWorkAtStop: readonly AtWork[];
}

export interface AtWork {
  readonly message: number;
  readonly takesMs: number;
}

export interface Subscriber {
  readonly replica: number;
  readonly subject: string;
  readonly handler: Handler;
  readonly takesMs?: number;
  /** The number of disruptions before it subscribed, and the ends of the server. */
  readonly since: number;
  readonly ends: ServerEnds;
}

/** A replica that handled a subject has stopped. */
export interface ReplicaStop {
  readonly replica: number;
  readonly subject: string;
  /** The number of disruptions, this one included. */
  readonly since: number;
}

/** The number of times that something applied, and the first time that it failed. */
export interface Occurrences {
  count: number;
  broken: string | undefined;
}

export interface ServiceRecord {
  readonly declared: Declared;
  readonly now: Disturbance;
  inForce: { readonly fault: Fault["kind"]; readonly storeLost: boolean; readonly atMs: number }[];
  calmAtStep: boolean;
  nowMs: number;
  /** The time that callers may have waited for acknowledgements that never came, beyond the scenario's own. */
  spentMs: number;
  settled: boolean;
  complete: boolean;
  readonly messages: Spans<Message>;
  ends: ServerEnds;
  /** Unannounced ends of the publishing process: killed, or by its own code. */
  kills: number;
  /** The number of processes started, in all and when each subject was last subscribed to. */
  starts: number;
  readonly startsAtSubscribe: Map<string, number>;
  readonly lives: ProcessLife[];
  subscribers: readonly Subscriber[];
  readonly departures: ReplicaStop[];
  /** Faults, heals and departures. After each, a delivery under way comes again only when its ack wait is over. */
  disruptions: number;
  disruptedAtMs: number;
  /** Messages accepted on the present connection and not flushed; messages kept by the client while it is down. */
  underWay: Run[];
  kept: Run[];
  /**
   * The first breaches that the server's counts of a consumer show: a message that was not handled to an end, and one that failed and is
   * gone. The stream of dead letters shows the second, too.
   */
  unhandled: string | undefined;
  droppedByCount: string | undefined;
  /** The proof, for each stream, that tells why it does not hold acknowledged messages. */
  readonly lacking: Map<string, string>;
  /** The first proof that acknowledgements were told which the server never gave. */
  neverGiven: string | undefined;
  readonly afterStop: Occurrences;
  readonly late: Occurrences;
  /** Durable publishes that met an outage, and the first that was given up sooner than declared. */
  readonly outlasting: Occurrences;
  /** Undefined where no family declares how long a gap may be. */
  readonly gaps: GapRecord | undefined;
  readonly readiness: Occurrences;
  readonly liveness: Occurrences;
  /** Subscriptions, and the first one to a consumer that has other settings than its code asks for. */
  readonly subscriptions: Occurrences;
  /** The processes that a supervisor has stopped for a probe that failed for lack of NATS. */
  probeKills: number;
}

export const newOccurrences = (): Occurrences => ({ count: 0, broken: undefined });

export function startService(declared: Declared): ServiceRecord {
  return {
    declared,
    now: newDisturbance(),
    inForce: [],
    calmAtStep: false,
    nowMs: 0,
    spentMs: 0,
    settled: false,
    complete: true,
    messages: [],
    ends: { all: 0, powerLosses: 0, powerLostAtMs: [], storesLost: 0 },
    kills: 0,
    starts: 0,
    startsAtSubscribe: new Map(),
    lives: [],
    subscribers: [],
    departures: [],
    disruptions: 0,
    disruptedAtMs: 0,
    unhandled: undefined,
    droppedByCount: undefined,
    lacking: new Map(),
    neverGiven: undefined,
    underWay: [],
    kept: [],
    afterStop: newOccurrences(),
    late: newOccurrences(),
    outlasting: newOccurrences(),
    gaps: newGapRecord(declared.policy),
    readiness: newOccurrences(),
    liveness: newOccurrences(),
    subscriptions: newOccurrences(),
    probeKills: 0,
  };
}

export const changeMessages = ({ messages }: ServiceRecord, run: Run, next: (message: Message) => Message): void =>
  change(messages, run, unmet, next);

/** The last life of a replica, ended or not. */
export const lifeOf = ({ lives }: ServiceRecord, replica: number): ProcessLife | undefined =>
  lives.findLast(life => life.replica === replica);

/** The number of messages of the runs that have arrived: the observer saw them, or a stream holds them. */
export const arrivedOf = ({ messages }: ServiceRecord, runs: readonly Run[]): number => {
  let sum = 0;
  for (const run of runs) sum += countOf(messages, run, unmet, ({ delivered, held }) => delivered || held > 0);
  return sum;
};

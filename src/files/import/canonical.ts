/**
 * The form that every format is read into: one stream, one consumer, one deployment, with units in the names. It says nothing of policies;
 * to-policy.ts makes one of it. `given` has only what a file says, so that two files about one thing can be held against each other; what a
 * format takes where a file is silent is filled in afterwards.
 */
import type { KillingProbe } from "../../../models/vocabulary/policy.ts";
import { BadInput } from "../../errors.ts";
import { placeOf, type Where } from "./spot.ts";

export interface ImportedStream {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: "file" | "memory";
  readonly retention: "limits" | "workqueue" | "interest";
  readonly discard: "old" | "new";
  readonly duplicateWindowMs: number;
  readonly messagesMax?: number | undefined;
  readonly bytesMax?: number | undefined;
  readonly ageMaxMs?: number | undefined;
  readonly messagesPerSubjectMax?: number | undefined;
  readonly messageBytesMax?: number | undefined;
  readonly discardsNewPerSubject: boolean;
  readonly replicas: number;
  readonly noAck: boolean;
  /** Things such as "mirror" and "republish", which a stream has and no field holds. */
  readonly declared: readonly string[];
}

export interface ImportedConsumer {
  readonly name?: string | undefined;
  readonly stream?: string | undefined;
  readonly durable: boolean;
  readonly ackPolicy: "explicit" | "all" | "none";
  readonly ackWaitMs: number;
  /** -1: no bound. */
  readonly deliverMax: number;
  readonly backoffMs: readonly number[];
  readonly ackPendingMax?: number | undefined;
  readonly deliverPolicy: string;
  readonly filterSubjects: readonly string[];
  readonly inactiveThresholdMs?: number | undefined;
  /** Present: the server pushes to it. */
  readonly deliverSubject?: string | undefined;
  readonly deliverGroup?: string | undefined;
}

export interface ImportedDeployment {
  readonly name: string;
  readonly killAfterMs: number;
  /** The question of each probe, such as "GET :8080/ready"; absent without that probe. */
  readonly readinessProbe?: string | undefined;
  readonly livenessProbe?: string | undefined;
  readonly startupProbe?: string | undefined;
  /** The times of the two probes that kill. */
  readonly livenessTimes?: KillingProbe | undefined;
  readonly startupTimes?: KillingProbe | undefined;
  /** The wait of a preStop hook that does nothing else. */
  readonly preStopMs?: number | undefined;
  /** The servers of NATS that a variable of its environment names. */
  readonly servers?: number | undefined;
  /** The name of an init container whose command names NATS. */
  readonly initWaits?: string | undefined;
  readonly replicas?: number | undefined;
  /** The limit of memory of the service's container. */
  readonly memoryBytesMax?: number | undefined;
}

/** Each format has its own default for a field that its author leaves out. */
export type FormatName = "jetstream" | "nack" | "terraform" | "kubernetes" | "helm";

/** All that one or several files say of one thing. */
export interface FoundThing<T> {
  readonly format: FormatName;
  readonly where: Where;
  readonly given: Partial<T>;
  readonly places: Partial<Record<keyof T, Where>>;
}

/** The default of the server, and of nack's resources and the Terraform provider where they differ from it. */
export function completeStream({ format, given }: FoundThing<ImportedStream>): ImportedStream {
  const window = Math.min(120_000, given.ageMaxMs ?? Number.POSITIVE_INFINITY);
  return {
    name: "",
    subjects: given.name === undefined || (given.declared ?? []).includes("mirror") ? [] : [given.name],
    storage: format === "nack" ? "memory" : "file",
    retention: "limits",
    discard: "old",
    discardsNewPerSubject: false,
    replicas: 1,
    noAck: false,
    declared: [],
    ...given,
    duplicateWindowMs: given.duplicateWindowMs ?? window,
  };
}

/** A consumer without an ack policy has none: only the Terraform provider writes another one. */
export function completeConsumer({ format, given }: FoundThing<ImportedConsumer>): ImportedConsumer {
  return {
    durable: given.name !== undefined,
    ackPolicy: format === "terraform" ? "explicit" : "none",
    deliverMax: -1,
    backoffMs: [],
    deliverPolicy: "all",
    filterSubjects: [],
    ...given,
    ackWaitMs: given.ackWaitMs ?? 30_000,
  };
}

export function completeDeployment({ given }: FoundThing<ImportedDeployment>): ImportedDeployment {
  return { name: "", ...given, killAfterMs: given.killAfterMs ?? 30_000 };
}

/** Things of one identity become one. @throws BadInput that names both places where two files contradict each other */
export function joined<T>(
  things: readonly FoundThing<T>[],
  idOf: (given: Partial<T>) => string | undefined,
): FoundThing<T>[] {
  const all: FoundThing<T>[] = [];
  for (const thing of things) {
    const id = idOf(thing.given);
    const i = id === undefined ? -1 : all.findIndex(one => idOf(one.given) === id);
    const before = all[i];
    if (before === undefined) all.push(thing);
    else all[i] = joinedTwo(before, thing);
  }
  return all;
}

function joinedTwo<T>(one: FoundThing<T>, other: FoundThing<T>): FoundThing<T> {
  for (const name of Object.keys(one.given) as (keyof T & string)[]) {
    const [a, b] = [one.given[name], other.given[name]];
    if (name === "declared" || b === undefined || JSON.stringify(a) === JSON.stringify(b)) continue;
    const [first, second] = [one.places[name] ?? one.where, other.places[name] ?? other.where];
    throw new BadInput(
      placeOf(second),
      second.key,
      `is ${JSON.stringify(b)}, and ${placeOf(first)}: ${first.key} says ${JSON.stringify(a)}: give the one that is in force`,
    );
  }
  return { ...one, given: { ...other.given, ...one.given }, places: { ...other.places, ...one.places } };
}

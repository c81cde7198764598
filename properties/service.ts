/**
 * The facts that a run under a policy has shown so far: messages and streams, the lives of its processes, their probes, and who handles
 * what. One fold serves the durable path, the shutdown and the cold start. Each property reads the parts that it needs. Without a policy it
 * ignores every event.
 */

import { declaredDurability, isClassifiedDurable } from "../models/policy/classifier.ts";
import type { ConnectionChange, Event, ProcessEvent, Run } from "../models/vocabulary/event.ts";
import type { Policy } from "../models/vocabulary/policy.ts";
import type { Fault, Handler } from "../models/vocabulary/scenario.ts";
import { type Disturbance, isCalm, isSurelyDown, newDisturbance, trackDisturbance } from "./disturbance.ts";
import { type Declared, type Ending, ending, type Property, property } from "./property.ts";
import { handledAt, type Message, publishedAt, type ServerEnds, unmet } from "./service-messages.ts";
import { change, countOf, type Spans } from "./spans.ts";

type EventOf<Kind extends Event["kind"]> = Extract<Event, { readonly kind: Kind }>;
type Exited = Extract<ProcessEvent, { readonly change: "exited" }>;
type ProbeEvent = EventOf<"probe">;

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
}

interface Subscriber {
  readonly replica: number;
  readonly subject: string;
  readonly handler: Handler;
  /** The number of disruptions before it subscribed. */
  readonly since: number;
}

/** A replica that handled a subject has stopped. */
export interface ReplicaStop {
  readonly replica: number;
  readonly subject: string;
  /** The number of disruptions, this one included. */
  readonly since: number;
}

/** The number of times that something applied, and the first time that it failed. */
interface Occurrences {
  count: number;
  broken: string | undefined;
}

export interface ServiceRecord {
  readonly declared: Declared;
  readonly now: Disturbance;
  inForce: { readonly fault: Fault["kind"]; readonly storeLost: boolean; readonly atMs: number }[];
  calmAtStep: boolean;
  nowMs: number;
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
  readonly afterStop: Occurrences;
  readonly late: Occurrences;
  readonly readiness: Occurrences;
  readonly liveness: Occurrences;
}

const newOccurrences = (): Occurrences => ({ count: 0, broken: undefined });

function startService(declared: Declared): ServiceRecord {
  return {
    declared,
    now: newDisturbance(),
    inForce: [],
    calmAtStep: false,
    nowMs: 0,
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
    underWay: [],
    kept: [],
    afterStop: newOccurrences(),
    late: newOccurrences(),
    readiness: newOccurrences(),
    liveness: newOccurrences(),
  };
}

function trackService(service: ServiceRecord, event: Event): void {
  const { policy } = service.declared;
  if (policy === undefined) return;
  trackDisturbance(service.now, event);
  switch (event.kind) {
    case "step":
      if (event.phase === "began") service.calmAtStep = isAllWell(service);
      return;
    case "published":
      onPublished(service, policy, event);
      return;
    case "delivered":
      changeMessages(service, event, message => ({ ...message, delivered: true }));
      return;
    case "holds":
      changeMessages(service, event, message => ({ ...message, held: message.held + 1 }));
      return;
    case "discarded":
      changeMessages(service, event, message => ({ ...message, discarded: "yes" }));
      return;
    case "may-be-discarded":
      changeMessages(service, event, message => ({ ...message, discarded: "maybe" }));
      return;
    case "handled":
      changeMessages(service, event, message => handledAt(message, event, service.nowMs, service.starts));
      return;
    case "subscribed":
      service.startsAtSubscribe.set(event.subject, service.starts);
      service.subscribers = [...service.subscribers, { ...event, since: service.disruptions }];
      return;
    case "fault":
      if (event.phase === "installed") onFault(service, event);
      return;
    case "healed":
      onHealed(service);
      return;
    case "connection":
      onConnection(service, event.change);
      return;
    case "called":
      onCalled(service, event);
      return;
    case "advanced":
      service.nowMs = Math.max(service.nowMs, event.atMs);
      return;
    case "process":
      service.nowMs = Math.max(service.nowMs, event.atMs);
      onProcess(service, event);
      return;
    case "probe":
      service.nowMs = Math.max(service.nowMs, event.atMs);
      onProbe(service, policy, event);
      return;
    case "phase":
      if (event.phase === "settled") onSettled(service);
      return;
    case "observed":
      service.complete = event.complete;
      return;
    default:
      return;
  }
}

const changeMessages = ({ messages }: ServiceRecord, run: Run, next: (message: Message) => Message): void =>
  change(messages, run, unmet, next);

/** The last life of a replica, ended or not. */
const lifeOf = ({ lives }: ServiceRecord, replica: number): ProcessLife | undefined =>
  lives.findLast(life => life.replica === replica);

/** Nothing is wrong with link, server or client, and the publishing process runs and was not told to stop. */
function isAllWell(service: ServiceRecord): boolean {
  const life = lifeOf(service, 0);
  const runs = life === undefined || !(life.stopping || life.endedByCall || life.exit !== undefined);
  return runs && isCalm(service.now);
}

function onPublished(service: ServiceRecord, policy: Policy, event: EventOf<"published">): void {
  const { now, nowMs, ends, kills, disruptions, declared, late, afterStop } = service;
  const subject = event.subject ?? declared.options.subject;
  const calm = service.calmAtStep && isAllWell(service);
  changeMessages(service, event, message =>
    publishedAt(message, event, { subject, calm, nowMs, ends, kills, disruptions }),
  );
  const { first, count, outcome, durable } = event;
  const life = lifeOf(service, 0);
  const isCore = durable !== true && outcome.is === "accepted";
  if (life?.stopping === true) {
    afterStop.count += count;
    if (outcome.is === "accepted" || outcome.is === "acked")
      afterStop.broken ??= `message ${first} was ${outcome.is} after the stop had begun`;
  }
  if (calm && life !== undefined && life.met.length > 0 && isDurableSubject(policy, subject)) {
    late.count += count;
    if (isCore) late.broken ??= `message ${first} went out as core NATS though JetStream was there by then`;
  }
  if (!isCore) return;
  if (life !== undefined && life.connectedAtMs === undefined) life.early.push({ first, count });
  else if (calm) service.underWay.push({ first, count });
  else if (now.downAtStep && isSurelyDown(now) && declared.profile.reconnectBuffer.kind === "kept")
    service.kept.push({ first, count });
}

const isDurableSubject = (policy: Policy, subject: string): boolean =>
  declaredDurability(policy, subject) === "durable" || isClassifiedDurable(policy, subject);

function onFault(service: ServiceRecord, { fault, store }: EventOf<"fault">): void {
  service.inForce.push({ fault, storeLost: store === "lost", atMs: service.nowMs });
  countEnds(service);
  disrupt(service);
  service.underWay = [];
  const life = lifeOf(service, 0);
  if (life === undefined || life.exit !== undefined) return;
  riskEarly(life);
  // The stop need not report what the fault may have taken.
  life.unsent = [];
}

function onHealed(service: ServiceRecord): void {
  // A burst raced with the server's end and its acknowledgements were reported after it: they count as before it too.
  countEnds(service);
  service.inForce = [];
  disrupt(service);
}

function countEnds(service: ServiceRecord): void {
  const { inForce, ends } = service;
  const lost = inForce.filter(({ fault }) => fault === "power-loss").map(({ atMs }) => atMs);
  const powerLost = lost.length > 0;
  const ended = powerLost || inForce.some(({ fault }) => fault === "stop-server");
  if (!ended) return;
  service.ends = {
    all: ends.all + 1,
    powerLosses: powerLost ? ends.powerLosses + 1 : ends.powerLosses,
    powerLostAtMs: powerLost ? [...ends.powerLostAtMs, ...lost] : ends.powerLostAtMs,
    storesLost: inForce.some(({ storeLost }) => storeLost) ? ends.storesLost + 1 : ends.storesLost,
  };
}

function disrupt(service: ServiceRecord): void {
  service.disruptions++;
  service.disruptedAtMs = service.nowMs;
}

function onConnection(service: ServiceRecord, to: ConnectionChange): void {
  const life = lifeOf(service, 0);
  if (to === "reconnected") service.kept = [];
  if (to === "disconnected" || to === "closed") service.underWay = [];
  if (to === "closed") depart(service, 0, false);
  if (life === undefined || life.exit !== undefined) return;
  if (to === "connected") life.connectedAtMs ??= service.nowMs;
  if (to === "closed" && !life.stopping && !life.endedByCall) life.clientClosed = true;
  if (to !== "connected") riskEarly(life);
}

/** The early messages are on their way or have arrived; which of the two is unknown. */
function riskEarly(life: ProcessLife): void {
  if (life.earlyFate === "waiting" && life.connectedAtMs !== undefined) life.earlyFate = "risked";
}

function onCalled(service: ServiceRecord, { call, outcome }: EventOf<"called">): void {
  const life = lifeOf(service, 0);
  if (call === "flush" && outcome.is === "ok" && isCalm(service.now)) {
    service.underWay = [];
    if (life?.earlyFate === "waiting") life.earlyFate = "flushed";
  }
  if (call !== "close" && call !== "drain" && call !== "exit") return;
  service.underWay = [];
  service.kept = [];
  // Its handlers end with the connection, even if the process runs on.
  depart(service, 0, false);
  if (life === undefined) return;
  life.endedByCall = true;
  riskEarly(life);
}

function onSettled(service: ServiceRecord): void {
  service.settled = true;
  for (const life of service.lives)
    if (life.earlyFate === "waiting" && life.exit === undefined) life.earlyFate = "flushed";
}

function onProcess(service: ServiceRecord, event: ProcessEvent): void {
  const life = lifeOf(service, event.replica);
  switch (event.change) {
    case "started":
      service.starts++;
      service.lives.push(
        newLife(
          event.replica,
          event.atMs,
          service.inForce.map(({ fault }) => fault),
        ),
      );
      break;
    case "stopping":
      if (life === undefined) return;
      life.stopping = true;
      if (event.replica === 0) life.unsent = [...service.underWay, ...service.kept];
      depart(service, event.replica, true);
      break;
    case "exited":
      if (life === undefined) return;
      life.exit = event;
      riskEarly(life);
      if (event.replica === 0 && (event.because === "killed" || event.because === "exit")) service.kills++;
      depart(service, event.replica, false);
      break;
  }
  if (event.replica !== 0) return;
  service.underWay = [];
  service.kept = [];
}

const newLife = (replica: number, startedAtMs: number, met: readonly Fault["kind"][]): ProcessLife => ({
  replica,
  startedAtMs,
  met,
  connectedAtMs: undefined,
  clientClosed: false,
  endedByCall: false,
  stopping: false,
  exit: undefined,
  probe: undefined,
  early: [],
  earlyFate: "waiting",
  unsent: [],
});

/** The replica stops handling. */
function depart(service: ServiceRecord, replica: number, inOrder: boolean): void {
  const gone = service.subscribers.filter(one => one.replica === replica);
  if (gone.length === 0) return;
  disrupt(service);
  service.subscribers = service.subscribers.filter(one => one.replica !== replica);
  if (!inOrder) return;
  for (const { subject } of gone) service.departures.push({ replica, subject, since: service.disruptions });
}

function onProbe(service: ServiceRecord, policy: Policy, probe: ProbeEvent): void {
  const life = lifeOf(service, probe.replica);
  if (life === undefined || life.exit !== undefined || life.stopping) return;
  life.probe = probe;
  if (probe.connected) life.connectedAtMs ??= probe.atMs;
  if (isUsable(policy, probe)) return;
  const why = probe.connected ? "a durable publish would not be acknowledged" : "its client is not connected";
  service.readiness.count++;
  if (probe.ready) service.readiness.broken ??= `replica ${probe.replica} says that it is ready, and ${why}`;
  // A client that is closed for good is better started again.
  if (life.clientClosed) return;
  service.liveness.count++;
  if (!probe.live) service.liveness.broken ??= `replica ${probe.replica} says that it is not alive, and only ${why}`;
}

const isUsable = ({ families }: Policy, { connected, durable }: ProbeEvent): boolean =>
  connected && (durable || families.every(({ durability }) => durability !== "durable"));

/** The number of messages of the runs that have arrived: the observer saw them, or a stream holds them. */
export const arrivedOf = ({ messages }: ServiceRecord, runs: readonly Run[]): number => {
  let sum = 0;
  for (const run of runs) sum += countOf(messages, run, unmet, ({ delivered, held }) => delivered || held > 0);
  return sum;
};

/** The sentence on a probe that reports unready at the end although NATS is well; undefined where there is none. */
export function unreadyForNothing(service: ServiceRecord, policy: Policy): string | undefined {
  const idle = service.lives.find(
    ({ probe, exit, stopping }) =>
      exit === undefined && !stopping && probe !== undefined && isUsable(policy, probe) && !probe.ready,
  );
  return idle && `replica ${idle.replica} is connected and its durable path usable, and it never says that it is ready`;
}

/** A property of a service; judged only under a policy. */
export const ofService = (
  id: string,
  promise: string,
  expectation: "always" | "eventually",
  end: (service: ServiceRecord, policy: Policy) => Ending,
): Property =>
  property<ServiceRecord>({
    id,
    promise,
    expectation,
    start: startService,
    on: trackService,
    end: service => (service.declared.policy === undefined ? { exercised: 0 } : end(service, service.declared.policy)),
  });

/** The messages that a promise is about, those that break it, and the words for the first of these. */
export interface Claim {
  applies(message: Message, service: ServiceRecord, policy: Policy): boolean;
  breaks(message: Message, service: ServiceRecord, policy: Policy): boolean;
  says(first: number, message: Message, policy: Policy): string;
}

/** A property that is judged message by message. */
export const ofMessages = (
  id: string,
  promise: string,
  expectation: "always" | "eventually",
  { applies, breaks, says }: Claim,
): Property =>
  ofService(id, promise, expectation, (service, policy) => {
    let exercised = 0;
    let broken: string | undefined;
    for (const { first, count, value } of service.messages) {
      if (!applies(value, service, policy)) continue;
      exercised += count;
      if (broken === undefined && breaks(value, service, policy)) broken = says(first, value, policy);
    }
    return ending(exercised, broken);
  });

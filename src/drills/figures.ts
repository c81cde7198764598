/**
 * The contents of a drill's tables: folds over the recorded events of its cases, the same for the model's and for live ones. Nothing here
 * is a verdict: judge.ts gives those.
 */

import { messagesOf } from "../../models/observation.ts";
import { familyOf } from "../../models/policy/classifier.ts";
import type { ConnectionChange, Event, ProcessEvent } from "../../models/vocabulary/event.ts";
import type { Durability, Policy } from "../../models/vocabulary/policy.ts";
import type { StepId } from "../../models/vocabulary/scenario.ts";
import { classAt, hasArrived, type LedgerState, newLedger, recordInLedger } from "../../properties/ledger.ts";

type PublishedEvent = Extract<Event, { readonly kind: "published" }>;
type Exited = Extract<ProcessEvent, { readonly change: "exited" }>;

function ledgerStateOf(events: readonly Event[]): LedgerState {
  const state = newLedger();
  for (const event of events) recordInLedger(state, event);
  return state;
}

/** The number of these messages that were seen to arrive, and the number whose fate is unknown. */
function seenOf(ledger: LedgerState, messages: readonly number[]): { arrived: number; notObserved: number } {
  const arrived = messages.filter(message => hasArrived(ledger, message)).length;
  return { arrived, notObserved: messages.filter(message => classAt(ledger, message) === "unknown").length };
}

/** The case was observed to its end: an event that is missing did not happen. */
const isWhole = (events: readonly Event[]): boolean =>
  events.findLast(event => event.kind === "observed")?.complete === true;

const publishedIn = (events: readonly Event[]): readonly PublishedEvent[] =>
  events.filter(event => event.kind === "published");

const messagesIn = (runs: readonly PublishedEvent[]): readonly number[] => [...new Set(runs.flatMap(messagesOf))];

// ---- By family ----

export interface FamilyFigures {
  readonly subjects: string;
  readonly declared: Durability;
  published: number;
  /** Messages seen by the observer, or held by a stream if published through one. */
  arrived: number;
  /** The answers to the callers. */
  readonly told: { acked: number; accepted: number; rejected: number; unsettled: number };
  /**
   * Messages reported as sent that did not arrive. Those that a declared limit of their stream has discarded count as `discarded` instead.
   */
  silentLoss: number;
  discarded: number;
  /** Messages not seen to arrive in a case that was not observed to its end, or of unknown fate: lost or not. */
  notObserved: number;
  /** Messages that did not arrive, and whose error proves nothing. */
  inDoubt: number;
  duplicated: number;
}

/** A row for every family of the policy, over all these runs. A subject that no family covers is in no row. */
export function familyFigures(policy: Policy, runs: readonly (readonly Event[])[]): readonly FamilyFigures[] {
  const rows = new Map(policy.families.map(family => [family, newFamily(family)]));
  for (const events of runs) {
    const ledger = ledgerStateOf(events);
    const published = publishedIn(events);
    for (const [family, row] of rows) {
      const own = published.filter(({ subject = "" }) => familyOf(policy, subject) === family);
      for (const message of messagesIn(own)) count(row, ledger, message);
    }
  }
  return [...rows.values()];
}

const newFamily = ({ subjects, durability }: Policy["families"][number]): FamilyFigures => ({
  subjects,
  declared: durability,
  published: 0,
  arrived: 0,
  told: { acked: 0, accepted: 0, rejected: 0, unsettled: 0 },
  silentLoss: 0,
  discarded: 0,
  notObserved: 0,
  inDoubt: 0,
  duplicated: 0,
});

function count(row: FamilyFigures, ledger: LedgerState, message: number): void {
  row.published += 1;
  const arrived = hasArrived(ledger, message);
  if (arrived) row.arrived += 1;
  const outcome = ledger.outcomes[message];
  if (outcome !== undefined) row.told[outcome.is] += 1;
  const its = classAt(ledger, message);
  if (its === "unknown") row.notObserved += 1;
  if (its === "silentLoss") {
    if (ledger.places[message] === "stream limit") row.discarded += 1;
    else row.silentLoss += 1;
  }
  if (its === "ambiguous" && !arrived) row.inDoubt += 1;
  if (its === "duplicated") row.duplicated += 1;
}

// ---- Filling the buffer ----

export interface FillFigures {
  readonly published: number;
  readonly frameBytes: number;
  /** Calls that returned an error, by its kind. */
  readonly errors: Readonly<Record<string, number>>;
  /** The index of the first refused message, from 0; null: none was refused. */
  readonly firstRefusal: number | null;
  /** Bytes that the buffer had taken before it. */
  readonly takenBytes: number;
  readonly arrived: number;
  readonly notObserved: number;
}

export function fillFigures(events: readonly Event[], step: StepId): FillFigures {
  const runs = publishedIn(events).filter(one => one.step === step);
  const ledger = ledgerStateOf(events);
  const begin = runs[0]?.first ?? 0;
  const refused = runs.find(({ outcome }) => outcome.is === "rejected");
  const errors: Record<string, number> = {};
  let takenBytes = 0;
  for (const { outcome, count, frameBytes } of runs) {
    if (outcome.is === "rejected" || outcome.is === "unsettled")
      errors[outcome.kind] = (errors[outcome.kind] ?? 0) + count;
    else takenBytes += count * frameBytes;
  }
  const messages = messagesIn(runs);
  return {
    published: messages.length,
    frameBytes: runs[0]?.frameBytes ?? 0,
    errors,
    firstRefusal: refused === undefined ? null : refused.first - begin,
    takenBytes,
    ...seenOf(ledger, messages),
  };
}

/** Milliseconds from the beginning of that heal to the client's report that it is connected again, by the clock of the harness. */
export function recoveryMs(events: readonly Event[], atMs: readonly number[], heal: StepId): number | null {
  const began = events.findIndex(event => event.kind === "step" && event.step === heal && event.phase === "began");
  const back = events.findIndex((event, i) => i > began && isConnected(event));
  const [from, to] = [atMs[began], atMs[back]];
  return from === undefined || to === undefined ? null : Math.round(to - from);
}

const connectedBy: readonly ConnectionChange[] = ["connected", "reconnected"];
const isConnected = (event: Event): boolean => event.kind === "connection" && connectedBy.includes(event.change);

// ---- A stop ----

export interface StopFigures {
  /** Messages reported as sent before the stop. */
  readonly accepted: number;
  readonly arrived: number;
  readonly lost: number;
  /** Messages not seen to arrive in a case that was not observed to its end: lost or not. */
  readonly notObserved: number;
  /** The number of lost messages that the stopping process reported; null: its end was not seen. */
  readonly toldLost: number | null;
  readonly tookMs: number | null;
  readonly budgetMs: number;
  readonly forced: boolean;
  readonly ended: Exited["because"] | null;
}

/** The figures of replica 0's stop. */
export function stopFigures(events: readonly Event[], policy: Policy): StopFigures {
  const stopping = events.findIndex(
    event => event.kind === "process" && event.change === "stopping" && event.replica === 0,
  );
  const exit = events
    .slice(Math.max(0, stopping))
    .find((event): event is Exited => isExit(event) && event.replica === 0);
  const ledger = ledgerStateOf(events);
  // A case that was given up before its stop has still shown the publishes before it.
  const before = publishedIn(stopping < 0 ? events : events.slice(0, stopping));
  const accepted = messagesIn(before.filter(({ outcome }) => outcome.is === "accepted" || outcome.is === "acked"));
  const { arrived, notObserved } = seenOf(ledger, accepted);
  return {
    accepted: accepted.length,
    arrived,
    lost: accepted.length - arrived - notObserved,
    notObserved,
    toldLost: exit?.toldLost ?? null,
    tookMs: exit?.tookMs ?? null,
    budgetMs: policy.shutdown.budgetMs,
    forced: exit?.forced ?? false,
    ended: exit?.because ?? null,
  };
}

const isExit = (event: Event): event is Exited => event.kind === "process" && event.change === "exited";

/** Figures of the other replicas; null: the case was not observed to its end. */
export interface ReplicaFigures {
  /** Messages stored after one replica had stopped, and handled by one that stayed before the first came back. */
  readonly storedAfterStop: number | null;
  readonly handledByOthers: number | null;
  /** Messages handled to an end more than once. */
  readonly handledAgain: number | null;
  readonly handled: number | null;
  readonly stored: number | null;
}

const notObserved: ReplicaFigures = {
  storedAfterStop: null,
  handledByOthers: null,
  handledAgain: null,
  handled: null,
  stored: null,
};

/** The figures of the first replica beyond 0 that stops. */
export function replicaFigures(events: readonly Event[]): ReplicaFigures {
  if (!isWhole(events)) return notObserved;
  const isPeer = (event: Event, change: ProcessEvent["change"]): boolean =>
    event.kind === "process" && event.change === change && event.replica > 0;
  const gone = events.findIndex(event => isPeer(event, "exited"));
  const back = events.findIndex((event, i) => i > gone && isPeer(event, "started"));
  const ledger = ledgerStateOf(events);
  const between = messagesIn(publishedIn(events.slice(gone, back)));
  const done = (some: readonly Event[]): readonly number[] =>
    some.flatMap(event =>
      event.kind === "handled" && event.outcome === "acked"
        ? Array.from({ length: event.count }, (_, i) => event.first + i)
        : [],
    );
  const all = done(events);
  const meanwhile = new Set(done(events.slice(gone, back)));
  return {
    storedAfterStop: between.filter(message => hasArrived(ledger, message)).length,
    handledByOthers: between.filter(message => meanwhile.has(message)).length,
    handledAgain: all.length - new Set(all).size,
    handled: new Set(all).size,
    stored: messagesIn(publishedIn(events)).filter(message => hasArrived(ledger, message)).length,
  };
}

// ---- A start ----

export interface Probe {
  readonly atMs: number;
  readonly ready: boolean;
  readonly live: boolean;
  readonly connected: boolean;
  readonly durable: boolean;
}

export interface StartFigures {
  /** True where the case was observed to its end; otherwise there may be more than the figures say. */
  readonly observed: boolean;
  readonly restarts: number;
  readonly exits: readonly {
    readonly because: Exited["because"];
    readonly code: number;
    readonly atMs: number;
    readonly tookMs: number;
  }[];
  /** The scenario's time from the heal to the first connection, and to the first report of being ready; null: never. */
  readonly connectedAfterMs: number | null;
  readonly readyAfterMs: number | null;
  /** Messages accepted before the first connection, and those of them that arrived. */
  readonly acceptedEarly: number;
  readonly arrivedEarly: number;
  readonly notObservedEarly: number;
  readonly toldLost: number;
  readonly probes: readonly Probe[];
}

/** Times are the scenario's own. `heal` undefined: nothing is healed before the end. */
export function startFigures(events: readonly Event[], heal: StepId | undefined): StartFigures {
  let nowMs = 0;
  let healedAtMs: number | undefined;
  let connectedAtMs: number | undefined;
  let readyAtMs: number | undefined;
  let restarts = 0;
  let toldLost = 0;
  const exits: StartFigures["exits"][number][] = [];
  const probes: Probe[] = [];
  const early: PublishedEvent[] = [];
  for (const event of events) {
    if ("atMs" in event) nowMs = Math.max(nowMs, event.atMs);
    if (event.kind === "step" && event.step === heal && event.phase === "began") healedAtMs = nowMs;
    if (isConnected(event)) connectedAtMs ??= nowMs;
    if (event.kind === "published" && connectedAtMs === undefined && event.outcome.is === "accepted") early.push(event);
    if (event.kind === "probe") {
      const { ready, live, connected, durable, atMs } = event;
      probes.push({ atMs, ready, live, connected, durable });
      if (ready && connected) readyAtMs ??= atMs;
    }
    if (
      event.kind === "process" &&
      event.change === "started" &&
      event.by === "supervisor" &&
      connectedAtMs === undefined
    )
      restarts += 1;
    if (isExit(event)) {
      exits.push({ because: event.because, code: event.code, atMs: event.atMs, tookMs: event.tookMs });
      toldLost += event.toldLost;
    }
  }
  const ledger = ledgerStateOf(events);
  const accepted = messagesIn(early);
  const { arrived, notObserved } = seenOf(ledger, accepted);
  const after = (atMs: number | undefined): number | null =>
    atMs === undefined || healedAtMs === undefined ? null : Math.max(0, atMs - healedAtMs);
  return {
    observed: isWhole(events),
    restarts,
    exits,
    connectedAfterMs: after(connectedAtMs),
    readyAfterMs: after(readyAtMs),
    acceptedEarly: accepted.length,
    arrivedEarly: arrived,
    notObservedEarly: notObserved,
    toldLost,
    probes,
  };
}

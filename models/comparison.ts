/** The comparison of the model's events with an observation, one event at a time. The oracle's search calls it while it does a step. */
import type { Disagreement } from "./explanation.ts";
import {
  type Dialled,
  firstDelivered,
  type Indexed,
  type Observation,
  type PublishAs,
  publishedAgain,
  serviceTold,
} from "./observation.ts";
import type { ScenarioStep } from "./plan/plan.ts";
import { type CallTold, callKey, outcomeKey, type PublishTold, type ServiceTold, serviceKey } from "./told.ts";
import type { Event, Run } from "./vocabulary/event.ts";
import type { Step, StepId } from "./vocabulary/scenario.ts";

/** The matched part of the observation, actor by actor. */
export interface Position {
  delivered: number;
  connection: number;
  calls: number;
  answered: number;
  /** The messages published, and the calls that published one again. */
  published: number;
  again: number;
  [actor: string]: number;
}

export const beginningOf = ({ service }: Observation): Position => ({
  delivered: 0,
  connection: 0,
  calls: 0,
  answered: 0,
  published: 0,
  again: 0,
  ...Object.fromEntries([...service.keys()].map(actor => [actor, 0])),
});

/**
 * Moves `at` past what the event and the observation agree on. `callsSeen` counts the calls of the step under way; `isConnected`: the model's
 * client is.
 */
export function compare(
  seen: Indexed,
  event: Event,
  at: Position,
  callsSeen: Map<StepId, number>,
  isConnected: boolean,
): Disagreement | undefined {
  if (event.kind === "published" || event.kind === "called") {
    const different = compareAnswered(seen.observed, event.step, at);
    if (different !== undefined) return different;
  }
  switch (event.kind) {
    case "delivered":
      return compareDelivery(seen, event, at);
    case "ended":
      return event.place === "arrived" ? undefined : compareLoss(seen, event);
    case "published":
      if (event.again === true) at.again += event.count;
      else at.published = Math.max(at.published, event.first + event.count);
      return comparePublish(seen, event, isConnected);
    case "called": {
      const nth = callsSeen.get(event.step) ?? 0;
      callsSeen.set(event.step, nth + 1);
      const says: CallTold = { call: event.call, outcome: event.outcome };
      const got = seen.observed.calls.get(event.step)?.[nth];
      if (got === undefined || callKey(got) !== callKey(says))
        return { kind: "call", step: event.step, says, observed: got };
      at.calls++;
      return isConnected ? compareArrived(seen, event.step, at) : undefined;
    }
    case "connection": {
      const got = seen.observed.connection[at.connection];
      if (got !== event.change) return { kind: "connection", says: event.change, observed: got };
      at.connection++;
      return undefined;
    }
    case "dialled":
      return compareDialled(event, seen.observed.dialled.get(event.step));
    default: {
      const said = serviceTold(event);
      return said === undefined ? undefined : compareService(seen, said.actor, said.told, at);
    }
  }
}

/** The harness may have refused more dials before a heal than it had to. A client that gives up has made exactly its own. */
function compareDialled(
  { step, count, end }: Extract<Event, { kind: "dialled" }>,
  observed: Dialled | undefined,
): Disagreement | undefined {
  const isAsSaid = observed?.end === end && (end === "healed" ? observed.count >= count : observed.count === count);
  return isAsSaid ? undefined : { kind: "dialled", step, says: { count, end }, observed };
}

/** The application makes one call after the other, and their answers come in that order. */
function compareAnswered({ answered }: Observation, step: StepId, at: Position): Disagreement | undefined {
  if (at.answered > 0 && answered[at.answered - 1] === step) return undefined;
  const observed = answered[at.answered];
  // A call without any answer is a disagreement about its outcome.
  if (observed !== undefined && observed !== step && answered.includes(step))
    return { kind: "answered-in-order", step, observed };
  if (observed === step) at.answered++;
  return undefined;
}

function comparePublish(
  seen: Indexed,
  event: Extract<Event, { kind: "published" }>,
  isConnected: boolean,
): Disagreement | undefined {
  const { outcomes, again, publishes, publishesAgain } = seen.observed;
  const { step, outcome: says } = event;
  const key = outcomeKey(says);
  let told: PublishAs | undefined;
  for (let message = event.first; message < event.first + event.count; message++) {
    if (event.again === true) {
      const observed = again.get(publishedAgain(step, message));
      if (observed === undefined || outcomeKey(observed) !== key)
        return { kind: "publish", step, message, says, observed };
    } else if (seen.outcomeKeys[message] !== key) {
      const observed = outcomes[message];
      const isKept = !isConnected && says.is === "accepted" && isRefusedByBus(observed);
      return { kind: "publish", step, message, says, observed, ...(isKept && { whileDown: true }) };
    }
    const other = event.again === true ? publishesAgain.get(publishedAgain(step, message)) : publishes[message];
    // One event tells of many calls.
    if (other === told || other === undefined) continue;
    told = other;
    const different = differenceOf(event, other, message);
    if (different !== undefined) return different;
  }
  return undefined;
}

/** A full buffer is the client's own refusal. */
const isRefusedByBus = (told: PublishTold | undefined): boolean =>
  told?.is === "rejected" && told.kind !== "buffer-full";

type PublishedEvent = Extract<Event, { kind: "published" }>;

const publishedFields = ["step", "subject", "key", "durable", "frameBytes"] as const;

/** The first field in which the two differ, or the time where one call took less than the model says that it waits. */
function differenceOf(says: PublishedEvent, observed: PublishAs, message: number): Disagreement | undefined {
  for (const field of publishedFields) {
    if (says[field] === observed[field]) continue;
    const [one, other] = [says[field], observed[field]];
    return {
      kind: "publish-as",
      message,
      field,
      says: String(one),
      observed: other === undefined ? undefined : String(other),
    };
  }
  const [least, took] = [says.tookMs, observed.tookMs];
  // A world that takes no times says none.
  if (took === undefined) return undefined;
  if (least !== undefined && !isTooEarly(took, least) && took <= least + lateMsMax) return undefined;
  if (least === undefined && took <= lateMsMax) return undefined;
  return { kind: "publish-as", message, field: "tookMs", says: String(least ?? 0), observed: String(took) };
}

/** Two clocks that count the same wait may differ by this much. */
const earlyMsMax = 50;
/** The time that a busy machine may add to a wait. */
const lateMsMax = 1_000;
const isTooEarly = (tookMs: number, saysMs: number): boolean => tookMs < saysMs - earlyMsMax;

/** Messages that the model says a flush has covered had been seen by then. */
function compareArrived({ observed }: Indexed, step: StepId, at: Position): Disagreement | undefined {
  const arrived = observed.arrivedBy.get(step);
  if (arrived === undefined || at.delivered <= arrived) return undefined;
  return { kind: "arrived-late", step, message: observed.delivered[arrived] };
}

/** The first entry that came in another step than the model says, or a call that was not asked for. */
export function compareStep(
  { observed }: Indexed,
  planned: ScenarioStep,
  at: Position,
  callsSeen: ReadonlyMap<StepId, number>,
): Disagreement | undefined {
  const { step } = planned;
  // A call that is still pending is answered in the step that it overlaps, and looked for at the end of the case.
  const ended = planned.overlapping ? [] : [step.id];
  for (const id of step.kind === "together" ? step.steps.map(one => one.id) : ended) {
    const more = observed.calls.get(id)?.[callsSeen.get(id) ?? 0];
    if (more !== undefined) return { kind: "call-beyond", step: id, observed: more };
  }
  const seen = observed.seenBy.get(step.id);
  if (seen === undefined) return undefined;
  for (const actor of ["answered", "processes", "probes"] as const) {
    // The answers to an overlapped burst come when they come.
    if (actor === "answered" && planned.overlapping) continue;
    const says = at[actor] ?? 0;
    if (says !== seen[actor]) return { kind: "seen-by", step: step.id, actor, says, observed: seen[actor] };
  }
  if (awaitsConnection(step) && seen.connection < at.connection)
    return {
      kind: "seen-by",
      step: step.id,
      actor: "connection",
      says: at.connection,
      observed: seen.connection,
    };
  return undefined;
}

/** The harness goes on only once the client has reported what the step awaits. */
function awaitsConnection(step: Step): boolean {
  if (step.kind === "await-noticed") return true;
  if (step.kind === "heal") return step.awaits === "connected";
  return step.kind === "fault" && "awaits" in step.fault && step.fault.awaits !== "none";
}

function compareService(
  seen: Indexed,
  actor: string,
  told: readonly ServiceTold[],
  at: Position,
): Disagreement | undefined {
  const entries = seen.service.get(actor);
  for (const says of told) {
    const next = at[actor] ?? 0;
    const got = entries?.[next];
    if (got?.key !== serviceKey(says) || endsTooEarly(got.told, says) || endsTooLate(got.told, says))
      return { kind: "service", says, observed: got?.told };
    at[actor] = next + 1;
  }
  return undefined;
}

/** A handler that was at work when its process was told to stop had begun a little earlier, so a stop that waits for it takes less. */
function endsTooEarly(told: ServiceTold, says: ServiceTold): boolean {
  if (!("tookMs" in told && "tookMs" in says)) return false;
  const ranMs = "handlerRanMs" in told && !told.forced ? (told.handlerRanMs ?? 0) : 0;
  return isTooEarly((told.tookMs ?? 0) + ranMs, says.tookMs ?? 0);
}

/** The end of a handler, and of a stop beside one, has an upper bound too: nothing else would tell a slow bus from a slow handler. */
function endsTooLate(told: ServiceTold, says: ServiceTold): boolean {
  if (!("tookMs" in told && "tookMs" in says)) return false;
  if (says.kind === "process" && !("handlerRanMs" in says)) return false;
  return (told.tookMs ?? 0) > (says.tookMs ?? 0) + lateMsMax;
}

function compareDelivery({ observed: { delivered } }: Indexed, run: Run, at: Position): Disagreement | undefined {
  for (let i = 0; i < run.count; i++) {
    const got = delivered[at.delivered];
    const message = run.first + i;
    if (got !== message) return { kind: "delivery", message, nth: at.delivered + 1, observed: got };
    at.delivered++;
  }
  return undefined;
}

function compareLoss(seen: Indexed, run: Run): Disagreement | undefined {
  const { deliveredBelow: below } = seen;
  const last = below.length - 1;
  const before = below[Math.min(run.first, last)] ?? 0;
  const after = below[Math.min(run.first + run.count, last)] ?? 0;
  if (after === before) return undefined;
  return { kind: "delivered-though-lost", message: firstDelivered(seen, [run]) ?? run.first };
}

/** The first observed entry that is unmatched when the model has ended. */
export function leftOver({ observed, service }: Indexed, at: Position): Disagreement | undefined {
  if (observed.published > at.published || observed.again.size > at.again)
    return { kind: "publish-beyond", published: observed.published, says: at.published };
  const message = observed.delivered[at.delivered];
  if (message !== undefined) return { kind: "delivery-beyond", message, nth: at.delivered + 1 };
  const change = observed.connection[at.connection];
  if (change !== undefined) return { kind: "connection-beyond", observed: change };
  let calls = 0;
  for (const [step, told] of observed.calls) {
    calls += told.length;
    if (calls > at.calls && told[0] !== undefined) return { kind: "call-beyond", step, observed: told[0] };
  }
  for (const [actor, entries] of service) {
    const more = entries[at[actor] ?? 0];
    if (more !== undefined) return { kind: "service-beyond", observed: more.told };
  }
  return undefined;
}

/** The comparison of the model's events with an observation, one event at a time. The oracle's search calls it while it does a step. */
import type { Disagreement } from "./explanation.ts";
import { firstDelivered, type Indexed, type Observation, publishedAgain, serviceTold } from "./observation.ts";
import { type CallTold, callKey, outcomeKey, type ServiceTold, serviceKey } from "./told.ts";
import type { Event, Run } from "./vocabulary/event.ts";
import type { StepId } from "./vocabulary/scenario.ts";

/** The matched part of the observation, actor by actor. */
export interface Position {
  delivered: number;
  connection: number;
  [actor: string]: number;
}

export const beginningOf = ({ service }: Observation): Position => ({
  delivered: 0,
  connection: 0,
  ...Object.fromEntries([...service.keys()].map(actor => [actor, 0])),
});

/** Moves `at` past what the event and the observation agree on; `callsSeen` counts the calls of the step under way. */
export function compare(
  seen: Indexed,
  event: Event,
  at: Position,
  callsSeen: Map<StepId, number>,
): Disagreement | undefined {
  switch (event.kind) {
    case "delivered":
      return compareDelivery(seen, event, at);
    case "ended":
      return event.place === "arrived" ? undefined : compareLoss(seen, event);
    case "published":
      return comparePublish(seen, event);
    case "called": {
      const nth = callsSeen.get(event.step) ?? 0;
      callsSeen.set(event.step, nth + 1);
      const says: CallTold = { call: event.call, outcome: event.outcome };
      const got = seen.observed.calls.get(event.step)?.[nth];
      if (got !== undefined && callKey(got) === callKey(says)) return undefined;
      return { kind: "call", step: event.step, says, observed: got };
    }
    case "connection": {
      const got = seen.observed.connection[at.connection];
      if (got !== event.change) return { kind: "connection", says: event.change, observed: got };
      at.connection++;
      return undefined;
    }
    default: {
      const said = serviceTold(event);
      return said === undefined ? undefined : compareService(seen, said.actor, said.told, at);
    }
  }
}

function comparePublish(seen: Indexed, event: Extract<Event, { kind: "published" }>): Disagreement | undefined {
  const { outcomes, again } = seen.observed;
  const { step, outcome: says } = event;
  const key = outcomeKey(says);
  for (let message = event.first; message < event.first + event.count; message++) {
    if (event.again === true) {
      const observed = again.get(publishedAgain(step, message));
      if (observed === undefined || outcomeKey(observed) !== key)
        return { kind: "publish", step, message, says, observed };
    } else if (seen.outcomeKeys[message] !== key)
      return { kind: "publish", step, message, says, observed: outcomes[message] };
  }
  return undefined;
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
    if (got?.key !== serviceKey(says)) return { kind: "service", says, observed: got?.told };
    at[actor] = next + 1;
  }
  return undefined;
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
  const message = observed.delivered[at.delivered];
  if (message !== undefined) return { kind: "delivery-beyond", message, nth: at.delivered + 1 };
  const change = observed.connection[at.connection];
  if (change !== undefined) return { kind: "connection-beyond", observed: change };
  for (const [actor, entries] of service) {
    const more = entries[at[actor] ?? 0];
    if (more !== undefined) return { kind: "service-beyond", observed: more.told };
  }
  return undefined;
}

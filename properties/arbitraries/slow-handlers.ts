/**
 * A handler that takes time, and a stop that falls within it. It comes first after the start, since nothing may have been published on its
 * subject, and is drawn from a stream of its own: the rest of a scenario is the same with it and without.
 */
import type { Policy } from "../../models/vocabulary/policy.ts";
import { advanceAround, durableSubject, type PolicyDraft, publish, signal, start, subscribe } from "./policy-draft.ts";
import { randomOf } from "./random.ts";

const share = 0.15;
const takesMsMax = 10_000;

/** Half of the stop's budget, or a quarter more than all of it. */
const timesOf = ({ shutdown: { budgetMs }, consume: { ackWaitMs } }: Policy): readonly number[] =>
  [Math.min(takesMsMax, Math.round(budgetMs / 2)), Math.round(budgetMs * 1.25)].filter(
    ms => ms > 0 && ms < ackWaitMs && ms <= takesMsMax,
  );

export function slowHandler(word: string, whole: PolicyDraft): void {
  const { policy, capabilities, subjects } = whole;
  const random = randomOf(word, "slow-handlers");
  const draft: PolicyDraft = { ...whole, random };
  const times = timesOf(policy);
  const isPossible = (["subscribe", "slow-handlers", "signal", "advance"] as const).every(one => capabilities.has(one));
  if (!random.chance(share) || !isPossible || times.length === 0 || subjects.durable.length === 0) return;
  const replica = capabilities.has("replicas") && random.chance(0.3) ? 1 : 0;
  const subject = durableSubject(draft);
  const takesMs = random.pick(times);
  if (replica > 0) start(draft, replica);
  subscribe(draft, replica, subject, "acks", takesMs);
  publish(draft, { subject, count: 1 });
  if (random.chance(0.3)) {
    draft.steps.push({ id: `work-${draft.steps.length}`, kind: "advance", ms: takesMs });
    if (random.chance(0.5)) publish(draft, { subject, count: 1 });
  }
  signal(draft, replica, random.chance(0.8) ? "TERM" : "KILL");
  start(draft, replica);
  subscribe(draft, replica, subject, "acks");
  if (replica === 0) whole.isSubscribed = true;
  if (random.chance(0.7)) advanceAround(draft, policy.consume.ackWaitMs);
}

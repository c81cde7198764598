/**
 * A handler that says something else to the server than an acknowledgement at the end of its work: it naks, or says that it is at work. As a
 * slow handler it comes first after the start, and is drawn from a stream of its own. Handlers that terminate, acknowledge early or lose their
 * acknowledgement break a promise by themselves, whatever the policy: the corpus has them, and none is drawn.
 */

import { effective } from "../../models/policy/two-sides.ts";
import {
  advanceAround,
  durableSubject,
  mayHandleItself,
  type PolicyDraft,
  publish,
  signal,
  start,
  subscribe,
} from "./policy-draft.ts";
import { type Random, randomOf } from "./random.ts";

const share = 0.15;
const others = ["naks", "in-progress"] as const;
const workMsMax = 10_000;
const roomMs = 300;
/** A real clock tells shorter waits from none no better than a busy machine does. */
const waitMsMin = 1_000;

/** Returns true where nothing may follow: beside a handler that naks few faults can be judged. */
export function otherHandler(word: string, whole: PolicyDraft): boolean {
  const { capabilities, subjects } = whole;
  const random = randomOf(word, "other-handlers");
  const draft: PolicyDraft = { ...whole, random };
  const isPossible = (["subscribe", "slow-handlers", "all-handlers", "signal", "advance"] as const).every(one =>
    capabilities.has(one),
  );
  if (!random.chance(share) || !isPossible || subjects.durable.length === 0) return false;
  const subject = durableSubject(draft);
  const isTouched = draft.steps.some(
    one => (one.kind === "publish" || one.kind === "subscribe") && one.subject === subject,
  );
  if (isTouched) return false;
  const replica = capabilities.has("replicas") && random.chance(0.3) ? 1 : 0;
  if (replica === 0 && !mayHandleItself(draft)) return false;
  const isRunning = draft.steps.some(one => one.kind === "start" && (one.replica ?? 0) === replica);
  if (replica > 0 && !isRunning) start(draft, replica);
  if (replica === 0) whole.isSubscribed = true;
  const handler = random.pick(others);
  if (handler === "naks") naks(draft, replica, subject);
  else saysAtWork(draft, replica, subject);
  return handler === "naks";
}

/** One message after the other, and the delay or the ack wait after each. */
function naks(draft: PolicyDraft, replica: number, subject: string): void {
  const { random, policy } = draft;
  const { ackWaitMs, deliverMax } = effective(policy.consume);
  const delays = [ackWaitMs / 2, ackWaitMs * 1.5].map(Math.round).filter(ms => ms >= waitMsMin && ms <= workMsMax);
  const isDelayed = delays.length > 0 && (deliverMax < 0 || random.chance(0.5));
  const nakDelayMs = isDelayed ? random.pick(delays) : undefined;
  draft.steps.push({
    ...{ id: `subscribe-${draft.steps.length}`, kind: "subscribe", replica, subject, handler: "naks" },
    ...(nakDelayMs === undefined ? {} : { nakDelayMs }),
  });
  for (let left = random.int(1, 2); left > 0; left--) publish(draft, { subject, count: 1 });
  for (let left = random.int(0, 2); left > 0; left--) advanceAround(draft, nakDelayMs ?? ackWaitMs);
}

/** A handler that is through with its message or not when its process is stopped or killed; the next one is given what is left. */
function saysAtWork(draft: PolicyDraft, replica: number, subject: string): void {
  const { random, policy } = draft;
  const takesMs = timeOf(random, draft);
  subscribe(draft, replica, subject, "in-progress", takesMs);
  publish(draft, { subject, count: 1 });
  if (random.chance(0.4)) draft.steps.push({ id: `work-${draft.steps.length}`, kind: "advance", ms: takesMs });
  signal(draft, replica, random.chance(0.5) ? "TERM" : "KILL");
  start(draft, replica);
  subscribe(draft, replica, subject, "acks");
  if (random.chance(0.7)) advanceAround(draft, effective(policy.consume).ackWaitMs);
}

/** A time below a stop's bound, and now and then above the ack wait. */
function timeOf(random: Random, { policy }: PolicyDraft): number {
  const { shutdown, supervisor } = policy;
  const consume = effective(policy.consume);
  const boundMs = Math.min(shutdown.budgetMs, supervisor.killAfterMs);
  const half = Math.max(1, Math.min(workMsMax, Math.round(Math.min(boundMs, consume.ackWaitMs) / 2)));
  const long = Math.min(workMsMax, Math.round(consume.ackWaitMs * 1.3));
  // A stop is judged where the work ends well before its bound.
  return random.chance(0.5) && long < boundMs - roomMs ? long : half;
}

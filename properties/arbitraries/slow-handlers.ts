/**
 * A handler that takes time, and a stop that falls within it. It comes first after the start, since nothing may have been published on its
 * subject, and is drawn from a stream of its own: the rest of a scenario is the same with it and without.
 */

import { dialsBeforeGivingUp } from "../../models/policy/attempts.ts";
import { shortestWaitMs, soonerAfterRestartMs } from "../../models/policy/deliveries.ts";
import { stopBoundMs } from "../../models/policy/stops.ts";
import { acknowledgesNothing, effective } from "../../models/policy/two-sides.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Fault, PublishStep } from "../../models/vocabulary/scenario.ts";
import {
  advanceAround,
  durableSubject,
  fault,
  heal,
  isForgotten,
  mayHandleItself,
  type PolicyDraft,
  publish,
  publishStep,
  signal,
  start,
  subscribe,
} from "./policy-draft.ts";
import { randomOf } from "./random.ts";

const share = 0.15;
const takesMsMax = 10_000;

/** The room between a handler's end and the stop's that a busy machine needs, and that publishes during a stop do. */
const roomMs = 300;

/** Half of the stop's bound, or a quarter more than all of it. */
function timesOf(policy: Policy): readonly number[] {
  const boundMs = stopBoundMs(policy);
  const half = Math.min(takesMsMax, Math.round(boundMs / 2));
  const more = Math.round(boundMs * 1.25);
  const times = [...(boundMs - half >= roomMs ? [half] : []), ...(more - boundMs >= roomMs / 2 ? [more] : [])];
  return times.filter(ms => ms >= roomMs && ms < effective(policy.consume).ackWaitMs && ms <= takesMsMax);
}

/** True where the stop waits for a handler, so that something can be published meanwhile. */
const waitsForHandlers = ({ policy: { shutdown }, profile: { drain } }: PolicyDraft): boolean =>
  shutdown.strategy === "four-steps" || (shutdown.strategy === "drain" && drain.handlersWaitMs !== 0);

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
  if (draft.steps.some(one => one.kind === "publish" && one.subject === subject)) return;
  if (replica === 0 && !mayHandleItself(draft)) return;
  if (replica > 0) start(draft, replica);
  subscribe(draft, replica, subject, "acks", takesMs);
  publish(draft, { subject, count: 1 });
  const isCutOff = replica === 0 && mayBeCutOff(draft) && random.chance(0.3);
  if (isCutOff) cutOff(draft, takesMs);
  const isThrough = random.chance(0.2);
  if (isThrough || random.chance(0.2)) {
    draft.steps.push({ id: `work-${draft.steps.length}`, kind: "advance", ms: takesMs });
    if (!isThrough) publish(draft, { subject, count: 1 });
  }
  const mayPublish =
    replica === 0 && !isThrough && !isCutOff && capabilities.has("publish-while-stopping") && waitsForHandlers(draft);
  if (mayPublish && random.chance(0.5)) stopAndPublish(draft, subject);
  else signal(draft, replica, random.chance(0.8) ? "TERM" : "KILL");
  start(draft, replica);
  subscribe(draft, replica, subject, "acks");
  if (replica === 0) whole.isSubscribed = true;
  if (random.chance(0.7)) advanceAround(draft, effective(policy.consume).ackWaitMs);
}

/** True where a cut beside a handler at work is judged: its client comes back, and does not count what it keeps. */
function mayBeCutOff({ policy, options, profile, capabilities }: PolicyDraft): boolean {
  const { supervisor, consume } = policy;
  const isKilled = supervisor.liveness !== undefined || supervisor.startupProbe !== undefined;
  const comesBack = dialsBeforeGivingUp(profile, options) === Number.POSITIVE_INFINITY;
  const isCounted = options.reconnectBufferBytesMax !== undefined;
  return capabilities.has("cut") && comesBack && !isKilled && !isCounted && !acknowledgesNothing(effective(consume));
}

/**
 * The connection is cut, its link holds what is sent, or its server restarts while the handler is at work. It comes back before the handler is
 * through or after; now and then it is cut once more.
 */
function cutOff(draft: PolicyDraft, takesMs: number): void {
  const { random, policy, steps } = draft;
  const work = (): void => void steps.push({ id: `work-${steps.length}`, kind: "advance", ms: takesMs });
  if (random.chance(0.2)) {
    fault(draft, cut);
    heal(draft);
  }
  fault(draft, random.pick(faultsBeside(draft, takesMs)));
  const isOutlasted = random.chance(0.5);
  if (!isOutlasted) work();
  heal(draft);
  if (isOutlasted && random.chance(0.5)) work();
  else if (!isOutlasted && random.chance(0.7))
    steps.push({ id: `again-${steps.length}`, kind: "advance", ms: effective(policy.consume).ackWaitMs });
}

const cut: Fault = { kind: "cut", awaits: "noticed" };

/** A server that restarts may give a message again a second sooner, and knows no more of a consumer that it kept in memory. */
function faultsBeside(draft: PolicyDraft, takesMs: number): readonly Fault[] {
  const { policy, capabilities } = draft;
  const outlastsRestart =
    takesMs + soonerAfterRestartMs < shortestWaitMs(effective(policy.consume)) &&
    policy.streams.every(({ storage }) => storage === "file") &&
    !isForgotten(draft);
  return [
    cut,
    ...(capabilities.has("hold") ? [{ kind: "hold" } as const] : []),
    ...(capabilities.has("stop-server") && outlastsRestart
      ? [{ kind: "stop-server", signal: "TERM", awaits: "noticed" } as const]
      : []),
  ];
}

/** SIGTERM, and publishes on other subjects than the handler's; those that no stream answers for would outlast the stop. */
function stopAndPublish(draft: PolicyDraft, handled: string): void {
  const { random, subjects, steps } = draft;
  const others = [...subjects.durable, ...subjects.captured, ...subjects.core].filter(one => one !== handled);
  if (others.length === 0) {
    signal(draft, 0, "TERM");
    return;
  }
  const meanwhile = Array.from({ length: random.int(1, 2) }, (_, i): PublishStep => {
    const { async: _async, ...step } = publishStep(draft, { subject: random.pick(others), most: 3 });
    return { ...step, id: `meanwhile-${steps.length}-${i}` };
  });
  steps.push({ id: `signal-${steps.length}`, kind: "signal", replica: 0, signal: "TERM", meanwhile });
}

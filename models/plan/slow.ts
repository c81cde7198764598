/**
 * Handlers that take time: which subjects have one, until when it may be at work, and which steps cannot be done meanwhile. One message at a
 * time is given to such a subject, since clients differ in when they come to the second.
 */
import { dialsBeforeGivingUp } from "../policy/attempts.ts";
import { shortestWaitMs, soonerAfterRestartMs } from "../policy/deliveries.ts";
import { stopBoundMs } from "../policy/stops.ts";
import { streamOf } from "../policy/streams.ts";
import { acknowledgesNothing, effective } from "../policy/two-sides.ts";
import type { Fault, Step } from "../vocabulary/scenario.ts";
import { beyond, type NotEnabled, unjudgeable } from "./reasons.ts";
import type { Setting } from "./setting.ts";
import { bitOf, isCalm, type SlowSubject, type View } from "./view.ts";

const stillAtWork = unjudgeable("a handler is still at work");
const takesOverAckWait = unjudgeable("a message is given again while its handler is at work");
const subscribedAlready = unjudgeable("which of its handlers gets a message is not known");
const publishedBefore = unjudgeable("when a slow handler comes to each of several messages is not known");
const endsMeanwhile = unjudgeable("how far the handler has come by then is not known");
const takenUpByAnother = unjudgeable("when another slow handler takes up what one has left is not known");
const againMeanwhile = unjudgeable("a message is given again in an outage, as its acknowledgement is kept or lost");
const endsWithBudget = beyond(
  "machine-load",
  "on a busy machine the handler may end before the stop's bound or after it",
);

const isBusy = (view: View): boolean => view.slow.some(one => view.nowMs < one.busyUntilMs);

/** The reason against the step that slow handlers give. */
export function slowNotEnabled(view: View, step: Step, setting: Setting): NotEnabled | undefined {
  if (step.kind === "subscribe") return subscribeNotEnabled(view, step);
  if (view.slow.length === 0) return undefined;
  if (view.slow.some(one => one.isCutOff)) return cutOffNotEnabled(view, step);
  switch (step.kind) {
    case "publish": {
      const slow = view.slow.find(({ subject }) => subject === step.subject);
      if (slow === undefined) return undefined;
      if (step.count > 1 || slow.isStray) return publishedBefore;
      if (view.nowMs < slow.busyUntilMs) return stillAtWork;
      return isCalm(view) && view.client === "connected" && step.overlap !== true ? undefined : publishedBefore;
    }
    case "together":
      return step.steps.some(one => one.kind === "publish" && view.slow.some(slow => slow.subject === one.subject))
        ? publishedBefore
        : duringWork(view);
    case "fault":
      return isBusy(view) && !isOutlasted(view, step.fault, setting) ? stillAtWork : undefined;
    case "heal":
    case "await-noticed":
    case "drain":
    case "close":
      return duringWork(view);
    case "advance":
      if (view.slow.some(one => one.isStray)) return takenUpByAnother;
      return view.slow.some(({ busyUntilMs }) => view.nowMs < busyUntilMs && view.nowMs + step.ms < busyUntilMs)
        ? endsMeanwhile
        : undefined;
    case "signal":
      return step.signal === "TERM" && isBusy(view) ? stopNotEnabled(view, setting) : undefined;
    default:
      return undefined;
  }
}

/**
 * A cut or a stop of the server that the client notices, and comes back from in the end, or a link that holds what it sends. Of a client that
 * counts what it keeps, acknowledgements would be a part.
 */
function isOutlasted(view: View, fault: Fault, { options, profile }: Setting): boolean {
  if (view.policy === undefined || !isJudged(view, fault)) return false;
  const { consume, supervisor } = view.policy;
  const isAlone = view.slow.every(one => one.replicas === bitOf(0) && one.handler === "acks" && !one.isStray);
  const isKilled = supervisor.liveness !== undefined || supervisor.startupProbe !== undefined;
  const isCounted = options.reconnectBufferBytesMax !== undefined;
  const comesBack = dialsBeforeGivingUp(profile, options) === Number.POSITIVE_INFINITY;
  return isAlone && !isKilled && !isCounted && comesBack && !acknowledgesNothing(effective(consume));
}

function isJudged(view: View, fault: Fault): boolean {
  switch (fault.kind) {
    case "hold":
      return true;
    case "cut":
      return fault.awaits === "noticed" && fault.dials === undefined;
    case "stop-server":
      return fault.awaits === "noticed" && fault.signal === "TERM" && fault.store !== "lost" && outlastsRestart(view);
    default:
      return false;
  }
}

/** The consumers and what they hold are there after a restart, and nothing is given again while its handler works. */
function outlastsRestart({ policy, slow, nowMs }: View): boolean {
  if (policy === undefined || policy.consume.durables === "ephemeral") return false;
  const waitMs = shortestWaitMs(effective(policy.consume)) - soonerAfterRestartMs;
  return slow
    .filter(({ busyUntilMs }) => nowMs < busyUntilMs)
    .every(one => streamOf(policy, one.subject)?.storage === "file" && one.storedAtMs + waitMs > one.busyUntilMs);
}

/** While it is cut off, time passes up to the ack wait, and then it is healed. Or its process is killed, with all that its client has kept. */
function cutOffNotEnabled(view: View, step: Step): NotEnabled | undefined {
  if (step.kind === "heal")
    return step.awaits === "connected" && step.afterAttempts === undefined ? undefined : stillAtWork;
  if (step.kind === "signal" && step.signal === "KILL" && view.link === "down" && view.serverUp) return undefined;
  if (step.kind !== "advance" || view.policy === undefined) return stillAtWork;
  const waitMs = shortestWaitMs(effective(view.policy.consume));
  const untilMs = view.nowMs + step.ms;
  // A server that restarts counts from the moment at which it stored the message (F-308 of docs/facts.md).
  const againMs = (one: SlowSubject): number =>
    view.serverUp ? dueMs(one, waitMs) : one.storedAtMs + waitMs - soonerAfterRestartMs;
  if (view.slow.some(one => one.isCutOff && untilMs >= againMs(one))) return againMeanwhile;
  return view.slow.some(({ busyUntilMs }) => view.nowMs < busyUntilMs && untilMs < busyUntilMs)
    ? endsMeanwhile
    : undefined;
}

/** The moment at which the server gives the message again. */
const dueMs = ({ busyUntilMs, takesMs }: SlowSubject, waitMs: number): number => busyUntilMs - takesMs + waitMs;

/** The connection is cut while handlers are at work. */
export function cutSlow(view: View): void {
  if (!isBusy(view)) return;
  view.slow = view.slow.map(one => ({ ...one, isCutOff: view.nowMs < one.busyUntilMs }));
}

/**
 * The connection is back, or its link lets go. A handler that was through meanwhile has acknowledged to nobody where its client keeps nothing: it
 * is at work again when the ack wait is over.
 */
export function healSlow(view: View, { profile }: Pick<Setting, "profile">, wasDown: boolean): void {
  const { policy } = view;
  if (policy === undefined || !view.slow.some(one => one.isCutOff)) return;
  const consume = effective(policy.consume);
  const isLost = wasDown && profile.reconnectBuffer.kind === "reset-at-dial" && consume.deliverMax !== 1;
  view.slow = view.slow.map(one => {
    const isThrough = one.isCutOff && one.busyUntilMs <= view.nowMs;
    const busyUntilMs = isThrough && isLost ? dueMs(one, shortestWaitMs(consume)) + one.takesMs : one.busyUntilMs;
    return { ...one, isCutOff: false, busyUntilMs };
  });
}

const duringWork = (view: View): NotEnabled | undefined => (isBusy(view) ? stillAtWork : undefined);

function subscribeNotEnabled(
  view: View,
  { replica, subject, handler, takesMs }: Extract<Step, { kind: "subscribe" }>,
): NotEnabled | undefined {
  const slow = view.slow.find(one => one.subject === subject);
  if (takesMs === undefined)
    return slow !== undefined && (slow.replicas & bitOf(replica)) > 0 ? subscribedAlready : undefined;
  if (view.policy === undefined) return undefined;
  const { consume } = view.policy;
  const waitMs = shortestWaitMs(effective(consume));
  if (handler === "acks" && takesMs >= waitMs && !acknowledgesNothing(effective(consume))) return takesOverAckWait;
  // It says so several times within the wait that its code asks for, which may be another one.
  if (handler === "in-progress" && waitMs < shortestWaitMs(consume)) return takesOverAckWait;
  if ((view.subscribed & bitOf(replica)) > 0) return subscribedAlready;
  if (slow !== undefined && slow.takesMs !== takesMs) return subscribedAlready;
  return view.published.some(one => one.subject === subject) ? publishedBefore : undefined;
}

/** The room that a busy machine needs between the end of a handler and the end of a stop. */
const endsBeforeMsMin = 300;
const endsAfterMsMin = 150;

function stopNotEnabled(view: View, { limits }: Setting): NotEnabled | undefined {
  if (view.policy === undefined || !limits.has("machine-load")) return undefined;
  const boundMs = stopBoundMs(view.policy);
  const isClose = view.slow.some(
    ({ takesMs, busyUntilMs }) =>
      view.nowMs < busyUntilMs && takesMs > boundMs - endsBeforeMsMin && takesMs < boundMs + endsAfterMsMin,
  );
  return isClose ? endsWithBudget : undefined;
}

export function subscribeSlow(
  view: View,
  { replica, subject, takesMs, handler }: Extract<Step, { kind: "subscribe" }>,
): void {
  if (takesMs === undefined) return;
  const known = view.slow.find(one => one.subject === subject);
  const rest = view.slow.filter(one => one !== known);
  const replicas = (known?.replicas ?? 0) | bitOf(replica);
  const { busyUntilMs = 0, storedAtMs = 0 } = known ?? {};
  view.slow = [
    ...rest,
    { subject, takesMs, handler, replicas, busyUntilMs, storedAtMs, isCutOff: false, isStray: false },
  ];
}

export function publishToSlow(view: View, subject: string | undefined): void {
  if (view.slow.length === 0 || !view.slow.some(one => one.subject === subject)) return;
  view.slow = view.slow.map(one =>
    one.subject === subject ? { ...one, busyUntilMs: view.nowMs + one.takesMs, storedAtMs: view.nowMs } : one,
  );
}

/** The replica is gone, and with it its handlers. Another slow handler may take up what they were at. */
export function leaveSlow(view: View, replica: number): void {
  if (view.slow.length === 0) return;
  const bit = bitOf(replica);
  view.slow = view.slow
    .map(one =>
      (one.replicas & bit) === 0
        ? one
        : { ...one, replicas: one.replicas & ~bit, isStray: one.isStray || view.nowMs < one.busyUntilMs },
    )
    .filter(one => one.replicas > 0);
}

/**
 * Consumers that the server deletes once nobody has used them for so long (`inactiveThresholdMs`). What handlers are given then, and what their
 * stream keeps, depends on whether the consumer is still there. That is known before the threshold and some time after it, and a step that leaves
 * it open in between is not judged (F-280 of docs/facts.md).
 *
 * A server counts from the end of a subscription where it pushes, and from the last request or delivery where it is asked. So a consumer surely
 * stands up to one threshold after its last use, and is surely gone some time after its last subscriber.
 */
import { covers } from "../policy/pattern.ts";
import {
  areMadeByOperator,
  asStands,
  deletedAfterMs,
  goneAfterMs,
  isCreationRefused,
  isDeletedUnused,
  isUpdateRefused,
} from "../policy/two-sides.ts";
import type { Policy } from "../vocabulary/policy.ts";
import type { PublishStep, Step, SubscribeStep } from "../vocabulary/scenario.ts";
import { type NotEnabled, unjudgeable } from "./reasons.ts";
import { bitOf, type ConsumerUse, isCalm, isDurable, type View } from "./view.ts";

const mayBeDeleted = unjudgeable("whether the server has deleted a consumer that nobody used is not known");
const stillSubscribed = unjudgeable(
  "whether a subscriber whose consumer was deleted is given messages by the next one of its name is not known",
);
const standsNoMore = unjudgeable("the library makes a consumer in the place of the operator's, with other settings");
const asksNothing = unjudgeable("whether a consumer counts as used while its handler works is not known");

/** True where the consumer has a subscriber on a live connection. */
const isUsed = ({ unusedMs }: ConsumerUse): boolean => unusedMs === undefined;

/** Up to then it stands, whatever its clients have done since its last use. */
const standsUntilMs = ({ lastMs, times }: ConsumerUse, { consume }: Policy): number =>
  lastMs + deletedAfterMs(times === 0 ? asStands(consume) : consume);

/** True where it is surely gone at that moment. */
const isGoneBy = ({ unusedMs, times }: ConsumerUse, policy: Policy, atMs: number): boolean =>
  unusedMs !== undefined && times > 0 && atMs >= unusedMs + goneAfterMs(policy.consume);

/** The reason against the step that such a consumer gives. */
export function unusedNotEnabled(view: View, step: Step): NotEnabled | undefined {
  const { policy, uses, nowMs } = view;
  if (policy === undefined || !isDeletedUnused(policy.consume)) return undefined;
  switch (step.kind) {
    case "subscribe":
      return subscribeNotEnabled(view, policy, step);
    case "heal":
      return uses.some(one => !isUsed(one) && !one.isGone && nowMs >= standsUntilMs(one, policy))
        ? mayBeDeleted
        : undefined;
    case "advance":
      return uses.some(one => isLeftOpen(view, policy, one, nowMs + step.ms)) ? mayBeDeleted : undefined;
    default:
      return undefined;
  }
}

/** True where nobody knows if it is still there at that moment. */
function isLeftOpen(view: View, policy: Policy, use: ConsumerUse, untilMs: number): boolean {
  if (use.isGone || untilMs < standsUntilMs(use, policy)) return false;
  // A server that runs and reads goes by its own clock alone.
  const isServed = view.serverUp && view.jetStream && view.hindrance === "none" && view.door === "shut";
  if (!isServed) return true;
  return !isUsed(use) && (view.slow.length > 0 || !isGoneBy(use, policy, untilMs));
}

function subscribeNotEnabled(
  { uses, nowMs }: View,
  policy: Policy,
  { subject, takesMs = 0 }: SubscribeStep,
): NotEnabled | undefined {
  if (takesMs >= deletedAfterMs(policy.consume)) return asksNothing;
  const use = uses.find(one => one.subject === subject) ?? standing(policy, subject);
  if (use === undefined) return undefined;
  if (!use.isGone) return isUsed(use) || nowMs < standsUntilMs(use, policy) ? undefined : mayBeDeleted;
  if (use.replicas !== 0) return stillSubscribed;
  return policy.consume.durables === "created" && areMadeByOperator(policy) ? standsNoMore : undefined;
}

interface Waited {
  readonly kind: "advance";
}

/** The operator's consumer, which nobody has subscribed to yet. */
const standing = (policy: Policy, subject: string): ConsumerUse | undefined =>
  areMadeByOperator(policy) ? { subject, replicas: 0, lastMs: 0, times: 0, unusedMs: 0, isGone: false } : undefined;

/** Brings the uses up to date after the step, or after a wait at the end of the case. */
export function trackUses(view: View, step: Step | Waited): void {
  const { policy } = view;
  if (policy === undefined || !isDeletedUnused(policy.consume)) return;
  if (step.kind === "subscribe") view.uses = withSubscriber(view, policy, step);
  if (view.uses.length === 0) return;
  const isEphemeral = policy.consume.durables === "ephemeral";
  view.uses = view.uses
    .map(one => ({ ...one, replicas: one.replicas & view.subscribed }))
    // Nobody finds the consumer of a process that has ended.
    .filter(one => !isEphemeral || one.replicas !== 0)
    .map(one => usedAfter(view, policy, one, step));
}

function withSubscriber(view: View, policy: Policy, { replica, subject }: SubscribeStep): readonly ConsumerUse[] {
  const use = view.uses.find(one => one.subject === subject) ?? standing(policy, subject);
  const rest = view.uses.filter(one => one !== use);
  // The library makes it anew, and the operator does not.
  if (use?.isGone === true && policy.consume.durables === "bound") return view.uses;
  // A subscription that is refused uses nothing, unless a library takes what stands.
  if (use !== undefined && !use.isGone && (isCreationRefused(policy.consume) || isUpdateRefused(policy.consume)))
    return [...rest, use];
  const { replicas = 0, times = 0 } = use ?? {};
  const one = { subject, replicas: replicas | bitOf(replica), lastMs: view.nowMs, times: times + 1, isGone: false };
  return [...rest, { ...one, unusedMs: undefined }];
}

function usedAfter(view: View, policy: Policy, use: ConsumerUse, step: Step | Waited): ConsumerUse {
  const { nowMs } = view;
  if (use.isGone) return use;
  const isThere = view.link === "up" && view.client === "connected" && view.ended === "no";
  if ((use.replicas & ~bitOf(0)) !== 0 || ((use.replicas & bitOf(0)) !== 0 && isThere)) {
    const isSure = !isUsed(use) || (step.kind === "publish" && isDelivered(view, use, step));
    return isSure ? { ...use, lastMs: nowMs, times: use.times + 1, unusedMs: undefined } : use;
  }
  // A server that was started anew begins to count.
  if (isUsed(use) || step.kind === "heal") return { ...use, unusedMs: nowMs };
  return { ...use, isGone: step.kind === "advance" && isGoneBy(use, policy, nowMs) };
}

/** The message is stored and given to a handler within the step. */
const isDelivered = (view: View, { subject: its }: ConsumerUse, step: PublishStep): boolean =>
  isDurable(view, step) &&
  step.overlap !== true &&
  isCalm(view) &&
  view.client === "connected" &&
  covers(its, step.subject ?? "");

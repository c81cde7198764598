/**
 * Publishes between the signal that tells a process to stop and its end. Something must keep the stop open for them: a handler at work for
 * which it waits, or a link that holds its flush.
 */

import { overlap } from "../policy/pattern.ts";
import { stopBoundMs } from "../policy/stops.ts";
import { isUnacknowledged, streamOf } from "../policy/streams.ts";
import type { Policy } from "../vocabulary/policy.ts";
import type { Profile } from "../vocabulary/profile.ts";
import type { PublishStep } from "../vocabulary/scenario.ts";
import { impossible, type NotEnabled, unjudgeable } from "./reasons.ts";
import type { Setting } from "./setting.ts";
import { isCalm, isDurable, type View } from "./view.ts";

const endsAtOnce = impossible("nothing keeps the stop open for it");
export const isHandledHere = unjudgeable("whether its handlers still get the message is not known");
const waitsLong = unjudgeable("a publish that waits for its acknowledgement may outlast the stop");
const waitsInTurn = unjudgeable("how long it waits for one subscription after the other is not known");
const onlyCore = unjudgeable("a bus that drains refuses it or not, by how far it has come");

/** A busy machine needs so much to make the calls. */
const openMsMin = 300;

export function meanwhileNotEnabled(
  view: View,
  steps: readonly PublishStep[],
  { profile }: Setting,
): NotEnabled | undefined {
  const { policy } = view;
  if (steps.length === 0 || policy === undefined) return undefined;
  if (view.client !== "connected" || view.process !== "running" || view.ended !== "no") return endsAtOnce;
  if (steps.some(one => hasHandlerFor(view, one))) return isHandledHere;
  const { shutdown } = policy;
  const isOpen = shutdown.intake === "open";
  const isUnanswered = (one: PublishStep): boolean =>
    isDurable(view, one) &&
    (streamOf(policy, one.subject ?? "") === undefined || isUnacknowledged(policy, one.subject ?? ""));
  if (isOpen && steps.some(isUnanswered)) return waitsLong;
  if (shutdown.strategy === "subscriptions-waited-then-close") return waitsInTurn;
  if (isCalm(view)) return openForMs(view, policy, profile) >= openMsMin ? undefined : endsAtOnce;
  if (view.hindrance !== "hold" || stopBoundMs(policy) < openMsMin) return endsAtOnce;
  if (shutdown.strategy === "drain") return onlyCore;
  if (shutdown.strategy !== "four-steps") return endsAtOnce;
  return isOpen && steps.some(one => isDurable(view, one)) ? waitsLong : undefined;
}

/** True where a handler has subscribed to the subject of the publish. */
export const hasHandlerFor = ({ consumed }: View, { subject }: PublishStep): boolean =>
  subject !== undefined && consumed.some(one => overlap(one, subject));

/** The time for which handlers that are at work for certain keep the stop open. */
function openForMs(view: View, policy: Policy, { drain }: Profile): number {
  // Another replica may have got the message.
  if (view.subscribed !== 1) return 0;
  const { drainTimeoutMs = Number.POSITIVE_INFINITY } = policy.shutdown;
  const drainMs = Math.min(drainTimeoutMs, drain.handlersWaitMs ?? Number.POSITIVE_INFINITY);
  const waitMs = { "four-steps": Number.POSITIVE_INFINITY, drain: drainMs };
  const { strategy } = policy.shutdown;
  if (strategy !== "four-steps" && strategy !== "drain") return 0;
  const atWork = view.slow.filter(one => view.nowMs < one.busyUntilMs).map(one => one.takesMs);
  return Math.min(waitMs[strategy], stopBoundMs(policy), Math.max(0, ...atWork));
}

/**
 * Streams that keep messages for their consumers alone (F-212 of docs/facts.md). Which consumers are there must be known at every publish, so a
 * step that may take one away, or leaves it open whether one is there, is not judged. The id of a message that was not kept is forgotten when the
 * server next looks through its ids, some time within the window.
 */
import { sharedId } from "../policy/ids.ts";
import { covers } from "../policy/pattern.ts";
import { attemptsInAll } from "../policy/publishing.ts";
import { streamOf } from "../policy/streams.ts";
import { areMadeByOperator } from "../policy/two-sides.ts";
import type { PublishStep, Step } from "../vocabulary/scenario.ts";
import { partsOf } from "../vocabulary/scenario.ts";
import { type NotEnabled, unjudgeable } from "./reasons.ts";
import type { Setting } from "./setting.ts";
import type { View } from "./view.ts";

const consumerUnknown = unjudgeable("whether the operator has made a consumer of its subject is not known");
const goesWithConsumer = unjudgeable("which messages go with the consumer that the library deletes is not known");
const idUnknown = unjudgeable("when the server forgets the id of a message that it has not kept is not known");
const keptUnknown = unjudgeable("what a stream has kept for its consumers after the server has ended is not known");

/** The reason against the step that such a stream gives. */
export function interestNotEnabled(view: View, step: Step, setting: Setting): NotEnabled | undefined {
  const { policy, published, consumed, uses } = view;
  if (policy === undefined || !policy.streams.some(one => one.retention === "interest")) return undefined;
  const isOfInterest = (subject: string | undefined): boolean =>
    subject !== undefined && streamOf(policy, subject)?.retention === "interest";
  const parts = [step, ...partsOf(step)];
  const isBound = areMadeByOperator(policy);
  const isUnknown = ({ subject = "" }: PublishStep): boolean =>
    isOfInterest(subject) && !consumed.some(one => covers(one, subject));
  if (isBound && parts.some(one => one.kind === "publish" && isUnknown(one))) return consumerUnknown;
  const isThere = (one: string): boolean => !uses.some(({ subject, isGone }) => subject === one && isGone);
  const mayBeForgotten = ({ subject = "", key, again }: PublishStep): boolean => {
    const isRetried = attemptsInAll(policy.publish) > 1 && !consumed.some(one => isThere(one) && covers(one, subject));
    const isRepeated = again !== undefined || sharedId(policy, subject, key) !== undefined;
    return isOfInterest(subject) && view.nowMs > 0 && (isRetried || isRepeated);
  };
  if (parts.some(one => one.kind === "publish" && mayBeForgotten(one))) return idUnknown;
  if (
    policy.consume.durables === "created" &&
    !isBound &&
    consumed.some(isOfInterest) &&
    setting.profile.jetStream.drainDeletesItsDurable
  )
    if (parts.some(isDraining)) return goesWithConsumer;
  const isEnding = step.kind === "fault" && (step.fault.kind === "stop-server" || step.fault.kind === "power-loss");
  const isUsed = consumed.some(isOfInterest) || published.some(({ subject }) => isOfInterest(subject));
  return isEnding && isUsed ? keptUnknown : undefined;
}

const isDraining = (step: Step): boolean =>
  step.kind === "drain" ||
  (step.kind === "signal" && step.signal === "TERM") ||
  (step.kind === "exit" && step.after === "drain");

/**
 * Consumers that do not begin at the first message of their stream, wait for no acknowledgement or for one of several messages, or go away by
 * themselves: which steps leave open what a handler is given. A delivery that is lost with a connection is given again only where an
 * acknowledgement is waited for (F-252 of docs/facts.md). One acknowledgement for all before it is judged while nothing is wrong (F-247).
 */
import { covers, overlap } from "../policy/pattern.ts";
import { acknowledgesAll, acknowledgesNothing, beginsLate, effective } from "../policy/two-sides.ts";
import type { Fault, Handler, PublishStep, Step, SubscribeStep } from "../vocabulary/scenario.ts";
import { partsOf } from "../vocabulary/scenario.ts";
import { impossible, type NotEnabled, unjudgeable } from "./reasons.ts";
import { leavesUnacked } from "./room.ts";
import { unusedNotEnabled } from "./unused.ts";
import { bitOf, isCalm, isDurable, type View } from "./view.ts";

const severalSubjects = unjudgeable("which subjects of a pattern have a last message is not known");
const storedUnknown = unjudgeable("what the stream holds when the consumer is made is not known");
const nothingToSay = impossible("the server waits for no acknowledgement, so the handler has nothing to say to it");
const hangsForGood = unjudgeable("what a handler that hangs keeps from the others is judged where it is given again");
const deliveryMayBeLost = unjudgeable("whether a delivery that is not acknowledged is lost on its way is not known");
const deliveredUnknown = unjudgeable(
  "what a server that starts knows of deliveries without acknowledgements is not known",
);
const eachIsGivenAll = unjudgeable("each of two ephemeral consumers of one subject gives its subscriber every message");
const ephemeralUnknown = unjudgeable("whether a server that starts still has an ephemeral consumer is not known");
const orderUnknown = unjudgeable(
  "in which order messages were stored, of which one may be acknowledged with another, is not known",
);
const alongUnknown = unjudgeable("which messages are acknowledged with one is judged while nothing is wrong");

/** The reason against the step that such a consumer gives. */
export function settingsNotEnabled(view: View, step: Step): NotEnabled | undefined {
  const { policy } = view;
  if (policy === undefined) return undefined;
  if (step.kind === "subscribe" && beginsLate(policy)) {
    const why = beginningNotEnabled(view, step);
    if (why !== undefined) return why;
  }
  return (
    (acknowledgesNothing(effective(policy.consume)) ? unacknowledgedNotEnabled(view, step) : undefined) ??
    (acknowledgesAll(effective(policy.consume)) ? alongNotEnabled(view, step) : undefined) ??
    (policy.consume.durables === "ephemeral" ? ephemeralNotEnabled(view, step) : undefined) ??
    unusedNotEnabled(view, step)
  );
}

function ephemeralNotEnabled({ consumed, subscribed }: View, step: Step): NotEnabled | undefined {
  if (step.kind === "subscribe")
    return subscribed !== 0 && consumed.some(one => overlap(one, step.subject)) ? eachIsGivenAll : undefined;
  return consumed.length > 0 && endsServer(step) ? ephemeralUnknown : undefined;
}

const endsServer = (step: Step): boolean =>
  step.kind === "fault" && (step.fault.kind === "stop-server" || step.fault.kind === "power-loss");

function beginningNotEnabled(
  { policy, client, started, path }: View,
  { subject }: SubscribeStep,
): NotEnabled | undefined {
  if (policy?.consume.deliverPolicy === "last-per-subject" && /[*>]/.test(subject)) return severalSubjects;
  // A process that does not run has nothing under way.
  const isSettled = !started || (client === "connected" && path === "jetstream");
  return isSettled ? undefined : storedUnknown;
}

const onServer: readonly Fault["kind"][] = [
  "stop-server",
  "power-loss",
  "no-jetstream",
  "refuse-credentials",
  "pause-server",
];

/** The order in which all were stored must be known where a handler leaves a message without an acknowledgement. */
function alongNotEnabled(view: View, step: Step): NotEnabled | undefined {
  if (step.kind === "subscribe") {
    const isLeft = leavesUnacked(step) || step.takesMs !== undefined;
    return isLeft && view.published.some(({ subject = "" }) => covers(step.subject, subject))
      ? orderUnknown
      : undefined;
  }
  if (view.consumed.length === 0) return undefined;
  if (step.kind === "fault") {
    const mayLoseAcks = (view.subscribed & bitOf(0)) > 0 || onServer.includes(step.fault.kind);
    return mayLoseAcks ? alongUnknown : undefined;
  }
  const left = [...view.unacked, ...view.slow.map(one => one.subject)];
  const isGiven = ({ subject = "" }: PublishStep): boolean => left.some(one => covers(one, subject));
  if (partsOf(step).some(one => one.kind === "publish" && isGiven(one))) return orderUnknown;
  if (step.kind !== "publish" || !isGiven(step)) return undefined;
  const isInOrder = isDurable(view, step) && step.async !== true && step.again === undefined && step.overlap !== true;
  return isInOrder && view.landed && isCalm(view) && view.client === "connected" ? undefined : orderUnknown;
}

const says: ReadonlySet<Handler> = new Set(["naks", "terminates", "in-progress", "loses-ack", "acks-early"]);

function unacknowledgedNotEnabled(view: View, step: Step): NotEnabled | undefined {
  if (step.kind === "subscribe") {
    if (step.handler === "hangs") return hangsForGood;
    return says.has(step.handler) ? nothingToSay : undefined;
  }
  if (view.consumed.length === 0) return undefined;
  const isGiven = ({ subject = "" }: PublishStep): boolean => view.consumed.some(one => covers(one, subject));
  if (step.kind === "publish") {
    const isAnswered =
      isCalm(view) && view.client === "connected" && view.path === "jetstream" && step.overlap !== true;
    return isGiven(step) && !isAnswered ? deliveryMayBeLost : undefined;
  }
  if (partsOf(step).some(one => one.kind === "publish" && isGiven(one))) return deliveryMayBeLost;
  return endsServer(step) ? deliveredUnknown : undefined;
}

/**
 * Consumers with little room for what is not acknowledged (`ackPendingMax`). A message that has had its last delivery makes room for the
 * next one, so the order of deliveries is known only where all that takes up the room was given at one moment, to handlers of one kind
 * (F-235 of docs/facts.md).
 */
import { roomOf } from "../policy/deliveries.ts";
import { effective } from "../policy/two-sides.ts";
import type { Step, SubscribeStep } from "../vocabulary/scenario.ts";
import { type NotEnabled, unjudgeable } from "./reasons.ts";
import { isCalm, type View } from "./view.ts";

const othersTakeRoom = unjudgeable("which handler's messages take up the room of the consumer is not known");
const laterTakesRoom = unjudgeable("in which order the room of the consumer is freed is not known");
const acksOnTheirWay = unjudgeable("which acknowledgements make room in the consumer by then is not known");

export function roomNotEnabled(view: View, step: Step): NotEnabled | undefined {
  if (view.policy === undefined || roomOf(effective(view.policy.consume)) === undefined) return undefined;
  switch (step.kind) {
    case "subscribe":
      return leavesUnacked(step) === view.unacked.includes(step.subject) || !view.consumed.includes(step.subject)
        ? undefined
        : othersTakeRoom;
    case "publish":
      return publishNotEnabled(view, step.subject ?? "", step.overlap === true);
    case "together":
      return step.steps.some(one => one.kind === "publish" && view.unacked.includes(one.subject ?? ""))
        ? laterTakesRoom
        : undefined;
    case "fault":
      if (view.consumed.length === 0 || (step.fault.kind === "cut" && step.fault.awaits === "noticed"))
        return undefined;
      return acksOnTheirWay;
    default:
      return undefined;
  }
}

function publishNotEnabled(view: View, subject: string, overlaps: boolean): NotEnabled | undefined {
  if (!view.unacked.includes(subject)) return undefined;
  if (overlaps || !isCalm(view) || view.client !== "connected") return laterTakesRoom;
  const filling = view.filling.find(one => one.subject === subject);
  return filling === undefined || filling.atMs === view.nowMs ? undefined : laterTakesRoom;
}

/** Handlers that may leave a message without an acknowledgement. */
export const leavesUnacked = ({ handler }: Pick<SubscribeStep, "handler">): boolean =>
  handler === "fails" || handler === "hangs" || handler === "naks" || handler === "loses-ack";

/** The messages of a subject whose handlers may not acknowledge them begin to take up room. */
export function fillRoom(view: View, subject: string | undefined): void {
  if (subject === undefined || !view.unacked.includes(subject)) return;
  if (view.filling.some(one => one.subject === subject)) return;
  if (!view.published.some(one => one.subject === subject)) return;
  view.filling = [...view.filling, { subject, atMs: view.nowMs }];
}

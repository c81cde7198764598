/**
 * Handlers that nak: which steps cannot be done beside one. Its message is on its way again as soon as the server has the nak, so only one
 * message at a time is given to such a subject, and nothing stands between handler and server (F-230 and F-231 of docs/facts.md).
 */
import { covers, overlap } from "../policy/pattern.ts";
import { effective } from "../policy/two-sides.ts";
import type { Handler, PublishStep, Step } from "../vocabulary/scenario.ts";
import { type NotEnabled, unjudgeable } from "./reasons.ts";
import { isCalm, type View } from "./view.ts";

const withoutEnd = unjudgeable("a consumer without a limit of deliveries gives it the message again without end");
const severalInTurn = unjudgeable("in which order several messages come again after a nak is not known");
const otherHandler = unjudgeable("which of its handlers gets a message again after a nak is not known");
const nakOnItsWay = unjudgeable("when a nak gets through to the server is not known");

/** The reason against the step that a handler which naks gives. */
export function nakNotEnabled(view: View, step: Step): NotEnabled | undefined {
  if (step.kind === "subscribe") return subscribeNotEnabled(view, step);
  if (view.nakked.length === 0) return undefined;
  switch (step.kind) {
    case "publish":
      if (!isNakked(view, step)) return undefined;
      return step.count === 1 && step.overlap !== true && isCalm(view) && view.client === "connected"
        ? undefined
        : severalInTurn;
    case "together":
      return step.steps.some(one => one.kind === "publish" && isNakked(view, one)) ? severalInTurn : undefined;
    case "fault":
      return step.fault.kind === "cut" && step.fault.awaits === "noticed" ? undefined : nakOnItsWay;
    default:
      return undefined;
  }
}

const isNakked = ({ nakked }: View, { subject = "" }: PublishStep): boolean => nakked.some(one => covers(one, subject));

/** Handlers beside which it does not matter who gets the message again. */
const besideNaks: ReadonlySet<Handler> = new Set(["acks", "terminates"]);

function subscribeNotEnabled(
  { policy, consumed, nakked, published }: View,
  { subject, handler, nakDelayMs, takesMs }: Extract<Step, { kind: "subscribe" }>,
): NotEnabled | undefined {
  if (handler !== "naks") {
    const isPlain = besideNaks.has(handler) && takesMs === undefined;
    return nakked.some(one => overlap(one, subject)) && !isPlain ? otherHandler : undefined;
  }
  if (nakDelayMs === undefined && (policy === undefined || effective(policy.consume).deliverMax < 0)) return withoutEnd;
  if (published.some(one => covers(subject, one.subject ?? ""))) return severalInTurn;
  return consumed.some(one => overlap(one, subject)) ? otherHandler : undefined;
}

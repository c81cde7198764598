/**
 * Streams that acknowledge no publish (`noAck`). Each attempt waits for its whole timeout, so what the real parts do meanwhile must not matter:
 * an ack wait or a handler's work that ends within the call, or a connection that comes back within it.
 */
import { attemptAtMs, attemptsInAll } from "../policy/publishing.ts";
import { isUnacknowledged, streamOf } from "../policy/streams.ts";
import type { Policy } from "../vocabulary/policy.ts";
import type { PublishStep, Step } from "../vocabulary/scenario.ts";
import { impossible, type NotEnabled, unjudgeable } from "./reasons.ts";
import { isDurable, type View } from "./view.ts";

const nothingToLose = impossible("its stream acknowledges nothing, so no acknowledgement can be lost");
const attemptsUnknown = unjudgeable("which of its attempts meet a live connection is not known");
const handlersGoOn = unjudgeable(
  "what handlers do while it waits for an acknowledgement that never comes is not known",
);

const windowEndsWithAttempt = unjudgeable(
  "whether the duplicate window has ended at the moment of another attempt is not known",
);

/** True for a publish through JetStream whose stream will not answer. */
export const waitsInFull = (view: View, step: Step): step is PublishStep =>
  isDurable(view, step) &&
  step.kind === "publish" &&
  view.policy !== undefined &&
  isUnacknowledged(view.policy, step.subject ?? "");

/** The reason against the step that such a stream gives. */
export function unacknowledgedNotEnabled(view: View, step: Step): NotEnabled | undefined {
  if (!waitsInFull(view, step)) return undefined;
  if (view.hindrance === "lose-ack") return nothingToLose;
  if (view.client === "unsure") return attemptsUnknown;
  if (view.policy !== undefined && endsWithAttempt(view.policy, step)) return windowEndsWithAttempt;
  return view.unacked.length > 0 || view.slow.length > 0 ? handlersGoOn : undefined;
}

/** Each of its messages could be stored once or again, and nothing would tell which. */
function endsWithAttempt(policy: Policy, { subject = "", async }: PublishStep): boolean {
  const { publish } = policy;
  const windowMs = streamOf(policy, subject)?.duplicateWindowMs ?? 0;
  for (let attempt = 0; attempt < attemptsInAll(publish, async); attempt++)
    if (attemptAtMs(publish, attempt) === windowMs) return true;
  return false;
}

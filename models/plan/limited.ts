/**
 * Streams that discard the oldest message at a limit of theirs, and have a handler. One that is published alone, or after the acknowledgement of
 * the one before, is given before the limit can discard it (F-205 of docs/facts.md). In a burst the handler comes to some of them and not to
 * others, and a message that was given, not acknowledged and then discarded is not given again.
 *
 * A message that is too old is gone as well, so a handler that may keep one without an acknowledgement is not judged there.
 *
 * A work queue that refuses what is new has room again once a handler has acknowledged, at a moment that nobody knows.
 */
import { ageMsOf, beyondScenarios, makesRoomIn } from "../policy/limits.ts";
import { overlap } from "../policy/pattern.ts";
import { streamOf } from "../policy/streams.ts";
import type { PublishStep, Step, SubscribeStep } from "../vocabulary/scenario.ts";
import { partsOf } from "../vocabulary/scenario.ts";
import { type NotEnabled, unjudgeable } from "./reasons.ts";
import { leavesUnacked } from "./room.ts";
import { isCalm, isDurable, type View } from "./view.ts";

const someAreGiven = unjudgeable(
  "which messages a handler is given before the limit of their stream discards them is not known",
);
const isGivenAgain = unjudgeable(
  "when the server gives up a message that its handler has and a limit or its age has taken is not known",
);

const roomUnknown = unjudgeable("whether an acknowledgement has made room in the stream by then is not known");

/** The reason against the step that such a stream gives. */
export function limitedNotEnabled(view: View, step: Step): NotEnabled | undefined {
  if (step.kind === "subscribe") return staysWithHandler(view, step) ? isGivenAgain : undefined;
  if (view.consumed.length === 0) return undefined;
  const inParts = step.kind === "together" || step.kind === "signal";
  const published = inParts ? partsOf(step) : [step];
  for (const one of published) {
    if (one.kind === "publish" && hasQueueHandlers(view, one)) return roomUnknown;
    if (one.kind !== "publish" || !hasHandlers(view, one, view.consumed)) continue;
    if (hasHandlers(view, one, view.unacked)) return isGivenAgain;
    const isOneByOne = one.count === 1 || (isDurable(view, one) && one.async !== true);
    if (inParts || one.overlap === true || !isOneByOne || !isCalm(view) || view.client !== "connected")
      return someAreGiven;
  }
  return undefined;
}

/** True where a message may be too old while its handler has it, and has not acknowledged it. */
function staysWithHandler({ policy }: View, step: SubscribeStep): boolean {
  const { subject, takesMs } = step;
  const isOfStream = (one: string): boolean => overlap(one, subject);
  const stream = policy?.streams.find(({ subjects }) => subjects.some(isOfStream));
  return stream !== undefined && ageMsOf(stream) !== undefined && (takesMs !== undefined || leavesUnacked(step));
}

/** True where the stream of the step discards the oldest, and one of these subjects is of it. */
function hasHandlers({ policy }: View, { subject }: PublishStep, handled: readonly string[]): boolean {
  const stream = policy && subject !== undefined ? streamOf(policy, subject) : undefined;
  if (policy === undefined || stream === undefined || !makesRoomIn(stream)) return false;
  return handled.some(one => streamOf(policy, one) === stream);
}

/** True where the stream of the step is one that lets go of what is handled, with a limit in reach, and has a handler. */
function hasQueueHandlers({ policy, consumed }: View, { subject }: PublishStep): boolean {
  const stream = policy && subject !== undefined ? streamOf(policy, subject) : undefined;
  if (policy === undefined || (stream?.retention ?? "limits") === "limits") return false;
  const { messagesMax, messagesPerSubjectMax = messagesMax, bytesMax } = stream ?? {};
  const messages = Math.min(messagesMax ?? Number.POSITIVE_INFINITY, messagesPerSubjectMax ?? Number.POSITIVE_INFINITY);
  const isInReach = messages < beyondScenarios.messages || (bytesMax ?? beyondScenarios.bytes) < beyondScenarios.bytes;
  return isInReach && consumed.some(one => streamOf(policy, one) === stream);
}

/**
 * Streams with a limit in reach, and a handler. Where the oldest make room, one that is published alone, or after the acknowledgement of the
 * one before, is given before the limit can discard it (F-205 of docs/facts.md). In a burst the handler comes to some of them and not to
 * others.
 *
 * A message that a limit or its age takes is given up at once, in hand or not (F-246). It makes room in its consumer at a moment of its own.
 *
 * A stream that lets go of what is handled has room again once the server has the acknowledgement. That is known while nothing is wrong and
 * nothing is on its way (F-243 of docs/facts.md). Within a burst through JetStream the answers to its publishes show when there was room. Beside
 * handlers that never acknowledge there is never room again.
 */
import { roomOf } from "../policy/deliveries.ts";
import { messageId } from "../policy/ids.ts";
import { ageMsOf, limitsInReach, makesRoomIn, storedBytes } from "../policy/limits.ts";
import { overlap } from "../policy/pattern.ts";
import { askingAgain, attemptsInAll, dropsErrors } from "../policy/publishing.ts";
import { streamOf } from "../policy/streams.ts";
import { acknowledgesAll, effective } from "../policy/two-sides.ts";
import { idHeaderBytes } from "../vocabulary/frame.ts";
import type { Policy, StreamPolicy } from "../vocabulary/policy.ts";
import type { PublishStep, Step, SubscribeStep } from "../vocabulary/scenario.ts";
import { partsOf } from "../vocabulary/scenario.ts";
import { type NotEnabled, unjudgeable } from "./reasons.ts";
import { leavesUnacked } from "./room.ts";
import { isCalm, isDurable, type View } from "./view.ts";

const someAreGiven = unjudgeable(
  "which messages a handler is given before the limit of their stream discards them is not known",
);
const goesFromRoom = unjudgeable(
  "when a message that a limit or its age takes makes room in its consumer is not known",
);
const goesFromWork = unjudgeable("a limit or its age may take a message that its handler is at work on");
const roomUnknown = unjudgeable("whether an acknowledgement has made room in the stream by then is not known");

/** The reason against the step that such a stream gives. */
export function limitedNotEnabled(view: View, step: Step): NotEnabled | undefined {
  if (step.kind === "subscribe") return subscribeNotEnabled(view, step);
  if (view.consumed.length === 0) return undefined;
  const inParts = step.kind === "together" || step.kind === "signal";
  for (const one of inParts ? partsOf(step) : [step]) {
    const why = one.kind === "publish" ? publishNotEnabled(view, one, inParts) : undefined;
    if (why !== undefined) return why;
  }
  return undefined;
}

/** A message may be too old while its handler has it, and has not acknowledged it. */
function subscribeNotEnabled({ policy }: View, step: SubscribeStep): NotEnabled | undefined {
  const { subject, takesMs } = step;
  const isOfStream = (one: string): boolean => overlap(one, subject);
  const stream = policy?.streams.find(({ subjects }) => subjects.some(isOfStream));
  if (policy === undefined || stream === undefined || ageMsOf(stream) === undefined) return undefined;
  if (takesMs !== undefined) return goesFromWork;
  return leavesUnacked(step) && hasLittleRoom(policy) ? goesFromRoom : undefined;
}

const hasLittleRoom = ({ consume }: Policy): boolean => roomOf(effective(consume)) !== undefined;

function publishNotEnabled(view: View, step: PublishStep, inParts: boolean): NotEnabled | undefined {
  const { policy } = view;
  const stream = policy && step.subject !== undefined ? streamOf(policy, step.subject) : undefined;
  if (policy === undefined || stream === undefined) return undefined;
  const isOfStream = (subject: string): boolean => streamOf(policy, subject) === stream;
  if (!view.consumed.some(isOfStream)) return undefined;
  const isQueue = (stream.retention ?? "limits") !== "limits";
  const isRoomMade = makesRoomIn(stream);
  if (!(isQueue || isRoomMade) || !mayReachLimit(view.published, policy, stream, step)) return undefined;
  // What an ephemeral consumer leaves in a stream with retention by interest goes with it, some time after its subscriber.
  const mayLeave = stream.retention === "interest" && policy.consume.durables === "ephemeral";
  if (isQueue && !isRoomMade && !mayLeave && !view.freed.some(isOfStream)) return undefined;
  if (isRoomMade && isQueue && view.slow.some(one => isOfStream(one.subject))) return goesFromWork;
  if (isRoomMade && hasLittleRoom(policy) && view.unacked.some(isOfStream)) return goesFromRoom;
  const isAlone = !inParts && step.overlap !== true && isCalm(view) && view.client === "connected";
  if (isQueue) return isAlone && showsRoom(view, step, policy, stream) ? undefined : roomUnknown;
  const isOneByOne = step.count === 1 || (isDurable(view, step) && step.async !== true);
  return isAlone && isOneByOne ? undefined : someAreGiven;
}

/**
 * True where the answers to the publishes show which acknowledgements had made room. Where sizes or subjects differ, it matters which message is
 * gone first, and one replica alone acknowledges them in order.
 */
function showsRoom(view: View, step: PublishStep, policy: Policy, stream: StreamPolicy): boolean {
  if (!view.landed || !isDurable(view, step)) return false;
  if (step.count === 1) return true;
  if (makesRoomIn(stream)) return false;
  const { bytesMax, messagesPerSubjectMax } = limitsInReach(stream);
  const consumed = view.consumed.filter(subject => streamOf(policy, subject) === stream);
  const isOnlyNumber =
    bytesMax === undefined && messagesPerSubjectMax === undefined && !acknowledgesAll(effective(policy.consume));
  const isOneConsumer = new Set(consumed).size === 1 && (isOnlyNumber || consumed.length === 1);
  const isAskedOnce = askingAgain(policy.publish, step.async).retries === 0 && !dropsErrors(policy.publish);
  return isOneConsumer && isAskedOnce && !view.slow.some(one => streamOf(policy, one.subject) === stream);
}

/** True where so much may have been stored with this publish that a limit of the stream takes effect. */
function mayReachLimit(
  published: readonly PublishStep[],
  policy: Policy,
  stream: StreamPolicy,
  step: PublishStep,
): boolean {
  const limits = limitsInReach(stream);
  if (Object.keys(limits).length === 0) return false;
  const { messagesMax, bytesMax, messagesPerSubjectMax } = limits;
  const all = { messages: 0, bytes: 0, ofSubject: 0 };
  for (const one of [...published, step]) {
    const { subject = "", count, async } = one;
    if (streamOf(policy, subject) !== stream) continue;
    const copies = count * attemptsInAll(policy.publish, async);
    all.messages += copies;
    if (subject === step.subject) all.ofSubject += copies;
    if (bytesMax !== undefined) all.bytes += copies * bytesMaxOf(policy, stream, one);
  }
  return (
    (messagesMax !== undefined && all.messages > messagesMax) ||
    (messagesPerSubjectMax !== undefined && all.ofSubject > messagesPerSubjectMax) ||
    (bytesMax !== undefined && all.bytes > bytesMax)
  );
}

/** The bytes that the stream counts for a message of the step, or a few more: the digits of its number are not known here. */
function bytesMaxOf(policy: Policy, stream: StreamPolicy, { subject = "", key, bytes }: PublishStep): number {
  const headerBytes = idHeaderBytes(messageId(policy, subject, key, Number.MAX_SAFE_INTEGER));
  return storedBytes(stream, { subject, headerBytes, payloadBytes: bytes });
}

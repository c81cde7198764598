/**
 * Consumers by their subjects: which of them can be there beside each other. Where two take one message, each gives it to a handler, and only
 * a work queue is judged with two such: there the server refuses the second (F-210 of docs/facts.md).
 */
import { isClassifiedDurable } from "../policy/classifier.ts";
import { covers, overlap } from "../policy/pattern.ts";
import { consumerNameOf, isTakenWhole, streamOf } from "../policy/streams.ts";
import { areMadeByOperator } from "../policy/two-sides.ts";
import type { SubscribeStep } from "../vocabulary/scenario.ts";
import { impossible, type NotEnabled, unjudgeable } from "./reasons.ts";
import type { View } from "./view.ts";

const notInStream = impossible("only what a stream holds is handled here");
const deadLetters = impossible("what is kept there is for people to look at");
const operatorIsRefused = impossible("the operator is refused a second consumer of one subject of a work queue");
const givenTwice = unjudgeable("which of two consumers comes first to a message is not known");
const oneName = unjudgeable("its consumer has the name of another one");
const slowPattern = unjudgeable("a handler that takes time is judged for one subject, with one consumer");

/** The reason against a subscription while nothing is wrong. */
export function consumerNotEnabled(
  { policy, consumed, slow }: View,
  { subject, takesMs }: SubscribeStep,
): NotEnabled | undefined {
  if (policy === undefined) return notInStream;
  const { deadLetterSubject } = policy.consume;
  if (deadLetterSubject !== undefined && covers(subject, deadLetterSubject)) return deadLetters;
  if (!isClassifiedDurable(policy, subject)) return notInStream;
  const isPattern = /[*>]/.test(subject);
  // A single subject without a stream is handed to the bus, which is told so.
  if (isPattern && !isTakenWhole(policy, subject)) return notInStream;
  const others = consumed.filter(one => one !== subject);
  if (others.some(one => consumerNameOf(one) === consumerNameOf(subject))) return oneName;
  const isSecond = others.some(one => overlap(one, subject));
  const isSlow = takesMs !== undefined || slow.some(one => overlap(one.subject, subject));
  if ((isPattern || isSecond) && isSlow) return slowPattern;
  if (!isSecond) return undefined;
  if (streamOf(policy, subject)?.retention !== "workqueue") return givenTwice;
  return areMadeByOperator(policy) ? operatorIsRefused : undefined;
}

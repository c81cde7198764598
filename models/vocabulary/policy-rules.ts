/** What follows from a policy alone: which family a subject belongs to, which way it is published, which stream takes it. */
import type { Durability, IdRule, Policy, StreamPolicy } from "./policy.ts";

/** Whether a NATS subject pattern (`*`: one token, a trailing `>`: one or more) covers a subject. */
export function covers(pattern: string, subject: string): boolean {
  const wanted = pattern.split(".");
  const tokens = subject.split(".");
  for (const [i, want] of wanted.entries()) {
    if (want === ">") return tokens.length > i;
    if (i >= tokens.length || (want !== "*" && want !== tokens[i])) return false;
  }
  return tokens.length === wanted.length;
}

/** All that a policy says of one subject. */
interface Treatment {
  readonly declared: Durability;
  readonly throughJetStream: boolean;
  readonly stream: StreamPolicy | undefined;
  readonly tapped: boolean;
  readonly id: IdRule["id"] | undefined;
}

/** Worked out once for each subject of a policy: it is asked for at every message. */
const known = new WeakMap<Policy, Map<string, Treatment>>();

function treatmentOf(policy: Policy, subject: string): Treatment {
  let subjects = known.get(policy);
  if (subjects === undefined) {
    subjects = new Map();
    known.set(policy, subjects);
  }
  let treatment = subjects.get(subject);
  if (treatment === undefined) {
    treatment = treat(policy, subject);
    subjects.set(subject, treatment);
  }
  return treatment;
}

const treat = ({ families, classifier, streams, taps, publish }: Policy, subject: string): Treatment => ({
  declared: families.find(family => covers(family.subjects, subject))?.durability ?? "best-effort",
  throughJetStream: classifier.some(({ exact, pattern, prefix, suffix }) => {
    if (exact !== undefined) return subject === exact;
    if (pattern !== undefined) return covers(pattern, subject);
    return subject.startsWith(prefix ?? "") && subject.endsWith(suffix ?? "");
  }),
  stream: streams.find(stream => stream.subjects.some(pattern => covers(pattern, subject))),
  tapped: taps.some(tap => covers(tap, subject)),
  id: publish.messageIds.find(({ subjects }) => covers(subjects, subject))?.id,
});

/** What was declared for the subject; what no family covers is best-effort. */
export const declaredDurability = (policy: Policy, subject: string): Durability =>
  treatmentOf(policy, subject).declared;

/** Whether the bus publishes the subject through JetStream. */
export const isClassifiedDurable = (policy: Policy, subject: string): boolean =>
  treatmentOf(policy, subject).throughJetStream;

/** The stream that captures the subject, whichever way it is published. */
export const streamOf = (policy: Policy, subject: string): StreamPolicy | undefined =>
  treatmentOf(policy, subject).stream;

/** Whether another service listens to the subject as core NATS. */
export const isTapped = (policy: Policy, subject: string): boolean => treatmentOf(policy, subject).tapped;

/** The id that a durable message carries, or undefined. Two messages with the same id are one to the dedupe window. */
export function messageId(
  policy: Policy,
  subject: string,
  key: string | undefined,
  message: number,
): string | undefined {
  const { id } = treatmentOf(policy, subject);
  if (id === undefined) return undefined;
  return id === "event" ? `event:${message}` : `${subject}:${key ?? message}`;
}

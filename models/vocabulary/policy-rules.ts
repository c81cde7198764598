/** What follows from a policy alone: which family a subject belongs to, which way it is published, which stream takes it. */
import type { Durability, Policy, StreamPolicy } from "./policy.ts";

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

/** What was declared for the subject; what no family covers is best-effort. */
export function declaredDurability(policy: Policy, subject: string): Durability {
  return policy.families.find(family => covers(family.subjects, subject))?.durability ?? "best-effort";
}

/** Whether the bus publishes the subject through JetStream. */
export function isClassifiedDurable(policy: Policy, subject: string): boolean {
  return policy.classifier.some(({ exact, pattern, prefix, suffix }) => {
    if (exact !== undefined) return subject === exact;
    if (pattern !== undefined) return covers(pattern, subject);
    return subject.startsWith(prefix ?? "") && subject.endsWith(suffix ?? "");
  });
}

/** The stream that captures the subject, whichever way it is published. */
export function streamOf(policy: Policy, subject: string): StreamPolicy | undefined {
  return policy.streams.find(stream => stream.subjects.some(pattern => covers(pattern, subject)));
}

/** Whether another service listens to the subject as core NATS. */
export const isTapped = (policy: Policy, subject: string): boolean => policy.taps.some(tap => covers(tap, subject));

/** The id that a durable message carries, or undefined. Two messages with the same id are one to the dedupe window. */
export function messageId(
  policy: Policy,
  subject: string,
  key: string | undefined,
  message: number,
): string | undefined {
  const rule = policy.publish.messageIds.find(({ subjects }) => covers(subjects, subject));
  if (rule === undefined) return undefined;
  return rule.id === "event" ? `event:${message}` : `${subject}:${key ?? message}`;
}

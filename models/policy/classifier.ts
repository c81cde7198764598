/** The family of a subject with its promise, and the way in which the bus's own classifier publishes the subject. */
import type { Durability, Family, Policy } from "../vocabulary/policy.ts";
import { covers } from "./pattern.ts";
import { oncePerSubject } from "./remembered.ts";

/** The first family that covers the subject. */
export const familyOf: (policy: Policy, subject: string) => Family | undefined = oncePerSubject(
  ({ families }, subject) => families.find(family => covers(family.subjects, subject)),
);

/** The declared promise of the subject; one that no family covers is best-effort. */
export const declaredDurability = (policy: Policy, subject: string): Durability =>
  familyOf(policy, subject)?.durability ?? "best-effort";

/** True where the bus publishes the subject through JetStream. */
export const isClassifiedDurable: (policy: Policy, subject: string) => boolean = oncePerSubject(
  ({ classifier }, subject) =>
    classifier.some(({ exact, pattern, prefix, suffix }) => {
      if (exact !== undefined) return subject === exact;
      if (pattern !== undefined) return covers(pattern, subject);
      return subject.startsWith(prefix ?? "") && subject.endsWith(suffix ?? "");
    }),
);

/** The subjects that stand for a policy's parts in the cases of its findings. */
import { isClassifiedDurable } from "../../../models/policy/classifier.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import { subjectsOf } from "../../../models/policy/subjects.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";

const byLength = (policy: Policy): readonly string[] => subjectsOf(policy).toSorted((a, b) => a.length - b.length);

/** The shortest subject that is published through JetStream into a stream. */
export const storedSubject = (policy: Policy): string | undefined =>
  byLength(policy).find(subject => isClassifiedDurable(policy, subject) && streamOf(policy, subject) !== undefined);

/** Every subject of it that is published through JetStream, the shortest first. */
export const storedSubjects = (policy: Policy, stream: StreamPolicy): readonly string[] =>
  byLength(policy).filter(subject => isClassifiedDurable(policy, subject) && streamOf(policy, subject) === stream);

/** The shortest subject that goes out as core NATS, and that no stream takes. */
export const coreSubject = (policy: Policy): string | undefined =>
  byLength(policy).find(subject => !isClassifiedDurable(policy, subject) && streamOf(policy, subject) === undefined);

/** Subjects that a person declares where no file does: a durable one gets a stream of its own, as the server makes it by default. */
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { ImportText } from "./import.ts";

const nsPerMs = 1_000_000;
const windowMs = 120_000;

/** A configuration of JetStream for each subject. */
export const declaredText = (subjects: readonly string[]): ImportText => ({
  file: "--durable",
  text: JSON.stringify(
    subjects.map(subject => ({
      name: streamName(subject),
      subjects: [subject],
      retention: "limits",
      storage: "file",
      discard: "old",
      num_replicas: 1,
      duplicate_window: windowMs * nsPerMs,
    })),
    null,
    2,
  ),
});

/** `orders.>` is kept in ORDERS, and `job.*.done` in JOB_DONE. */
const streamName = (subject: string): string =>
  subject
    .split(".")
    .filter(token => !/[*>]/.test(token))
    .join("_")
    .replace(/[^A-Za-z0-9_-]/g, "_")
    .toUpperCase()
    .slice(0, 64) || "ALL";

/** Subjects by the promise that is made for them. */
export interface Families {
  readonly durable: readonly string[];
  readonly bestEffort: readonly string[];
}

const reason = "declared when the policy was made";

/** The policy with these families. Its own ones come first, since the first that covers a subject counts. */
export function withDeclared(policy: Policy, { durable, bestEffort }: Families): Policy {
  const own = policy.families
    .filter(() => policy.streams.length > 0 || bestEffort.length === 0)
    .map(one => (durable.includes(one.subjects) ? { ...one, reason } : one));
  return {
    ...policy,
    families: [...own, ...bestEffort.map(subjects => ({ subjects, durability: "best-effort", reason }) as const)],
  };
}

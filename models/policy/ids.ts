/** The id of a durable message, and the steps of a scenario that share their ids. */
import type { IdRule, Policy } from "../vocabulary/policy.ts";
import type { PublishStep, Scenario } from "../vocabulary/scenario.ts";
import { covers } from "./pattern.ts";
import { oncePerSubject } from "./remembered.ts";

const idRuleOf: (policy: Policy, subject: string) => IdRule | undefined = oncePerSubject(({ publish }, subject) =>
  publish.messageIds.find(({ subjects }) => covers(subjects, subject)),
);

/** The id that a durable message carries, or undefined. Within the duplicate window, two messages with the same id are one. */
export function messageId(
  policy: Policy,
  subject: string,
  key: string | undefined,
  message: number,
): string | undefined {
  const rule = idRuleOf(policy, subject);
  if (rule === undefined) return undefined;
  return rule.id === "event" ? `event:${message}` : `${subject}:${key ?? message}`;
}

/** A text that is equal for steps whose messages share their ids: repeats of one step, or messages about one thing. */
export const idsOf = ({ id, again, subject, key }: PublishStep): string =>
  key === undefined ? (again ?? id) : `${subject} about ${key}`;

export function repeatedIds({ steps }: Scenario): ReadonlySet<string> {
  const ids = steps.flatMap(one => (one.kind === "publish" ? [idsOf(one)] : []));
  return new Set(ids.filter((one, i) => ids.indexOf(one) !== i));
}

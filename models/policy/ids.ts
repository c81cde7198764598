/** Which id a durable message carries, and which steps of a scenario carry the same ids. */
import type { IdRule, Policy } from "../vocabulary/policy.ts";
import type { PublishStep, Scenario } from "../vocabulary/scenario.ts";
import { covers } from "./pattern.ts";
import { oncePerSubject } from "./remembered.ts";

const idRuleOf: (policy: Policy, subject: string) => IdRule | undefined = oncePerSubject(({ publish }, subject) =>
  publish.messageIds.find(({ subjects }) => covers(subjects, subject)),
);

/** The id that a durable message carries, or undefined. Two messages with the same id are one to the dedupe window. */
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

/** Messages of one step, or about one thing, share their ids with those that say the same of them. */
export const idsOf = ({ id, again, subject, key }: PublishStep): string =>
  key === undefined ? (again ?? id) : `${subject} about ${key}`;

export function repeatedIds({ steps }: Scenario): ReadonlySet<string> {
  const ids = steps.flatMap(one => (one.kind === "publish" ? [idsOf(one)] : []));
  return new Set(ids.filter((one, i) => ids.indexOf(one) !== i));
}

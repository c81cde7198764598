/** The id of a durable message, and the steps of a scenario that share their ids. */
import type { IdPart, IdRule, Policy } from "../vocabulary/policy.ts";
import type { PublishStep, Scenario } from "../vocabulary/scenario.ts";
import { covers } from "./pattern.ts";
import { oncePerSubject } from "./remembered.ts";
import { streamOf } from "./streams.ts";

/** Undefined where no rule covers the subject. */
const idPartsOf: (policy: Policy, subject: string) => readonly IdPart[] | undefined = oncePerSubject(
  ({ publish }, subject) => {
    const rule = publish.messageIds.find(({ subjects }) => covers(subjects, subject));
    return rule === undefined ? undefined : inParts(rule.id);
  },
);

function inParts(id: IdRule["id"]): readonly IdPart[] {
  if (id === "event") return ["event"];
  return id === "key" ? ["subject", "key"] : id;
}

/** The id that a durable message carries, or undefined. Within the duplicate window, two messages with the same id are one. */
export const messageId = (
  policy: Policy,
  subject: string,
  key: string | undefined,
  message: number,
): string | undefined => idWith(policy, subject, key, `${message}`);

/** The texts between which a message's number stands in its id: one text where all have the same, undefined where they have none. */
export const idTexts = (policy: Policy, subject: string, key: string | undefined): readonly string[] | undefined =>
  idWith(policy, subject, key, gap)?.split(gap);

/** No subject, no key and no constant has a space. */
const gap = " ";

function idWith(policy: Policy, subject: string, key: string | undefined, number: string): string | undefined {
  const textOf = (part: IdPart): string => {
    if (part === "event") return `event:${number}`;
    if (part === "key") return key ?? number;
    return part === "subject" ? subject : part.constant;
  };
  return idPartsOf(policy, subject)?.map(textOf).join(":");
}

/** The one id of all messages on the subject and about the key; undefined where each has its own, or none. */
export function sharedId(policy: Policy, subject: string, key: string | undefined): string | undefined {
  const id = messageId(policy, subject, key, 0);
  return id === messageId(policy, subject, key, 1) ? id : undefined;
}

/** A text that is equal for steps whose messages share their ids: repeats of one step, or messages of one stream about one thing. */
export function idsOf(policy: Policy, { id, again, key }: PublishStep, subject: string): string {
  const shared = sharedId(policy, subject, key);
  return shared === undefined ? (again ?? id) : `${shared} in ${streamOf(policy, subject)?.name ?? "no stream"}`;
}

export function repeatedIds(policy: Policy, { steps, options }: Scenario): ReadonlySet<string> {
  const ids = steps.flatMap(one =>
    one.kind === "publish" ? [idsOf(policy, one, one.subject ?? options.subject)] : [],
  );
  return new Set(ids.filter((one, i) => ids.indexOf(one) !== i));
}

/** The words for the way in which a subject is published and stored. */
import type { ClassifierRule, Policy } from "../../models/vocabulary/policy.ts";
import { msText } from "../text/durations.ts";

const ruleText = ({ exact, pattern, prefix, suffix }: ClassifierRule): string =>
  exact ?? pattern ?? [prefix, suffix].map(one => one ?? "").join("…");

export const publishedText = (rule: ClassifierRule | undefined): string =>
  rule === undefined
    ? "as core NATS: no rule of the classifier matches"
    : `through JetStream, by the rule ${ruleText(rule)}`;

/** Its other settings have lines of their own on the page. */
export function storedText(stream: Policy["streams"][number] | undefined): string {
  if (stream === undefined) return "in no stream";
  const { name, storage, retention = "limits", replicas = 1, ageMaxMs, messagesMax, bytesMax, noAck } = stream;
  const limits = [
    ...(ageMaxMs === undefined ? [] : [`for ${msText(ageMaxMs)}`]),
    ...(messagesMax === undefined ? [] : [`${messagesMax} messages at most`]),
    ...(bytesMax === undefined ? [] : [`${bytesMax} bytes at most`]),
    ...(noAck === true ? ["without acknowledgements"] : []),
  ];
  const copies = `${replicas} ${replicas === 1 ? "replica" : "replicas"}`;
  return [`in ${name}: ${storage} storage, retention ${retention}, ${copies}`, ...limits].join(", ");
}
